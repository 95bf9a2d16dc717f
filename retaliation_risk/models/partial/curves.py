"""The baseline hazard of a fitted Cox model, and survival curves of new rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retaliation_risk.errors import ArgumentError
from retaliation_risk.models.partial.fit import CoxFit
from retaliation_risk.models.partial.likelihood import Hazards
from retaliation_risk.models.partial.residuals import hazards_at_fit
from retaliation_risk.models.partial.rows import Floats, Ints, Rows
from retaliation_risk.models.partial.sums import running

Steps = tuple[Floats, Floats, Floats]


@dataclass(frozen=True)
class Baseline:
    """Steps of the cumulative hazard of a row at ``centre`` with offset 0.

    Attributes
    ----------
    strata : array, shape (n_strata,)
        Labels of the strata, sorted.
    stratum : array of int, shape (m,)
        Position in ``strata`` of each step.
    time : array, shape (m,)
        Event times, ascending within a stratum.
    hazard, cumulative : array, shape (m,)
    centre : array, shape (p,)
    variance : array, shape (m,)
        Of ``cumulative`` were the coefficients known, running sums.
    drift : array, shape (m, p)
        Running sums of each step times the mean covariates of those at risk, less ``centre``. With the row's
        covariates it says how ``cumulative`` moves with the coefficients.
    """

    strata: npt.NDArray[np.generic]
    stratum: Ints
    time: Floats
    hazard: Floats
    cumulative: Floats
    centre: Floats
    variance: Floats
    drift: Floats


def baseline(fit: CoxFit, rows: Rows) -> Baseline:
    """Baseline hazard by Breslow's estimator, or Efron's where the fit was with Efron's ties.

    References
    ----------
    Breslow (1972), doi:10.1111/j.2517-6161.1972.tb00900.x; Therneau and Grambsch (2000), section 10.2.

    Examples
    --------
    >>> from retaliation_risk.models.partial import fit_rows, partial_rows
    >>> rows = partial_rows([[1.0], [0.0], [1.0], [0.0]], stop=[1, 2, 3, 4], event=[1, 1, 1, 0])
    >>> steps = baseline(fit_rows(rows), rows)
    >>> steps.time.tolist(), steps.cumulative.round(4).tolist()
    ([1.0, 2.0, 3.0], [0.2247, 0.5756, 1.0249])
    """
    at = hazards_at_fit(fit, rows, "baseline hazard")
    sets = at.sets
    return of_steps(rows.strata, sets.stratum, sets.times, sets.centre, hazard_steps(at))


def of_steps(
    strata: npt.NDArray[np.generic], stratum: Ints, time: Floats, centre: Floats, steps: Steps
) -> Baseline:
    """Make a baseline of :func:`hazard_steps` in the order of stratum and time."""
    first = np.flatnonzero(np.diff(stratum, prepend=-1))
    cumulative, variance, drift = (running(part, first) for part in steps)
    return Baseline(strata, stratum, time, steps[0], cumulative, centre, variance, drift)


def hazard_steps(at: Hazards) -> Steps:
    """Take the steps of the hazard, of its variance, and of the hazard times the mean at risk less the centre."""
    one, some, _ = at.inverse
    unit = np.exp(-at.shift)
    mean = at.S1 * one[:, None]
    if len(at.D1):
        mean -= at.D1 * some[:, None]
    return at.hazard * unit, one * unit**2, mean * at.sets.scale * unit


def cumulative_hazard(
    fit: CoxFit,
    base: Baseline,
    X: npt.ArrayLike,
    times: npt.ArrayLike,
    *,
    strata: npt.ArrayLike | None = None,
    offset: npt.ArrayLike | None = None,
) -> Floats:
    """Cumulative hazard of each row of ``X`` up to each time, shape (n, n_times).

    ``strata`` are labels the fit has seen, one per row; needed where it has more than one. Beyond the last
    event time of a stratum the hazard stays where it is.
    """
    log_risk = log_risks(fit, base, np.asarray(X, dtype=np.float64), offset)
    asked = np.atleast_1d(np.asarray(times, dtype=np.float64))
    stratum = known_strata(base, strata, len(log_risk))
    out = np.empty((len(log_risk), len(asked)))
    height = np.append(base.cumulative, 0.0)
    for code in np.unique(stratum):
        mine = stratum == code
        # A log hazard beyond 700 overflows; survival is 0 long before.
        out[mine] = np.outer(
            np.exp(np.minimum(log_risk[mine], 700.0)), height[steps_reached(base, code, asked)]
        )
    return out


def survival_curves(
    fit: CoxFit,
    base: Baseline,
    X: npt.ArrayLike,
    times: npt.ArrayLike,
    *,
    strata: npt.ArrayLike | None = None,
    offset: npt.ArrayLike | None = None,
) -> Floats:
    """Probability of no event up to each time, exp(-cumulative hazard), shape (n, n_times)."""
    survival: Floats = np.exp(-cumulative_hazard(fit, base, X, times, strata=strata, offset=offset))
    return survival


def log_risks(fit: CoxFit, base: Baseline, X: Floats, offset: npt.ArrayLike | None) -> Floats:
    """Linear predictor of new rows, less that of the baseline; shape (n,)."""
    log_risk: Floats = (X - base.centre) @ fit.coefficients
    return log_risk if offset is None else log_risk + np.asarray(offset, dtype=np.float64)


def steps_reached(base: Baseline, code: int, times: Floats) -> Ints:
    """Last step of a stratum up to each time, -1 where there is none."""
    steps = np.flatnonzero(base.stratum == code)
    passed = np.searchsorted(base.time[steps], times, side="right")
    return np.asarray(np.append(-1, steps)[passed], dtype=np.int64)


def known_strata(base: Baseline, strata: npt.ArrayLike | None, n: int) -> Ints:
    """Position of each new row's stratum among those of the fit."""
    if strata is None:
        if len(base.strata) > 1:
            raise ArgumentError(
                "RR111", f"strata is None; the fit has {len(base.strata)}, so name one for each row."
            )
        return np.zeros(n, dtype=np.int64)
    given = np.asarray(strata)
    place = np.minimum(np.searchsorted(base.strata, given), len(base.strata) - 1)
    if (strange := base.strata[place] != given).any():
        raise ArgumentError(
            "RR111",
            f"stratum {given[strange].tolist()[0]!r} was not in the fit; it knows {base.strata[:5].tolist()}"
            f"{' and more' if len(base.strata) > 5 else ''}.",
        )
    return np.asarray(place, dtype=np.int64)
