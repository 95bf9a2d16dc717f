"""HubSpot Service Hub: tickets of its API with the history of their properties, or the CSV of its user interface (snapshot).

A folder with ``tickets`` (asked for with ``propertiesWithHistory``) and, if they are to be had, ``pipelines``, ``contacts``
and ``emails``; or one CSV file.

- **solved**, **closed**, **reopened**: ``hs_pipeline_stage`` goes to a stage whose ``ticketState`` is CLOSED, or comes back.
- **assigned**: ``hubspot_owner_id`` becomes somebody. **escalated**: ``hs_ticket_priority`` becomes more urgent.
- **sla_breached**: an SLA status becomes 1 (overdue) or 4 (completed late). Without its history the miss is dated to the
  due date and known from the export on.
- **message_in**, **message_out**: ``emails`` associated with the ticket; without them the first reply, from
  ``time_to_first_agent_reply``, which is in milliseconds.
- **csat_rated**: ``hs_last_csat_rating``, if the mapping file says what the worst and the best rating are: HubSpot does not.

A ticket holds the channel, and the priority and category that were set with it. A customer is the first associated contact.
Tickets that were merged into others are left out.

Of a CSV the closing, missed deadlines and ratings are known from the export on; labels and internal names both read.

Not read: scores and sentiments that HubSpot's models write over what was there, ``hs_ticket_reopened_at`` (only the last),
and associations of tickets with tickets, which have no time.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from retaliation_risk.adapters import _hubspot_sql as sql
from retaliation_risk.adapters._adapter import DEFAULT, Imported, Options, begin, finish
from retaliation_risk.adapters._canonical import (
    Check,
    chosen_names,
    execute,
    general_notes,
    left_out,
    looks_like,
    make_tables,
    moment,
    raise_problems,
    read_streams,
    time_checks,
    unmapped_channels,
)
from retaliation_risk.adapters._forms import columns_of
from retaliation_risk.adapters._moves import refuse_unknown_statuses, told_statuses
from retaliation_risk.adapters._records import Stream
from retaliation_risk.adapters._report import HISTORY, SNAPSHOT, Ask, count_report
from retaliation_risk.adapters._settings import Settings, read_settings

ID, CONTACTS = "Ticket ID", "Associated Contact IDs"

_CHECKS: tuple[Check, ...] = (
    ("RR202", "tickets", "rows have no id", "NULL", "FROM ticket_rows WHERE ticket_id IS NULL"),
    *time_checks("tickets", "ticket_times", "opened_at", "createdate"),
    *time_checks("tickets", "ticket_times", "closed_at", "closed_date", required=False),
    *time_checks("propertiesWithHistory", "versions", "set_at", "timestamp"),
)

_NOTES = (
    "A ticket is solved and closed at the same time: a stage of HubSpot is open or closed.",
    "A customer is the first contact of a ticket, as associated at the export.",
    "Scores and sentiments of HubSpot's own models are not read: they are written over as time goes by.",
)
_SNAPSHOT_NOTES = (
    "There are no versions of the stage: categories are taken as they stand at the export, priorities not at all, and"
    " reopenings, hand-offs and escalations are not known.",
)


def detect(path: Path) -> bool:
    """Say whether a path looks like HubSpot's: tickets of its API, or the CSV of its user interface.

    Examples
    --------
    >>> detect(Path("no-such-folder"))
    False
    """
    return looks_like(path, "tickets", ("id", "properties")) or looks_like(
        path, "tickets", (ID, "Create date")
    )


def read(
    path: Path, connection: duckdb.DuckDBPyConnection | None = None, options: Options = DEFAULT
) -> Imported:
    """Turn an export of HubSpot into canonical tables.

    Parameters
    ----------
    path : Path
        A folder of streams, a file of tickets, or the CSV file of the user interface.
    connection : duckdb.DuckDBPyConnection, optional
        Empty database to hold the tables; in memory without it.
    options : Options
        ``mapping`` holds the stages and the scale of ratings of the firm, and the CSV's time zone; ``rename`` other
        headers of the CSV, by internal name; ``secret``, ``exported_at``.

    Raises
    ------
    ArgumentError
        RR111 for a property to rename that is not read.
    DataError
        RR101 to RR104 and RR107 for files that cannot be used, RR181 for a mapping file; a ContractError with RR180,
        RR201 or RR202 for values that cannot.

    Examples
    --------
    >>> read(Path("no-such-folder"))
    Traceback (most recent call last):
    retaliation_risk.errors.DataError: RR107 not found: there is no file or folder no-such-folder. Check the path.
    """
    path, connection = Path(path), begin(connection)
    settings = read_settings(options.mapping)
    is_csv = path.is_file() and looks_like(path, "tickets", (ID,))
    execute(connection, (told_statuses(settings.statuses, sql.STAGES),))
    streams = _read(connection, path, options, settings, is_csv)
    options.tell("ordering changes")
    execute(connection, sql.TYPED)
    raise_problems(connection, _CHECKS)
    refuse_unknown_statuses(connection, sql.SEEN_STATUSES)
    worst, best = map(str, settings.csat) if settings.csat else (None, None)
    execute(connection, sql.MADE, exported_at=moment(options), worst=worst, best=best)
    odd = make_tables(connection, options)
    tables = finish(connection, now=options.exported_at)
    said = _said(Ask(connection), options, settings, is_csv, odd)
    return Imported(tables, count_report(tables, adapter="hubspot", path=path, streams=streams, **said))


def _read(
    connection: duckdb.DuckDBPyConnection, path: Path, options: Options, settings: Settings, is_csv: bool
) -> list[Stream]:
    """Read the streams of the API, or the CSV as its tickets, a column for each property."""
    if not is_csv:
        streams = read_streams(connection, path, sql.STREAMS, ("id", "properties"), options)
        execute(connection, (sql.ticket_rows(sql.LABELS),))
        return streams
    columns = {
        "id": ID,
        "contacts": CONTACTS,
        **_headers(path, chosen_names(settings, options, tuple(sql.LABELS))),
    }
    streams = read_streams(
        connection, path, {**sql.STREAMS, "tickets": columns}, ("id", "createdate"), options
    )
    execute(connection, (sql.csv_rows(sql.LABELS, settings.time_zone),))
    return streams


def _headers(path: Path, names: Mapping[str, str]) -> dict[str, str]:
    """Column of each property in a CSV: as renamed, else its label, else its internal name."""
    found = columns_of(path)
    return {name: names.get(name, label if label in found else name) for name, label in sql.LABELS.items()}


def _said(ask: Ask, options: Options, settings: Settings, is_csv: bool, odd: int) -> dict[str, Any]:
    level = HISTORY if ask.count("FROM versions WHERE property = 'hs_pipeline_stage'") else SNAPSHOT
    zone = (f"Times of the file were read off a clock in {settings.time_zone}.",) if is_csv else ()
    particular = () if level == HISTORY else _SNAPSHOT_NOTES
    return {
        "level": level,
        "left_out": (*left_out(ask), *ask.findings(sql.LEFT_OUT)),
        "changed": ask.findings(sql.CHANGED),
        "unmapped": unmapped_channels(ask, sql.CHANNELS) | _unmapped_priorities(ask),
        "duplicates": ask.count("FROM tickets_raw") - ask.count("FROM ticket_rows"),
        "notes": (
            *_NOTES,
            *particular,
            *zone,
            *_of_contacts(ask),
            *general_notes(ask, level, options, odd),
        ),
    }


def _unmapped_priorities(ask: Ask) -> dict[str, dict[str, int]]:
    found = ask.counts(
        "first_priority", "FROM openings WHERE dropped IS NULL AND severity IS NULL AND first_priority <> ''"
    )
    return {"priority": found} if found else {}


def _of_contacts(ask: Ask) -> tuple[str, ...]:
    silent = ask.count("FROM customers ANTI JOIN tickets USING (customer_id)")
    return (f"Contacts without a ticket, who are customers all the same: {silent:,}.",) if silent else ()
