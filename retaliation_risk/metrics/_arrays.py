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

_BLOCK = 1 << 22  # numbers, 32 MB


def as_events(event: ArrayLike, name: str = "event") -> BoolArray:
    """Booleans of shape (n,); numbers other than 0 and 1 are refused."""
    found = np.asarray(event)
    if found.ndim != 1:
        raise ArgumentError("RR111", f"{name} has shape {found.shape}; it must be (n,).")
    if found.dtype != np.bool_ and not np.isin(found, (0, 1)).all():
        raise ArgumentError("RR111", f"{name} has other values than true and false (1 and 0).")
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
    return _probabilities(as_numbers("risk", risk, n))


def as_risk_table(risk: ArrayLike, n: int, k: int) -> FloatArray:
    """Probabilities of shape (n, k): risks by each of k times; (n,) will do for one time."""
    found = np.asarray(risk, dtype=np.float64)
    if found.shape != (n, k) and not (k == 1 and found.shape == (n,)):
        raise ArgumentError(
            "RR111", f"risk has shape {found.shape}; it must be ({n}, {k}): a risk by each time."
        )
    return _probabilities(as_numbers("risk", found.ravel(), n * k)).reshape(n, k)


def _probabilities(risk: FloatArray) -> FloatArray:
    if len(risk) and not (risk.min() >= 0 and risk.max() <= 1):
        raise ArgumentError(
            "RR111", f"risk runs from {risk.min():.6g} to {risk.max():.6g}; allowed is [0, 1]."
        )
    return risk


def as_times(times: ArrayLike) -> FloatArray:
    """Finite days of shape (k,), k at least 1, each later than the one before."""
    found = np.asarray(times, dtype=np.float64)
    if found.ndim != 1 or not len(found):
        raise ArgumentError("RR111", f"times has shape {found.shape}; it must be (k,), k at least 1.")
    if not (np.isfinite(found).all() and (np.diff(found) > 0).all()):
        raise ArgumentError("RR111", f"times are {found.tolist()}; they must be finite and increase.")
    return found


def as_outcomes(
    event: ArrayLike, duration_days: ArrayLike, competing: ArrayLike | None
) -> tuple[BoolArray, BoolArray, FloatArray]:
    """Events, competing exits and durations, each of shape (n,); no row has both an event and an exit."""
    hit = as_events(event)
    left = np.zeros(len(hit), dtype=np.bool_) if competing is None else as_events(competing, "competing")
    if left.shape != hit.shape:
        raise ArgumentError("RR111", f"competing has shape {left.shape}; it must be ({len(hit)},).")
    if (hit & left).any():
        row = int(np.flatnonzero(hit & left)[0])
        raise ArgumentError("RR111", f"event and competing are both true in row {row}; one came first.")
    return hit, left, as_numbers("duration_days", duration_days, len(hit))


def as_starts(start_days: ArrayLike | None, duration: FloatArray) -> FloatArray | None:
    """Days of entry of shape (n,), each before the end of its row; None without late entry."""
    if start_days is None:
        return None
    start = as_numbers("start_days", start_days, len(duration))
    if (start >= duration).any():
        row = int(np.flatnonzero(start >= duration)[0])
        raise ArgumentError(
            "RR111",
            f"start_days is {start[row]:g} and duration_days {duration[row]:g} in row {row}; "
            "a row must start before it ends.",
        )
    return start


def as_groups(group: ArrayLike | None, n: int) -> IntArray:
    """Codes 0, 1, ... of shape (n,), in sorted order of the groups; all 0 without groups."""
    if group is None:
        return np.zeros(n, dtype=np.int64)
    codes: IntArray = np.unique(np.asarray(group), return_inverse=True)[1].astype(np.int64)
    if codes.shape != (n,):
        raise ArgumentError("RR111", f"group has shape {codes.shape}; it must be ({n},).")
    return codes


def apply(kernel: Kernel, weight: ArrayLike | None, n: int) -> Any:
    """Run a kernel: a float for weights of shape (n,) or none, an array of shape (B,) for (B, n).

    Of a kernel that gives shape (k, B): an array of shape (k,), or (B, k).
    """
    values = kernel(_columns(weight, n)).T
    if weight is not None and np.ndim(weight) > 1:
        return values
    return float(values[0]) if values.ndim == 1 else values[0]


def _columns(weight: ArrayLike | None, n: int) -> FloatArray:
    """Weights as columns, shape (n, B)."""
    if weight is None:
        return np.ones((n, 1))
    found = np.asarray(weight, dtype=np.float64)
    if found.ndim not in (1, 2) or found.shape[-1] != n:
        raise ArgumentError("RR111", f"weight has shape {found.shape}; it must be ({n},) or (B, {n}).")
    if not (np.isfinite(found).all() and (found >= 0).all()):
        raise ArgumentError(
            "RR111", "weight has missing, infinite or negative values; allowed are numbers from 0."
        )
    return np.ascontiguousarray(np.atleast_2d(found).T)


def in_blocks(kernel: Kernel, n: int) -> Kernel:
    """Let a kernel that copies its weights see as many columns at once as make a copy of at most 32 MB."""
    width = max(1, _BLOCK // max(n, 1))

    def whole(weight: FloatArray) -> FloatArray:
        firsts = range(0, max(weight.shape[1], 1), width)
        return np.concatenate([kernel(weight[:, first : first + width]) for first in firsts], axis=-1)

    return whole


def ratio(above: ArrayLike, below: ArrayLike) -> FloatArray:
    """Divide; what has nothing to be divided by is undefined, NaN."""
    numerator, denominator = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    out: FloatArray = np.full(np.broadcast_shapes(numerator.shape, denominator.shape), np.nan)
    np.divide(numerator, denominator, out=out, where=denominator > 0)
    return out
