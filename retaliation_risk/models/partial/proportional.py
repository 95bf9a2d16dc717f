"""Are the hazards proportional? The score test for coefficients that change with time, as in R's cox.zph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from retaliation_risk._validate import one_of
from retaliation_risk.errors import ArgumentError
from retaliation_risk.models.partial.fit import ChiSquare, CoxFit, chi_square
from retaliation_risk.models.partial.likelihood import Hazards
from retaliation_risk.models.partial.residuals import hazards_at_fit, schoenfeld
from retaliation_risk.models.partial.rows import Floats, Ints, Rows

TRANSFORMS = ("km", "rank", "identity", "log")


@dataclass(frozen=True)
class ProportionalHazards:
    """Tests of each column and of all, and what to plot when one of them fails.

    Attributes
    ----------
    columns : tuple of ChiSquare
        One per column, in the fit's order, each with 1 degree of freedom.
    together : ChiSquare
        Of all columns at once.
    row, time, transformed : array, shape (n_events,)
        Row, time and transformed time of each event, by stratum and time.
    scaled : array, shape (n_events, p)
        Scaled Schoenfeld residuals plus the coefficient: their mean curve is the coefficient over time. NaN
        where a column is constant in the event's stratum. Weights do not enter them.
    covariance : array, shape (p, p)
        Of one scaled residual.
    transform : str
    """

    columns: tuple[ChiSquare, ...]
    together: ChiSquare
    row: Ints
    time: Floats
    transformed: Floats
    scaled: Floats
    covariance: Floats
    transform: str


def proportional_hazards_test(fit: CoxFit, rows: Rows, transform: str = "km") -> ProportionalHazards:
    """Score test of adding each column times g(time) to the model, without an approximation to its variance.

    A ridge stays on the fitted columns; those added are free of it.

    Parameters
    ----------
    transform : {"km", "rank", "identity", "log"}, default "km"
        g: one minus the Kaplan-Meier curve (of all strata, without weights) just before the time, the rank of
        the time among all rows' stops, the time itself, or its logarithm.

    References
    ----------
    Grambsch and Therneau (1994), doi:10.1093/biomet/81.3.515; the exact score test is that of R's survival
    3.0 and later (its vignette "Approximating a Cox model" and the help of cox.zph).
    """
    one_of("transform", transform, TRANSFORMS)
    at = hazards_at_fit(fit, rows, "test of proportional hazards")
    sets = at.sets
    g = _transformed(rows, transform)
    row = sets.rows[sets.deaths]
    # Any event's row will do: g depends on its time alone.
    factor = (g - g[rows.event].mean())[row[sets.opens]]
    information, score = _extended(at, factor, fit.ridge / sets.scale**2)
    p = len(fit.names)
    single = tuple(_test(information, score, [j]) for j in range(p))
    scaled, covariance = _scaled(at, rows, fit, information[:p, :p])
    together = _test(information, score, list(range(p)))
    return ProportionalHazards(single, together, row, rows.stop[row], g[row], scaled, covariance, transform)


def _transformed(rows: Rows, transform: str) -> Floats:
    if transform == "identity":
        return rows.stop
    if transform == "rank":
        ranks: Floats = rankdata(rows.stop)
        return ranks
    if transform == "log":
        if (first := float(rows.stop[rows.event].min())) <= 0:
            raise ArgumentError("RR111", f"an event has time {first!r}; the log needs times above 0.")
        logs: Floats = np.log(np.where(rows.stop > 0, rows.stop, 1.0))
        return logs
    times, deaths = np.unique(rows.stop[rows.event], return_counts=True)
    at_risk = len(rows.stop) - np.searchsorted(np.sort(rows.stop), times, side="left")
    if rows.start is not None:
        at_risk -= len(rows.start) - np.searchsorted(np.sort(rows.start), times, side="left")
    survival = np.append(1.0, np.cumprod(1 - deaths / at_risk))
    lost: Floats = 1 - survival[np.searchsorted(times, rows.stop, side="left")]
    return lost


def _extended(at: Hazards, factor: Floats, penalty: Floats) -> tuple[Floats, Floats]:
    """Information of (Z, factor * Z) at coefficients (fitted, 0), and the score of the second half."""
    mixed = at.information(factor)
    fitted = at.information() + np.diag(penalty)
    information = np.block([[fitted, mixed], [mixed, at.information(factor**2)]])
    return information, at.gradient(factor)


def _test(information: Floats, score: Floats, columns: list[int]) -> ChiSquare:
    p = len(score)
    chosen = [*range(p), *(p + j for j in columns)]
    full = np.append(np.zeros(p), score[columns])
    solved = np.linalg.solve(information[np.ix_(chosen, chosen)], full)
    return chi_square(float(solved @ full), len(columns))


def _scaled(at: Hazards, rows: Rows, fit: CoxFit, information: Floats) -> tuple[Floats, Floats]:
    """Schoenfeld residuals over the mean information per event, among the strata in which a column varies."""
    sets = at.sets
    stratum = rows.stratum[sets.rows[sets.deaths]]
    varies = _varies(rows) & (np.bincount(stratum, minlength=len(rows.strata)) > 0)[:, None]
    events = np.bincount(stratum, minlength=len(rows.strata))[:, None] * varies
    shared = np.minimum(events[:, :, None], events[:, None, :]).sum(axis=0)
    mean = information / np.where(shared == 0, 1, shared)
    raw = schoenfeld(at)
    scaled = np.full(raw.shape, np.nan)
    for code in np.unique(stratum):
        k = np.flatnonzero(varies[code])
        mine = np.ix_(stratum == code, k)
        scaled[mine] = np.linalg.solve(mean[np.ix_(k, k)], raw[mine].T).T
    covariance = np.linalg.inv(mean) / np.outer(sets.scale, sets.scale)
    return scaled / sets.scale + fit.coefficients, covariance


def _varies(rows: Rows) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Whether each column varies within each stratum, shape (n_strata, p)."""
    order = np.argsort(rows.stratum, kind="stable")
    begins = np.searchsorted(rows.stratum[order], np.arange(len(rows.strata)))
    columns = [rows.X[order, j] for j in range(rows.X.shape[1])]
    spread = [np.maximum.reduceat(x, begins) > np.minimum.reduceat(x, begins) for x in columns]
    return np.stack(spread, axis=1)
