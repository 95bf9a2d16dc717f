"""Jira Service Management: the JSON of its API with changelogs (history), or the CSV of its issue navigator (snapshot).

A folder with ``issues`` (of the search with ``expand=changelog``) and, if they are to be had, ``statuses``, ``fields``,
``changelogs``, ``comments`` and ``slas``; or one CSV file.

- **solved**, **closed**, **reopened**: the status goes to one of the category Done, or comes back. A status is known by its
  number, which stays when it is renamed.
- **assigned**: the assignee becomes somebody. **escalated**: the priority becomes more urgent.
- **sla_breached**: cycles of an SLA that Jira says were missed, at their ``breachTime``: only Jira has the calendar.
- **message_in**, **message_out**: public comments of customers, and of everybody else. Internal ones are not read.
- **csat_rated**: 1 to 5 stars, at the satisfaction date.

A customer is a reporter's account id: names repeat, and addresses may be hidden. A reporter to whom some issue is assigned
works there and is no customer; an app is none either.

Of a CSV the comments have times of their own; that an issue is done, late or rated is known from the export on. Its dates
are in the locale and zone of whoever exported them: the format is named, or the only one that fits, and the zone is UTC
unless the mapping file says another.

Not read: links between issues, which have no time and are made later; channels, which issues do not tell.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from retaliation_risk.adapters import _jira_sql as sql
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
)
from retaliation_risk.adapters._jira_csv import BY_NAME, COLUMNS, LEFT_OUT, read_csv
from retaliation_risk.adapters._moves import refuse_unknown_statuses, told_statuses
from retaliation_risk.adapters._records import Stream
from retaliation_risk.adapters._report import HISTORY, SNAPSHOT, Ask, count_report
from retaliation_risk.adapters._settings import Settings, read_settings

_CSV = ("Issue key", "Reporter", "Created")
_CHECKS: tuple[Check, ...] = (
    ("RR202", "issues", "rows have no key", "NULL", "FROM issues WHERE ticket_id IS NULL"),
    *time_checks("issues", "issues", "opened_at", "created"),
)
_CHANGE_CHECKS = time_checks("changelog", "items", "changed_at", "created")

_NOTES = (
    "An issue is solved and closed at the same time: Jira knows one category, Done.",
    "A reporter to whom some issue is assigned, anywhere in the export, works there; so does an app.",
    "Links between issues are not read: they have no time. Channels are not told by issues.",
)
_BY_NAME = (
    "{n:,} issues have a reporter's name and no Reporter Id: customers are told apart by digests of names, so two people of"
    " one name are one customer. Add the column Reporter Id to the export."
)
_SNAPSHOT_NOTES = (
    "Priorities are those of the end and are not read; reopenings, hand-offs and escalations are not known.",
    "Comments may hold internal ones: the file does not tell them from public ones.",
)


def detect(path: Path) -> bool:
    """Say whether a path looks like an export of Jira: the CSV of its navigator, or issues of its API.

    Examples
    --------
    >>> detect(Path("no-such-folder"))
    False
    """
    return looks_like(path, "issues", _CSV) or looks_like(path, "issues", ("key", "fields"))


def read(
    path: Path, connection: duckdb.DuckDBPyConnection | None = None, options: Options = DEFAULT
) -> Imported:
    """Turn an export of Jira Service Management into canonical tables.

    Parameters
    ----------
    path : Path
        A folder of streams, a file of issues, or the CSV file of the issue navigator.
    connection : duckdb.DuckDBPyConnection, optional
        Empty database to hold the tables; in memory without it.
    options : Options
        ``rename`` and ``time_format`` for the CSV; ``mapping`` holds the statuses of the firm and the CSV's time zone;
        ``secret``, ``exported_at``.

    Raises
    ------
    ArgumentError
        RR111 for a column to rename that is not read.
    DataError
        RR101 to RR104 and RR107 for files that cannot be used, RR181 for a mapping file and RR182 for dates that
        cannot; a ContractError with RR180, RR201 or RR202 for values that cannot.

    Examples
    --------
    >>> read(Path("no-such-folder"))
    Traceback (most recent call last):
    retaliation_risk.errors.DataError: RR107 not found: there is no file or folder no-such-folder. Check the path.
    """
    path, connection = Path(path), begin(connection)
    settings = read_settings(options.mapping)
    names = chosen_names(settings, options, tuple(COLUMNS.values()))
    is_csv = path.is_file() and looks_like(path, "issues", (names.get("Issue key", "Issue key"),))
    execute(connection, (told_statuses(settings.statuses, sql.STATUSES),))
    streams = (
        read_csv(connection, path, options, settings, names)
        if is_csv
        else _read_api(connection, path, options)
    )
    refuse_unknown_statuses(connection, sql.SEEN_STATUSES)
    options.tell("ordering changes")
    execute(connection, sql.MADE, exported_at=moment(options))
    odd = make_tables(connection, options)
    tables = finish(connection, now=options.exported_at)
    said = _said(Ask(connection), options, settings, is_csv, odd)
    return Imported(tables, count_report(tables, adapter="jira", path=path, streams=streams, **said))


def _read_api(connection: duckdb.DuckDBPyConnection, path: Path, options: Options) -> list[Stream]:
    streams = read_streams(connection, path, sql.STREAMS, ("key", "fields"), options)
    execute(connection, sql.TYPED)
    raise_problems(connection, (*_CHECKS, *_CHANGE_CHECKS))
    return streams


def _said(ask: Ask, options: Options, settings: Settings, is_csv: bool, odd: int) -> dict[str, Any]:
    level = HISTORY if ask.count("FROM items") else SNAPSHOT
    raw = "rows_raw" if is_csv else "issues_raw"
    zone = (f"Times of the file were read off a clock in {settings.time_zone}.",) if is_csv else ()
    particular = () if level == HISTORY else _SNAPSHOT_NOTES
    named = ask.count(BY_NAME) if is_csv else 0
    merged = (_BY_NAME.format(n=named),) if named else ()
    return {
        "level": level,
        "left_out": (*left_out(ask), *ask.findings((*sql.LEFT_OUT, *(LEFT_OUT if is_csv else ())))),
        "changed": ask.findings(sql.CHANGED),
        "unmapped": _unmapped(ask),
        "duplicates": ask.count(f"FROM {raw}") - ask.count(f"FROM (SELECT DISTINCT key FROM {raw})"),
        "notes": (*_NOTES, *particular, *merged, *zone, *general_notes(ask, level, options, odd)),
    }


def _unmapped(ask: Ask) -> dict[str, dict[str, int]]:
    found = ask.counts("first_priority", "FROM openings WHERE dropped IS NULL AND severity IS NULL")
    return {"priority": found} if found else {}
