"""Many looks at once: p values of a family of claims, and a band that holds a whole curve."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from retaliation_risk._validate import within
from retaliation_risk.errors import ArgumentError
from retaliation_risk.metrics._arrays import FloatArray


def holm(p_values: ArrayLike) -> FloatArray:
    """P values of a family, made so that all claims below alpha are true together with chance 1 - alpha.

    Holm's step-down: the smallest of m is multiplied by m, the next by m - 1, and none may fall below the one before.
    It holds however the claims lean on each other.

    Parameters
    ----------
    p_values : array of float, shape (m,)
        In [0, 1]; NaN is no claim and is not counted.

    Returns
    -------
    array of float, shape (m,)
        In [0, 1], none below its own p value; NaN where there was none.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03, float("nan")]).round(2).tolist()
    [0.03, 0.06, 0.06, nan]
    """
    given = np.asarray(p_values, dtype=np.float64)
    if given.ndim != 1:
        raise ArgumentError("RR111", f"p_values has shape {given.shape}; it must be (m,).")
    there = np.flatnonzero(~np.isnan(given))
    if len(there) and not (given[there].min() >= 0 and given[there].max() <= 1):
        raise ArgumentError("RR111", f"p_values run from {given[there].min():.6g} to {given[there].max():.6g};"
                            " allowed is [0, 1].")  # fmt: skip
    order = there[np.argsort(given[there], kind="stable")]
    found = np.full(len(given), np.nan)
    found[order] = np.minimum(np.maximum.accumulate(given[order] * np.arange(len(order), 0, -1)), 1.0)
    return found


def simultaneous_band(
    value: ArrayLike, draws: ArrayLike, *, level: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Band that holds a whole curve with the chance ``level``: the same number of standard errors everywhere.

    That number is the quantile over the bootstrap of the largest studentised distance of a resampled curve from the
    curve. A pointwise interval of 95 % holds each point with that chance and the whole curve with less.

    Parameters
    ----------
    value : array of float, shape (k,)
        The curve.
    draws : array of float, shape (k, B)
        The curve in each resample; resamples in which some of it is undefined (NaN) are left out.
    level : float, default 0.95
        In (0, 1).

    Returns
    -------
    low, high : array of float, shape (k,)
        NaN with fewer than two resamples. Where no resample differs from the curve, the curve itself.

    References
    ----------
    Montiel Olea and Plagborg-Møller (2019), doi:10.1002/jae.2656

    Examples
    --------
    >>> draws = np.random.default_rng(0).normal([[0.5], [0.7]], 0.1, size=(2, 4000))
    >>> low, high = simultaneous_band([0.5, 0.7], draws)
    >>> ((high - low) / 2).round(2).tolist()  # 1.96 errors pointwise, 2.24 for both of two at once
    [0.22, 0.22]
    """
    within("level", level, 0, 1)
    curve, found = np.asarray(value, dtype=np.float64), np.asarray(draws, dtype=np.float64)
    if found.ndim != 2 or curve.shape != found.shape[:1]:
        raise ArgumentError(
            "RR111", f"draws have shape {found.shape} and value {curve.shape}; they must be (k, B) and (k,)."
        )
    kept = found[:, ~np.isnan(found).any(axis=0)]
    if kept.shape[1] < 2:
        return np.full(len(curve), np.nan), np.full(len(curve), np.nan)
    error = kept.std(axis=1, ddof=1)
    # What is rounded apart does not vary.
    moves = error > 1e-12
    distance = np.abs(kept - curve[:, None])[moves] / error[moves, None]
    times = float(np.quantile(distance.max(axis=0, initial=0.0), level))
    margin = np.where(moves, times * error, 0.0)
    return curve - margin, curve + margin
