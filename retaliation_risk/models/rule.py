"""Grégoire's advice as a model: watch the loyal customers who were let down at least twice."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from retaliation_risk._validate import positive
from retaliation_risk.models._base import Fitted
from retaliation_risk.models._design import numbers
from retaliation_risk.models._outcomes import Floats, known_weights, read_outcomes, same_horizon, targets
from retaliation_risk.models.baseline import weighted_share

COLUMNS = ("failed_recoveries_ever", "tenure_days")


class Rule(Fitted):
    """Four cells, let down often enough or not, loyal or not; each gets its share of events in training.

    No effect is fitted, so the rule can be judged beside models that fit them. The two settings are named
    after the columns they cut. Missing values count as not let down, and as not loyal.

    Parameters
    ----------
    horizon_days : float
        Horizon of the risk; no other can be asked.
    failed_recoveries_ever : float
        Let down often enough from this many failed recoveries on.
    tenure_days : float
        Loyal from this many days since first seen on.

    Attributes
    ----------
    risks_ : array, shape (2, 2)
        Risk by (let down, loyal); cells without known outcomes have the share of all rows.
    rows_ : array of int, shape (2, 2)
        Training rows in each cell.

    References
    ----------
    Grégoire, Tripp and Legoux (2009), doi:10.1509/jmkg.73.6.18.

    Examples
    --------
    >>> X = pd.DataFrame({"failed_recoveries_ever": [0.0, 2, 3, 2], "tenure_days": [900.0, 900, 400, 10]})
    >>> y = pd.DataFrame({"customer_id": list("abcd"), "moment": pd.Timestamp("2026-01-01"),
    ...     "event": [False, True, False, False], "duration_days": [30.0, 3, 30, 30], "competing": False})
    >>> Rule(horizon_days=30).fit(X, y).predict_risk(X, 30).tolist()
    [0.0, 0.5, 0.5, 0.0]
    """

    _state: ClassVar = ("risks_", "rows_")

    def __init__(
        self,
        horizon_days: float = 30.0,
        failed_recoveries_ever: float = 2.0,
        tenure_days: float = 365.0,
    ) -> None:
        self.horizon_days = horizon_days
        self.failed_recoveries_ever = failed_recoveries_ever
        self.tenure_days = tenure_days

    def fit(self, X: pd.DataFrame, y: pd.DataFrame) -> Self:
        """Learn the weighted share of events in each cell."""
        positive("horizon_days", self.horizon_days)
        X, outcomes = read_outcomes(X, y)
        hit = targets(outcomes, self.horizon_days)
        weight = known_weights(outcomes, self.horizon_days)
        let_down, loyal = self.cells(X)
        self.risks_ = np.full((2, 2), weighted_share(hit, weight))
        self.rows_ = np.zeros((2, 2), dtype=np.int64)
        for cell in np.ndindex(2, 2):
            rows = (let_down == cell[0]) & (loyal == cell[1])
            self.rows_[cell] = rows.sum()
            if weight[rows].sum() > 0:
                self.risks_[cell] = weighted_share(hit[rows], weight[rows])
        return self

    def predict_risk(self, X: pd.DataFrame, horizon_days: float) -> Floats:
        """Share of events in the row's cell, shape (n_customers,)."""
        check_is_fitted(self)
        same_horizon(self.horizon_days, horizon_days)
        risk: Floats = self.risks_[self.cells(X)]
        return risk

    def cells(self, X: pd.DataFrame) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return 0 or 1 for let down often enough, and for loyal, each of shape (n_customers,)."""
        values = numbers(X, COLUMNS)
        let_down = values[:, 0] >= self.failed_recoveries_ever
        loyal = values[:, 1] >= self.tenure_days
        return let_down.astype(np.int64), loyal.astype(np.int64)
