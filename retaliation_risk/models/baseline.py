"""What any model must beat: the share of events, and the Kaplan-Meier curve."""

from __future__ import annotations

import warnings
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter
from lifelines.exceptions import ApproximationWarning, StatisticalWarning
from sklearn.utils.validation import check_is_fitted

from retaliation_risk._validate import positive
from retaliation_risk.models._base import Fitted
from retaliation_risk.models._design import check_columns
from retaliation_risk.models._outcomes import (
    Bools,
    Floats,
    known_weights,
    read_outcomes,
    same_horizon,
    targets,
    within_reach,
)


def weighted_share(event: Bools, weight: Floats) -> float:
    """Share of events when each row counts ``weight`` times; NaN if nothing has weight.

    Examples
    --------
    >>> weighted_share(np.array([True, False, False]), np.array([1.0, 1.0, 2.0]))
    0.25
    """
    total = float(weight.sum())
    return float(weight[event].sum()) / total if total > 0 else float("nan")


class Prevalence(Fitted):
    """The same risk for everybody: the share of events in training, weighted for censoring.

    A customer who left first is a known non-event. ``X`` is not looked at.

    Parameters
    ----------
    horizon_days : float
        Horizon of the risk; no other can be asked.

    Attributes
    ----------
    risk_ : float
        In [0, 1].

    Examples
    --------
    >>> X = pd.DataFrame({"calls": [1.0, 2.0, 3.0, 4.0]})
    >>> y = pd.DataFrame({"customer_id": list("abcd"), "moment": pd.Timestamp("2026-01-01"),
    ...     "event": [True, False, False, False], "duration_days": [3.0, 30, 30, 30], "competing": False})
    >>> Prevalence(horizon_days=30).fit(X, y).predict_risk(X, 30).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """

    _state: ClassVar = ("risk_",)

    def __init__(self, horizon_days: float = 30.0) -> None:
        self.horizon_days = horizon_days

    def fit(self, X: pd.DataFrame, y: pd.DataFrame) -> Self:
        """Learn the weighted share of events."""
        positive("horizon_days", self.horizon_days)
        X, outcomes = read_outcomes(X, y)
        hit = targets(outcomes, self.horizon_days)
        self.risk_ = weighted_share(hit, known_weights(outcomes, self.horizon_days))
        return self

    def predict_risk(self, X: pd.DataFrame, horizon_days: float) -> Floats:
        """Return the training share for every row, shape (n_customers,)."""
        check_is_fitted(self)
        same_horizon(self.horizon_days, horizon_days)
        return np.full(len(X), self.risk_)


class KaplanMeier(Fitted):
    """One survival curve for all, or one for each value of a single column.

    Competing exits count as censored, so the risk is that of a world in which nobody leaves: it is
    higher than the observed share of retaliators wherever many customers leave first.

    Parameters
    ----------
    strata : str, optional
        Column of ``X`` whose values each get a curve; missing values are one more stratum, and a value
        never seen in training gets the curve of all. By default ``X`` is not looked at.

    Attributes
    ----------
    curves_ : dict of str to array, shape (2, n_times)
        Times and survival of each stratum; ``""`` is the curve of all.
    longest_ : float
        Longest follow-up seen, in days; later times are refused.

    References
    ----------
    Kaplan and Meier (1958), doi:10.1080/01621459.1958.10501452.
    """

    _state: ClassVar = ("curves_", "longest_")

    def __init__(self, strata: str | None = None) -> None:
        self.strata = strata

    def fit(self, X: pd.DataFrame, y: pd.DataFrame) -> Self:
        """Estimate the curve of all and that of each stratum."""
        X, outcomes = read_outcomes(X, y)
        key = self._keys(X)
        self.longest_ = outcomes.longest
        self.curves_ = {"": _curve(outcomes.duration, outcomes.event)}
        for value in np.unique(key[key != ""]):
            rows = key == value
            self.curves_[str(value)] = _curve(outcomes.duration[rows], outcomes.event[rows])
        return self

    def predict_survival(self, X: pd.DataFrame, times: Floats) -> Floats:
        """Probability of no retaliation up to each time, shape (n_customers, n_times)."""
        check_is_fitted(self)
        asked = np.atleast_1d(np.asarray(times, dtype=np.float64))
        for time in asked:
            within_reach(self.longest_, float(time))
        names, which = np.unique(self._keys(X), return_inverse=True)
        curves = [step(self.curves_.get(str(name), self.curves_[""]), asked) for name in names]
        return np.stack(curves)[which] if len(X) else np.empty((0, len(asked)))

    def predict_risk(self, X: pd.DataFrame, horizon_days: float) -> Floats:
        """One minus survival at the horizon, shape (n_customers,)."""
        risk: Floats = 1.0 - self.predict_survival(X, np.array([horizon_days]))[:, 0]
        return risk

    def _keys(self, X: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
        if self.strata is None:
            return np.full(len(X), "", dtype=np.str_)
        check_columns(X, [self.strata])
        return np.array([repr(value) for value in X[self.strata].tolist()], dtype=np.str_)


def _curve(duration: Floats, event: Bools) -> Floats:
    with warnings.catch_warnings():
        # lifelines warns of heavy censoring early on, which is how retaliation is: rare.
        warnings.simplefilter("ignore", StatisticalWarning)
        warnings.simplefilter("ignore", ApproximationWarning)
        fitted = KaplanMeierFitter().fit(duration, event)
    survival = fitted.survival_function_
    return np.stack(
        [survival.index.to_numpy(dtype=np.float64), survival.iloc[:, 0].to_numpy(dtype=np.float64)]
    )


def step(curve: Floats, times: Floats) -> Floats:
    """Value of a right-continuous step function that starts at (0, 1).

    Examples
    --------
    >>> step(np.array([[0.0, 5.0], [1.0, 0.8]]), np.array([4.9, 5.0, 9.0])).tolist()
    [1.0, 0.8, 0.8]
    """
    position = np.searchsorted(curve[0], times, side="right") - 1
    values: Floats = curve[1][np.maximum(position, 0)]
    return values
