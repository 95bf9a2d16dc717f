"""How far risks are from what happened, at several times and over all of them."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from retaliation_risk.errors import ArgumentError
from retaliation_risk.metrics._arrays import (
    FloatArray,
    Kernel,
    Value,
    apply,
    as_outcomes,
    as_risk_table,
    as_times,
    in_blocks,
    ratio,
)
from retaliation_risk.metrics._product_limit import known_kernel


def brier_at(
    event: ArrayLike,
    duration_days: ArrayLike,
    risk: ArrayLike,
    times: ArrayLike,
    *,
    competing: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> FloatArray:
    """Brier score at each of several times: mean squared distance of the risk by t and the outcome by t.

    Rows of known status stand for those censored before t (IPCW): an event on day s counts ``1 / G(s-)``,
    somebody followed to t or longer ``1 / G(t-)``. G is the Kaplan-Meier curve of the censorings in these
    rows, under their weights; each row of weights has its own.

    Parameters
    ----------
    event : array of bool, shape (n,)
        Whether the follow-up ended with an event.
    duration_days : array of float, shape (n,)
        Length of the follow-up, in days. Who is censored on day t was followed to t.
    risk : array of float, shape (n, k)
        Probability of an event by each time, in [0, 1]; shape (n,) will do for one time.
    times : array of float, shape (k,)
        Days, each later than the one before.
    competing : array of bool, shape (n,), optional
        Whether the follow-up ended with an exit that makes the event impossible: from then on known to be
        event-free, which counts ``1 / G(s-)`` with s the day of the exit. The risk is then the cumulative
        incidence. Without it nobody left.
    weight : array of float, shape (n,) or (B, n), optional
        Weights from 0; 2 counts as the row standing there twice.

    Returns
    -------
    array of float, shape (k,) or (B, k)
        In [0, 1]; lower is better. Always saying the share of events ``p`` gives ``p * (1 - p)``. NaN where
        ``G(t-)`` is 0: all were lost from sight before t, and those who had an event are not all.

    References
    ----------
    Graf, Schmoor, Sauerbrei and Schumacher (1999), Statistics in Medicine 18, 2529; with competing exits
    Schoop, Beyersmann, Schumacher and Binder (2011), doi:10.1002/bimj.201000073

    Examples
    --------
    >>> risk = [[0.6, 0.8], [0.1, 0.2], [0.2, 0.5], [0.1, 0.4]]
    >>> brier_at([True, False, True, False], [5, 8, 20, 30], risk, [10, 25]).round(3).tolist()
    [0.059, 0.164]
    """
    kernel = brier_at_kernel(event, duration_days, risk, times, competing)
    return cast(FloatArray, apply(lambda columns: kernel(columns)[0], weight, len(np.asarray(event))))


def scaled_brier_at(
    event: ArrayLike,
    duration_days: ArrayLike,
    risk: ArrayLike,
    times: ArrayLike,
    *,
    competing: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> FloatArray:
    """Brier score at each time as the share saved of that of the Kaplan-Meier curve (index of prediction accuracy).

    Parameters
    ----------
    event, duration_days, risk, times, competing, weight
        As in :func:`brier_at`.

    Returns
    -------
    array of float, shape (k,) or (B, k)
        At most 1; higher is better, 0 is no better than telling everybody one minus the Kaplan-Meier curve of
        these rows (the Aalen-Johansen incidence with ``competing``), below 0 is worse. NaN where the Brier
        score is, and at times by which nobody or everybody had an event.

    References
    ----------
    Kattan and Gerds (2018), doi:10.1186/s41512-018-0029-2

    Examples
    --------
    >>> risk = [[0.6, 0.8], [0.1, 0.2], [0.2, 0.5], [0.1, 0.4]]
    >>> scaled_brier_at([True, False, True, False], [5, 8, 20, 30], risk, [10, 25]).round(3).tolist()
    [0.687, 0.301]
    """
    kernel = brier_at_kernel(event, duration_days, risk, times, competing)
    return cast(FloatArray, apply(lambda columns: _saved(*kernel(columns)), weight, len(np.asarray(event))))


def integrated_brier(
    event: ArrayLike,
    duration_days: ArrayLike,
    risk: ArrayLike,
    times: ArrayLike,
    *,
    competing: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> Value:
    """Brier score averaged from the first time to the last, by the trapezoidal rule.

    Parameters
    ----------
    event, duration_days, risk, times, competing, weight
        As in :func:`brier_at`, with at least two times.

    Returns
    -------
    float, or array of shape (B,)
        In [0, 1]; lower is better. NaN if the score is NaN at one of the times: choose times by which somebody
        is still followed.

    Raises
    ------
    ArgumentError
        RR111 with fewer than two times.

    References
    ----------
    Graf, Schmoor, Sauerbrei and Schumacher (1999), Statistics in Medicine 18, 2529

    Examples
    --------
    >>> risk = [[0.6, 0.8], [0.1, 0.2], [0.2, 0.5], [0.1, 0.4]]
    >>> round(integrated_brier([True, False, True, False], [5, 8, 20, 30], risk, [10, 25]), 3)
    0.111
    """
    days = as_times(times)
    if len(days) < 2:
        raise ArgumentError("RR111", f"times are {days.tolist()}; there must be at least 2 to average over.")
    kernel = brier_at_kernel(event, duration_days, risk, days, competing)

    def average(columns: FloatArray) -> FloatArray:
        score = kernel(columns)[0]
        middle, width = (score[1:] + score[:-1]) / 2, np.diff(days)
        found: FloatArray = width @ middle / (days[-1] - days[0])
        return found

    return cast(Value, apply(average, weight, len(np.asarray(event))))


def brier_at_kernel(
    event: ArrayLike,
    duration_days: ArrayLike,
    risk: ArrayLike,
    times: ArrayLike,
    competing: ArrayLike | None = None,
) -> Kernel:
    """Sort once; Brier score and incidence at each time, shape (2, k, B). See :func:`brier_at`."""
    hit, left, duration = as_outcomes(event, duration_days, competing)
    days = as_times(times)
    table = as_risk_table(risk, len(hit), len(days))
    known = known_kernel(hit, left, duration, days)

    def kernel(weight: FloatArray) -> FloatArray:
        found = []
        for day, said, mine in zip(days, table.T, known(weight), strict=True):
            case = hit & (duration <= day)
            # The weights of the known sum to those of all rows, so this is Graf's mean over all.
            sums = np.stack([(case - said) ** 2, case.astype(np.float64)]) @ mine
            found.append(ratio(sums, mine.sum(axis=0)))
        return np.stack(found, axis=1)

    return in_blocks(kernel, len(hit))


def _saved(score: FloatArray, incidence: FloatArray) -> FloatArray:
    # The incidence by IPCW is that of Kaplan-Meier (Satten and Datta 2001), so p (1 - p) is the curve's own score.
    return 1.0 - ratio(score, incidence * (1.0 - incidence))
