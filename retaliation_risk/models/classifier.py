"""Logistic regression for one horizon, and what all classifiers share: known rows and their weights."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted

from retaliation_risk._validate import positive, within
from retaliation_risk.errors import GateError
from retaliation_risk.models._base import Fitted
from retaliation_risk.models._design import Design, fit_design, weighed
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
        return sigmoid(self.intercept_ + weighed(self.design_.matrix(X), self.coefficients_))


def _solver(l1_ratio: float) -> dict[str, Any]:
    if l1_ratio == 0:
        return {"solver": "newton-cholesky", "tol": 1e-8, "max_iter": 200}
    chosen: dict[str, Any] = {"solver": "saga", "l1_ratio": l1_ratio, "tol": 1e-6, "max_iter": 5000}
    if tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 8):
        chosen["penalty"] = "elasticnet"
    return chosen
