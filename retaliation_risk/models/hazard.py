"""Discrete-time hazard: the chance of retaliating in each period, given none before, by any classifier."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted

from retaliation_risk._validate import positive, within
from retaliation_risk.errors import GateError
from retaliation_risk.models._base import Fitted
from retaliation_risk.models._design import Design, fit_design, refuse_collinear, weighed
from retaliation_risk.models._outcomes import Floats, read_outcomes, within_reach
from retaliation_risk.models._periods import PersonPeriods, period_edges, person_periods, sample_periods
from retaliation_risk.models.classifier import sigmoid

#: Indicators of periods stand this tall, so that the ridge, which sees their coefficients divided by it, hardly
#: touches the level of a period.
TALL = 1e3


class Hazard(Fitted):
    """Classifier of person-periods: each landmark row once for every period it was at risk in.

    Survival is the product of one minus the hazards. The curve has any shape (each period its own level), and with a
    classifier of your own effects may differ between periods and bend or interact as it can learn.

    Rows censored inside a period, competing exits among them, count half in it, as in a life table: the risk is that
    of a world in which nobody leaves. Within a period the hazard is taken as constant.

    Parameters
    ----------
    period_days : float
        Length of a period, above 0; the last one ends with the longest follow-up.
    classifier : scikit-learn classifier, optional
        Anything with ``predict_proba`` and ``sample_weight``; it sees the features, filled and standardised, and the
        number of the period (from 0) as last column. The default is a logistic regression with a level for each period.
    ridge : float
        Of the default: half of this times the sum of squared coefficients is taken from the log likelihood, as in
        :class:`Cox`. 0 for none. A classifier of your own has its own settings.
    max_rows : int
        Above this many person-periods all events and a random share of the others are kept, and weighted to stand for
        all: this bounds the memory (docs/method.md has it measured).
    seed : int
        Of that share.

    Attributes
    ----------
    design_ : Design
        Medians, means and scales of training.
    edges_ : array, shape (n_periods + 1,)
        Days at which periods begin and end.
    coefficients_ : array, shape (n_used,)
        Log odds ratio per standard deviation; of the default classifier only.
    levels_ : array, shape (n_periods,)
        Log-odds in each period of the reference customer, who has the training mean of each feature; NaN where nobody
        retaliated: the hazard is 0 there. Of the default classifier only.
    classifier_ : classifier
        Fitted copy of ``classifier``, where one was given.
    longest_ : float
        Longest follow-up seen, in days; later times are refused.
    n_periods_ : int
        Person-periods fitted, after sampling.

    References
    ----------
    Allison (1982), doi:10.2307/270718; Singer and Willett (1993), doi:10.3102/10769986018002155.

    Examples
    --------
    >>> X = pd.DataFrame({"calls": [4.0, 3.0, 0.0, 1.0]})
    >>> y = pd.DataFrame({"customer_id": list("abcd"), "moment": pd.Timestamp("2026-01-01"),
    ...     "event": [True, True, True, False], "duration_days": [3.0, 8, 20, 30], "competing": False})
    >>> Hazard(period_days=15).fit(X, y).predict_survival(X, [15, 30]).round(2).tolist()
    [[0.4, 0.13], [0.45, 0.17], [0.6, 0.31], [0.55, 0.26]]
    """

    _state: ClassVar = ("design_", "edges_", "coefficients_", "levels_", "longest_", "n_periods_")

    design_: Design

    def __init__(
        self,
        period_days: float = 7.0,
        classifier: Any = None,
        ridge: float = 4.0,
        max_rows: int = 1_000_000,
        seed: int = 0,
    ) -> None:
        self.period_days = period_days
        self.classifier = classifier
        self.ridge = ridge
        self.max_rows = max_rows
        self.seed = seed

    def fit(self, X: pd.DataFrame, y: pd.DataFrame) -> Self:
        """Expand the rows into person-periods and fit the classifier to them."""
        positive("period_days", self.period_days)
        within("ridge", self.ridge, 0.0, 1e300)
        X, outcomes = read_outcomes(X, y)
        self.design_ = fit_design(X)
        refuse_collinear(self.design_, self.ridge)
        self.edges_ = period_edges(outcomes.longest, self.period_days)
        self.longest_ = outcomes.longest
        periods = person_periods(outcomes.duration, outcomes.event, self.edges_)
        if periods.event.all():
            raise GateError("RR401", f"all of {len(periods.row)} person-periods hold an event.")
        periods = sample_periods(periods, self.max_rows, self.seed)
        self.n_periods_ = len(periods.row)
        Z = self.design_.matrix(X)
        if self.classifier is None:
            self.coefficients_, self.levels_ = _logistic(Z, periods, len(self.edges_) - 1, self.ridge)
        else:
            matrix = np.column_stack([Z[periods.row], periods.period])
            self.classifier_ = clone(self.classifier)
            self.classifier_.fit(matrix, periods.event, sample_weight=periods.weight)
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
        """Odds ratio within a period per standard deviation, of the default classifier; shrunk, so without interval."""
        check_is_fitted(self)
        unknown = np.full(len(self.coefficients_), np.nan)
        return self.design_.effects(np.exp(self.coefficients_), unknown, unknown, unknown, "odds ratio")

    def contributions(self, X: pd.DataFrame) -> pd.DataFrame:
        """Log-odds against the training mean, one column per feature; of the default classifier."""
        check_is_fitted(self)
        return self.design_.contributions(X, self.coefficients_)

    def predict_hazard(self, X: pd.DataFrame) -> Floats:
        """Chance of retaliating in each period, given none before, shape (n_customers, n_periods)."""
        check_is_fitted(self)
        Z = self.design_.matrix(X)
        if self.classifier is None:
            odds = weighed(Z, self.coefficients_)[:, None] + self.levels_
            return np.where(np.isnan(odds), 0.0, sigmoid(odds))
        hazard = np.empty((len(Z), len(self.edges_) - 1))
        for k in range(hazard.shape[1] if len(Z) else 0):
            with_period = np.column_stack([Z, np.full(len(Z), k)])
            hazard[:, k] = self.classifier_.predict_proba(with_period)[:, 1]
        return hazard

    def predict_survival(self, X: pd.DataFrame, times: Floats) -> Floats:
        """Probability of no retaliation up to each time, shape (n_customers, n_times)."""
        check_is_fitted(self)
        asked = np.atleast_1d(np.asarray(times, dtype=np.float64))
        for time in asked:
            within_reach(self.longest_, float(time))
        left = 1.0 - self.predict_hazard(X)
        reached = np.cumprod(np.column_stack([np.ones(len(left)), left]), axis=1)
        inside = np.minimum(asked, self.longest_)
        k = np.searchsorted(self.edges_[1:], inside, side="left")
        share = (inside - self.edges_[k]) / np.diff(self.edges_)[k]
        survival: Floats = reached[:, k] * left[:, k] ** share
        return survival

    def predict_risk(self, X: pd.DataFrame, horizon_days: float) -> Floats:
        """One minus survival at the horizon, shape (n_customers,)."""
        risk: Floats = 1.0 - self.predict_survival(X, np.array([horizon_days]))[:, 0]
        return risk

    def to_parameters(self) -> dict[str, Any] | None:  # type: ignore[override]
        """As other models; None with a classifier of your own, which cannot be written as JSON."""
        return super().to_parameters() if self.classifier is None else None


def _logistic(Z: Floats, periods: PersonPeriods, n_periods: int, ridge: float) -> tuple[Floats, Floats]:
    """Log odds ratios and the log-odds of each period; a period without events has the hazard 0, and no part in it."""
    levels = np.full(n_periods, np.nan)
    told = np.bincount(periods.period, periods.event, n_periods) > 0
    periods = periods.take(told[periods.period])
    p = Z.shape[1]
    matrix = np.zeros((len(periods.row), p + int(told.sum())))
    matrix[:, :p] = Z[periods.row]
    place = np.cumsum(told) - 1
    matrix[np.arange(len(matrix)), p + place[periods.period]] = TALL
    fitted = LogisticRegression(
        C=1 / ridge if ridge > 0 else np.inf,
        fit_intercept=False,
        solver="newton-cholesky",
        tol=1e-10,
        max_iter=200,
    )
    fitted.fit(matrix, periods.event, sample_weight=periods.weight)
    coefficients = fitted.coef_[0].astype(np.float64)
    levels[told] = coefficients[p:] * TALL
    return coefficients[:p], levels
