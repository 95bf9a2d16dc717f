"""From a table of features to the standardised matrix that the linear and hazard models are fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from retaliation_risk.errors import ArgumentError, GateError

Floats = npt.NDArray[np.float64]

#: A column is a combination of others when this share of its variance, or less, is its own.
COLLINEAR = 1e-10

#: Standard errors that a 95 % interval reaches to each side.
Z95 = float(norm.ppf(0.975))

#: Skewness from which a column without negative values enters as log(1 + value).
SKEWED = 2.0


def check_columns(X: pd.DataFrame, features: Sequence[str]) -> None:
    """Refuse a table that lacks a column the model was fitted with, naming those lacking and those added."""
    lacking = [name for name in features if name not in X.columns]
    if lacking:
        known = set(features)
        adds = [name for name in X.columns if name not in known]
        raise ArgumentError(
            "RR101",
            f"The model was fitted with columns {list(features)}; "
            f"this table lacks {lacking} and adds {adds}. "
            "Rebuild the features with the version that fitted the model.",
        )


def numbers(X: pd.DataFrame, features: Sequence[str]) -> Floats:
    """Return the named columns as float64, shape (n, n_features); NaN is allowed, infinity is not."""
    if list(X.columns) != list(features):
        check_columns(X, features)
        X = X[list(features)]
    matrix = X.to_numpy()
    if matrix.dtype != np.float64:
        if text := [name for name in X if not pd.api.types.is_numeric_dtype(X[name])]:
            raise ArgumentError("RR111", f"columns {text} are not numbers; features are float columns.")
        matrix = X.to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isinf(matrix).any():
        names = [name for name, bad in zip(features, np.isinf(matrix).any(axis=0), strict=True) if bad]
        raise ArgumentError("RR111", f"columns {names} hold infinite values; they must be finite or missing.")
    return matrix


def spread_of(Z: Floats, covariance: Floats) -> Floats:
    """Return the standard error of each row's sum of column times coefficient, shape (n,), by their covariance.

    Examples
    --------
    >>> spread_of(np.array([[2.0, 0.0]]), np.eye(2)).tolist()
    [2.0]
    """
    error: Floats = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", Z, covariance, Z), 0.0))
    return error


def weighed(matrix: Floats, coefficients: Floats) -> Floats:
    """Sum each row times the coefficients, shape (n,).

    One row alone gives, to the last bit, what it gives among many; a matrix product does not promise that.

    Raises
    ------
    ValueError
        If there is not one coefficient for each column.

    Examples
    --------
    >>> weighed(np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([10.0, 1.0])).tolist()
    [12.0, 1.0]
    """
    if coefficients.shape != matrix.shape[1:]:
        raise ValueError(f"{coefficients.shape} coefficients for a matrix of {matrix.shape}")
    sums: Floats = np.ascontiguousarray(matrix * coefficients).sum(axis=1)
    return sums


@dataclass(frozen=True)
class Design:
    """How raw features become columns of mean 0 and standard deviation 1.

    Attributes
    ----------
    features : tuple of str
        All columns seen at fit, sorted by name, so that the order of columns cannot change a model.
    fill : array, shape (n_features,)
        Training median, put in place of NaN (0 where a column was empty).
    mean, scale : array, shape (n_features,)
        Training mean and standard deviation after filling (and after the logarithm, where one is taken).
    kept : array of bool, shape (n_features,)
        False for columns that were constant in training; they carry nothing and are left out.
    logged : array of bool, shape (n_features,)
        True for skewed columns (counts, days), which enter as log(1 + value): few customers have most contacts, and a
        straight line through them would be theirs alone.
    low, high : array, shape (n_features,)
        Least and greatest value in training (after the logarithm). Values beyond count as the nearest of the two: what a
        line does where nobody was seen is not knowledge.
    collinear : tuple of tuple of str
        Kept columns that are exact combinations of others before them, each followed by those others. A ridge shares
        their effect out among them; without one such columns are refused.
    """

    features: tuple[str, ...]
    fill: Floats
    mean: Floats
    scale: Floats
    kept: npt.NDArray[np.bool_]
    logged: npt.NDArray[np.bool_]
    low: Floats
    high: Floats
    collinear: tuple[tuple[str, ...], ...] = ()

    @property
    def used(self) -> list[str]:
        """Names of the columns of the matrix."""
        return [name for name, keep in zip(self.features, self.kept, strict=True) if keep]

    @property
    def dropped(self) -> list[str]:
        """Names of the columns that were constant in training."""
        return [name for name, keep in zip(self.features, self.kept, strict=True) if not keep]

    def matrix(self, X: pd.DataFrame) -> Floats:
        """Standardised values of the kept columns, shape (n, n_kept)."""
        raw = numbers(X, self.features)[:, self.kept]
        filled = _bend(np.where(np.isnan(raw), self.fill[self.kept], raw), self.logged[self.kept])
        inside = np.clip(filled, self.low[self.kept], self.high[self.kept])
        standard: Floats = (inside - self.mean[self.kept]) / self.scale[self.kept]
        return standard

    def contributions(self, X: pd.DataFrame, coefficients: Floats) -> pd.DataFrame:
        """Coefficient times standardised value, one column per feature in ``X``'s order; 0 where dropped."""
        parts = pd.DataFrame(self.matrix(X) * coefficients, columns=self.used, index=X.index)
        known = set(self.features)
        asked = [name for name in X.columns if name in known]
        return parts if asked == self.used else parts.reindex(columns=asked, fill_value=0.0)

    @property
    def typical(self) -> pd.Series[float]:
        """Training median of each feature, in its own unit."""
        return pd.Series(self.fill, index=list(self.features), name="typical")

    def effects(
        self, estimate: Floats, low: Floats, high: Floats, p_value: Floats, kind: str
    ) -> pd.DataFrame:
        """One row per used feature; ``scale`` is the standard deviation that the effect is for."""
        columns = {"feature": self.used, "estimate": estimate, "low": low, "high": high, "p_value": p_value}
        unit = np.where(
            self.logged[self.kept], "per standard deviation of log(1 + value)", "per standard deviation"
        )
        return pd.DataFrame(columns | {"kind": kind, "unit": unit, "scale": self.scale[self.kept]})

    def ratios(self, log_ratio: Floats, error: Floats, kind: str) -> pd.DataFrame:
        """Effects with 95 % intervals and p-values from logarithms and their standard errors."""
        z = norm.ppf(0.975)
        with np.errstate(divide="ignore", invalid="ignore"):
            p_value = 2 * norm.sf(np.abs(log_ratio / error))
        low, high = np.exp(log_ratio - z * error), np.exp(log_ratio + z * error)
        return self.effects(np.exp(log_ratio), low, high, p_value, kind)


def fit_design(X: pd.DataFrame) -> Design:
    """Learn medians, means and scales from training rows.

    Examples
    --------
    >>> design = fit_design(pd.DataFrame({"calls": [0.0, 2.0, np.nan, 4.0], "one": 1.0}))
    >>> design.used, design.dropped, design.fill.tolist()
    (['calls'], ['one'], [2.0, 1.0])
    """
    features = tuple(sorted(map(str, X.columns)))
    raw = numbers(X, features)
    empty = np.isnan(raw).all(axis=0)
    fill = np.zeros(len(features))
    fill[~empty] = np.nanmedian(raw[:, ~empty], axis=0)
    filled = np.where(np.isnan(raw), fill, raw)
    logged = _skewed(filled)
    filled = _bend(filled, logged)
    mean, scale = filled.mean(axis=0), filled.std(axis=0)
    kept = scale > 1e-10 * np.maximum(np.abs(mean), 1e-300)
    if not kept.any():
        raise GateError("RR406", f"all of columns {list(features)} are constant; at least one must vary.")
    low, high = filled.min(axis=0), filled.max(axis=0)
    names = [name for name, keep in zip(features, kept, strict=True) if keep]
    collinear = _combinations((filled[:, kept] - mean[kept]) / scale[kept], names)
    return Design(features, fill, mean, np.where(kept, scale, 1.0), kept, logged, low, high, collinear)


def refuse_collinear(design: Design, ridge: float) -> None:
    """Refuse columns that are combinations of others where no ridge shares their effect out among them."""
    if ridge == 0 and design.collinear:
        name, *others = design.collinear[0]
        raise ArgumentError("RR408", f"column {name!r} is a combination of {', '.join(map(repr, others))}.")


def _combinations(Z: Floats, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Columns of a standardised matrix that are combinations of those before them, with those they are made of."""
    correlation = Z.T @ Z / len(Z)
    found: list[tuple[str, ...]] = []
    free: list[int] = []
    for j, name in enumerate(names):
        shared = correlation[free, j]
        weights = np.linalg.lstsq(correlation[np.ix_(free, free)], shared, rcond=None)[0] if free else shared
        if 1 - shared @ weights > COLLINEAR:
            free.append(j)
        else:
            found.append((name, *(names[k] for k, w in zip(free, weights, strict=True) if abs(w) > 1e-6)))
    return tuple(found)


def _skewed(filled: Floats) -> npt.NDArray[np.bool_]:
    """Columns without negative values whose third standardised moment is above SKEWED."""
    standard = (filled - filled.mean(axis=0)) / np.maximum(filled.std(axis=0), 1e-300)
    # Written out: numpy's ** 3 takes over ten times as long.
    skewed: npt.NDArray[np.bool_] = (standard * standard * standard).mean(axis=0) > SKEWED
    nonnegative: npt.NDArray[np.bool_] = filled.min(axis=0, initial=np.inf) >= 0
    return skewed & nonnegative


def _bend(filled: Floats, logged: npt.NDArray[np.bool_]) -> Floats:
    # Values below 0 were never seen in a logged column; at prediction they count as 0.
    return np.where(logged, np.log1p(np.maximum(filled, 0.0)), filled)
