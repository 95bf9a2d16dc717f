"""The one door of the partial likelihood: rows, checked, with every refusal naming its row or column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retaliation_risk.errors import ArgumentError, GateError

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Checked rows of a Cox model, in the order they were given.

    Attributes
    ----------
    X : array, shape (n, p)
        Covariates, finite.
    names : tuple of str
        One per column of ``X``.
    start : array, shape (n,) or None
        A row is at risk in (start, stop]; None means from the beginning.
    stop : array, shape (n,)
    event : array of bool, shape (n,)
    stratum : array of int, shape (n,)
        Position in ``strata``; rows are compared within a stratum only.
    strata : array, shape (n_strata,)
        The labels given, sorted.
    weight, offset : array, shape (n,)
    cluster : array of int, shape (n,) or None
        Rows with one number are summed before the sandwich is made.
    sampled : bool
        True where the strata are sampled risk sets: the likelihood is then the exact conditional one.
    """

    X: Floats
    names: tuple[str, ...]
    start: Floats | None
    stop: Floats
    event: Bools
    stratum: Ints
    strata: npt.NDArray[np.generic]
    weight: Floats
    offset: Floats
    cluster: Ints | None
    sampled: bool = False


def partial_rows(
    X: npt.ArrayLike,
    *,
    event: npt.ArrayLike,
    stop: npt.ArrayLike | None = None,
    start: npt.ArrayLike | None = None,
    strata: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
    offset: npt.ArrayLike | None = None,
    cluster: npt.ArrayLike | None = None,
    sets: npt.ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> Rows:
    """Check the rows of a Cox model; arguments as in :func:`retaliation_risk.models.partial.fit_partial`.

    Raises
    ------
    ArgumentError
        RR111 for lengths that differ, values missing or infinite, negative times, start not before stop,
        weights not above 0, or arguments that do not go together.
    GateError
        RR401 when there is no event.

    Examples
    --------
    >>> rows = partial_rows([[1.0], [0.0]], stop=[2, 1], event=[True, False], names=["calls"])
    >>> rows.stop.tolist(), rows.weight.tolist()
    ([2.0, 1.0], [1.0, 1.0])
    """
    matrix, labels = _matrix(X, names)
    n = len(matrix)
    happened = _events(event, n)
    if sets is not None:
        _alone(stop=stop, start=start, strata=strata)
        stop, strata = np.ones(n), sets
    elif stop is None:
        raise ArgumentError("RR111", "stop is None; give the time of each row, or sets of sampled rows.")
    end, begin = _times(stop, start, n)
    stratum, known = codes_of("sets" if sets is not None else "strata", strata, n)
    rows = Rows(
        X=matrix,
        names=labels,
        start=begin,
        stop=end,
        event=happened,
        stratum=np.zeros(n, dtype=np.int64) if stratum is None else stratum,
        strata=known,
        weight=np.ones(n) if weight is None else vector_of("weight", weight, n),
        offset=np.zeros(n) if offset is None else vector_of("offset", offset, n),
        cluster=codes_of("cluster", cluster, n)[0],
        sampled=sets is not None,
    )
    _check_weights(rows)
    return rows


def _matrix(X: npt.ArrayLike, names: Sequence[str] | None) -> tuple[Floats, tuple[str, ...]]:
    matrix = np.asarray(X, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] == 0 or matrix.shape[0] == 0:
        raise ArgumentError(
            "RR111", f"X has shape {matrix.shape}; it must be (rows, columns), at least one each."
        )
    labels = tuple(f"x{j}" for j in range(matrix.shape[1])) if names is None else tuple(map(str, names))
    if len(labels) != matrix.shape[1] or len(set(labels)) != len(labels):
        raise ArgumentError(
            "RR111", f"names are {list(labels)}; they must be {matrix.shape[1]} different names."
        )
    finite = np.isfinite(matrix)
    if not finite.all():
        column = int(np.argmin(finite.all(axis=0)))
        row = int(np.argmin(finite[:, column]))
        raise ArgumentError(
            "RR111",
            f"column {labels[column]!r} is {matrix[row, column].item()!r} in row {row}; "
            "covariates must be finite: fill or drop such rows first.",
        )
    return matrix, labels


def vector_of(name: str, values: npt.ArrayLike, n: int) -> Floats:
    """One finite number per row, or RR111."""
    vector = np.asarray(values, dtype=np.float64)
    if vector.shape != (n,):
        raise ArgumentError(
            "RR111", f"{name} has shape {vector.shape}; X has {n} rows, so it must be ({n},)."
        )
    finite = np.isfinite(vector)
    if not finite.all():
        row = int(np.argmin(finite))
        raise ArgumentError("RR111", f"{name} is {vector[row].item()!r} in row {row}; it must be finite.")
    return vector


def _events(event: npt.ArrayLike, n: int) -> Bools:
    numbers = vector_of("event", event, n)
    wrong = (numbers != 0) & (numbers != 1)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ArgumentError(
            "RR111", f"event is {numbers[row].item()!r} in row {row}; it must be true or false."
        )
    if not numbers.any():
        raise GateError("RR401", f"{n} rows hold 0 events.")
    return np.asarray(numbers == 1)


def _times(stop: npt.ArrayLike, start: npt.ArrayLike | None, n: int) -> tuple[Floats, Floats | None]:
    end = vector_of("stop", stop, n)
    if start is None:
        if (end < 0).any():
            row = int(np.argmax(end < 0))
            raise ArgumentError(
                "RR111",
                f"stop is {end[row].item()!r} in row {row}; without start it is a duration, 0 or more.",
            )
        return end, None
    begin = vector_of("start", start, n)
    if (begin >= end).any():
        row = int(np.argmax(begin >= end))
        raise ArgumentError(
            "RR111",
            f"start is {begin[row].item()!r} and stop {end[row].item()!r} in row {row}; start must be before stop: "
            "drop rows of no length, or check whether the two are swapped.",
        )
    return end, begin


def codes_of(name: str, labels: npt.ArrayLike | None, n: int) -> tuple[Ints | None, npt.NDArray[np.generic]]:
    """Position of each row's label among the labels, sorted, and those; None and one label 0 where none are given."""
    if labels is None:
        return None, np.zeros(1, dtype=np.int64)
    given = np.asarray(labels)
    if given.shape != (n,):
        raise ArgumentError("RR111", f"{name} has shape {given.shape}; X has {n} rows, so it must be ({n},).")
    missing = given != given
    if np.any(missing) or (given.dtype == object and any(label is None for label in given)):
        row = next(i for i, label in enumerate(given) if label is None or label != label)
        raise ArgumentError(
            "RR111", f"{name} is {given.tolist()[row]!r} in row {row}; every row needs a label."
        )
    known, codes = np.unique(given, return_inverse=True)
    return codes.astype(np.int64), known


def _alone(**others: npt.ArrayLike | None) -> None:
    if given := [name for name, value in others.items() if value is not None]:
        raise ArgumentError(
            "RR111", f"sets were given with {given}; a set is a stratum at one moment, so leave those out."
        )


def _check_weights(rows: Rows) -> None:
    if (rows.weight <= 0).any():
        row = int(np.argmax(rows.weight <= 0))
        raise ArgumentError(
            "RR111",
            f"weight is {rows.weight[row].item()!r} in row {row}; it must be above 0: drop rows of no weight.",
        )
    if not rows.sampled:
        return
    low, high = np.full(len(rows.strata), np.inf), np.zeros(len(rows.strata))
    np.minimum.at(low, rows.stratum, rows.weight)
    np.maximum.at(high, rows.stratum, rows.weight)
    if (low < high).any():
        label = rows.strata.tolist()[int(np.argmax(low < high))]
        raise ArgumentError(
            "RR111",
            f"weight differs within set {label!r}; a weight counts a whole set. "
            "Sampling weights of its members go into offset, as logarithms.",
        )
