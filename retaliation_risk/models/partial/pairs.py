"""Concordance of a score with the order of events, with its standard error, in n log n steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from retaliation_risk.errors import GateError
from retaliation_risk.models.partial.fit import CoxFit
from retaliation_risk.models.partial.risk import RiskSets, risk_sets
from retaliation_risk.models.partial.rows import Floats, Ints, Rows, partial_rows

_T = TypeVar("_T", bound=np.generic)


@dataclass(frozen=True)
class Concordance:
    """Share of comparable pairs in which the higher score had the event first; ties in the score count half.

    Attributes
    ----------
    concordance : float
        In [0, 1]; 0.5 by chance.
    standard_error : float
        Infinitesimal jackknife, over clusters where there are any.
    concordant, discordant, tied_score : float
        Pairs of an event and a row of its stratum still at risk after it; each counts the product of weights.
    tied_time, tied_both : float
        Pairs of events at one time, of different and of one score; they are not comparable.
    """

    concordance: float
    standard_error: float
    concordant: float
    discordant: float
    tied_score: float
    tied_time: float
    tied_both: float


def fit_concordance(fit: CoxFit, rows: Rows) -> Concordance:
    """Concordance of the linear predictor (with offset) with the events of the rows."""
    # Added column by column, so that equal rows have equal scores to the last bit.
    score = rows.offset.copy()
    for j, coefficient in enumerate(fit.coefficients):
        score += coefficient * (rows.X[:, j] - fit.centre[j])
    return rows_concordance(score, rows)


def concordance(
    score: npt.ArrayLike,
    *,
    stop: npt.ArrayLike,
    event: npt.ArrayLike,
    start: npt.ArrayLike | None = None,
    strata: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
    cluster: npt.ArrayLike | None = None,
) -> Concordance:
    """Concordance of any score with events; arguments as in :func:`fit_partial`.

    References
    ----------
    Harrell, Lee and Mark (1996), doi:10.1002/(SICI)1097-0258(19960229)15:4<361::AID-SIM168>3.0.CO;2-4;
    Therneau and Watson (2017), Mayo Clinic technical report 85 (time-dependent rows and the standard error).

    Examples
    --------
    >>> found = concordance([3.0, 1.0, 2.0, 0.0], stop=[1, 2, 3, 4], event=[True, True, False, False])
    >>> found.concordance, found.concordant, found.discordant
    (0.8, 4.0, 1.0)
    """
    column = np.asarray(score, dtype=np.float64).reshape(-1, 1)
    rows = partial_rows(
        column,
        stop=stop,
        event=event,
        start=start,
        strata=strata,
        weight=weight,
        cluster=cluster,
        names=["score"],
    )
    return rows_concordance(rows.X[:, 0], rows)


def rows_concordance(score: Floats, rows: Rows) -> Concordance:
    """Concordance of a score with checked rows.

    Raises
    ------
    GateError
        RR401 when no two rows can be compared.
    """
    sets = risk_sets(rows)
    x = np.unique(score[sets.rows], return_inverse=True)[1].astype(np.int64)
    above, below, equal = _pairs(sets, x)
    w = sets.weight
    dead = w[sets.deaths]
    good, bad, tied = (float(dead @ part[sets.deaths, 0]) for part in (above, below, equal))
    pairs = good + bad + tied
    if pairs <= 0:
        raise GateError("RR401", f"{len(sets.deaths)} events leave no pair of rows to compare.")
    somers = (good - bad) / pairs
    # As the event of a pair a row gains by those below it, as its partner by events above it.
    for_it, against, even = (above.sum(axis=1), below.sum(axis=1), equal.sum(axis=1))
    influence = w * ((for_it - against) - somers * (for_it + against + even)) / pairs
    if rows.cluster is not None:
        influence = np.bincount(rows.cluster[sets.rows], influence)
    times, both = _tied_events(sets, x)
    error = float(np.sqrt(influence @ influence)) / 2
    return Concordance((somers + 1) / 2, error, good, bad, tied, times - both, both)


def _pairs(sets: RiskSets, x: Ints) -> tuple[Floats, Floats, Floats]:
    """Weight of each row's partners in concordant, discordant and tied pairs.

    Column 0 as the event of the pair, column 1 as the one still at risk; shape (n_used, 2).
    """
    m, n = len(sets.times), len(x)
    # A row with an event is a partner of earlier events only.
    end = sets.last - sets.event
    enter = sets.begin - 1
    # A risk set is what leaves at or after a time, less what enters there.
    key = np.concatenate([end, enter]).astype(np.int64)
    value, weight = np.concatenate([x, x]), np.concatenate([sets.weight, -sets.weight])
    inside = key >= 0
    key, value, weight = key[inside], value[inside], weight[inside]
    d = sets.deaths
    queries = sets.last[d].astype(np.int64)
    lower, same, higher = (np.zeros((n, 2)) for _ in range(3))
    higher[d, 0], same[d, 0], lower[d, 0] = _split(value, key, weight, x[d], queries, m)
    later = _split(x[d], queries, sets.weight[d], x, end.astype(np.int64) + 1, m)
    sooner = _split(x[d], queries, sets.weight[d], x, enter.astype(np.int64) + 1, m)
    higher[:, 1], same[:, 1], lower[:, 1] = (a - b for a, b in zip(sooner, later, strict=True))
    # Concordant: partners lower than an event, events higher than a partner.
    concordant = np.stack([lower[:, 0], higher[:, 1]], axis=1)
    return concordant, np.stack([higher[:, 0], lower[:, 1]], axis=1), same


def _split(
    value: Ints, key: Ints, weight: Floats, asked: Ints, asked_key: Ints, m: int
) -> tuple[Floats, Floats, Floats]:
    """Weight of points with key at least ``asked_key`` and value above, at and below ``asked``."""
    above = _above(value, key, weight, asked, asked_key, m)
    # Of one value: points sorted by value and key, from the key asked to the value's end.
    code = value * (m + 1) + key
    order = np.argsort(code)
    code, sums = code[order], np.append(0.0, np.cumsum(weight[order]))
    low, high = (
        np.searchsorted(code, asked * (m + 1) + asked_key),
        np.searchsorted(code, (asked + 1) * (m + 1)),
    )
    same = sums[high] - sums[low]
    total = np.append(np.bincount(key, weight, m)[::-1].cumsum()[::-1], 0.0)[asked_key]
    return above, same, total - above - same


def _above(value: Ints, key: Ints, weight: Floats, asked: Ints, asked_key: Ints, m: int) -> Floats:
    """Weight of points with key at least ``asked_key`` and value above ``asked``, for each question.

    Points and questions stand together by falling value. From the highest bit of the key to the lowest they
    are parted, keeping that order: where a question's bit is 0, its part's points with bit 1 have a higher key.
    """
    n = len(value)
    order = np.argsort(np.concatenate([-2 * value, -2 * asked - 1]), kind="stable")
    keys = np.concatenate([key + 1, asked_key])[order]
    weights = np.concatenate([weight, np.zeros(len(asked))])[order]
    found = np.zeros(len(order))
    for bit in range(int(m).bit_length() - 1, -1, -1):
        one = (keys >> bit & 1).astype(bool)
        part = keys >> (bit + 1)
        begin = np.flatnonzero(np.diff(part, prepend=-1))
        size = np.diff(begin, append=len(part))
        gained = np.cumsum(np.where(one, weights, 0.0))
        gained -= np.repeat((np.append(0.0, gained))[begin], size)
        found = found + np.where(one, 0.0, gained)
        ones = np.cumsum(one)
        ones -= np.repeat(np.append(0, ones)[begin], size)
        opening = np.repeat(begin, size)
        zeros = np.repeat(size - np.add.reduceat(one.astype(np.int64), begin), size)
        place = np.where(one, opening + zeros + ones - 1, np.arange(len(part)) - ones)
        keys, weights, found, order = (_moved(a, place) for a in (keys, weights, found, order))
    answers = np.empty(len(order))
    answers[order] = found
    return answers[n:]


def _moved(values: npt.NDArray[_T], place: Ints) -> npt.NDArray[_T]:
    moved = np.empty_like(values)
    moved[place] = values
    return moved


def _tied_events(sets: RiskSets, x: Ints) -> tuple[float, float]:
    """Weighted pairs of events at one time, and of those with one score."""
    w = sets.weight[sets.deaths]
    code = sets.group * (int(x.max()) + 1) + x[sets.deaths]
    both = np.bincount(np.unique(code, return_inverse=True)[1], w)
    times = np.bincount(sets.group, w)
    own = float(w @ w)
    return (float(times @ times) - own) / 2, (float(both @ both) - own) / 2
