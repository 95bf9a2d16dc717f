"""Queues under weights: what is gained within capacity, and how far down one must go to gain so much.

A queue is sorted once. Of the rows in it only those that pay (an event, its reach) need to be told apart: all
others between two of them are one run, of which only the length matters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from retaliation_risk.metrics._arrays import BoolArray, FloatArray, IntArray, ratio
from retaliation_risk.metrics._queue_walk import fill_places, search_work

Places = NDArray[np.int32]
Draws = NDArray[np.uint16] | FloatArray
"""Weightings, one in each row: shape (B, places)."""


class Queue(NamedTuple):
    """The queue of each group, highest priority first, cut into runs.

    ``place`` says whose weight each row has. Run r is the rows from ``starts[r]`` to ``starts[r + 1]``: either all that tie
    with a row that pays (``pays``), or all between two such ties. Group g has the runs from ``head[g]`` to ``head[g + 1]``.
    ``payer`` is the place of each row that pays, ``gains`` what it gains, shape (paying, gains), and ``first`` the first of
    them in each run. ``whole`` is false if the queue was cut off behind its head.
    """

    place: Places
    starts: IntArray
    pays: BoolArray
    head: IntArray
    payer: Places
    gains: FloatArray
    first: IntArray
    whole: bool


def build_queue(
    gains: Sequence[FloatArray],
    priority: FloatArray,
    group: IntArray,
    *,
    place: IntArray | None = None,
    depth: FloatArray | None = None,
) -> Queue:
    """Sort, and cut into runs; with ``depth`` keep only ties that begin within so many rows of the head of their group."""
    order, groups, new, whole = _sorted(priority, group, depth)
    table = np.stack([np.asarray(gain, dtype=np.float64)[order] for gain in gains], axis=1)
    some = (table > 0).any(axis=1)
    starts = np.flatnonzero(new)
    pays = np.logical_or.reduceat(some, starts) if len(starts) else np.zeros(0, dtype=bool)
    owner = groups[starts]
    opens = np.append(True, np.diff(owner) != 0)[: len(starts)]
    cut = pays | opens | np.append(False, pays)[: len(starts)]
    starts, pays, owner = starts[cut], pays[cut], owner[cut]
    payers = np.flatnonzero(some)
    where = (order if place is None else place[order]).astype(np.int32)
    ends = np.append(starts, len(order))
    n_groups = int(group.max(initial=-1)) + 1
    return Queue(
        place=where,
        starts=ends,
        pays=pays,
        head=np.searchsorted(owner, np.arange(n_groups + 1)),
        payer=where[payers],
        gains=table[payers],
        first=np.searchsorted(payers, ends),
        whole=whole,
    )


def _sorted(
    priority: FloatArray, group: IntArray, depth: FloatArray | None
) -> tuple[IntArray, IntArray, BoolArray, bool]:
    """Rows in order of the queue, their groups, whether each opens a tie, and whether all rows are there."""
    order = np.lexsort((-priority, group))
    groups, values = group[order], priority[order]
    new = np.append(True, (np.diff(groups) != 0) | (np.diff(values) != 0))[: len(order)]
    if depth is None:
        return order, groups, new, True
    starts = np.flatnonzero(new)
    ahead = starts - np.searchsorted(groups, groups[starts])
    kept = (ahead < depth[groups[starts]])[np.cumsum(new) - 1]
    return order[kept], groups[kept], new[kept], bool(kept.all())


def plan_reached(
    gains: Sequence[FloatArray],
    priority: FloatArray,
    capacity: FloatArray,
    group: IntArray,
    place: IntArray | None = None,
) -> Callable[[Draws], FloatArray]:
    """Prepare sums of gains among the answered: draws (B, places) to shape (capacities, gains, groups, B).

    ``capacity`` has shape (capacities, groups), in ascending order.
    """
    places = np.ascontiguousarray(capacity.T)

    @cache
    def queue(whole: bool) -> Queue:
        # Weights seldom move the edge of capacity beyond twice as many rows; if so, take the whole queue.
        depth = None if whole else 2 * places.max(axis=1, initial=0.0) + 64
        return build_queue(gains, priority, group, place=place, depth=depth)

    def reached(draws: Draws) -> FloatArray:
        found, enough = _fill(queue(False), places, draws)
        if not (enough or queue(False).whole):
            found, _ = _fill(queue(True), places, draws)
        return found.transpose(2, 3, 1, 0)

    return reached


def _fill(queue: Queue, capacity: FloatArray, draws: Draws) -> tuple[FloatArray, bool]:
    found, enough = fill_places(queue, capacity, draws)
    return found, bool(enough)


def plan_total(
    gains: Sequence[FloatArray], group: IntArray, place: IntArray | None = None
) -> Callable[[Draws], FloatArray]:
    """Prepare sums of gains among all: draws (B, places) to shape (gains, groups, B)."""
    n_groups = int(group.max(initial=-1)) + 1
    rows = np.flatnonzero(np.stack(list(gains)).max(axis=0) > 0)
    where = rows if place is None else place[rows]
    everyone = build_queue([gain[rows] for gain in gains], np.zeros(len(rows)), group[rows], place=where)
    unlimited = np.full((len(everyone.head) - 1, 1), np.inf)

    def total(draws: Draws) -> FloatArray:
        found, _ = _fill(everyone, unlimited, draws)
        padded = np.zeros((len(draws), n_groups, len(gains)))
        padded[:, : found.shape[1]] = found[:, :, 0]
        return padded.transpose(2, 1, 0)

    return total


def plan_needed(
    gain: FloatArray, priority: FloatArray, group: IntArray, place: IntArray | None = None
) -> Callable[[Draws, FloatArray], FloatArray]:
    """Prepare the search for how many must be answered in each group to gain so much.

    It takes draws (B, places) and the gain wanted: shape (1, B) for all groups pooled, at the same number of
    answers in each, or (1 + groups, B) for all pooled and then for each alone. It returns the number of answers
    in the same shape.
    """
    queue = build_queue([gain], priority, group, place=place)

    def needed(draws: Draws, wanted: FloatArray) -> FloatArray:
        found: FloatArray = search_work(queue, np.ascontiguousarray(wanted), draws)
        return found

    return needed


def reached_kernel(
    gains: Sequence[FloatArray], priority: FloatArray, capacity: FloatArray, group: IntArray
) -> Callable[[FloatArray], FloatArray]:
    """Prepare sums of gains among the answered: weights (n, B) to shape (gains, groups, B)."""
    reached = plan_reached(gains, priority, capacity[None, :], group)
    return lambda weight: reached(_as_draws(weight))[0]


def total_kernel(gains: Sequence[FloatArray], group: IntArray) -> Callable[[FloatArray], FloatArray]:
    """Prepare sums of gains among all: weights (n, B) to shape (gains, groups, B)."""
    total = plan_total(gains, group)
    return lambda weight: total(_as_draws(weight))


def workload_kernel(
    gain: FloatArray, priority: FloatArray, group: IntArray
) -> Callable[[FloatArray, FloatArray], FloatArray]:
    """Prepare the search of :func:`plan_needed` for weights of shape (n, B)."""
    needed = plan_needed(gain, priority, group)
    return lambda weight, wanted: needed(_as_draws(weight), wanted)


def _as_draws(weight: FloatArray) -> FloatArray:
    return np.ascontiguousarray(weight.T)


def saved_share(needed: FloatArray, usual: FloatArray, wanted: FloatArray) -> FloatArray:
    """Share of the usual work that is not needed to gain so much; NaN where nothing is wanted."""
    return np.where(wanted > 0, 1.0 - ratio(needed, usual), np.nan)


def answered_share(priority: FloatArray, capacity: FloatArray, group: IntArray) -> FloatArray:
    """Share of each row that is answered: 1 inside capacity, 0 behind it, in between for ties.

    ``capacity`` has shape (..., groups), what is returned (..., n).
    """
    order, groups, new, _ = _sorted(priority, group, None)
    starts = np.flatnonzero(new)
    size = np.diff(np.append(starts, len(order)))
    before = starts - np.searchsorted(groups, groups[starts])
    share = np.clip((capacity[..., groups[starts]] - before) / size, 0.0, 1.0)
    found = np.empty((*capacity.shape[:-1], len(order)))
    found[..., order] = np.repeat(share, size, axis=-1)
    return found
