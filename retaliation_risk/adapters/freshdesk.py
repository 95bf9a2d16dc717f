"""Freshdesk: the API's streams (history where activities are among them), or the CSV of the user interface (snapshot).

A ticket holds what was true when it was opened: its source, and the requester, priority and issue of its first activity.

- **message_in**, **message_out**: the opening itself, and conversations that are not private. A ticket that the firm opened
  (source 10, outbound e-mail) starts with a message of the firm and is no complaint.
- **solved**, **closed**, **reopened**, **assigned**, **escalated**: activities that set the status, the agent, or a more
  urgent priority. Without activities only the last resolution, reopening and closing are there (``stats``): they are known
  at the export, because that an earlier one is missing tells what came after it.
- **sla_breached**: ``is_escalated``, ``fr_escalated`` and ``nr_escalated`` say that a deadline was missed, not that anybody
  escalated the ticket. They stand as at the end, and are known at the export.
- **csat_rated**: the default question, from -103 (worst, 0) over 100 (0.5) to 103 (best, 1) in even steps, at its own time.

The interface's durations are hours, minutes and seconds (``58:22:50``), counted in business hours if the account has them:
a time in the file is preferred to one computed from them. Not read: texts, tags, and whatever else stands as at the end.
Merged tickets carry no mark, and cannot be told from others.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from retaliation_risk.adapters import _freshdesk_sql as sql
from retaliation_risk.adapters._adapter import DEFAULT, Imported, Options, begin, finish
from retaliation_risk.adapters._canonical import (
    Check,
    chosen_names,
    empty_streams,
    execute,
    general_notes,
    is_file_with,
    left_out,
    looks_like,
    make_tables,
    moment,
    raise_problems,
    read_interface,
    read_streams,
    repeated,
    requester,
    time_checks,
    unmapped_channels,
)
from retaliation_risk.adapters._records import Stream
from retaliation_risk.adapters._report import HISTORY, SNAPSHOT, Ask, count_report
from retaliation_risk.adapters._settings import Settings, read_settings

ISSUE = "issue"
REQUESTERS = ("Contact ID", "Unique External ID")
CSV_COLUMNS = (
    "Ticket ID", *REQUESTERS, "Email", "Source", "Created time", "Last update time", "Due by Time", "Resolved time",
    "Closed time", "Initial response time", "First response time (in hrs)", "Resolution time (in hrs)", "Resolution status",
    "Survey results",
)  # fmt: skip
CSV_TIMES = (
    "Created time",
    "Last update time",
    "Due by Time",
    "Resolved time",
    "Closed time",
    "Initial response time",
)

_CHECKS: tuple[Check, ...] = (
    ("RR202", "tickets", "rows have no id", "NULL", "FROM tickets_raw WHERE id IS NULL"),
    *time_checks("tickets", "ticket_rows", "opened_at", "created_at"),
    *time_checks("contacts", "people", "created_at", "created_at", required=False),
    ("RR202", "conversations", "rows have no id", "NULL", "FROM letters WHERE id IS NULL"),
    ("RR202", "satisfaction_ratings", "rows have no id", "NULL", "FROM satisfaction_ratings_raw WHERE id IS NULL"),
    *time_checks("ticket_activities", "activities", "changed_at", "performed_at"),
    ("RR180", "ticket_activities", "activities set a status that is not one of Freshdesk's own",
     "status", "FROM stated WHERE state IS NULL"),
)  # fmt: skip

_FIXED_NOTES = (
    "Every ticket counts as a complaint, but those that the firm opened itself (outbound e-mail).",
    "Freshdesk's escalated flags are missed deadlines, and are read as such; it does not record a person's escalation.",
    "Tickets that were merged into others carry no mark in this export: each counts as a contact of its own.",
)
_NO_ISSUE = (
    "What a ticket is about was not read, so that a repeat of the same issue cannot be told: name the key of an activity as"
    " issue, where there are activities."
)
_NO_ACTIVITIES = (
    "There are no activities (stream ticket_activities): only the last resolution, reopening and closing of a ticket are"
    " known, from the export on. Messages have their own times."
)
_FROM_INTERFACE = (
    "Times of this file carry no zone and are read off a clock in {zone}; its priorities are those of the end, and are not"
    " read."
)


def detect(path: Path) -> bool:
    """Say whether a path looks like Freshdesk's: the CSV of its interface, or tickets of its API.

    Examples
    --------
    >>> detect(Path("no-such-file.csv"))
    False
    """
    from_interface = looks_like(path, "tickets", ("Ticket ID", "Created time", "Source"))
    return from_interface or looks_like(path, "tickets", ("id", "requester_id", "fr_escalated"))


def read(
    path: Path, connection: duckdb.DuckDBPyConnection | None = None, options: Options = DEFAULT
) -> Imported:
    """Turn an export of Freshdesk into canonical tables.

    Parameters
    ----------
    path : Path
        A folder (or a file of Singer or Airbyte messages) with the streams of :data:`_freshdesk_sql.STREAMS`, or the CSV
        file of the user interface. Conversations may also stand inside their tickets.
    connection : duckdb.DuckDBPyConnection, optional
        Empty database to hold the tables; in memory without it.
    options : Options
        ``mapping``: a file that says which of your own statuses are open or done, and names the CSV's ``time_zone`` (UTC
        without it), see :mod:`~retaliation_risk.adapters._settings`. ``rename`` (also a section of it): ``issue`` to the
        key of an activity that says what a ticket is about, and columns of the CSV that have another name in the file.
        ``secret``, ``exported_at``.

    Returns
    -------
    Imported
        Tables customers, tickets, ticket_events and observation, and the report.

    Raises
    ------
    DataError
        RR101 to RR104 and RR107 for files that cannot be used; for values that cannot, a ContractError with RR180, RR201
        or RR202, all of them at once.

    Examples
    --------
    >>> read(Path("no-such-folder"))
    Traceback (most recent call last):
    retaliation_risk.errors.DataError: RR107 not found: there is no file or folder no-such-folder. Check the path.
    """
    path, settings = Path(path), read_settings(options.mapping)
    rename = chosen_names(settings, options, (ISSUE, *CSV_COLUMNS))
    connection = begin(connection)
    zone = settings.time_zone if is_file_with(path, rename.get("Ticket ID", "Ticket ID")) else ""
    streams = (
        _read_csv(connection, path, rename, zone)
        if zone
        else read_streams(connection, path, sql.STREAMS, ("id", "requester_id", "created_at"), options)
    )
    options.tell("ordering changes")
    execute(connection, (*sql.TYPED, sql.named(_statuses(settings))), issue=rename.get(ISSUE, ""))
    execute(connection, sql.MADE, exported_at=moment(options))
    raise_problems(connection, _CHECKS)
    odd = make_tables(connection, options)
    tables = finish(connection, now=options.exported_at)
    ask = Ask(connection)
    level = HISTORY if ask.count("FROM activities") else SNAPSHOT
    notes = (*_notes(level, rename, zone), *general_notes(ask, level, options, odd))
    said = _said(ask, from_interface=bool(zone))
    return Imported(
        tables,
        count_report(
            tables, adapter="freshdesk", path=path, streams=streams, level=level, notes=notes, **said
        ),
    )


def _statuses(settings: Settings) -> dict[str, str]:
    """Return Freshdesk's statuses and the firm's own, in lower case; done is resolved."""
    own = {name.lower(): "resolved" if done else "open" for name, done in settings.statuses.items()}
    return {**sql.STATUSES, **own}


def _read_csv(
    connection: duckdb.DuckDBPyConnection, path: Path, rename: Mapping[str, str], zone: str
) -> list[Stream]:
    """Read the CSV of the interface, and give it the form of the API's streams; all but tickets and contacts stay empty."""
    columns = {name: rename.get(name, name) for name in CSV_COLUMNS}
    who = requester(path, columns, REQUESTERS)
    stream = read_interface(connection, path, columns, CSV_TIMES, zone)
    execute(connection, (sql.csv_tickets(who), sql.csv_contacts(who)))
    empty_streams(connection, sql.STREAMS, made=("tickets", "contacts"))
    return [stream]


def _said(ask: Ask, *, from_interface: bool) -> dict[str, Any]:
    changed = (*sql.CHANGED, *(sql.CHANGED_CSV if from_interface else ()))
    return {
        "left_out": (*left_out(ask), *ask.findings(sql.LEFT_OUT)),
        "changed": ask.findings(changed),
        "unmapped": unmapped_channels(ask, sql.CHANNELS),
        "duplicates": repeated(ask, ("tickets_raw", "conversations_raw", "satisfaction_ratings_raw")),
    }


def _notes(level: str, rename: Mapping[str, str], zone: str) -> tuple[str, ...]:
    issue = rename.get(ISSUE, "") if level == HISTORY else ""
    return (
        *_FIXED_NOTES,
        f"What a ticket is about is {issue} of its first activity." if issue else _NO_ISSUE,
        *([] if level == HISTORY else [_NO_ACTIVITIES]),
        *([_FROM_INTERFACE.format(zone=zone)] if zone else []),
    )
