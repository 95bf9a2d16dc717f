"""What the import of a Salesforce org says of itself, counted from the tables that :mod:`_salesforce_sql` made."""

from __future__ import annotations

from typing import Any

import duckdb

from retaliation_risk.adapters._adapter import Options
from retaliation_risk.adapters._canonical import general_notes, left_out, unmapped_channels
from retaliation_risk.adapters._canonical_sql import words
from retaliation_risk.adapters._report import HISTORY, SNAPSHOT, Ask, iso
from retaliation_risk.adapters._salesforce_sql import CHANNELS, PRIORITIES

# table, what was found, the id to show, the rows
_LEFT_OUT = (
    ("tickets", "cases in the recycle bin", "Id", "FROM case_raw WHERE lower(IsDeleted) = 'true'"),
    (
        "ticket_events",
        "rows of other objects whose case is not in the export",
        "key",
        "FROM (SELECT key FROM history UNION ALL SELECT key FROM messages UNION ALL SELECT key FROM milestones)"
        " ANTI JOIN cases USING (key)",
    ),
)
_CHANGED = (
    (
        "tickets",
        "the contact changes later on; the first that is known is kept",
        "key",
        'FROM firsts WHERE "Contact" IS NOT NULL',
    ),
    (
        "ticket_events",
        "closed without a row in the history; known from the export on",
        "ticket_id",
        "FROM moves, export WHERE known_at = exported_at",
    ),
    (
        "ticket_events",
        "messages dated before their case was opened; they count from its opening",
        "ticket_id",
        "FROM messages JOIN cases USING (key) WHERE sent_at < opened_at",
    ),
)

_NOTES = (
    "A case is solved and closed at the same time: Salesforce does not tell the two apart.",
    "Ratings and orders are custom fields or objects and are not read.",
    "A milestone counts as missed from its TargetDate on, as that stands at the export; IsViolated is not read.",
    "A case that was merged into another is left out from its opening on, though the merger came later.",
)
_OF_SNAPSHOT = (
    "There is no CaseHistory: a case's origin, type, reason and parent are taken as they stand at the export, its"
    " priority is not taken at all, and reopenings, hand-offs and escalations are not known.",
)


def said(connection: duckdb.DuckDBPyConnection, options: Options, odd_addresses: int) -> dict[str, Any]:
    """Return the fields of the import report that only this adapter knows.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Holds the tables of :mod:`_salesforce_sql`.
    options : Options
    odd_addresses : int
        E-mail addresses that are none.
    """
    ask = Ask(connection)
    level = HISTORY if ask.count("FROM history") else SNAPSHOT
    particular = _of_history(ask) if level == HISTORY else _OF_SNAPSHOT
    return {
        "level": level,
        "left_out": (*left_out(ask), *ask.findings(_LEFT_OUT)),
        "changed": ask.findings(_CHANGED),
        "unmapped": unmapped_channels(ask, CHANNELS) | _unmapped_priorities(ask),
        "duplicates": ask.count("FROM Case_raw")
        - ask.count("FROM (SELECT DISTINCT left(Id, 15) FROM Case_raw)"),
        "notes": (*_NOTES, *particular, *general_notes(ask, level, options, odd_addresses)),
    }


def _unmapped_priorities(ask: Ask) -> dict[str, dict[str, int]]:
    known = words(tuple(PRIORITIES))
    found = ask.counts("priority", f"FROM openings WHERE dropped IS NULL AND lower(priority) NOT IN {known}")
    return {"priority": found} if found else {}


def _of_history(ask: Ask) -> tuple[str, ...]:
    (since,) = ask.row("SELECT recorded_from FROM recorded")
    older = ask.count("FROM cases, recorded WHERE opened_at < recorded_from")
    fields = ("Origin", "Type", "Reason", "Parent")
    untracked = [field for field in fields if not ask.count(f'FROM firsts WHERE "{field}" IS NOT NULL')]
    return (
        f"The history begins at {iso(since)}: Salesforce deletes it after 18 to 24 months. Cases that are older: {older:,};"
        " what happened to them before is not known, nor their priority at opening.",
        *(
            [f"No change of {', '.join(untracked)} is recorded; they are taken as they stand at the export."]
            if untracked
            else []
        ),
    )
