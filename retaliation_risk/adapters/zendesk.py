"""Zendesk Support: the API's streams (history), or the CSV of the user interface (snapshot).

A ticket holds what was true when it was opened: its channel, which never changes, and the requester, priority and issue
that the first audit set. What came later is an event at the time of its audit.

- **message_in**, **message_out**: public comments and calls of customers, and of agents and rules; private notes are not
  read.
- **solved**, **closed**, **reopened**: changes of the status. A closed ticket cannot be reopened: a reply to it makes a new
  ticket, whose ``parent_ticket_id`` is the old one. Counting reopenings alone would miss these failures.
- **assigned**: the assignee becomes an agent. **escalated**: the priority becomes more urgent than it was.
- **sla_breached**: metric events of type breach that were not deleted, at their own time.
- **csat_rated**: bad 0, neutral 0.5, good 1. An account that changed to the newer surveys has its ratings in
  ``csat_survey_responses``; of one ticket the surveys count, else the audits, else ``satisfaction_ratings``, else the
  ticket's last score, known at the export. No rating is no opinion.

Not read: tags, because a follow-up inherits those of its parent; ``ticket_metrics`` and side-loaded metric sets where there
are audits, because they tell a ticket's end at its start; texts of any kind. Tickets that were merged into others, that
were deleted, or that an agent asked for are left out and counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from retaliation_risk.adapters import _zendesk_sql as sql
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
from retaliation_risk.adapters._canonical_sql import words
from retaliation_risk.adapters._records import Stream
from retaliation_risk.adapters._report import HISTORY, SNAPSHOT, Ask, count_report
from retaliation_risk.adapters._settings import read_settings

ISSUE = "issue"
REQUESTERS = ("Requester id", "Requester external id")
CSV_COLUMNS = (
    "Id", *REQUESTERS, "Requester email", "Status", "Via", "Created at", "Updated at", "Tags",
    "Solved at", "Satisfaction Score",
)  # fmt: skip
CSV_TIMES = ("Created at", "Updated at", "Solved at")

_CHECKS: tuple[Check, ...] = (
    ("RR202", "tickets", "rows have no id", "NULL", "FROM tickets_raw WHERE id IS NULL"),
    *time_checks("tickets", "ticket_rows", "opened_at", "created_at"),
    *time_checks("users", "people", "created_at", "created_at", required=False),
    ("RR202", "ticket_audits", "rows have no id", "NULL", "FROM ticket_audits_raw WHERE id IS NULL"),
    *time_checks("ticket_audits", "audits", "changed_at", "created_at"),
    ("RR206", "tickets", "tickets have an unknown status", "status",
     f"FROM ticket_rows WHERE status NOT IN {words(sql.STATUSES)}"),
    ("RR206", "ticket_audits", "changes have an unknown status", "value",
     f"FROM details WHERE kind IN ('create', 'change') AND field_name = 'status' AND value NOT IN {words(sql.STATUSES)}"),
    ("RR206", "ticket_audits", "changes have an unknown priority", "value",
     "FROM details WHERE kind IN ('create', 'change') AND field_name = 'priority'"
     f" AND value NOT IN {words(tuple(sql.PRIORITIES))}"),
)  # fmt: skip

_FIXED_NOTES = (
    "Every ticket counts as a complaint: Zendesk does not say which report a failure.",
    "Tags are not read: a follow-up inherits those of its parent.",
)

_ASKED = "Satisfaction was asked for {offered:,} times and given {rated:,} times; no answer is no opinion."
_FOLLOW_UPS = "Tickets that follow up an earlier one: {count:,}."
_NO_ISSUE = (
    "What a ticket is about was not read, so that a repeat of the same issue cannot be told: name the ticket field as"
    " issue, where there are audits."
)
_FROM_INTERFACE = (
    "Times of this file carry no zone and are read off a clock in {zone}; it does not say which tickets are follow-ups, nor"
    " when one was reopened. Its priorities are those of the end and are not read."
)


def detect(path: Path) -> bool:
    """Say whether a path looks like Zendesk's: the CSV of its interface, or tickets of its API.

    Examples
    --------
    >>> detect(Path("no-such-file.csv"))
    False
    """
    from_interface = looks_like(path, "tickets", ("Summation column", "Id", "Requester", "Via"))
    return from_interface or looks_like(path, "tickets", ("id", "requester_id", "via", "status"))


def read(
    path: Path, connection: duckdb.DuckDBPyConnection | None = None, options: Options = DEFAULT
) -> Imported:
    """Turn an export of Zendesk into canonical tables.

    Parameters
    ----------
    path : Path
        A folder (or a file of Singer or Airbyte messages) with the streams of :data:`_zendesk_sql.STREAMS`, or the CSV
        file of the user interface.
    connection : duckdb.DuckDBPyConnection, optional
        Empty database to hold the tables; in memory without it.
    options : Options
        ``rename`` (also a section of ``mapping``): ``issue`` to the id of the ticket field that says what a ticket is
        about, and columns of the CSV that have another name in the file. ``mapping``: a file that also names the CSV's
        ``time_zone`` (UTC without it), see :mod:`~retaliation_risk.adapters._settings`. ``secret``, ``exported_at``.

    Returns
    -------
    Imported
        Tables customers, tickets, ticket_events and observation, and the report.

    Raises
    ------
    DataError
        RR101 to RR104 and RR107 for files that cannot be used; for values that cannot, a ContractError with RR201, RR202
        or RR206, all of them at once.

    Examples
    --------
    >>> read(Path("no-such-folder"))
    Traceback (most recent call last):
    retaliation_risk.errors.DataError: RR107 not found: there is no file or folder no-such-folder. Check the path.
    """
    path, settings = Path(path), read_settings(options.mapping)
    rename = chosen_names(settings, options, (ISSUE, *CSV_COLUMNS))
    connection = begin(connection)
    zone = settings.time_zone if is_file_with(path, rename.get("Via", "Via")) else ""
    streams = (
        _read_csv(connection, path, rename, zone)
        if zone
        else read_streams(connection, path, sql.STREAMS, ("id", "requester_id", "created_at"), options)
    )
    options.tell("ordering changes")
    execute(connection, (*sql.TYPED, *sql.MADE), issue=rename.get(ISSUE, ""), exported_at=moment(options))
    raise_problems(connection, _CHECKS)
    odd = make_tables(connection, options)
    tables = finish(connection, now=options.exported_at)
    ask = Ask(connection)
    level = HISTORY if ask.count("FROM audits") else SNAPSHOT
    notes = (*_notes(ask, rename, zone), *general_notes(ask, level, options, odd))
    said = _said(ask)
    return Imported(
        tables,
        count_report(tables, adapter="zendesk", path=path, streams=streams, level=level, notes=notes, **said),
    )


def _read_csv(
    connection: duckdb.DuckDBPyConnection, path: Path, rename: Mapping[str, str], zone: str
) -> list[Stream]:
    """Read the CSV of the interface, and give it the form of the API's streams; all but tickets and users stay empty."""
    columns = {name: rename.get(name, name) for name in CSV_COLUMNS}
    who = requester(path, columns, REQUESTERS)
    stream = read_interface(connection, path, columns, CSV_TIMES, zone)
    execute(connection, (sql.csv_tickets(who), sql.CSV_USERS))
    empty_streams(connection, sql.STREAMS, made=("tickets", "users"))
    return [stream]


def _said(ask: Ask) -> dict[str, Any]:
    return {
        "left_out": (*left_out(ask), *ask.findings(sql.LEFT_OUT)),
        "changed": ask.findings(sql.CHANGED),
        "unmapped": unmapped_channels(ask, sql.CHANNELS),
        "duplicates": repeated(ask, ("tickets_raw", "ticket_audits_raw")),
    }


def _notes(ask: Ask, rename: Mapping[str, str], zone: str) -> tuple[str, ...]:
    offered = ask.count("FROM details WHERE kind = 'surveyoffered' OR score = 'offered' OR value = 'offered'")
    rated = ask.count("FROM ticket_events WHERE event_type = 'csat_rated'")
    follow_ups = ask.count("FROM tickets WHERE parent_ticket_id IS NOT NULL")
    issue = "" if zone else rename.get(ISSUE, "")
    return (
        *_FIXED_NOTES,
        *(
            []
            if zone
            else [_ASKED.format(offered=offered, rated=rated), _FOLLOW_UPS.format(count=follow_ups)]
        ),
        f"What a ticket is about is its field {issue}, as the first audit set it." if issue else _NO_ISSUE,
        *([_FROM_INTERFACE.format(zone=zone)] if zone else []),
    )
