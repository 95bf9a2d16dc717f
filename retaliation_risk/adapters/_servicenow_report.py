"""The import report of a ServiceNow log, counted from the tables that :mod:`_servicenow_sql` made."""

from __future__ import annotations

import duckdb

from retaliation_risk._words import percent
from retaliation_risk.adapters._report import Ask, ImportReport, iso, never_seen
from retaliation_risk.adapters._servicenow_sql import CHANNELS, COVERAGE_SHARE

_MADE = ("customers", "tickets", "ticket_events", "observation")
_MISSING = ("orders", "loyalty", "outcomes", "influence")

_FIXED_NOTES = (
    "Callers are employees of the firm that runs the log, not buying customers.",
    "There is no public complaint, no reach and no influence in this log: an outcome can only be something"
    " that the ticket shows, such as a reopening.",
    "Messages (message_in, message_out) and satisfaction ratings do not exist in this log.",
    "Every incident counts as a complaint: each reports something that does not work.",
    "Times carry no zone and are taken as UTC; they are whole minutes, so changes within one minute have no"
    " order in time.",
    "Not read, because the export repeats an incident's last values on all its rows: resolved_at, closed_at,"
    " closed_code, resolved_by.",
    "A caller's first_seen_at is the first incident in the log, not the day of joining; nothing before the"
    " log's start is known (history_from).",
)


def report(connection: duckdb.DuckDBPyConnection, file: str, sha256: str) -> ImportReport:
    """Count what went in, what came out and what was left out.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Holds raw, typed, log, openings, coverage and the canonical tables.
    file, sha256 : str
        The source's name and hash.

    Returns
    -------
    ImportReport
    """
    ask = Ask(connection)
    return ImportReport(
        adapter="servicenow",
        file=file,
        sha256=sha256,
        rows_in={"audit rows": ask.count("FROM raw"), "incidents": ask.count("FROM openings")},
        rows_out={name: ask.count(f"FROM {name}") for name in _MADE},
        unmapped=_unmapped(connection),
        left_out=ask.findings(_LEFT_OUT),
        changed=ask.findings(_CHANGED),
        share_with_history=ask.share(
            "FROM tickets SEMI JOIN ticket_events USING (ticket_id)", "FROM tickets"
        ),
        earliest_history=iso(ask.row("SELECT min(sys_updated_at) FROM typed")[0]),
        duplicates=ask.count("FROM raw") - ask.count("FROM (SELECT DISTINCT * FROM raw)"),
        midnight_share=ask.share("FROM log WHERE changed_at = date_trunc('day', changed_at)", "FROM log"),
        observed_to=iso(ask.row("SELECT observed_to FROM coverage")[0]),
        missing_tables=_MISSING,
        missing_events=never_seen(ask),
        notes=(*_FIXED_NOTES, *_counted_notes(ask)),
    )


# table, what was found, the id to show, the rows
_LEFT_OUT = (
    (
        "tickets",
        "incidents whose caller is not known on their first row",
        "ticket_id",
        "FROM openings WHERE customer_id IS NULL",
    ),
    (
        "observation",
        "callers first seen after the end of coverage: no outcome of theirs was observable",
        "customer_id",
        "FROM customers ANTI JOIN observation USING (customer_id)",
    ),
)
_CHANGED = (
    (
        "tickets",
        "opened_at lies after the first change; the earlier of the two is taken",
        "ticket_id",
        "FROM openings WHERE opened_late",
    ),
    (
        "tickets",
        "the first row is not the opening state (sys_mod_count above 0); channel, issue, severity stay empty",
        "ticket_id",
        "FROM openings WHERE NOT is_opening_state",
    ),
    (
        "tickets",
        "the caller changes later on; the caller of the first row is kept",
        "ticket_id",
        "FROM (SELECT ticket_id FROM log GROUP BY ticket_id HAVING count(DISTINCT caller_id) > 1)",
    ),
)
_MISSES = "FROM log WHERE NOT made_sla AND row_of_sla = 1"
_CLOSING = "state = 'Closed' AND old_state <> 'Closed'"
_REOPENED = (
    "FROM ticket_events JOIN tickets USING (ticket_id) LEFT JOIN observation USING (customer_id)"
    " WHERE event_type = 'reopened'"
)
_OBSERVED = "known_at >= observed_from AND known_at < observed_to"


def _unmapped(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, int]]:
    known = list(CHANNELS.values())
    rows = connection.execute(
        "SELECT channel, count(*) FROM typed WHERE channel IS NOT NULL AND NOT list_contains($known, channel)"
        " GROUP BY channel ORDER BY channel",
        {"known": known},
    ).fetchall()
    return {"contact_type": {str(value): int(count) for value, count in rows}} if rows else {}


def _counted_notes(ask: Ask) -> tuple[str, ...]:
    late = ask.count("FROM openings, coverage WHERE opened_at >= observed_to")
    ended = ask.count(
        "FROM (SELECT ticket_id FROM log GROUP BY ticket_id HAVING arg_max(state, row) = 'Closed')"
    )
    slow, opened = ask.count("FROM openings WHERE seen_late"), ask.count("FROM openings")
    missed, at_closing = ask.count(_MISSES), ask.count(f"{_MISSES} AND {_CLOSING}")
    reopened, observed = ask.count(_REOPENED), ask.count(f"{_REOPENED} AND {_OBSERVED}")
    observed_to, busy_day = ask.row("SELECT observed_to, busy_day FROM coverage")
    return (
        "A missed deadline (sla_breached) is known only from the row that shows it: in"
        f" {at_closing:,} of {missed:,} cases that is the row that closes the incident.",
        f"Coverage ends at {iso(observed_to)}, after the last day with at least {percent(COVERAGE_SHARE)} of the"
        f" openings of a usual day ({busy_day:,}; half of all incidents were opened on days no busier)."
        f" Incidents opened later: {late:,}; they and their events are kept, but outcomes there are"
        " outside observation.",
        f"Reopenings: {reopened:,}, of which {observed:,} within observation.",
        f"Incidents that end Closed: {ended:,} of {opened:,}; if all do, incidents still open at the export were"
        " left out at the source.",
        "Channel, issue and severity are those of the first row; incidents whose first row was saved more than an hour"
        f" after opening: {slow:,}.",
    )
