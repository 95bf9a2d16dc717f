"""An export of any size, written by DuckDB: tickets as CSV, their events as one JSON record per line, and the mapping."""

from __future__ import annotations

from pathlib import Path

import duckdb

EVENTS_PER_TICKET, TICKETS_PER_CUSTOMER = 4, 5
MOMENT = "2025-01-01"

MAPPING = """\
zone = "Europe/Berlin"

[tickets]
ticket_id = "Ticket"
customer_id = "Customer"
opened_at = { column = "Created", format = "%d.%m.%Y %H:%M:%S" }
channel = { column = "Source", values = { "Telephone" = "phone", "E-mail" = "email" } }
issue_key = ["Category", "Product"]
severity = { column = "Priority", values = { "low" = 2, "normal" = 3, "high" = 4 } }

[ticket_events]
file = "log"
ticket_id = "ticket_id"
occurred_at = "created_at"

[ticket_events.event_type]
column = "event"
values = { "Comment" = "message_in", "Reply" = "message_out", "Solve" = "solved", "Reopen" = "reopened" }
"""

# Tickets of two years; each has a comment, a reply, a solution, and a reopening or another comment.
_TICKETS = """
SELECT 'T' || i AS "Ticket", 'C' || draw(i, 0, $customers) AS "Customer",
    strftime(TIMESTAMP '2023-06-01 08:00' + to_seconds(draw(i, 1, 63000000)), '%d.%m.%Y %H:%M:%S') AS "Created",
    ['Telephone', 'E-mail'][1 + draw(i, 2, 2)] AS "Source", 'Category ' || draw(i, 3, 20) AS "Category",
    'Product ' || draw(i, 4, 10) AS "Product", ['low', 'normal', 'high'][1 + draw(i, 5, 3)] AS "Priority",
    'A subject, with a comma' AS "Subject"
FROM range($tickets) AS t(i)
"""
_EVENTS = """
SELECT 'T' || i AS ticket_id,
    strftime(TIMESTAMP '2023-06-01 08:00' + to_seconds(draw(i, 1, 63000000) + 3600 * (1 + k)), '%Y-%m-%dT%H:%M:%SZ')
        AS created_at,
    CASE k WHEN 0 THEN 'Comment' WHEN 1 THEN 'Reply' WHEN 2 THEN 'Solve'
        ELSE ['Reopen', 'Comment', 'Comment', 'Comment'][1 + draw(i, 6, 4)] END AS event,
    {'channel': 'api', 'source': {'rel': 'none'}} AS via
FROM range($tickets) AS t(i), range($per_ticket) AS e(k)
"""


def write_export(folder: Path, events: int) -> dict[str, int]:
    """Write tickets.csv, log.jsonl and mapping.toml into a new folder; return the megabytes of each."""
    (export := folder / "export").mkdir(parents=True)
    tickets = events // EVENTS_PER_TICKET
    given = {
        "tickets": tickets,
        "customers": tickets // TICKETS_PER_CUSTOMER,
        "per_ticket": EVENTS_PER_TICKET,
    }
    with duckdb.connect() as connection:
        connection.execute("CREATE MACRO draw(i, k, n) AS CAST(hash(i, k) % n AS BIGINT)")
        for name, sql, options in (
            ("tickets.csv", _TICKETS, "FORMAT csv, HEADER"),
            ("log.jsonl", _EVENTS, "FORMAT json"),
        ):
            for key, value in given.items():
                sql = sql.replace(f"${key}", str(value))
            connection.execute(f"COPY ({sql}) TO '{export / name}' ({options})")
    (folder / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    return {path.name: path.stat().st_size >> 20 for path in sorted(export.iterdir())}
