"""Moments: the sample size, means, standard deviations and correlations that a paper prints, checked before use.

A path model, a reliability or a factor model needs nothing else of the data, so a table of a paper is enough to fit
one again. What is keyed in by hand holds slips; a matrix that no data can have is refused, and the pair of variables
that most likely holds the slip is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk._texts import json_of, toml_of
from retaliation_risk.errors import ArgumentError, DataError
from retaliation_risk.studies._correlations import refuse_impossible

Floats = npt.NDArray[np.float64]

_KEYS = frozenset({"source", "about", "scale", "k", "n", "N", "mean", "sd", "r"})


@dataclass(frozen=True, eq=False)
class Moments:
    """Sample size, means, standard deviations and correlations of some variables; impossible ones are refused.

    Parameters
    ----------
    names : tuple of str, length p
        The variables, each once.
    n : int
        Persons that all of it rests on, above p.
    sds : array of float, shape (p,)
        Standard deviations with n - 1 in the denominator, above 0, in the unit of each variable.
    correlations : array of float, shape (p, p)
        Symmetric, 1 on the diagonal, in [-1, 1], and such that data can have them (positive semidefinite).
    means : array of float, shape (p,), default None
        In the unit of each variable. No estimate here needs them.
    source : str, default ""
        Where the numbers stand.

    Raises
    ------
    DataError
        RR620, naming the variable or the pair of variables, the value found and what would be possible.

    Examples
    --------
    >>> moments = Moments(("fairness", "revenge"), 150, np.array([1.2, 1.5]), np.array([[1, -0.4], [-0.4, 1]]))
    >>> moments.covariance.round(2).tolist()
    [[1.44, -0.72], [-0.72, 2.25]]
    """

    names: tuple[str, ...]
    n: int
    sds: Floats
    correlations: Floats
    means: Floats | None = None
    source: str = ""

    def __post_init__(self) -> None:
        _refuse_shapes(self)
        _refuse_n(self)
        for name, sd in zip(self.names, self.sds, strict=True):
            if not (np.isfinite(sd) and sd > 0):
                raise DataError("RR620", f"the standard deviation of {name!r} is {sd:g}; it must be above 0.")
        refuse_impossible(self.names, self.correlations)

    @property
    def covariance(self) -> Floats:
        """Covariances with n - 1 in the denominator, shape (p, p)."""
        return self.correlations * np.outer(self.sds, self.sds)

    def select(self, names: Sequence[str]) -> Moments:
        """Moments of some of the variables, in the order asked; RR111 names one that is not there."""
        _refuse_lacking(names, self.names)
        at = [self.names.index(name) for name in names]
        means = None if self.means is None else self.means[at]
        return Moments(
            tuple(names), self.n, self.sds[at], self.correlations[np.ix_(at, at)], means, self.source
        )


def read_moments(path: Path) -> Moments:
    """Read moments from a JSON or TOML file.

    Parameters
    ----------
    path : Path
        Ends in .json or .toml. Keys: ``n`` (or ``N``); ``sd``, a number for each variable; ``r``, either a number for
        each pair (``"Commit-Exit" = -0.18``, in either order) or the rows of the triangle below the diagonal, as papers
        print it; optional ``mean``, ``source``, ``about``, ``scale``, ``k``.

    Returns
    -------
    Moments
        Variables in the order of ``sd``.

    Raises
    ------
    DataError
        RR107 if there is no such file, RR621 if it cannot be read as moments, RR620 if no data can have them.
    """
    if not path.is_file():
        raise DataError("RR107", f"{path} is not a file.")
    found = _parse(path)
    if unknown := sorted(found.keys() - _KEYS):
        raise DataError(
            "RR621", f"{path.name} has the key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}."
        )
    return moments_of(found, path.name)


def moments_of(found: Mapping[str, Any], name: str = "the moments") -> Moments:
    """Moments from the keys of :func:`read_moments`, already read.

    Examples
    --------
    >>> moments_of({"n": 90, "sd": {"rq": 1.0, "revenge": 2.0}, "r": [[0.3]]}).correlations.tolist()
    [[1.0, 0.3], [0.3, 1.0]]
    """
    sds = _numbers(found.get("sd"), name, "sd")
    names = tuple(sds)
    means = _numbers(found["mean"], name, "mean") if "mean" in found else None
    if means is not None and means.keys() != sds.keys():
        raise DataError("RR621", f"{name}: mean is of {sorted(means)}, sd of {sorted(sds)}.")
    return Moments(
        names=names,
        n=found.get("n", found.get("N", 0)),
        sds=np.array(list(sds.values())),
        correlations=_matrix(found.get("r"), names, name),
        means=None if means is None else np.array([means[word] for word in names]),
        source=str(found.get("source", "")),
    )


def moments_from_frame(frame: pd.DataFrame, names: Sequence[str] | None = None) -> Moments:
    """Moments of the columns of a table, from the rows that are whole in them.

    Parameters
    ----------
    frame : DataFrame of numbers
        One row per person.
    names : sequence of str, default None
        Columns to use; all of them by default.

    Returns
    -------
    Moments
        ``n`` counts whole rows only: one number of persons has to hold for every pair.

    Raises
    ------
    ArgumentError
        RR111 for a column that is not there, or is not of numbers.
    DataError
        RR620 for a column that does not vary, or too few whole rows.

    Examples
    --------
    >>> moments_from_frame(pd.DataFrame({"a": [1.0, 2, 3, 4, None], "b": [2.0, 1, 4, 3, 9]})).n
    4
    """
    whole = whole_rows(frame, list(frame.columns if names is None else names))
    words = tuple(map(str, whole.columns))
    if len(whole) <= len(words):
        raise DataError(
            "RR620",
            f"{len(whole)} rows are whole in all of {', '.join(words)}; more than {len(words)} are needed.",
        )
    values = whole.to_numpy()
    for word, spread in zip(words, np.ptp(values, axis=0), strict=True):
        if spread == 0:
            raise DataError("RR620", f"the standard deviation of {word!r} is 0; it must be above 0.")
    correlations = np.corrcoef(values, rowvar=False).reshape(len(words), len(words))
    return Moments(words, len(whole), values.std(axis=0, ddof=1), correlations, values.mean(axis=0))


def whole_rows(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Columns of a table as floats, rows with a missing value left out; RR111 for one that is not there or no numbers.

    Examples
    --------
    >>> whole_rows(pd.DataFrame({"a": [1, 2], "b": [None, 3.0]}), ["b", "a"])
         b    a
    1  3.0  2.0
    """
    _refuse_lacking(names, list(frame.columns))
    whole = frame[list(names)].dropna()
    for name in names:
        if not pd.api.types.is_numeric_dtype(whole[name]):
            raise ArgumentError(
                "RR111",
                f"the column {name!r} has values such as {whole[name].iloc[0]!r}; it must be of numbers.",
            )
    return whole.astype(np.float64)


def _refuse_lacking(names: Sequence[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            raise ArgumentError(
                "RR111", f"there is no variable {name!r}; it must be one of {', '.join(map(str, known))}."
            )


def _parse(path: Path) -> dict[str, Any]:
    parse = json_of if path.suffix == ".json" else toml_of
    try:
        found = parse(path.read_bytes())
    except ValueError as error:
        raise DataError("RR621", f"{path.name} cannot be parsed: {error}.") from None
    if not isinstance(found, dict):
        raise DataError("RR621", f"{path.name} holds a {type(found).__name__}, not keys with values.")
    return found


def _numbers(found: object, name: str, key: str) -> dict[str, float]:
    if not isinstance(found, Mapping) or not found:
        raise DataError("RR621", f"{name} has no table {key!r} with a number for each variable.")
    return {str(word): _number(value, f"{name}: {key} of {word!r}") for word, value in found.items()}


def _number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DataError("RR621", f"{what} is {value!r}, which is not a number.")
    return float(value)


def _matrix(found: object, names: tuple[str, ...], name: str) -> Floats:
    if isinstance(found, Mapping):
        return _from_pairs(found, names, name)
    if isinstance(found, Sequence) and not isinstance(found, str):
        return _from_triangle(found, names, name)
    raise DataError("RR621", f"{name} has no correlations r, as pairs or as rows of a triangle.")


def _from_pairs(found: Mapping[str, object], names: tuple[str, ...], name: str) -> Floats:
    keys = {f"{a}-{b}": (i, j) for i, a in enumerate(names) for j, b in enumerate(names) if i != j}
    matrix = np.eye(len(names))
    seen = set()
    for key, value in found.items():
        if key not in keys:
            raise DataError("RR621", f"{name}: r has {key!r}, which is no pair of {', '.join(names)}.")
        i, j = keys[key]
        if (j, i) in seen:
            raise DataError("RR621", f"{name}: r has the pair {key!r} twice, once in each order.")
        seen.add((i, j))
        matrix[i, j] = matrix[j, i] = _number(value, f"{name}: r of {key!r}")
    for (i, a), (j, b) in ((x, y) for x in enumerate(names) for y in enumerate(names) if x < y):
        if not {(i, j), (j, i)} & seen:
            raise DataError("RR621", f"{name}: r lacks the pair {a}-{b}.")
    return matrix


def _from_triangle(rows: Sequence[Any], names: tuple[str, ...], name: str) -> Floats:
    matrix = np.eye(len(names))
    lengths = [len(row) if isinstance(row, list) else -1 for row in rows]
    if lengths != list(range(1, len(names))):
        raise DataError(
            "RR621",
            f"{name}: the rows of r have {lengths} numbers; below the diagonal stand 1 to {len(names) - 1}.",
        )
    for i, row in enumerate(rows, start=1):
        for j, value in enumerate(row):
            matrix[i, j] = matrix[j, i] = _number(value, f"{name}: r of {names[i]}-{names[j]}")
    return matrix


def _refuse_shapes(moments: Moments) -> None:
    p = len(moments.names)
    if p == 0 or len(set(moments.names)) < p:
        raise DataError("RR620", f"the variables are {moments.names}; each must stand there once.")
    shapes = [("sds", moments.sds, (p,)), ("correlations", moments.correlations, (p, p))]
    if moments.means is not None:
        shapes.append(("means", moments.means, (p,)))
    for word, values, shape in shapes:
        if np.shape(values) != shape:
            raise DataError("RR620", f"{word} has shape {np.shape(values)}; for {p} variables it is {shape}.")


def _refuse_n(moments: Moments) -> None:
    n, p = moments.n, len(moments.names)
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n <= p:
        raise DataError("RR620", f"n is {n!r}; it must be a whole number above the {p} variables.")
