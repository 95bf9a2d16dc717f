"""Cox models of repeated acts: Andersen-Gill, and Prentice-Williams-Peterson on either clock."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from retaliation_risk._validate import one_of
from retaliation_risk.errors import ArgumentError
from retaliation_risk.models.partial import CoxFit, Rows, fit_rows, partial_rows
from retaliation_risk.models.partial.rows import Ints
from retaliation_risk.models.recurrent._frame import check_frame, clock, count_earlier, last_act

KINDS = ("andersen_gill", "pwp_total", "pwp_gap")

# A clock that restarts comes from a subtraction, whose rounding must not break ties: times are whole microseconds.
_MICROSECONDS = 86_400_000_000.0


def fit_recurrent(
    frame: pd.DataFrame,
    covariates: Sequence[str],
    *,
    kind: str = "andersen_gill",
    max_stratum: int | None = None,
    weight: str | None = None,
    ties: str = "efron",
    ridge: float = 0.0,
) -> CoxFit:
    """Fit a Cox model of repeated acts, with errors robust to a customer's repeated rows.

    Parameters
    ----------
    frame : DataFrame
        Counting-process rows; those of one customer must not overlap, and may have gaps.
    covariates : sequence of str
        Columns of ``frame``, numbers without missing values.
    kind : {"andersen_gill", "pwp_total", "pwp_gap"}, default "andersen_gill"
        ``andersen_gill``: one hazard for all acts, on the customer's own clock; that earlier acts may raise the hazard
        is for a covariate to say (:func:`earlier_events`). ``pwp_total``: a hazard for the first act, another for the
        second, and so on, each on the clock since the beginning. ``pwp_gap``: the same, with the clock set to 0 by
        each act.
    max_stratum : int, optional
        In the two PWP models the acts from this number on share one hazard; few customers have a fifth act. All
        numbers apart without.
    weight : str, optional
        Column of case weights above 0.
    ties : {"efron", "breslow"}, default "efron"
    ridge : float, default 0.0
        As in :func:`retaliation_risk.models.partial.fit_partial`.

    Returns
    -------
    CoxFit
        ``robust`` is clustered by customer. With :func:`recurrent_rows`, ``baseline`` and ``cumulative_hazard`` of
        :mod:`retaliation_risk.models.partial` give, for Andersen-Gill, the expected number of acts of a customer
        whose covariates stay as they are.

    Raises
    ------
    ArgumentError
        RR101 for missing columns; RR111 for an unknown kind, start not before stop, negative times, rows of a customer
        that overlap, covariates that are missing or constant.
    GateError
        RR401 when nothing happened.

    References
    ----------
    Andersen and Gill (1982), doi:10.1214/aos/1176345976; Prentice, Williams and Peterson (1981),
    doi:10.1093/biomet/68.2.373; Lin, Wei, Yang and Ying (2000), doi:10.1111/1467-9868.00259.

    Examples
    --------
    >>> frame = pd.DataFrame({"customer_id": list("aabbc"), "start_days": [0.0, 2, 0, 3, 0],
    ...     "stop_days": [2.0, 6, 3, 5, 7], "event": [True, False, True, True, False], "calls": [3.0, 3, 1, 4, 2]})
    >>> fit_recurrent(frame, ["calls"]).coefficients.round(4).tolist()
    [0.5224]
    >>> fit_recurrent(frame, ["calls"], kind="pwp_total", max_stratum=2).n_events
    3
    """
    rows = recurrent_rows(frame, covariates, kind=kind, max_stratum=max_stratum, weight=weight)
    return fit_rows(rows, ties=ties, ridge=ridge)


def recurrent_rows(
    frame: pd.DataFrame,
    covariates: Sequence[str],
    *,
    kind: str = "andersen_gill",
    max_stratum: int | None = None,
    weight: str | None = None,
) -> Rows:
    """Check counting-process rows and set their clock and strata; arguments as in :func:`fit_recurrent`.

    What the fit of these rows can be asked (baseline, residuals, proportional hazards) is in
    :mod:`retaliation_risk.models.partial`. Strata are the numbers of the next act, from 1.

    With late entry the acts before it are unknown: numbers count from the first row, and until the first act the clock
    of ``pwp_gap`` is that of ``start_days``.
    """
    one_of("kind", kind, KINDS)
    check_frame(frame, [*covariates, *([] if weight is None else [weight])])
    earlier = count_earlier(frame)
    start, stop = clock(frame, "start_days"), clock(frame, "stop_days")
    if kind == "pwp_gap":
        since = last_act(frame)
        start, stop = (np.rint((time - since) * _MICROSECONDS) / _MICROSECONDS for time in (start, stop))
    return partial_rows(
        frame[list(covariates)].to_numpy(dtype=np.float64),
        names=list(covariates),
        start=start,
        stop=stop,
        event=frame["event"].to_numpy(),
        strata=_strata(kind, earlier + 1, max_stratum),
        weight=None if weight is None else frame[weight].to_numpy(dtype=np.float64),
        cluster=frame["customer_id"].to_numpy(),
    )


def earlier_events(frame: pd.DataFrame) -> pd.Series[int]:
    """Count the acts of the same customer before each row; a covariate for Andersen-Gill.

    Parameters
    ----------
    frame : DataFrame
        Counting-process rows, in any order.

    Returns
    -------
    Series of int
        Indexed as ``frame``.

    Examples
    --------
    >>> frame = pd.DataFrame({"customer_id": list("aab"), "start_days": [2.0, 0, 0], "stop_days": [6.0, 2, 7],
    ...     "event": [False, True, False]})
    >>> earlier_events(frame).tolist()
    [1, 0, 0]
    """
    check_frame(frame, [])
    return pd.Series(count_earlier(frame), index=frame.index, name="earlier_events")


def _strata(kind: str, number: Ints, max_stratum: int | None) -> Ints | None:
    if kind == "andersen_gill" and max_stratum is not None:
        raise ArgumentError(
            "RR111",
            f"max_stratum is {max_stratum!r}; andersen_gill has one hazard for all acts: leave it out.",
        )
    if max_stratum is not None and not (isinstance(max_stratum, int) and max_stratum >= 1):
        raise ArgumentError("RR111", f"max_stratum is {max_stratum!r}; it must be a whole number from 1 on.")
    if kind == "andersen_gill":
        return None
    return number if max_stratum is None else np.minimum(number, max_stratum)
