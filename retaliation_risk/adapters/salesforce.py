"""Salesforce Service Cloud: the objects of an org, one file each, as its data export or a connector writes them.

A folder with ``Case`` and, if they are to be had, ``CaseHistory``, ``CaseMilestone``, ``EmailMessage``, ``CaseStatus``,
``Contact`` and ``User``: CSV, JSON, Parquet, or the messages of a Singer tap or an Airbyte connector.

- **solved**, **closed**, **reopened**: ``Status`` goes to a closed one or comes back. Which are closed is said by
  ``CaseStatus``, by the mapping, by the cases that are now in a status, or is known (New, Working, Escalated, Closed).
- **assigned**: the owner changes; the two rows of a change, names and ids, are one event.
- **escalated**: ``ownerEscalated``, ``IsEscalated`` becoming true, or the status Escalated.
- **sla_breached**: at ``TargetDate`` of a milestone that was completed later, or not before the case closed or the export.
  ``IsViolated`` is not read: it follows the clock of whoever looks.
- **message_in**, **message_out**: ``EmailMessage``, by ``Incoming``. Other channels keep no messages in these objects.

A ticket holds what was true when it was opened: where the history tells that a field changed, what it held before. The
priority, which is raised when things go wrong, is read only if its changes are recorded. A case that was merged into another
is left out; ratings are custom fields and are not read.

Salesforce deletes the history of a field after 18 to 24 months: ``history_from`` is the first row that is left. Without
``CaseHistory`` the import is a snapshot: that a case is closed is known from the export on.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from retaliation_risk.adapters import _salesforce_report
from retaliation_risk.adapters import _salesforce_sql as sql
from retaliation_risk.adapters._adapter import DEFAULT, Imported, Options, begin, finish
from retaliation_risk.adapters._canonical import (
    Check,
    execute,
    looks_like,
    make_tables,
    moment,
    raise_problems,
    read_streams,
    time_checks,
)
from retaliation_risk.adapters._moves import refuse_unknown_statuses, told_statuses
from retaliation_risk.adapters._report import count_report
from retaliation_risk.adapters._settings import read_settings

_CHECKS: tuple[Check, ...] = (
    ("RR202", "Case", "rows have no Id", "NULL", "FROM Case_raw WHERE Id IS NULL"),
    *time_checks("Case", "cases", "opened_at", "CreatedDate"),
    *time_checks("Case", "cases", "closed_at", "ClosedDate", required=False),
    *time_checks("CaseHistory", "history", "changed_at", "CreatedDate"),
    *time_checks("EmailMessage", "messages", "sent_at", "MessageDate"),
    *time_checks("CaseMilestone", "milestones", "target_at", "TargetDate", required=False),
    *time_checks("CaseMilestone", "milestones", "completed_at", "CompletionDate", required=False),
    *time_checks("Contact", "people", "created_at", "CreatedDate", required=False),
)


def detect(path: Path) -> bool:
    """Say whether a path looks like an export of Salesforce cases.

    Examples
    --------
    >>> detect(Path("no-such-folder"))
    False
    """
    return looks_like(Path(path), "Case", ("Id", "ContactId", "IsClosed", "CreatedDate"))


def read(
    path: Path, connection: duckdb.DuckDBPyConnection | None = None, options: Options = DEFAULT
) -> Imported:
    """Turn the objects of an org into canonical tables.

    Parameters
    ----------
    path : Path
        A folder of objects, or a file of cases alone.
    connection : duckdb.DuckDBPyConnection, optional
        An empty database; in memory without it.
    options : Options
        ``exported_at`` is a second after the last change without it; ``mapping`` holds the statuses of the firm.

    Raises
    ------
    DataError
        RR101 to RR104 and RR107 for files that cannot be used; a ContractError with RR180, RR201 or RR202, all at
        once, for values that cannot.

    Examples
    --------
    >>> read(Path("no-such-folder"))
    Traceback (most recent call last):
    retaliation_risk.errors.DataError: RR107 not found: there is no file or folder no-such-folder. Check the path.
    """
    path, connection = Path(path), begin(connection)
    chosen = read_settings(options.mapping).statuses
    streams = read_streams(connection, path, sql.STREAMS, ("Id", "CreatedDate"), options)
    options.tell("ordering changes")
    execute(connection, (told_statuses(chosen, sql.STATUSES), *sql.TYPED))
    execute(connection, sql.MADE, exported_at=moment(options))
    raise_problems(connection, _CHECKS)
    refuse_unknown_statuses(connection, sql.SEEN_STATUSES)
    odd = make_tables(connection, options)
    execute(connection, sql.CUT)
    tables = finish(connection, now=options.exported_at)
    said = _salesforce_report.said(connection, options, odd)
    return Imported(tables, count_report(tables, adapter="salesforce", path=path, streams=streams, **said))
