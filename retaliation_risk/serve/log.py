"""The durable log: every acknowledged event, every word of feedback and every erasure, in one order for all who read it.

An entry is on disk before it is acknowledged. Two processes may write to one log: writers take turns, and the numbers of
entries rise in the order in which they were committed, so that a reader who remembers the last number misses none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from retaliation_risk.serve.log_store import WAIT_SECONDS, Store, open_store

FEEDBACK, FORGOTTEN = "_feedback", "_forgotten"
"""Kinds of entries that are no rows of a table."""

PAGE = 10_000
"""Entries that are read at once, at most."""

Fate = Literal["stored", "duplicate", "different"]


@dataclass(frozen=True)
class Entry:
    """One entry: its event id, what kind of thing it is (a table or one of ours), whose it is, and its body as JSON.

    ``customer_id`` and ``ticket_id`` are empty where the body names none. Times are microseconds. ``seq`` is 0 until the
    entry is on disk.
    """

    event_id: str
    kind: str
    body: str
    customer_id: str = ""
    ticket_id: str = ""
    known_at: int = 0
    received_at: int = 0
    seq: int = 0

    def values(self) -> dict[str, Any]:
        """Return the body."""
        found: dict[str, Any] = json.loads(self.body)
        return found


def body_of(values: Mapping[str, Any]) -> str:
    """Write a body: empty cells left out, keys in order, so that equal bodies are equal texts."""
    told = {name: value for name, value in values.items() if value is not None}
    return json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


_COLUMNS = "event_id, kind, body, customer_id, ticket_id, known_at, received_at"


@dataclass(frozen=True)
class EventLog:
    """The entries of one tenant in a store that others may use too."""

    store: Store
    tenant: str

    @classmethod
    def open(cls, address: str, tenant: str) -> EventLog:
        """Open the log of a tenant, and make it where there is none.

        Parameters
        ----------
        address : str
            A SQLite file, or the address of a PostgreSQL database (``postgresql://...``).
        tenant : str

        Raises
        ------
        DataError
            RR711.
        """
        return cls(open_store(address), tenant)

    def append(self, entries: Sequence[Entry]) -> list[Fate]:
        """Write entries, all of them or none, and return once they are on disk.

        Returns
        -------
        list of {"stored", "duplicate", "different"}
            For each entry: its id was new; was there with the same words; was there with others, and stays as it was.

        Raises
        ------
        DataError
            RR703; nothing was written.
        """
        with self.store.writing() as run:
            return [self._write(run, entry) for entry in entries]

    def _write(self, run: Any, entry: Entry) -> Fate:
        there = run(
            "SELECT kind, body FROM entries WHERE tenant = ? AND event_id = ?", (self.tenant, entry.event_id)
        )
        if there:
            return "duplicate" if tuple(there[0]) == (entry.kind, entry.body) else "different"
        values = tuple(getattr(entry, name) for name in _COLUMNS.split(", "))
        run(
            f"INSERT INTO entries (tenant, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (self.tenant, *values),
        )
        return "stored"

    def after(self, seq: int, within: float = WAIT_SECONDS) -> list[Entry]:
        """Return the next entries after a number, in their order: at most ``PAGE``, so that a long log comes in parts.

        Parameters
        ----------
        seq : int
        within : float
            Seconds to wait for an answer.

        Raises
        ------
        DataError
            RR711, the log cannot be read, or not in time.
        """
        rows = self.store.read(
            f"SELECT {_COLUMNS}, seq FROM entries WHERE seq > ? AND tenant = ? ORDER BY seq LIMIT {PAGE}",
            (seq, self.tenant),
            within,
        )
        return [Entry(*row) for row in rows]

    def erase(self, customer_id: str, tickets: Iterable[str], marks: Sequence[Entry]) -> int:
        """Delete what the log holds of a customer and of her tickets, leave marks instead, and return how many went."""
        with self.store.writing() as run:
            gone = run(
                "DELETE FROM entries WHERE tenant = ? AND customer_id = ? RETURNING seq",
                (self.tenant, customer_id),
            )
            for ticket in tickets:
                gone += run(
                    "DELETE FROM entries WHERE tenant = ? AND ticket_id = ? RETURNING seq",
                    (self.tenant, ticket),
                )
            for mark in marks:
                self._write(run, mark)
        self.store.scrub()
        return len(gone)

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()
