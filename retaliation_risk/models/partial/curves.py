"""The baseline hazard of a fitted Cox model, and survival curves of new rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retaliation_risk.errors import ArgumentError
from retaliation_risk.models.partial.fit import CoxFit
from retaliation_risk.models.partial.residuals import hazards_at_fit
from retaliation_risk.models.partial.rows import Floats, Ints, Rows
from retaliation_risk.models.partial.sums import running


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
    """

    strata: npt.NDArray[np.generic]
    stratum: Ints
    time: Floats
    hazard: Floats
    cumulative: Floats
    centre: Floats


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
    hazard = at.hazard * np.exp(-at.shift)
    return Baseline(
        strata=rows.strata,
        stratum=at.sets.stratum,
        time=at.sets.times,
        hazard=hazard,
        cumulative=running(hazard, at.sets.first),
        centre=at.sets.centre,
    )


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
    matrix = np.asarray(X, dtype=np.float64)
    log_risk = (matrix - base.centre) @ fit.coefficients
    if offset is not None:
        log_risk = log_risk + np.asarray(offset, dtype=np.float64)
    asked = np.atleast_1d(np.asarray(times, dtype=np.float64))
    stratum = _known(base, strata, len(matrix))
    out = np.empty((len(matrix), len(asked)))
    for code in np.unique(stratum):
        mine, steps = stratum == code, base.stratum == code
        height = np.append(0.0, base.cumulative[steps])
        reached = height[np.searchsorted(base.time[steps], asked, side="right")]
        # A log hazard beyond 700 overflows; survival is 0 long before.
        out[mine] = np.outer(np.exp(np.minimum(log_risk[mine], 700.0)), reached)
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


def _known(base: Baseline, strata: npt.ArrayLike | None, n: int) -> Ints:
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
