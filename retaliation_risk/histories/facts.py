"""Facts as typed arrays: ids become codes while the tables are read, once, and text goes no further."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt

from retaliation_risk.tables.contract import ACTOR_TYPES, EVENT_TYPES

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]
Int8 = npt.NDArray[np.int8]
Float64 = npt.NDArray[np.float64]
Found = dict[str, npt.NDArray[np.generic]]

PUBLIC_CHANNELS = ("social", "twitter", "facebook", "forum")


@dataclass(frozen=True)
class Tickets:
    """Tickets in the order of (customer, opened, ticket_id); codes are -1 where there is nothing.

    Customer ``c`` owns ``starts[c]:starts[c + 1]``. ``linked`` says that a parent was named, ``parent`` where it is among
    the tickets.
    """

    starts: Int64
    customer: Int32
    opened: Int64
    complaint: npt.NDArray[np.bool_]
    severity: Float64
    channel: Int32
    public: npt.NDArray[np.bool_]
    issue: Int32
    linked: npt.NDArray[np.bool_]
    parent: Int32

    def part(self, low: int, high: int) -> Tickets:
        """Return the tickets of the customers ``low:high``, with codes that count from there."""
        first, last = self.starts[low], self.starts[high]
        if low == 0 and last == len(self.opened):
            return self
        columns = {name: column[first:last] for name, column in vars(self).items() if name != "starts"}
        parent = columns["parent"]
        return Tickets(
            **columns
            | {
                "starts": self.starts[low : high + 1] - first,
                "customer": columns["customer"] - np.int32(low),
                "issue": _dense(columns["issue"]),
                "parent": np.where((parent >= first) & (parent < last), parent - first, -1).astype(np.int32),
            }
        )


def _dense(issue: Int32) -> Int32:
    """Count issues from 0 again where most of them are not here: a walk keeps one number per issue."""
    if issue.max(initial=-1) < 4 * len(issue):
        return issue
    found = np.unique(np.append(issue, -1), return_inverse=True)[1][:-1] - 1
    return found.astype(np.int32)


@dataclass(frozen=True)
class Events:
    """Ticket events in any order; ``kind`` is the position in ``EVENT_TYPES``, ``actor`` of the names in order."""

    ticket: Int32
    kind: Int8
    known: Int64
    occurred: Int64
    value: Float64
    actor: Int8

    def take(self, rows: Int64, first: int) -> Events:
        """Return the events at these rows, with the codes of tickets counted from ``first``."""
        columns = {name: column[rows] for name, column in vars(self).items()}
        return Events(**columns | {"ticket": columns["ticket"] - np.int32(first)})


_NO_TIMES, _NO_CODES = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int8)
NO_EVENTS = Events(np.empty(0, dtype=np.int32), _NO_CODES, _NO_TIMES, _NO_TIMES, np.empty(0), _NO_CODES)


@dataclass(frozen=True)
class Ids:
    """Many ids as one text and their ends; takes a tenth of the memory of as many strings."""

    text: str
    ends: Int64

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, position: int) -> str:
        start = self.ends[position - 1] if position else 0
        return self.text[start : self.ends[position]]


def make_codes(connection: duckdb.DuckDBPyConnection) -> None:
    """Give customers numbers in the order of their ids, and tickets in the order of :class:`Tickets`.

    ``_codes`` has customer_id and code; a ticket's code is its ``rowid`` in ``_tickets``.
    """
    connection.execute("CREATE TEMP TABLE _sorted AS SELECT customer_id FROM customers ORDER BY customer_id")
    connection.execute("CREATE TEMP TABLE _codes AS SELECT customer_id, rowid::INT AS code FROM _sorted")
    connection.execute(
        _SORTED_TICKETS.format(public=", ".join(f"'{channel}'" for channel in PUBLIC_CHANNELS))
    )


_SORTED_TICKETS = """
CREATE TEMP TABLE _tickets AS
WITH issues AS (SELECT issue_key, row_number() OVER () - 1 AS issue
                FROM (SELECT DISTINCT issue_key FROM tickets WHERE issue_key IS NOT NULL)),
     channels AS (SELECT channel, row_number() OVER () - 1 AS channel_code
                  FROM (SELECT DISTINCT channel FROM tickets WHERE channel IS NOT NULL))
SELECT ticket_id, code::INT AS customer, epoch_us(opened_at) AS opened, coalesce(is_complaint, false) AS complaint,
       coalesce(severity::DOUBLE, 'nan'::DOUBLE) AS severity, coalesce(channel_code, -1)::INT AS channel,
       coalesce(lower(channel) IN ({public}), false) AS public, coalesce(issue, -1)::INT AS issue, parent_ticket_id
FROM tickets JOIN _codes USING (customer_id) LEFT JOIN issues USING (issue_key) LEFT JOIN channels USING (channel)
ORDER BY code, opened_at, ticket_id
"""


def read_ids(connection: duckdb.DuckDBPyConnection) -> Ids:
    """Read the ticket ids, in the order of the tickets."""
    found = connection.execute("SELECT length(ticket_id) AS n FROM _tickets ORDER BY rowid").fetchnumpy()["n"]
    text = connection.execute("SELECT string_agg(ticket_id, '' ORDER BY rowid) FROM _tickets").fetchall()
    return Ids(text[0][0] or "", np.cumsum(found, dtype=np.int64))


def read_tickets(connection: duckdb.DuckDBPyConnection, n_customers: int) -> Tickets:
    """Read the tickets; call :func:`make_codes` first."""
    found = connection.execute(
        """SELECT customer, opened, complaint, severity, channel, public, issue, parent_ticket_id IS NOT NULL AS linked
           FROM _tickets ORDER BY rowid"""
    ).fetchnumpy()
    parent = np.full(len(found["opened"]), -1, dtype=np.int32)
    if found["linked"].any():
        links = connection.execute(
            """SELECT child.rowid AS child, parent.rowid AS parent
               FROM _tickets child JOIN _tickets parent ON child.parent_ticket_id = parent.ticket_id"""
        ).fetchnumpy()
        parent[links["child"]] = links["parent"]
    columns = {name: np.asarray(found.pop(name)) for name in list(found)}
    starts = np.searchsorted(columns["customer"], np.arange(n_customers + 1)).astype(np.int64)
    return Tickets(starts=starts, **columns, parent=parent)


def read_events(
    connection: duckdb.DuckDBPyConnection, present: Collection[str], kinds: Collection[str] = EVENT_TYPES
) -> Events:
    """Read the events of tickets of some kinds, none if there is no such table; call :func:`make_codes` first."""
    if "ticket_events" not in present or not kinds:
        return NO_EVENTS
    chosen = "" if set(kinds) == set(EVENT_TYPES) else f"WHERE event_type IN ({_listed(sorted(kinds))})"
    found = connection.execute(
        f"""SELECT _tickets.rowid::INT AS ticket, {_position(EVENT_TYPES, "event_type")} AS kind,
                   epoch_us(known_at) AS known, epoch_us(occurred_at) AS occurred,
                   coalesce(value, 'nan'::DOUBLE) AS value,
                   coalesce({_position(sorted(ACTOR_TYPES), "actor_type")}, -1)::TINYINT AS actor
            FROM ticket_events JOIN _tickets USING (ticket_id) {chosen}"""
    ).fetchnumpy()
    return Events(**{name: np.asarray(found.pop(name)) for name in list(found)})


def _position(words: Iterable[str], column: str) -> str:
    return f"enum_code({column}::ENUM({_listed(words)}))::TINYINT"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)
