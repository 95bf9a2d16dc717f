"""The counting-process form: (start, stop] rows on which every covariate is constant, and whether the event ends them.

A count over 30 days changes just after a fact became known and again just after it is 30 days old, and nowhere else. So the
change points are known beforehand, and the values are those of ``as_of`` at the end of each row: the same call.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk.errors import ArgumentError
from retaliation_risk.histories.at_risk import RiskSpans
from retaliation_risk.histories.declare import Aggregate, Feature
from retaliation_risk.histories.follow_up import Acts
from retaliation_risk.histories.kernel import DAY_US
from retaliation_risk.histories.logs import Log

Int64 = npt.NDArray[np.int64]
STEPS = ("count", "sum", "mean", "last", "streak")


def check_steps(features: Sequence[Feature], every_days: float | None) -> None:
    """Refuse features that change with every passing moment, unless there is a grid to read them on."""
    if every_days is not None:
        return
    running = [f.name for f in features if isinstance(f.value, Aggregate) and f.value.operation not in STEPS]
    if running:
        raise ArgumentError(
            "RR111",
            f"features {running} change with time itself, so no interval holds them constant; leave them out, or give "
            "every_days to read them at the start of steps of that length.",
        )


def change_points(logs: Sequence[Log], features: Sequence[Feature]) -> tuple[Int64, Int64]:
    """Return (customer code, time) of every moment after which a feature may differ, unsorted, with repeats."""
    codes, times = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for log in logs:
        owner = np.repeat(np.arange(len(log.starts) - 1), np.diff(log.starts))
        asked = [f.value for f in features if isinstance(f.value, Aggregate) and f.value.log == log.spec.name]
        delays = {0, *(round(a.days * DAY_US) for a in asked if a.days is not None)} if asked else set()
        for delay in sorted(delays):
            codes.append(owner)
            times.append(log.known + delay)
    return np.concatenate(codes), np.concatenate(times)


def cut(spans: RiskSpans, points: tuple[Int64, Int64], acts: Acts, every_days: float | None) -> RiskSpans:
    """Cut the spans at every change point, act and grid step strictly inside them."""
    owner = np.repeat(np.arange(len(acts.starts) - 1), np.diff(acts.starts))
    grid = _grid(spans, every_days)
    code = np.concatenate([points[0], owner, grid[0]])
    time = np.concatenate([points[1], acts.occurred, grid[1]])
    row = _span_of(spans, code, time)
    inside = row >= 0
    row = np.concatenate([np.arange(len(spans.code)), row[inside]])
    start = np.concatenate([spans.start, time[inside]])
    order = np.lexsort((start, row))
    row, start = row[order], start[order]
    new = (
        np.concatenate([[True], (row[1:] != row[:-1]) | (start[1:] != start[:-1])])
        if len(row)
        else row.astype(bool)
    )
    row, start = row[new], start[new]
    last = np.concatenate([row[1:] != row[:-1], [True]]) if len(row) else row.astype(bool)
    stop = np.where(last, spans.stop[row], np.concatenate([start[1:], [0]])[: len(row)])
    return RiskSpans(spans.code[row], start, stop)


def ends_with(rows: RiskSpans, acts: Acts) -> npt.NDArray[np.bool_]:
    """Whether an act happened exactly at the end of each row."""
    owner = np.repeat(np.arange(len(acts.starts) - 1), np.diff(acts.starts))
    keys = pd.MultiIndex.from_arrays([rows.code, rows.stop])
    return np.asarray(keys.isin(pd.MultiIndex.from_arrays([owner, acts.occurred])), dtype=bool)


def first_only(rows: RiskSpans, event: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Keep each customer's rows up to and with the first event."""
    before: Int64 = np.cumsum(event) - event.astype(np.int64)
    first = np.concatenate([[True], rows.code[1:] != rows.code[:-1]]) if len(event) else event
    base = np.maximum.accumulate(np.where(first, before, 0))
    return np.asarray(before - base == 0, dtype=bool)


def _grid(spans: RiskSpans, every_days: float | None) -> tuple[Int64, Int64]:
    if every_days is None:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    step = round(every_days * DAY_US)
    number = np.maximum((spans.stop - spans.start - 1) // step, 0)
    place = np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number)
    return np.repeat(spans.code, number), np.repeat(spans.start, number) + (place + 1) * step


def _span_of(spans: RiskSpans, code: Int64, time: Int64) -> Int64:
    """Position of the span that holds each time strictly inside; -1 without one."""
    is_point = np.repeat([False, True], [len(spans.code), len(code)])
    order = np.lexsort((is_point, np.concatenate([spans.start, time]), np.concatenate([spans.code, code])))
    row = np.empty(len(order), dtype=np.int64)
    row[order] = np.cumsum(~is_point[order]) - 1
    found = row[len(spans.code) :]
    safe = np.maximum(found, 0)
    if not len(spans.code):
        return np.full(len(code), -1)
    inside = (
        (found >= 0) & (spans.code[safe] == code) & (spans.start[safe] < time) & (time < spans.stop[safe])
    )
    return np.where(inside, found, -1)
