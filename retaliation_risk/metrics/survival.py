"""How well risks order the customers in time: the concordance of Harrell and that of Uno.

Both compare pairs in which the shorter follow-up ended with an event. Neither has an argument for competing
exits: with one score for all horizons it is not settled how a pair with somebody who left counts. Pass those
who left as followed, without an event, to the horizon (they outlive every event inside it), or censored on
the day they left; ``evaluate`` does the first.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from retaliation_risk._validate import positive
from retaliation_risk.metrics._arrays import (
    FloatArray,
    Kernel,
    Value,
    apply,
    as_events,
    as_numbers,
    as_starts,
    ratio,
)
from retaliation_risk.metrics._pairs import plan_walk, weigh_pairs
from retaliation_risk.metrics._product_limit import build_clock, build_decline, inverse


def concordance(
    event: ArrayLike,
    duration_days: ArrayLike,
    risk: ArrayLike,
    *,
    start_days: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> Value:
    """Harrell's concordance: how often the one of two customers with the higher risk retaliates first.

    A pair counts if the shorter duration ended with an event and the other was at risk that day and after it
    event-free: followed longer, or censored the same day. Two events on one day are no pair. Time is
    O(n log n), with ties or without.

    Parameters
    ----------
    event : array of bool, shape (n,)
        Whether the follow-up ended with an event.
    duration_days : array of float, shape (n,)
        End of the follow-up, in days.
    risk : array of float, shape (n,)
        Higher means earlier. Only the order matters; missing values are refused.
    start_days : array of float, shape (n,), optional
        Start of the follow-up (late entry), before its end: a row is at risk of the events after its start,
        up to its end. Without it rows are at risk from the beginning.
    weight : array of float, shape (n,) or (B, n), optional
        How often each row counts; a pair counts the product. No censoring weights: for these see
        :func:`uno_concordance`.

    Returns
    -------
    float, or array of shape (B,)
        In [0, 1]; higher is better, chance gives 0.5. Equal risks count half. NaN without a pair to
        compare. What it tends to with growing n depends on the censoring.

    References
    ----------
    Harrell, Lee and Mark (1996), doi:10.1002/(SICI)1097-0258(19960229)15:4<361::AID-SIM168>3.0.CO;2-4

    Examples
    --------
    >>> concordance([True, False, True], [5, 8, 10], [0.9, 0.2, 0.4])
    1.0
    """
    kernel = concordance_kernel(event, duration_days, risk, start_days)
    return cast(Value, apply(kernel, weight, len(np.asarray(event))))


def concordance_kernel(
    event: ArrayLike, duration_days: ArrayLike, risk: ArrayLike, start_days: ArrayLike | None = None
) -> Kernel:
    """Sort once; see :func:`concordance`."""
    hit = as_events(event)
    duration = as_numbers("duration_days", duration_days, len(hit))
    walk = plan_walk(hit, duration, as_numbers("risk", risk, len(hit)), as_starts(start_days, duration))

    def kernel(weight: FloatArray) -> FloatArray:
        return ratio(*weigh_pairs(walk, weight[walk.hits], weight))

    return kernel


def uno_concordance(
    event: ArrayLike,
    duration_days: ArrayLike,
    risk: ArrayLike,
    *,
    tau_days: float | None = None,
    start_days: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> Value:
    """Uno's concordance: as Harrell's, but what it estimates does not depend on who was censored when.

    A pair counts ``1 / G(t-)**2`` with ``t`` the day of its event: one over the chance that both are still
    followed. G is the Kaplan-Meier curve of the censorings in these rows, under their weights; each row of
    weights has its own. An event comes before a censoring of the same day.

    Parameters
    ----------
    event : array of bool, shape (n,)
        Whether the follow-up ended with an event.
    duration_days : array of float, shape (n,)
        End of the follow-up, in days.
    risk : array of float, shape (n,)
        Higher means earlier. Only the order matters; missing values are refused.
    tau_days : float, optional
        Only events before this day count; above 0. Without it all do, and the last, with the fewest at risk,
        weigh most.
    start_days : array of float, shape (n,), optional
        Start of the follow-up (late entry), before its end. G is then estimated among those who have entered
        (start < day <= end), which supposes that entry and censoring have nothing to do with each other.
        Pairs that late entry hides are not weighed back, so days on which few have entered count less.
    weight : array of float, shape (n,) or (B, n), optional
        How often each row counts; a pair counts the product.

    Returns
    -------
    float, or array of shape (B,)
        In [0, 1]; higher is better, chance gives 0.5. Equal risks count half. NaN without a pair to
        compare.

    Notes
    -----
    With every row at risk from the beginning, ``G(t-)`` is above 0 at every event. With late entry it can
    fall to 0 while few have entered; events after that count nothing, as if ``tau_days`` stood there.

    References
    ----------
    Uno, Cai, Pencina, D'Agostino and Wei (2011), doi:10.1002/sim.4154

    Examples
    --------
    >>> event, day, risk = [True, False, True, True, False], [1, 2, 3, 4, 5], [5, 1, 2, 3, 4]
    >>> round(uno_concordance(event, day, risk), 4)  # 4 of 4 pairs on day 1; days 3 and 4 count (4 / 3)**2
    0.4286
    """
    kernel = uno_kernel(event, duration_days, risk, tau_days, start_days)
    return cast(Value, apply(kernel, weight, len(np.asarray(event))))


def uno_kernel(
    event: ArrayLike,
    duration_days: ArrayLike,
    risk: ArrayLike,
    tau_days: float | None = None,
    start_days: ArrayLike | None = None,
) -> Kernel:
    """Sort once; see :func:`uno_concordance`."""
    hit = as_events(event)
    duration = as_numbers("duration_days", duration_days, len(hit))
    start = as_starts(start_days, duration)
    counted = hit if tau_days is None else hit & (duration < positive("tau_days", tau_days))
    walk = plan_walk(counted, duration, as_numbers("risk", risk, len(hit)), start)
    clock = build_clock(hit, duration, start)
    censoring = build_decline(~hit, clock)
    before = censoring.before[clock.end[walk.hits]]

    def kernel(weight: FloatArray) -> FloatArray:
        followed = censoring.left(weight)[before]
        return ratio(*weigh_pairs(walk, weight[walk.hits] * inverse(followed) ** 2, weight))

    return kernel
