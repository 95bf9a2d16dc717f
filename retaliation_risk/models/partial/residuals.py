"""Residuals of a fitted Cox model, in the order of the rows it was fitted on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retaliation_risk.errors import ArgumentError
from retaliation_risk.models.partial.fit import CoxFit
from retaliation_risk.models.partial.likelihood import Hazards
from retaliation_risk.models.partial.risk import RiskSets, risk_sets
from retaliation_risk.models.partial.rows import Floats, Ints, Rows
from retaliation_risk.models.partial.scores import (
    Likelihood,
    expected_events,
    likelihood_at,
    score_columns,
)


def same_columns(fit: CoxFit, rows: Rows) -> None:
    """Refuse rows of other columns than the fit's."""
    if fit.names != rows.names:
        raise ArgumentError("RR111", f"the fit has columns {list(fit.names)}, the rows {list(rows.names)}.")


def at_fit(fit: CoxFit, rows: Rows) -> tuple[RiskSets, Likelihood]:
    """Risk sets of the rows, and the likelihood at the fitted coefficients."""
    same_columns(fit, rows)
    sets = risk_sets(rows, efron=fit.ties != "breslow")
    return sets, likelihood_at(sets, fit.coefficients * sets.scale, fit.ties)


def hazards_at_fit(fit: CoxFit, rows: Rows, what: str) -> Hazards:
    """Risk sets over time at the fitted coefficients; refuses sampled sets, which have no time."""
    if rows.sampled:
        raise ArgumentError("RR111", f"sampled sets have no {what}; give the full cohort's rows with stop.")
    at = at_fit(fit, rows)[1]
    assert isinstance(at, Hazards)
    return at


def martingale_residuals(fit: CoxFit, rows: Rows) -> Floats:
    """Events less the events expected by the model, shape (n,).

    References
    ----------
    Therneau, Grambsch and Fleming (1990), doi:10.1093/biomet/77.1.147.

    Examples
    --------
    >>> from retaliation_risk.models.partial import fit_rows, partial_rows
    >>> rows = partial_rows([[1.0], [0.0], [1.0], [0.0]], stop=[1, 2, 3, 4], event=[1, 1, 1, 0])
    >>> martingale_residuals(fit_rows(rows), rows).round(3).tolist()
    [0.64, 0.64, -0.64, -0.64]
    """
    sets, at = at_fit(fit, rows)
    residuals = np.zeros(len(rows.event))
    residuals[sets.rows] = sets.event - expected_events(at)
    return residuals


def deviance_residuals(fit: CoxFit, rows: Rows) -> Floats:
    """Martingale residuals made more even about 0, shape (n,): their squares sum to the deviance.

    References
    ----------
    Therneau, Grambsch and Fleming (1990), doi:10.1093/biomet/77.1.147.
    """
    residuals = martingale_residuals(fit, rows)
    expected = np.where(rows.event, rows.event - residuals, 1.0)
    inner = residuals + np.where(rows.event, np.log(expected), 0.0)
    deviance: Floats = np.sign(residuals) * np.sqrt(-2 * np.minimum(inner, 0.0))
    return deviance


def score_residuals(fit: CoxFit, rows: Rows) -> Floats:
    """Each row's share of the score, before its weight, per unit of each column; shape (n, p).

    Times the weights they sum to the gradient: to 0 without a ridge.

    References
    ----------
    Therneau, Grambsch and Fleming (1990), doi:10.1093/biomet/77.1.147.
    """
    sets, at = at_fit(fit, rows)
    column = score_columns(at, sets)
    residuals = np.zeros(rows.X.shape)
    for j in range(rows.X.shape[1]):
        residuals[sets.rows, j] = column(j) * sets.scale[j]
    return residuals


def dfbeta_residuals(fit: CoxFit, rows: Rows) -> Floats:
    """First-order change of the coefficients by each row with its weight, shape (n, p).

    Their crossproduct, summed within clusters first, is the robust covariance.

    References
    ----------
    Cain and Lange (1984), doi:10.2307/2531403.
    """
    changes: Floats = score_residuals(fit, rows) @ fit.covariance * rows.weight[:, None]
    return changes


@dataclass(frozen=True)
class Schoenfeld:
    """One residual per event, in order of stratum and time.

    Attributes
    ----------
    row : array of int, shape (n_events,)
        Which row had the event.
    stratum : array of int, shape (n_events,)
    time : array, shape (n_events,)
    residuals : array, shape (n_events, p)
        Covariates of the row with the event less the mean of those at risk, weighted by their risk.
    """

    row: Ints
    stratum: Ints
    time: Floats
    residuals: Floats


def schoenfeld_residuals(fit: CoxFit, rows: Rows, *, scaled: bool = False) -> Schoenfeld:
    """Schoenfeld residuals, or ``scaled``: about the coefficient as it is at each event.

    References
    ----------
    Schoenfeld (1982), doi:10.1093/biomet/69.1.239; Grambsch and Therneau (1994),
    doi:10.1093/biomet/81.3.515 (scaled by the mean information).
    """
    at = hazards_at_fit(fit, rows, "Schoenfeld residuals")
    sets = at.sets
    residuals = schoenfeld(at) * sets.scale
    if scaled:
        residuals = residuals @ fit.covariance * len(residuals) + fit.coefficients
    row = sets.rows[sets.deaths]
    return Schoenfeld(row, rows.stratum[row], rows.stop[row], residuals)


def schoenfeld(at: Hazards) -> Floats:
    """Standardised covariates of each death less the mean of its risk set (over the k of Efron's ties)."""
    sets = at.sets
    mean = at.S1 * at.hazard[:, None]
    if len(at.D1):
        mean -= at.D1 * at.spared[:, None]
    mean /= (sets.mean_weight * np.diff(sets.opens, append=len(sets.deaths)))[:, None]
    residuals: Floats = sets.Z[sets.deaths] - mean[sets.group]
    return residuals
