"""The SQL behind :mod:`~retaliation_risk.adapters.hubspot`: from tickets and the history of their properties to changes."""

from __future__ import annotations

from collections.abc import Iterable

from retaliation_risk.adapters._canonical_sql import case, instant, words
from retaliation_risk.adapters._moves import EXPORTED, changes
from retaliation_risk.tables._sql import literal

STREAMS = {
    "tickets": ("id", "properties", "propertiesWithHistory", "associations", "contacts", "archived"),
    "pipelines": ("id", "label", "stages"),
    "contacts": ("id", "properties"),
    "emails": ("id", "properties", "associations"),
}
"""What is read of each stream; only tickets must be there.

Not read: ``hs_predicted_cx_score`` and sentiments, which a model wrote over what was there; ``hs_ticket_reopened_at`` and
counts of touches, which tell the end.
"""

STAGES = {"1": False, "2": False, "3": False, "4": True}
"""The stages of the pipeline that every account starts with (New, Waiting on contact, Waiting on us, Closed): is a ticket
closed in it."""

LABELS = {
    "hs_pipeline_stage": "Ticket status", "createdate": "Create date", "closed_date": "Close date",
    "hs_last_closed_date": "Last Closed Date", "hs_ticket_priority": "Priority", "hs_ticket_category": "Category",
    "source_type": "Source", "time_to_close": "Time to close",
    "time_to_first_agent_reply": "Time to first agent email reply",
    "hs_time_to_first_response_sla_status": "Time to First Response SLA Status",
    "hs_time_to_close_sla_status": "Time to Close SLA Ticket Status",
    "hs_time_to_next_response_sla_status": "Time to Next Response SLA Status",
    "hs_time_to_first_response_sla_at": "Time to First Response SLA Due Date",
    "hs_time_to_close_sla_at": "Time to Close SLA Due Date",
    "hs_time_to_next_response_sla_at": "Time to Next Response SLA Due Date",
    "hs_last_csat_rating": "Last CSAT survey rating", "hs_last_csat_date": "Last CSAT survey date",
    "hs_merged_object_ids": "Merged object IDs", "hubspot_owner_id": "Ticket owner",
}  # fmt: skip
"""Internal name of each property, to its label in the exports of the user interface."""

TIMES = tuple(name for name in LABELS if name.endswith(("date", "_at")))

SLAS = ("hs_time_to_first_response_sla", "hs_time_to_close_sla", "hs_time_to_next_response_sla")
MISSED = ("1", "Overdue", "4", "Completed late")
SLA_STATUSES = (
    "0",
    "Active SLA",
    "1",
    "Overdue",
    "2",
    "Due Soon",
    "3",
    "Completed on time",
    "4",
    "Completed late",
)
"""Codes of the API and labels of the user interface; ``1`` and ``4`` are missed deadlines."""

PRIORITIES = {"LOW": 2, "MEDIUM": 3, "HIGH": 4, "URGENT": 5}
CHANNELS = {"EMAIL": "email", "PHONE": "phone", "CHAT": "chat", "FORM": "web"}
ACTORS = {
    "CRM_UI": "agent", "CRM_UI_BULK_ACTION": "agent", "MOBILE_IOS": "agent", "MOBILE_ANDROID": "agent",
    "AUTOMATION_PLATFORM": "bot", "BOT": "bot", "CALCULATED": "system", "INTEGRATION": "system",
    "MIGRATION": "system",
}  # fmt: skip
"""Who set a property, by the ``sourceType`` of its history; others are not known."""

_VERSION = '[{"value": "VARCHAR", "timestamp": "VARCHAR", "sourceType": "VARCHAR"}]'


def _clock(cell: str) -> str:
    """Return SQL for a time: ISO 8601, or milliseconds since 1970."""
    return f"coalesce({instant(cell)}, make_timestamp_ms(TRY_CAST(regexp_extract({cell}, '^[0-9]{{12,14}}$') AS BIGINT)))"


def ticket_rows(properties: Iterable[str]) -> str:
    """Return the statement that makes ``ticket_rows`` of the API's tickets, a column for each property."""
    cells = ", ".join(f"properties::JSON->>'$.{name}' AS {name}" for name in properties)
    return f"""
CREATE TABLE ticket_rows AS
SELECT id AS ticket_id, {cells}, propertiesWithHistory::JSON AS versions,
    coalesce(associations::JSON->>'$.contacts.results[0].id', contacts::JSON->>'$[0]') AS contact
FROM tickets_raw WHERE lower(coalesce(archived, 'false')) <> 'true'
QUALIFY row_number() OVER (
    PARTITION BY id ORDER BY properties::JSON->>'$.hs_lastmodifieddate' DESC NULLS LAST, tickets_raw.rowid DESC
) = 1
"""


def csv_rows(properties: Iterable[str], zone: str) -> str:
    """Return the statement that makes ``ticket_rows`` of the CSV of the user interface, which is in ``tickets_raw``.

    Times of that file carry no zone; they are read off a clock in ``zone``.
    """
    cells = (
        f"coalesce(strftime(timezone({literal(zone)}, TRY_CAST({name} AS TIMESTAMP)), '%Y-%m-%dT%H:%M:%SZ'), {name})"
        f" AS {name}"
        if name in TIMES
        else name
        for name in properties
    )
    return f"""
CREATE TABLE ticket_rows AS
SELECT id AS ticket_id, {", ".join(cells)}, NULL::JSON AS versions, trim(split_part(contacts, ';', 1)) AS contact
FROM tickets_raw QUALIFY row_number() OVER (PARTITION BY id ORDER BY tickets_raw.rowid DESC) = 1
"""


# Durations are milliseconds.
_TICKETS = f"""
CREATE TABLE ticket_times AS
SELECT *, {_clock("createdate")} AS opened_at, createdate AS opened_at_text,
    coalesce({_clock("hs_last_closed_date")}, {_clock("closed_date")},
        {_clock("createdate")} + to_milliseconds(TRY_CAST(time_to_close AS BIGINT))) AS closed_at,
    coalesce(hs_last_closed_date, closed_date) AS closed_at_text,
    {_clock("createdate")} + to_milliseconds(TRY_CAST(time_to_first_agent_reply AS BIGINT)) AS replied_at
FROM ticket_rows
"""

_VERSIONS = f"""
CREATE TABLE versions AS
SELECT DISTINCT ticket_id, property, {_clock("timestamp")} AS set_at, timestamp AS set_at_text, value,
    {case("sourceType", ACTORS)} AS actor_type
FROM (
    SELECT ticket_id, property,
        unnest(from_json(json_extract(versions, '$."' || property || '"'), '{_VERSION}'), recursive := true)
    FROM (SELECT ticket_id, versions, unnest(json_keys(versions)) AS property FROM ticket_rows)
)
"""

# A ticket that was merged away stands in the list of the one that is left.
_MERGED = """
CREATE TABLE merged AS
SELECT DISTINCT trim(unnest(string_split(hs_merged_object_ids, ';'))) AS ticket_id
FROM ticket_rows WHERE hs_merged_object_ids IS NOT NULL
"""

_STATUSES = f"""
CREATE TABLE statuses AS
SELECT name, arg_min(is_done, rank) AS is_done FROM (
    FROM told
    UNION ALL
    SELECT stage->>'$.id', coalesce((stage->>'$.metadata.ticketState') = 'CLOSED', (stage->>'$.metadata.isClosed') = 'true'),
        {EXPORTED}
    FROM (SELECT unnest(from_json(stages, '["JSON"]')) AS stage FROM pipelines_raw)
) WHERE name IS NOT NULL AND is_done IS NOT NULL GROUP BY name
"""

SEEN_STATUSES = "SELECT value AS status FROM versions WHERE property = 'hs_pipeline_stage' AND value <> ''"

TYPED = (_TICKETS, _VERSIONS, _MERGED, _STATUSES)

_MAILS = f"""
CREATE TABLE mails AS
SELECT DISTINCT id, associations::JSON->>'$.tickets.results[0].id' AS ticket_id,
    {_clock("properties::JSON->>'$.hs_timestamp'")} AS sent_at,
    (properties::JSON->>'$.hs_email_direction') = 'INCOMING_EMAIL' AS incoming
FROM emails_raw WHERE (properties::JSON->>'$.hs_email_direction') IN ('INCOMING_EMAIL', 'EMAIL')
"""

_PEOPLE = f"""
CREATE TABLE people AS
SELECT id AS customer_id, {_clock("properties::JSON->>'$.createdate'")} AS created_at,
    properties::JSON->>'$.email' AS email, false AS is_staff
FROM contacts_raw QUALIFY row_number() OVER (PARTITION BY id ORDER BY contacts_raw.rowid DESC) = 1
"""

_EXPORT = """
CREATE TABLE export AS
SELECT coalesce($exported_at::TIMESTAMP, max(seen) + INTERVAL 1 SECOND) AS exported_at FROM (
    SELECT greatest(opened_at, closed_at, replied_at) AS seen FROM ticket_times
    UNION ALL SELECT set_at FROM versions
    UNION ALL SELECT sent_at FROM mails
)
"""

# A property without a value has no version: what was first set after the opening was empty at it.
_OPENINGS = f"""
CREATE TABLE openings AS
WITH firsts AS (
    SELECT ticket_id, property, CASE WHEN min(set_at) <= opened_at + INTERVAL 1 MINUTE
            THEN first(value ORDER BY set_at, value) END AS value
    FROM versions JOIN ticket_times USING (ticket_id)
    WHERE property IN ('hs_ticket_priority', 'hs_ticket_category') GROUP BY ticket_id, property, opened_at
)
SELECT ticket_id, contact AS customer_id, opened_at, {case("upper(source_type)", CHANNELS, "lower(source_type)")} AS channel,
    nullif(CASE WHEN EXISTS (FROM firsts WHERE property = 'hs_ticket_category') THEN category.value
        ELSE hs_ticket_category END, '') AS issue_key,
    NULL::VARCHAR AS parent_ticket_id, NULL::BOOLEAN AS is_complaint,
    {case("upper(priority.value)", PRIORITIES)} AS severity, priority.value AS first_priority,
    CASE WHEN ticket_id IN (SELECT ticket_id FROM merged) THEN 'merged' WHEN nullif(contact, '') IS NULL THEN 'nobody' END
        AS dropped
FROM ticket_times
    LEFT JOIN (FROM firsts WHERE property = 'hs_ticket_priority') AS priority USING (ticket_id)
    LEFT JOIN (FROM firsts WHERE property = 'hs_ticket_category') AS category USING (ticket_id)
"""

_MOVES = """
CREATE TABLE moves AS
SELECT ticket_id, set_at AS changed_at, set_at AS known_at, actor_type, is_done,
    lag(is_done, 1, false) OVER (PARTITION BY ticket_id ORDER BY set_at, value) AS was_done
FROM versions JOIN statuses ON name = value WHERE property = 'hs_pipeline_stage'
"""

# Of a ticket without the versions of its stage only the last closing is known, and that from the export on.
_UNTOLD = """
INSERT INTO moves BY NAME
SELECT ticket_id, closed_at AS changed_at, exported_at AS known_at, false AS was_done, true AS is_done
FROM ticket_times, export WHERE closed_at IS NOT NULL
    AND ticket_id NOT IN (SELECT ticket_id FROM versions WHERE property = 'hs_pipeline_stage')
"""

_HANDED = """
SELECT ticket_id, set_at AS occurred_at, 'assigned' AS event_type, set_at AS known_at, actor_type
FROM versions WHERE property = 'hubspot_owner_id' AND value <> ''
"""

_RAISED = f"""
SELECT ticket_id, set_at AS occurred_at, 'escalated' AS event_type, set_at AS known_at, actor_type
FROM (
    SELECT *, lag(rank) OVER (PARTITION BY ticket_id ORDER BY set_at, value) AS old_rank
    FROM (SELECT *, {case("upper(value)", PRIORITIES)} AS rank FROM versions WHERE property = 'hs_ticket_priority')
) WHERE rank > old_rank
"""

_WRITTEN = """
SELECT ticket_id, sent_at AS occurred_at, sent_at AS known_at,
    CASE WHEN incoming THEN 'message_in' ELSE 'message_out' END AS event_type,
    CASE WHEN incoming THEN 'customer' ELSE 'agent' END AS actor_type
FROM mails
"""

# The first reply happened once and stays; where the mails themselves are there, it is one of them.
_REPLIED = """
SELECT ticket_id, replied_at AS occurred_at, replied_at AS known_at, 'message_out' AS event_type, 'agent' AS actor_type
FROM ticket_times WHERE replied_at IS NOT NULL AND ticket_id NOT IN (SELECT ticket_id FROM mails WHERE NOT incoming)
"""

_LATE = f"""
SELECT ticket_id, set_at AS occurred_at, 'sla_breached' AS event_type, set_at AS known_at, 'system' AS actor_type
FROM (
    SELECT *, lag(is_missed, 1, false) OVER (PARTITION BY ticket_id, property ORDER BY set_at, value) AS was_missed
    FROM (
        SELECT *, value IN {words(MISSED)} AS is_missed FROM versions
        WHERE property IN {words(tuple(f"{sla}_status" for sla in SLAS))} AND value IS NOT NULL
    )
) WHERE is_missed AND NOT was_missed
"""


def _late_at_the_end(sla: str) -> str:
    """Rows of a deadline whose status has no versions: missed when it was due, and known from the export on."""
    return f"""
SELECT ticket_id, least(coalesce({_clock(f"{sla}_at")}, exported_at), exported_at) AS occurred_at,
    'sla_breached' AS event_type, exported_at AS known_at, 'system' AS actor_type
FROM ticket_times, export WHERE {sla}_status IN {words(MISSED)}
    AND ticket_id NOT IN (SELECT ticket_id FROM versions WHERE property = '{sla}_status')
"""


_RATED = f"""
CREATE TABLE rated AS
SELECT ticket_id, set_at AS rated_at, set_at AS known_at, TRY_CAST(value AS DOUBLE) AS rating
FROM versions WHERE property = 'hs_last_csat_rating'
UNION ALL
SELECT ticket_id, coalesce({_clock("hs_last_csat_date")}, exported_at), exported_at, TRY_CAST(hs_last_csat_rating AS DOUBLE)
FROM ticket_times, export WHERE ticket_id NOT IN (SELECT ticket_id FROM versions WHERE property = 'hs_last_csat_rating')
"""

# Nobody says what a rating of HubSpot means: without the firm's scale it is counted, and not read.
_OPINIONS = """
SELECT ticket_id, rated_at AS occurred_at, 'csat_rated' AS event_type, known_at, 'customer' AS actor_type,
    (rating - $worst::DOUBLE) / ($best::DOUBLE - $worst::DOUBLE) AS value
FROM rated WHERE rating BETWEEN least($worst::DOUBLE, $best::DOUBLE) AND greatest($worst::DOUBLE, $best::DOUBLE)
"""

MADE = (
    _MAILS, _PEOPLE, _EXPORT, _OPENINGS, _MOVES, _UNTOLD, _RATED,
    changes(_HANDED, _RAISED, _WRITTEN, _REPLIED, _LATE, *map(_late_at_the_end, SLAS), _OPINIONS),
)  # fmt: skip

LEFT_OUT = (
    ("ticket_events", "mails of no ticket in the export", "id", "FROM mails ANTI JOIN ticket_rows USING (ticket_id)"),
    ("ticket_events", "ratings without a scale, or outside it", "ticket_id",
     "FROM (SELECT ticket_id, rated_at AS occurred_at FROM rated WHERE rating IS NOT NULL)"
     " ANTI JOIN (FROM changes WHERE event_type = 'csat_rated') USING (ticket_id)"),
)  # fmt: skip
_ODD = " UNION ALL ".join(
    f"SELECT ticket_id FROM ticket_rows WHERE {sla}_status NOT IN {words(SLA_STATUSES)}" for sla in SLAS
)
CHANGED = (
    ("ticket_events", "closed without the versions of its stage; known from the export on", "ticket_id",
     "FROM moves, export WHERE known_at = exported_at"),
    ("ticket_events", "an SLA status that is none of the known codes; not taken as missed", "ticket_id", f"FROM ({_ODD})"),
)  # fmt: skip
