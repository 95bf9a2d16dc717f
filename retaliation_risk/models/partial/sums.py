"""Sums into event times and along them: the two steps that every risk set is made of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_array

from retaliation_risk.models.partial.rows import Bools, Floats, Ints

Index = npt.NDArray[np.int32]

# Rows of a block: its products stay in a core's cache, and are too small to be worth a second thread.
BLOCK = 2048


def add_into(
    into: Index, values: Floats, m: int, columns: Floats | None = None, only: Bools | None = None
) -> Floats:
    """Add rows into ``m`` places: ``values``, or ``values`` times the rows of ``columns``.

    Examples
    --------
    >>> add_into(np.array([1, 0, 1], dtype=np.int32), np.array([1.0, 2.0, 3.0]), 2).tolist()
    [2.0, 4.0]
    """
    if only is not None:
        into, values = into[only], values[only]
    if columns is None:
        return np.asarray(np.bincount(into, values, m), dtype=np.float64)
    # One cell per row taking part, so that the product walks ``columns`` in order and copies none of it.
    ends = np.arange(len(columns) + 1, dtype=np.int32)
    if only is not None:
        ends[1:] = np.cumsum(only)
    places = csc_array((values, into, ends), shape=(m, len(columns)))
    return np.asarray(places @ columns)


def linear(Z: Floats, beta: Floats) -> Floats:
    """``Z @ beta`` by one thread: a second one costs more than it brings here, above all on a busy machine.

    Examples
    --------
    >>> linear(np.array([[1.0, 2.0]]), np.array([3.0, 4.0])).tolist()
    [11.0]
    """
    return np.asarray(np.einsum("ij,j->i", Z, beta))


def weighted_sum(weight: Floats, Z: Floats) -> Floats:
    """``weight @ Z`` by one thread.

    Examples
    --------
    >>> weighted_sum(np.array([3.0, 4.0]), np.array([[1.0, 2.0], [0.0, 1.0]])).tolist()
    [3.0, 10.0]
    """
    return np.asarray(np.einsum("i,ij->j", weight, Z))


def running(
    steps: Floats, first: Ints, *, backward: bool = False, exact: bool = False, what: np.ufunc = np.add
) -> Floats:
    """Make running sums within each stratum, from its first event time or, ``backward``, from its last.

    ``exact`` adds in the longest floats there are, for sums in which later terms cancel earlier ones; ``what``
    may be ``np.maximum``.

    Examples
    --------
    >>> running(np.array([1.0, 2.0, 4.0]), np.array([0, 2]), backward=True).tolist()
    [3.0, 2.0, 4.0]
    """
    ends = np.append(first[1:], len(steps))
    out = np.empty_like(steps)
    kind = np.longdouble if exact else np.float64
    if len(first) <= 64 or int((ends - first).max()) > len(first):
        turn = -1 if backward else 1
        for low, high in zip(first, ends, strict=True):
            _accumulate(steps[low:high][::turn], out[low:high][::turn], what, kind)
        return out
    # Many short strata: walk all of them at once.
    at, far = (ends - 1, first) if backward else (first, ends - 1)
    total = steps[at].astype(kind)
    out[at] = total
    while (going := at != far).any():
        at, far, total = at[going] + (-1 if backward else 1), far[going], total[going]
        total = what(total, steps[at])
        out[at] = total
    return out


def _accumulate(steps: Floats, out: Floats, what: np.ufunc, kind: type[np.floating]) -> None:
    """Accumulate along the first axis into ``out``, block by block, as each stays in a core's cache."""
    carry: npt.NDArray[np.floating] | None = None
    for low in range(0, len(steps), BLOCK):
        part = steps[low : low + BLOCK].astype(kind)
        if carry is not None:
            part[0] = what(carry, part[0])
        part = what.accumulate(part, axis=0)
        out[low : low + BLOCK], carry = part, part[-1]
