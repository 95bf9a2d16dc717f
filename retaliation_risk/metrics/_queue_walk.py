"""Walks down queues under many weightings, compiled: one weighting after the other, each from the head to where it ends.

A weighting is a row of its own, so that its numbers stay in the cache while the queue is read from memory in order. What is
summed, and in which order, does not depend on how many weightings are walked at once: neither does any bit of the result.
"""

from __future__ import annotations

import numba
import numpy as np

_ROUNDS = 60  # halvings of the search for a workload


@numba.njit(cache=True, nogil=True)
def fill_places(queue, capacity, weight):  # type: ignore[no-untyped-def]
    """Sum the gains within each capacity: (groups, capacities) ascending, (B, places) to (B, groups, capacities, gains).

    Also whether every group was deep enough to fill its largest capacity.
    """
    n_groups, n_capacities = capacity.shape
    n_gains = queue.gains.shape[1]
    found = np.zeros((len(weight), n_groups, n_capacities, n_gains))
    total, value, enough = np.zeros(n_gains), np.zeros(n_gains), True
    for b in range(len(weight)):
        for g in range(n_groups):
            total[:] = 0.0
            before, c = 0.0, 0
            for run in range(queue.head[g], queue.head[g + 1]):
                size = _weigh(queue, run, weight[b])
                _gain(queue, run, weight[b], value)
                while c < n_capacities and capacity[g, c] <= before + size:
                    share = (capacity[g, c] - before) / size if size > 0 else 0.0
                    found[b, g, c] = total + share * value
                    c += 1
                if c == n_capacities:
                    break
                total += value
                before += size
            enough = enough and c == n_capacities
            found[b, g, c:] = total
    return found, enough


@numba.njit(cache=True, nogil=True)
def search_work(queue, wanted, weight):  # type: ignore[no-untyped-def]
    """Answers needed in each group for the gain wanted, shape (W, B): of all groups pooled, then of each alone."""
    n_groups = len(queue.head) - 1
    nodes = np.zeros((4, np.sum(queue.pays)))
    before, size, value, sofar = nodes[0], nodes[1], nodes[2], nodes[3]
    bounds, own = np.zeros(n_groups + 1, np.int64), np.zeros(1)
    found = np.zeros(wanted.shape)
    for b in range(len(weight)):
        node = 0
        for g in range(n_groups):
            ahead, gained = 0.0, 0.0
            for run in range(queue.head[g], queue.head[g + 1]):
                here = _weigh(queue, run, weight[b])
                if queue.pays[run]:
                    _gain(queue, run, weight[b], own)
                    before[node], size[node], value[node], sofar[node] = ahead, here, own[0], gained
                    gained += own[0]
                    node += 1
                ahead += here
            bounds[g + 1] = node
        for w in range(len(wanted)):
            lowest, highest = (0, n_groups) if w == 0 else (w - 1, w)
            found[w, b] = _halve(before, size, value, sofar, bounds[lowest : highest + 1], wanted[w, b])
    return found


@numba.njit(cache=True, nogil=True)
def _weigh(queue, run, weight):  # type: ignore[no-untyped-def]
    """Weight of the rows of a run."""
    found = 0.0
    for row in range(queue.starts[run], queue.starts[run + 1]):
        found += weight[queue.place[row]]
    return found


@numba.njit(cache=True, nogil=True)
def _gain(queue, run, weight, value):  # type: ignore[no-untyped-def]
    """Write what the rows of a run gain into ``value``."""
    value[:] = 0.0
    for row in range(queue.first[run], queue.first[run + 1]):
        for k in range(len(value)):
            value[k] += queue.gains[row, k] * weight[queue.payer[row]]


@numba.njit(cache=True, nogil=True)
def _halve(before, size, value, sofar, bounds, wanted):  # type: ignore[no-untyped-def]
    """Halve the interval of answers until the gain just suffices; rounding must not ask for one more."""
    low, high, enough = 0.0, 0.0, wanted * (1 - 1e-9)
    for g in range(len(bounds) - 1):
        if bounds[g + 1] > bounds[g]:
            high = max(high, before[bounds[g + 1] - 1] + size[bounds[g + 1] - 1])
    for _ in range(_ROUNDS):
        middle, gained = (low + high) / 2, 0.0
        for g in range(len(bounds) - 1):
            node = bounds[g] + np.searchsorted(before[bounds[g] : bounds[g + 1]], middle, "right") - 1
            if node >= bounds[g]:
                inside = min(middle - before[node], size[node]) / size[node] if size[node] > 0 else 1.0
                gained += sofar[node] + inside * value[node]
        if gained >= enough:
            high = middle
        else:
            low = middle
    return round(high, 6)
