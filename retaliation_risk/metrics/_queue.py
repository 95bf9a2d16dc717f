"""Queues under weights: how much of each block of equal priority is answered, and how far down to go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy import sparse

from retaliation_risk.metrics._arrays import FloatArray, IntArray, ratio
from retaliation_risk.metrics._steps import Steps, build_steps, row_sums

_ROUNDS = 32  # halvings of the search for a workload: n / 2**32 of a customer


@dataclass(frozen=True)
class Front:
    """The head of the queue of each group, in blocks of equal priority, highest first.

    ``block`` has the block of each row, -1 behind the front; ``first`` the first block of each block's
    group.
    """

    block: IntArray
    rows: Any
    group: IntArray
    first: IntArray
    whole: bool


def reached_kernel(
    gains: Sequence[FloatArray], priority: FloatArray, capacity: FloatArray, group: IntArray
) -> Callable[[FloatArray], FloatArray]:
    """Prepare sums of gains among the answered: weights (n, B) to shape (gains, groups, B)."""

    @cache
    def front(whole: bool) -> tuple[Front, list[Any]]:
        # Weights seldom move the edge of capacity beyond twice as many rows; if so, take the whole queue.
        found = _front(priority, group, np.full(len(capacity), np.inf) if whole else 2 * capacity + 64)
        ahead = found.block >= 0
        return found, [row_sums(found.block, gain * ahead, len(found.group)) for gain in gains]

    def kernel(weight: FloatArray) -> FloatArray:
        head, sums = front(False)
        share, full = _answered(head, weight, capacity)
        if not full:
            head, sums = front(True)
            share, _ = _answered(head, weight, capacity)
        starts = np.unique(head.first)
        return np.stack([np.add.reduceat(share * (total @ weight), starts, axis=0) for total in sums])

    return kernel


def total_kernel(gains: Sequence[FloatArray], group: IntArray) -> Callable[[FloatArray], FloatArray]:
    """Prepare sums of gains among all: weights (n, B) to shape (gains, groups, B)."""
    sums = [row_sums(group, gain, int(group.max(initial=-1)) + 1) for gain in gains]
    return lambda weight: np.stack([total @ weight for total in sums])


def _front(priority: FloatArray, group: IntArray, limit: FloatArray) -> Front:
    """Sort, cut into blocks, keep those that begin within ``limit`` rows of the head of their group."""
    order = np.lexsort((-priority, group))
    groups, values = group[order], priority[order]
    new = np.append(True, (np.diff(groups) != 0) | (np.diff(values) != 0))[: len(order)]
    starts = np.flatnonzero(new)
    ahead = starts - np.searchsorted(groups, groups[starts])
    kept = ahead < limit[groups[starts]]
    number = np.where(kept, np.cumsum(kept) - 1, -1)
    block = np.empty(len(order), dtype=np.int64)
    block[order] = number[np.cumsum(new) - 1]
    owner = groups[starts][kept]
    rows = row_sums(block, block >= 0, len(owner))
    return Front(block, rows, owner, np.searchsorted(owner, owner), bool(kept.all()))


def _answered(front: Front, weight: FloatArray, capacity: FloatArray) -> tuple[FloatArray, bool]:
    """Share of each block within capacity, and whether the front was deep enough to tell."""
    size = front.rows @ weight
    upto = np.cumsum(size, axis=0)
    before = upto - size
    before = before - before[front.first]
    places = capacity[front.group][:, None]
    ends = np.append(np.unique(front.first)[1:], len(front.group)) - 1
    full = front.whole or bool((before[ends] + size[ends] >= places[ends]).all())
    return _share(places - before, size), full


def _share(room: FloatArray, size: FloatArray) -> FloatArray:
    """Share of a block that finds room; a block of no weight needs none."""
    return np.clip(np.divide(room, size, out=np.zeros_like(size), where=size > 0), 0.0, 1.0)


@dataclass(frozen=True)
class _Nodes:
    """Where in each queue something can be gained; ``owner`` is the group of each such place."""

    steps: Steps
    at: IntArray
    owner: IntArray
    sums: list[Any]

    def lengths(self, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Rows before each place and rows tied at it."""
        size = self.steps.positive @ weight + self.steps.negative @ weight
        upto = np.cumsum(size, axis=0)
        return (upto[self.steps.last] - upto)[self.at], size[self.at]


def _nodes(gains: Sequence[FloatArray], priority: FloatArray, group: IntArray) -> _Nodes:
    some = np.stack(list(gains)).max(axis=0) > 0
    steps = build_steps(some, ~some, priority, group)
    hits = steps.positive
    at = np.flatnonzero(np.diff(hits.indptr) > 0)
    owner = np.searchsorted(np.unique(steps.first), steps.first)[at]
    sums = [
        sparse.csr_array((gain[hits.indices], hits.indices, hits.indptr), shape=hits.shape) for gain in gains
    ]
    return _Nodes(steps, at, owner, sums)


def curve_kernel(
    gains: Sequence[FloatArray], priority: FloatArray, capacities: Sequence[float], group: IntArray
) -> Callable[[FloatArray], FloatArray]:
    """Prepare sums of gains among the answered at several capacities, all groups pooled.

    The kernel turns weights (n, B) into shape (capacities, gains, B).
    """
    nodes = _nodes(gains, priority, group)

    def kernel(weight: FloatArray) -> FloatArray:
        before, size = nodes.lengths(weight)
        values = [(total @ weight)[nodes.at] for total in nodes.sums]
        shares = [_share(capacity - before, size) for capacity in capacities]
        return np.stack([[(share * value).sum(axis=0) for value in values] for share in shares])

    return kernel


def workload_kernel(
    gain: FloatArray, priority: FloatArray, group: IntArray
) -> Callable[[FloatArray, FloatArray], FloatArray]:
    """Prepare the search for how many must be answered in each group to gain so much.

    The kernel takes weights (n, B) and the gain wanted: shape (1, B) for all groups pooled, at the same
    number of answers in each, or (groups, B) for each group alone. It returns the number of answers in the
    same shape.
    """
    nodes = _nodes([gain], priority, group)

    def kernel(weight: FloatArray, wanted: FloatArray) -> FloatArray:
        before, size = nodes.lengths(weight)
        member = nodes.owner if len(wanted) > 1 else np.zeros(len(nodes.at), dtype=np.int64)
        return _search(before, size, (nodes.sums[0] @ weight)[nodes.at], member, wanted)

    return kernel


def saved_share(needed: FloatArray, usual: FloatArray, wanted: FloatArray) -> FloatArray:
    """Share of the usual work that is not needed to gain so much; NaN where nothing is wanted."""
    return np.where(wanted > 0, 1.0 - ratio(needed, usual), np.nan)


def _search(
    before: FloatArray, size: FloatArray, value: FloatArray, member: IntArray, wanted: FloatArray
) -> FloatArray:
    """Halve the interval of answers until the gain just suffices; rounding must not ask for one more."""
    low, high = np.zeros_like(wanted), np.full_like(wanted, float((before + size).max(initial=0.0)))
    if not len(member):
        return high
    enough = wanted * (1 - 1e-9)
    present, starts = np.unique(member, return_index=True)
    slope = np.divide(value, size, out=np.zeros_like(value), where=size > 0)
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        gained = np.zeros_like(wanted)
        inside = np.clip(middle[member] - before, 0.0, size)
        gained[present] = np.add.reduceat(inside * slope, starts, axis=0)
        high = np.where(gained >= enough, middle, high)
        low = np.where(gained >= enough, low, middle)
    return np.round(high, 6)


def answered_share(priority: FloatArray, capacity: FloatArray, group: IntArray) -> FloatArray:
    """Share of each row that is answered, shape (n,): 1 inside capacity, 0 behind it, in between for ties."""
    front = _front(priority, group, np.full(len(capacity), np.inf))
    share, _ = _answered(front, np.ones((len(priority), 1)), capacity)
    found: FloatArray = share[front.block, 0]
    return found
