"""Landmark supermodel: one Cox model over all landmarks, with effects that drift from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from retaliation_risk._validate import within
from retaliation_risk.errors import ArgumentError
from retaliation_risk.models._base import Fitted
from retaliation_risk.models._design import Design, fit_design, refuse_collinear
from retaliation_risk.models._outcomes import Bools, Floats, read_outcomes, within_reach
from retaliation_risk.models.baseline import step
from retaliation_risk.models.partial import CoxFit, Rows, baseline, cumulative_hazard, fit_rows, partial_rows
from retaliation_risk.models.partial.fit import chi_square

Moments = npt.NDArray[np.datetime64]

MOMENT = "moment"


class Supermodel(Fitted):
    """Cox model on stacked landmark rows whose effects are polynomials of the landmark's time.

    Landmark time s is 0 at the latest landmark of training and -1 at the first, so that the coefficient of a feature is its
    effect now, and the ridge draws what is added to it (times s, times s squared) towards no change. Customers are compared
    by the days since their landmark; the level of the hazard follows the same polynomial of s (``ipl*`` of van
    Houwelingen), or has a curve of its own at each landmark (``stratified``).

    A prediction is made for the latest landmark's effects, which is what a queue of today needs, unless ``X`` has a
    column ``moment``: each row then has the effects of its moment, those before the first or after the latest landmark
    the effects of that landmark. ``moment`` is never a feature.

    Competing exits are censored, as in :class:`Cox`: the risk is that of a world in which nobody leaves.

    Parameters
    ----------
    varying : sequence of str, optional
        Features whose effect may drift; all of them without.
    degree : int
        Highest power of s, at least 0 (0 is no drift) and at most one less than there are landmarks.
    stratified : bool
        Whether each landmark has its own curve; the default shares one, which few acts can carry.
    ridge : float
        As in :class:`Cox`; on drifts as on effects. 0 for none.

    Attributes
    ----------
    design_ : Design
        Medians, means and scales of training.
    coefficients_ : array, shape (n_powers, n_used)
        Log hazard ratio per standard deviation at the latest landmark, then what s, s squared, ... add.
    covariance_ : array, shape (n_powers * n_used, n_powers * n_used)
        Of the coefficients in that order; robust, clustered by customer.
    trend_ : array, shape (n_powers - 1,)
        Coefficients of the powers of s in the level; 0 where ``stratified``.
    landmarks_ : list of str
        Landmarks of training as ISO dates, first to latest.
    curves_ : dict of str to array, shape (2, n_times)
        Times and cumulative hazard of the reference customer, by landmark; under ``""`` where there is one for all.
    longest_ : float
        Longest follow-up seen, in days; later times are refused.

    References
    ----------
    van Houwelingen (2007), doi:10.1111/j.1467-9469.2006.00529.x; Lin and Wei (1989),
    doi:10.1080/01621459.1989.10478874.
    """

    _state: ClassVar = (
        "design_", "coefficients_", "covariance_", "trend_", "landmarks_", "curves_", "longest_",
    )  # fmt: skip

    design_: Design

    def __init__(
        self,
        varying: Sequence[str] | None = None,
        degree: int = 2,
        stratified: bool = False,
        ridge: float = 4.0,
    ) -> None:
        self.varying = varying
        self.degree = degree
        self.stratified = stratified
        self.ridge = ridge

    def fit(self, X: pd.DataFrame, y: pd.DataFrame) -> Self:
        """Fit by partial likelihood on all landmarks at once; the clusters are the customers."""
        within("degree", self.degree, 0, 5)
        X, outcomes = read_outcomes(X.drop(columns=MOMENT, errors="ignore"), y)
        self.design_ = fit_design(X)
        refuse_collinear(self.design_, self.ridge)
        moments = np.unique(outcomes.moment)
        self.landmarks_ = [str(moment) for moment in moments]
        powers = _powers(self.landmarks_, outcomes.moment, min(self.degree, len(moments) - 1))
        matrix, names = _columns(self.design_.matrix(X), powers, self.design_.used)
        used = self._allowed(powers.shape[1] - 1) & (np.ptp(matrix, axis=0) > 0)
        rows = partial_rows(
            matrix[:, used],
            stop=outcomes.duration,
            event=outcomes.event,
            strata=outcomes.moment.astype(str) if self.stratified else None,
            cluster=outcomes.customer,
            names=[name for name, keep in zip(names, used, strict=True) if keep],
        )
        fit = fit_rows(rows, ridge=self.ridge)
        coefficients, covariance = _whole(fit, used)
        m = powers.shape[1] * len(self.design_.used)
        self.coefficients_, self.trend_ = coefficients[:m].reshape(powers.shape[1], -1), coefficients[m:]
        self.covariance_ = covariance[:m, :m]
        self.curves_ = _curves(fit, rows)
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
        """Hazard ratio per standard deviation at the latest landmark, with 95 % robust interval."""
        check_is_fitted(self)
        return self.effects_at(self.landmarks_[-1])

    def effects_at(self, moment: str | pd.Timestamp) -> pd.DataFrame:
        """Hazard ratio per standard deviation at a moment, with 95 % robust interval.

        Columns as in ``effects_`` of :class:`Cox`; before the first and after the latest landmark those of that one.
        """
        check_is_fitted(self)
        n_powers, n_used = self.coefficients_.shape
        factors = _powers(self.landmarks_, _moments(pd.Series([moment])), n_powers - 1)[0]
        blocks = self.covariance_.reshape(n_powers, n_used, n_powers, n_used)
        error = np.sqrt(np.einsum("a,ajbj,b->j", factors, blocks, factors))
        return self.design_.ratios(factors @ self.coefficients_, error, "hazard ratio")

    @property
    def drift_(self) -> pd.DataFrame:
        """Wald test that a feature's effect is the same at all landmarks: feature, statistic, df, p_value.

        The ridge makes it cautious. Features that may not drift are left out.
        """
        check_is_fitted(self)
        n_powers, n_used = self.coefficients_.shape
        found = []
        for j, name in enumerate(self.design_.used):
            added = [k * n_used + j for k in range(1, n_powers) if self.covariance_[k * n_used + j].any()]
            if added:
                change = self.coefficients_.ravel()[added]
                weights = np.linalg.lstsq(self.covariance_[np.ix_(added, added)], change, rcond=None)[0]
                test = chi_square(float(change @ weights), len(added))
                found.append((name, test.statistic, test.df, test.p_value))
        return pd.DataFrame(found, columns=["feature", "statistic", "df", "p_value"])

    def contributions(self, X: pd.DataFrame) -> pd.DataFrame:
        """Log hazard against the training mean, one column per feature, with the effects of the row's moment."""
        check_is_fitted(self)
        return self.design_.contributions(X, self._powers_of(X) @ self.coefficients_)

    def predict_survival(self, X: pd.DataFrame, times: Floats) -> Floats:
        """Probability of no retaliation up to each time, shape (n_customers, n_times)."""
        check_is_fitted(self)
        asked = np.atleast_1d(np.asarray(times, dtype=np.float64))
        for time in asked:
            within_reach(self.longest_, float(time))
        powers = self._powers_of(X)
        features = (self.design_.matrix(X) * (powers @ self.coefficients_)).sum(axis=1)
        log_risk = features + powers[:, 1:] @ self.trend_
        level = _levels(self.curves_, _asked(X, self.landmarks_), asked)
        # A log hazard beyond 700 overflows; survival is 0 long before.
        survival: Floats = np.exp(-np.exp(np.minimum(log_risk, 700.0))[:, None] * level)
        return survival

    def predict_risk(self, X: pd.DataFrame, horizon_days: float) -> Floats:
        """One minus survival at the horizon, shape (n_customers,)."""
        risk: Floats = 1.0 - self.predict_survival(X, np.array([horizon_days]))[:, 0]
        return risk

    def _powers_of(self, X: pd.DataFrame) -> Floats:
        return _powers(self.landmarks_, _asked(X, self.landmarks_), len(self.trend_))

    def _allowed(self, degree: int) -> Bools:
        """Mark the columns that the settings ask for, in the order of :func:`_columns`."""
        names = self.design_.used
        varying = names if self.varying is None else list(self.varying)
        if strange := [name for name in varying if name not in self.design_.features]:
            raise ArgumentError(
                "RR111",
                f"varying names {strange}; it must name columns among {list(self.design_.features)}.",
            )
        drifting = np.tile([name in varying for name in names], degree)
        return np.concatenate([np.ones(len(names), bool), drifting, np.full(degree, not self.stratified)])


def _moments(values: pd.Series[Any]) -> Moments:
    """Naive UTC moments in microseconds; refuses missing ones."""
    if values.isna().any():
        raise ArgumentError(
            "RR111", f"{MOMENT} is missing in {int(values.isna().sum())} rows; leave the column out."
        )
    return pd.to_datetime(values, utc=True).dt.tz_localize(None).to_numpy().astype("datetime64[us]")


def _asked(X: pd.DataFrame, landmarks: Sequence[str]) -> Moments:
    """Moment of each row: its own where ``X`` says it, else the latest landmark."""
    return _moments(X[MOMENT]) if MOMENT in X else np.full(len(X), landmarks[-1], dtype="datetime64[us]")


def _powers(landmarks: Sequence[str], moment: Moments, degree: int) -> Floats:
    """Powers 0 to ``degree`` of landmark time, shape (n, degree + 1): s is -1 at the first and 0 at the latest."""
    if degree == 0:
        return np.ones((len(moment), 1))
    first, latest = (np.datetime64(landmarks[i], "us") for i in (0, -1))
    s = np.clip((moment - latest) / (latest - first), -1.0, 0.0)
    powers: Floats = s[:, None] ** np.arange(degree + 1)
    return powers


def _columns(Z: Floats, powers: Floats, names: Sequence[str]) -> tuple[Floats, list[str]]:
    """Features, features times each power of s, and those powers alone; with their names."""
    degrees = range(powers.shape[1])
    matrix = np.hstack([*(Z * powers[:, [k]] for k in degrees), powers[:, 1:]])
    labels = [name if k == 0 else f"{name}:s^{k}" for k in degrees for name in names]
    return matrix, labels + [f"s^{k}" for k in degrees if k]


def _whole(fit: CoxFit, used: Bools) -> tuple[Floats, Floats]:
    """Coefficients and robust covariance of all columns, 0 for those that were left out."""
    assert fit.robust is not None
    coefficients, covariance = np.zeros(len(used)), np.zeros((len(used), len(used)))
    coefficients[used], covariance[np.ix_(used, used)] = fit.coefficients, fit.robust
    return coefficients, covariance


def _curves(fit: CoxFit, rows: Rows) -> dict[str, Floats]:
    """Cumulative hazard of the reference customer (all columns 0) from 0 on, for each stratum that has an event."""
    base = baseline(fit, rows)
    zero, found = np.zeros((1, len(fit.coefficients))), {}
    for code in np.unique(base.stratum):
        times = np.append(0.0, base.time[base.stratum == code])
        hazard = cumulative_hazard(fit, base, zero, times, strata=base.strata[[code]])[0]
        found[str(base.strata[code]) if len(base.strata) > 1 else ""] = np.stack([times, hazard])
    return found


def _levels(curves: dict[str, Floats], moment: Moments, times: Floats) -> Floats:
    """Read the reference hazard up to each time from the curve of each row's moment or the last one before, (n, n_times)."""
    labels = sorted(curves)
    steps = np.stack([step(curves[label], times) for label in labels])
    if len(labels) == 1:
        return steps
    known = np.array(labels, dtype="datetime64[us]")
    return steps[np.maximum(np.searchsorted(known, moment, side="right") - 1, 0)]
