"""Growth curves: how a grudge changes in time, and whether it changes otherwise where the relationship was strong.

The outcome of person i at time t is ``intercept + time + strength + time:strength + controls``, plus the person's own
intercept (and slope), normal and free to go together, plus a residual. Of interest is ``time:strength``: above 0 where
time is below 0, the grudge decays more slowly for strong relationships.

The likelihood is that of lme4, profiled so that only the random effects' relative covariance is searched. statsmodels'
MixedLM has the same one, and where time is well scaled the same estimates; with time in days it was seen not to converge,
and its errors of the fixed effects are of another kind. The numbers are in docs/studies_estimators.md.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize

from retaliation_risk._validate import one_of
from retaliation_risk.errors import DataError, RetaliationRiskWarning
from retaliation_risk.studies.estimators._coefficients import (
    Coefficients,
    Floats,
    complete,
    independent,
    low_mean_high,
    numeric,
    varying,
)

#: A relative standard deviation below this counts as 0.
_EDGE = 1e-5


@dataclass(frozen=True)
class Growth:
    """What changes with what.

    Attributes
    ----------
    outcome, time, person : str
        Columns; ``person`` may hold anything that tells persons apart.
    strength : str
        Of the relationship: one value per person, as it is. Centred, ``time`` is the decay at the mean strength.
    controls : tuple of str
    random_slope : bool
        Whether persons differ in their slopes too, not in their levels alone.
    """

    outcome: str
    time: str
    person: str
    strength: str
    controls: tuple[str, ...] = ()
    random_slope: bool = True

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the fixed effects, in order."""
        return ("intercept", self.time, self.strength, f"{self.time}:{self.strength}", *self.controls)


@dataclass(frozen=True)
class GrowthFit:
    """A fitted growth model.

    Attributes
    ----------
    model : Growth
    coefficients : Coefficients
        Fixed effects; ``coefficients.table()`` is the tidy table, by the normal curve, as n persons is taken as large.
    random : DataFrame
        ``term, estimate``: ``sd intercept`` at time 0, ``sd <time>`` and ``correlation`` where slopes are random,
        ``sd residual``.
    log_likelihood : float
        Restricted, if ``method`` is ``"reml"``: then not to be compared between models of other fixed effects.
    method : str
    n_persons : int
    strength, time : array of float
        Values of the sample, for the curves: one strength per person, one time per row.
    controls : array of float, shape (n_controls,)
        Means of the controls.
    """

    model: Growth
    coefficients: Coefficients
    random: pd.DataFrame
    log_likelihood: float
    method: str
    n_persons: int
    strength: Floats
    time: Floats
    controls: Floats


def fit_growth(frame: pd.DataFrame, model: Growth, *, method: str = "reml") -> GrowthFit:
    """Fit a growth curve with random effects of persons.

    Parameters
    ----------
    frame : DataFrame
        One row per person and wave. Waves may be missing for some; a row with missing values is refused.
    model : Growth
    method : str, default "reml"
        ``"reml"``, or ``"ml"`` to compare models of other fixed effects by their likelihood.

    Returns
    -------
    GrowthFit

    Raises
    ------
    DataError
        RR101, RR640, RR641, RR408; RR111 where strength changes within a person; RR642 with no more persons than fixed
        effects, or no more rows than random effects; RR643 where no maximum was found.

    Warns
    -----
    RetaliationRiskWarning
        RR644 where a variance is 0 or a correlation 1.

    References
    ----------
    Bates, Maechler, Bolker and Walker (2015), doi:10.18637/jss.v067.i01.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> data = pd.DataFrame({"person": np.repeat(np.arange(120), 4), "week": np.tile([0.0, 2, 4, 8], 120)})
    >>> data["quality"] = rng.normal(size=120)[data["person"]]
    >>> own = rng.normal(size=120)[data["person"]]
    >>> decay = -0.30 + 0.10 * data["quality"] + 0.1 * rng.normal(size=120)[data["person"]]
    >>> data["revenge"] = 5 + own + decay * data["week"] + rng.normal(size=480)
    >>> fit = fit_growth(data, Growth("revenge", "week", "person", "quality"))
    >>> fit.coefficients.table().round(2)[["term", "estimate", "low", "high"]]
               term  estimate   low  high
    0     intercept      4.85  4.62  5.08
    1          week     -0.30 -0.34 -0.27
    2       quality     -0.12 -0.36  0.12
    3  week:quality      0.10  0.06  0.14
    """
    one_of("method", method, ("reml", "ml"))
    X, y, Z, person = _columns(frame, model)
    # Orthonormal columns, and what least squares leave of the outcome: no digits are lost to units or large means.
    Q, R = np.linalg.qr(X)
    ordinary, standard = Q.T @ y, _standardiser(Z)
    sums = _sums(Q, y - Q @ ordinary, Z @ standard, person)
    theta = _search(sums, method == "reml")
    best = _profile(theta, sums, method == "reml")
    back = np.linalg.inv(R)
    covariance = best.sigma**2 * back @ np.linalg.inv(best.information) @ back.T
    random = _random(theta, standard, best.sigma, model)
    if _is_edge(theta):
        found = ", ".join(f"{term} {value:.3g}" for term, value in random.itertuples(index=False))
        warnings.warn(RetaliationRiskWarning("RR644", f"{model.outcome!r}: {found}."), stacklevel=2)
    first = np.unique(person, return_index=True)[1]
    scale = 2 * np.log(np.abs(np.diag(R))).sum() if method == "reml" else 0.0
    return GrowthFit(
        model,
        Coefficients(model.terms, back @ (ordinary + best.beta), covariance, np.inf, len(y)),
        random,
        -(best.deviance + float(scale)) / 2,
        method,
        len(first),
        X[first, 2],
        X[:, 1],
        X[:, 4:].mean(axis=0),
    )


def time_slopes(fit: GrowthFit, at: Sequence[float] | None = None, *, level: float = 0.95) -> pd.DataFrame:
    """Change per unit of time at values of the relationship's strength.

    Parameters
    ----------
    fit : GrowthFit
    at : sequence of float, optional
        Strengths; the persons' mean and one standard deviation to each side if not given.
    level : float, default 0.95

    Returns
    -------
    DataFrame
        Tidy, with a column ``at``.
    """
    values = np.asarray(low_mean_high(fit.strength) if at is None else at, dtype=np.float64)
    weights = np.zeros((len(values), len(fit.model.terms)))
    weights[:, 1], weights[:, 3] = 1.0, values
    names = [f"{fit.model.time} at {fit.model.strength} = {value:g}" for value in values]
    return fit.coefficients.combine(weights, names).table(level).assign(at=values)


def growth_curves(
    fit: GrowthFit,
    at: Sequence[float] | None = None,
    times: Sequence[float] | None = None,
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return the expected outcome in time at values of the relationship's strength, controls at their means.

    Parameters
    ----------
    fit : GrowthFit
    at : sequence of float, optional
        Strengths; the persons' mean and one standard deviation to each side if not given.
    times : sequence of float, optional
        Fifty-one times from the first to the last of the sample if not given.
    level : float, default 0.95
        Of the intervals of the mean, at each time alone.

    Returns
    -------
    DataFrame
        Tidy, with columns ``at`` and ``time``; strengths in the order given.
    """
    values = np.asarray(low_mean_high(fit.strength) if at is None else at, dtype=np.float64)
    moments = np.asarray(
        np.linspace(fit.time.min(), fit.time.max(), 51) if times is None else times, dtype=np.float64
    )
    w, t = (grid.ravel() for grid in np.meshgrid(values, moments, indexing="ij"))
    weights = np.column_stack([np.ones(len(t)), t, w, t * w, np.tile(fit.controls, (len(t), 1))])
    names = [
        f"{fit.model.outcome} at {fit.model.strength} = {a:g}, {fit.model.time} = {b:g}"
        for a, b in zip(w, t, strict=True)
    ]
    return fit.coefficients.combine(weights, names).table(level).assign(at=w, time=t)


@dataclass(frozen=True)
class _Sums:
    """All that the likelihood needs of the rows: sums of products, of everybody and person by person."""

    n: int
    XX: Floats  # (k, k)
    Xy: Floats  # (k,)
    yy: float
    ZZ: Floats  # (n_persons, q, q)
    ZX: Floats  # (n_persons, q, k)
    Zy: Floats  # (n_persons, q)


@dataclass(frozen=True)
class _Profile:
    """The likelihood at its best for a given relative covariance of the random effects."""

    deviance: float
    beta: Floats
    sigma: float
    information: Floats  # X' V^-1 X, of V relative to the residual variance


def _sums(X: Floats, y: Floats, Z: Floats, person: npt.NDArray[np.int64]) -> _Sums:
    def per_person(rows: Floats) -> Floats:
        return np.add.reduceat(rows, np.r_[0, 1 + np.flatnonzero(np.diff(person))], axis=0)

    ZZ = per_person(Z[:, :, None] * Z[:, None, :])
    ZX = per_person(Z[:, :, None] * X[:, None, :])
    return _Sums(len(y), X.T @ X, X.T @ y, float(y @ y), ZZ, ZX, per_person(Z * y[:, None]))


def _profile(theta: Floats, sums: _Sums, restricted: bool) -> _Profile:
    """Return fixed effects, residual deviation and -2 log likelihood at the relative Cholesky factor ``theta``.

    With L that factor, a person's covariance is I + Z L L' Z', and by Woodbury's identity its inverse is
    I - Z L A^-1 L' Z' with A = I + L' Z'Z L, of the size of the random effects; its determinant is A's.
    """
    L = _factor(theta)
    q, k = len(L), len(sums.Xy)
    root = np.linalg.cholesky(np.eye(q) + L.T @ sums.ZZ @ L)
    inward = np.linalg.solve(root, np.broadcast_to(L.T, root.shape))
    WX, Wy = inward @ sums.ZX, (inward @ sums.Zy[:, :, None])[:, :, 0]
    information = sums.XX - np.einsum("gqj,gqk->jk", WX, WX)
    beta = np.linalg.solve(information, sums.Xy - np.einsum("gqk,gq->k", WX, Wy))
    residual = sums.yy - np.sum(Wy**2) - beta @ (sums.Xy - np.einsum("gqk,gq->k", WX, Wy))
    df = sums.n - k if restricted else sums.n
    variance = max(float(residual), 1e-300) / df
    deviance = df * (np.log(2 * np.pi * variance) + 1)
    deviance += 2 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum()
    if restricted:
        deviance += np.linalg.slogdet(information)[1]
    return _Profile(float(deviance), beta, float(np.sqrt(variance)), information)


def _search(sums: _Sums, restricted: bool) -> Floats:
    """Return the relative Cholesky factor with the highest likelihood.

    L-BFGS comes near, from two starts; Newton's steps then end where doubles do.
    """
    one = sums.ZZ.shape[1] == 1
    bounds = [(0.0, None)] if one else [(0.0, None), (None, None), (0.0, None)]
    start = np.array([1.0] if one else [1.0, 0.0, 1.0])

    def deviance(theta: Floats) -> float:
        return _profile(theta, sums, restricted).deviance

    ends = [minimize(deviance, scale * start, method="L-BFGS-B", bounds=bounds) for scale in (1.0, 0.1)]
    near = np.asarray(min(ends, key=lambda end: float(end.fun)).x)
    diagonal = np.array([low == 0.0 for low, _ in bounds])
    found = _polish(deviance, np.where(diagonal & (near < _EDGE), 0.0, near), ~(diagonal & (near < _EDGE)))
    if not np.isfinite(deviance(found)):
        raise DataError("RR643", f"the deviance is {deviance(found)} at {found.tolist()}.")
    return found


def _polish(function: Callable[[Floats], float], x: Floats, free: npt.NDArray[np.bool_]) -> Floats:
    """Return the minimum near ``x`` by Newton's steps among the free coordinates, with derivatives by differences."""
    for _ in range(20):
        gradient, hessian = _gradient(function, x)[free], _hessian(function, x)[np.ix_(free, free)]
        if not free.any() or not (np.linalg.eigvalsh(hessian) > 0).all():
            return x
        step = np.zeros(len(x))
        step[free] = -np.linalg.solve(hessian, gradient)
        if function(x + step) > function(x) + 1e-9 * abs(function(x)):
            return x
        x = x + step
        if np.abs(step).max() < 1e-10:
            return x
    return x


def _gradient(function: Callable[[Floats], float], x: Floats) -> Floats:
    """Return derivatives by five-point differences; the error is of the fourth order of the step."""
    found = np.empty(len(x))
    for j, unit in enumerate(np.eye(len(x)) * 1e-3):
        near, far = function(x + unit) - function(x - unit), function(x + 2 * unit) - function(x - 2 * unit)
        found[j] = (8 * near - far) / (12 * unit[j])
    return found


def _hessian(function: Callable[[Floats], float], x: Floats) -> Floats:
    """Return second derivatives by differences: good enough for the direction of a step."""
    h = 1e-3
    steps = np.eye(len(x)) * h
    up = np.array([_gradient(function, x + step) for step in steps])
    down = np.array([_gradient(function, x - step) for step in steps])
    slopes = (up - down) / (2 * h)
    return np.asarray((slopes + slopes.T) / 2)


def _factor(theta: Floats) -> Floats:
    """Lower triangle from its entries, row by row."""
    if len(theta) == 1:
        return theta.reshape(1, 1)
    return np.array([[theta[0], 0.0], [theta[1], theta[2]]])


def _is_edge(theta: Floats) -> bool:
    return bool((np.diag(_factor(theta)) < _EDGE).any())


def _standardiser(Z: Floats) -> Floats:
    """Return the matrix that centres and scales the times of the random slopes."""
    if Z.shape[1] == 1:
        return np.eye(1)
    mean, sd = Z[:, 1].mean(), Z[:, 1].std()
    return np.array([[1.0, -mean / sd], [0.0, 1.0 / sd]])


def _random(theta: Floats, standard: Floats, sigma: float, model: Growth) -> pd.DataFrame:
    """Return standard deviations and correlation of the random effects, in the units of the outcome and of time."""
    L = sigma * standard @ _factor(theta)
    covariance = L @ L.T
    sd = np.sqrt(np.diag(covariance))
    rows: list[tuple[str, float]] = [("sd intercept", float(sd[0]))]
    if model.random_slope:
        product = float(sd[0] * sd[1])
        correlation = float(covariance[0, 1]) / product if product else float("nan")
        rows += [(f"sd {model.time}", float(sd[1])), ("correlation", correlation)]
    return pd.DataFrame([*rows, ("sd residual", sigma)], columns=["term", "estimate"])


def _columns(frame: pd.DataFrame, model: Growth) -> tuple[Floats, Floats, Floats, npt.NDArray[np.int64]]:
    """Return fixed columns, outcome, random columns and the code of the person, with each person's rows together."""
    names = [model.outcome, model.time, model.strength, *model.controls]
    found = numeric(frame, names)
    varying(found, names)
    code = pd.factorize(complete(frame, [model.person])[model.person])[0]
    order = np.argsort(code, kind="stable")
    found, person = found.iloc[order], code[order]
    t, w = found[model.time].to_numpy(), found[model.strength].to_numpy()
    _one_strength_each(w, person, model)
    X = np.column_stack([np.ones(len(t)), t, w, t * w, found[list(model.controls)].to_numpy()])
    independent(X, model.terms)
    Z = X[:, : 1 + model.random_slope]
    n_persons = int(person[-1]) + 1
    if n_persons <= X.shape[1] or len(X) <= n_persons * Z.shape[1]:
        found_there = f"{n_persons} persons of {model.person!r} with {len(X)} rows"
        raise DataError("RR642", f"{found_there}, {X.shape[1]} fixed and {Z.shape[1]} random effects.")
    return X, found[model.outcome].to_numpy(), Z, person


def _one_strength_each(w: Floats, person: npt.NDArray[np.int64], model: Growth) -> None:
    moved = np.flatnonzero((np.diff(w) != 0) & (np.diff(person) == 0))
    if len(moved):
        found = (
            f"{model.strength!r} goes from {w[moved[0]]:g} to {w[moved[0] + 1]:g} within one {model.person!r}"
        )
        raise DataError("RR111", f"{found}; give each person one value, such as that of the first wave.")
