"""Intercom: conversations and their parts, as the API gives them (history).

A conversation is a ticket; it holds what was true when it was opened: its source and who began it. One that the firm or a
bot began is no complaint.

- **message_in**, **message_out**: the opening, comments, and the text of a part that closes, opens or assigns; notes are
  not read. Bots and the AI agent are ``bot``.
- **solved**: a part closes the conversation. Intercom has one end, not two: there is no ``closed``.
- **reopened**: a part opens it again, or the customer writes to it when it is closed. Intercom's own ``count_reopens``
  counts only the first kind.
- **assigned**: a part gives it to a person or a team.
- **csat_rated**: 1 to 5 becomes 0 to 1. ``conversation_rating.created_at`` is when the rating was *asked for*, so
  ``updated_at`` is taken; where it lacks, the rating is known at the export.
- **sla_breached**: ``sla_status`` missed, which has no time: known at the export.

Times are seconds since 1970 in the API and ISO 8601 from some connectors; both are read. An answer of the API holds at most
500 parts of one conversation: conversations that have more parts than the export are counted. Not read: tags, attributes,
priority and statistics, which stand as at the end.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from retaliation_risk.adapters import _intercom_sql as sql
from retaliation_risk.adapters._adapter import DEFAULT, Imported, Options, begin, finish
from retaliation_risk.adapters._canonical import (
    Check,
    execute,
    general_notes,
    left_out,
    looks_like,
    make_tables,
    moment,
    raise_problems,
    read_streams,
    repeated,
    time_checks,
    unmapped_channels,
)
from retaliation_risk.adapters._report import HISTORY, SNAPSHOT, Ask, count_report

_CHECKS: tuple[Check, ...] = (
    ("RR202", "conversations", "rows have no id", "NULL", "FROM conversations_raw WHERE id IS NULL"),
    *time_checks("conversations", "conversation_rows", "opened_at", "created_at"),
    *time_checks("contacts", "people", "created_at", "created_at", required=False),
    ("RR202", "conversation_parts", "rows have no id", "NULL", "FROM parts WHERE part_id IS NULL"),
    *time_checks("conversation_parts", "parts", "changed_at", "created_at"),
    ("RR209", "conversations", "conversations have a rating outside 1 to 5", "rating",
     "FROM conversation_rows WHERE rating NOT BETWEEN 1 AND 5"),
)  # fmt: skip

_FIXED_NOTES = (
    "Every conversation that a customer began counts as a complaint; one that the firm or a bot began does not.",
    "What a conversation is about is not read: tags and attributes stand as at the end. A repeat of the same issue cannot be"
    " told.",
)


def detect(path: Path) -> bool:
    """Say whether a path looks like conversations of Intercom's API.

    Examples
    --------
    >>> detect(Path("no-such-folder"))
    False
    """
    return looks_like(path, "conversations", ("id", "created_at", "source", "contacts"))


def read(
    path: Path, connection: duckdb.DuckDBPyConnection | None = None, options: Options = DEFAULT
) -> Imported:
    """Turn an export of Intercom into canonical tables.

    Parameters
    ----------
    path : Path
        A folder (or a file of Singer or Airbyte messages) with the streams of :data:`_intercom_sql.STREAMS`, or one file of
        conversations. Parts may also stand inside their conversations.
    connection : duckdb.DuckDBPyConnection, optional
        Empty database to hold the tables; in memory without it.
    options : Options
        ``secret``, ``exported_at``.

    Returns
    -------
    Imported
        Tables customers, tickets, ticket_events and observation, and the report.

    Raises
    ------
    DataError
        RR101 to RR104 and RR107 for files that cannot be used; for values that cannot, a ContractError with RR201, RR202
        or RR209, all of them at once.

    Examples
    --------
    >>> read(Path("no-such-folder"))
    Traceback (most recent call last):
    retaliation_risk.errors.DataError: RR107 not found: there is no file or folder no-such-folder. Check the path.
    """
    path = Path(path)
    connection = begin(connection)
    streams = read_streams(connection, path, sql.STREAMS, ("id", "created_at"), options)
    options.tell("ordering changes")
    execute(connection, (*sql.TYPED, *sql.MADE), exported_at=moment(options))
    raise_problems(connection, _CHECKS)
    odd = make_tables(connection, options)
    tables = finish(connection, now=options.exported_at)
    ask = Ask(connection)
    level = HISTORY if ask.count("FROM parts") else SNAPSHOT
    notes = (*_FIXED_NOTES, *_notes(ask), *general_notes(ask, level, options, odd))
    return Imported(
        tables,
        count_report(
            tables, adapter="intercom", path=path, streams=streams, level=level, notes=notes, **_said(ask)
        ),
    )


def _said(ask: Ask) -> dict[str, Any]:
    odd = ask.counts("part_type", f"FROM parts WHERE part_type NOT IN {sql.KNOWN_WORDS}")
    return {
        "left_out": (*left_out(ask), *ask.findings(sql.LEFT_OUT)),
        "changed": ask.findings(sql.CHANGED),
        "unmapped": {**unmapped_channels(ask, sql.CHANNELS), **({"part_type": odd} if odd else {})},
        "duplicates": repeated(ask, ("conversations_raw", "conversation_parts_raw")),
    }


def _notes(ask: Ask) -> tuple[str, ...]:
    (missing,) = ask.row("SELECT coalesce(sum(missing), 0) FROM cut")
    by_customers = ask.count("FROM ticket_events WHERE event_type = 'reopened' AND actor_type = 'customer'")
    return (
        f"Parts that are not in the export: {missing:,}; the API gives at most {sql.MOST_PARTS} of a conversation.",
        f"Reopenings by messages to a closed conversation, which Intercom does not count: {by_customers:,}.",
    )
