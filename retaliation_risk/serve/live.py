"""The tables and the log together: whose rows are whose now, and each customer's histories from both.

Entries may come in any order. A row whose customer or ticket is not known yet waits for it; a row that contradicts another
(a change before the opening of its ticket, a ticket told twice in different words) is kept in the log and not counted.
A row that both the tables and the log hold, as after a new export, counts once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from retaliation_risk.histories import Histories
from retaliation_risk.histories.customer import customer_histories
from retaliation_risk.serve.base import Base
from retaliation_risk.serve.cells import AT, Row, known_at, merged, new_rows, opted_out, row_of
from retaliation_risk.serve.log import FEEDBACK, FORGOTTEN, Entry
from retaliation_risk.serve.spoken import Spoken
from retaliation_risk.tables import CONTRACT

_OPT_OUT = AT["customers"]["profiling_opt_out"]


@dataclass
class Told:
    """What the log says of one customer: rows by table in order of arrival, and changes of the customer's own row.

    ``changes`` are (known_at, number in the log, row) of ``customers``; ``latest`` is when the last row became known.
    """

    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    changes: list[tuple[int, int, Row]] = field(default_factory=list)
    latest: int = 0

    def changed(self, known: Sequence[Row], until: int) -> Row:
        """Return the customer's row as it is now; ``known`` is that of the tables, if any, which reach ``until``."""
        changes = sorted(self.changes, key=lambda change: change[:2])
        row = list(merged([*known, *(change for _, _, change in changes)]))
        said = [(at, change[_OPT_OUT]) for at, _, change in changes if change[_OPT_OUT] is not None]
        row[_OPT_OUT] = opted_out(known[0][_OPT_OUT] if known else None, said, until)
        return tuple(row)


@dataclass(frozen=True)
class Known:
    """All that is known of one customer: histories that hold the customer at position ``code``, and caveats."""

    histories: Histories
    code: int
    latest: int
    notes: tuple[str, ...] = ()

    def moment(self, clock: int) -> int:
        """Return now, but late enough that whatever was acknowledged of the customer is the past."""
        return max(clock, self.latest + 1)


@dataclass
class Live:
    """State of one tenant; changed by :meth:`take` alone, under the lock of its service.

    ``marks`` makes the marks of an id that may have been erased (see :func:`retaliation_risk.serve.forget.marks_of`).
    """

    base: Base
    marks: Callable[[str, str], Sequence[str]]
    position: int = 0
    told: dict[str, Told] = field(default_factory=dict)
    spoken: dict[str, Spoken] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    owners: dict[str, tuple[str, int]] = field(default_factory=dict)
    contacts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    waiting: dict[tuple[str, str], list[Entry]] = field(default_factory=lambda: defaultdict(list))
    known: dict[str, Known] = field(default_factory=dict)
    risks: dict[str, float | None] = field(default_factory=dict)

    def take(self, entries: Sequence[Entry]) -> None:
        """Take in the next entries of the log."""
        self.look_up(entry.ticket_id for entry in entries)
        for entry in entries:
            self._take(entry)
            self.position = entry.seq

    def _take(self, entry: Entry) -> None:
        if entry.kind in CONTRACT:
            self._apply(entry)
        elif entry.kind == FEEDBACK:
            said = self.spoken.get(entry.customer_id, Spoken())
            self.spoken[entry.customer_id] = said.heard(entry.values(), entry.known_at)
        elif entry.kind == FORGOTTEN:
            self.forgotten.add(entry.event_id.removeprefix(FORGOTTEN))
            self._let_go()

    def _let_go(self) -> None:
        """Drop what was said of who is erased."""
        for customer_id in [each for each in {*self.told, *self.spoken} if self.erased("customer", each)]:
            for kept in (self.told, self.spoken, self.known, self.risks):
                kept.pop(customer_id, None)
        for ticket_id in [each for each in self.owners if self.erased("ticket", each)]:
            del self.owners[ticket_id]
        for table, name in [each for each in self.waiting if self.erased(each[0].removesuffix("s"), each[1])]:
            del self.waiting[table, name]

    def knows(self, customer_id: str) -> bool:
        """Say whether there is such a customer, in the tables or in the log, who was not erased."""
        there = self.base.code(customer_id) is not None or bool(self.told.get(customer_id, _NOBODY).changes)
        return there and not self.erased("customer", customer_id)

    def holds(self, customer_id: str) -> bool:
        """Say whether there is anything to erase: of who is known, whose rows wait, or whose erasure broke off."""
        code = self.base.code(customer_id)
        left = code is not None and bool(self.base.rows.of(code)["customers"])
        return left or self.knows(customer_id) or ("customers", customer_id) in self.waiting

    def erased(self, kind: str, name: str) -> bool:
        """Say whether a ``customer`` or ``ticket`` was erased."""
        return bool(self.forgotten) and not self.forgotten.isdisjoint(self.marks(kind, name))

    def owner(self, ticket_id: str) -> tuple[str, int] | None:
        """Return whose ticket it is and when it was opened; None for an unknown one."""
        return self.owners.get(ticket_id)

    def look_up(self, ticket_ids: Iterable[str]) -> None:
        """Find out whose tickets these are, before :meth:`owner` is asked of them."""
        unknown = {each for each in ticket_ids if each and each not in self.owners}
        if unknown:
            self.owners.update(self.base.rows.owners(unknown))

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
            if self.knows(each)
            and (each not in self.told or self.rows_of(each)["customers"][0][at] == contact_key)
        }

    def of(self, customer_id: str) -> Known:
        """Return what is known of a customer whom :meth:`knows` knows; built once after each of her events."""
        code = self.base.code(customer_id)
        if customer_id not in self.told and code is not None:
            return Known(self.base.histories, code, 0)
        if customer_id not in self.known:
            self.known[customer_id] = self.build(customer_id)
        return self.known[customer_id]

    def rows_of(self, customer_id: str) -> dict[str, list[Row]]:
        """Return all rows of a customer, of the tables and of the log."""
        code = self.base.code(customer_id)
        rows = {} if code is None else self.base.rows.of(code)
        told = self.told.get(customer_id, _NOBODY)
        for name, given in told.rows.items():
            rows[name] = [*rows.get(name, []), *new_rows(given, rows.get(name, []))]
        rows["tickets"] = list({row[0]: row for row in reversed(rows.get("tickets", []))}.values())
        known = rows.get("customers", [])
        rows["customers"] = [told.changed(known, self.base.end)] if known or told.changes else []
        return rows

    def tickets_of(self, customer_id: str) -> list[Row]:
        """Return the tickets of a customer, known or not, and those that wait for the customer."""
        waiting = self.waiting.get(("customers", customer_id), [])
        return [
            *self.rows_of(customer_id)["tickets"],
            *(row_of(each) for each in waiting if each.kind == "tickets"),
        ]

    def build(self, customer_id: str) -> Known:
        """Make a customer's histories from all rows of hers."""
        rows, told, base = self.rows_of(customer_id), self.told.get(customer_id, _NOBODY), self.base
        opened = {row[0]: row[AT["tickets"]["opened_at"]] for row in rows["tickets"]}
        occurred = AT["ticket_events"]["occurred_at"]
        changes = rows.get("ticket_events", [])
        rows["ticket_events"] = [row for row in changes if row[occurred] >= opened[row[0]]]
        apart = len(changes) - len(rows["ticket_events"])
        present = [name for name in CONTRACT if name in base.present or rows.get(name)]
        histories = customer_histories(
            rows, base.definitions, base.features, present=present, end=max(base.end, told.latest)
        )
        said = f"Events before the opening of their tickets, which are not counted: {apart}."
        return Known(histories, 0, told.latest, (said,) if apart else ())

    def _apply(self, entry: Entry) -> None:
        """Take in a row, and those that waited for it."""
        row = row_of(entry)
        missing = self._missing(entry.kind, row)
        if missing is not None:
            self.waiting[missing].append(entry)
            return
        customer_id = self.subject(entry.kind, row)
        assert customer_id is not None
        self._note(customer_id, entry, row)
        self.known.pop(customer_id, None)
        self.risks.pop(customer_id, None)
        for waited in self.waiting.pop((entry.kind, str(row[0])), []):
            self._apply(waited)

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

    def _note(self, customer_id: str, entry: Entry, row: Row) -> None:
        told = self.told.setdefault(customer_id, Told())
        told.latest = max(told.latest, known_at(entry.kind, row) or 0)
        if entry.kind == "customers":
            told.changes.append((entry.known_at, entry.seq, row))
            if contact := row[AT["customers"]["contact_key"]]:
                self.contacts[contact].add(customer_id)
            return
        if entry.kind == "tickets":
            owner = self.owners.setdefault(row[0], (customer_id, row[AT["tickets"]["opened_at"]]))
            if owner[0] != customer_id:
                return
        told.rows[entry.kind].append(row)


_NOBODY = Told()
