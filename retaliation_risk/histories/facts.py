"""Facts as typed arrays: ids become codes while the tables are read, once, and text goes no further."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt

from retaliation_risk.histories import derive
from retaliation_risk.tables.contract import EVENT_TYPES

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]
Int8 = npt.NDArray[np.int8]
Float64 = npt.NDArray[np.float64]

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
        if low == 0 and high == len(self.starts) - 1:
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
    """Ticket events in any order; ``kind`` is the position in ``EVENT_TYPES``."""

    ticket: Int32
    kind: Int8
    known: Int64
    occurred: Int64
    value: Float64

    def take(self, rows: Int64, first: int) -> Events:
        """Return the events at these rows, with the codes of tickets counted from ``first``."""
        columns = {name: column[rows] for name, column in vars(self).items()}
        return Events(**columns | {"ticket": columns["ticket"] - np.int32(first)})


_NO_TIMES, _NO_CODES = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int8)
NO_EVENTS = Events(np.empty(0, dtype=np.int32), _NO_CODES, _NO_TIMES, _NO_TIMES, np.empty(0))


@dataclass(frozen=True)
class Ids:
    """Many ids as one text, the end of each, and their order; takes a tenth of the memory of as many strings."""

    text: str
    ends: Int64
    order: Int64

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, position: int) -> str:
        row = self.order[position]
        return self.text[self.ends[row - 1] if row else 0 : self.ends[row]]


NO_IDS = Ids("", _NO_TIMES, _NO_TIMES)


def make_codes(connection: duckdb.DuckDBPyConnection) -> None:
    """Give customers numbers in the order of their ids (``_codes``), and tickets their rows in ``_tickets``."""
    connection.execute("CREATE TEMP TABLE _sorted AS SELECT customer_id FROM customers ORDER BY customer_id")
    connection.execute("CREATE TEMP TABLE _codes AS SELECT customer_id, rowid::INT AS code FROM _sorted")
    connection.execute(_TICKETS.format(public=_listed(PUBLIC_CHANNELS)))


_TICKETS = """
CREATE TEMP TABLE _tickets AS
WITH issues AS (SELECT issue_key, row_number() OVER () - 1 AS issue
                FROM (SELECT DISTINCT issue_key FROM tickets WHERE issue_key IS NOT NULL)),
     channels AS (SELECT channel, row_number() OVER () - 1 AS channel_code
                  FROM (SELECT DISTINCT channel FROM tickets WHERE channel IS NOT NULL))
SELECT ticket_id, code::INT AS customer, epoch_us(opened_at) AS opened, coalesce(is_complaint, false) AS complaint,
       coalesce(severity::DOUBLE, 'nan'::DOUBLE) AS severity, coalesce(channel_code, -1)::INT AS channel,
       coalesce(lower(channel) IN ({public}), false) AS public, coalesce(issue, -1)::INT AS issue, parent_ticket_id
FROM tickets JOIN _codes USING (customer_id) LEFT JOIN issues USING (issue_key) LEFT JOIN channels USING (channel)
"""


def read_tickets(connection: duckdb.DuckDBPyConnection, n_customers: int) -> tuple[Tickets, Int64]:
    """Read the tickets, and the row in ``_tickets`` of each; call :func:`make_codes` first."""
    found = connection.execute(
        """SELECT customer, opened, complaint, severity, channel, public, issue, parent_ticket_id IS NOT NULL AS linked
           FROM _tickets ORDER BY rowid"""
    ).fetchnumpy()
    parent = np.full(len(found["opened"]), -1, dtype=np.int32)
    starts, order = _ordered(
        connection, np.asarray(found["customer"]), np.asarray(found["opened"]), n_customers
    )
    if found["linked"].any():
        links = connection.execute(
            """SELECT child.rowid AS child, parent.rowid AS parent
               FROM _tickets child JOIN _tickets parent ON child.parent_ticket_id = parent.ticket_id"""
        ).fetchnumpy()
        parent[links["child"]] = positions(order)[links["parent"]]
    columns = {name: np.asarray(found.pop(name))[order] for name in list(found)}
    return Tickets(starts=starts, **columns, parent=parent[order]), order


def positions(order: Int64) -> Int32:
    """Return the position of each row in the order."""
    found = np.empty(len(order), dtype=np.int32)
    found[order] = np.arange(len(order), dtype=np.int32)
    return found


def _ordered(
    connection: duckdb.DuckDBPyConnection, customer: Int32, opened: Int64, n_customers: int
) -> tuple[Int64, Int64]:
    """Return where each customer's tickets start, and the rows by (customer, opened, ticket_id).

    Few tickets of a customer are opened at the very same time: only their ids are read and compared.
    """
    starts, order = derive.arranged(customer, n_customers, opened)
    same = (np.diff(customer[order]) == 0) & (np.diff(opened[order]) == 0)
    if same.any():
        tied = order[np.concatenate([same, [False]]) | np.concatenate([[False], same])]
        connection.register("_tied", {"row": tied})
        by_id = connection.execute(
            "SELECT _tickets.rowid AS row FROM _tickets JOIN _tied ON _tickets.rowid = _tied.row ORDER BY ticket_id"
        ).fetchnumpy()["row"]
        connection.unregister("_tied")
        rank = np.zeros(len(order), dtype=np.int64)
        rank[by_id] = np.arange(len(by_id))
        starts, order = derive.arranged(customer, n_customers, opened, rank)
    return starts, order


def read_ids(connection: duckdb.DuckDBPyConnection, order: Int64) -> Ids:
    """Read the ids of the tickets, whose rows in ``_tickets`` are ``order``."""
    found = connection.execute("SELECT length(ticket_id) AS n FROM _tickets ORDER BY rowid").fetchnumpy()["n"]
    text = connection.execute("SELECT string_agg(ticket_id, '' ORDER BY rowid) FROM _tickets").fetchall()
    return Ids(text[0][0] or "", np.cumsum(found, dtype=np.int64), order)


def read_events(
    connection: duckdb.DuckDBPyConnection,
    present: Collection[str],
    order: Int64,
    kinds: Collection[str] = EVENT_TYPES,
) -> Events:
    """Read the events of some kinds, none if there is no such table; ``order`` has the tickets' rows in ``_tickets``."""
    if "ticket_events" not in present or not kinds:
        return NO_EVENTS
    # A join with the kinds is faster than a cast of each text.
    listed = ", ".join(f"('{kind}', {EVENT_TYPES.index(kind)}::TINYINT)" for kind in sorted(kinds))
    found = connection.execute(
        f"""SELECT _tickets.rowid::INT AS ticket, kind, epoch_us(known_at) AS known, epoch_us(occurred_at) AS occurred,
                   coalesce(value, 'nan'::DOUBLE) AS value
            FROM ticket_events JOIN (VALUES {listed}) AS kinds(event_type, kind) USING (event_type)
                 JOIN _tickets USING (ticket_id)"""
    ).fetchnumpy()
    columns = {name: np.asarray(found.pop(name)) for name in list(found)}
    return Events(**columns | {"ticket": positions(order)[columns["ticket"]]})


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)
