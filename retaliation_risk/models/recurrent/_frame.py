"""The one door of counting-process rows, and what they know of a customer's earlier acts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from retaliation_risk.errors import ArgumentError
from retaliation_risk.models.partial.rows import Bools, Floats, Ints

REQUIRED = ("customer_id", "start_days", "stop_days", "event")


def check_frame(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse a frame without the columns, without clock, or in which rows of a customer overlap."""
    if lacking := [name for name in [*REQUIRED, *columns] if name not in frame]:
        raise ArgumentError("RR101", f"frame lacks {lacking}; found are {list(frame.columns)}.")
    if not len(frame):
        raise ArgumentError("RR111", "frame has 0 rows; it must have at least 1.")
    if empty := [name for name in REQUIRED if frame[name].isna().any()]:
        raise ArgumentError("RR111", f"frame has missing values in {empty}; every row needs them.")
    _check_kinds(frame, ["start_days", "stop_days", *columns])
    start, stop = clock(frame, "start_days"), clock(frame, "stop_days")
    _refuse(frame, start < 0, start, stop, "begins below 0; days count up from the beginning")
    _refuse(
        frame, start >= stop, start, stop, "does not end after it begins; check whether the two are swapped"
    )
    order, new = _in_order(frame)
    overlap = np.zeros(len(frame), dtype=bool)
    overlap[order[1:]] = ~new[1:] & (start[order[1:]] < stop[order[:-1]])
    _refuse(
        frame, overlap, start, stop, "begins before the customer's row before it ends; cut one of the two"
    )


def _check_kinds(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    if text := [name for name in columns if not pd.api.types.is_numeric_dtype(frame[name])]:
        raise ArgumentError("RR111", f"columns {text} are not numbers.")
    if not (known := frame["event"].isin([0, 1])).all():
        found = frame["event"][~known].tolist()[0]
        raise ArgumentError("RR111", f"event is {found!r} in a row; it must be true or false.")


def _refuse(frame: pd.DataFrame, wrong: Bools, start: Floats, stop: Floats, what: str) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ArgumentError(
            "RR111",
            f"{int(wrong.sum())} of {len(frame)} rows cannot be used: row {row} of customer "
            f"{frame['customer_id'].iloc[row]!r}, {start[row]:g} to {stop[row]:g} days, {what}.",
        )


def clock(frame: pd.DataFrame, name: str) -> Floats:
    """Days of one of the two time columns, shape (n,)."""
    return frame[name].to_numpy(dtype=np.float64)


def count_earlier(frame: pd.DataFrame) -> Ints:
    """Acts of the same customer before each row."""
    order, new = _in_order(frame)
    event = frame["event"].to_numpy(dtype=np.int64)[order]
    before = np.cumsum(event) - event
    earlier = np.empty(len(frame), dtype=np.int64)
    earlier[order] = before - np.maximum.accumulate(np.where(new, before, 0))
    return earlier


def last_act(frame: pd.DataFrame) -> Floats:
    """Day of the customer's latest act before each row; 0 without one."""
    order, new = _in_order(frame)
    event = frame["event"].to_numpy(dtype=bool)[order]
    stop = clock(frame, "stop_days")[order]
    # Each row looks back to the last position that set its clock: its customer's first row, or the row after an act.
    sets = new | np.append(True, event[:-1])
    position = np.maximum.accumulate(np.where(sets, np.arange(len(order)), 0))
    since = np.where(new, 0.0, np.append(0.0, stop[:-1]))[position]
    out = np.empty(len(frame))
    out[order] = since
    return out


def _in_order(frame: pd.DataFrame) -> tuple[Ints, Bools]:
    """Order of rows by customer and time, and whether each row in that order is its customer's first."""
    customer, _ = pd.factorize(frame["customer_id"])
    order = np.lexsort((clock(frame, "start_days"), customer))
    return order.astype(np.int64), np.diff(customer[order], prepend=-1) != 0
