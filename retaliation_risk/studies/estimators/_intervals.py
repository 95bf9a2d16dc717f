"""Bootstrap intervals from draws: percentile, and corrected for bias and acceleration."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from retaliation_risk.studies.estimators._coefficients import Floats


def percentile_interval(draws: Floats, *, level: float = 0.95) -> tuple[float, float]:
    """Return the quantiles of the draws that leave ``(1 - level) / 2`` on each side.

    Examples
    --------
    >>> low, high = percentile_interval(np.arange(1.0, 1000.0))
    >>> round(low), round(high)
    (25, 975)
    """
    low, high = _quantiles(draws, [0.5 - level / 2, 0.5 + level / 2])
    return float(low), float(high)


def bca_interval(
    estimate: float, draws: Floats, left_out: Floats, *, level: float = 0.95
) -> tuple[float, float]:
    """Return the interval corrected for bias and acceleration.

    Parameters
    ----------
    estimate : float
        From all rows.
    draws : array of float, shape (n_draws,)
        From resamples.
    left_out : array of float, shape (n,)
        Without each row in turn, from which the acceleration is had.
    level : float, default 0.95

    Returns
    -------
    tuple of float
        Low and high; NaN where all draws lie on one side of the estimate, so that the bias has no size.

    References
    ----------
    Efron (1987), doi:10.1080/01621459.1987.10478410.

    Examples
    --------
    >>> draws = np.random.default_rng(0).normal(size=4000)
    >>> [round(bound, 1) for bound in bca_interval(0.0, draws, np.array([-1.0, 0.0, 1.0]))]
    [-1.9, 2.0]
    """
    below = (np.mean(draws < estimate) + np.mean(draws <= estimate)) / 2
    if not 0 < below < 1:
        return float("nan"), float("nan")
    influence = left_out.mean() - left_out
    acceleration = np.sum(influence**3) / (6 * np.sum(influence**2) ** 1.5)
    bias = ndtri(below)
    wide = bias + ndtri([0.5 - level / 2, 0.5 + level / 2])
    low, high = _quantiles(draws, ndtr(bias + wide / (1 - acceleration * wide)))
    return float(low), float(high)


def _quantiles(draws: Floats, shares: ArrayLike) -> Floats:
    """Quantiles read between order statistics on the scale of the normal curve.

    The k-th of R draws is the quantile of k / (R + 1): Davison and Hinkley (1997), Bootstrap Methods and Their
    Application, equation 5.8. Beyond the outermost draws, the outermost.
    """
    ordered = np.sort(draws)
    known = ndtri(np.arange(1, len(ordered) + 1) / (len(ordered) + 1))
    return np.asarray(np.interp(ndtri(np.asarray(shares)), known, ordered))
