"""Standard errors and intervals of survival curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from retaliation_risk._validate import one_of, within
from retaliation_risk.models.partial.curves import Baseline, known_strata, log_risks, steps_reached
from retaliation_risk.models.partial.fit import CoxFit
from retaliation_risk.models.partial.rows import Floats

SCALES = ("log-log", "log", "plain")


@dataclass(frozen=True)
class Curves:
    """Curves of rows with their intervals; arrays of shape (n, n_times).

    Attributes
    ----------
    hazard : array
        Cumulative hazard.
    standard_error : array
        Of ``hazard``, and so of the logarithm of ``survival``; times ``survival`` it is that of ``survival``.
    survival : array
        Probability of no event up to each time.
    low, high : array
        Ends of the interval of ``survival``, in [0, 1].
    level : float
        Of the interval.
    """

    hazard: Floats
    standard_error: Floats
    survival: Floats
    low: Floats
    high: Floats
    level: float


def survival_intervals(
    fit: CoxFit,
    base: Baseline,
    X: npt.ArrayLike,
    times: npt.ArrayLike,
    *,
    strata: npt.ArrayLike | None = None,
    offset: npt.ArrayLike | None = None,
    level: float = 0.95,
    scale: str = "log-log",
) -> Curves:
    r"""Survival curves as :func:`survival_curves`, with standard errors and pointwise intervals, as R's survfit.coxph.

    .. math::
        \widehat{var}\, \Lambda(t \mid x) = r_x^2 \Big( \sum_{t_j \le t} \sum_k \frac{\bar w_j}{S_{jk}^2}
        + q_t^\top V q_t \Big), \qquad q_t = \sum_{t_j \le t} (x - \bar x_j) \, d\Lambda_0(t_j),

    with the sums of :mod:`retaliation_risk.models.partial.likelihood`. The first part is that of the steps, the second
    that of the coefficients. V is the robust covariance where the fit has clusters; the first part never is robust.

    Parameters
    ----------
    level : float, default 0.95
        In [0, 0.9999].
    scale : {"log-log", "log", "plain"}, default "log-log"
        On which the interval is symmetric: the logarithm of the cumulative hazard, the cumulative hazard, or
        the survival itself. The last two are cut at 0 and 1.

    Returns
    -------
    Curves
        Before the first event the survival is 1, and both ends are 1 (R gives none on the log-log scale).

    References
    ----------
    Therneau and Grambsch (2000), section 10.2, doi:10.1007/978-1-4757-3294-8; for sampled sets Borgan,
    Goldstein and Langholz (1995), doi:10.1214/aos/1176324322.

    Examples
    --------
    >>> from retaliation_risk.models.partial import baseline, fit_rows, partial_rows
    >>> rows = partial_rows([[1.0], [0.0], [1.0], [0.0]], stop=[1, 2, 3, 4], event=[1, 1, 1, 0])
    >>> fit = fit_rows(rows)
    >>> found = survival_intervals(fit, baseline(fit, rows), [[0.0]], [1.0], scale="log")
    >>> found.survival.round(4).tolist(), found.standard_error.round(4).tolist(), found.low.round(4).tolist()
    ([[0.869]], [[0.1881]], [[0.601]])
    """
    within("level", level, 0.0, 0.9999)
    one_of("scale", scale, SCALES)
    matrix = np.asarray(X, dtype=np.float64)
    # A log hazard beyond 700 overflows; survival is 0 long before.
    risk = np.exp(np.minimum(log_risks(fit, base, matrix, offset), 700.0))
    stratum = known_strata(base, strata, len(matrix))
    asked = np.atleast_1d(np.asarray(times, dtype=np.float64))
    root = _root(fit.covariance if fit.robust is None else fit.robust)
    away, drift = (matrix - base.centre) @ root, base.drift @ root
    hazard, error = np.empty((2, len(matrix), len(asked)))
    for code in np.unique(stratum):
        mine = stratum == code
        reached = steps_reached(base, code, asked)
        height, variance, pull = (
            _from_zero(part, reached) for part in (base.cumulative, base.variance, drift)
        )
        moved = _lengths(away[mine], height, pull)
        hazard[mine] = np.outer(risk[mine], height)
        error[mine] = risk[mine, None] * np.sqrt(variance + moved)
    low, high = _ends(hazard, norm.ppf((1 + level) / 2) * error, scale)
    return Curves(hazard, error, np.exp(-hazard), low, high, level)


def _root(covariance: Floats) -> Floats:
    """Matrix whose product with its own transpose is the covariance, which a ridge may leave singular."""
    values, vectors = np.linalg.eigh(covariance)
    root: Floats = vectors * np.sqrt(np.maximum(values, 0.0))
    return root


def _from_zero(sums: Floats, reached: npt.NDArray[np.int64]) -> Floats:
    """Take running sums at steps, 0 where none is reached (-1)."""
    there = (reached >= 0).reshape((-1,) + (1,) * (sums.ndim - 1))
    return np.where(there, sums[reached], 0.0)


def _lengths(away: Floats, height: Floats, pull: Floats) -> Floats:
    """Squared length of ``away * height - pull`` of each row and time, column by column to save memory."""
    total = np.zeros((len(away), len(height)))
    for x, mean in zip(away.T, pull.T, strict=True):
        total += (np.outer(x, height) - mean) ** 2
    return total


def _ends(hazard: Floats, half: Floats, scale: str) -> tuple[Floats, Floats]:
    """Make the ends of the survival, ``half`` the width on the scale of the cumulative hazard."""
    if scale == "log-log":
        with np.errstate(over="ignore"):
            factor = np.exp(half / np.where(hazard > 0, hazard, 1.0))
            return np.exp(-hazard * factor), np.exp(-hazard / factor)
    if scale == "log":
        return np.exp(-hazard - half), np.exp(-np.maximum(hazard - half, 0.0))
    survival = np.exp(-hazard)
    return np.maximum(survival * (1 - half), 0.0), np.minimum(survival * (1 + half), 1.0)
