"""Steps shared by helpdesks that know one end of a ticket: a status is open, or it is done.

Leaving the open statuses is both ``solved`` and ``closed``: such a helpdesk does not tell the two apart. Coming back to them
is ``reopened``. A change among open statuses, or among done ones, is nothing. Which statuses are done, a firm decides: the
export tells it, or the mapping file, or the import is refused.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from retaliation_risk.adapters._report import Ask
from retaliation_risk.errors import ContractError, Problem
from retaliation_risk.tables._sql import literal

CHOSEN, EXPORTED, SHOWN, USUAL = 1, 2, 3, 4
"""Whose word on a status counts first: the firm's, the export's own list, its tickets, the vendor's usual statuses."""

MOVED = """
SELECT ticket_id, changed_at AS occurred_at,
    unnest(CASE WHEN is_done THEN ['solved', 'closed'] ELSE ['reopened'] END) AS event_type, known_at, actor_type
FROM moves WHERE is_done <> was_done
"""
"""Rows of ``changes`` from ``moves``: ``ticket_id, changed_at, known_at, was_done, is_done, actor_type``, one per change of
status."""


def changes(*sources: str) -> str:
    """Return the statement that makes ``changes`` of ``moves`` and of the rows of other queries.

    A time before the ticket's opening (a mail that made the ticket) becomes the opening; one after the export (a deadline)
    has not come.

    Parameters
    ----------
    *sources : str
        Queries with ``ticket_id, occurred_at, event_type, known_at`` and, where they are known, ``actor_type``, ``value``.
    """
    empty = "SELECT NULL::DOUBLE AS value WHERE false"
    rows = "\nUNION ALL BY NAME\n".join((MOVED, empty, *sources))
    return f"""
CREATE TABLE changes AS
WITH found AS ({rows})
SELECT ticket_id, greatest(occurred_at, opened_at) AS occurred_at, event_type,
    greatest(known_at, opened_at) AS known_at, actor_type, value
FROM found JOIN openings USING (ticket_id)
WHERE occurred_at <= (SELECT exported_at FROM export)
"""


def told_statuses(chosen: Mapping[str, bool], usual: Mapping[str, bool]) -> str:
    """Return the statement that makes ``told`` (``name, is_done, rank``) of a firm's choices and a vendor's usual statuses.

    Examples
    --------
    >>> told_statuses({"Parked": False}, {"Closed": True})
    "CREATE TABLE told AS FROM (VALUES ('Parked', False, 1), ('Closed', True, 4)) AS rows(name, is_done, rank)"
    """
    ranked = ((names, rank) for names, rank in ((chosen, CHOSEN), (usual, USUAL)))
    rows = ", ".join(
        f"({literal(name)}, {is_done}, {rank})" for names, rank in ranked for name, is_done in names.items()
    )
    return f"CREATE TABLE told AS FROM (VALUES {rows}) AS rows(name, is_done, rank)"


def refuse_unknown_statuses(connection: duckdb.DuckDBPyConnection, seen: str) -> None:
    """Raise RR180 with every status that is not in the table ``statuses``, and its rows.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    seen : str
        Query with one column, ``status``: that of every row.
    """
    found = Ask(connection).counts("status", f"FROM ({seen}) WHERE status NOT IN (SELECT name FROM statuses)")
    if found:
        shown = ", ".join(f"{name!r} ({rows:,} rows)" for name, rows in found.items())
        text = f"of these it is not known whether a ticket in them is open or done: {shown}"
        raise ContractError([Problem("RR180", "statuses", text, sum(found.values()), tuple(found)[:20])])
