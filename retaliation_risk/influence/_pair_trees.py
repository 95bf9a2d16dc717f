"""Trees grown one after the other on pairs: each a Newton step on the log loss of who was judged above whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.tree import DecisionTreeRegressor

from retaliation_risk.influence._pairs import Pairs, win_probability

Floats = npt.NDArray[np.float64]

#: Share of the pairs, and of the signals at each split, that a tree looks at: what one misses another sees.
PAIRS_SEEN, SIGNALS_SEEN = 0.5, 0.3


@dataclass(frozen=True)
class Growth:
    """How trees grow: how many, by what share of a step, how large, and the seed of what each sees."""

    rounds: int
    learning_rate: float
    max_leaf_nodes: int
    min_samples_leaf: int
    seed: int


def grow_trees(X: Floats, pairs: Pairs, signs: Sequence[int], growth: Growth) -> list[Any]:
    """Return the trees; the strength of a row is the learning rate times the sum of their predictions."""
    rng = np.random.default_rng(growth.seed)
    strength, trees = np.zeros(len(X)), []
    for _ in range(growth.rounds):
        slope, curvature = newton(strength, pairs, rng.random(len(pairs)) < PAIRS_SEEN)
        judged = curvature > 0
        tree = DecisionTreeRegressor(
            max_leaf_nodes=growth.max_leaf_nodes,
            min_samples_leaf=growth.min_samples_leaf,
            max_features=SIGNALS_SEEN,
            monotonic_cst=list(signs) if any(signs) else None,
            random_state=int(rng.integers(2**31)),
        )
        # A leaf's weighted mean of slope / curvature is its summed slope over its summed curvature: Newton's step.
        if judged.any():
            tree.fit(X[judged], slope[judged] / curvature[judged], sample_weight=curvature[judged])
            strength = strength + growth.learning_rate * tree.predict(X)
            trees.append(tree)
    return trees


def newton(strength: Floats, pairs: Pairs, seen: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Slope of the log likelihood of the pairs seen in each row's strength, and minus its second derivative.

    Examples
    --------
    >>> one = Pairs(np.array([0]), np.array([1]), np.array([1.0]))
    >>> newton(np.zeros(3), one, np.array([True]))
    (array([ 0.5, -0.5,  0. ]), array([0.25, 0.25, 0.  ]))
    """
    first, second, wins = pairs.first[seen], pairs.second[seen], pairs.wins[seen]
    chance = win_probability(strength[first] - strength[second])
    n, weight = len(strength), chance * (1 - chance)
    slope = np.bincount(first, wins - chance, n) - np.bincount(second, wins - chance, n)
    curvature = np.bincount(first, weight, n) + np.bincount(second, weight, n)
    return slope.astype(np.float64), curvature.astype(np.float64)
