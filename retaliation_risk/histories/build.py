"""From tables to histories: all facts are read once, then sorted into logs, for all customers or for a part of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk.histories import derive
from retaliation_risk.histories.asked import logs_of
from retaliation_risk.histories.declare import Feature
from retaliation_risk.histories.definitions import Definitions
from retaliation_risk.histories.facts import (
    NO_EVENTS,
    NO_IDS,
    Events,
    Ids,
    Tickets,
    make_codes,
    read_events,
    read_ids,
    read_tickets,
)
from retaliation_risk.histories.follow_up import Spans, read_end
from retaliation_risk.histories.histories import Histories
from retaliation_risk.histories.logs import LOGS, Log, read_logs
from retaliation_risk.histories.needs import event_kinds
from retaliation_risk.histories.ticket_logs import TicketLogs
from retaliation_risk.tables.contract import EVENT_TYPES
from retaliation_risk.tables.store import Tables

Int64 = npt.NDArray[np.int64]
Part = tuple[int, int, Int64]
"""First customer, the one after the last, and the rows of their events."""


def build_histories(
    tables: Tables, definitions: Definitions | None = None, features: Sequence[Feature] | None = None
) -> Histories:
    """Sort every fact of the tables into logs by (customer, known time).

    Parameters
    ----------
    tables : Tables
        Checked tables; customers and tickets are required, what else is missing switches features off.
    definitions : Definitions, optional
        What counts as a failed recovery and as a second failure.
    features : sequence of Feature, optional
        Build only the logs that these read, from the kinds of events that they need; all of them without.
    """
    facts = read_facts(tables, definitions or Definitions(), features, ids=True)
    unsorted = [facts.events]
    # There is memory for one copy of all events: they are let go when they are sorted.
    facts = replace(facts, events=NO_EVENTS)
    return facts.histories(0, len(facts.customer_ids), unsorted)


def end_of_observation(tables: Tables) -> pd.Timestamp:
    """Return the latest moment at which anything could be seen: :attr:`Histories.now`, without building them."""
    cursor = tables.connection.cursor()
    cursor.execute("SET TimeZone = 'UTC'")
    try:
        return pd.Timestamp(read_end(cursor, tables.names), unit="us")
    finally:
        cursor.close()


@dataclass(frozen=True)
class Facts:
    """Everything that the tables say, in memory once, before tickets and their events are sorted into logs.

    ``recorded`` are the kinds of events that there are, ``logs`` those that a query reads, ``wanted`` the names of all that
    are to be made.
    """

    customer_ids: npt.NDArray[np.object_]
    ticket_ids: Ids
    tickets: Tickets
    events: Events
    recorded: tuple[str, ...]
    logs: tuple[Log, ...]
    spans: Spans
    definitions: Definitions
    present: Collection[str]
    wanted: Collection[str]

    def parts(self, size: int) -> Iterator[Part]:
        """Cut the customers into parts of ``size``: where each begins and ends, and the rows of its events."""
        n = len(self.customer_ids)
        owner = (self.tickets.customer // np.int32(size))[self.events.ticket]
        starts, order = derive.group(owner, -(-n // size))
        for number, low in enumerate(range(0, n, size)):
            yield low, min(low + size, n), order[starts[number] : starts[number + 1]]

    def part(self, low: int, high: int, rows: Int64) -> Histories:
        """Return the histories of the customers ``low:high``, whose events are ``rows``."""
        events = self.events.take(rows, int(self.tickets.starts[low]))
        return self.histories(low, high, [events])

    def histories(self, low: int, high: int, unsorted: list[Events]) -> Histories:
        """Return the histories of the customers ``low:high``; ``unsorted`` holds their events."""
        found = TicketLogs(self.tickets.part(low, high), unsorted, high - low, self.definitions)
        logs = {log.spec.name: log.part(low, high) for log in self.logs}
        logs |= {log.spec.name: log for log in found.logs(self.present, self.wanted)}
        spans = self.spans.part(low, high, found.acts(self.recorded))
        ids = pd.Index(self.customer_ids[low:high], dtype=object)
        return Histories(ids, self.ticket_ids, logs, self.definitions, spans)


def read_facts(
    tables: Tables,
    definitions: Definitions,
    features: Sequence[Feature] | None,
    *,
    kinds: Collection[str] = (),
    ids: bool = False,
) -> Facts:
    """Read what the features need (all without), events of the other ``kinds``, and the tickets' ``ids`` where asked."""
    wanted = set(LOGS) if features is None else {"customers", *logs_of(features)}
    needed = EVENT_TYPES if features is None else {*event_kinds(features, definitions), *kinds}
    cursor = tables.connection.cursor()
    cursor.execute("SET TimeZone = 'UTC'")
    make_codes(cursor)
    customers = cursor.execute("SELECT customer_id FROM _codes ORDER BY code").fetchnumpy()["customer_id"]
    n = len(customers)
    tickets, rows = read_tickets(cursor, n)
    events = read_events(cursor, tables.names, rows, needed)
    ticket_ids = read_ids(cursor, rows) if ids else NO_IDS
    cursor.execute("DROP TABLE _tickets")
    logs = tuple(read_logs(cursor, tables.names, n, wanted))
    first_seen = next(log.known for log in logs if log.spec.name == "customers")
    spans = Spans.read(cursor, tables.names, first_seen)
    cursor.close()
    there = np.flatnonzero(np.bincount(events.kind, minlength=len(EVENT_TYPES)))
    recorded = tuple(EVENT_TYPES[kind] for kind in there)
    return Facts(
        customers, ticket_ids, tickets, events, recorded, logs, spans, definitions, tables.names, wanted
    )
