"""The logs made from tickets and their events: each is put together when asked for, from what they have in common."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from retaliation_risk.histories import derive
from retaliation_risk.histories.definitions import Definitions
from retaliation_risk.histories.derive import NEVER
from retaliation_risk.histories.event_acts import EventActs
from retaliation_risk.histories.facts import Events, Float64, Int8, Int64, Tickets
from retaliation_risk.histories.kernel import DAY_US
from retaliation_risk.histories.log import Log, LogSpec
from retaliation_risk.histories.logs import LOGS
from retaliation_risk.tables.contract import EVENT_TYPES

Flags = Mapping[str, npt.NDArray[np.bool_]]
HOUR_US = 3_600_000_000
KIND_BITS = np.left_shift(np.uint64(1), np.arange(len(EVENT_TYPES), dtype=np.uint64))
"""Flags of the kinds of events, which come first in their log."""


@dataclass(frozen=True)
class Walked:
    """For each ticket: the one before of its issue, and the time since it and since the one before (NEVER without)."""

    before: npt.NDArray[np.int32]
    gap: Int64
    issue_gap: Int64
    changed: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Sorted:
    """Events in the order of the log, and what their tickets amount to by each of them."""

    starts: Int64
    events: Events
    is_open: Int8
    change: Int8
    marks: npt.NDArray[np.uint8]
    closed: Int64


@dataclass(frozen=True)
class TicketLogs:
    """Facts of tickets, from which :meth:`logs` makes logs.

    ``unsorted`` holds the events until they are sorted, and is then empty: there is memory for one copy of them.
    """

    tickets: Tickets
    unsorted: list[Events]
    n_customers: int
    definitions: Definitions

    def logs(self, present: Collection[str], wanted: Collection[str]) -> Iterator[Log]:
        """Yield every wanted log of tickets whose tables are present."""
        for spec in LOGS.values():
            if not spec.query and spec.name in wanted and set(spec.tables) <= set(present):
                yield getattr(self, f"_{spec.name}")(spec)

    def acts(self, recorded: tuple[str, ...]) -> EventActs:
        """Return the events as outcomes, of the kinds that the tables hold."""
        events = self.sorted.events
        return EventActs(self.sorted.starts, events.occurred, events.known, events.kind, recorded)

    @cached_property
    def walked(self) -> Walked:
        """How each ticket stands to those before it."""
        tickets, n = self.tickets, len(self.tickets.opened)
        found = Walked(
            np.full(n, -1, dtype=np.int32), np.full(n, NEVER), np.full(n, NEVER), np.zeros(n, dtype=np.bool_)
        )
        written = (found.before, found.gap, found.issue_gap, found.changed)
        derive.walk_tickets(tickets.starts, tickets.opened, tickets.channel, tickets.issue, *written)
        return found

    @cached_property
    def sorted(self) -> Sorted:
        """Events by (customer, known, occurred, kind, ticket, value)."""
        raw = self.unsorted.pop()
        n = len(raw.known)
        tie = raw.kind.astype(np.int64) * len(self.tickets.opened) + raw.ticket
        owner = self.tickets.customer[raw.ticket]
        starts, order = derive.arranged(owner, self.n_customers, raw.known, raw.occurred, tie, raw.value)
        columns = dict(vars(raw))
        del raw, tie, owner
        events = Events(**{name: columns.pop(name)[order] for name in list(columns)})
        small = (np.empty(n, dtype=np.int8), np.zeros(n, dtype=np.int8), np.zeros(n, dtype=np.uint8))
        found = Sorted(starts, events, *small, np.full(len(self.tickets.opened), NEVER))
        written = (found.is_open, found.change, found.marks, found.closed)
        read = (events.ticket, events.kind, events.known, events.occurred, len(found.closed))
        derive.walk_events(*read, *written)
        return found

    @cached_property
    def failures(self) -> tuple[Int64, Int8]:
        """When each ticket's recovery was known to have failed (NEVER if it was not), and by which evidence."""
        tickets, asked = self.tickets, self.definitions
        counts = np.array([kind in asked.evidence for kind in derive.KINDS_OF_EVIDENCE])
        failed, evidence = (
            np.full(len(tickets.opened), NEVER),
            np.full(len(tickets.opened), 127, dtype=np.int8),
        )
        before = self.walked.before
        repeat, reply = _us(asked.repeat_days), _us(asked.reply_days)
        derive.fail_by_tickets(
            tickets.customer, tickets.opened, tickets.parent, before, repeat, counts, failed, evidence
        )
        if len(self.sorted.events.known):
            events = self.sorted.events
            columns = (events.ticket, events.kind, events.known, events.value, self.sorted.is_open)
            derive.fail_by_events(*columns, reply, asked.bad_csat, counts, failed, evidence)
        return failed, evidence

    @cached_property
    def by_failure(self) -> tuple[Int64, Int64]:
        """Where each customer's failed tickets start, and the tickets by (customer, failed, ticket)."""
        failed, _ = self.failures
        rows = np.flatnonzero(failed < NEVER)
        starts, order = derive.arranged(self.tickets.customer[rows], self.n_customers, failed[rows])
        return starts, rows[order]

    def _tickets(self, spec: LogSpec) -> Log:
        tickets, walked = self.tickets, self.walked
        flags = {
            "complaint": tickets.complaint,
            "repeat": walked.issue_gap <= _us(self.definitions.repeat_days),
            "follow_up": tickets.linked,
            "channel_changed": walked.changed,
            "public_channel": tickets.public,
        }
        columns = {"severity": tickets.severity, "gap_days": _days(walked.gap)}
        return _log(spec, tickets.starts, tickets.opened, np.arange(len(tickets.opened)), flags, columns)

    def _events(self, spec: LogSpec) -> Log:
        found, events = self.sorted, self.sorted.events
        kind = events.kind
        is_compensation = kind == derive.COMPENSATION
        flags = {
            "bad_csat": (kind == derive.RATED) & (events.value < self.definitions.bad_csat),
            "first_reply": (found.marks & derive.FIRST_REPLY) > 0,
            "amends": (found.marks & derive.AMENDS) > 0,
            "recovery": is_compensation | (kind == derive.APOLOGY),
        }
        columns = {
            "csat": np.where(kind == derive.RATED, events.value, np.nan),
            "compensation_amount": np.where(is_compensation, events.value, np.nan),
            "hours_since_opening": (events.occurred - self.tickets.opened[events.ticket]) / HOUR_US,
        }
        return _log(spec, found.starts, events.known, events.ticket, flags, columns, KIND_BITS[kind])

    def _open_tickets(self, spec: LogSpec) -> Log:
        tickets, events, n = self.tickets, self.sorted.events, len(self.tickets.opened)
        rows = np.flatnonzero(self.sorted.change)
        ticket = np.concatenate([np.arange(n, dtype=np.int32), events.ticket[rows]])
        known = np.concatenate([tickets.opened, events.known[rows]])
        occurred = np.concatenate([tickets.opened, events.occurred[rows]])
        rank = np.concatenate([np.zeros(n, dtype=np.int8), events.kind[rows] + np.int8(1)])
        change = np.concatenate([np.ones(n), self.sorted.change[rows]])
        tie = ticket * np.int64(len(EVENT_TYPES) + 1) + rank
        starts, order = derive.arranged(tickets.customer[ticket], self.n_customers, known, occurred, tie)
        return _log(spec, starts, known[order], ticket[order], {}, {"change": change[order]})

    def _failed_recoveries(self, spec: LogSpec) -> Log:
        (failed, evidence), (starts, rows) = self.failures, self.by_failure
        issue, known = self.tickets.issue[rows], failed[rows]
        first = np.zeros(len(rows), dtype=np.bool_)
        first[starts[:-1][starts[:-1] < starts[1:]]] = True
        gap = np.where(first, NEVER, np.diff(known, prepend=0))
        named = evidence[rows]
        flags = {
            "complaint": self.tickets.complaint[rows],
            "same_issue": ~first & (issue == np.roll(issue, 1)) & (issue >= 0),
            "soon": gap <= _us(self.definitions.repeat_days),
            **{kind: named == i for i, kind in enumerate(derive.KINDS_OF_EVIDENCE)},
        }
        return _log(spec, starts, known, rows, flags, {"gap_days": _days(gap)})

    def _verdicts(self, spec: LogSpec) -> Log:
        failed, closed = self.failures[0], self.sorted.closed
        bad, clean = np.flatnonzero(failed < NEVER), np.flatnonzero(closed < failed)
        rows = np.concatenate([bad, clean])
        known = np.concatenate([failed[bad], closed[clean]])
        starts, order = derive.arranged(self.tickets.customer[rows], self.n_customers, known, rows)
        return _log(spec, starts, known[order], rows[order], {"failed": order < len(bad)}, {})

    def _double_deviations(self, spec: LogSpec) -> Log:
        tickets, failed = self.tickets, self.failures[0]
        within = _us(self.definitions.deviation_days)
        again = np.flatnonzero(
            derive.second_failures(
                tickets.starts, tickets.opened, tickets.complaint, *self.by_failure, failed, within
            )
        )
        bad = np.flatnonzero((failed < NEVER) & tickets.complaint)
        rows = np.concatenate([again, bad])
        known = np.concatenate([tickets.opened[again], failed[bad]])
        starts, order = derive.arranged(tickets.customer[rows], self.n_customers, known)
        flags = {"failed_recovery": order >= len(again), "second_failure": order < len(again)}
        return _log(spec, starts, known[order], rows[order], flags, {})


def _log(
    spec: LogSpec,
    starts: Int64,
    known: Int64,
    tickets: npt.NDArray[np.integer],
    flags: Flags,
    columns: Mapping[str, Float64],
    bits: npt.NDArray[np.uint64] | None = None,
) -> Log:
    """Return the log; ``bits`` has the flags that are not among ``flags``."""
    if bits is None:
        bits = np.zeros(len(known), dtype=np.uint64)
    for i, (name, _) in enumerate(spec.flags):
        if name in flags:
            np.bitwise_or(bits, np.uint64(1 << i), out=bits, where=flags[name])
    values = np.empty((len(spec.columns), len(known)))
    for i, (name, _) in enumerate(spec.columns):
        values[i] = columns[name]
    return Log(spec, starts, known, bits, values, tickets)


def _us(days: float) -> int:
    return round(days * DAY_US)


def _days(gap: Int64) -> Float64:
    return np.where(gap == NEVER, np.nan, gap / DAY_US)
