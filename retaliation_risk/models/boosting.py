"""Boosted trees for one horizon: held to the signs that research fixes, stopped and calibrated on later moments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from retaliation_risk.errors import ArgumentError
from retaliation_risk.features import SIGNS
from retaliation_risk.models._base import Fitted
from retaliation_risk.models._calibration import Calibrator, fit_calibrator, split
from retaliation_risk.models._design import numbers
from retaliation_risk.models._outcomes import Bools, Floats, same_horizon
from retaliation_risk.models.classifier import known_rows, sigmoid

#: Rows below which trees use one thread.
FEW_ROWS = 200_000

#: Distinct values a column has for the trees.
BINS = 254


class Boosting(Fitted):
    """Boosted trees, rows weighted for censoring, stopped and calibrated on later moments than they were grown on.

    The last moments that hold a fifth of the rows and enough events are kept back for calibration (rows are
    never shuffled): a sigmoid below 1000 events there, isotonic from 1000 on. Of the moments before, the last fifth
    says in the same way how many trees are enough; then all of them are grown anew, that many. Between two parts lies
    a gap of the horizon. Customers seen at several moments stand in more than one part, so calibration is honest
    about time and not about new customers. With too few events for a part the trees are grown without it: first all
    ``max_iter`` of them, then uncalibrated.

    Events are rare, and rows are not weighted against that: such weights would raise every risk. The loss is the log
    loss, whose least value is at the true risks however rare the events.

    Parameters
    ----------
    horizon_days : float
        Horizon of the risk; no other can be asked.
    seed : int
        Seed of the trees.
    learning_rate, max_leaf_nodes, min_samples_leaf
        As in scikit-learn's ``HistGradientBoostingClassifier``. Small trees with large leaves: where one row in a hundred
        is an event, a leaf of 50 rows holds half an event (docs/models.md has what larger trees cost).
    max_iter : int
        Most trees.
    signs : mapping of str to int, optional
        Feature to 1 (the risk never falls with it) or -1 (never rises), all else equal. Without it the signs that the
        declared features have from research (:data:`retaliation_risk.features.SIGNS`); an empty one lets all be free.

    Attributes
    ----------
    calibrated_ : bool
        Whether a later part was large enough to calibrate on.
    stopped_ : bool
        Whether a later part was large enough to choose the number of trees on.
    n_trees_ : int
        Trees grown.
    signs_ : dict of str to int
        Signs of the columns that there are.
    used_ : array of bool, shape (n_features,)
        False for columns without any value in the part the trees were grown on.
    features_ : list of str
        Columns seen at fit, sorted by name. Missing values are allowed and get their own branch.

    References
    ----------
    Friedman (2001), doi:10.1214/aos/1013203451.
    """

    used_: Bools

    def __init__(
        self,
        horizon_days: float = 30.0,
        seed: int = 0,
        learning_rate: float = 0.05,
        max_iter: int = 100,
        max_leaf_nodes: int = 4,
        min_samples_leaf: int = 200,
        signs: Mapping[str, int] | None = None,
    ) -> None:
        self.horizon_days = horizon_days
        self.seed = seed
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.signs = signs

    def fit(self, X: pd.DataFrame, y: pd.DataFrame) -> Self:
        """Grow trees on the earlier moments and calibrate them on the later ones."""
        X, outcomes, hit, weight = known_rows(X, y, self.horizon_days)
        self.features_ = sorted(map(str, X.columns))
        self.signs_ = _signs(SIGNS if self.signs is None else self.signs, self.features_)
        matrix = numbers(X, self.features_)
        early, later = split(outcomes.moment, hit, self.horizon_days)
        # scikit-learn cannot bin a column without any value.
        self.used_ = np.asarray(~np.isnan(matrix[early]).all(axis=0))
        self.edges_ = [_edges(column) for column in matrix[early][:, self.used_].T]
        matrix = self._binned(matrix)
        before = (matrix[early], hit[early], weight[early])
        self.n_trees_, self.stopped_ = self._enough(*before, outcomes.moment[early])
        self.trees_ = self._grown(*before, self.n_trees_)
        self.calibrated_ = bool(later.any())
        self.calibrator_: Calibrator | None = None
        if self.calibrated_:
            raw = self._raw(matrix[later])
            self.calibrator_ = fit_calibrator(raw, hit[later], weight[later])
        return self

    def predict_risk(self, X: pd.DataFrame, horizon_days: float) -> Floats:
        """Probability of retaliation within the horizon, shape (n_customers,)."""
        check_is_fitted(self)
        same_horizon(self.horizon_days, horizon_days)
        if len(X) == 0:
            return np.empty(0)
        raw = self._raw(self._binned(numbers(X, self.features_)))
        return self.calibrator_(raw) if self.calibrator_ is not None else sigmoid(raw)

    def to_parameters(self) -> None:  # type: ignore[override]
        """None: trees are not written as JSON."""
        return None

    def _enough(
        self, matrix: Floats, hit: Bools, weight: Floats, moment: npt.NDArray[np.datetime64]
    ) -> tuple[int, bool]:
        """How many trees predict later moments best; all of them, and False, where there are too few events to say."""
        first, last = split(moment, hit, self.horizon_days)
        if not last.any():
            return self.max_iter, False
        trees = self._grown(matrix[first], hit[first], weight[first], self.max_iter)
        with _threads(len(matrix)):
            raws = trees.staged_decision_function(matrix[last])
            losses = [_log_loss(raw.ravel(), hit[last], weight[last]) for raw in raws]
        return int(np.argmin(losses)) + 1, True

    def _grown(
        self, matrix: Floats, hit: Bools, weight: Floats, n_trees: int
    ) -> HistGradientBoostingClassifier:
        used = [name for name, use in zip(self.features_, self.used_, strict=True) if use]
        # scikit-learn's own early stopping holds out shuffled rows, which mixes later moments into earlier ones.
        trees = HistGradientBoostingClassifier(
            learning_rate=self.learning_rate,
            max_iter=n_trees,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=self.min_samples_leaf,
            l2_regularization=1.0,
            monotonic_cst=[self.signs_.get(name, 0) for name in used],
            early_stopping=False,
            random_state=self.seed,
        )
        with _threads(len(matrix)):
            return trees.fit(matrix, hit, sample_weight=_unequal(weight))

    def _binned(self, matrix: Floats) -> Floats:
        """Position of each value among the edges of its column, NaN where missing; the order is kept."""
        used = matrix[:, self.used_]
        places = [np.searchsorted(edges, column) for edges, column in zip(self.edges_, used.T, strict=True)]
        return np.where(np.isnan(used), np.nan, np.column_stack(places))

    def _raw(self, matrix: Floats) -> Floats:
        with _threads(len(matrix)):
            raw: Floats = self.trees_.decision_function(matrix)
        return raw


def _signs(signs: Mapping[str, int], features: list[str]) -> dict[str, int]:
    """Signs of the features that there are, in their order."""
    if wrong := {name: sign for name, sign in signs.items() if sign not in (-1, 0, 1)}:
        raise ArgumentError("RR111", f"signs are {wrong}; each must be -1, 0 or 1.")
    return {name: int(signs[name]) for name in features if signs.get(name, 0)}


def _log_loss(raw: Floats, hit: Bools, weight: Floats) -> float:
    """Weighted mean log loss of raw log-odds."""
    return float(np.average(np.logaddexp(0.0, raw) - np.where(hit, raw, 0.0), weights=weight))


def _threads(n_rows: int) -> threadpool_limits:
    """One thread for few rows: threads that wait for each other cost more than they bring, most on a busy machine."""
    return threadpool_limits(1 if n_rows < FEW_ROWS else None, user_api="openmp")


def _edges(column: Floats) -> Floats:
    """Up to 254 quantiles of a column's values; scikit-learn's own weighted quantiles take seconds a fit."""
    known = column[~np.isnan(column)]
    edges: Floats = np.unique(np.quantile(known, np.linspace(0, 1, BINS), method="inverted_cdf"))
    return edges


def _unequal(weight: Floats) -> Floats | None:
    """Nothing where all weights are equal: scikit-learn bins unweighted columns much faster."""
    return None if weight.size and (weight == weight[0]).all() else weight
