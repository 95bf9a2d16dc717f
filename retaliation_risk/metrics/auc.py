"""How well risks tell, at each of several times, those who have retaliated by then from those who have not."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from retaliation_risk.errors import ArgumentError
from retaliation_risk.metrics._arrays import (
    BoolArray,
    FloatArray,
    Kernel,
    Value,
    apply,
    as_groups,
    as_numbers,
    as_outcomes,
    as_times,
    in_blocks,
    ratio,
)
from retaliation_risk.metrics._product_limit import known_kernel
from retaliation_risk.metrics._steps import Steps, build_steps, compare_pairs


def auc_at(
    event: ArrayLike,
    duration_days: ArrayLike,
    risk: ArrayLike,
    times: ArrayLike,
    *,
    competing: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> FloatArray:
    """Cumulative/dynamic AUC: chance that an event by time t has a higher risk than a row event-free at t.

    Rows of known status stand for those censored before t (IPCW): an event on day s counts ``1 / G(s-)``,
    somebody followed to t or longer ``1 / G(t-)``. G is the Kaplan-Meier curve of the censorings in these
    rows, under their weights; each row of weights has its own.

    Parameters
    ----------
    event : array of bool, shape (n,)
        Whether the follow-up ended with an event.
    duration_days : array of float, shape (n,)
        Length of the follow-up, in days. Who is censored on day t was followed to t.
    risk : array of float, shape (n,) or (n, k)
        Higher means likelier; a column for each time, or one for all. Only the order matters.
    times : array of float, shape (k,)
        Days, each later than the one before.
    competing : array of bool, shape (n,), optional
        Whether the follow-up ended with an exit that makes the event impossible: from then on a control known
        to be event-free, which counts ``1 / G(s-)`` with s the day of the exit. Without it nobody left.
    weight : array of float, shape (n,) or (B, n), optional
        Weights from 0; 2 counts as the row standing there twice.

    Returns
    -------
    array of float, shape (k,) or (B, k)
        In [0, 1]; higher is better, chance gives 0.5. A tie counts half. NaN at times without cases or
        without controls, and where ``G(t-)`` is 0: all were lost from sight before t.

    References
    ----------
    Uno, Cai, Tian and Wei (2007), doi:10.1198/016214507000000149; with competing exits Blanche, Dartigues
    and Jacqmin-Gadda (2013), doi:10.1002/sim.5958 (their controls are all who have had no event).

    Examples
    --------
    >>> auc_at([True, False, True, False], [5, 8, 20, 30], [0.9, 0.1, 0.3, 0.4], [10, 25]).tolist()
    [1.0, 0.4]
    """
    kernel = auc_at_kernel(event, duration_days, risk, times, competing)
    return cast(FloatArray, apply(lambda columns: kernel(columns)[0], weight, len(np.asarray(event))))


def mean_auc(
    event: ArrayLike,
    duration_days: ArrayLike,
    risk: ArrayLike,
    times: ArrayLike,
    *,
    competing: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> Value:
    """Mean of the cumulative/dynamic AUC over times, each weighted by the share of events since the last.

    Parameters
    ----------
    event, duration_days, risk, times, competing, weight
        As in :func:`auc_at`.

    Returns
    -------
    float, or array of shape (B,)
        In [0, 1]; higher is better, chance gives 0.5. Weights are the steps of one minus the Kaplan-Meier
        curve (of the Aalen-Johansen incidence with ``competing``), the first from 0. NaN if the AUC is NaN
        at a time that has weight.

    References
    ----------
    Lambert and Chevret (2016), doi:10.1177/0962280213515571

    Examples
    --------
    >>> mean_auc([True, False, True, False], [5, 8, 20, 30], [0.9, 0.1, 0.3, 0.4], [10, 25])
    0.64
    """
    kernel = auc_at_kernel(event, duration_days, risk, times, competing)
    return cast(Value, apply(lambda columns: _mean(*kernel(columns)), weight, len(np.asarray(event))))


def auc_at_kernel(
    event: ArrayLike,
    duration_days: ArrayLike,
    risk: ArrayLike,
    times: ArrayLike,
    competing: ArrayLike | None = None,
) -> Kernel:
    """Sort once; AUC and incidence at each time, shape (2, k, B). See :func:`auc_at`."""
    hit, left, duration = as_outcomes(event, duration_days, competing)
    days = as_times(times)
    rankings = _rankings(hit & (duration <= days[-1]), risk, len(days))
    known = known_kernel(hit, left, duration, days)

    def kernel(weight: FloatArray) -> FloatArray:
        found = []
        for day, steps, mine in zip(days, rankings, known(weight), strict=True):
            case = (hit & (duration <= day))[:, None]
            cases, controls = mine * case, mine * ~case
            incidence = ratio(cases.sum(axis=0), mine.sum(axis=0))
            found.append((ratio(*compare_pairs(steps, cases, controls)), incidence))
        return np.stack(found, axis=1)

    return in_blocks(kernel, len(hit))


def _rankings(hit: BoolArray, risk: ArrayLike, k: int) -> list[Steps]:
    """One ranking for each time, cut at the scores of all who are a case at any; every row may be a control."""
    n, scores = len(hit), np.asarray(risk, dtype=np.float64)
    if scores.shape not in {(n,), (n, k)}:
        raise ArgumentError("RR111", f"risk has shape {scores.shape}; it must be ({n},) or ({n}, {k}).")
    everyone, group = np.ones(n, dtype=bool), as_groups(None, n)
    columns = np.atleast_2d(scores.T)
    found = [build_steps(hit, everyone, as_numbers("risk", column, n), group) for column in columns]
    return found if len(found) == k else found * k


def _mean(auc: FloatArray, incidence: FloatArray) -> FloatArray:
    """Mean over times, weighted by the steps of the incidence; where it does not rise the AUC is not asked."""
    rise = np.diff(incidence, axis=0, prepend=0.0)
    rises = ~(rise == 0)
    return ratio(np.where(rises, auc * rise, 0.0).sum(axis=0), np.where(rises, rise, 0.0).sum(axis=0))
