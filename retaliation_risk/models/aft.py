"""Accelerated failure time on landmark rows: how many times longer a customer waits before retaliating."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from retaliation_risk._validate import one_of, within
from retaliation_risk.models._base import Fitted
from retaliation_risk.models._design import Design, fit_design, refuse_collinear, weighed
from retaliation_risk.models._location_scale import KINDS, fit_location_scale, survival
from retaliation_risk.models._outcomes import Floats, read_outcomes, within_reach


class AFT(Fitted):
    """Accelerated failure time: a parametric curve whose clock runs faster or slower with each feature.

    Log days are a location, linear in the standardised features, plus a scale times an error. Few parameters
    describe the whole curve, which helps where acts are rare; where its shape is wrong, no feature can mend it.

    Competing exits are censored, as in :class:`Cox`: the risk is that of a world in which nobody leaves.

    Parameters
    ----------
    kind : {"weibull", "lognormal", "loglogistic"}
        Weibull is also a proportional hazards model; with the other two the hazard may rise and then fall, as a
        grudge may.
    ridge : float
        Half of this times the sum of squared coefficients over the scale is taken from the log likelihood. On
        that scale a Weibull coefficient is a log hazard ratio, so that 4 is the prior of :class:`Cox`. A log-normal one
        is a shift of the normal quantile, which moves small risks by more: there the same ridge is weaker. 0 for none.

    Attributes
    ----------
    design_ : Design
        Medians, means and scales of training.
    coefficients_ : array, shape (n_used,)
        Log time ratio per standard deviation: above 0 is later.
    intercept_, scale_ : float
        Location of log days of the reference customer, who has the training mean of each feature, and the scale.
    covariance_ : array, shape (n_used + 2, n_used + 2)
        Of intercept, coefficients and log scale; robust, clustered by customer.
    longest_ : float
        Longest follow-up seen, in days; later times are refused.

    Notes
    -----
    The likelihood is concave in other parameters than those shown, so the fit has one top and always finds it. A fit
    without one (``ridge=0`` and a column that no event has) is refused by name.

    References
    ----------
    Kalbfleisch and Prentice (2002), doi:10.1002/9781118032985; Wei (1992), doi:10.1002/sim.4780111409.

    Examples
    --------
    >>> X = pd.DataFrame({"calls": [4.0, 3.0, 0.0, 1.0]})
    >>> y = pd.DataFrame({"customer_id": list("abcd"), "moment": pd.Timestamp("2026-01-01"),
    ...     "event": [True, True, True, False], "duration_days": [3.0, 8, 20, 30], "competing": False})
    >>> AFT().fit(X, y).predict_risk(X, 30).round(2).tolist()
    [0.97, 0.93, 0.68, 0.78]
    """

    _state: ClassVar = ("design_", "coefficients_", "intercept_", "scale_", "covariance_", "longest_")

    design_: Design

    def __init__(self, kind: str = "weibull", ridge: float = 4.0) -> None:
        self.kind = kind
        self.ridge = ridge

    def fit(self, X: pd.DataFrame, y: pd.DataFrame) -> Self:
        """Fit by maximum likelihood; the clusters are the customers."""
        one_of("kind", self.kind, KINDS)
        within("ridge", self.ridge, 0.0, 1e300)
        X, outcomes = read_outcomes(X, y)
        self.design_ = fit_design(X)
        refuse_collinear(self.design_, self.ridge)
        fit = fit_location_scale(
            self.design_.matrix(X),
            outcomes.duration,
            outcomes.event,
            kind=self.kind,
            ridge=self.ridge,
            cluster=outcomes.customer,
            names=self.design_.used,
        )
        self.coefficients_, self.intercept_, self.scale_ = fit.coefficients, fit.intercept, fit.scale
        self.covariance_ = fit.robust
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
        """Time ratio per standard deviation with 95 % robust interval: below 1 is sooner.

        ``scale`` is that standard deviation in the feature's own unit.
        """
        check_is_fitted(self)
        error = np.sqrt(np.diag(self.covariance_)[1:-1])
        return self.design_.ratios(self.coefficients_, error, "time ratio")

    def contributions(self, X: pd.DataFrame) -> pd.DataFrame:
        """Each feature's part of the risk against the training mean; higher is sooner.

        On the log hazard (Weibull), the log-odds (log-logistic) or the normal quantile (log-normal) of the risk.
        """
        check_is_fitted(self)
        return self.design_.contributions(X, -self.coefficients_ / self.scale_)

    def predict_survival(self, X: pd.DataFrame, times: Floats) -> Floats:
        """Probability of no retaliation up to each time, shape (n_customers, n_times)."""
        check_is_fitted(self)
        asked = np.atleast_1d(np.asarray(times, dtype=np.float64))
        for time in asked:
            within_reach(self.longest_, float(time))
        location = self.intercept_ + weighed(self.design_.matrix(X), self.coefficients_)
        with np.errstate(divide="ignore"):
            w = (np.log(asked)[None, :] - location[:, None]) / self.scale_
        return survival(self.kind, w)

    def predict_risk(self, X: pd.DataFrame, horizon_days: float) -> Floats:
        """One minus survival at the horizon, shape (n_customers,)."""
        risk: Floats = 1.0 - self.predict_survival(X, np.array([horizon_days]))[:, 0]
        return risk
