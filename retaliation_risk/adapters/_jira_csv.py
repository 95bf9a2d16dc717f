"""The CSV of Jira's issue navigator: read into the tables that :mod:`_jira_sql` makes of the API's streams."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from retaliation_risk.adapters._adapter import Options
from retaliation_risk.adapters._canonical import execute
from retaliation_risk.adapters._dates import fitting_format, read_as
from retaliation_risk.adapters._forms import columns_of
from retaliation_risk.adapters._moves import SHOWN
from retaliation_risk.adapters._records import Stream, records
from retaliation_risk.adapters._settings import Settings
from retaliation_risk.errors import DataError

COLUMNS = {
    "key": "Issue key", "reporter_id": "Reporter Id", "reporter": "Reporter", "assignee_id": "Assignee Id",
    "assignee": "Assignee", "created": "Created", "resolved": "Resolved", "status": "Status", "category": "Status Category",
    "category_changed": "Status Category Changed", "issue_type": "Issue Type", "rating": "Satisfaction rating",
    "rated": "Custom field (Satisfaction date)", "request": "Custom field (Request Type)",
}  # fmt: skip

_TIMES = "SELECT unnest([created, resolved, category_changed, rated]) AS cell FROM rows_raw"
_CATEGORIES = "CASE category WHEN 'Done' THEN true WHEN 'To Do' THEN false WHEN 'In Progress' THEN false END"

_STATUSES = f"""
CREATE TABLE statuses AS
SELECT name, arg_min(is_done, rank) AS is_done FROM (
    FROM told UNION ALL SELECT status, bool_or(is_done), {SHOWN} FROM issues WHERE is_done IS NOT NULL GROUP BY status
) WHERE name IS NOT NULL GROUP BY name
"""

#: Customers who are told apart by their display names.
BY_NAME = "FROM rows_raw WHERE reporter_id IS NULL AND reporter IS NOT NULL"

# Comments are signed with account ids. Where reporters have only names, nobody can tell a customer's from an agent's.
_UNSIGNED = """
CREATE TABLE unsigned AS
FROM written WHERE NOT EXISTS (FROM rows_raw WHERE reporter_id IS NOT NULL)
    AND NOT EXISTS (FROM written SEMI JOIN (SELECT customer_id AS author FROM issues UNION SELECT assignee FROM issues)
        USING (author))
"""

LEFT_OUT = (
    ("ticket_events", "comments signed with ids where reporters have names: add the column Reporter Id to the export",
     "ticket_id", "FROM unsigned"),
)  # fmt: skip

_NO_CHANGES = """
CREATE TABLE items (ticket_id VARCHAR, changed_at TIMESTAMP, changed_at_text VARCHAR, author VARCHAR, author_type VARCHAR,
    field VARCHAR, "from" VARCHAR, fromString VARCHAR, "to" VARCHAR, "toString" VARCHAR)
"""


def read_csv(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    options: Options,
    settings: Settings,
    names: Mapping[str, str],
) -> list[Stream]:
    """Make ``issues``, ``items`` (empty), ``written``, ``missed``, ``rated`` and ``statuses`` of a CSV file.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Holds ``told``.
    path : Path
    options : Options
        ``time_format``, where none can be told.
    settings : Settings
        ``time_zone``: whose clock the times are off.
    names : mapping of str to str
        Headers of :data:`COLUMNS` that are others in the file.

    Raises
    ------
    DataError
        RR101 to RR104 and RR107 for a file that cannot be used, RR182 for dates whose format cannot be told.
    """
    header = columns_of(path)
    columns = {name: names.get(theirs, theirs) for name, theirs in COLUMNS.items()}
    comments = {f"comment_{place}": name for place, name in enumerate(_repeated(header, "Comment"))}
    deadlines = {f"sla_{place}": name for place, name in enumerate(_deadlines(header))}
    stream = records(
        connection,
        "rows_raw",
        path,
        "issues",
        {**columns, **comments, **deadlines},
        required=("key", "created"),
        main=True,
    )
    if not stream.rows:
        raise DataError("RR104", f"{path.name} has a header and no rows.")
    time_format = fitting_format(connection, _TIMES, options.time_format)
    execute(connection, _statements(time_format, settings.time_zone, comments, deadlines))
    return [stream]


def _repeated(header: tuple[str, ...], name: str) -> list[str]:
    """Columns of one name, which the header repeats for each further value."""
    return [
        each
        for each in header
        if each == name or (each.startswith(f"{name}.") and each[len(name) + 1 :].isdigit())
    ]


def _deadlines(header: tuple[str, ...]) -> list[str]:
    return [name for name in header if name.startswith("Custom field (Time to ")]


def _named(name: str) -> str:
    """Return SQL for the id of a person who has only a name: a digest, so that no table shows the name."""
    return f"'name-' || left(sha256({name}), 16)"


def _statements(
    time_format: str, zone: str, comments: Mapping[str, str], deadlines: Mapping[str, str]
) -> tuple[str, ...]:
    def time(cell: str) -> str:
        return read_as(time_format, cell, zone)

    said = ", ".join(comments) or "NULL"
    late = ", ".join(deadlines) or "NULL"
    return (
        f"""
        CREATE TABLE issues AS
        SELECT key AS ticket_id, NULL::VARCHAR AS id, {time("created")} AS opened_at, created AS opened_at_text,
            coalesce(reporter_id, {_named("reporter")}) AS customer_id, NULL::VARCHAR AS account_type,
            NULL::VARCHAR AS email,
            CASE WHEN reporter_id IS NULL THEN {_named("coalesce(assignee, assignee_id)")} ELSE assignee_id END AS assignee,
            NULL::VARCHAR AS status_id, status, {_CATEGORIES} AS is_done,
            coalesce({time("category_changed")}, {time("resolved")}) AS done_at, NULL::VARCHAR AS priority,
            coalesce(request, issue_type) AS request, false AS is_cut
        FROM rows_raw QUALIFY row_number() OVER (PARTITION BY key ORDER BY rowid DESC) = 1
        """,
        _STATUSES,
        "UPDATE issues SET is_done = statuses.is_done FROM statuses WHERE issues.is_done IS NULL AND status = name",
        _NO_CHANGES,
        f"""
        CREATE TABLE written AS
        SELECT DISTINCT ticket_id, {time("split_part(cell, ';', 1)")} AS written_at,
            CASE WHEN named THEN {_named("split_part(cell, ';', 2)")} ELSE split_part(cell, ';', 2) END AS author,
            NULL::VARCHAR AS author_type
        FROM (SELECT key AS ticket_id, reporter_id IS NULL AS named, unnest([{said}]) AS cell FROM rows_raw)
        WHERE cell IS NOT NULL
        """,
        _UNSIGNED,
        "DELETE FROM written WHERE EXISTS (FROM unsigned)",
        f"""
        CREATE TABLE missed AS
        SELECT DISTINCT ticket_id, NULL::TIMESTAMP AS missed_at
        FROM (SELECT key AS ticket_id, unnest([{late}]) AS cell FROM rows_raw) WHERE starts_with(trim(cell), '-')
        """,
        f"""
        CREATE TABLE rated AS
        SELECT DISTINCT key AS ticket_id, TRY_CAST(rating AS DOUBLE) AS rating, {time("rated")} AS rated_at,
            false AS is_dated
        FROM rows_raw WHERE TRY_CAST(rating AS DOUBLE) IS NOT NULL
        """,
    )
