"""The one door of curves that are counted, not fitted: spells at risk, what ended each, and sums over who is at risk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retaliation_risk.errors import ArgumentError
from retaliation_risk.models.partial.rows import Bools, Floats, Ints, partial_rows
from retaliation_risk.models.partial.sums import running

LongFloats = npt.NDArray[np.longdouble]


@dataclass(frozen=True)
class Spells:
    """Checked spells, in the order they were given.

    Attributes
    ----------
    start : array, shape (n,)
        At risk in (start, stop]; minus infinity where from the beginning.
    stop : array, shape (n,)
    cause : array of int, shape (n,)
        What ended the spell: 1, 2, ... or 0 where it was only no longer observed.
    weight : array, shape (n,)
        Above 0.
    cluster : array of int, shape (n,)
        Spells with one number may depend on one another.
    times : array, shape (m,)
        All different values of ``stop``, ascending.
    enters, leaves : array of int, shape (n,)
        First and last position in ``times`` at which each spell is at risk.
    """

    start: Floats
    stop: Floats
    cause: Ints
    weight: Floats
    cluster: Ints
    times: Floats
    enters: Ints
    leaves: Ints

    @property
    def event(self) -> Bools:
        """Whether the spell ended with any cause."""
        return self.cause > 0

    def at_risk(self, values: Floats) -> Floats:
        """Sum of ``values`` over those at risk at each time, shape (m,)."""
        m = len(self.times)
        steps = self.ending(values) - np.bincount(self.enters, values, m + 1)[1:]
        return running(steps, np.zeros(1, dtype=np.int64), backward=True, exact=True)

    def ending(self, values: Floats) -> Floats:
        """Sum of ``values`` over those whose spell ends at each time, shape (m,)."""
        return np.asarray(np.bincount(self.leaves, values, len(self.times)), dtype=np.float64)


def read_spells(
    stop: npt.ArrayLike,
    cause: npt.ArrayLike,
    *,
    start: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
    cluster: npt.ArrayLike | None = None,
) -> Spells:
    """Check spells; without ``start`` they last from the beginning, without ``cluster`` each stands alone.

    Raises
    ------
    ArgumentError
        RR111 for lengths that differ, values missing or infinite, negative durations, start not before stop,
        weights not above 0, causes that are not whole numbers from 0 on.
    GateError
        RR401 when nothing ended with a cause.

    Examples
    --------
    >>> spells = read_spells([2, 1, 2], [1, 0, 2])
    >>> spells.times.tolist(), spells.at_risk(spells.weight).tolist()
    ([1.0, 2.0], [3.0, 2.0])
    """
    kind = _causes(cause)
    n = len(kind)
    _same_length(n, stop=stop, start=start, weight=weight, cluster=cluster)
    # The door of the partial likelihood refuses the rest; there are no covariates to check.
    rows = partial_rows(
        np.zeros((n, 1)), event=kind > 0, stop=stop, start=start, weight=weight, cluster=cluster
    )
    begin = np.full(n, -np.inf) if rows.start is None else rows.start
    times, leaves = np.unique(rows.stop, return_inverse=True)
    return Spells(
        start=begin,
        stop=rows.stop,
        cause=kind,
        weight=rows.weight,
        cluster=np.arange(n) if rows.cluster is None else rows.cluster,
        times=times,
        enters=np.searchsorted(times, begin, side="right").astype(np.int64),
        leaves=leaves.astype(np.int64),
    )


def squared_sums(spells: Spells, place: Ints, row: Ints, changes: Floats) -> LongFloats:
    """Sum over clusters of x x' at every time, where x is the sum of a cluster's changes up to then.

    The infinitesimal jackknife needs, at every time, the sum over clusters of a squared influence. That influence is
    linear in a few numbers x of the cluster, which change only when one of its spells begins or ends; so their
    products are carried along instead of everybody's influence, and n log n steps do for what would take n times m.

    Parameters
    ----------
    spells : Spells
    place : array of int, shape (k,)
        Position in ``times`` from which each change counts.
    row : array of int, shape (k,)
        Spell whose change it is.
    changes : array, shape (k, q)

    Returns
    -------
    array, shape (m, q, q)
        In the longest floats there are: the squares of small influences are differences of larger ones.

    Examples
    --------
    >>> spells, row = read_spells([1, 2], [1, 1]), np.array([0, 0])
    >>> squared_sums(spells, np.array([0, 1]), row, np.array([[2.0], [1.0]])).ravel().astype(float).tolist()
    [4.0, 9.0]
    """
    cluster = spells.cluster[row]
    order = np.lexsort((place, cluster))
    place, cluster = place[order], cluster[order]
    after = running(changes[order], np.flatnonzero(np.diff(cluster, prepend=-1))).astype(np.longdouble)
    # What a cluster carries at a time is what all its changes up to that time leave.
    final = (np.diff(place, append=-1) != 0) | (np.diff(cluster, append=-1) != 0)
    place, cluster, after = place[final], cluster[final], after[final]
    before = np.roll(after, 1, axis=0)
    before[np.diff(cluster, prepend=-1) != 0] = 0.0
    in_time = np.argsort(place, kind="stable")
    ends = np.searchsorted(place[in_time], np.arange(len(spells.times)), side="right") - 1
    q = changes.shape[1]
    sums = np.empty((len(ends), q, q), dtype=np.longdouble)
    for i in range(q):
        for j in range(i + 1):
            step = after[:, i] * after[:, j] - before[:, i] * before[:, j]
            sums[:, i, j] = sums[:, j, i] = np.cumsum(step[in_time])[ends]
    return sums


def quadratic(direction: Floats, sums: LongFloats) -> Floats:
    """Square root of v' S v at every time, for ``direction`` v (m, q) and ``sums`` S (m, q, q); shape (m,).

    A square that is nothing beside the terms that made it, up to then, is rounding and counts as 0.
    """
    square = np.einsum("ti,tij,tj->t", direction, sums, direction)
    largest = np.maximum.accumulate(np.abs(sums), axis=0)
    terms = np.einsum("ti,tij,tj->t", np.abs(direction), largest, np.abs(direction))
    rounding = 64 * np.finfo(np.longdouble).eps * terms
    return np.sqrt(np.where(square > rounding, square, 0.0)).astype(np.float64)


def _causes(cause: npt.ArrayLike) -> Ints:
    given = np.asarray(cause)
    if given.ndim != 1 or not len(given):
        raise ArgumentError("RR111", f"cause has shape {given.shape}; it must be (n,), with n at least 1.")
    if given.dtype.kind not in "biuf":
        raise ArgumentError(
            "RR111", f"cause is {given.tolist()[0]!r} in row 0; it must be 0 (none), 1, 2, ... for each row."
        )
    wrong = ~((given >= 0) & (given == np.floor(given)) & np.isfinite(given))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ArgumentError(
            "RR111", f"cause is {given.tolist()[row]!r} in row {row}; it must be 0 (none), 1, 2, ..."
        )
    return given.astype(np.int64)


def _same_length(n: int, **others: npt.ArrayLike | None) -> None:
    for name, values in others.items():
        if values is not None and np.shape(values) != (n,):
            raise ArgumentError(
                "RR111", f"{name} has shape {np.shape(values)}; cause has {n} rows, so it must be ({n},)."
            )
