"""Moderated regression: how an effect changes with a moderator, and where along it the effect is there.

The outcome (or its log-odds) is ``intercept + predictor + moderator + predictor:moderator + controls``. The effect of
the predictor at a moderator value w, its simple slope, is ``b1 + b3 w``. The Johnson-Neyman regions are the values of w
at which that slope differs from 0.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from retaliation_risk._validate import one_of, within
from retaliation_risk.errors import ArgumentError, DataError
from retaliation_risk.models._separation import refuse_separation
from retaliation_risk.studies.estimators._coefficients import (
    Coefficients,
    Floats,
    complete,
    independent,
    low_mean_high,
    numeric,
    varying,
)


@dataclass(frozen=True)
class Moderated:
    """What is regressed on what.

    Attributes
    ----------
    outcome, predictor, moderator : str
        Columns. The moderator enters as it is: centre it first where 0 is no value of interest.
    controls : tuple of str
        Further columns, entered as they are.
    """

    outcome: str
    predictor: str
    moderator: str
    controls: tuple[str, ...] = ()

    @property
    def product(self) -> str:
        """Name of the product term."""
        return f"{self.predictor}:{self.moderator}"

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of all coefficients, in order."""
        return ("intercept", self.predictor, self.moderator, self.product, *self.controls)


@dataclass(frozen=True)
class Moderation:
    """A fitted moderated regression.

    Attributes
    ----------
    model : Moderated
    coefficients : Coefficients
        In the order of ``model.terms``; ``coefficients.table()`` is the tidy table.
    moderator : array of float, shape (n,)
        Its values in the sample, ascending.
    """

    model: Moderated
    coefficients: Coefficients
    moderator: Floats


@dataclass(frozen=True)
class Regions:
    """Johnson-Neyman regions of a simple slope.

    Attributes
    ----------
    case : str
        Where on the whole line the slope differs from 0: ``"nowhere"``, ``"everywhere"``, ``"below"`` or ``"above"``
        one root, ``"inside"`` or ``"outside"`` of two.
    seen : str
        The same between the lowest and the highest moderator value of the sample. It is the one to report.
    roots : tuple of float
        Moderator values at which the p-value of the slope is exactly 1 - level, ascending; none, one or two.
    table : DataFrame
        The line in order: ``low, high, sign, share``. ``sign`` is 1 or -1 where the slope is above or below 0
        and differs from it, and 0 where it does not; ``share`` is that of the sample's moderator values.
    """

    case: str
    seen: str
    roots: tuple[float, ...]
    table: pd.DataFrame


def fit_moderation(
    frame: pd.DataFrame,
    model: Moderated,
    *,
    kind: str = "linear",
    errors: str = "classical",
    cluster: str | None = None,
) -> Moderation:
    """Fit a moderated regression.

    Parameters
    ----------
    frame : DataFrame
        One row per answer. Classes are coded as 0 and 1; missing values are refused.
    model : Moderated
    kind : str, default "linear"
        ``"linear"`` for least squares, ``"logit"`` for an outcome of 0 and 1.
    errors : str, default "classical"
        ``"classical"``, or ``"robust"``: HC3 for least squares, the sandwich times n / (n - k) for the logit.
    cluster : str, optional
        A column of persons or firms; errors are then clustered by it, times G / (G - 1) (n - 1) / (n - k), and
        least squares take Student's t with G - 1 degrees of freedom.

    Returns
    -------
    Moderation

    Raises
    ------
    DataError
        RR101, RR640, RR641, RR408, RR642 (clusters no more than coefficients: the covariance would be singular).
    GateError
        RR409 where columns separate the ones from the zeros.

    References
    ----------
    HC3: MacKinnon and White (1985), doi:10.1016/0304-4076(85)90158-7; clusters: Liang and Zeger (1986),
    doi:10.1093/biomet/73.1.13.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> data = pd.DataFrame(rng.normal(size=(300, 2)), columns=["unfairness", "quality"])
    >>> slope = 0.3 + 0.2 * data["quality"]
    >>> data["betrayal"] = slope * data["unfairness"] + rng.normal(size=300)
    >>> fit = fit_moderation(data, Moderated("betrayal", "unfairness", "quality"), errors="robust")
    >>> fit.coefficients.table().round(2)[["term", "estimate", "low", "high"]]
                     term  estimate   low  high
    0           intercept     -0.06 -0.19  0.06
    1          unfairness      0.32  0.20  0.45
    2             quality      0.00 -0.12  0.12
    3  unfairness:quality      0.27  0.16  0.39
    """
    one_of("kind", kind, ("linear", "logit"))
    one_of("errors", errors, ("classical", "robust"))
    Z, y = _design(frame, model)
    groups = None if cluster is None else _clusters(frame, cluster, len(model.terms))
    fit = _fit_linear if kind == "linear" else _fit_logit
    coefficients = fit(Z, y, model.terms, _covariance(kind, errors, groups))
    return Moderation(model, coefficients, np.sort(Z[:, 2]))


def simple_slopes(fit: Moderation, at: Sequence[float] | None = None, *, level: float = 0.95) -> pd.DataFrame:
    """Slope of the predictor at values of the moderator.

    Parameters
    ----------
    fit : Moderation
    at : sequence of float, optional
        Moderator values; the sample's mean and one standard deviation below and above it if not given.
    level : float, default 0.95

    Returns
    -------
    DataFrame
        Tidy, with a column ``at``. Slopes of a logit are on the scale of log-odds.
    """
    values = np.asarray(low_mean_high(fit.moderator) if at is None else at, dtype=np.float64)
    weights = np.zeros((len(values), len(fit.model.terms)))
    weights[:, 1], weights[:, 3] = 1.0, values
    names = [f"{fit.model.predictor} at {fit.model.moderator} = {value:g}" for value in values]
    return fit.coefficients.combine(weights, names).table(level).assign(at=values)


def johnson_neyman(fit: Moderation, *, level: float = 0.95) -> Regions:
    """Where along the moderator the simple slope differs from 0, from exact roots.

    The slope differs from 0 where ``(b1 + b3 w)^2 > t^2 (v11 + 2 w v13 + w^2 v33)``, a quadratic in w.

    Parameters
    ----------
    fit : Moderation
    level : float, default 0.95
        One minus the significance level at each w alone: these are not simultaneous regions.

    Returns
    -------
    Regions

    References
    ----------
    Bauer and Curran (2005), doi:10.1207/s15327906mbr4003_5.

    Examples
    --------
    >>> both = Coefficients(("intercept", "x", "w", "x:w"), np.array([0, 0.5, 0, 0.3]), np.eye(4) / 25, np.inf, 90)
    >>> fit = Moderation(Moderated("y", "x", "w"), both, np.linspace(-1, 1, 90))
    >>> found = johnson_neyman(fit)
    >>> found.case, found.seen, [round(root, 3) for root in found.roots]
    ('inside', 'above', [-0.302, 5.014])
    """
    within("level", level, 0.5, 0.9999)
    pair = [1, 3]
    b1, b3 = fit.coefficients.estimate[pair]
    v = (
        fit.coefficients.covariance[np.ix_(pair, pair)]
        * student.ppf(0.5 + level / 2, fit.coefficients.df) ** 2
    )
    quadratic = (b3**2 - v[1, 1], 2 * (b1 * b3 - v[0, 1]), b1**2 - v[0, 0])
    roots = _roots(*quadratic)
    table = _regions(roots, quadratic, (float(b1), float(b3)), fit.moderator)
    return Regions(_case(table), _case(_overlapping(table, fit.moderator)), roots, table)


#: Names of the regions by whether the slope differs from 0 in each, along the line.
_CASES = {
    (False,): "nowhere",
    (True,): "everywhere",
    (True, False): "below",
    (False, True): "above",
    (False, True, False): "inside",
    (True, False, True): "outside",
}


def _case(table: pd.DataFrame) -> str:
    return _CASES[tuple(bool(sign) for sign in table["sign"])]


def _overlapping(table: pd.DataFrame, values: Floats) -> pd.DataFrame:
    overlaps: pd.Series[bool] = (table["low"] < values[-1]) & (table["high"] > values[0])
    return table[overlaps]


def _roots(a: float, b: float, c: float) -> tuple[float, ...]:
    """Where ``a w^2 + b w + c`` changes its sign, ascending; written so that no digits cancel."""
    left = b * b - 4 * a * c
    if left <= 0:
        return ()
    q = -(b + np.copysign(np.sqrt(left), b)) / 2
    return tuple(sorted(float(top / bottom) for top, bottom in ((q, a), (c, q)) if bottom))


def _regions(
    roots: tuple[float, ...],
    quadratic: tuple[float, float, float],
    slope: tuple[float, float],
    values: Floats,
) -> pd.DataFrame:
    """Return the line cut at the roots, with the sign of the slope in each part and the sample's share there."""
    edges = np.array([-np.inf, *roots, np.inf])
    # A point within each part: the line's ends are taken well beyond the outer roots.
    reach = 1 + 2 * np.abs(roots).max(initial=0.0)
    marks = np.array([-reach, *roots, reach])
    inner = (marks[:-1] + marks[1:]) / 2
    there = np.polyval(quadratic, inner) > 0
    sign = np.where(there, np.sign(slope[0] + slope[1] * inner), 0).astype(int)
    upto = np.r_[0, np.searchsorted(values, roots, side="right"), len(values)]
    share = np.diff(upto) / len(values)
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "sign": sign, "share": share})


def _design(frame: pd.DataFrame, model: Moderated) -> tuple[Floats, Floats]:
    """Columns of the regression, the constant first, and the outcome."""
    names = [model.outcome, model.predictor, model.moderator, *model.controls]
    found = numeric(frame, names)
    varying(found, names)
    x, w = found[model.predictor].to_numpy(), found[model.moderator].to_numpy()
    Z = np.column_stack([np.ones(len(found)), x, w, x * w, found[list(model.controls)].to_numpy()])
    independent(Z, model.terms)
    return Z, found[model.outcome].to_numpy()


def _clusters(frame: pd.DataFrame, cluster: str, n_terms: int) -> Any:
    codes, names = pd.factorize(complete(frame, [cluster])[cluster])
    if len(names) <= n_terms:
        raise DataError("RR642", f"{len(names)} clusters of {cluster!r} for {n_terms} coefficients.")
    return codes


def _covariance(kind: str, errors: str, groups: Any) -> dict[str, Any]:
    """Return what statsmodels is told about the errors."""
    if groups is not None:
        return {"cov_type": "cluster", "cov_kwds": {"groups": groups}}
    robust = "HC3" if kind == "linear" else "HC1"
    return {"cov_type": robust if errors == "robust" else "nonrobust"}


def _fit_linear(Z: Floats, y: Floats, terms: tuple[str, ...], covariance: dict[str, Any]) -> Coefficients:
    # Imported here: statsmodels takes longer to load than most commands take to run.
    from statsmodels.regression.linear_model import OLS

    found = OLS(y, Z).fit(use_t=True, **covariance)
    groups = covariance.get("cov_kwds", {}).get("groups")
    df = len(y) - len(terms) if groups is None else int(groups.max())
    return Coefficients(terms, np.asarray(found.params), np.asarray(found.cov_params()), float(df), len(y))


def _fit_logit(Z: Floats, y: Floats, terms: tuple[str, ...], covariance: dict[str, Any]) -> Coefficients:
    if not np.isin(y, (0, 1)).all():
        other = sorted(set(y.tolist()) - {0.0, 1.0})[:3]
        raise ArgumentError(
            "RR111", f"the outcome of a logit has the values {other}; only 0 and 1 are allowed."
        )
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    scale = np.r_[1.0, np.abs(Z[:, 1:]).max(axis=0)]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Separation is refused below, in words.
        found = GLM(y, Z / scale, family=Binomial()).fit(tol=1e-12, rtol=1e-13, maxiter=200, **covariance)
    refuse_separation(Z / scale, y.astype(bool), found.params, terms[1:], converged=bool(found.converged))
    V = np.asarray(found.cov_params()) / np.outer(scale, scale)
    if covariance["cov_type"] == "HC1":  # statsmodels leaves the factor out for generalised linear models.
        V *= len(y) / (len(y) - len(terms))
    return Coefficients(terms, np.asarray(found.params) / scale, V, np.inf, len(y))
