"""Interaction of two constructs measured with error, by one indicator for their product.

A scale is x = X + e. The product of two centred scales is xz = XZ + X e_z + Z e_x + e_x e_z, so with errors independent
of everything its own error has the variance Var(X) θ_z + Var(Z) θ_x + θ_x θ_z, whatever the shape of X and Z. A scale's θ
is (1 - reliability) of its variance. With these held fixed, XZ enters a path model like any latent variable (Ping 1995,
doi:10.2307/3151985). Without it the interaction is too small, and the more so the less reliable the scales are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk.errors import ArgumentError
from retaliation_risk.studies.estimators.path import PathFit, fit_path_model, path_estimates
from retaliation_risk.studies.moments import Moments, moments_from_frame, whole_rows

Floats = npt.NDArray[np.float64]


def product_reliability(one: float, other: float, correlation: float) -> float:
    """Reliability of the product of two centred scales that are normal.

    Parameters
    ----------
    one, other : float
        Reliabilities of the scales, in [0, 1].
    correlation : float
        Of the scales as measured, in [-1, 1].

    Returns
    -------
    float
        (one other + correlation²) / (1 + correlation²), in [0, 1].

    References
    ----------
    Busemeyer and Jones (1983), doi:10.1037/0033-2909.93.3.549.

    Examples
    --------
    Two good scales make a poor product:

    >>> round(product_reliability(0.8, 0.8, 0.2), 2)
    0.65
    """
    for name, value, low in (("one", one, 0), ("other", other, 0), ("correlation", correlation, -1)):
        if not low <= value <= 1:
            raise ArgumentError("RR111", f"{name} is {value!r}; it must be in [{low}, 1].")
    return (one * other + correlation**2) / (1 + correlation**2)


def product_name(one: str, other: str) -> str:
    """Name of the column with the product.

    Examples
    --------
    >>> product_name("fairness", "quality")
    'fairness_x_quality'
    """
    return f"{one}_x_{other}"


def product_moments(frame: pd.DataFrame, one: str, other: str) -> Moments:
    """Moments of a table's columns and of the product of two of them, each less its mean.

    Parameters
    ----------
    frame : DataFrame of numbers
        One row per person; rows with a missing value are left out.
    one, other : str
        Columns to multiply.

    Returns
    -------
    Moments
        Of all columns, and last of :func:`product_name`.

    Examples
    --------
    >>> frame = pd.DataFrame({"x": [1.0, 2, 3, 6, 1], "z": [0.0, 2, 1, 3, 5]})
    >>> product_moments(frame, "x", "z").names
    ('x', 'z', 'x_x_z')
    """
    whole = whole_rows(frame, list(dict.fromkeys([one, other, *frame.columns])))[list(frame.columns)]
    product = (whole[one] - whole[one].mean()) * (whole[other] - whole[other].mean())
    return moments_from_frame(whole.assign(**{product_name(one, other): product}))


def fit_latent_product(
    moments: Moments, outcome: str, reliability: Mapping[str, float], *, covariates: Sequence[str] = ()
) -> PathFit:
    """Regress an outcome on two constructs and their product, errors of measurement taken out.

    Parameters
    ----------
    moments : Moments
        Of the outcome, both scales, the product of the centred scales under :func:`product_name`, and covariates. From a
        table by :func:`product_moments`; from a paper only if it prints the product's moments too.
    outcome : str
    reliability : mapping of str to float
        The two scales, each with its reliability in (0, 1]: composite or alpha. Taken as known.
    covariates : sequence of str, default ()
        Measured without error.

    Returns
    -------
    PathFit
        The latent variables are called ``true_`` and the name of the scale, in its unit. Where the reliabilities leave less
        true variance than the correlations need, RR623 is warned of.

    Raises
    ------
    ArgumentError
        RR111 for other than two scales, a reliability outside of (0, 1], or a variable without moments.

    Notes
    -----
    Errors of estimation are those of normal data, which a product never is, and of known reliabilities:
    :func:`latent_product` gives intervals by the bootstrap beside them.
    """
    one, other = _two_scales(reliability)
    product = product_name(one, other)
    variances = _error_variances(moments.select([one, other]), reliability)
    scales = (one, other, product)
    true = [f"true_{name}" for name in scales]
    # The model is fitted to covariances divided by n.
    by_n = (moments.n - 1) / moments.n
    lines = [f"{latent} =~ 1*{name}" for latent, name in zip(true, scales, strict=True)]
    lines += [f"{name} ~~ {error * by_n!r}*{name}" for name, error in zip(scales, variances, strict=True)]
    lines += [f"{outcome} ~ {' + '.join([*true, *covariates])}"]
    lines += [f"{a} ~~ {b}" for a in covariates for b in true]
    lines += [f"{a} ~~ {b}" for a, b in combinations(covariates, 2)]
    return fit_path_model("\n".join(lines), moments)


def latent_product(
    frame: pd.DataFrame,
    outcome: str,
    reliability: Mapping[str, float],
    *,
    covariates: Sequence[str] = (),
    draws: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Effects of two constructs and their product on an outcome, beside those that ignore errors of measurement.

    Parameters
    ----------
    frame : DataFrame of numbers
        One row per person, scales as columns; rows with a missing value are left out.
    outcome : str
    reliability : mapping of str to float
        The two scales, each with its reliability in (0, 1].
    covariates : sequence of str, default ()
        Measured without error.
    draws : int, default 1000
        Resamples of persons, at least 100.
    seed : int, default 0
        Of the resamples.

    Returns
    -------
    DataFrame
        ``term``, ``estimate``, ``se``, ``z``, ``p``, ``low``, ``high`` as :func:`fit_latent_product` has them; ``boot_low``
        and ``boot_high``, percentiles of the resamples; ``uncorrected``, the slope of a plain regression. Intervals of 95 %.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> X, Z = rng.normal(size=(2, 2000))
    >>> frame = pd.DataFrame({"x": X + 0.5 * rng.normal(size=2000), "z": Z + 0.5 * rng.normal(size=2000)})
    >>> frame["y"] = 0.4 * X + 0.3 * X * Z + rng.normal(size=2000)
    >>> found = latent_product(frame, "y", {"x": 0.8, "z": 0.8}).set_index("term")
    >>> found.loc["y ~ true_x_x_z", ["estimate", "uncorrected"]].round(2).to_dict()
    {'estimate': 0.29, 'uncorrected': 0.19}
    """
    if not draws >= 100:
        raise ArgumentError("RR111", f"draws is {draws!r}; it must be at least 100.")
    one, other = _two_scales(reliability)
    names = [outcome, one, other, *covariates]
    whole = whole_rows(frame, names)
    moments = product_moments(whole, one, other)
    fit = fit_latent_product(moments, outcome, reliability, covariates=covariates)
    table = path_estimates(fit)
    effects = table[[term.op == "~" for term in fit.structure.model.terms]].reset_index(drop=True)
    order = [one, other, product_name(one, other), *covariates, outcome]
    plain = _slopes(moments.select(order).covariance[None], np.zeros((1, 3)))[0]
    share = [1 - reliability[one], 1 - reliability[other]]
    low, high = np.quantile(_resampled(whole, share, draws, seed), [0.025, 0.975], axis=0)
    return effects.assign(boot_low=low, boot_high=high, uncorrected=plain)


def _two_scales(reliability: Mapping[str, float]) -> tuple[str, str]:
    if len(reliability) != 2:
        raise ArgumentError("RR111", f"reliability names {', '.join(reliability)}; it must name two scales.")
    for name, value in reliability.items():
        if not 0 < value <= 1:
            raise ArgumentError("RR111", f"the reliability of {name!r} is {value!r}; it must be in (0, 1].")
    one, other = reliability
    return one, other


def _error_variances(scales: Moments, reliability: Mapping[str, float]) -> tuple[float, float, float]:
    """Error variances of the two scales and of their product, by n - 1."""
    rho = np.array([reliability[name] for name in scales.names])
    variance = scales.sds**2
    errors = _with_product((1 - rho) * variance, variance)
    return float(errors[0]), float(errors[1]), float(errors[2])


def _with_product(errors: Floats, variances: Floats) -> Floats:
    """Error variances of two scales and of their product, shape (..., 3), from those of the scales, shape (..., 2)."""
    true = variances - errors
    crossed = true[..., 0] * errors[..., 1] + true[..., 1] * errors[..., 0] + errors[..., 0] * errors[..., 1]
    found: Floats = np.concatenate([errors, crossed[..., None]], axis=-1)
    return found


def _slopes(covariances: Floats, errors: Floats) -> Floats:
    """Slopes of the last variable on the others, shape (B, m), with error variances of the first three taken out."""
    causes = covariances[:, :-1, :-1].copy()
    for place in range(3):
        causes[:, place, place] -= errors[:, place]
    return np.linalg.solve(causes, covariances[:, :-1, -1:])[..., 0].astype(np.float64)


def _resampled(whole: pd.DataFrame, share: Sequence[float], draws: int, seed: int) -> Floats:
    """Corrected slopes in resamples of persons, shape (draws, m); ``share`` is the error in the variance of each scale."""
    values = whole.to_numpy()
    values = values - values.mean(axis=0)
    outcome, one, other, rest = values[:, :1], values[:, 1:2], values[:, 2:3], values[:, 3:]
    columns = np.hstack([one, other, one * other, rest, outcome])
    n, v = columns.shape
    rng = np.random.default_rng(seed)
    found = np.empty((draws, v - 1))
    for start in range(0, draws, 100):  # 100 at a time, so that memory stays small
        size = min(100, draws - start)
        weight = rng.multinomial(n, np.full(n, 1 / n), size=size) / n
        means = weight @ columns
        squares = np.einsum("bi,ij,ik->bjk", weight, columns, columns, optimize=True)
        covariances = _recentred(squares - means[:, :, None] * means[:, None, :], means)
        variances = np.stack([covariances[:, 0, 0], covariances[:, 1, 1]], axis=-1)
        errors = _with_product(variances * np.asarray(share), variances)
        found[start : start + size] = _slopes(covariances, errors)
    return found


def _recentred(covariances: Floats, means: Floats) -> Floats:
    """Covariances with the product of scales centred anew: (x - m)(z - k) = xz - m z - k x + m k."""
    move = np.broadcast_to(np.eye(covariances.shape[1]), covariances.shape).copy()
    move[:, 2, 0], move[:, 2, 1] = -means[:, 1], -means[:, 0]
    found: Floats = move @ covariances @ move.transpose(0, 2, 1)
    return found
