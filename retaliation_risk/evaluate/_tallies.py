"""Counts by customer, turned into shares and quartiles under any weighting of the customers at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Kernel = Callable[[FloatArray], FloatArray]

QUARTERS = (0.25, 0.5, 0.75)


def tally(
    label: IntArray, customer: IntArray, shape: tuple[int, int], value: FloatArray | None = None
) -> Any:
    """Add values (or count) by label and customer: a sparse array of shape (labels, customers)."""
    values = np.ones(len(label)) if value is None else value
    return sparse.coo_array((values, (label, customer)), shape=shape).tocsr()


def sums(counts: Any) -> Kernel:
    """Weighted sum of each label: weights (customers, B) to shape (labels, B)."""
    return lambda weight: np.asarray(counts @ weight)


def shares(counts: Any, of: Any | None = None) -> Kernel:
    """Share of each label in the sum of all, or in its own sum in ``of``; NaN where that is 0."""

    def kernel(weight: FloatArray) -> FloatArray:
        part = counts @ weight
        whole = part.sum(axis=0, keepdims=True) if of is None else of @ weight
        whole = np.broadcast_to(whole, part.shape)
        found: FloatArray = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
        return found

    return kernel


def difference(one: Kernel, other: Kernel) -> Kernel:
    """One less the other, under the same weights."""
    return lambda weight: one(weight) - other(weight)


def quartiles(counts: Any) -> Kernel:
    """Least label by which a quarter, half and three quarters of the weight is reached; NaN without any."""

    def kernel(weight: FloatArray) -> FloatArray:
        upto = np.cumsum(counts @ weight, axis=0)
        total = upto[-1]
        # Rounding of sums must not ask for one day more.
        found = [(upto >= share * total * (1 - 1e-12)).argmax(axis=0) for share in QUARTERS]
        return np.where(total > 0, np.stack(found), np.nan)

    return kernel
