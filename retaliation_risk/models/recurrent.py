"""Customers who retaliate more than once: Andersen-Gill, Prentice-Williams-Peterson, and the mean number of acts.

All read counting-process rows as :func:`retaliation_risk.histories.build_intervals` returns them with ``recurrent=True``:
``customer_id``, ``start_days``, ``stop_days`` (at risk in (start, stop]), ``event`` and one column per covariate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from retaliation_risk._validate import one_of
from retaliation_risk.errors import ArgumentError
from retaliation_risk.models._outcomes import within_reach
from retaliation_risk.models._spells import Spells, quadratic, read_spells, squared_sums
from retaliation_risk.models.partial import CoxFit, Rows, fit_rows, partial_rows
from retaliation_risk.models.partial.rows import Bools, Floats, Ints

KINDS = ("andersen_gill", "pwp_total", "pwp_gap")
REQUIRED = ("customer_id", "start_days", "stop_days", "event")

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
    _check(frame, [*covariates, *([] if weight is None else [weight])])
    earlier = _earlier(frame)
    start, stop = _clock(frame, "start_days"), _clock(frame, "stop_days")
    if kind == "pwp_gap":
        since = _last_act(frame)
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
    _check(frame, [])
    return pd.Series(_earlier(frame), index=frame.index, name="earlier_events")


def mean_cumulative_events(
    frame: pd.DataFrame,
    days: npt.ArrayLike | None = None,
    *,
    weight: str | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate the mean number of acts of a customer up to each day (Nelson-Aalen for recurrent events).

    Parameters
    ----------
    frame : DataFrame
        Counting-process rows; no covariates are read.
    days : array of float, shape (k,), optional
        Days to read the curve at; every day with an act without.
    weight : str, optional
        Column of case weights above 0.
    level : float, default 0.95
        Of the interval, in (0, 1); symmetric on the log scale.

    Returns
    -------
    DataFrame
        ``day``, ``mean``, ``standard_error``, ``low``, ``high``. The error is robust: acts of one customer may depend on one
        another, so nothing is assumed of how they cluster. Before the first act the limits are NaN.

    Raises
    ------
    ArgumentError
        RR101 for missing columns; RR111 for rows that cannot be used.
    GateError
        RR401 when nothing happened; RR405 for a day beyond the last one seen.

    Notes
    -----
    The mean is that of customers who stay: those who leave are taken as censored.

    References
    ----------
    Lawless and Nadeau (1995), Technometrics 37, 158-168; Lin, Wei, Yang and Ying (2000), doi:10.1111/1467-9868.00259.

    Examples
    --------
    >>> frame = pd.DataFrame({"customer_id": list("aab"), "start_days": [0.0, 2, 0], "stop_days": [2.0, 6, 7],
    ...     "event": [True, True, False]})
    >>> mean_cumulative_events(frame)[["day", "mean", "standard_error"]]
       day  mean  standard_error
    0  2.0   0.5        0.353553
    1  6.0   1.0        0.707107
    """
    _check(frame, [] if weight is None else [weight])
    if not 0 < level < 1:
        raise ArgumentError("RR111", f"level is {level!r}; it must be above 0 and below 1.")
    spells = read_spells(
        _clock(frame, "stop_days"),
        frame["event"].to_numpy(),
        start=_clock(frame, "start_days"),
        weight=None if weight is None else frame[weight].to_numpy(),
        cluster=frame["customer_id"].to_numpy(),
    )
    asked = np.unique(spells.stop[spells.event]) if days is None else np.atleast_1d(np.asarray(days, float))
    for day in asked:
        within_reach(float(spells.times[-1]), float(day))
    place = np.searchsorted(spells.times, asked, side="right")
    mean, error = (np.append(0.0, curve)[place] for curve in _mean(spells))
    with np.errstate(invalid="ignore", divide="ignore"):
        width = np.exp(norm.ppf(0.5 + level / 2) * error / mean)
    return pd.DataFrame(
        {"day": asked, "mean": mean, "standard_error": error, "low": mean / width, "high": mean * width}
    )


def _mean(spells: Spells) -> tuple[Floats, Floats]:
    """Mean number of events and its standard error at every time.

    A row's influence is the sum over its time at risk of (dN - dA) / Y. A cluster carries what its rows have
    gathered, and its weight at risk, which goes on gathering minus the sum of dA / Y.
    """
    at_risk = spells.at_risk(spells.weight)
    step = spells.ending(spells.weight * spells.event) / at_risk
    grown = np.cumsum(step / at_risk)
    n, at = len(spells.stop), spells.leaves
    coming = np.stack([np.append(0.0, grown)[spells.enters], np.ones(n)], axis=1)
    going = np.stack([spells.event / at_risk[at] - grown[at], -np.ones(n)], axis=1)
    changes = np.concatenate([coming, going]) * np.tile(spells.weight, 2)[:, None]
    sums = squared_sums(spells, np.append(spells.enters, at), np.tile(np.arange(n), 2), changes)
    return np.cumsum(step), quadratic(np.stack([np.ones_like(grown), -grown], axis=1), sums)


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


def _check(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse a frame without the columns, without clock, or in which rows of a customer overlap."""
    if lacking := [name for name in [*REQUIRED, *columns] if name not in frame]:
        raise ArgumentError("RR101", f"frame lacks {lacking}; found are {list(frame.columns)}.")
    if not len(frame):
        raise ArgumentError("RR111", "frame has 0 rows; it must have at least 1.")
    if empty := [name for name in REQUIRED if frame[name].isna().any()]:
        raise ArgumentError("RR111", f"frame has missing values in {empty}; every row needs them.")
    _check_kinds(frame, ["start_days", "stop_days", *columns])
    start, stop = _clock(frame, "start_days"), _clock(frame, "stop_days")
    _refuse(frame, start < 0, start, stop, "begins below 0; days count up from the beginning")
    _refuse(
        frame, start >= stop, start, stop, "does not end after it begins; check whether the two are swapped"
    )
    order, new = _in_order(frame)
    overlap = np.zeros(len(frame), dtype=bool)
    overlap[order[1:]] = ~new[1:] & (start[order[1:]] < stop[order[:-1]])
    _refuse(
        frame, overlap, start, stop, "begins before the customer's row before it ends; cut one of the two"
    )


def _check_kinds(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    if text := [name for name in columns if not pd.api.types.is_numeric_dtype(frame[name])]:
        raise ArgumentError("RR111", f"columns {text} are not numbers.")
    if not (known := frame["event"].isin([0, 1])).all():
        found = frame["event"][~known].tolist()[0]
        raise ArgumentError("RR111", f"event is {found!r} in a row; it must be true or false.")


def _refuse(frame: pd.DataFrame, wrong: Bools, start: Floats, stop: Floats, what: str) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ArgumentError(
            "RR111",
            f"{int(wrong.sum())} of {len(frame)} rows cannot be used: row {row} of customer "
            f"{frame['customer_id'].iloc[row]!r}, {start[row]:g} to {stop[row]:g} days, {what}.",
        )


def _clock(frame: pd.DataFrame, name: str) -> Floats:
    return frame[name].to_numpy(dtype=np.float64)


def _in_order(frame: pd.DataFrame) -> tuple[Ints, Bools]:
    """Order of rows by customer and time, and whether each row in that order is its customer's first."""
    customer, _ = pd.factorize(frame["customer_id"])
    order = np.lexsort((_clock(frame, "start_days"), customer))
    return order.astype(np.int64), np.diff(customer[order], prepend=-1) != 0


def _earlier(frame: pd.DataFrame) -> Ints:
    """Acts of the same customer before each row."""
    order, new = _in_order(frame)
    event = frame["event"].to_numpy(dtype=np.int64)[order]
    before = np.cumsum(event) - event
    earlier = np.empty(len(frame), dtype=np.int64)
    earlier[order] = before - np.maximum.accumulate(np.where(new, before, 0))
    return earlier


def _last_act(frame: pd.DataFrame) -> Floats:
    """Day of the customer's latest act before each row; 0 without one."""
    order, new = _in_order(frame)
    event = frame["event"].to_numpy(dtype=bool)[order]
    stop = _clock(frame, "stop_days")[order]
    # Each row looks back to the last position that set its clock: its customer's first row, or the row after an act.
    sets = new | np.append(True, event[:-1])
    position = np.maximum.accumulate(np.where(sets, np.arange(len(order)), 0))
    since = np.where(new, 0.0, np.append(0.0, stop[:-1]))[position]
    out = np.empty(len(frame))
    out[order] = since
    return out
