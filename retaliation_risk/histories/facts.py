"""Facts as typed arrays: ids become codes while the tables are read, once, and text goes no further."""

from __future__ import annotations

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
    """Tickets in the order of ``ticket_id``; codes are -1 where there is nothing.

    ``linked`` says that a parent was named, ``parent`` where it is among the tickets.
    """

    customer: Int32
    opened: Int64
    complaint: npt.NDArray[np.bool_]
    severity: Float64
    channel: Int32
    public: npt.NDArray[np.bool_]
    issue: Int32
    linked: npt.NDArray[np.bool_]
    parent: Int32


@dataclass(frozen=True)
class Events:
    """Ticket events in any order; ``kind`` is the position in ``EVENT_TYPES``, ``actor`` of the names in order."""

    ticket: Int32
    kind: Int8
    known: Int64
    occurred: Int64
    value: Float64
    actor: Int8


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
    """Give customers and tickets numbers in the order of their ids, as ``_codes`` and ``_ticket_codes``."""
    connection.execute("CREATE TEMP TABLE _sorted AS SELECT customer_id FROM customers ORDER BY customer_id")
    connection.execute("CREATE TEMP TABLE _codes AS SELECT customer_id, rowid::INT AS code FROM _sorted")
    connection.execute(
        _SORTED_TICKETS.format(public=", ".join(f"'{channel}'" for channel in PUBLIC_CHANNELS))
    )
    connection.execute(
        "CREATE TEMP TABLE _ticket_codes AS SELECT ticket_id, rowid::INT AS ticket FROM _tickets"
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
ORDER BY ticket_id
"""


def read_ids(connection: duckdb.DuckDBPyConnection) -> Ids:
    """Read the ticket ids, in their order."""
    found = connection.execute(
        "SELECT length(ticket_id) AS n FROM _ticket_codes ORDER BY ticket"
    ).fetchnumpy()["n"]
    text = connection.execute(
        "SELECT string_agg(ticket_id, '' ORDER BY ticket) FROM _ticket_codes"
    ).fetchall()
    return Ids(text[0][0] or "", np.cumsum(found, dtype=np.int64))


def read_tickets(connection: duckdb.DuckDBPyConnection) -> Tickets:
    """Read the tickets; call :func:`make_codes` first."""
    found = connection.execute(
        """SELECT customer, opened, complaint, severity, channel, public, issue, parent_ticket_id IS NOT NULL AS linked
           FROM _tickets ORDER BY rowid"""
    ).fetchnumpy()
    parent = np.full(len(found["opened"]), -1, dtype=np.int32)
    if found["linked"].any():
        links = connection.execute(
            """SELECT child.rowid AS child, ticket AS parent
               FROM _tickets child JOIN _ticket_codes codes ON child.parent_ticket_id = codes.ticket_id"""
        ).fetchnumpy()
        parent[links["child"]] = links["parent"]
    connection.execute("DROP TABLE _tickets")
    return Tickets(**{name: np.asarray(found.pop(name)) for name in list(found)}, parent=parent)


def read_events(connection: duckdb.DuckDBPyConnection, present: tuple[str, ...]) -> Events:
    """Read the events of tickets, none if there is no such table; call :func:`make_codes` first."""
    if "ticket_events" not in present:
        ints, empty = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int8)
        return Events(ints.astype(np.int32), empty, ints, ints, np.empty(0), empty)
    found = connection.execute(
        f"""SELECT ticket, {_position(EVENT_TYPES, "event_type")} AS kind, epoch_us(known_at) AS known,
                   epoch_us(occurred_at) AS occurred, coalesce(value, 'nan'::DOUBLE) AS value,
                   coalesce({_position(sorted(ACTOR_TYPES), "actor_type")}, -1)::TINYINT AS actor
            FROM ticket_events JOIN _ticket_codes USING (ticket_id)"""
    ).fetchnumpy()
    return Events(**{name: np.asarray(found.pop(name)) for name in list(found)})


def _position(words: tuple[str, ...] | list[str], column: str) -> str:
    listed = ", ".join(f"'{word}'" for word in words)
    return f"enum_code({column}::ENUM({listed}))::TINYINT"
