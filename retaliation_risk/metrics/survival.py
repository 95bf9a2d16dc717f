"""How well risks order the customers in time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from retaliation_risk.metrics._arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    Kernel,
    Value,
    apply,
    as_events,
    as_numbers,
    ratio,
)
from retaliation_risk.metrics._steps import Steps, build_steps, compare_pairs, spread_steps


def concordance(
    event: ArrayLike, duration_days: ArrayLike, risk: ArrayLike, *, weight: ArrayLike | None = None
) -> Value:
    """Harrell's concordance: how often the one of two customers with the higher risk retaliates first.

    A pair counts if the shorter duration ended with an event, or if both are equal and one of them did.
    Time is O(n log n), with the halves of the time axis compared level by level.

    Parameters
    ----------
    event : array of bool, shape (n,)
        Whether the follow-up ended with an event.
    duration_days : array of float, shape (n,)
        Length of the follow-up.
    risk : array of float, shape (n,)
        Higher means earlier. Only the order matters; missing values are refused.
    weight : array of float, shape (n,) or (B, n), optional
        How often each row counts; a pair counts the product. No censoring weights: this is not Uno's
        estimator.

    Returns
    -------
    float, or array of shape (B,)
        In [0, 1]; higher is better, chance gives 0.5. Equal risks count half. NaN without a pair to
        compare.

    References
    ----------
    Harrell, Lee and Mark (1996), doi:10.1002/(SICI)1097-0258(19960229)15:4<361::AID-SIM168>3.0.CO;2-4

    Examples
    --------
    >>> concordance([True, False, True], [5, 8, 10], [0.9, 0.2, 0.4])
    1.0
    """
    kernel = concordance_kernel(event, duration_days, risk)
    return cast(Value, apply(kernel, weight, len(np.asarray(event))))


def concordance_kernel(event: ArrayLike, duration_days: ArrayLike, risk: ArrayLike) -> Kernel:
    """Sort once; see :func:`concordance`."""
    hit = as_events(event)
    duration = as_numbers("duration_days", duration_days, len(hit))
    levels = list(_levels(_later(hit, duration), hit, as_numbers("risk", risk, len(hit))))

    def kernel(weight: FloatArray) -> FloatArray:
        concordant, pairs = np.zeros((2, weight.shape[1]))
        for steps in levels:
            found = compare_pairs(steps, weight)
            concordant, pairs = concordant + found[0], pairs + found[1]
        return ratio(concordant, pairs)

    return kernel


def _later(hit: BoolArray, duration: FloatArray) -> IntArray:
    """Whole numbers that order time: row j outlives event i where its number is larger; -1 outlives nobody.

    Events at the k-th time of an event get 2k; whoever is last seen then, or before the next one, gets 2k +
    1. Those who outlive all events share one power of two, so that they take part in the highest level
    only.
    """
    times = np.unique(duration[hit])
    order = 2 * (np.searchsorted(times, duration, "right").astype(np.int64) - 1) + ~hit
    top = 2 * len(times) - 1
    if top > 0:
        order[order == top] = 1 << (top - 1).bit_length()
    return np.maximum(order, -1)


def _levels(order: IntArray, hit: BoolArray, risk: FloatArray) -> Iterator[Steps]:
    """Compare halves of time: two numbers differ first in one bit, so one level sees each pair."""
    for bit in range(int(order.max(initial=0)).bit_length()):
        group = order >> (bit + 1)
        upper = (order >= 0) & ((order >> bit) & 1 == 1)
        lower = hit & ~upper
        rows = np.flatnonzero((lower | upper) & np.isin(group, group[lower]) & (order >= 0))
        if len(rows):
            steps = build_steps(lower[rows], upper[rows], risk[rows], group[rows])
            yield spread_steps(steps, rows, len(order))
