"""The tables and the log together: whose rows are whose now, and each customer's histories from both.

Entries may come in any order. A row whose customer or ticket is not known yet waits for it; a row that contradicts another
(a change before the opening of its ticket, a ticket told twice in different words) is kept in the log and not counted.
A row that both the tables and the log hold, as after a new export, counts once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from retaliation_risk.histories import Histories
from retaliation_risk.histories.customer import customer_histories
from retaliation_risk.histories.logs import KNOWN_AT
from retaliation_risk.serve.base import Base
from retaliation_risk.serve.log import Entry
from retaliation_risk.tables import CONTRACT

Row = tuple[Any, ...]
AT = {table: {name: i for i, name in enumerate(declared.names)} for table, declared in CONTRACT.items()}
_KNOWN = {**KNOWN_AT, "tickets": "opened_at", "ticket_events": "known_at"}


@dataclass
class Told:
    """What the log says of one customer: rows by table in order of arrival, and changes of the customer's own row.

    ``changes`` are (known_at, event_id, row) of ``customers``; ``apart`` holds the event ids of rows that contradict others.
    """

    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    changes: list[tuple[int, str, Row]] = field(default_factory=list)
    latest: int = 0
    apart: set[str] = field(default_factory=set)


@dataclass
class Live:
    """State of one tenant; changed by :meth:`apply` alone, under the lock of its service."""

    base: Base
    told: dict[str, Told] = field(default_factory=dict)
    owners: dict[str, tuple[str, int]] = field(default_factory=dict)
    contacts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    waiting: dict[tuple[str, str], list[Entry]] = field(default_factory=lambda: defaultdict(list))
    cache: dict[str, Histories] = field(default_factory=dict)
    position: int = 0

    def take(self, entry: Entry) -> None:
        """Take in the next entry of the log."""
        self.position = entry.seq
        if entry.kind in CONTRACT:
            self.apply(entry)

    def waits(self, entry: Entry) -> bool:
        """Say whether an entry waits for its customer or ticket."""
        return self._missing(entry.kind, row_of(entry)) is not None

    def with_contact(self, contact_key: str) -> set[str]:
        """Return the customers who have this contact key now."""
        found = self.base.rows.with_contact(contact_key) | self.contacts.get(contact_key, set())
        at = AT["customers"]["contact_key"]
        return {
            each
            for each in found
            if each not in self.told or self.rows_of(each)["customers"][0][at] == contact_key
        }

    def notes(self, customer_id: str) -> tuple[str, ...]:
        """Return caveats on what the log says of a customer."""
        apart = len(self.told.get(customer_id, _NOBODY).apart)
        return (f"{apart} events contradict others and are not counted.",) if apart else ()

    def knows(self, customer_id: str) -> bool:
        """Say whether there is such a customer, in the tables or in the log."""
        return self.base.code(customer_id) is not None or bool(self.told.get(customer_id, _NOBODY).changes)

    def owner(self, ticket_id: str) -> tuple[str, int] | None:
        """Return whose ticket it is and when it was opened; None for an unknown one."""
        found = self.owners.get(ticket_id) or self.base.rows.owner(ticket_id)
        if found is not None:
            self.owners[ticket_id] = found
        return found

    def apply(self, entry: Entry) -> None:
        """Take in a row of the log, and those that waited for it."""
        row = row_of(entry)
        missing = self._missing(entry.kind, row)
        if missing is not None:
            self.waiting[missing].append(entry)
            return
        customer_id = self.subject(entry.kind, row)
        assert customer_id is not None
        self._take(customer_id, entry, row)
        self.cache.pop(customer_id, None)
        keys = [("customers", customer_id)] if entry.kind == "customers" else []
        keys += [("tickets", row[0])] if entry.kind == "tickets" else []
        for waited in [each for key in keys for each in self.waiting.pop(key, [])]:
            self.apply(waited)

    def subject(self, kind: str, row: Row) -> str | None:
        """Return whom a row is about; None where its ticket is not known."""
        if kind != "ticket_events":
            return str(row[AT[kind]["customer_id"]])
        found = self.owner(row[0])
        return found[0] if found else None

    def _missing(self, kind: str, row: Row) -> tuple[str, str] | None:
        """Return what a row waits for: its ticket or its customer."""
        if kind == "ticket_events":
            return None if self.owner(row[0]) else ("tickets", row[0])
        customer_id = row[AT[kind]["customer_id"]]
        whole = kind == "customers" and row[AT[kind]["first_seen_at"]] is not None
        return None if whole or self.knows(customer_id) else ("customers", customer_id)

    def _take(self, customer_id: str, entry: Entry, row: Row) -> None:
        told = self.told.setdefault(customer_id, Told())
        told.latest = max(told.latest, known_at(entry.kind, row) or 0)
        if entry.kind == "customers":
            told.changes.append((entry.known_at, entry.event_id, row))
            if contact := row[AT["customers"]["contact_key"]]:
                self.contacts[contact].add(customer_id)
            return
        if entry.kind == "tickets":
            if self.owner(row[0]):
                told.apart.add(entry.event_id)
                return
            self.owners[row[0]] = (customer_id, row[AT["tickets"]["opened_at"]])
        told.rows[entry.kind].append(row)

    def rows_of(self, customer_id: str) -> dict[str, list[Row]]:
        """Return all rows of a customer, of the tables and of the log, without what contradicts a ticket."""
        code = self.base.code(customer_id)
        rows = {} if code is None else self.base.rows.of(code)
        told = self.told.get(customer_id, _NOBODY)
        for name, given in told.rows.items():
            rows[name] = [*rows.get(name, []), *_new(given, rows.get(name, []))]
        rows["customers"] = [merged([*rows.get("customers", []), *_in_order(told)])]
        opened = {row[0]: row[AT["tickets"]["opened_at"]] for row in rows.get("tickets", [])}
        occurred = AT["ticket_events"]["occurred_at"]
        changes = rows.get("ticket_events", [])
        rows["ticket_events"] = [row for row in changes if row[occurred] >= opened[row[0]]]
        return rows

    def histories(self, customer_id: str) -> tuple[Histories, int]:
        """Return histories that hold the customer, and the position there."""
        code = self.base.code(customer_id)
        if customer_id not in self.told and code is not None:
            return self.base.histories, code
        found = self.cache.get(customer_id)
        if found is None:
            rows = self.rows_of(customer_id)
            base = self.base
            present = [name for name in CONTRACT if name in base.present or rows.get(name)]
            found = customer_histories(
                rows,
                base.definitions,
                base.features,
                present=present,
                end=max(base.end, self.latest(customer_id)),
            )
            self.cache[customer_id] = found
        return found, 0

    def latest(self, customer_id: str) -> int:
        """Latest time at which a logged row of the customer became known; 0 without any."""
        return self.told.get(customer_id, _NOBODY).latest

    def drop(self, customer_id: str) -> None:
        """Let go of all that the log said of a customer."""
        self.told.pop(customer_id, None)
        self.cache.pop(customer_id, None)
        self.owners = {ticket: owner for ticket, owner in self.owners.items() if owner[0] != customer_id}
        for known in self.contacts.values():
            known.discard(customer_id)
        for key in [("customers", customer_id)]:
            self.waiting.pop(key, None)


_NOBODY = Told()


def row_of(entry: Entry) -> Row:
    """Return the row that an entry holds, cells in contract order."""
    values = entry.values()
    return tuple(values.get(name) for name in CONTRACT[entry.kind].names)


def known_at(table: str, row: Row) -> int | None:
    """Return when a row became known; None for a span of observation, which is no news."""
    name = _KNOWN.get(table)
    return None if name is None else row[AT[table][name]]


def merged(rows: Sequence[Row]) -> Row:
    """Return one row of several, later ones over earlier ones; an empty cell changes nothing.

    Examples
    --------
    >>> merged([("C1", 5, None), ("C1", None, "k")])
    ('C1', 5, 'k')
    """
    return tuple(
        next((cell for cell in reversed(cells) if cell is not None), None)
        for cells in zip(*rows, strict=True)
    )


def _in_order(told: Told) -> list[Row]:
    return [row for _, _, row in sorted(told.changes, key=lambda change: change[:2])]


def _new(given: Iterable[Row], there: Iterable[Row]) -> list[Row]:
    """Return the rows that are not there yet; of equal rows as many as there are more of."""
    left = Counter(there)
    found = []
    for row in given:
        if left[row] > 0:
            left[row] -= 1
        else:
            found.append(row)
    return found
