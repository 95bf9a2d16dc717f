"""Scores learned from pairwise human judgements: who of two is more influential.

All of them give a profile a strength s, and say that A is judged above B with the chance 1 / (1 + exp(s_B - s_A)), the
model of Bradley and Terry with strengths that depend on the signals. So the chance of a pair and that of the pair turned
round add up to exactly 1, and who beats whom has no cycles.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted

from retaliation_risk._validate import positive
from retaliation_risk.errors import ArgumentError
from retaliation_risk.influence._log_signals import LogSignals, fit_log_signals
from retaliation_risk.influence._pair_trees import Growth, grow_trees
from retaliation_risk.influence._pairs import Pairs, positions, read_pairs, win_probability
from retaliation_risk.influence.scorers import Scorer

Floats = npt.NDArray[np.float64]

#: More of these never lowers the strength that trees give, all else equal. An assumption about words, not an estimate:
#: a score that falls when more people listen is not what anybody means by influence.
SIGNS: Mapping[str, int] = MappingProxyType(
    dict.fromkeys(("followers", "listed", "mentions", "shares", "replies", "clicks"), 1)
)


class Learned(Scorer):
    """A score that learns a strength from pairs; see :class:`PairLogit` and :class:`PairTrees`.

    Attributes
    ----------
    signals_ : LogSignals
        The signals read, and how they are standardised.
    n_pairs_ : int
        Pairs learned from: those with both profiles known.
    """

    signals: Sequence[str] | None
    signals_: LogSignals
    n_pairs_: int
    _decimals: ClassVar[int] = 6

    def strength(self, profiles: pd.DataFrame) -> Floats:
        """Strength in log-odds, shape (n,); only differences have a meaning. NaN where no signal is known."""
        check_is_fitted(self, "signals_")
        X, known = self.signals_.matrix(profiles)
        return np.where(known, self._strength(X), np.nan)

    def win_probability(self, profiles: pd.DataFrame, pairs: pd.DataFrame) -> Floats:
        """Chance that the first of each pair is judged above the second, shape (n_pairs,).

        Parameters
        ----------
        profiles : DataFrame
            As at fit.
        pairs : DataFrame
            ``first`` and ``second``, positions of rows in ``profiles``.

        Returns
        -------
        array of float
            In [0, 1], exactly 1 less the chance of the pair turned round; NaN where a profile is unknown.
        """
        first, second = positions(pairs, len(profiles))
        strength = self.strength(profiles)
        return win_probability(strength[first] - strength[second])

    def _learn(self, profiles: pd.DataFrame, pairs: pd.DataFrame | None) -> None:
        self.signals_ = fit_log_signals(profiles, self.signals)
        X, known = self.signals_.matrix(profiles)
        judged = read_pairs(pairs, known)
        self.n_pairs_ = len(judged)
        self._grow(X, judged)

    @abstractmethod
    def _grow(self, X: Floats, pairs: Pairs) -> None:
        """Learn from standardised log signals, shape (n, n_signals), and pairs of their rows."""

    @abstractmethod
    def _strength(self, X: Floats) -> Floats:
        """Strength of rows of standardised log signals, shape (n,)."""


class PairLogit(Learned):
    """Logistic regression on differences of log signals, without an intercept: strength is a weighted sum.

    With ``curves`` the strength may bend and combine signals too, by a Gaussian kernel seen from so many of the profiles
    (Nystroem's method).

    Parameters
    ----------
    signals : sequence of str, optional
        Columns to read; default all of :data:`~retaliation_risk.influence.SIGNALS` that are there.
    penalizer : float
        Above 0. Added to the mean log loss: this times half the squared coefficients (ridge).
    curves : int
        Profiles from which bends are seen, at least 0; 0 draws straight lines.
    bend : float
        Above 0. How fast curves may turn: the kernel is exp(-bend times the mean squared difference of signals).
    seed : int
        Draws the profiles of ``curves``.

    References
    ----------
    Bradley and Terry (1952), doi:10.1093/biomet/39.3-4.324.

    Examples
    --------
    >>> accounts = pd.DataFrame({"shares": np.arange(30.0)})
    >>> pairs = pd.DataFrame({"first": np.arange(29), "second": np.arange(1, 30), "first_wins": False})
    >>> PairLogit().fit(accounts, pairs).score(accounts)[[0, 29]].tolist()
    [1.0, 100.0]
    """

    def __init__(
        self,
        signals: Sequence[str] | None = None,
        penalizer: float = 0.01,
        curves: int = 0,
        bend: float = 0.1,
        seed: int = 0,
    ) -> None:
        self.signals = signals
        self.penalizer = penalizer
        self.curves = curves
        self.bend = bend
        self.seed = seed

    @property
    def weights_(self) -> pd.Series[float]:
        """Log-odds per standard deviation of each log signal, straight part only; shrunk, so without intervals."""
        check_is_fitted(self, "signals_")
        return pd.Series(self.coefficients_[: len(self.signals_.names)], list(self.signals_.names))

    def _grow(self, X: Floats, pairs: Pairs) -> None:
        positive("penalizer", self.penalizer)
        self.kernel_ = self._kernel(X[np.unique(np.concatenate([pairs.first, pairs.second]))])
        Z = self._columns(X)
        difference = Z[pairs.first] - Z[pairs.second]
        # Each pair stands there both ways round, so that neither side has a name.
        both, wins = np.concatenate([difference, -difference]), np.concatenate([pairs.wins, 1 - pairs.wins])
        cost = 1 / (self.penalizer * len(wins))
        logit = LogisticRegression(C=cost, fit_intercept=False, tol=1e-8, solver="newton-cholesky")
        self.coefficients_: Floats = logit.fit(both, wins).coef_[0].astype(np.float64)

    def _strength(self, X: Floats) -> Floats:
        strength: Floats = self._columns(X) @ self.coefficients_
        return strength

    def _kernel(self, X: Floats) -> Any:
        if not (isinstance(self.curves, int) and self.curves >= 0):
            raise ArgumentError("RR111", f"curves is {self.curves!r}; it must be a whole number from 0.")
        if self.curves == 0:
            return None
        gamma = positive("bend", self.bend) / X.shape[1]
        return Nystroem(gamma=gamma, n_components=min(self.curves, len(X)), random_state=self.seed).fit(X)

    def _columns(self, X: Floats) -> Floats:
        if self.kernel_ is None:
            return X
        # Columns of Nystroem's map shrink with their number; the ridge is to see them at one size.
        bends = self.kernel_.transform(X) * np.sqrt(self.kernel_.n_components)
        return np.column_stack([X, bends])


class PairTrees(Learned):
    """Boosted regression trees: strength is a sum of small trees, each a Newton step on the log loss of the pairs.

    Parameters
    ----------
    signals : sequence of str, optional
        Columns to read; default all of :data:`~retaliation_risk.influence.SIGNALS` that are there.
    signs : mapping of str to int, optional
        1 for signals that never lower the strength, -1 for those that never raise it; default :data:`SIGNS`.
    rounds : int
        Trees, at least 1.
    learning_rate : float
        Above 0; share of each step that is taken.
    max_leaf_nodes : int
        At least 2.
    min_samples_leaf : int
        Profiles in a leaf, at least 1.
    seed : int
        Draws the half of the pairs and the third of the signals that each tree sees.

    References
    ----------
    Friedman (2001), doi:10.1214/aos/1013203451; Burges et al. (2005), Learning to rank using gradient descent, ICML.

    Examples
    --------
    >>> accounts = pd.DataFrame({"shares": np.arange(60.0)})
    >>> pairs = pd.DataFrame({"first": np.arange(59), "second": np.arange(1, 60), "first_wins": False})
    >>> PairTrees().fit(accounts, pairs).score(accounts)[[0, 59]].round().tolist()
    [18.0, 83.0]
    """

    def __init__(
        self,
        signals: Sequence[str] | None = None,
        signs: Mapping[str, int] | None = None,
        rounds: int = 100,
        learning_rate: float = 0.05,
        max_leaf_nodes: int = 8,
        min_samples_leaf: int = 20,
        seed: int = 0,
    ) -> None:
        self.signals = signals
        self.signs = signs
        self.rounds = rounds
        self.learning_rate = learning_rate
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.seed = seed

    def _grow(self, X: Floats, pairs: Pairs) -> None:
        positive("rounds", self.rounds)
        rate = positive("learning_rate", self.learning_rate)
        growth = Growth(self.rounds, rate, self.max_leaf_nodes, self.min_samples_leaf, self.seed)
        held = SIGNS if self.signs is None else self.signs
        self.trees_ = grow_trees(X, pairs, [held.get(name, 0) for name in self.signals_.names], growth)

    def _strength(self, X: Floats) -> Floats:
        strength: Floats = self.learning_rate * np.sum([tree.predict(X) for tree in self.trees_], axis=0)
        return strength


class PairBlend(Learned):
    """Mean strength of a curved :class:`PairLogit` and :class:`PairTrees`, which err in different ways.

    Parameters
    ----------
    signals : sequence of str, optional
        Columns to read; default all of :data:`~retaliation_risk.influence.SIGNALS` that are there.
    signs : mapping of str to int, optional
        As for :class:`PairTrees`; the curved part is not held to them.
    seed : int
        Of both.
    """

    def __init__(
        self, signals: Sequence[str] | None = None, signs: Mapping[str, int] | None = None, seed: int = 0
    ) -> None:
        self.signals = signals
        self.signs = signs
        self.seed = seed

    def _grow(self, X: Floats, pairs: Pairs) -> None:
        self.members_: tuple[Learned, ...] = (
            PairLogit(curves=200, seed=self.seed),
            PairTrees(signs=self.signs, seed=self.seed),
        )
        for member in self.members_:
            member.signals_ = self.signals_
            member._grow(X, pairs)

    def _strength(self, X: Floats) -> Floats:
        strength: Floats = np.mean([member._strength(X) for member in self.members_], axis=0)
        return strength
