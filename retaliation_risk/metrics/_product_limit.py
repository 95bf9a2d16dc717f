"""Kaplan-Meier curves under weights, and what the rows of known status stand for (IPCW).

Weights come as columns, shape (n, B), and every column gets its own curve: a bootstrap estimates censoring
anew in each resample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from retaliation_risk.metrics._arrays import BoolArray, FloatArray, IntArray
from retaliation_risk.metrics._steps import row_sums

_NOBODY = 1e-12  # of all weight: what is left at risk when entries and ends cancel but for rounding


@dataclass(frozen=True)
class Clock:
    """Whole numbers that order what happens: on the k-th day something seen is 2k, a censoring 2k + 1.

    So whoever is censored on the day of an event is at risk of it, and whoever has the event is not at risk of
    the censoring. A row is at risk from ``enter`` (0 without late entry) to ``end``.
    """

    days: FloatArray
    end: IntArray
    enter: IntArray | None


def build_clock(seen: BoolArray, duration: FloatArray, start: FloatArray | None = None) -> Clock:
    """Order the ends of rows, seen or censored; a start on a day is too late for what happens that day."""
    days, rank = np.unique(duration, return_inverse=True)
    enter = None if start is None else 2 * np.searchsorted(days, start, "right")
    return Clock(days, 2 * rank + ~seen, enter)


@dataclass(frozen=True)
class Decline:
    """A product-limit curve for any weights, which falls m times, on ``days``.

    ``before`` has the number of falls before each place of the clock: the row of ``left`` that holds the left
    limit there. ``sums`` has the rows that end before, at and between the falls (at and after fall j in
    places 2j + 1 and 2j + 2), ``waiting`` the rows by the number of falls before they enter.
    """

    days: FloatArray
    before: IntArray
    sums: Any
    waiting: Any | None

    def left(self, weight: FloatArray) -> FloatArray:
        """Share left after 0, 1, ... m falls, shape (m + 1, B), for weights of shape (n, B)."""
        from_here = _from_here(self.sums @ weight)
        at_risk, rest = from_here[1::2], from_here[2::2]
        if self.waiting is not None:
            outside = _from_here(self.waiting @ weight)[1:]
            nobody = _NOBODY * from_here[:1]
            at_risk, rest = (np.where(a - outside > nobody, a - outside, 0.0) for a in (at_risk, rest))
        factor = np.divide(rest, at_risk, out=np.ones_like(rest), where=at_risk > 0)
        return np.concatenate([np.ones((1, weight.shape[1])), np.cumprod(factor, axis=0)])


def build_decline(falls: BoolArray, clock: Clock) -> Decline:
    """Prepare the curve that falls at the ends of some rows; all ends at one place must be of one kind."""
    fall = np.zeros(2 * len(clock.days) + 1, dtype=np.int64)
    fall[clock.end[falls]] = 1
    before = np.cumsum(fall) - fall
    at = np.flatnonzero(fall)
    everyone = np.ones(len(falls))
    sums = row_sums(2 * before[clock.end] + fall[clock.end], everyone, 2 * len(at) + 1)
    waiting = None
    if clock.enter is not None:
        waiting = row_sums(before[clock.enter], everyone, len(at) + 1)
    return Decline(clock.days[at // 2], before, sums, waiting)


def inverse(share: FloatArray) -> FloatArray:
    """One over a share; 0 where nothing is left, for nobody can stand for those lost."""
    return np.divide(1.0, share, out=np.zeros_like(share), where=share > 0)


def known_kernel(
    event: BoolArray, competing: BoolArray, duration: FloatArray, times: FloatArray
) -> Callable[[FloatArray], Iterator[FloatArray]]:
    """Prepare the weights under which the rows of known status at each time stand for all.

    The kernel turns weights (n, B) into one array of shape (n, B) for each time t: times 1 / G(day-) where
    something was seen by t, times 1 / G(t-) where the row was followed to t or beyond, 0 where it was
    censored before. G is the Kaplan-Meier curve of the censorings. Where G(t-) is 0 the whole column is 0:
    nobody was followed as long, and nothing can be said of t.
    """
    seen = event | competing
    clock = build_clock(seen, duration)
    curve = build_decline(~seen, clock)
    at_end, at_time = curve.before[clock.end], np.searchsorted(curve.days, times, "left")

    def kernel(weight: FloatArray) -> Iterator[FloatArray]:
        left = curve.left(weight)
        stands_for = inverse(left)
        for time, at in zip(times, at_time, strict=True):
            ended = seen & (duration <= time)
            known = ended | (duration >= time)
            followed = known[:, None] & (left[at] > 0)
            yield weight * stands_for[np.where(ended, at_end, at)] * followed

    return kernel


def _from_here(sums: FloatArray) -> FloatArray:
    found: FloatArray = np.cumsum(sums[::-1], axis=0)[::-1]
    return found
