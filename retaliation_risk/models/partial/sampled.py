"""The whole cohort's baseline hazard from sampled risk sets."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from retaliation_risk.errors import ArgumentError
from retaliation_risk.models.partial.curves import Baseline, Steps, hazard_steps, of_steps
from retaliation_risk.models.partial.fit import CoxFit
from retaliation_risk.models.partial.likelihood import hazards
from retaliation_risk.models.partial.residuals import same_columns
from retaliation_risk.models.partial.risk import risk_sets
from retaliation_risk.models.partial.rows import Floats, Ints, Rows, codes_of, vector_of

_T = TypeVar("_T", np.float64, np.int64)


def sampled_baseline(
    fit: CoxFit, rows: Rows, time: npt.ArrayLike, *, strata: npt.ArrayLike | None = None
) -> Baseline:
    """Baseline hazard of the whole cohort, from sampled risk sets and their log weights.

    A set with d cases adds d over the sum of its members' risks, each times its weight. The weights are in the
    rows' ``offset``, as logarithms, and here, other than in the fit, their level counts: each says how many
    customers at risk the member stands for, so those of a set sum to the number at risk at its time (for a case
    and m controls drawn from n at risk each is n / (m + 1)).

    Parameters
    ----------
    fit : CoxFit
        Coefficients, usually of the same sets; unbiased steps need coefficients that are.
    rows : Rows
        Sampled sets: of ``partial_rows(..., sets=..., offset=log_weight)``.
    time : array, shape (n,)
        When each row's set was drawn, one time per set. Sets at one time add up.
    strata : array of labels, shape (n,), optional
        Baselines of their own, one label per set; without it there is one.

    Returns
    -------
    Baseline
        ``centre`` is the mean of the sampled rows, not of the cohort.

    Raises
    ------
    ArgumentError
        RR111 for rows that are no sampled sets, and times or strata that differ within a set.

    References
    ----------
    Borgan, Goldstein and Langholz (1995), doi:10.1214/aos/1176324322; Langholz and Borgan (1997), Biometrics 53(2).

    Examples
    --------
    One control each from 100 at risk at time 1 and from 50 at time 2, so that each stands for 50, then for 25:

    >>> import numpy as np
    >>> from retaliation_risk.models.partial import fit_rows, partial_rows
    >>> log_weight = np.log([50.0, 50.0, 25.0, 25.0])
    >>> X, case, sets = [[1.0], [0.0], [0.0], [1.0]], [1, 0, 1, 0], [7, 7, 8, 8]
    >>> rows = partial_rows(X, event=case, sets=sets, offset=log_weight)
    >>> steps = sampled_baseline(fit_rows(rows), rows, [1.0, 1.0, 2.0, 2.0])
    >>> steps.time.tolist(), steps.cumulative.round(6).tolist()
    ([1.0, 2.0], [0.01, 0.03])
    """
    if not rows.sampled:
        raise ArgumentError("RR111", "the rows are no sampled sets; use baseline for rows with stop.")
    same_columns(fit, rows)
    sets = risk_sets(rows, efron=False)
    hazard, variance, drift = hazard_steps(hazards(sets, fit.coefficients * sets.scale))
    n = len(rows.event)
    labels, known = codes_of("strata", strata, n)
    stratum = _of_sets("strata", np.zeros(n, dtype=np.int64) if labels is None else labels, rows)
    moment = _of_sets("time", vector_of("time", time, n), rows)
    case = sets.rows[sets.deaths[sets.opens]]
    # A set's weight says how many sets it stands for; it cancels within the set.
    weight = sets.mean_weight
    steps = (hazard * weight, variance * weight**2, drift * weight[:, None])
    return _added(known, stratum[case], moment[case], sets.centre, steps)


def _added(
    strata: npt.NDArray[np.generic], stratum: Ints, time: Floats, centre: Floats, steps: Steps
) -> Baseline:
    """Put steps in order, those of one stratum and time added up."""
    order = np.lexsort((time, stratum))
    stratum, time = stratum[order], time[order]
    opens = np.flatnonzero((np.diff(stratum, prepend=-1) != 0) | (np.diff(time, prepend=np.inf) != 0))
    hazard, variance, drift = (np.add.reduceat(part[order], opens, axis=0) for part in steps)
    return of_steps(strata, stratum[opens], time[opens], centre, (hazard, variance, drift))


def _of_sets(name: str, values: npt.NDArray[_T], rows: Rows) -> npt.NDArray[_T]:
    """Refuse values that differ within a set."""
    one = np.empty(len(rows.strata), dtype=values.dtype)
    one[rows.stratum] = values
    if (wrong := one[rows.stratum] != values).any():
        label = rows.strata.tolist()[rows.stratum[np.argmax(wrong)]]
        raise ArgumentError("RR111", f"{name} differs within set {label!r}; a set has one.")
    return values
