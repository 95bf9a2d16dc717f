"""The SQL behind :mod:`~retaliation_risk.adapters.intercom`: from conversations and their parts to openings and changes."""

from __future__ import annotations

from retaliation_risk.adapters._canonical_sql import case, instant, words

STREAMS = {
    "conversations": (
        "id", "created_at", "updated_at", "source", "contacts", "conversation_rating", "sla_applied", "statistics",
        "conversation_parts",
    ),
    "conversation_parts": ("id", "conversation_id", "part_type", "created_at", "author", "body", "assigned_to"),
    "contacts": ("id", "created_at", "email"),
}  # fmt: skip
"""What is read of each stream. Only conversations must be there; without parts there is no history."""

MOST_PARTS = 500
"""An answer of the API holds no more parts of one conversation."""

CUSTOMERS = ("user", "lead", "contact", "visitor")
BOTS = ("bot", "operator")
CHANNELS = {
    "conversation": "chat", "email": "email", "facebook": "social", "instagram": "social", "twitter": "social",
    "whatsapp": "whatsapp", "sms": "sms", "phone_call": "phone", "phone_switch": "phone", "push": "push",
}  # fmt: skip
CLOSING = ("close",)
OPENING = ("open", "assign_and_reopen", "note_and_reopen")
ASSIGNING = (
    "assignment",
    "assign_and_reopen",
    "assign_and_unsnooze",
    "default_assignment",
    "away_mode_assignment",
)
SPEAKING = ("comment", "quick_reply")
INTERNAL = ("note", "note_and_reopen")
OTHER = (
    "snoozed", "unsnoozed", "timer_unsnooze", "participant_added", "participant_removed", "attribute_collected",
    "conversation_attribute_updated_by_admin", "conversation_attribute_updated_by_workflow",
    "conversation_rating_changed", "conversation_rating_remark_added",
)  # fmt: skip
KNOWN = tuple(dict.fromkeys((*CLOSING, *OPENING, *ASSIGNING, *SPEAKING, *INTERNAL, *OTHER)))
"""Types of parts that are understood; parts of another type say nothing but their text, and are counted."""


def epoch(cell: str) -> str:
    """Return SQL for a time in seconds since 1970, as the API writes it, or in ISO 8601, as some connectors do.

    Examples
    --------
    >>> import duckdb
    >>> duckdb.sql(f"SELECT {epoch(chr(39) + '1400857494' + chr(39))}").fetchall()
    [(datetime.datetime(2014, 5, 23, 15, 4, 54),)]
    """
    seconds = f"make_timestamp(TRY_CAST({cell} AS BIGINT) * 1000000)"
    return f"CASE WHEN regexp_full_match({cell}, '\\d{{9,11}}') THEN {seconds} ELSE {instant(cell)} END"


_CONVERSATIONS = f"""
CREATE TABLE conversation_rows AS
SELECT id AS ticket_id, {epoch("created_at")} AS opened_at, created_at AS opened_at_text,
    {epoch("updated_at")} AS updated_at, source->>'$.type' AS channel, source->>'$.author.type' AS author_type,
    source->>'$.author.id' AS author_id, source->>'$.delivered_as' AS delivered_as,
    coalesce(contacts->>'$.contacts[0].id', contacts->>'$[0].id') AS contact_id,
    coalesce(json_array_length(contacts, '$.contacts'), json_array_length(contacts)) AS n_contacts,
    TRY_CAST(conversation_rating->>'$.rating' AS DOUBLE) AS rating,
    {epoch("conversation_rating->>'$.updated_at'")} AS rated_at, sla_applied->>'$.sla_status' AS sla_status,
    coalesce(TRY_CAST(statistics->>'$.count_conversation_parts' AS BIGINT),
        TRY_CAST(conversation_parts->>'$.total_count' AS BIGINT)) AS n_parts,
    coalesce(conversation_parts->'$.conversation_parts', conversation_parts) AS parts
FROM conversations_raw
QUALIFY row_number() OVER (PARTITION BY id ORDER BY {epoch("updated_at")} DESC NULLS LAST, rowid DESC) = 1
"""

_PART = (
    '[{"id": "VARCHAR", "part_type": "VARCHAR", "created_at": "VARCHAR", "author": "JSON", "body": "VARCHAR",'
    ' "assigned_to": "JSON"}]'
)
_BOT = f"author->>'$.type' IN {words(BOTS)} OR author->>'$.from_ai_agent' = 'true'"
_PARTS = f"""
CREATE TABLE parts AS
SELECT ticket_id, id AS part_id, TRY_CAST(id AS BIGINT) AS place, part_type, {epoch("created_at")} AS changed_at,
    created_at AS changed_at_text, coalesce(body, '') <> '' AS has_body,
    nullif(assigned_to->>'$.id', '') IS NOT NULL AS has_assignee,
    CASE WHEN {_BOT} THEN 'bot' WHEN author->>'$.type' IN {words(CUSTOMERS)} THEN 'customer' ELSE 'agent' END AS actor
FROM (
    SELECT conversation_id AS ticket_id, id, part_type, created_at, author::JSON AS author, body,
        assigned_to::JSON AS assigned_to FROM conversation_parts_raw
    UNION ALL
    SELECT ticket_id, unnest(from_json(parts, '{_PART}'), recursive := true) FROM conversation_rows
    WHERE parts IS NOT NULL
)
QUALIFY row_number() OVER (PARTITION BY ticket_id, id ORDER BY created_at) = 1
"""

_CUT = """
CREATE TABLE cut AS
SELECT ticket_id, n_parts - count(part_id) AS missing
FROM conversation_rows LEFT JOIN parts USING (ticket_id) GROUP BY ticket_id, n_parts HAVING n_parts > count(part_id)
"""

_PEOPLE = f"""
CREATE TABLE people AS
SELECT id AS customer_id, {epoch("created_at")} AS created_at, created_at AS created_at_text, false AS is_staff, email
FROM contacts_raw QUALIFY row_number() OVER (PARTITION BY id ORDER BY rowid DESC) = 1
"""

_OPENINGS = f"""
CREATE TABLE openings AS
SELECT ticket_id, CASE WHEN author_type IN {words(CUSTOMERS)} THEN author_id ELSE contact_id END AS customer_id,
    opened_at, {case("channel", CHANNELS, "lower(channel)")} AS channel, NULL::VARCHAR AS issue_key,
    NULL::VARCHAR AS parent_ticket_id,
    CASE WHEN author_type NOT IN {words(CUSTOMERS)} THEN false END AS is_complaint,
    NULL::BIGINT AS severity, CASE WHEN customer_id IS NULL THEN 'nobody' END AS dropped,
    CASE WHEN author_type IN {words(BOTS)} THEN 'bot' WHEN author_type IN {words(CUSTOMERS)} THEN 'customer'
        ELSE 'agent' END AS actor
FROM conversation_rows
"""

_EXPORT = """
CREATE TABLE export AS
SELECT coalesce($exported_at::TIMESTAMP, max(moment)) AS exported_at FROM (
    SELECT max(greatest(opened_at, updated_at, rated_at)) AS moment FROM conversation_rows
    UNION ALL SELECT max(changed_at) FROM parts
)
"""

# A customer who writes to a closed conversation opens it again, and no part of type open says so.
_STATES = f"""
CREATE TABLE states AS
SELECT *, lag(state, 1, 'open') OVER (PARTITION BY ticket_id ORDER BY changed_at, place, part_id) AS old_state
FROM (
    SELECT *, CASE WHEN part_type IN {words(CLOSING)} THEN 'closed' WHEN part_type IN {words(OPENING)} THEN 'open'
        WHEN part_type IN {words(SPEAKING)} AND actor = 'customer' THEN 'open' END AS state
    FROM parts
) WHERE state IS NOT NULL
"""

_CHANGES = f"""
CREATE TABLE changes AS
WITH found AS (
    SELECT ticket_id, opened_at AS occurred_at, opened_at AS known_at, actor AS actor_type, NULL::DOUBLE AS value,
        CASE WHEN actor = 'customer' THEN 'message_in' ELSE 'message_out' END AS event_type FROM openings
    UNION ALL
    SELECT ticket_id, changed_at, changed_at, actor, NULL,
        CASE WHEN actor = 'customer' THEN 'message_in' ELSE 'message_out' END
    FROM parts WHERE part_type IN {words(SPEAKING)} OR has_body AND part_type NOT IN {words(INTERNAL)}
    UNION ALL
    SELECT ticket_id, changed_at, changed_at, replace(actor, 'bot', 'system'), NULL,
        CASE WHEN state = 'closed' AND old_state = 'open' THEN 'solved'
            WHEN state = 'open' AND old_state = 'closed' THEN 'reopened' END FROM states
    UNION ALL
    SELECT ticket_id, changed_at, changed_at, replace(actor, 'bot', 'system'), NULL, 'assigned'
    FROM parts WHERE part_type IN {words(ASSIGNING)} AND has_assignee
    UNION ALL
    SELECT ticket_id, coalesce(rated_at, exported_at), coalesce(rated_at, exported_at), 'customer', (rating - 1) / 4,
        'csat_rated' FROM conversation_rows, export WHERE rating BETWEEN 1 AND 5
    UNION ALL
    SELECT ticket_id, exported_at, exported_at, 'system', NULL, 'sla_breached'
    FROM conversation_rows, export WHERE sla_status = 'missed'
)
SELECT ticket_id, occurred_at, event_type, known_at, actor_type, value FROM found WHERE event_type IS NOT NULL
"""

TYPED = (_CONVERSATIONS, _PARTS)
"""Statements that turn text into types; what cannot be read is NULL beside its ``_text``."""

MADE = (_CUT, _PEOPLE, _OPENINGS, _EXPORT, _STATES, _CHANGES)
"""Statements from types to openings, changes, people and export; ``$exported_at`` is asked for."""

KNOWN_WORDS = words(KNOWN)

LEFT_OUT = (
    (
        "ticket_events",
        "conversations that have parts and are not in the export themselves",
        "ticket_id",
        "FROM (SELECT DISTINCT ticket_id FROM parts) ANTI JOIN conversation_rows USING (ticket_id)",
    ),
    (
        "ticket_events",
        "conversations of which parts are missing in the export: what happened in them is not known",
        "ticket_id",
        "FROM cut",
    ),
)
CHANGED = (
    (
        "tickets",
        "conversations of several contacts: the one who began it, or the first, is the customer",
        "ticket_id",
        "FROM conversation_rows WHERE n_contacts > 1",
    ),
    (
        "ticket_events",
        "ratings whose time is not in the export: known from the export on",
        "ticket_id",
        "FROM conversation_rows WHERE rating IS NOT NULL AND rated_at IS NULL",
    ),
    (
        "ticket_events",
        "missed deadlines, whose time is not in the export: known from the export on",
        "ticket_id",
        "FROM conversation_rows WHERE sla_status = 'missed'",
    ),
)
"""Questions for the report: table, what was found, the id to show, the rows."""
