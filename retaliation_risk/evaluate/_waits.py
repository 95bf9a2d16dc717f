"""Open matters as waits: from the day on which a customer enters the queue with one, until it is no longer open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retaliation_risk.evaluate._walk import Calendar

IntArray = NDArray[np.int64]
OPEN = "unresolved_days"


@dataclass(frozen=True)
class Waits:
    """One row per wait: the customer, the day it began, and the day from which it was no more (or the walk ended)."""

    code: IntArray
    since: IntArray
    end: IntArray


def find_waits(calendar: Calendar) -> Waits:
    """Find the waits of all customers; none without a column ``unresolved_days``.

    A wait begins on the day of the first moment at which something is open, and ends on the day of the first at
    which it no longer is. Something open for less time than has gone by since the moment before is something new:
    the wait before it ended then.
    """
    found = [np.empty((3, 0), np.int64)]
    since = np.full(len(calendar.ids), -1, dtype=np.int64)
    for k in range(len(calendar.moments) if OPEN in calendar.frame else 0):
        rows, today = calendar.rows(k), int(calendar.days[k])
        open_days = np.zeros(len(calendar.ids))
        open_days[calendar.code[rows]] = np.nan_to_num(calendar.frame[OPEN].to_numpy(np.float64)[rows])
        goes_on = (since >= 0) & (open_days > 0) & (open_days > calendar.steps[k])
        found.append(_ended(since, (since >= 0) & ~goes_on, today))
        since = np.where(goes_on, since, np.where(open_days > 0, today, -1))
    found.append(_ended(since, since >= 0, int(calendar.days[-1])))
    return Waits(*np.concatenate(found, axis=1))


def _ended(since: IntArray, which: NDArray[np.bool_], day: int) -> IntArray:
    code = np.flatnonzero(which)
    return np.stack([code, since[code], np.full(len(code), day)])
