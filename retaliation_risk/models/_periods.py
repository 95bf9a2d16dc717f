"""Person-periods: each landmark row once for every period it was at risk in, with half a row for one cut short."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retaliation_risk.errors import ArgumentError
from retaliation_risk.models._outcomes import Bools, Floats

Ints = npt.NDArray[np.int32]


@dataclass(frozen=True)
class PersonPeriods:
    """Rows of a discrete-time hazard model, period by period.

    Attributes
    ----------
    row : array of int, shape (m,)
        Which of the given rows this is.
    period : array of int, shape (m,)
        From 0; period k is (edges[k], edges[k + 1]].
    event : array of bool, shape (m,)
        Whether the event fell into the period.
    weight : array, shape (m,)
        1/2 where the row was censored inside the period, else 1; times one over the share kept by
        :func:`sample_periods`.
    """

    row: Ints
    period: Ints
    event: Bools
    weight: Floats

    def take(self, chosen: Bools) -> PersonPeriods:
        """Only the person-periods marked."""
        return PersonPeriods(self.row[chosen], self.period[chosen], self.event[chosen], self.weight[chosen])


def period_edges(longest: float, period_days: float) -> Floats:
    """Days at which periods begin and end; the last period ends with the follow-up.

    Examples
    --------
    >>> period_edges(30.0, 7.0).tolist()
    [0.0, 7.0, 14.0, 21.0, 28.0, 30.0]
    """
    count = int(np.ceil(longest / period_days - 1e-9))
    return np.append(period_days * np.arange(count), longest)


def person_periods(duration: Floats, event: Bools, edges: Floats) -> PersonPeriods:
    """Expand rows into the periods they were at risk in.

    A row censored inside a period was at risk for a part of it, and counts half: the life table's estimate.

    References
    ----------
    Allison (1982), doi:10.2307/270718; Cutler and Ederer (1958), doi:10.1016/0021-9681(58)90126-7.

    Examples
    --------
    >>> found = person_periods(np.array([3.0, 9.0]), np.array([False, True]), np.array([0.0, 7.0, 14.0]))
    >>> found.row.tolist(), found.period.tolist(), found.event.tolist(), found.weight.tolist()
    ([0, 1, 1], [0, 0, 1], [False, False, True], [0.5, 1.0, 1.0])
    """
    last = np.searchsorted(edges[1:], duration, side="left")
    row = np.repeat(np.arange(len(duration), dtype=np.int32), last + 1)
    ends = np.cumsum(last + 1)
    period = (np.arange(len(row)) - (ends - last - 1)[row]).astype(np.int32)
    final = period == last[row]
    cut_short = final & ~event[row] & (duration[row] < edges[1:][period])
    return PersonPeriods(row, period, final & event[row], np.where(cut_short, 0.5, 1.0))


def sample_periods(periods: PersonPeriods, max_rows: int, seed: int) -> PersonPeriods:
    """Keep every event and as many of the others, at random, as ``max_rows`` leaves room for.

    Those kept stand for those left out: they weigh one over the share kept. As events are rare, little is lost.

    Raises
    ------
    ArgumentError
        RR111 where the events alone fill ``max_rows``.
    """
    if len(periods.row) <= max_rows:
        return periods
    n_events = int(periods.event.sum())
    if n_events >= max_rows:
        raise ArgumentError(
            "RR111", f"max_rows is {max_rows}; it must be above the number of events, {n_events}."
        )
    others = np.flatnonzero(~periods.event)
    kept = np.random.default_rng(seed).choice(others, max_rows - n_events, replace=False, shuffle=False)
    chosen = periods.event.copy()
    chosen[kept] = True
    sample = periods.take(chosen)
    share = (max_rows - n_events) / len(others)
    return PersonPeriods(
        sample.row, sample.period, sample.event, np.where(sample.event, 1.0, sample.weight / share)
    )
