"""The one check of an outcome frame at the door of every model, and the targets made from it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk._censoring import ipcw_weights
from retaliation_risk.errors import ArgumentError, GateError, RetaliationRiskWarning

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

REQUIRED = ("customer_id", "moment", "event", "duration_days", "competing")

#: Events below which one column is too many for a fit without a ridge (Peduzzi et al. 1996,
#: doi:10.1016/S0895-4356(96)00236-3).
EVENTS_PER_COLUMN = 10


@dataclass(frozen=True)
class Outcomes:
    """Checked outcomes as arrays, sorted by moment and customer: no model depends on the order of rows."""

    customer: npt.NDArray[np.int64]
    moment: npt.NDArray[np.datetime64]
    event: Bools
    duration: Floats
    competing: Bools

    @property
    def longest(self) -> float:
        """Longest duration seen, in days: no survival model speaks beyond it."""
        return float(self.duration.max())

    def take(self, rows: Bools) -> Outcomes:
        """Only the rows marked."""
        return Outcomes(*(getattr(self, field.name)[rows] for field in fields(self)))


def read_outcomes(X: pd.DataFrame, y: pd.DataFrame) -> tuple[pd.DataFrame, Outcomes]:
    """Check ``X`` against the outcome frame ``y`` and return both in (moment, customer) order.

    Raises
    ------
    ArgumentError
        RR101 for missing columns; RR111 for lengths that differ, missing values or durations not above 0.
    GateError
        RR401 when there is no row, or no event.
    """
    _check(X, y)
    customer, _ = pd.factorize(y["customer_id"], sort=True)
    moment = pd.to_datetime(y["moment"], utc=True).dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    order = np.lexsort((customer, moment))
    outcomes = Outcomes(
        customer=customer[order].astype(np.int64),
        moment=moment[order],
        event=y["event"].to_numpy(dtype=bool)[order],
        duration=y["duration_days"].to_numpy(dtype=np.float64)[order],
        competing=y["competing"].to_numpy(dtype=bool)[order],
    )
    return X.iloc[order], outcomes


def _check(X: pd.DataFrame, y: pd.DataFrame) -> None:
    if lacking := [name for name in REQUIRED if name not in y]:
        raise ArgumentError("RR101", f"y lacks {lacking}; an outcome frame has {list(REQUIRED)}.")
    if len(X) != len(y):
        raise ArgumentError("RR111", f"X has {len(X)} rows and y has {len(y)}; they must be the same rows.")
    if empty := [name for name in REQUIRED if y[name].isna().any()]:
        raise ArgumentError("RR111", f"y has missing values in {empty}; an outcome frame has none.")
    duration = y["duration_days"].to_numpy(dtype=np.float64)
    if wrong := int((~(np.isfinite(duration) & (duration > 0))).sum()):
        raise ArgumentError(
            "RR111", f"{wrong} of {len(y)} values of duration_days are not above 0 (least: {duration.min()})."
        )
    event, competing = y["event"].to_numpy(dtype=bool), y["competing"].to_numpy(dtype=bool)
    if both := int((event & competing).sum()):
        raise ArgumentError(
            "RR111", f"{both} rows are both event and competing; the first of the two counts."
        )
    if not event.any():
        raise GateError("RR401", f"{len(y)} rows hold 0 events and {int(competing.sum())} competing exits.")


def targets(outcomes: Outcomes, horizon_days: float) -> Bools:
    """Whether each row's event fell within the horizon; refuses outcomes that hold none.

    Raises
    ------
    GateError
        RR401 when no event lies within ``horizon_days``.
    """
    hit = outcomes.event & (outcomes.duration <= horizon_days)
    if not hit.any():
        n, events = len(hit), int(outcomes.event.sum())
        raise GateError("RR401", f"{n} rows hold 0 events within {horizon_days:g} days ({events} later).")
    return hit


def known_weights(outcomes: Outcomes, horizon_days: float) -> Floats:
    """IPCW weight of each row at the horizon: 0 where censored inside it."""
    return ipcw_weights(outcomes.event, outcomes.competing, outcomes.duration, horizon_days)


def same_horizon(fitted: float, asked: float) -> None:
    """Refuse a horizon other than the one a classifier was fitted for."""
    if asked != fitted:
        raise ArgumentError(
            "RR111",
            f"horizon_days is {asked!r}; this model was fitted for {fitted!r} alone. Fit another.",
        )


def within_reach(longest: float, asked: float) -> None:
    """Refuse a time below 0, and a horizon beyond the longest follow-up seen in training.

    Raises
    ------
    ArgumentError
        RR111 for a time below 0.
    GateError
        RR405 for one beyond what was seen: the data, not the caller, fall short.
    """
    if not asked >= 0:
        raise ArgumentError("RR111", f"a time of {asked!r} days was asked; it must be at least 0.")
    if asked > longest + 1e-6:
        raise GateError(
            "RR405", f"{asked:g} days were asked; this model has seen follow-up up to {longest:g} days."
        )


def warn_few_events(n_events: int, n_columns: int, *, stacklevel: int = 2) -> None:
    """Warn where an unpenalised fit has fewer than ``EVENTS_PER_COLUMN`` events for each column (RR407)."""
    if n_events < EVENTS_PER_COLUMN * n_columns:
        found = f"{n_events} events for {n_columns} columns, {n_events / n_columns:.1f} each."
        warnings.warn(RetaliationRiskWarning("RR407", found), stacklevel=stacklevel + 1)
