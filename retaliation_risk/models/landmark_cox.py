"""Cox proportional hazards on landmark rows: a hazard ratio per feature, and a curve per customer."""

from __future__ import annotations

from typing import ClassVar, Self

import pandas as pd

from retaliation_risk.models._design import fit_design
from retaliation_risk.models._outcomes import Floats, Outcomes, read_outcomes
from retaliation_risk.models._proportional import Proportional, reference_curve
from retaliation_risk.models.partial import fit_rows, partial_rows


class LandmarkCox(Proportional):
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
    design_, coefficients_, covariance_, curve_, longest_
        As in :class:`retaliation_risk.models._proportional.Proportional`.
    dropped_ : list of str
        Columns left out because they were constant.

    References
    ----------
    Cox (1972), doi:10.1111/j.2517-6161.1972.tb00899.x; van Houwelingen (2007),
    doi:10.1111/j.1467-9469.2006.00529.x; Lin and Wei (1989), doi:10.1080/01621459.1989.10478874.
    """

    _state: ClassVar = ("design_", "coefficients_", "covariance_", "curve_", "longest_")

    def __init__(self, ridge: float = 4.0) -> None:
        self.ridge = ridge

    def fit(self, X: pd.DataFrame, y: pd.DataFrame) -> Self:
        """Fit by partial likelihood; the clusters are the customers."""
        X, outcomes = read_outcomes(X, y)
        self.design_, self.longest_ = fit_design(X), outcomes.longest
        found = fit_landmarks(self.design_.matrix(X), outcomes, self.design_.used, self.ridge)
        self.coefficients_, self.covariance_, self.curve_ = found
        return self


def fit_landmarks(
    Z: Floats, outcomes: Outcomes, names: list[str], ridge: float
) -> tuple[Floats, Floats, Floats]:
    """Coefficients, their robust covariance, and the reference customer's curve."""
    rows = partial_rows(
        Z, stop=outcomes.duration, event=outcomes.event, cluster=outcomes.customer, names=names
    )
    fit = fit_rows(rows, ridge=ridge)
    assert fit.robust is not None
    return fit.coefficients, fit.robust, reference_curve(fit, rows)
