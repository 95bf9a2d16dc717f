"""Intervals and risk sets: the other two forms in which models learn, both from the one ``as_of`` call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk._validate import one_of, positive
from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.histories.asked import logs_of, prepare
from retaliation_risk.histories.at_risk import RiskSpans, risk_spans
from retaliation_risk.histories.declare import Feature
from retaliation_risk.histories.follow_up import NEVER, Acts, spans_acts
from retaliation_risk.histories.histories import Histories, microseconds
from retaliation_risk.histories.intervals import change_points, check_steps, cut, first_only
from retaliation_risk.histories.kernel import DAY_US
from retaliation_risk.histories.risk_sets import by_exposure, everybody, sample_sets

Int64 = npt.NDArray[np.int64]
Columns = dict[str, npt.NDArray[Any]]
ORIGINS = ("entry", "first_seen")


def build_intervals(
    histories: Histories,
    features: Sequence[Feature],
    *,
    outcome: str = "retaliation",
    until: pd.Timestamp | str | None = None,
    recurrent: bool = False,
    every_days: float | None = None,
    origin: str = "entry",
) -> pd.DataFrame:
    """Return one row per customer and stretch of time on which every feature is constant.

    Parameters
    ----------
    histories : Histories
    features : sequence of Feature
        Counts, sums, means, last values, streaks and expressions of them. What changes with time itself (days since, decayed
        sums, spells) is refused, unless ``every_days`` is given.
    outcome : str
        As in :meth:`Histories.follow_up`.
    until : timestamp, optional
        Nobody is followed beyond it, and only acts known before it count.
    recurrent : bool
        Follow customers beyond their first act.
    every_days : float, optional
        Also cut every so many days. Features that change with time itself are then those of the row's end, which is at most
        so many days after its start.
    origin : {"entry", "first_seen"}
        Where ``start_days`` and ``stop_days`` count from: the beginning of the customer's time at risk, or of the
        relationship (then rows are left-truncated).

    Returns
    -------
    DataFrame
        ``customer_id``, ``start``, ``stop`` (timestamps; at risk in (start, stop]), ``start_days``, ``stop_days``, ``event``
        (the act happened exactly at ``stop``), then one column per feature: that of ``as_of`` at any moment in
        (start, stop].

    Raises
    ------
    ArgumentError
        RR111 for features that no interval holds constant; RR404 for an outcome that is not recorded.
    """
    code, head, values = cut_intervals(
        histories,
        features,
        outcome=outcome,
        until=until,
        recurrent=recurrent,
        every_days=every_days,
        origin=origin,
    )
    ids = histories.customer_ids.to_numpy()[code]
    return pd.DataFrame({"customer_id": ids, **head, **values})


def cut_intervals(
    histories: Histories,
    features: Sequence[Feature],
    *,
    outcome: str = "retaliation",
    until: pd.Timestamp | str | None = None,
    recurrent: bool = False,
    every_days: float | None = None,
    origin: str = "entry",
) -> tuple[Int64, Columns, Columns]:
    """Return position of the customer, time and event, and features of :func:`build_intervals`, as arrays."""
    one_of("origin", origin, ORIGINS)
    check_steps(features, every_days)
    spans, acts = _at_risk(histories, outcome, until)
    logs = [log for name, log in histories.logs.items() if name in logs_of(features)]
    rows, event = cut(spans, change_points(logs, features), acts, every_days)
    if not recurrent:
        keep = first_only(rows, event)
        rows, event = rows.take(keep), event[keep]
    zero = _origin(histories, rows, spans, origin)
    head: Columns = {
        "start": rows.start.view("datetime64[us]"),
        "stop": rows.stop.view("datetime64[us]"),
        "start_days": (rows.start - zero) / DAY_US,
        "stop_days": (rows.stop - zero) / DAY_US,
        "event": event,
    }
    values = histories.values_of(rows.code, rows.stop, prepare(features))
    return rows.code, head, {feature.name: values[feature.name] for feature in features}


def build_risk_sets(
    histories: Histories,
    *,
    outcome: str = "retaliation",
    controls: int | None = 10,
    until: pd.Timestamp | str | None = None,
    counter_match: str | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Return each act's customer with sampled others who were at risk at that moment; ask ``as_of`` for their features.

    Parameters
    ----------
    histories : Histories
    outcome, until
        As in :func:`build_intervals`.
    controls : int or None
        Controls per case, at least 1; fewer where fewer were at risk. None: everybody at risk.
    counter_match : str, optional
        Name of a log, such as ``failed_recoveries``: draw half of each set from customers with a row known by then and half
        from those without. A rare exposure is then seen in every set.
    seed : int

    Returns
    -------
    DataFrame
        ``set`` (from 0), ``customer_id``, ``moment``, ``case``, ``log_weight`` (log of the number at risk that the row
        stands for: an offset of the conditional likelihood, and what recovers the baseline hazard), ``n_at_risk``. Case
        first in each set. Acts of customers not at risk at that moment are left out.

    Raises
    ------
    GateError
        RR401 if nobody acted while at risk.
    ArgumentError
        RR403 for a log that is not there.
    """
    if controls is not None:
        positive("controls", controls)
    spans, acts = _at_risk(histories, outcome, until)
    cases, times = _cases(spans, acts)
    if not len(cases):
        raise GateError("RR401", f"nobody acted ({outcome}) while at risk.")
    strata: tuple[RiskSpans, ...] = (spans,)
    if counter_match is not None:
        if counter_match not in histories.logs:
            raise ArgumentError(
                "RR403", f"there is no log {counter_match!r} to match on; there are {sorted(histories.logs)}."
            )
        strata = by_exposure(spans, histories.logs[counter_match])
    drawn = (
        everybody(spans, cases, times)
        if controls is None
        else sample_sets(strata, cases, times, int(controls), seed)
    )
    return pd.DataFrame(
        {
            "set": drawn["set"],
            "customer_id": histories.customer_ids.to_numpy()[drawn["code"]],
            "moment": times[drawn["set"]].view("datetime64[us]"),
            "case": drawn["case"],
            "log_weight": drawn["log_weight"],
            "n_at_risk": drawn["n_at_risk"],
        }
    )


def history_rows(
    histories: Histories,
    features: Sequence[Feature],
    *,
    outcome: str = "retaliation",
    controls: int | None = 10,
    until: pd.Timestamp | str | None = None,
    counter_match: str | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Return risk sets with every feature as it was known at the moment of the act: what a Cox model in time learns from.

    Parameters
    ----------
    histories, outcome, controls, until, counter_match, seed
        As in :func:`build_risk_sets`.
    features : sequence of Feature
        Any, also those that change with time itself.

    Returns
    -------
    DataFrame
        The columns of :func:`build_risk_sets`, then one per feature. Facts known at or after ``until``, or at or after an
        act's own moment, change nothing in its set.
    """
    sets = build_risk_sets(
        histories, outcome=outcome, controls=controls, until=until, counter_match=counter_match, seed=seed
    )
    values = histories.as_of(sets["customer_id"], sets["moment"], features)
    return pd.concat([sets, values.iloc[:, 2:]], axis=1)


def count_at_risk(
    histories: Histories, *, outcome: str = "retaliation", until: pd.Timestamp | str | None = None
) -> Int64:
    """Return how many were at risk at each act: its length is the number of sets, its sum the rows of everybody."""
    spans, acts = _at_risk(histories, outcome, until)
    return spans.counts(_cases(spans, acts)[1])


def _at_risk(histories: Histories, outcome: str, until: pd.Timestamp | str | None) -> tuple[RiskSpans, Acts]:
    """Time at risk and acts, as they were known by ``until``."""
    limit = NEVER if until is None else int(microseconds(until, 1)[0])
    first_seen = histories.logs["customers"].known
    spans = risk_spans(histories.spans, first_seen, histories.spans.history_from, limit)
    acts = spans_acts(histories.spans, outcome)
    if until is None:
        return spans, acts
    return spans.within(spans.start, limit), acts.known_before(limit)


def _cases(spans: RiskSpans, acts: Acts) -> tuple[Int64, Int64]:
    """Find customer and time of every act that happened while at risk; a customer's acts at one time are one."""
    rows, event = cut(spans, (np.empty(0, np.int64), np.empty(0, np.int64)), acts, None)
    return rows.code[event], rows.stop[event]


def _origin(histories: Histories, rows: RiskSpans, spans: RiskSpans, origin: str) -> Int64:
    if origin == "first_seen":
        return histories.logs["customers"].known[rows.code]
    first, position = np.unique(spans.code, return_index=True)
    entry = np.zeros(len(histories.customer_ids), dtype=np.int64)
    entry[first] = spans.start[position]
    return entry[rows.code]
