"""What a queue is worth: who stands before the line when the capacity is used up.

A queue is formed anew at each moment, so capacity is counted within each ``group`` and groups are pooled by
adding what was reached. Those who were lost from sight fill places in a queue like everybody else, only
their outcome is unknown: they keep their ``weight`` and have an ``ipcw`` of 0. Reached is not prevented.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from retaliation_risk._validate import within
from retaliation_risk.errors import ArgumentError
from retaliation_risk.metrics._arrays import (
    FloatArray,
    IntArray,
    Kernel,
    Value,
    apply,
    as_events,
    as_groups,
    as_numbers,
    as_risks,
    ratio,
)
from retaliation_risk.metrics._queue import reached_kernel, saved_share, total_kernel, workload_kernel


def events_reached(
    event: ArrayLike,
    priority: ArrayLike,
    *,
    capacity: ArrayLike,
    group: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    ipcw: ArrayLike | None = None,
) -> Value:
    """Share of all events that stand within capacity.

    Parameters
    ----------
    event : array of bool, shape (n,)
    priority : array of float, shape (n,)
        Higher is answered earlier. Only the order within a group matters; missing values are refused.
    capacity : float, or array of shape (groups,)
        Customers that can be answered in each group, above 0; more than there are answers all.
    group : array, shape (n,), optional
        The moment of each row; a queue is formed within each.
    weight : array of float, shape (n,) or (B, n), optional
        How often each row stands in the queue; 2 takes two places.
    ipcw : array of float, shape (n,), optional
        What each known outcome stands for; 0 where the outcome is unknown.

    Returns
    -------
    float, or array of shape (B,)
        In [0, 1]; higher is better, a random order expects capacity / n. Ties at the edge of capacity count
        in proportion. NaN without events.

    Examples
    --------
    >>> events_reached([True, False, True, False], [9, 8, 2, 1], capacity=2)
    0.5
    """
    hit = as_events(event)
    gain = hit * _known(ipcw, len(hit))
    return cast(Value, apply(_share([gain], priority, capacity, group), weight, len(hit)))


def reach_averted(
    reach: ArrayLike,
    priority: ArrayLike,
    *,
    capacity: ArrayLike,
    group: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    ipcw: ArrayLike | None = None,
) -> Value:
    """Share of the reach recorded in events that belongs to customers within capacity.

    It says who would have been spoken to before so many people heard of it; whether they would then have
    kept still is another question.

    Parameters
    ----------
    reach : array of float, shape (n,)
        People who saw the acts of each customer, from 0; NaN where not recorded counts nothing.
    priority : array of float, shape (n,)
        Higher is answered earlier. Only the order within a group matters; missing values are refused.
    capacity : float, or array of shape (groups,)
        Customers that can be answered in each group, above 0; more than there are answers all.
    group : array, shape (n,), optional
        The moment of each row; a queue is formed within each.
    weight : array of float, shape (n,) or (B, n), optional
        How often each row stands in the queue; 2 takes two places.
    ipcw : array of float, shape (n,), optional
        What each known outcome stands for; 0 where the outcome is unknown.

    Returns
    -------
    float, or array of shape (B,)
        In [0, 1]; higher is better, a random order expects capacity / n. Ties at the edge of capacity count
        in proportion. NaN without recorded reach.

    Examples
    --------
    >>> reach_averted([900, 0, 100, float("nan")], [1, 8, 9, 2], capacity=2)
    0.1
    """
    seen = as_reach(reach)
    gain = seen * _known(ipcw, len(seen))
    return cast(Value, apply(_share([gain], priority, capacity, group), weight, len(seen)))


def precision(
    event: ArrayLike,
    priority: ArrayLike,
    *,
    capacity: ArrayLike,
    group: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    ipcw: ArrayLike | None = None,
) -> Value:
    """Share of events among those within capacity.

    Parameters
    ----------
    event : array of bool, shape (n,)
    priority : array of float, shape (n,)
        Higher is answered earlier. Only the order within a group matters; missing values are refused.
    capacity : float, or array of shape (groups,)
        Customers that can be answered in each group, above 0; more than there are answers all.
    group : array, shape (n,), optional
        The moment of each row; a queue is formed within each.
    weight : array of float, shape (n,) or (B, n), optional
        How often each row stands in the queue; 2 takes two places.
    ipcw : array of float, shape (n,), optional
        What each known outcome stands for; 0 where the outcome is unknown.

    Returns
    -------
    float, or array of shape (B,)
        In [0, 1]; higher is better, a random order expects the share of events. NaN if no outcome of those
        within capacity is known.

    Examples
    --------
    >>> precision([True, False, True, False], [9, 8, 2, 1], capacity=2)
    0.5
    """
    hit = as_events(event)
    known = _known(ipcw, len(hit))
    found = _reached([hit * known, known], priority, capacity, group)
    return cast(Value, apply(lambda columns: ratio(*found(columns).sum(axis=1)), weight, len(hit)))


def lift(
    event: ArrayLike,
    priority: ArrayLike,
    *,
    capacity: ArrayLike,
    group: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    ipcw: ArrayLike | None = None,
) -> Value:
    """How many times denser events are within capacity than among all.

    Parameters
    ----------
    event : array of bool, shape (n,)
    priority : array of float, shape (n,)
        Higher is answered earlier. Only the order within a group matters; missing values are refused.
    capacity : float, or array of shape (groups,)
        Customers that can be answered in each group, above 0; more than there are answers all.
    group : array, shape (n,), optional
        The moment of each row; a queue is formed within each.
    weight : array of float, shape (n,) or (B, n), optional
        How often each row stands in the queue; 2 takes two places.
    ipcw : array of float, shape (n,), optional
        What each known outcome stands for; 0 where the outcome is unknown.

    Returns
    -------
    float, or array of shape (B,)
        From 0; higher is better, a random order expects 1. NaN without events.

    Examples
    --------
    >>> lift([True, False, False, False], [9, 8, 2, 1], capacity=2)
    2.0
    """
    hit = as_events(event)
    known = _known(ipcw, len(hit))
    codes = as_groups(group, len(hit))
    found, everyone = (
        _reached([hit * known, known], priority, capacity, group),
        total_kernel([hit * known, known], codes),
    )

    def kernel(columns: FloatArray) -> FloatArray:
        return ratio(ratio(*found(columns).sum(axis=1)), ratio(*everyone(columns).sum(axis=1)))

    return cast(Value, apply(kernel, weight, len(hit)))


def workload(
    event: ArrayLike,
    priority: ArrayLike,
    *,
    recall: float,
    group: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    ipcw: ArrayLike | None = None,
) -> Value:
    """Count the customers to be answered in each group until a share of all events is reached.

    Parameters
    ----------
    event : array of bool, shape (n,)
    priority : array of float, shape (n,)
        Higher is answered earlier. Only the order within a group matters; missing values are refused.
    recall : float
        Share of events to be reached, in [0, 1].
    group : array, shape (n,), optional
        The moment of each row; the same number is answered in each group, their events are pooled.
    weight : array of float, shape (n,) or (B, n), optional
        How often each row stands in the queue; 2 takes two places.
    ipcw : array of float, shape (n,), optional
        What each known outcome stands for; 0 where the outcome is unknown.

    Returns
    -------
    float, or array of shape (B,)
        From 0 to the size of the largest group; lower is better, a random order expects recall * n. NaN
        without events.

    Examples
    --------
    >>> round(workload([True, False, True, False], [9, 8, 2, 1], recall=1.0), 6)
    3.0
    """
    within("recall", recall, 0, 1)
    hit = as_events(event)
    codes, gain = as_groups(group, len(hit)), hit * _known(ipcw, len(hit))
    search = workload_kernel(gain, as_numbers("priority", priority, len(hit)), codes)

    def kernel(columns: FloatArray) -> FloatArray:
        events = gain @ columns
        return np.where(events > 0, search(columns, recall * events[None, :])[0], np.nan)

    return cast(Value, apply(kernel, weight, len(hit)))


def workload_saved(
    event: ArrayLike,
    priority: ArrayLike,
    reference: ArrayLike,
    *,
    capacity: ArrayLike,
    group: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    ipcw: ArrayLike | None = None,
) -> Value:
    """Share of the work that one priority saves against another in reaching as many events.

    Counted is the work that each needs to reach what the reference reaches at capacity.

    Parameters
    ----------
    event : array of bool, shape (n,)
    priority : array of float, shape (n,)
        Higher is answered earlier; missing values are refused.
    reference : array of float, shape (n,)
        The priority to compare with, used up to capacity.
    capacity : float, or array of shape (groups,)
        Customers that can be answered in each group by the reference, above 0.
    group : array, shape (n,), optional
        The moment of each row; the same number is answered in each group, their events are pooled.
    weight : array of float, shape (n,) or (B, n), optional
        How often each row stands in the queue; 2 takes two places.
    ipcw : array of float, shape (n,), optional
        What each known outcome stands for; 0 where the outcome is unknown.

    Returns
    -------
    float, or array of shape (B,)
        At most 1; higher is better, 0 saves nothing, below 0 costs more. Answers of the reference after the
        last event that it reached are needless and do not count, so the reference saves 0 against itself. NaN
        if the reference reaches no event.

    Examples
    --------
    >>> event = [False, False, False, True]
    >>> round(workload_saved(event, priority=[1, 2, 3, 4], reference=[4, 3, 2, 1], capacity=4), 6)
    0.75
    """
    hit = as_events(event)
    codes, gain = as_groups(group, len(hit)), hit * _known(ipcw, len(hit))
    places = as_capacity(capacity, codes)
    search = workload_kernel(gain, as_numbers("priority", priority, len(hit)), codes)
    base = as_numbers("reference", reference, len(hit))
    reached, usual = reached_kernel([gain], base, places, codes), workload_kernel(gain, base, codes)

    def kernel(columns: FloatArray) -> FloatArray:
        wanted = reached(columns)[0].sum(axis=0, keepdims=True)
        saved: FloatArray = saved_share(search(columns, wanted), usual(columns, wanted), wanted)[0]
        return saved

    return cast(Value, apply(kernel, weight, len(hit)))


def net_benefit(
    event: ArrayLike, risk: ArrayLike, *, threshold: float, weight: ArrayLike | None = None
) -> Value:
    """Events reached less needless answers at their price, if all above a threshold of risk are answered.

    Parameters
    ----------
    event : array of bool, shape (n,)
    risk : array of float, shape (n,)
        Probabilities; values outside [0, 1] are refused.
    threshold : float
        Risk from which answering is worth it, in [0, 1): a needless answer costs ``threshold / (1 -
        threshold)``.
    weight : array of float, shape (n,) or (B, n), optional
        Weights from 0.

    Returns
    -------
    float, or array of shape (B,)
        Per customer; at most the share of events, higher is better, answering nobody gives 0.

    References
    ----------
    Vickers and Elkin (2006), doi:10.1177/0272989X06295361

    Examples
    --------
    >>> net_benefit([True, False, False, False], [0.9, 0.6, 0.2, 0.1], threshold=0.5)
    0.0
    """
    within("threshold", threshold, 0, np.nextafter(1, 0))
    hit = as_events(event)
    value = np.where(hit, 1.0, -threshold / (1 - threshold)) * (as_risks(risk, len(hit)) >= threshold)
    return cast(Value, apply(lambda columns: ratio(value @ columns, columns.sum(axis=0)), weight, len(hit)))


def as_capacity(capacity: ArrayLike, group: IntArray) -> FloatArray:
    """Capacity of each group, shape (groups,).

    Examples
    --------
    >>> as_capacity(5, np.array([0, 0, 1])).tolist()
    [5.0, 5.0]
    """
    found = np.asarray(capacity, dtype=np.float64)
    n_groups = int(group.max(initial=-1)) + 1
    if found.ndim > 1 or (found.ndim == 1 and found.shape != (n_groups,)):
        raise ArgumentError("RR111", f"capacity has shape {found.shape}; it must be () or ({n_groups},).")
    if not (np.isfinite(found) & (found > 0)).all():
        raise ArgumentError("RR111", f"capacity is {capacity!r}; it must be a number above 0.")
    return np.broadcast_to(found, (n_groups,)).copy()


def as_reach(reach: ArrayLike) -> FloatArray:
    """Reach with nothing where none was recorded; negative values are refused.

    Examples
    --------
    >>> as_reach([3, float("nan")]).tolist()
    [3.0, 0.0]
    """
    found = np.nan_to_num(np.asarray(reach, dtype=np.float64), nan=0.0)
    if found.ndim != 1 or (found < 0).any():
        raise ArgumentError("RR111", "reach must be numbers from 0, of shape (n,).")
    return found


def _known(ipcw: ArrayLike | None, n: int) -> FloatArray:
    return np.ones(n) if ipcw is None else as_numbers("ipcw", ipcw, n)


def _reached(
    gains: Sequence[FloatArray], priority: ArrayLike, capacity: ArrayLike, group: ArrayLike | None
) -> Kernel:
    n = len(gains[0])
    codes = as_groups(group, n)
    return reached_kernel(gains, as_numbers("priority", priority, n), as_capacity(capacity, codes), codes)


def _share(
    gains: Sequence[FloatArray], priority: ArrayLike, capacity: ArrayLike, group: ArrayLike | None
) -> Kernel:
    """Gain within capacity over all gain, groups pooled."""
    found = _reached(gains, priority, capacity, group)
    everyone = total_kernel(gains, as_groups(group, len(gains[0])))
    return lambda columns: ratio(found(columns)[0].sum(axis=0), everyone(columns)[0].sum(axis=0))
