"""Meta-analysis: what several studies say together, and how much they differ.

Effects come as a table ``study, estimate, variance, n`` on a scale on which they are near normal: Fisher's z of a
correlation, a standardised mean difference, the log of an odds ratio. A fixed-effect analysis asks for their mean
weighted by precision; a random-effects analysis takes the true effects as normal with variance tau2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import gammaln
from scipy.stats import chi2, norm
from scipy.stats import t as student

from retaliation_risk._validate import one_of, within
from retaliation_risk.errors import ArgumentError, DataError
from retaliation_risk.studies.estimators._coefficients import Floats, numeric, tidy


@dataclass(frozen=True)
class Meta:
    """What :func:`meta_analysis` found.

    Attributes
    ----------
    table : DataFrame
        One tidy row, ``mean effect``; ``n`` is the sum over studies.
    q, q_df, q_p : float
        Cochran's test that all studies have one true effect.
    i2 : float
        Share of the spread of the estimates that is not chance, in [0, 1).
    tau2 : float
        Variance of the true effects; 0 in a fixed-effect analysis.
    prediction : tuple of float
        Interval of the true effect of a new study; NaN in a fixed-effect analysis and with fewer than three studies.
    weights : array of float, shape (k,)
        Each study's share of the mean; they sum to 1.
    """

    table: pd.DataFrame
    q: float
    q_df: int
    q_p: float
    i2: float
    tau2: float
    prediction: tuple[float, float]
    weights: Floats


def effects_from_r(r: ArrayLike, n: ArrayLike, *, studies: Sequence[str] | None = None) -> pd.DataFrame:
    """Fisher's z of correlations, with variance 1 / (n - 3).

    Parameters
    ----------
    r : array of float, shape (k,)
        In (-1, 1). ``numpy.tanh`` of a result brings it back to a correlation.
    n : array of int, shape (k,)
        Persons in each study, at least 4.
    studies : sequence of str, optional

    Returns
    -------
    DataFrame
        ``study, estimate, variance, n``.

    Examples
    --------
    >>> effects_from_r([0.3], [103])[["estimate", "variance"]].round(3).values.tolist()
    [[0.31, 0.01]]
    """
    r, n = _arrays(r=r, n=n)
    _all_within("r", np.abs(r) < 1, r, "in (-1, 1)")
    _all_within("n", n > 3, n, "at least 4")
    return _table(np.arctanh(r), 1 / (n - 3), n, studies)


def effects_from_d(
    d: ArrayLike,
    n1: ArrayLike,
    n2: ArrayLike,
    *,
    corrected: bool = True,
    studies: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Standardised mean differences, with their large-sample variance.

    Parameters
    ----------
    d : array of float, shape (k,)
        Difference of two means over their pooled standard deviation.
    n1, n2 : array of int, shape (k,)
        Persons in the two groups, at least 2 each.
    corrected : bool, default True
        Whether to take out the bias of small samples (Hedges' g), exactly.
    studies : sequence of str, optional

    Returns
    -------
    DataFrame
        ``study, estimate, variance, n``; the variance is ``1 / n1 + 1 / n2 + g^2 / (2 (n1 + n2))``.

    References
    ----------
    Hedges (1981), doi:10.3102/10769986006002107.

    Examples
    --------
    >>> effects_from_d([-0.5], [45], [44]).round(3)[["estimate", "variance", "n"]].values.tolist()
    [[-0.496, 0.046, 89.0]]
    """
    d, n1, n2 = _arrays(d=d, n1=n1, n2=n2)
    _all_within("n1", n1 >= 2, n1, "at least 2")
    _all_within("n2", n2 >= 2, n2, "at least 2")
    half = (n1 + n2 - 2) / 2
    g = d * np.exp(gammaln(half) - gammaln(half - 0.5) - np.log(half) / 2) if corrected else d
    return _table(g, 1 / n1 + 1 / n2 + g**2 / (2 * (n1 + n2)), n1 + n2, studies)


def effects_from_counts(
    events1: ArrayLike,
    n1: ArrayLike,
    events2: ArrayLike,
    n2: ArrayLike,
    *,
    studies: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Log odds ratios of two groups from counts; a half is added to all four where one is 0.

    Parameters
    ----------
    events1, n1 : array of int, shape (k,)
        Events and persons of the first group.
    events2, n2 : array of int, shape (k,)
        Of the second.
    studies : sequence of str, optional

    Returns
    -------
    DataFrame
        ``study, estimate, variance, n``. Studies without any event, or with none but events, are refused: they say
        nothing of the ratio.

    Examples
    --------
    >>> np.exp(effects_from_counts([20], [100], [10], [100])["estimate"]).round(2).tolist()
    [2.25]
    """
    a, m1, b, m2 = _arrays(events1=events1, n1=n1, events2=events2, n2=n2)
    cells = np.array([a, m1 - a, b, m2 - b])
    _all_within("events", (cells >= 0).all(axis=0), np.minimum(a, b), "between 0 and n")
    _all_within("events", (a + b > 0) & (a + b < m1 + m2), a + b, "neither none nor all")
    cells = cells + 0.5 * (cells == 0).any(axis=0)
    ratio = np.log(cells[0] * cells[3] / (cells[1] * cells[2]))
    return _table(ratio, (1 / cells).sum(axis=0), m1 + m2, studies)


def effects_from_odds_ratios(
    ratio: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    n: ArrayLike,
    *,
    level: float = 0.95,
    studies: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Log odds ratios from printed ratios and their intervals, which give the errors back.

    Parameters
    ----------
    ratio, low, high : array of float, shape (k,)
        Above 0; the intervals are taken as by the normal curve on the scale of logs.
    n : array of int, shape (k,)
    level : float, default 0.95
        Of the printed intervals.
    studies : sequence of str, optional

    Returns
    -------
    DataFrame
        ``study, estimate, variance, n``.

    Examples
    --------
    >>> found = effects_from_odds_ratios([2.0], [1.0], [4.0], [150])
    >>> np.sqrt(found["variance"]).round(3).tolist()
    [0.354]
    """
    ratio, low, high, n = _arrays(ratio=ratio, low=low, high=high, n=n)
    _all_within(
        "low", (low > 0) & (low < ratio) & (ratio < high), low, "above 0 and below the ratio, high above it"
    )
    se = np.log(high / low) / (2 * norm.ppf(0.5 + level / 2))
    return _table(np.log(ratio), se**2, n, studies)


def meta_analysis(
    effects: pd.DataFrame, *, tau2: str = "reml", hartung_knapp: bool = False, level: float = 0.95
) -> Meta:
    """Mean effect of several studies, and how much they differ.

    Parameters
    ----------
    effects : DataFrame
        ``estimate, variance, n``, one row per study, as the functions above make.
    tau2 : str, default "reml"
        ``"fixed"`` for none (fixed-effect analysis), ``"dl"`` for DerSimonian and Laird's moments, ``"reml"`` for
        restricted maximum likelihood.
    hartung_knapp : bool, default False
        Whether the error of the mean is read from the spread of the estimates, with Student's t with k - 1 degrees of
        freedom: wider, and right more often with few studies.
    level : float, default 0.95

    Returns
    -------
    Meta

    Raises
    ------
    DataError
        RR101, RR640; RR642 with fewer than two studies.
    ArgumentError
        RR111 where a variance is not above 0, or for Hartung and Knapp's errors of a fixed-effect analysis.

    References
    ----------
    DerSimonian and Laird (1986), doi:10.1016/0197-2456(86)90046-2; Hartung and Knapp (2001), doi:10.1002/sim.791; I2:
    Higgins and Thompson (2002), doi:10.1002/sim.1186; prediction, with k - 2 degrees of freedom: Higgins, Thompson and
    Spiegelhalter (2009), doi:10.1111/j.1467-985X.2008.00552.x.

    Examples
    --------
    >>> found = meta_analysis(effects_from_r([0.10, 0.35, 0.22, 0.41], [120, 80, 200, 95]))
    >>> found.table.round(3)[["estimate", "low", "high", "n"]].values.tolist()
    [[0.271, 0.128, 0.413, 495.0]]
    >>> round(found.i2, 2)
    0.58
    """
    one_of("tau2", tau2, ("fixed", "dl", "reml"))
    within("level", level, 0.5, 0.9999)
    y, v = _checked(effects, fixed=tau2 == "fixed", hartung_knapp=hartung_knapp)
    k, w = len(y), 1 / v
    q = float(np.sum(w * (y - np.average(y, weights=w)) ** 2))
    between = _between(tau2, y, v, q)
    weight = 1 / (v + between)
    mean, variance = np.average(y, weights=weight), 1 / weight.sum()
    if hartung_knapp:
        variance *= np.sum(weight * (y - mean) ** 2) / (k - 1)
    reach = (
        np.sqrt(between + variance) * student.ppf(0.5 + level / 2, k - 2)
        if k > 2 and tau2 != "fixed"
        else np.nan
    )
    typical = (k - 1) * w.sum() / (w.sum() ** 2 - np.sum(w**2))
    return Meta(
        table=tidy(
            ["mean effect"],
            np.array([mean]),
            np.array([np.sqrt(variance)]),
            df=k - 1 if hartung_knapp else np.inf,
            n=int(effects["n"].sum()),
            level=level,
        ),
        q=q,
        q_df=k - 1,
        q_p=float(chi2.sf(q, k - 1)),
        i2=max(0.0, 1 - (k - 1) / q) if tau2 == "fixed" and q else float(between / (between + typical)),
        tau2=between,
        prediction=(float(mean - reach), float(mean + reach)),
        weights=weight / weight.sum(),
    )


def _between(kind: str, y: Floats, v: Floats, q: float) -> float:
    """Return tau2 of the kind asked."""
    if kind == "fixed":
        return 0.0
    return _moments(v, q) if kind == "dl" else _reml(y, v)


def _moments(v: Floats, q: float) -> float:
    """DerSimonian and Laird's tau2."""
    w = 1 / v
    return max(0.0, float((q - (len(v) - 1)) / (w.sum() - np.sum(w**2) / w.sum())))


def _reml(y: Floats, v: Floats) -> float:
    """Return the tau2 of the highest restricted likelihood: the best of a grid, then the root of the score beside it.

    The likelihood may have two peaks, one of them at 0, and Fisher's scoring may swing between both sides of one.
    """
    grid = np.r_[0.0, np.geomspace(1e-6, 10, 200) * (np.ptp(y) ** 2 or 1.0)]
    best = int(np.argmin(_deviances(grid, y, v)))
    low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, len(grid) - 1)])
    if low == 0 and _score(0.0, y, v) <= 0:
        return 0.0
    if not _score(low, y, v) > 0 > _score(high, y, v):
        raise DataError("RR643", f"the likelihood of tau2 has no peak between {low:.6g} and {high:.6g}.")
    return float(brentq(_score, low, high, args=(y, v), xtol=1e-300, rtol=1e-14, maxiter=500))


def _deviances(grid: Floats, y: Floats, v: Floats) -> Floats:
    """Return -2 times the restricted log likelihood at each tau2 of the grid, but for a constant."""
    w = 1 / (v + grid[:, None])
    total = w.sum(axis=1)
    residual = y - (w @ y / total)[:, None]
    return np.asarray(np.log(total) - np.log(w).sum(axis=1) + np.sum(w * residual**2, axis=1))


def _score(tau2: float, y: Floats, v: Floats) -> float:
    """Return minus the derivative of the deviance at one tau2."""
    w = 1 / (v + tau2)
    return float(np.sum((w * (y - np.average(y, weights=w))) ** 2) - w.sum() + np.sum(w**2) / w.sum())


def _checked(effects: pd.DataFrame, *, fixed: bool, hartung_knapp: bool) -> tuple[Floats, Floats]:
    if fixed and hartung_knapp:
        raise ArgumentError(
            "RR111", "hartung_knapp is True with tau2 'fixed'; it is an error of random effects."
        )
    found = numeric(effects, ["estimate", "variance", "n"])
    if len(found) < 2:
        raise DataError("RR642", f"{len(found)} studies; at least 2 are needed.")
    v = found["variance"].to_numpy()
    _all_within("variance", v > 0, v, "above 0")
    return found["estimate"].to_numpy(), v


def _arrays(**given: ArrayLike) -> list[Floats]:
    """Return the arguments as arrays of one length, without missing values."""
    arrays = {name: np.atleast_1d(np.asarray(values, dtype=np.float64)) for name, values in given.items()}
    lengths = {name: len(values) for name, values in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise ArgumentError("RR111", f"lengths differ: {lengths}; give one value per study.")
    for name, values in arrays.items():
        _all_within(name, np.isfinite(values), values, "a number")
    return list(arrays.values())


def _all_within(name: str, fine: ArrayLike, values: Floats, allowed: str) -> None:
    bad = np.flatnonzero(~np.asarray(fine, dtype=bool))
    if len(bad):
        k = int(bad[0])
        raise ArgumentError("RR111", f"{name} of study {k + 1} is {values[k]:g}; it must be {allowed}.")


def _table(estimate: Floats, variance: Floats, n: Floats, studies: Sequence[str] | None) -> pd.DataFrame:
    names = [f"study {k + 1}" for k in range(len(n))] if studies is None else list(studies)
    if len(names) != len(n):
        raise ArgumentError("RR111", f"{len(names)} names for {len(n)} studies; give one each.")
    return pd.DataFrame({"study": names, "estimate": estimate, "variance": variance, "n": n.astype(int)})
