"""What the training rows were like, in counts: what later rows are compared with.

No row of a customer is kept. Of each column there are counts in at most ten bins, the share of missing values, the
least and greatest value, and the values themselves where they are few (tiers, small counts): numbers about all customers,
of whom the two extremes alone are somebody's, without a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from numpy.typing import ArrayLike

from retaliation_risk.errors import ArgumentError, ArtefactError
from retaliation_risk.metrics import bin_counts, quantile_edges

Floats = npt.NDArray[np.float64]

#: Bins of a column; each with a tenth of the rows.
BINS = 10


@dataclass(frozen=True)
class Spread:
    """How the values of one column were spread in training.

    Parameters
    ----------
    name : str
    n, missing : int
        Rows, and those without a value.
    low, high : float or None
        Least and greatest value; None without any.
    edges : tuple of float
        Inner edges of the bins, as of :func:`retaliation_risk.metrics.quantile_edges`.
    counts : tuple of int
        Rows with a value, in each bin.
    values : tuple of float or None
        The different values, where they are at most ten and whole; else None, as a value never seen is then nothing new.
    """

    name: str
    n: int
    missing: int
    low: float | None
    high: float | None
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    values: tuple[float, ...] | None

    def __post_init__(self) -> None:
        if sum(self.counts) + self.missing != self.n or len(self.counts) != len(self.edges) + 1:
            raise ArgumentError(
                "RR111",
                f"{self.name!r} has {self.n} rows, {self.missing} of them missing, and counts {list(self.counts)} in "
                f"{len(self.edges) + 1} bins; they must add up.",
            )
        if not (np.diff(self.edges) > 0).all():
            raise ArgumentError("RR111", f"{self.name!r} has edges {list(self.edges)}; they must increase.")

    @property
    def known(self) -> int:
        """Rows with a value."""
        return self.n - self.missing


@dataclass(frozen=True)
class Labels:
    """How often the outcome happened in training, among rows whose state at the horizon is known.

    Parameters
    ----------
    rate : float
        Weighted share of events, in [0, 1].
    n : float
        Rows that weigh as much as all of them: squared sum of weights over sum of squares.
    n_events : int
        Events seen.
    """

    rate: float
    n: float
    n_events: int


@dataclass(frozen=True)
class Reference:
    """Spread of every column and of the risks in training, and how often the outcome happened.

    Parameters
    ----------
    columns : tuple of Spread
        In the order of the model's columns.
    risk : Spread
        Of the model's own risks for the training rows.
    n_customers : int
        Different customers among the rows.
    labels : Labels or None
        None where the outcome was not given.
    """

    columns: tuple[Spread, ...]
    risk: Spread
    n_customers: int
    labels: Labels | None = None

    @property
    def n_rows(self) -> int:
        """Training rows."""
        return self.risk.n

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(spread.name for spread in self.columns)

    @property
    def independent(self) -> float:
        """Share of rows that count as independent: customers for each row.

        Rows of one customer at several moments resemble each other, so that drift by chance is larger than their number
        says. One customer counts once, which is the cautious end.
        """
        return self.n_customers / self.n_rows

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Reference:
        """Read what :meth:`as_dict` wrote.

        Raises
        ------
        ArtefactError
            RR515 where it cannot be read as such.
        """
        try:
            return cls(
                columns=tuple(_spread(each) for each in found["columns"]),
                risk=_spread(found["risk"]),
                n_customers=int(found["n_customers"]),
                labels=_labels(found["labels"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ArtefactError("RR515", f"reference.json cannot be read ({error}).") from error


def build_reference(
    X: pd.DataFrame,
    risk: ArrayLike,
    customer_id: ArrayLike,
    *,
    label: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> Reference:
    """Count what the training rows are like.

    Parameters
    ----------
    X : DataFrame of float
        The columns that the model learned from, one row per customer and moment, at least one; NaN where missing.
    risk : array of float, shape (n,)
        The model's risks for these rows.
    customer_id : array, shape (n,)
        Whose row it is; only counted.
    label : array of bool, shape (n,), optional
        Whether the outcome happened within the horizon.
    weight : array of float, shape (n,), optional
        IPCW weights of the labels: 0 for rows censored inside the horizon.

    Examples
    --------
    >>> X = pd.DataFrame({"tickets_30d": [0.0, 0.0, 1.0, 4.0, np.nan]})
    >>> reference = build_reference(X, [0.1, 0.1, 0.2, 0.5, 0.1], list("aabcd"))
    >>> reference.columns[0].counts, reference.columns[0].missing, reference.n_customers
    ((2, 1, 1), 1, 4)
    """
    if not len(X):
        raise ArgumentError("RR111", "X has no rows; a reference needs at least one.")
    columns = [spread_of(str(name), X[name].to_numpy(dtype=np.float64, na_value=np.nan)) for name in X]
    return Reference(
        columns=tuple(columns),
        risk=spread_of("risk", _same_length("risk", risk, len(X))),
        n_customers=int(pd.Series(_same_length("customer_id", customer_id, len(X))).nunique()),
        labels=None if label is None else labels_of(label, weight, len(X)),
    )


def spread_of(name: str, values: Floats) -> Spread:
    """Count the values of one column; infinite ones are refused."""
    known = values[~np.isnan(values)]
    if not len(known):
        return Spread(name, len(values), len(values), None, None, (), (0,), None)
    different = np.unique(known)
    few = len(different) <= BINS and bool((different == np.round(different)).all())
    edges = quantile_edges(known, bins=BINS)
    return Spread(
        name=name,
        n=len(values),
        missing=len(values) - len(known),
        low=float(different[0]),
        high=float(different[-1]),
        edges=tuple(edges.tolist()),
        counts=tuple(bin_counts(known, edges).tolist()),
        values=tuple(different.tolist()) if few else None,
    )


def labels_of(label: ArrayLike, weight: ArrayLike | None, n: int) -> Labels:
    """Weighted rate of events, and how many equally weighted rows would tell as much (Kish's effective size)."""
    hit = _same_length("label", label, n).astype(np.bool_)
    heavy = np.ones(n) if weight is None else _same_length("weight", weight, n).astype(np.float64)
    if not (np.isfinite(heavy).all() and (heavy >= 0).all() and heavy.sum() > 0):
        raise ArgumentError("RR111", "weight must be numbers from 0, and one of them above.")
    effective = float(heavy.sum() ** 2 / (heavy**2).sum())
    return Labels(float(heavy[hit].sum() / heavy.sum()), effective, int((hit & (heavy > 0)).sum()))


def _same_length(name: str, values: ArrayLike, n: int) -> npt.NDArray[Any]:
    found = np.asarray(values)
    if found.shape != (n,):
        raise ArgumentError("RR111", f"{name} has shape {found.shape}; it must be ({n},), as X has rows.")
    return found


def _spread(found: Mapping[str, Any]) -> Spread:
    return Spread(
        name=str(found["name"]),
        n=int(found["n"]),
        missing=int(found["missing"]),
        low=_number(found["low"]),
        high=_number(found["high"]),
        edges=tuple(map(float, found["edges"])),
        counts=tuple(map(int, found["counts"])),
        values=None if found["values"] is None else tuple(map(float, found["values"])),
    )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _labels(found: Mapping[str, Any] | None) -> Labels | None:
    return None if found is None else Labels(float(found["rate"]), float(found["n"]), int(found["n_events"]))
