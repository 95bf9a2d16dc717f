"""What the estimators share: columns that can be used, estimates that vary together, and the tidy table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t as student

from retaliation_risk._validate import within
from retaliation_risk.errors import ArgumentError, DataError

Floats = npt.NDArray[np.float64]

#: Columns of every tidy table, in order.
TIDY = ("term", "estimate", "se", "statistic", "p", "low", "high", "n")


@dataclass(frozen=True)
class Coefficients:
    """Estimates with what they vary by, from which tables and sums are made.

    Attributes
    ----------
    terms : tuple of str, length k
    estimate : array of float, shape (k,)
    covariance : array of float, shape (k, k)
    df : float
        Degrees of freedom of Student's t; infinite for the normal curve.
    n : int
        Rows behind them.

    Examples
    --------
    >>> both = Coefficients(("a", "b"), np.array([1.0, 2.0]), np.eye(2), np.inf, 50)
    >>> both.combine(np.array([[1.0, 1.0]]), ["a + b"]).table().round(3)[["term", "estimate", "se", "low"]]
        term  estimate     se    low
    0  a + b       3.0  1.414  0.228
    """

    terms: tuple[str, ...]
    estimate: Floats
    covariance: Floats
    df: float
    n: int

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """Return the tidy table, with two-sided p-values of 0 and intervals that cover with chance ``level``."""
        se = np.sqrt(np.diag(self.covariance))
        return tidy(self.terms, self.estimate, se, df=self.df, n=self.n, level=level)

    def combine(self, weights: Floats, terms: Sequence[str]) -> Coefficients:
        """Return weighted sums of the estimates; ``weights`` has shape (n_sums, k)."""
        return Coefficients(
            tuple(terms), weights @ self.estimate, weights @ self.covariance @ weights.T, self.df, self.n
        )

    def index(self, term: str) -> int:
        """Return where a term stands."""
        return self.terms.index(term)


def tidy(
    terms: Sequence[str],
    estimate: Floats,
    se: Floats,
    *,
    df: float | Floats = np.inf,
    n: int | Floats,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return ``term, estimate, se, statistic, p, low, high, n``, one row per term.

    Parameters
    ----------
    terms : sequence of str, length k
    estimate, se : array of float, shape (k,)
    df : float or array, default np.inf
        Of Student's t; infinite for the normal curve.
    n : int or array
        Rows or persons behind each.
    level : float, default 0.95
        Coverage of the intervals.
    """
    within("level", level, 0.5, 0.9999)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = estimate / se
    reach = student.ppf(0.5 + level / 2, df) * se
    values = (list(terms), estimate, se, statistic, 2 * student.sf(np.abs(statistic), df))
    return pd.DataFrame(dict(zip(TIDY, (*values, estimate - reach, estimate + reach, n), strict=True)))


def complete(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return the named columns, or raise if one is not there (RR101) or has missing or infinite values (RR640)."""
    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise DataError("RR101", f"columns {absent} are missing; found {list(frame.columns)}.")
    found = frame[list(dict.fromkeys(names))]
    holes = found.isna() | found.isin([np.inf, -np.inf])
    if bad := {str(name): int(count) for name, count in holes.sum().items() if count}:
        named = ", ".join(f"{name!r} ({count} of {len(frame)} rows)" for name, count in bad.items())
        raise DataError("RR640", f"{named}.")
    return found


def numeric(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return the named columns as float, complete; columns that are no numbers are refused (RR111).

    Examples
    --------
    >>> numeric(pd.DataFrame({"anger": [1, 2], "note": ["a", "b"]}), ["anger"])["anger"].tolist()
    [1.0, 2.0]
    """
    found = complete(frame, names)
    words = [name for name in found.columns if not pd.api.types.is_numeric_dtype(found[name])]
    if words:
        raise ArgumentError("RR111", f"columns {words} are not numbers; code their classes as 0 and 1.")
    return found.astype(np.float64)


def varying(frame: pd.DataFrame, names: Sequence[str]) -> None:
    """Raise RR641 naming the first of the columns that is the same in all rows."""
    for name in names:
        if frame[name].nunique() < 2:
            value = frame[name].iloc[0] if len(frame) else "not there"
            raise DataError("RR641", f"{name!r} is {value} in all {len(frame)} rows.")


def independent(Z: Floats, terms: Sequence[str]) -> None:
    """Raise RR408 naming the first column that those before it add up to, or RR401 where rows are too few.

    Parameters
    ----------
    Z : array of float, shape (n, k)
    terms : sequence of str, length k
    """
    n, k = Z.shape
    if n <= k:
        raise DataError("RR401", f"{n} rows for {k} coefficients ({', '.join(terms)}).")
    # The diagonal of R: what of each column those before it leave, against its own length.
    left = np.abs(np.diag(np.linalg.qr(Z, mode="r")))
    for term, rest, length in zip(terms, left, np.linalg.norm(Z, axis=0), strict=True):
        if rest <= 1e-10 * length:
            raise DataError("RR408", f"{term!r} is a sum of the columns before it.")


def low_mean_high(values: Floats) -> Floats:
    """Return the mean, with one standard deviation below and above it, at which a moderator is usually shown."""
    return np.asarray(values.mean() + np.array([-1, 0, 1]) * values.std(ddof=1))
