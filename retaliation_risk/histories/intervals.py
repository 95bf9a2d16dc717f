"""The counting-process form: (start, stop] rows on which every covariate is constant, and whether the event ends them.

A count over 30 days changes just after a fact became known and again just after it is 30 days old, and nowhere else. So the
change points are known beforehand, and the values are those of ``as_of`` at the end of each row: the same call.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from retaliation_risk.errors import ArgumentError
from retaliation_risk.histories.at_risk import RiskSpans
from retaliation_risk.histories.cuts import cut_all, rows_at_most
from retaliation_risk.histories.declare import Aggregate, Feature
from retaliation_risk.histories.derive import group
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
    asked = [feature.value for feature in features if isinstance(feature.value, Aggregate)]
    for log in logs:
        owner = np.repeat(np.arange(len(log.starts) - 1), np.diff(log.starts))
        here = [aggregate for aggregate in asked if aggregate.log == log.spec.name]
        for counted in sorted({_counted(aggregate) for aggregate in here}):
            rows = _rows(log, *counted)
            windows = {a.days for a in here if _counted(a) == counted and a.days is not None}
            for delay in (0, *sorted(round(days * DAY_US) for days in windows)):
                codes.append(owner[rows])
                times.append(log.known[rows] + delay)
    return np.concatenate(codes), np.concatenate(times)


def _counted(aggregate: Aggregate) -> tuple[str, str]:
    """Flag and column of the rows that an aggregate looks at; a streak looks at all, which could break it."""
    return ("", "") if aggregate.operation == "streak" else (aggregate.where, aggregate.column)


def _rows(log: Log, where: str, column: str) -> npt.NDArray[np.bool_]:
    mask = np.uint64(log.mask(where))
    rows: npt.NDArray[np.bool_] = (log.flags & mask) == mask
    return rows & ~np.isnan(log.values[log.column(column)]) if column else rows


def cut(
    spans: RiskSpans, points: tuple[Int64, Int64], acts: Acts, every_days: float | None
) -> tuple[RiskSpans, npt.NDArray[np.bool_]]:
    """Cut the spans at every change point, act and grid step strictly inside them; say which rows end with an act."""
    owners = len(acts.starts) - 1
    starts, order = group(points[0], owners)
    step = 0 if every_days is None else round(every_days * DAY_US)
    read = (spans.code, spans.start, spans.stop, starts, points[1][order], acts.starts, acts.occurred, step)
    # Of each span: where its rows begin, if no two cuts fall together.
    room = np.cumsum(np.concatenate([[0], rows_at_most(*read)]))
    columns = tuple(np.empty(room[-1], dtype=np.int64) for _ in range(3))
    event = np.zeros(room[-1], dtype=np.bool_)
    n = cut_all(*read, room, *columns, event)
    return RiskSpans(*(column[:n] for column in columns)), event[:n]


def first_only(rows: RiskSpans, event: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Keep each customer's rows up to and with the first event."""
    before: Int64 = np.cumsum(event) - event.astype(np.int64)
    first = np.concatenate([[True], rows.code[1:] != rows.code[:-1]]) if len(event) else event
    base = np.maximum.accumulate(np.where(first, before, 0))
    return np.asarray(before - base == 0, dtype=bool)
