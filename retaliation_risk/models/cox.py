"""Cox proportional hazards on landmark rows: a hazard ratio per feature, and a curve per customer."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import pandas as pd
from scipy.stats import norm
from sklearn.utils.validation import check_is_fitted

from retaliation_risk.models._base import Fitted
from retaliation_risk.models._design import Design, fit_design
from retaliation_risk.models._outcomes import Floats, read_outcomes, within_reach
from retaliation_risk.models.baseline import step
from retaliation_risk.models.partial import (
    Baseline,
    CoxFit,
    baseline,
    cumulative_hazard,
    fit_rows,
    partial_rows,
)


class Cox(Fitted):
    """Cox model on right-censored landmark rows, with errors robust to a customer's repeated rows.

    One row per (customer, landmark), clock starting at the landmark: the landmark supermodel without
    interactions with landmark time. Features are filled with training medians and standardised; ties are
    Efron's; a ridge keeps few events from making large effects.

    Competing exits are censored, so effects are on the cause-specific hazard: how fast those still here
    retaliate. The risk made from it is that of a world in which nobody leaves; where many leave it lies
    above the share who will in fact retaliate, while the order of customers is that of the hazard.

    Parameters
    ----------
    ridge : float
        Half of this times the sum of squared coefficients, per standard deviation of each column, is taken from the log
        partial likelihood: a prior of mean 0 and standard deviation ``1 / sqrt(ridge)``. A few events cannot then make
        large effects, and many events are not held back. 0 for none.

    Attributes
    ----------
    design_ : Design
        Medians, means and scales of training.
    coefficients_ : array, shape (n_used,)
        Log hazard ratio per standard deviation.
    covariance_ : array, shape (n_used, n_used)
        Robust, clustered by customer.
    baseline_ : array, shape (2, n_times)
        Times and cumulative hazard of the reference customer, who has the training mean of each feature.
    longest_ : float
        Longest follow-up seen, in days; later times are refused.
    dropped_ : list of str
        Columns left out because they were constant.

    References
    ----------
    Cox (1972), doi:10.1111/j.2517-6161.1972.tb00899.x; van Houwelingen (2007),
    doi:10.1111/j.1467-9469.2006.00529.x; Lin and Wei (1989), doi:10.1080/01621459.1989.10478874.
    """

    _state: ClassVar = ("design_", "coefficients_", "covariance_", "baseline_", "longest_")

    design_: Design

    def __init__(self, ridge: float = 4.0) -> None:
        self.ridge = ridge

    def fit(self, X: pd.DataFrame, y: pd.DataFrame) -> Self:
        """Fit by partial likelihood; the clusters are the customers."""
        X, outcomes = read_outcomes(X, y)
        self.design_ = fit_design(X)
        Z = self.design_.matrix(X)
        rows = partial_rows(
            Z,
            stop=outcomes.duration,
            event=outcomes.event,
            cluster=outcomes.customer,
            names=self.design_.used,
        )
        fit = fit_rows(rows, ridge=self.ridge)
        assert fit.robust is not None
        self.coefficients_, self.covariance_ = fit.coefficients, fit.robust
        self.baseline_ = _curve(fit, baseline(fit, rows))
        self.longest_ = outcomes.longest
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
        """Hazard ratio per standard deviation with 95 % robust interval.

        ``scale`` is that standard deviation in the feature's own unit.
        """
        check_is_fitted(self)
        error = np.sqrt(np.diag(self.covariance_))
        z = norm.ppf(0.975)
        with np.errstate(divide="ignore"):
            p_value = 2 * norm.sf(np.abs(self.coefficients_ / error))
        low, high = np.exp(self.coefficients_ - z * error), np.exp(self.coefficients_ + z * error)
        return self.design_.effects(np.exp(self.coefficients_), low, high, p_value, "hazard ratio")

    def contributions(self, X: pd.DataFrame) -> pd.DataFrame:
        """Log hazard against the training mean, one column per feature; rows sum to the linear predictor."""
        check_is_fitted(self)
        return self.design_.contributions(X, self.coefficients_)

    def predict_survival(self, X: pd.DataFrame, times: Floats) -> Floats:
        """Probability of no retaliation up to each time, shape (n_customers, n_times)."""
        check_is_fitted(self)
        asked = np.atleast_1d(np.asarray(times, dtype=np.float64))
        for time in asked:
            within_reach(self.longest_, float(time))
        # A log hazard beyond 700 overflows; survival is 0 long before.
        relative = np.exp(np.minimum(self.design_.matrix(X) @ self.coefficients_, 700.0))
        survival: Floats = np.exp(-np.outer(relative, step(self.baseline_, asked)))
        return survival

    def predict_risk(self, X: pd.DataFrame, horizon_days: float) -> Floats:
        """One minus survival at the horizon, shape (n_customers,)."""
        risk: Floats = 1.0 - self.predict_survival(X, np.array([horizon_days]))[:, 0]
        return risk


def _curve(fit: CoxFit, base: Baseline) -> Floats:
    """Make the reference customer's (Z = 0) cumulative hazard: times and values from 0 on, shape (2, n_times)."""
    times = np.concatenate([[0.0], base.time])
    return np.stack([times, cumulative_hazard(fit, base, np.zeros((1, len(fit.coefficients))), times)[0]])
