"""What all metrics share: their arguments as arrays, and weights as columns.

Every metric is prepared once from what stays the same (outcomes, scores: sorting is done here) into a
``Kernel``, which takes weights as columns, shape (n, B), and gives one number per column. That is what
makes a bootstrap cheap.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retaliation_risk.errors import ArgumentError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
Value = float | FloatArray
Kernel = Callable[[FloatArray], FloatArray]


def as_events(event: ArrayLike) -> BoolArray:
    """Booleans of shape (n,); numbers other than 0 and 1 are refused."""
    found = np.asarray(event)
    if found.ndim != 1:
        raise ArgumentError("RR111", f"event has shape {found.shape}; it must be (n,).")
    if found.dtype != np.bool_ and not np.isin(found, (0, 1)).all():
        raise ArgumentError("RR111", "event has other values than true and false (1 and 0).")
    return found.astype(np.bool_)


def as_numbers(name: str, values: ArrayLike, n: int) -> FloatArray:
    """Finite floats of shape (n,)."""
    found = np.asarray(values, dtype=np.float64)
    if found.shape != (n,):
        raise ArgumentError("RR111", f"{name} has shape {found.shape}; it must be ({n},).")
    if not np.isfinite(found).all():
        raise ArgumentError("RR111", f"{name} has missing or infinite values; allowed are finite numbers.")
    return found


def as_risks(risk: ArrayLike, n: int) -> FloatArray:
    """Probabilities of shape (n,)."""
    found = as_numbers("risk", risk, n)
    if n and not (found.min() >= 0 and found.max() <= 1):
        raise ArgumentError(
            "RR111", f"risk runs from {found.min():.6g} to {found.max():.6g}; allowed is [0, 1]."
        )
    return found


def as_groups(group: ArrayLike | None, n: int) -> IntArray:
    """Codes 0, 1, ... of shape (n,), in sorted order of the groups; all 0 without groups."""
    if group is None:
        return np.zeros(n, dtype=np.int64)
    codes: IntArray = np.unique(np.asarray(group), return_inverse=True)[1].astype(np.int64)
    if codes.shape != (n,):
        raise ArgumentError("RR111", f"group has shape {codes.shape}; it must be ({n},).")
    return codes


def apply(kernel: Kernel, weight: ArrayLike | None, n: int) -> Any:
    """Run a kernel: a float for weights of shape (n,) or none, an array of shape (B,) for (B, n)."""
    if weight is None:
        return float(kernel(np.ones((n, 1)))[0])
    found = np.asarray(weight, dtype=np.float64)
    if found.ndim not in (1, 2) or found.shape[-1] != n:
        raise ArgumentError("RR111", f"weight has shape {found.shape}; it must be ({n},) or (B, {n}).")
    if not (np.isfinite(found).all() and (found >= 0).all()):
        raise ArgumentError(
            "RR111", "weight has missing, infinite or negative values; allowed are numbers from 0."
        )
    values = kernel(np.ascontiguousarray(np.atleast_2d(found).T))
    return float(values[0]) if found.ndim == 1 else values


def ratio(above: ArrayLike, below: ArrayLike) -> FloatArray:
    """Divide; what has nothing to be divided by is undefined, NaN."""
    numerator, denominator = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    out: FloatArray = np.full(np.broadcast_shapes(numerator.shape, denominator.shape), np.nan)
    np.divide(numerator, denominator, out=out, where=denominator > 0)
    return out
