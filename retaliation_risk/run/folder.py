"""The run folder: made under another name beside its place, and renamed when whole."""

from __future__ import annotations

import glob
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from retaliation_risk.errors import ArgumentError


@contextmanager
def whole_or_nothing(out: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes ``out`` when the block ends well, and vanishes when it does not.

    A killed process leaves at most a hidden ``.<name>.partial-<pid>``, which the next run of the same name clears away.

    Raises
    ------
    ArgumentError
        RR108 if ``out`` exists, RR111 if no folder can be made there.
    """
    out = Path(out)
    if out.exists():
        raise ArgumentError("RR108", f"{str(out)!r} exists already.")
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
        _rename(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _clear(out: Path) -> None:
    """Remove what dead processes left; a partial with our own number is of one of them, as numbers come again."""
    for left in out.parent.glob(f".{glob.escape(out.name)}.partial-*"):
        number = left.name.rsplit("-", 1)[-1]
        if number == str(os.getpid()) or not _alive(number):
            shutil.rmtree(left, ignore_errors=True)


def _rename(partial: Path, out: Path) -> None:
    try:
        partial.rename(out)
    except OSError as error:
        raise ArgumentError("RR108", f"{str(out)!r} appeared while the run was under way.") from error


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


def write_json(path: Path, value: Any) -> None:
    """Write a value as JSON, keys in the order given, one final newline."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n", encoding="utf-8")


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV, numbers to ten digits."""
    table.to_csv(path, index=False, float_format="%.10g", lineterminator="\n")
