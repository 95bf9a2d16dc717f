"""Whether risks by a horizon mean what they say when some were lost from sight before it.

What is observed is the Kaplan-Meier estimate, or the Aalen-Johansen incidence where customers can leave
first. Without censoring each function gives what its namesake in ``calibration.py`` gives.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from retaliation_risk._validate import positive
from retaliation_risk.metrics._arrays import (
    BoolArray,
    FloatArray,
    Kernel,
    Value,
    apply,
    as_numbers,
    as_outcomes,
    as_risks,
    in_blocks,
    ratio,
)
from retaliation_risk.metrics._product_limit import known_kernel
from retaliation_risk.metrics.calibration import CalibrationCurve, calibration_kernel, risk_bins, wilson

_EDGE = 1e-12  # a share closer to 0 or 1 is 0 or 1 but for rounding


def observed_expected(
    event: ArrayLike,
    duration_days: ArrayLike,
    risk: ArrayLike,
    horizon_days: float,
    *,
    competing: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> Value:
    """Share observed to have an event by the horizon, over the mean risk told.

    Parameters
    ----------
    event : array of bool, shape (n,)
        Whether the follow-up ended with an event.
    duration_days : array of float, shape (n,)
        Length of the follow-up, in days. Who is censored on the day of the horizon was followed to it.
    risk : array of float, shape (n,)
        Probability of an event by the horizon, in [0, 1].
    horizon_days : float
        Where the outcome is judged, above 0.
    competing : array of bool, shape (n,), optional
        Whether the follow-up ended with an exit that makes the event impossible. Without it nobody left.
    weight : array of float, shape (n,) or (B, n), optional
        Weights from 0; 2 counts as the row standing there twice. Each row of weights has its own curves.

    Returns
    -------
    float, or array of shape (B,)
        At least 0; 1 is best. Below 1: risks too high; above 1: too low. Observed is one minus the
        Kaplan-Meier estimate (the Aalen-Johansen incidence with ``competing``). NaN if all were lost from
        sight before the horizon, or all risks are 0.

    Examples
    --------
    >>> observed_expected([True, False, False, False], [10, 5, 30, 30], [0.4, 0.1, 0.3, 0.2], 30)
    1.33...
    """
    kernel = observed_expected_kernel(event, duration_days, risk, horizon_days, competing)
    return cast(Value, apply(kernel, weight, len(np.asarray(event))))


def observed_expected_kernel(
    event: ArrayLike,
    duration_days: ArrayLike,
    risk: ArrayLike,
    horizon_days: float,
    competing: ArrayLike | None = None,
) -> Kernel:
    """Sort once; see :func:`observed_expected`."""
    hit, left, duration = as_outcomes(event, duration_days, competing)
    said, horizon = as_risks(risk, len(hit)), float(positive("horizon_days", horizon_days))
    case = (hit & (duration <= horizon)).astype(np.float64)
    known = known_kernel(hit, left, duration, np.array([horizon]))

    def kernel(weight: FloatArray) -> FloatArray:
        mine = next(known(weight))
        return ratio(ratio(case @ mine, mine.sum(axis=0)), ratio(said @ weight, weight.sum(axis=0)))

    return in_blocks(kernel, len(hit))


def calibration_slope_at(
    event: ArrayLike,
    duration_days: ArrayLike,
    risk: ArrayLike,
    horizon_days: float,
    *,
    competing: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> Value:
    """Slope of the outcome by the horizon on the logit of the risk, censored rows stood for by others (IPCW).

    Parameters
    ----------
    event, duration_days, risk, horizon_days, competing, weight
        As in :func:`observed_expected`.

    Returns
    -------
    float, or array of shape (B,)
        1 is best. Below 1: risks too extreme (overfitting); above 1: too timid; 0: no relation, as chance
        gives. NaN where :func:`calibration_slope` is, or if all were lost from sight before the horizon.

    Examples
    --------
    >>> event, day = [True] + [False] * 4 + [True] * 4 + [False], [9] * 9 + [30]
    >>> round(calibration_slope_at([*event, False], [*day, 2], [0.2] * 5 + [0.8] * 5 + [0.5], 9), 6)
    1.0
    """
    hit, left, duration = as_outcomes(event, duration_days, competing)
    horizon = float(positive("horizon_days", horizon_days))
    recalibrate = calibration_kernel(hit & (duration <= horizon), risk)
    known = known_kernel(hit, left, duration, np.array([horizon]))
    return cast(Value, apply(lambda columns: recalibrate(next(known(columns)))[0], weight, len(hit)))


def calibration_curve_at(  # noqa: PLR0913 (the outcome alone is four)
    event: ArrayLike,
    duration_days: ArrayLike,
    risk: ArrayLike,
    horizon_days: float,
    *,
    competing: ArrayLike | None = None,
    n_bins: int = 10,
    weight: ArrayLike | None = None,
    level: float = 0.95,
) -> CalibrationCurve:
    """Mean risk and share of events by the horizon in bins of equally many rows, estimated within each bin.

    Parameters
    ----------
    event, duration_days, risk, horizon_days, competing
        As in :func:`observed_expected`.
    n_bins : int, default 10
        Bins at most; equal risks stay in one bin and may leave fewer.
    weight : array of float, shape (n,), optional
        Weights from 0; intervals use the effective number of rows, ``sum(w)**2 / sum(w**2)`` in each bin.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    CalibrationCurve
        Arrays of shape (bins,), lowest risk first, all shares in [0, 1]. ``observed`` is NaN in a bin whose
        rows were all lost from sight before the horizon.

    Notes
    -----
    The interval is Wilson's for so many rows, uncensored, as would give the variance of the estimate
    (Greenwood's without competing exits); where nobody or everybody had an event that variance is 0 and the
    rows of known status stand in.

    References
    ----------
    Rothman (1978), Journal of Chronic Diseases 31, 557 (the effective number of rows)

    Examples
    --------
    >>> event, day = [True, False, False, True, True, False], [9, 5, 30, 12, 20, 15]
    >>> curve = calibration_curve_at(event, day, [0.1, 0.2, 0.2, 0.7, 0.8, 0.9], 30, n_bins=2)
    >>> curve.predicted.round(3).tolist(), curve.observed.round(3).tolist()
    ([0.167, 0.8], [0.5, 1.0])
    """
    hit, left, duration = as_outcomes(event, duration_days, competing)
    said, horizon = as_risks(risk, len(hit)), float(positive("horizon_days", horizon_days))
    held = np.ones(len(hit)) if weight is None else as_numbers("weight", weight, len(hit))
    kept = np.flatnonzero(held > 0)
    place = risk_bins(said[kept], n_bins)
    members = [kept[place == code] for code in range(int(place.max(initial=-1)) + 1)]
    found = [_incidence(hit[m], left[m], duration[m], held[m], horizon) for m in members]
    observed, rows = np.array(found).reshape(-1, 2).T
    low, high = wilson(observed, rows, level=level)
    predicted = np.array([np.average(said[m], weights=held[m]) for m in members])
    return CalibrationCurve(np.bincount(place), predicted, observed, low, high)


def _incidence(
    hit: BoolArray, left: BoolArray, duration: FloatArray, weight: FloatArray, horizon: float
) -> tuple[float, float]:
    """Aalen-Johansen incidence by the horizon, and the number of uncensored rows of the same variance."""
    seen = hit | left
    last = duration.max()
    if last < horizon and not seen[duration == last].all():
        return np.nan, np.nan
    weight = weight * weight.sum() / (weight @ weight)
    days = np.unique(duration[seen & (duration <= horizon)])
    place = np.searchsorted(days, duration, "right")
    at_risk = np.bincount(place, weight, len(days) + 1)[::-1].cumsum()[::-1][1:]
    ended = hit & (duration <= horizon), left & (duration <= horizon)
    events, exits = (np.bincount(place[kind] - 1, weight[kind], len(days)) / at_risk for kind in ended)
    share, variance = _aalen_johansen(events, exits, at_risk)
    if _EDGE < share < 1 - _EDGE:
        return share, share * (1 - share) / variance
    return share, float(weight[seen | (duration >= horizon)].sum())


def _aalen_johansen(events: FloatArray, exits: FloatArray, at_risk: FloatArray) -> tuple[float, float]:
    """Incidence and its variance from the hazards of each day, shape (days,).

    On each day the rows at risk draw event, exit or neither. An event adds ``gain`` per row to the incidence,
    and either takes ``loss`` from what is still to come.
    """
    stay = np.maximum(1 - events - exits, 0.0)
    alive = np.append(1.0, np.cumprod(stay))[: len(events)]
    upto = np.cumsum(alive * events)
    share = float(upto[-1]) if len(upto) else 0.0
    gain = alive / at_risk
    loss = ratio(share - upto, at_risk * stay)
    loss = np.where(stay > 0, loss, 0.0)
    mean = events * (gain - loss) - exits * loss
    variance = at_risk * (events * (gain - loss) ** 2 + exits * loss**2 - mean**2)
    return share, float(variance.sum())
