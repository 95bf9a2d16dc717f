"""Cox proportional hazards with histories that change in time: learned at the moments of acts, brought to a horizon."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import pandas as pd

from retaliation_risk._validate import positive
from retaliation_risk.models._acts import learn, read_risk_sets
from retaliation_risk.models._design import fit_design
from retaliation_risk.models._outcomes import Floats, Outcomes, read_outcomes
from retaliation_risk.models._proportional import Proportional, reference_curve
from retaliation_risk.models.landmark_cox import fit_landmarks
from retaliation_risk.models.partial import CoxFit, fit_rows, partial_rows


class Cox(Proportional):
    r"""Cox model whose features are those of the very moment of each act, with a risk for the days after a landmark.

    It learns in two steps. First, at each act's moment, the customer who acted is compared with others at risk at that
    moment (``risk_sets``), all features as they were known just before it. Calendar time is the clock, so trends and seasons
    drop out, and features that change with time itself are served as they were. These are ``coefficients_`` and
    ``effects_``: how a history goes with the hazard here and now.

    A risk looks ahead, and what is known at a landmark fades while the horizon runs: a fresh let-down counts for less in
    three weeks than it does today, and failures to come are not seen at all. So in the second step the landmark rows say
    what remains. With :math:`\beta` of the first step, the log hazard after a landmark is
    :math:`s\,\beta^\top z + \delta^\top z`: one slope :math:`s` for all, and a change :math:`\delta` for each feature, both
    held by ridges to 1 and to 0. Few acts then give the order of the first step, made less sure of itself; many say feature
    by feature what fades. The curve by days since the landmark is that of the landmark rows.

    Competing exits are censored: the risk is that of a world in which nobody leaves.

    Parameters
    ----------
    ridge : float
        Of the first step: half of this times the sum of squared coefficients, per standard deviation of each column, is
        taken from the log partial likelihood: a prior of mean 0 and standard deviation ``1 / sqrt(ridge)``. 0 for none.
    fade_ridge : float
        The same on :math:`\delta`, above 0; on the slope, per standard deviation of the linear predictor, it is a quarter.

    Attributes
    ----------
    design_ : Design
        Medians, means and scales of the landmark rows.
    coefficients_ : array, shape (n_used,)
        Log hazard ratio per standard deviation at the moment of an act.
    covariance_ : array, shape (n_used, n_used)
        Of ``coefficients_``; robust, clustered by customer.
    risk_coefficients_ : array, shape (n_used,)
        Log hazard ratio per standard deviation over the days after a landmark; the risk and its contributions use these.
    slope_ : float
        The slope s: what is left over the horizon of the log hazard here and now.
    curve_ : array, shape (2, n_times)
        Days since the landmark, and the cumulative hazard of the reference customer, who has the training means.
    baseline_ : array, shape (2, n_moments)
        Moments of acts in days since 1970 (UTC), and the reference customer's cumulative hazard in calendar time,
        recovered by the log weights of the sets. Held constant over a horizon it is no risk: histories change.
    efficiency_ : array, shape (n_used,)
        Estimated variance of each coefficient with everybody at risk in the sets, over that with the sets given, in
        (0, 1]; 1 where everybody was.
    longest_ : float
        Longest follow-up seen, in days; later times are refused.

    References
    ----------
    Andersen and Gill (1982), doi:10.1214/aos/1176345976; Borgan, Goldstein and Langholz (1995),
    doi:10.1214/aos/1176324322; van Houwelingen (2007), doi:10.1111/j.1467-9469.2006.00529.x.
    """

    _state: ClassVar = (
        "design_",
        "coefficients_",
        "covariance_",
        "risk_coefficients_",
        "slope_",
        "curve_",
        "baseline_",
        "efficiency_",
        "longest_",
    )

    #: A model that says so is given the risk sets known by the moment it is fitted for.
    learns_from_risk_sets: ClassVar[bool] = True

    def __init__(self, ridge: float = 4.0, fade_ridge: float = 16.0) -> None:
        self.ridge = ridge
        self.fade_ridge = fade_ridge

    def fit(self, X: pd.DataFrame, y: pd.DataFrame, risk_sets: pd.DataFrame | None = None) -> Self:
        """Learn from risk sets, then from landmark rows what remains of it.

        Parameters
        ----------
        X, y : DataFrame
            Features and outcome frame of the landmark rows.
        risk_sets : DataFrame, optional
            As made by :func:`retaliation_risk.histories.history_rows`, with the columns of ``X``. Without it there are no
            moments of acts to learn at: the model is then :class:`LandmarkCox`.

        Raises
        ------
        ArgumentError
            RR101 for columns that are not there, RR111 for values that cannot be used.
        GateError
            RR401 when there is no event, in the landmark rows or in the sets; RR406 when no feature varies.
        """
        positive("fade_ridge", self.fade_ridge)
        X, outcomes = read_outcomes(X, y)
        self.design_, self.longest_ = fit_design(X), outcomes.longest
        Z = self.design_.matrix(X)
        if risk_sets is None:
            self._learn_at_landmarks(Z, outcomes)
            return self
        learned = learn(read_risk_sets(risk_sets, self.design_), self.design_.used, self.ridge)
        self.coefficients_, self.covariance_ = learned.coefficients, learned.covariance
        self.baseline_, self.efficiency_ = learned.hazard, learned.efficiency
        self._bring_to_landmarks(Z, outcomes)
        return self

    def _learn_at_landmarks(self, Z: Floats, outcomes: Outcomes) -> None:
        found = fit_landmarks(Z, outcomes, self.design_.used, self.ridge)
        self.coefficients_, self.covariance_, self.curve_ = found
        self.risk_coefficients_, self.slope_ = self.coefficients_, 1.0
        self.baseline_, self.efficiency_ = np.empty((2, 0)), np.ones(Z.shape[1])

    def _bring_to_landmarks(self, Z: Floats, outcomes: Outcomes) -> None:
        """Find slope and changes, with the log hazard here and now as the offset they start from."""
        now = Z @ self.coefficients_
        # Twice its standard deviation halves the slope's own coefficient, and so quarters its penalty.
        spread = 2 / now.std() if now.std() > 0 else 0.0
        columns = np.column_stack([spread * now, Z]) if spread else Z
        rows = partial_rows(columns, stop=outcomes.duration, event=outcomes.event, offset=now)
        fit = fit_rows(rows, ridge=self.fade_ridge)
        changes, moved = _parts(fit, spread)
        self.slope_ = 1.0 + moved
        self.risk_coefficients_ = self.slope_ * self.coefficients_ + changes
        self.curve_ = reference_curve(fit, rows)

    @property
    def _risk_coefficients(self) -> Floats:
        return self.risk_coefficients_

    @property
    def _risk_covariance(self) -> Floats:
        """Covariance of the first step, brought to the horizon by the slope; slope and changes are taken as known."""
        return self.slope_**2 * self.covariance_


def _parts(fit: CoxFit, spread: float) -> tuple[Floats, float]:
    """Split the second step's coefficients into the changes of features and that of the slope."""
    if not spread:
        return fit.coefficients, 0.0
    return fit.coefficients[1:], float(spread * fit.coefficients[0])
