"""Inverse probability of censoring weights: what a customer followed to the end stands for.

A customer lost from sight inside the horizon is neither an event nor a non-event. They are left out, and
those who were followed count more, by one over the chance that somebody could be followed as long (Robins and
Finkelstein 2000, doi:10.1111/j.0006-341X.2000.00779.x; Graf et al. 1999, Statistics in Medicine 18, 2529).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retaliation_risk._validate import positive
from retaliation_risk.errors import ArgumentError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


def censoring_survival(censored: ArrayLike, duration_days: ArrayLike, times: ArrayLike) -> FloatArray:
    """Kaplan-Meier estimate of the chance of not being censored before each time.

    Parameters
    ----------
    censored : array of bool, shape (n,)
        Whether the follow-up ended unobserved; any other end comes before a censoring of equal time.
    duration_days : array of float, shape (n,)
        Length of the follow-up, at least 0.
    times : array of float, shape (k,)
        Where to read the curve.

    Returns
    -------
    array of float, shape (k,)
        G(t-), the left limit: a censoring at exactly ``t`` does not count yet. In [0, 1], 1 at time 0.

    Examples
    --------
    >>> censoring_survival([True, False, True, False], [2, 3, 3, 9], [2, 3, 9]).round(3).tolist()
    [1.0, 0.75, 0.375]
    """
    lost, duration = _follow_up(censored, duration_days)
    steps, lost_at = np.unique(duration[lost], return_counts=True)
    rows = np.sort(duration)
    ended_at = np.sort(duration[~lost])
    # At a step, customers whose follow-up ended with something seen at the same time are no longer at risk.
    at_risk = rows.size - np.searchsorted(rows, steps, "left")
    seen_now = np.searchsorted(ended_at, steps, "right") - np.searchsorted(ended_at, steps, "left")
    curve = np.concatenate([[1.0], np.cumprod(1.0 - lost_at / (at_risk - seen_now))])
    found: FloatArray = curve[np.searchsorted(steps, np.asarray(times, dtype=np.float64), "left")]
    return found


def ipcw_weights(
    event: ArrayLike, competing: ArrayLike, duration_days: ArrayLike, horizon_days: float
) -> FloatArray:
    """Weights that make the customers whose outcome is known stand for all.

    Parameters
    ----------
    event : array of bool, shape (n,)
        Whether the follow-up ended with an event.
    competing : array of bool, shape (n,)
        Whether the customer left first: a known non-event.
    duration_days : array of float, shape (n,)
        Days to the first of event, exit, censoring and horizon.
    horizon_days : float
        Where the outcome is judged, above 0.

    Returns
    -------
    array of float, shape (n,)
        ``1 / G(t-)`` where the status at the horizon is known, with ``t`` the day it became known; 0 where
        the customer was censored inside the horizon. All 1 if nobody was censored. If nobody was followed
        longer than the last one censored, the weights sum to less than n.

    Examples
    --------
    >>> event, left = [True, False, False, False], [False, False, True, False]
    >>> ipcw_weights(event, left, [10, 5, 20, 30], horizon_days=30).round(3).tolist()
    [1.333, 0.0, 1.333, 1.333]
    """
    horizon = float(positive("horizon_days", horizon_days))
    seen = np.asarray(event, dtype=bool) | np.asarray(competing, dtype=bool)
    duration = np.minimum(np.asarray(duration_days, dtype=np.float64), horizon)
    known = seen | (duration >= horizon)
    chance = censoring_survival(~known, duration, duration)
    weight: FloatArray = np.where(known, 1.0 / np.where(known, chance, 1.0), 0.0)
    return weight


def _follow_up(censored: ArrayLike, duration_days: ArrayLike) -> tuple[BoolArray, FloatArray]:
    """Both arrays, of one length, with finite durations."""
    lost = np.asarray(censored, dtype=bool)
    duration = np.asarray(duration_days, dtype=np.float64)
    if lost.shape != duration.shape or lost.ndim != 1:
        raise ArgumentError("RR111", f"shapes {lost.shape} and {duration.shape} differ; they must be (n,).")
    if not _all(np.isfinite(duration) & (duration >= 0)):
        raise ArgumentError("RR111", "duration_days must be finite and at least 0.")
    return lost, duration


def _all(condition: Any) -> bool:
    return bool(np.all(condition))
