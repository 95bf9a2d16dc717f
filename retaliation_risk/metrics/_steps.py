"""A ranking, cut at its positive rows: where ties are resolved for all rank metrics but those of time (``_pairs.py``).

Only the positions of the positive rows (events) matter to a rank metric; the many negative rows between two
of them can be summed. ``Steps`` does that summing as a sparse product, so a weighted metric costs one pass
over the rows and no sort.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from retaliation_risk.metrics._arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Steps:
    """Sums of positive and negative rows between the steps of a ranking, lowest score first.

    Even steps are the distinct scores of positive rows, odd ones what lies between; each group opens with
    an empty step and holds the steps ``first`` to ``last``.
    """

    positive: Any
    negative: Any
    first: IntArray
    last: IntArray


def build_steps(positive: BoolArray, negative: BoolArray, score: FloatArray, group: IntArray) -> Steps:
    """Cut the ranking within each group at the scores of its positive rows."""
    distinct, rank = np.unique(score, return_inverse=True)
    opening = np.unique(group[positive | negative]) * (len(distinct) + 1)
    key = group * (len(distinct) + 1) + rank + 1
    nodes = np.union1d(opening, key[positive])
    at = np.searchsorted(nodes, key, "right") - 1
    step = 2 * at + (nodes[np.maximum(at, 0)] != key)
    first_node = np.searchsorted(nodes, opening)
    sizes = np.diff(np.append(first_node, len(nodes)))
    return Steps(
        positive=row_sums(step, positive, 2 * len(nodes)),
        negative=row_sums(step, negative, 2 * len(nodes)),
        first=np.repeat(2 * first_node, 2 * sizes),
        last=np.repeat(2 * (first_node + sizes) - 1, 2 * sizes),
    )


def row_sums(place: IntArray, values: Any, n_places: int) -> Any:
    """Sparse matrix that sums ``values`` times the weights of the rows of each place."""
    rows = np.flatnonzero(values)
    entries = np.asarray(values, dtype=np.float64)[rows]
    return sparse.csr_array((entries, (place[rows], rows)), shape=(n_places, len(place)))


def compare_pairs(
    steps: Steps, cases: FloatArray, controls: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Weigh concordant pairs (a tie is half) and all pairs of a positive and a negative row of one group.

    Positive rows count with ``cases``, shape (n, B), negative ones with ``controls``, or the same.
    """
    positive = steps.positive @ cases
    negative = steps.negative @ (cases if controls is None else controls)
    below = np.cumsum(negative, axis=0) - negative
    inside = below - below[steps.first]
    everyone = inside[steps.last] + negative[steps.last]
    concordant: FloatArray = (positive * (inside + negative / 2)).sum(axis=0)
    pairs: FloatArray = (positive * everyone).sum(axis=0)
    return concordant, pairs
