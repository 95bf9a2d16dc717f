"""Histories as a researcher would lay them out: what each customer went through, and what followed, stretch by stretch.

One panel is made from simulated customers or from a firm's own tables, by the same code. All tests of all studies read it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk.errors import ArgumentError
from retaliation_risk.features import FEATURES
from retaliation_risk.histories import Feature, Histories
from retaliation_risk.histories.log import Log
from retaliation_risk.studies.spells import ACT, COMPLAINT, EXIT, FAILED, START, STOP, Marks, cut_spells
from retaliation_risk.tables.contract import DIRECT, INDIRECT

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
DAY_US = 86_400_000_000
#: For how long an earlier failed recovery counts: the simulator's ``memory_days``.
MEMORY_DAYS = 365.0
STRENGTH = "relationship_strength"
ORDER_WINDOWS = {"orders_late": (0.0, 180.0), "orders_early": (180.0, 545.0)}


@dataclass(frozen=True)
class Panel:
    """Who the customers are, their complaints, and the stretches of time between what they went through.

    Attributes
    ----------
    spells : DataFrame
        One row per stretch on which nothing changes, cut at each complaint, failed recovery and act and at ages of these:
        ``customer``, ``kind`` (0 quiet, 1 after a complaint, 2 after a failed recovery), ``number`` (failed recoveries in
        the year before, itself too), ``severity``, ``gesture`` (apologised or compensated before the recovery failed),
        ``since`` (days since, middle of the age class; NaN if quiet), ``days`` (its length), ``acts`` and ``exits`` (whether
        it ends with one), ``n_direct`` and ``n_indirect`` (acts before), ``loyalty`` (in standard deviations), ``proneness``
        (log; 0 where it was not asked), ``orders_late`` and ``orders_early`` (in the 180 days before, and the 365 before
        those).
    complaints : DataFrame
        One row per complaint: ``customer``, ``opened``, ``failed`` (day, NaN if its recovery did not), ``decided`` (the
        day it failed or was solved, NaN if neither), ``severity``, ``number`` (failed recoveries in the year before),
        ``contacts`` (tickets in the year before), ``loyalty``, ``left_at``, ``seen_to`` (end of observation).
    acts : DataFrame
        ``customer``, ``day``, ``direct``.
    """

    spells: pd.DataFrame
    complaints: pd.DataFrame
    acts: pd.DataFrame


def build_panel(
    histories: Histories, *, loyalty: npt.ArrayLike | None = None, proneness: npt.ArrayLike | None = None
) -> Panel:
    """Lay the histories out as a panel.

    Customers are followed from the first to the last day on which they could be seen, or until they leave; gaps between
    are not left out.

    Parameters
    ----------
    histories : Histories
    loyalty, proneness : array of float, shape (n_customers,), optional
        As a questionnaire would tell them, in the order of ``histories.customer_ids``. Without ``loyalty``,
        relationship strength as it was known at each complaint and failed recovery stands for it, standardised.

    Raises
    ------
    ArgumentError
        RR105 where tickets, their events or outcomes are not among the tables.
    """
    if lacking := {"tickets", "events", "failed_recoveries", "outcomes"} - set(histories.logs):
        raise ArgumentError(
            "RR105", f"a panel needs tickets, ticket_events and outcomes; it lacks {sorted(lacking)}."
        )
    first, last, left = _spans(histories)
    acts = _acts(histories)
    complaints = _complaints(histories, last, left)
    failures = _failures(histories, complaints)
    marks = _marks(first, last, left, complaints, failures, acts)
    spells = cut_spells(marks)
    spells["loyalty"] = _loyalty(histories, spells["customer"], spells["from_day"], loyalty)
    complaints["loyalty"] = _loyalty(histories, complaints["customer"], complaints["opened"], loyalty)
    asked = np.zeros(len(first)) if proneness is None else np.asarray(proneness, dtype=np.float64)
    spells["proneness"] = asked[spells["customer"]]
    for name, window in ORDER_WINDOWS.items():
        spells[name] = _orders(histories, spells["customer"], spells["from_day"], window)
    return Panel(spells, complaints, acts)


def _spans(histories: Histories) -> tuple[Floats, Floats, Floats]:
    """First and last day seen of each customer (both 0 if never seen), and the day they left (infinite if they did not)."""
    spans = histories.spans
    seen = np.flatnonzero(np.diff(spans.observed_starts))
    first, last = np.zeros((2, len(histories.customer_ids)))
    first[seen] = _days(spans.observed_from[spans.observed_starts[seen]])
    last[seen] = _days(spans.observed_to[spans.observed_starts[seen + 1] - 1])
    exits = spans.acts["switching"]
    left = np.full(len(first), np.inf)
    np.minimum.at(left, _owners(exits.starts), _days(exits.occurred))
    return first, last, left


def _acts(histories: Histories) -> pd.DataFrame:
    """List acts of retaliation by customer and day."""
    parts = []
    for kind in (*INDIRECT, *DIRECT):
        if (acts := histories.spans.acts.get(kind)) is None:
            continue
        who, day = _owners(acts.starts), _days(acts.occurred)
        parts.append(pd.DataFrame({"customer": who, "day": day, "direct": kind in DIRECT}))
    if not parts:
        raise ArgumentError("RR401", "no act of retaliation is recorded in these tables.")
    return pd.concat(parts).sort_values(["customer", "day"], ignore_index=True)


def _complaints(histories: Histories, last: Floats, left: Floats) -> pd.DataFrame:
    """List complaints with how each ended, sorted by customer and day."""
    tickets = histories.logs["tickets"]
    size = len(histories.ticket_ids)
    failed = _first(histories.logs["failed_recoveries"], "", size)
    solved = _first(histories.logs["events"], "solved", size)
    owner, opened = _owners(tickets.starts), _days(tickets.known)
    rows = _flag(tickets, "complaint")
    ticket, who = tickets.tickets[rows], owner[rows]
    severity = tickets.values[tickets.column("severity")][rows]
    columns = {
        "ticket": ticket,
        "customer": who,
        "opened": opened[rows],
        "failed": failed[ticket],
        "decided": np.where(np.isnan(failed[ticket]), solved[ticket], failed[ticket]),
        "severity": np.where(np.isnan(severity), 3.0, severity),
        "contacts": _count(owner, opened, who, opened[rows], MEMORY_DAYS),
        "left_at": left[who],
        "seen_to": last[who],
    }
    complaints = pd.DataFrame(columns).sort_values(["customer", "opened"], ignore_index=True)
    bad = complaints[complaints["failed"].notna()].sort_values(["customer", "failed"])
    complaints["number"] = _count(
        bad["customer"].to_numpy(), bad["failed"].to_numpy(),
        complaints["customer"].to_numpy(), complaints["opened"].to_numpy(), MEMORY_DAYS,
    )  # fmt: skip
    return complaints


def _failures(histories: Histories, complaints: pd.DataFrame) -> pd.DataFrame:
    """List failed recoveries of complaints, with their number in memory and whether a gesture came before."""
    bad = complaints[complaints["failed"].notna()].sort_values(["customer", "failed"], ignore_index=True)
    who, day = bad["customer"].to_numpy(), bad["failed"].to_numpy()
    gesture = _first(histories.logs["events"], "recovery", len(histories.ticket_ids))[bad["ticket"]]
    return bad.assign(number=1 + _count(who, day, who, day, MEMORY_DAYS), gesture=gesture < day)


def _marks(
    first: Floats,
    last: Floats,
    left: Floats,
    complaints: pd.DataFrame,
    failures: pd.DataFrame,
    acts: pd.DataFrame,
) -> Marks:
    """Everything that begins or ends a stretch, of all customers."""
    every = np.arange(len(first))
    end = np.where(left < last, EXIT, STOP)
    blank = {"number": 0, "severity": 3.0, "gesture": False, "direct": False}
    parts = [
        pd.DataFrame({"customer": every, "day": first, "mark": START, **blank}),
        complaints[["customer", "severity", "number"]].assign(day=complaints["opened"], mark=COMPLAINT),
        failures[["customer", "severity", "number", "gesture"]].assign(day=failures["failed"], mark=FAILED),
        acts.assign(mark=ACT),
        pd.DataFrame({"customer": every, "day": np.minimum(last, left), "mark": end, **blank}),
    ]
    return Marks(
        pd.concat([part.assign(**{k: v for k, v in blank.items() if k not in part}) for part in parts])
    )


def _loyalty(
    histories: Histories, customer: pd.Series, day: pd.Series, asked: npt.ArrayLike | None
) -> Floats:
    """Loyalty as it was asked, or relationship strength as it was known on the day, in standard deviations."""
    if asked is not None:
        return np.asarray(asked, dtype=np.float64)[customer]
    moments = pd.to_datetime((day.to_numpy() * DAY_US).astype(np.int64), unit="us")
    known = histories.as_of(histories.customer_ids[customer], moments, _needed(STRENGTH))[STRENGTH].to_numpy()
    known = np.where(np.isnan(known), np.nanmean(known), known)
    standard: Floats = (known - known.mean()) / (known.std() or 1.0)
    return standard


def _needed(name: str) -> list[Feature]:
    """Find a declared feature with those that its formula uses."""
    named = {feature.name: feature for feature in FEATURES}
    wanted = getattr(named[name].value, "names", ())
    return [*(feature for word in wanted if word in named for feature in _needed(word)), named[name]]


def _orders(histories: Histories, customer: pd.Series, day: pd.Series, window: tuple[float, float]) -> Floats:
    """Count orders between so many and so many days before; zeros where no orders were delivered."""
    if "orders" not in histories.logs:
        return np.zeros(len(customer))
    orders = histories.logs["orders"]
    who, when = customer.to_numpy(), day.to_numpy()
    owner, known = _owners(orders.starts), _days(orders.known)
    near, far = (_count(owner, known, who, when, length) for length in window)
    return (far - near).astype(np.float64)


def _count(owner: Ints, known: Floats, customer: Ints, day: Floats, window: float) -> Ints:
    """Count a customer's facts in the ``window`` days before each day; facts sorted by customer and day."""
    wide = 1e6
    keys = owner * wide + known
    high = np.searchsorted(keys, customer * wide + day)
    return np.asarray(
        high - np.searchsorted(keys, customer * wide + np.maximum(day - window, 0.0)), dtype=np.int64
    )


def _first(log: Log, flag: str, size: int) -> Floats:
    """Day of the first row of each ticket with a flag; NaN where there is none."""
    rows = _flag(log, flag)
    first = np.full(size, np.inf)
    np.minimum.at(first, log.tickets[rows], _days(log.known[rows]))
    return np.where(np.isinf(first), np.nan, first)


def _flag(log: Log, flag: str) -> npt.NDArray[np.bool_]:
    mask = np.uint64(log.mask(flag))
    rows: npt.NDArray[np.bool_] = (log.flags & mask) == mask
    return rows


def _owners(starts: Ints) -> Ints:
    """Return the customer of each row of a log, or of acts."""
    return np.repeat(np.arange(len(starts) - 1), np.diff(starts))


def _days(microseconds: npt.NDArray[np.int64]) -> Floats:
    """Days since 1970."""
    days: Floats = microseconds / DAY_US
    return days
