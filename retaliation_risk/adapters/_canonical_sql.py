"""From a vendor's openings, changes and people to the canonical tables, in SQL; the same for every helpdesk.

A vendor's SQL makes four tables, and :data:`STATEMENTS` makes customers, tickets, ticket_events and observation of them:

- ``openings``: ``ticket_id, customer_id, opened_at, channel, issue_key, parent_ticket_id, is_complaint, severity`` and
  ``dropped``, why the ticket is left out (NULL: it is not);
- ``changes``: ``ticket_id, occurred_at, event_type, known_at, actor_type, value``;
- ``people``: ``customer_id, created_at, created_at_text, is_staff, email``;
- ``export``: one row, ``exported_at``.
"""

from __future__ import annotations

from collections.abc import Mapping

from retaliation_risk.tables._cast import value
from retaliation_risk.tables._sql import literal
from retaliation_risk.tables.contract import Column

_TIME = Column("time", "time", "UTC")

_TICKETS = """
CREATE TABLE tickets AS
SELECT ticket_id, customer_id, opened_at, channel, issue_key, parent_ticket_id, is_complaint, severity
FROM openings WHERE dropped IS NULL
"""

_EVENTS = """
CREATE TABLE ticket_events AS
SELECT changes.* FROM changes SEMI JOIN tickets USING (ticket_id)
"""

# Who has asked was seen by then, though a helpdesk that was moved to another vendor creates its users anew.
_CUSTOMERS = """
CREATE TABLE customers AS
WITH first AS (SELECT customer_id, min(opened_at) AS opened_at FROM tickets GROUP BY customer_id)
SELECT customer_id, least(people.created_at, first.opened_at) AS first_seen_at, contact_key,
    (SELECT min(opened_at) FROM openings) AS history_from
FROM people FULL JOIN first USING (customer_id) LEFT JOIN keys ON people.email = keys.address
WHERE first.customer_id IS NOT NULL OR (NOT people.is_staff AND people.created_at IS NOT NULL)
"""

_OBSERVATION = """
CREATE TABLE observation AS
SELECT customer_id, greatest(first_seen_at, history_from) AS observed_from, exported_at AS observed_to
FROM customers, export WHERE greatest(first_seen_at, history_from) < exported_at
"""

STATEMENTS = (_TICKETS, _EVENTS, _CUSTOMERS, _OBSERVATION)


def instant(cell: str) -> str:
    """Return SQL for a cell of ISO 8601 text as a time in UTC; NULL where it is empty or cannot be read.

    The connection's own time zone must be UTC, as :func:`~retaliation_risk.adapters._adapter.begin` sets it.

    Examples
    --------
    >>> import duckdb
    >>> connection = duckdb.connect()
    >>> _ = connection.execute("SET TimeZone = 'UTC'")
    >>> connection.execute(f"SELECT {instant(literal('2025-03-01T10:00:00+02:00'))}").fetchall()
    [(datetime.datetime(2025, 3, 1, 8, 0),)]
    """
    return value(_TIME, cell, "VARCHAR")


def off_clock(cell: str, zone: str) -> str:
    """Return SQL that turns text of a time without a zone, read off a clock in ``zone``, to UTC; any other text stays.

    Examples
    --------
    >>> import duckdb
    >>> duckdb.sql(f"SELECT {off_clock(literal('2025-07-01 10:00'), 'Europe/Berlin')}").fetchall()
    [('2025-07-01 08:00:00',)]
    """
    if zone == "UTC":
        return cell
    shown = f"CAST(timezone({literal(zone)}, TRY_CAST({cell} AS TIMESTAMP)) AT TIME ZONE 'UTC' AS VARCHAR)"
    bare = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?"
    return (
        f"CASE WHEN regexp_full_match({cell}, {literal(bare)}) THEN coalesce({shown}, {cell}) ELSE {cell} END"
    )


def case(cell: str, mapping: Mapping[str, object], otherwise: str = "NULL") -> str:
    """Return SQL that replaces the words of a mapping, and says what becomes of any other.

    Examples
    --------
    >>> case("priority", {"low": 1})
    "CASE priority WHEN 'low' THEN 1 ELSE NULL END"
    """
    arms = " ".join(
        f"WHEN {literal(word)} THEN {literal(new) if isinstance(new, str) else new}"
        for word, new in mapping.items()
    )
    return f"CASE {cell} {arms} ELSE {otherwise} END"


def words(values: tuple[str, ...]) -> str:
    """Return SQL for a list of words, as IN takes it.

    Examples
    --------
    >>> words(("agent", "admin"))
    "('agent', 'admin')"
    """
    return f"({', '.join(map(literal, values))})"
