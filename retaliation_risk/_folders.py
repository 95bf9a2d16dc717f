"""Folders that appear when they are whole, or take the place of another when they are."""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from retaliation_risk.errors import ArgumentError


@contextmanager
def fresh_folder(out: Path) -> Iterator[Path]:
    """Yield a temporary folder beside ``out`` that becomes it when the block ends well, and vanishes when it does not.

    A killed process leaves at most a hidden ``.<name>.partial-<pid>``, which the next one for the same name clears away.

    Raises
    ------
    ArgumentError
        RR108 if ``out`` exists, RR111 if no folder can be made there.
    """
    out = Path(out)
    if out.exists():
        raise ArgumentError("RR108", f"{str(out)!r} exists already.")
    with _partial(out) as partial:
        yield partial
        try:
            partial.rename(out)
        except OSError as error:
            raise ArgumentError("RR108", f"{str(out)!r} appeared while it was being made.") from error


@contextmanager
def replaced_folder(out: Path) -> Iterator[Path]:
    """Yield a temporary folder that takes the place of ``out`` when the block ends well; else ``out`` stays as it was.

    A process killed in the instant between the two renames leaves the folder whole, as ``.<name>.before-<pid>``.
    """
    out = Path(out)
    before = out.with_name(f".{out.name}.before-{os.getpid()}")
    with _partial(out) as partial:
        yield partial
        out.rename(before)
        try:
            partial.rename(out)
        except BaseException:
            before.rename(out)
            raise
        shutil.rmtree(before, ignore_errors=True)


@contextmanager
def scratch_folder(work: Path) -> Iterator[Path]:
    """Yield a folder for what only the making needs; it is gone after the block."""
    scratch = work / "scratch"
    scratch.mkdir()
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _partial(out: Path) -> Iterator[Path]:
    partial = out.with_name(f".{out.name}.partial-{os.getpid()}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _clear(out)
        partial.mkdir()
    except OSError as error:
        raise ArgumentError(
            "RR111", f"out is {str(out)!r}; no folder can be made there ({error.strerror})."
        ) from error
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _clear(out: Path) -> None:
    """Remove what dead processes left; a partial with our own number is of one of them, as numbers come again."""
    for left in out.parent.glob(f".{glob.escape(out.name)}.partial-*"):
        number = left.name.rsplit("-", 1)[-1]
        if number == str(os.getpid()) or not _alive(number):
            shutil.rmtree(left, ignore_errors=True)


def _alive(pid: str) -> bool:
    if not pid.isdigit():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
