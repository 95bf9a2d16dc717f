"""Folders that appear when they are whole, or take the place of another when they are."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from retaliation_risk.errors import ArgumentError


@contextmanager
def fresh_folder(out: Path) -> Iterator[Path]:
    """Yield a temporary folder beside ``out`` that becomes it when the block ends well, and vanishes when it does not."""
    out = Path(out)
    if out.exists():
        raise ArgumentError("RR108", f"{str(out)!r} exists already.")
    with _partial(out) as partial:
        yield partial
        partial.rename(out)


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
    out.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)
