"""Cumulative incidence of each of several causes, by Aalen and Johansen, with errors by the infinitesimal jackknife."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from retaliation_risk._validate import one_of
from retaliation_risk.errors import ArgumentError
from retaliation_risk.models._outcomes import within_reach
from retaliation_risk.models._spells import LongFloats, Spells, quadratic, read_spells, squared_sums
from retaliation_risk.models.partial.rows import Floats, Ints

INTERVALS = ("log", "log-log", "plain")


@dataclass(frozen=True)
class Incidence:
    """How many have met each cause by each time; probabilities at a time and their shares add up to 1.

    Attributes
    ----------
    causes : array of int, shape (k,)
        The causes that occurred, ascending.
    time : array, shape (m,)
        All times at which a spell ended, censored ones included.
    at_risk : array of int, shape (m,)
        Rows at risk just before each time.
    events : array of int, shape (m, k)
        Rows that met each cause at each time.
    survival, survival_error : array, shape (m,)
        Probability that no cause has come yet, and its standard error.
    incidence, standard_error, low, high : array, shape (m, k)
        Probability that each cause has come, its standard error and the limits of its interval. Limits are NaN
        where the scale of the interval has no value: at 0, and for ``log-log`` at 1.
    """

    causes: Ints
    time: Floats
    at_risk: Ints
    events: Ints
    survival: Floats
    survival_error: Floats
    incidence: Floats
    standard_error: Floats
    low: Floats
    high: Floats


def aalen_johansen(
    stop: npt.ArrayLike,
    cause: npt.ArrayLike,
    *,
    start: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
    cluster: npt.ArrayLike | None = None,
    level: float = 0.95,
    interval: str = "log",
) -> Incidence:
    """Estimate the cumulative incidence of each cause.

    Unlike one minus Kaplan-Meier for a cause alone, it does not ask what would happen if the other causes could be
    switched off: it estimates the share who will meet this cause first. With one cause ``survival`` is Kaplan-Meier's.

    Parameters
    ----------
    stop : array, shape (n,)
        End of each row, in days; without ``start`` a duration, 0 or more.
    cause : array of int, shape (n,)
        1, 2, ... for what ended the row, 0 for censored. An outcome frame ``y`` gives ``y["event"] + 2 * y["competing"]``.
    start : array, shape (n,), optional
        Rows are at risk in (start, stop]; a customer who enters late is not counted before.
    weight : array, shape (n,), optional
        Case weights above 0.
    cluster : array of labels, shape (n,), optional
        Rows with one label, as those of one customer, count as one in the errors.
    level : float, default 0.95
        Of the intervals, in (0, 1).
    interval : {"log", "log-log", "plain"}, default "log"
        Scale on which the interval is symmetric.

    Returns
    -------
    Incidence

    Raises
    ------
    ArgumentError
        RR111 for rows that cannot be used.
    GateError
        RR401 when nothing ended with a cause.

    Notes
    -----
    The standard error is the infinitesimal jackknife: the root of the sum over clusters of the squared weighted
    derivative of the estimate by a row's weight. It is that of R's ``survfit`` with a factor as status.

    With late entry an early risk set can be so small that all of it ends at once; then survival is 0 from there on.
    Begin observation later (leave out rows that end before) where that happens.

    References
    ----------
    Aalen and Johansen (1978), Scandinavian Journal of Statistics 5, 141-150.

    Examples
    --------
    >>> found = aalen_johansen([1, 2, 3, 4], [1, 2, 0, 1])
    >>> found.incidence.tolist()
    [[0.25, 0.0], [0.25, 0.25], [0.25, 0.25], [0.75, 0.25]]
    >>> found.standard_error[0].round(4).tolist()
    [0.2165, 0.0]
    """
    check_interval(level, interval)
    spells = read_spells(stop, cause, start=start, weight=weight, cluster=cluster)
    causes = np.unique(spells.cause[spells.event])
    met = spells.cause[:, None] == causes
    steps = _steps(spells, met)
    error = np.stack([_error(spells, steps, met[:, k], k) for k in range(len(causes))], axis=1)
    low, high = limits(steps.incidence, error, level, interval)
    return Incidence(
        causes=causes,
        time=spells.times,
        at_risk=_counts(spells.at_risk(np.ones(len(met)))),
        events=np.stack([_counts(spells.ending(column)) for column in met.T.astype(float)], axis=1),
        survival=steps.survival,
        survival_error=_survival_error(spells, steps),
        incidence=steps.incidence,
        standard_error=error,
        low=low,
        high=high,
    )


def incidence_table(found: Incidence, days: npt.ArrayLike) -> pd.DataFrame:
    """Read the curves at some days, as a table to look at.

    Returns
    -------
    DataFrame
        ``cause``, ``day``, ``incidence``, ``standard_error``, ``low``, ``high``, ``at_risk`` (at the first end of a row on
        or after the day); causes, then days in the order asked.

    Raises
    ------
    ArgumentError
        RR111 for a day below 0.
    GateError
        RR405 for a day beyond the last one seen.

    Examples
    --------
    >>> incidence_table(aalen_johansen([1, 2, 3, 4], [1, 2, 0, 1]), [0, 2.5])[["cause", "day", "incidence", "at_risk"]]
       cause  day  incidence  at_risk
    0      1  0.0       0.00        4
    1      1  2.5       0.25        2
    2      2  0.0       0.00        4
    3      2  2.5       0.25        2
    """
    asked = np.atleast_1d(np.asarray(days, dtype=np.float64))
    for day in asked:
        within_reach(float(found.time[-1]), float(day))
    place = np.searchsorted(found.time, asked, side="right")
    at_risk = found.at_risk[np.minimum(np.searchsorted(found.time, asked), len(found.time) - 1)]
    tables = [
        pd.DataFrame(
            {"cause": cause, "day": asked}
            | {name: np.append(before, getattr(found, name)[:, k])[place] for name, before in _BEFORE.items()}
            | {"at_risk": at_risk}
        )
        for k, cause in enumerate(found.causes)
    ]
    return pd.concat(tables, ignore_index=True)


# What is known before anybody's row has ended.
_BEFORE = {"incidence": 0.0, "standard_error": 0.0, "low": np.nan, "high": np.nan}


def check_interval(level: float, interval: str) -> None:
    """Refuse a level outside (0, 1) and a scale that is not among INTERVALS."""
    one_of("interval", interval, INTERVALS)
    if not 0 < level < 1:
        raise ArgumentError("RR111", f"level is {level!r}; it must be above 0 and below 1.")


def limits(estimate: Floats, error: Floats, level: float, interval: str) -> tuple[Floats, Floats]:
    """Lower and upper limit of probabilities, symmetric on the scale named; NaN where it has no value.

    Examples
    --------
    >>> [limit.round(4).tolist() for limit in limits(np.array([0.0, 0.5]), np.array([0.0, 0.1]), 0.95, "log")]
    [[nan, 0.3379], [nan, 0.74]]
    """
    z = norm.ppf(0.5 + level / 2)
    if interval == "plain":
        return np.maximum(estimate - z * error, 0.0), np.minimum(estimate + z * error, 1.0)
    inside = (estimate > 0) & ((estimate < 1) | (interval == "log"))
    p = np.where(inside, estimate, np.nan)
    if interval == "log":
        return p * np.exp(-z * error / p), np.minimum(p * np.exp(z * error / p), 1.0)
    width = z * error / (p * np.log(p))
    return p ** np.exp(-width), p ** np.exp(width)


@dataclass(frozen=True)
class _Steps:
    """At each time: weight at risk, hazards, what survives before and after, and the incidence of each cause."""

    at_risk: Floats
    hazard: Floats
    total: Floats
    before: Floats
    survival: Floats
    incidence: Floats

    @property
    def spread(self) -> Floats:
        """One over (weight at risk times share that goes on); 0 where nobody does, as nothing moves after it."""
        on = 1.0 - self.total
        spread: Floats = np.divide(1.0, self.at_risk * on, out=np.zeros_like(on), where=on > 0)
        return spread


def _steps(spells: Spells, met: npt.NDArray[np.bool_]) -> _Steps:
    at_risk = spells.at_risk(spells.weight)
    hazard = np.stack([spells.ending(spells.weight * column) for column in met.T], axis=1) / at_risk[:, None]
    total = hazard.sum(axis=1)
    one = np.ones(len(met))
    # Counted, not weighed: weights add up to the same sum only up to rounding.
    total[_counts(spells.at_risk(one)) == _counts(spells.ending(one * spells.event))] = 1.0
    survival = np.cumprod(1.0 - total)
    before = np.append(1.0, survival[:-1])
    return _Steps(at_risk, hazard, total, before, survival, np.cumsum(before[:, None] * hazard, axis=0))


def _error(spells: Spells, steps: _Steps, met: npt.NDArray[np.bool_], k: int) -> Floats:
    """Compute the standard error of the incidence of the k-th cause, shape (m,).

    With M the martingale increments dN - Y dA of a row, its influence on F_k(t) is the sum over u up to t of
    S(u-) dM_k(u) / Y(u) - (F_k(t) - F_k(u)) dM(u) / (Y(u) (1 - dA(u))). With r(u) = F_k(end) - F_k(u), what is still
    to come, that is a + r(t) b, where b sums dM / (Y (1 - dA)) and a sums S dM_k / Y - r dM / (Y (1 - dA)). While at risk
    both grow by the same steps for all, so a cluster carries (a, b, weight at risk).
    """
    to_come = steps.incidence[-1, k] - steps.incidence[:, k]
    jump = steps.before / steps.at_risk
    grown_a = np.cumsum(jump * steps.hazard[:, k] - to_come * steps.total * steps.spread)
    grown_b = np.cumsum(steps.total * steps.spread)
    at = spells.leaves
    ended_a = met * jump[at] - spells.event * (to_come * steps.spread)[at]
    ended_b = spells.event * steps.spread[at]
    sums = _carried(spells, (grown_a, grown_b), (ended_a, ended_b))
    direction = np.stack([np.ones_like(to_come), to_come, -grown_a - to_come * grown_b], axis=1)
    return quadratic(direction, sums)


def _survival_error(spells: Spells, steps: _Steps) -> Floats:
    """Compute the standard error of survival: its influence is -S(t) b."""
    grown = np.cumsum(steps.total * steps.spread)
    ended = spells.event * steps.spread[spells.leaves]
    sums = _carried(spells, (grown,), (ended,))
    return quadratic(np.stack([-steps.survival, steps.survival * grown], axis=1), sums)


def _carried(spells: Spells, grown: tuple[Floats, ...], ended: tuple[Floats, ...]) -> LongFloats:
    """Squared sums of what clusters carry: the numbers of their ended rows, and their weight at risk.

    ``grown`` are the running sums that a row at risk lives through, ``ended`` what its event adds. A row carries
    minus what had grown before it entered, so that the common sums can be taken off those at risk at any time.
    """
    n, weight = len(spells.stop), spells.weight
    entering = [np.append(0.0, sums)[spells.enters] for sums in grown]
    leaving = [own - sums[spells.leaves] for sums, own in zip(grown, ended, strict=True)]
    changes = np.concatenate(
        [
            np.stack([*entering, np.ones(n)], axis=1) * weight[:, None],
            np.stack([*leaving, -np.ones(n)], axis=1) * weight[:, None],
        ]
    )
    rows = np.tile(np.arange(n), 2)
    return squared_sums(spells, np.concatenate([spells.enters, spells.leaves]), rows, changes)


def _counts(sums: Floats) -> Ints:
    return np.rint(sums).astype(np.int64)
