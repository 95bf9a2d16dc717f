"""Exit or voice: cause-specific Cox models of leaving and of retaliating, and the risk that follows from both."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from scipy.stats import norm
from sklearn.utils.validation import check_is_fitted

from retaliation_risk.models._base import Fitted
from retaliation_risk.models._design import Design, fit_design
from retaliation_risk.models._outcomes import Bools, Floats, Outcomes, read_outcomes, within_reach
from retaliation_risk.models.baseline import step
from retaliation_risk.models.landmark_cox import fit_landmarks

#: What may come first, in the order of coefficients and hazards: retaliation, and leaving.
CAUSES = ("voice", "exit")
# Cells of one block of customers times event times.
_CELLS = 1_000_000


class ExitOrVoice(Fitted):
    """Two cause-specific Cox models on one design; a risk of retaliation that knows customers may leave first.

    Exit and voice are what a dissatisfied customer can do (Hirschman 1970). :class:`retaliation_risk.models.LandmarkCox`
    counts leavers as censored and gives the risk of a world in which nobody leaves. Here the hazard of leaving is
    modelled too, and the risk is the share who will in fact retaliate within the horizon. The order of customers may
    differ: who is about to leave has little time to retaliate.

    Between two event times both hazards are constant, so a step of size h = h_voice + h_exit lets exp(-h) stay, and
    those who go divide as the hazards do. That is the exponential of the matrix of hazards, as in R's ``survfit`` of a
    multi-state ``coxph``. The incidences of the two causes and the share of those who stay add up to 1; without any
    exit the risk is that of LandmarkCox, 1 - exp(-H), up to rounding.

    Parameters
    ----------
    ridge : float
        As in LandmarkCox, for each of the two causes; 0 for none.

    Attributes
    ----------
    design_ : Design
        Medians, means and scales of training.
    coefficients_ : array, shape (2, n_used)
        Log hazard ratio per standard deviation, of voice and of exit; 0 for exit where nobody left.
    covariance_ : array, shape (2, n_used, n_used)
        Robust, clustered by customer.
    hazard_ : array, shape (3, n_times)
        Times, and cumulative hazard of voice and of exit of the reference customer.
    longest_ : float
        Longest follow-up seen, in days; later times are refused.
    n_exits_ : int
        Exits seen in training.

    References
    ----------
    Prentice et al. (1978), doi:10.2307/2530374; Putter, Fiocco and Geskus (2007), doi:10.1002/sim.2712.
    """

    _state: ClassVar = ("design_", "coefficients_", "covariance_", "hazard_", "longest_", "n_exits_")

    design_: Design

    def __init__(self, ridge: float = 4.0) -> None:
        self.ridge = ridge

    def fit(self, X: pd.DataFrame, y: pd.DataFrame) -> Self:
        """Fit both causes by partial likelihood; the clusters are the customers."""
        X, outcomes = read_outcomes(X, y)
        self.design_ = fit_design(X)
        Z, names = self.design_.matrix(X), self.design_.used
        fits = [_fit(Z, names, outcomes, came, self.ridge) for came in (outcomes.event, outcomes.competing)]
        self.coefficients_ = np.stack([coefficients for coefficients, _, _ in fits])
        self.covariance_ = np.stack([covariance for _, covariance, _ in fits])
        self.hazard_ = _on_one_grid([curve for _, _, curve in fits])
        self.longest_, self.n_exits_ = outcomes.longest, int(outcomes.competing.sum())
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
        """Hazard ratio per standard deviation with 95 % robust interval, by ``cause``; no exit rows if nobody left."""
        check_is_fitted(self)
        seen = CAUSES if self.n_exits_ else CAUSES[:1]
        tables = [
            _hazard_ratios(self.design_, beta, covariance, cause)
            for cause, beta, covariance in zip(seen, self.coefficients_, self.covariance_, strict=False)
        ]
        return pd.concat(tables, ignore_index=True)

    def contributions(self, X: pd.DataFrame) -> pd.DataFrame:
        """Log hazard of retaliation against the training mean, one column per feature."""
        check_is_fitted(self)
        return self.design_.contributions(X, self.coefficients_[0])

    def predict_incidence(self, X: pd.DataFrame, times: Floats) -> dict[str, Floats]:
        """Probability that each cause has come first by each time: ``voice`` and ``exit``, shape (n_customers, n_times).

        Raises
        ------
        ArgumentError
            RR111 for a time below 0.
        GateError
            RR405 for one beyond the longest follow-up seen.
        """
        check_is_fitted(self)
        return {cause: self._incidence(X, times, k) for k, cause in enumerate(CAUSES)}

    def predict_survival(self, X: pd.DataFrame, times: Floats) -> Floats:
        """Probability of no retaliation up to each time, by staying or by leaving first; shape (n_customers, n_times)."""
        check_is_fitted(self)
        survival: Floats = 1.0 - self._incidence(X, times, CAUSES.index("voice"))
        return survival

    def predict_risk(self, X: pd.DataFrame, horizon_days: float) -> Floats:
        """Cumulative incidence of retaliation at the horizon, given that customers may leave; shape (n_customers,)."""
        risk: Floats = 1.0 - self.predict_survival(X, np.array([horizon_days]))[:, 0]
        return risk

    def _incidence(self, X: pd.DataFrame, times: Floats, cause: int) -> Floats:
        asked = np.atleast_1d(np.asarray(times, dtype=np.float64))
        for time in asked:
            within_reach(self.longest_, float(time))
        # Beyond a log hazard of 500 everybody has gone at the first step; far larger ones overflow.
        relative = np.exp(np.minimum(self.design_.matrix(X) @ self.coefficients_.T, 500.0))
        return cumulative_incidence(relative, self.hazard_, asked, cause)


def cumulative_incidence(relative: Floats, hazard: Floats, times: Floats, cause: int) -> Floats:
    """Cumulative incidence of one cause, from the cumulative hazards of all and how each customer multiplies them.

    Parameters
    ----------
    relative : array, shape (n, k)
        Hazard of each of k causes, relative to the reference; finite, 0 or more.
    hazard : array, shape (1 + k, m)
        Ascending times from 0 on, and below them the reference's cumulative hazard of each cause, 0 at first.
    times : array, shape (n_times,)
        0 or more.
    cause : int
        Which of the k, from 0.

    Returns
    -------
    array, shape (n, n_times)
        In [0, 1]; all causes together at most 1, up to rounding.

    Examples
    --------
    >>> hazard = np.array([[0.0, 1.0, 2.0], [0.0, 0.1, 0.1], [0.0, 0.0, 0.2]])
    >>> [cumulative_incidence(np.ones((1, 2)), hazard, np.array([2.0]), k).round(4).item() for k in (0, 1)]
    [0.0952, 0.164]
    """
    # Only the times at which this cause has a step: retaliation is rare, and few of all times are its own.
    at = 1 + np.flatnonzero(np.diff(hazard[1 + cause]) > 0)
    at = at[hazard[0, at] <= times.max(initial=0.0)]
    place = np.searchsorted(hazard[0, at], times, side="right")
    before, steps = hazard[1:, at - 1], hazard[1:, at] - hazard[1:, at - 1]
    out = np.empty((len(relative), len(times)))
    size = max(1, _CELLS // max(len(at), 1))
    for low in range(0, len(relative), size):
        block = relative[low : low + size]
        met = np.cumsum(_met(block, before, steps, cause), axis=1)
        out[low : low + size] = np.column_stack([np.zeros(len(block)), met])[:, place]
    return out


def _met(relative: Floats, before: Floats, steps: Floats, cause: int) -> Floats:
    """Probability to meet the cause at each of its steps, shape (n, n_steps)."""
    both = relative @ steps
    # 1 - exp(-h), not a difference of survivals: digits of rare causes are kept.
    going = np.exp(-(relative @ before)) * -np.expm1(-both)
    own = relative[:, [cause]] * steps[cause]
    met: Floats = going * np.divide(own, both, out=np.zeros_like(own), where=both > 0)
    return met


def _fit(
    Z: Floats, names: list[str], outcomes: Outcomes, came: Bools, ridge: float
) -> tuple[Floats, Floats, Floats]:
    """Coefficients, robust covariance and curve (times, cumulative hazard) of one cause; zeros where it never came."""
    p = Z.shape[1]
    if not came.any():
        return np.zeros(p), np.zeros((p, p)), np.zeros((2, 1))
    return fit_landmarks(Z, replace(outcomes, event=came), names, ridge)


def _on_one_grid(curves: list[Floats]) -> Floats:
    """All different times, and below them the value of each curve there."""
    times = np.unique(np.concatenate([curve[0] for curve in curves]))
    return np.stack([times, *(step(curve, times) for curve in curves)])


def _hazard_ratios(design: Design, beta: Floats, covariance: Floats, cause: str) -> pd.DataFrame:
    """Effects of one cause, with its name."""
    error, z = np.sqrt(np.diag(covariance)), norm.ppf(0.975)
    with np.errstate(divide="ignore"):
        p_value = 2 * norm.sf(np.abs(beta / error))
    low, high = np.exp(beta - z * error), np.exp(beta + z * error)
    table = design.effects(np.exp(beta), low, high, p_value, f"hazard ratio of {cause}")
    return table.assign(cause=cause)
