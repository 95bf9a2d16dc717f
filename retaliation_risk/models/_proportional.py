"""What Cox models of a risk share: log hazard ratios, and a curve by days since the landmark."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import norm
from sklearn.utils.validation import check_is_fitted

from retaliation_risk.models._base import Explained, Fitted
from retaliation_risk.models._design import Z95, Design, spread_of, weighed
from retaliation_risk.models._outcomes import Floats, within_reach
from retaliation_risk.models.baseline import step
from retaliation_risk.models.partial import CoxFit, Rows, baseline, cumulative_hazard


class Proportional(Fitted):
    """A curve of the reference customer, who has the training mean of each feature, times a hazard ratio for each customer.

    Attributes
    ----------
    design_ : Design
        Medians, means and scales of training.
    coefficients_ : array, shape (n_used,)
        Log hazard ratio per standard deviation.
    covariance_ : array, shape (n_used, n_used)
        Robust, clustered by customer.
    curve_ : array, shape (2, n_times)
        Days since the landmark, and the reference customer's cumulative hazard up to each.
    longest_ : float
        Longest follow-up seen, in days; later times are refused.
    """

    design_: Design
    coefficients_: Floats
    covariance_: Floats
    curve_: Floats
    longest_: float

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
        """Hazard ratio per standard deviation with 95 % robust interval, of the columns that something was learned about.

        ``scale`` is that standard deviation in the feature's own unit.
        """
        check_is_fitted(self)
        error = np.sqrt(np.diag(self.covariance_))
        z = norm.ppf(0.975)
        with np.errstate(divide="ignore", invalid="ignore"):
            p_value = 2 * norm.sf(np.abs(self.coefficients_ / error))
        low, high = np.exp(self.coefficients_ - z * error), np.exp(self.coefficients_ + z * error)
        effects = self.design_.effects(np.exp(self.coefficients_), low, high, p_value, "hazard ratio")
        return effects[error > 0].reset_index(drop=True)

    @property
    def _risk_coefficients(self) -> Floats:
        """What a customer's risk is made with; shape (n_used,)."""
        return self.coefficients_

    def contributions(self, X: pd.DataFrame) -> pd.DataFrame:
        """Log hazard against the training mean, one column per feature; rows sum to the linear predictor of the risk."""
        check_is_fitted(self)
        return self.design_.contributions(X, self._risk_coefficients)

    def predict_survival(self, X: pd.DataFrame, times: Floats) -> Floats:
        """Probability of no retaliation up to each time, shape (n_customers, n_times)."""
        check_is_fitted(self)
        return self._survival(self.design_.matrix(X), np.atleast_1d(np.asarray(times, dtype=np.float64)))

    def predict_risk(self, X: pd.DataFrame, horizon_days: float) -> Floats:
        """One minus survival at the horizon, shape (n_customers,)."""
        check_is_fitted(self)
        return self._risk(self.design_.matrix(X), horizon_days)

    def risk_interval(self, X: pd.DataFrame, horizon_days: float) -> tuple[Floats, Floats]:
        """Return the low and high end of a 95 % interval of each risk, shape (n_customers,) each.

        It holds how unsure the coefficients are, by their robust covariance, and takes the reference customer's curve as
        known: an interval of the risk of customers with this history, not of what this one will do.
        """
        check_is_fitted(self)
        return self._interval(self.design_.matrix(X), horizon_days)

    def explained_risk(self, X: pd.DataFrame, horizon_days: float) -> Explained:
        """Return risks, their intervals and contributions, with the features made ready once for all three."""
        check_is_fitted(self)
        Z = self.design_.matrix(X)
        parts = dict(zip(self.design_.used, (Z * self._risk_coefficients).T, strict=True))
        return Explained(self._risk(Z, horizon_days), *self._interval(Z, horizon_days), parts)

    def _survival(self, Z: Floats, times: Floats) -> Floats:
        for time in times:
            within_reach(self.longest_, float(time))
        # A log hazard beyond 700 overflows; survival is 0 long before.
        relative = np.exp(np.minimum(weighed(Z, self._risk_coefficients), 700.0))
        survival: Floats = np.exp(-np.outer(relative, step(self.curve_, times)))
        return survival

    def _risk(self, Z: Floats, horizon_days: float) -> Floats:
        risk: Floats = 1.0 - self._survival(Z, np.array([horizon_days]))[:, 0]
        return risk

    def _interval(self, Z: Floats, horizon_days: float) -> tuple[Floats, Floats]:
        within_reach(self.longest_, horizon_days)
        centre, reach = weighed(Z, self._risk_coefficients), Z95 * spread_of(Z, self._risk_covariance)
        hazard = step(self.curve_, np.array([horizon_days]))[0]
        low, high = (
            -np.expm1(-hazard * np.exp(np.minimum(end, 700.0))) for end in (centre - reach, centre + reach)
        )
        return low, high

    @property
    def _risk_covariance(self) -> Floats:
        """Covariance of what a customer's risk is made with."""
        return self.covariance_


def reference_curve(fit: CoxFit, rows: Rows) -> Floats:
    """Cumulative hazard where all columns and the offset are 0: times and values from 0 on, shape (2, n_times)."""
    base = baseline(fit, rows)
    times = np.concatenate([[0.0], base.time])
    return np.stack([times, cumulative_hazard(fit, base, np.zeros((1, len(fit.coefficients))), times)[0]])
