"""Classifiers for one horizon: logistic regression, and boosted trees calibrated on later data."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import sklearn
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from retaliation_risk._validate import positive, within
from retaliation_risk.errors import GateError
from retaliation_risk.models._base import Fitted
from retaliation_risk.models._calibration import Calibrator, fit_calibrator, split
from retaliation_risk.models._design import Design, fit_design, numbers
from retaliation_risk.models._outcomes import (
    Bools,
    Floats,
    Outcomes,
    known_weights,
    read_outcomes,
    same_horizon,
    targets,
)


def sigmoid(x: Floats) -> Floats:
    """Inverse of the log-odds, without overflow.

    Examples
    --------
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    tail = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + tail), tail / (1 + tail))


def known_rows(
    X: pd.DataFrame, y: pd.DataFrame, horizon_days: float
) -> tuple[pd.DataFrame, Outcomes, Bools, Floats]:
    """Rows whose state at the horizon is known, their outcomes, targets and IPCW weights."""
    positive("horizon_days", horizon_days)
    X, outcomes = read_outcomes(X, y)
    hit = targets(outcomes, horizon_days)
    weight = known_weights(outcomes, horizon_days)
    known = weight > 0
    if hit[known].all():
        raise GateError("RR401", f"all of {int(known.sum())} rows known at {horizon_days:g} days are events.")
    return X[known], outcomes.take(known), hit[known], weight[known]


class Logistic(Fitted):
    """Logistic regression with ridge or elastic net, rows weighted for censoring inside the horizon.

    Features are filled with training medians and standardised. The penalty shrinks effects on purpose, so
    their odds ratios come without intervals: ``low``, ``high`` and ``p_value`` are NaN.

    Parameters
    ----------
    horizon_days : float
        Horizon of the risk; no other can be asked.
    penalizer : float
        Above 0. Added to the mean log loss: this times half the squared coefficients (ridge).
    l1_ratio : float
        Share of the penalty on absolute coefficients, in [0, 1]; above 0 some effects become exactly 0.
    seed : int
        Order of the solver's passes when ``l1_ratio`` is above 0.

    Attributes
    ----------
    design_ : Design
        Medians, means and scales of training.
    coefficients_ : array, shape (n_used,)
        Log odds ratio per standard deviation.
    intercept_ : float
        Log-odds of the reference customer, who has the training mean of each feature.
    """

    _state: ClassVar = ("design_", "coefficients_", "intercept_")

    design_: Design

    def __init__(
        self,
        horizon_days: float = 30.0,
        penalizer: float = 1e-4,
        l1_ratio: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.horizon_days = horizon_days
        self.penalizer = penalizer
        self.l1_ratio = l1_ratio
        self.seed = seed

    def fit(self, X: pd.DataFrame, y: pd.DataFrame) -> Self:
        """Fit on the rows whose state at the horizon is known."""
        positive("penalizer", self.penalizer)
        within("l1_ratio", self.l1_ratio, 0, 1)
        X, _, hit, weight = known_rows(X, y, self.horizon_days)
        self.design_ = fit_design(X)
        cost = 1 / (self.penalizer * float(weight.sum()))
        fitted = LogisticRegression(C=cost, random_state=self.seed, **_solver(self.l1_ratio))
        fitted.fit(self.design_.matrix(X), hit, sample_weight=weight)
        self.coefficients_ = fitted.coef_[0].astype(np.float64)
        self.intercept_ = float(fitted.intercept_[0])
        return self

    @property
    def dropped_(self) -> list[str]:
        """Names of the columns left out because they were constant in training."""
        return self.design_.dropped

    @property
    def typical_(self) -> pd.Series[float]:
        """Training median of each feature, in its own unit."""
        return self.design_.typical

    @property
    def effects_(self) -> pd.DataFrame:
        """Odds ratio per standard deviation; ``scale`` is that deviation in the feature's own unit."""
        check_is_fitted(self)
        nothing = np.full(len(self.coefficients_), np.nan)
        return self.design_.effects(np.exp(self.coefficients_), nothing, nothing, nothing, "odds ratio")

    def contributions(self, X: pd.DataFrame) -> pd.DataFrame:
        """Log-odds against the training mean, one per feature; rows sum to log-odds minus intercept."""
        check_is_fitted(self)
        return self.design_.contributions(X, self.coefficients_)

    def predict_risk(self, X: pd.DataFrame, horizon_days: float) -> Floats:
        """Probability of retaliation within the horizon, shape (n_customers,)."""
        check_is_fitted(self)
        same_horizon(self.horizon_days, horizon_days)
        return sigmoid(self.intercept_ + self.design_.matrix(X) @ self.coefficients_)


def _solver(l1_ratio: float) -> dict[str, Any]:
    if l1_ratio == 0:
        return {"solver": "newton-cholesky", "tol": 1e-8, "max_iter": 200}
    chosen: dict[str, Any] = {"solver": "saga", "l1_ratio": l1_ratio, "tol": 1e-6, "max_iter": 5000}
    if tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 8):
        chosen["penalty"] = "elasticnet"
    return chosen


#: Rows below which trees use one thread.
FEW_ROWS = 200_000

#: Distinct values a column has for the trees.
BINS = 254


class Boosting(Fitted):
    """Boosted trees, rows weighted for censoring, calibrated on later moments than they were grown on.

    The last moments that hold a fifth of the rows and enough events are kept back for calibration (rows are
    never shuffled): a sigmoid below 1000 events there, isotonic from 1000 on. Customers seen at
    several moments stand in both parts, so calibration is honest about time and not about new customers.
    With too few events on either side the trees are grown on all rows, uncalibrated.

    Parameters
    ----------
    horizon_days : float
        Horizon of the risk; no other can be asked.
    seed : int
        Seed of the trees.
    learning_rate, max_iter, max_leaf_nodes, min_samples_leaf
        As in scikit-learn's ``HistGradientBoostingClassifier``.

    Attributes
    ----------
    calibrated_ : bool
        Whether a later part was large enough to calibrate on.
    used_ : array of bool, shape (n_features,)
        False for columns without any value in the part the trees were grown on.
    features_ : list of str
        Columns seen at fit, sorted by name. Missing values are allowed and get their own branch.
    """

    def __init__(
        self,
        horizon_days: float = 30.0,
        seed: int = 0,
        learning_rate: float = 0.05,
        max_iter: int = 100,
        max_leaf_nodes: int = 15,
        min_samples_leaf: int = 50,
    ) -> None:
        self.horizon_days = horizon_days
        self.seed = seed
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf

    def fit(self, X: pd.DataFrame, y: pd.DataFrame) -> Self:
        """Grow trees on the earlier moments and calibrate them on the later ones."""
        X, outcomes, hit, weight = known_rows(X, y, self.horizon_days)
        self.features_ = sorted(map(str, X.columns))
        matrix = numbers(X, self.features_)
        early, later = split(outcomes.moment, hit, self.horizon_days)
        # scikit-learn cannot bin a column without any value.
        self.used_ = ~np.isnan(matrix[early]).all(axis=0)
        self.edges_ = [_edges(column) for column in matrix[early][:, self.used_].T]
        matrix = self._binned(matrix)
        with _threads(len(matrix)):
            self.trees_ = self._trees().fit(matrix[early], hit[early], sample_weight=_unequal(weight[early]))
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
        """None: trees are not written as JSON yet."""
        return None

    def _binned(self, matrix: Floats) -> Floats:
        """Position of each value among the edges of its column, NaN where missing; the order is kept."""
        used = matrix[:, self.used_]
        places = [np.searchsorted(edges, column) for edges, column in zip(self.edges_, used.T, strict=True)]
        return np.where(np.isnan(used), np.nan, np.column_stack(places))

    def _raw(self, matrix: Floats) -> Floats:
        with _threads(len(matrix)):
            raw: Floats = self.trees_.decision_function(matrix)
        return raw

    def _trees(self) -> HistGradientBoostingClassifier:
        # Early stopping would hold out shuffled rows, which mixes later moments into earlier ones.
        return HistGradientBoostingClassifier(
            learning_rate=self.learning_rate,
            max_iter=self.max_iter,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=self.min_samples_leaf,
            l2_regularization=1.0,
            early_stopping=False,
            random_state=self.seed,
        )


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
