"""ServiceNow incident audit logs: one row per saved change of an incident.

Made for the layout of the public log of an IT company: UCI 498, Amaral, Fantinato and Peres (2018),
doi 10.24432/C57S4H. A ticket holds what was true when it was opened; every later change is an event at the
time of the row that shows it. An incident's rows are ordered by ``sys_updated_at``, then ``sys_mod_count``;
the order of rows in the file never counts.

- **solved**, **closed**: the state becomes Resolved, or Closed.
- **reopened**: ``reopen_count`` rises; a state that goes back is not enough.
- **assigned**: ``reassignment_count`` rises, a hand-off from group to group. A first person taking the
  incident, or a change of person inside a group, is none.
- **escalated**: ``priority`` becomes more urgent than on the row before.
- **sla_breached**: ``made_sla`` is false for the first time. In the public log that row is the closing one in
  9,113 of 9,115 cases: that the deadline was missed is *known* only then, however early it passed.

Not read, because the export repeats their last value on every row and so tells an incident's end at its
start: ``resolved_at``, ``closed_at``, ``closed_code``, ``resolved_by``. The log knows neither messages nor
satisfaction, nor any public complaint.

Coverage ends after the last day with at least a tenth of a usual day's openings, where half of all incidents
were opened on days no busier than the usual one. A caller is observed from the first incident to there.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from retaliation_risk._words import noun
from retaliation_risk.adapters import _servicenow_report, _servicenow_sql
from retaliation_risk.adapters._adapter import DEFAULT, Imported, Options, begin, finish
from retaliation_risk.adapters._files import check_columns, check_file, load_text, read_header
from retaliation_risk.adapters._report import MAX_IDS
from retaliation_risk.errors import ArgumentError, ContractError, DataError, Problem

COLUMNS = (
    "number", "incident_state", "reassignment_count", "reopen_count", "sys_mod_count", "made_sla",
    "caller_id", "opened_at", "sys_updated_at", "contact_type", "category", "subcategory", "u_symptom",
    "priority",
)  # fmt: skip
STATES = (
    "New", "Active", "Awaiting User Info", "Awaiting Vendor", "Awaiting Problem", "Awaiting Evidence",
    "Resolved", "Closed", "-100",
)  # fmt: skip
TIME_FORMAT = "%d/%m/%Y %H:%M"


def detect(path: Path) -> bool:
    """Say whether a file looks like a ServiceNow incident audit log, by its column names.

    Parameters
    ----------
    path : Path

    Returns
    -------
    bool
        False also for what is no readable csv file; only :func:`read` says why.

    Examples
    --------
    >>> detect(Path("no-such-file.csv"))
    False
    """
    try:
        return {"number", "incident_state", "sys_mod_count"} <= set(read_header(Path(path)))
    except DataError:
        return False


def read(
    path: Path, connection: duckdb.DuckDBPyConnection | None = None, options: Options = DEFAULT
) -> Imported:
    """Turn an incident audit log into canonical tables.

    Parameters
    ----------
    path : Path
        A csv or csv.gz file with the columns of :data:`COLUMNS`; others are not read.
    connection : duckdb.DuckDBPyConnection, optional
        Empty database to hold the tables; in memory without it.
    options : Options
        ``rename``: columns of :data:`COLUMNS` that have another name in the file. ``time_format``: :data:`TIME_FORMAT`
        without it; times carry no zone and are taken as UTC. ``exported_at``.

    Returns
    -------
    Imported
        Tables customers, tickets, ticket_events and observation, and the report.

    Raises
    ------
    DataError
        RR101 to RR104 and RR107 for files that cannot be used; for values that cannot, a ContractError with
        RR201, RR202 or RR206, all of them at once.

    Examples
    --------
    >>> read(Path("no-such-file.csv"))
    Traceback (most recent call last):
    retaliation_risk.errors.DataError: RR107 not found: there is no file no-such-file.csv. Check the path.
    """
    path = Path(path)
    names = _names(options.rename)
    header = read_header(path)
    check_columns(path, header, list(names.values()), vendor="a ServiceNow incident audit log")
    sha256 = check_file(path)
    connection = begin(connection)
    load_text(connection, "raw", path, header, list(names.values()))
    _type_rows(connection, names, options.time_format or TIME_FORMAT)
    for statement in _servicenow_sql.STATEMENTS:
        connection.execute(statement)
    tables = finish(connection, now=options.exported_at)
    return Imported(tables, _servicenow_report.report(connection, path.name, sha256))


def _names(rename: Mapping[str, str]) -> dict[str, str]:
    if unknown := [name for name in rename if name not in COLUMNS]:
        raise ArgumentError("RR111", f"rename has {unknown[0]!r}; it must be one of {', '.join(COLUMNS)}.")
    return {name: rename.get(name, name) for name in COLUMNS}


def _type_rows(connection: duckdb.DuckDBPyConnection, names: Mapping[str, str], time_format: str) -> None:
    connection.execute(_servicenow_sql.typed(names), {"format": time_format})
    problems = _problems(connection, names)
    if problems:
        raise ContractError(problems)


def _problems(connection: duckdb.DuckDBPyConnection, names: Mapping[str, str]) -> list[Problem]:
    """Find all unusable values: the empty, the unreadable, the unknown, with up to 20 examples of each."""
    found = []
    for code, column, about, where in _servicenow_sql.CHECKS:
        example = f"{column}_text" if code != "RR202" else "number"
        count, values = connection.execute(
            f"SELECT count(*), list_sort(list(DISTINCT {example}))[:{MAX_IDS}] FROM typed WHERE {where}",
            {"states": list(STATES)} if "$states" in where else None,
        ).fetchall()[0]
        if count:
            text = f"{count} {noun(count, 'rows')} {about.format(column=names[column])}"
            found.append(
                Problem(code, "incidents", text, count, tuple(str(value) for value in values if value))
            )
    return found
