"""The SQL behind :mod:`~retaliation_risk.adapters.zendesk`: from the streams of an account to openings and changes."""

from __future__ import annotations

from retaliation_risk.adapters._canonical_sql import case, instant, words
from retaliation_risk.tables._sql import name

STREAMS = {
    "tickets": (
        "id", "requester_id", "created_at", "updated_at", "status", "via", "followup_ids", "via_followup_source_id",
        "tags", "satisfaction_rating", "metric_set",
    ),
    "users": ("id", "role", "created_at", "email"),
    "ticket_audits": ("id", "ticket_id", "created_at", "author_id", "via", "events"),
    "ticket_metrics": ("ticket_id", "solved_at"),
    "ticket_metric_events": ("ticket_id", "metric", "instance_id", "type", "time", "deleted"),
    "satisfaction_ratings": ("ticket_id", "score", "created_at", "updated_at"),
    "csat_survey_responses": ("id", "answers", "subjects", "subject_zrns"),
}  # fmt: skip
"""What is read of each stream. Only tickets must be there; without audits there is no history."""

STATUSES = ("new", "open", "pending", "hold", "solved", "closed", "deleted")
PRIORITIES = {"low": 1, "normal": 2, "high": 4, "urgent": 5}
CATEGORIES = {"bad": 0.0, "neutral": 0.5, "good": 1.0}
CHANNELS = {
    "web": "web", "web_form": "web", "email": "email", "mail": "email", "api": "api", "mobile": "mobile",
    "mobile_sdk": "mobile", "chat": "chat", "native_messaging": "chat", "voice": "phone", "phone": "phone",
    "sms": "sms", "twitter": "social", "facebook": "social",
}  # fmt: skip
AGENTS = ("agent", "admin")
MERGED = "closed_by_merge"
"""The tag that Zendesk puts on a ticket when it is merged into another."""

_SCORE = "CASE WHEN {0} LIKE 'good%' THEN 1.0 WHEN {0} LIKE 'bad%' THEN 0.0 END"

# An incremental export repeats a ticket each time it changes: the last row is the ticket, the others are duplicates.
_TICKET_ROWS = f"""
CREATE TABLE ticket_rows AS
SELECT id AS ticket_id, requester_id, {instant("created_at")} AS opened_at, created_at AS opened_at_text,
    {instant("updated_at")} AS updated_at, status, tags, followup_ids, via->>'$.channel' AS channel,
    coalesce(CASE WHEN via->>'$.source.rel' = 'follow_up' THEN via->>'$.source.from.ticket_id' END,
        via_followup_source_id) AS follows,
    satisfaction_rating->>'$.score' AS score, {instant("metric_set->>'$.solved_at'")} AS solved_at
FROM tickets_raw
QUALIFY row_number() OVER (PARTITION BY id ORDER BY updated_at DESC NULLS LAST, rowid DESC) = 1
"""

_AUDITS = f"""
CREATE TABLE audits AS
SELECT id AS audit_id, TRY_CAST(id AS BIGINT) AS place, ticket_id, {instant("created_at")} AS changed_at,
    created_at AS changed_at_text, author_id, via->>'$.channel' AS channel, events
FROM ticket_audits_raw
QUALIFY row_number() OVER (PARTITION BY id ORDER BY rowid DESC) = 1
"""

# What is not needed of an event (its text, its attachments) is never unpacked.
_EVENT = (
    '[{"type": "VARCHAR", "field_name": "VARCHAR", "value": "VARCHAR", "previous_value": "VARCHAR",'
    ' "public": "BOOLEAN", "author_id": "VARCHAR", "score": "VARCHAR"}]'
)
_DETAILS = f"""
CREATE TABLE details AS
SELECT * EXCLUDE (detail, author_id), detail.* EXCLUDE (author_id),
    coalesce(detail.author_id, author_id) AS author_id,
    lower(regexp_replace(detail.type, '[^A-Za-z]', '', 'g')) AS kind
FROM (SELECT * EXCLUDE (events), unnest(from_json(events, '{_EVENT}')) AS detail FROM audits)
"""

# Of a ticket's states only the last is in tickets; the first stands in the events of kind Create.
_FIRST = """
CREATE TABLE first_states AS
SELECT ticket_id, any_value(value) FILTER (field_name = 'requester_id') AS requester_id,
    any_value(value) FILTER (field_name = 'priority') AS priority,
    any_value(value) FILTER (field_name = $issue) AS issue_key
FROM details WHERE kind = 'create' GROUP BY ticket_id
"""

_MERGED = f"""
CREATE TABLE merged AS
SELECT DISTINCT ticket_id FROM details
WHERE kind = 'change' AND field_name = 'tags' AND contains(value, '{MERGED}')
    AND NOT contains(coalesce(previous_value, ''), '{MERGED}')
UNION
SELECT ticket_id FROM ticket_rows ANTI JOIN audits USING (ticket_id)
WHERE contains(tags, '{MERGED}') AND status = 'closed' AND follows IS NULL
"""

_PARENTS = """
CREATE TABLE parents AS
SELECT ticket_id, min(parent) AS parent_ticket_id FROM (
    SELECT ticket_id, follows AS parent FROM ticket_rows WHERE follows IS NOT NULL
    UNION ALL
    SELECT unnest(from_json(followup_ids, '["VARCHAR"]')), ticket_id FROM ticket_rows WHERE followup_ids IS NOT NULL
) GROUP BY ticket_id
"""

_PEOPLE = f"""
CREATE TABLE people AS
SELECT id AS customer_id, {instant("created_at")} AS created_at, created_at AS created_at_text,
    coalesce(role IN {words(AGENTS)}, false) AS is_staff, email
FROM users_raw QUALIFY row_number() OVER (PARTITION BY id ORDER BY rowid DESC) = 1
"""

_OPENINGS = f"""
CREATE TABLE openings AS
WITH asked AS (
    SELECT ticket_rows.* EXCLUDE (requester_id), first_states.* EXCLUDE (ticket_id, requester_id),
        coalesce(first_states.requester_id, ticket_rows.requester_id) AS customer_id,
        coalesce(first_states.requester_id <> ticket_rows.requester_id, false) AS is_handed_over
    FROM ticket_rows LEFT JOIN first_states USING (ticket_id)
)
SELECT ticket_id, customer_id, opened_at, {case("channel", CHANNELS, "lower(channel)")} AS channel, issue_key,
    parent_ticket_id, NULL::BOOLEAN AS is_complaint, {case("priority", PRIORITIES)} AS severity, is_handed_over,
    CASE WHEN status = 'deleted' THEN 'deleted' WHEN merged.ticket_id IS NOT NULL THEN 'merged'
        WHEN customer_id IS NULL THEN 'nobody' WHEN people.is_staff THEN 'staff' END AS dropped
FROM asked LEFT JOIN people USING (customer_id) LEFT JOIN parents USING (ticket_id) LEFT JOIN merged USING (ticket_id)
"""

_EXPORT = f"""
CREATE TABLE export AS
SELECT coalesce($exported_at::TIMESTAMP, max(moment)) AS exported_at FROM (
    SELECT max(greatest(opened_at, updated_at)) AS moment FROM ticket_rows
    UNION ALL SELECT max(changed_at) FROM audits
    UNION ALL SELECT max(rated_at) FROM surveys
    UNION ALL SELECT max({instant("created_at")}) FROM satisfaction_ratings_raw
    UNION ALL SELECT max({instant("solved_at")}) FROM ticket_metrics_raw
)
"""

# Who did it: a rule and the system have no person; a person who is not among the users works for the firm, unless it is the
# requester.
_ACTS = """
CREATE TABLE acts AS
SELECT details.*, CASE WHEN details.channel = 'rule' OR author_id = '-1' THEN 'bot'
    WHEN author_id = openings.customer_id THEN 'customer' WHEN people.is_staff THEN 'agent'
    WHEN people.customer_id IS NOT NULL THEN 'customer' ELSE 'agent' END AS actor
FROM details JOIN openings USING (ticket_id) LEFT JOIN people ON people.customer_id = details.author_id
"""

_STATES = """
CREATE TABLE states AS
SELECT ticket_id, changed_at, actor, value AS state,
    coalesce(previous_value, lag(value) OVER (PARTITION BY ticket_id ORDER BY changed_at, place, audit_id), '') AS old_state
FROM acts WHERE kind IN ('create', 'change') AND field_name = 'status'
"""

_ANSWER = (
    '[{"rating_category": "VARCHAR", "rating": "DOUBLE", "created_at": "VARCHAR", "updated_at": "VARCHAR"}]'
)
_SURVEYS = f"""
CREATE TABLE surveys AS
SELECT nullif(regexp_extract(concat_ws(' ', subject_zrns, subjects), 'zen:ticket:(\\d+)', 1), '') AS ticket_id,
    answer.rating_category AS category, answer.rating,
    {instant("coalesce(answer.updated_at, answer.created_at)")} AS rated_at
FROM (SELECT *, unnest(from_json(answers, '{_ANSWER}')) AS answer FROM csat_survey_responses_raw)
WHERE answer.rating_category IS NOT NULL OR answer.rating IS NOT NULL
"""

# One opinion may stand in four places; the one nearest to the customer's own act counts, and the others are echoes of it.
_RATINGS = f"""
CREATE TABLE ratings AS
WITH said AS (
    SELECT ticket_id, rated_at, rated_at AS known_at, {case("category", CATEGORIES)} AS value, 1 AS source FROM surveys
    UNION ALL
    SELECT ticket_id, changed_at, changed_at, coalesce({_SCORE.format("score")}, {_SCORE.format("value")}), 2
    FROM details WHERE kind = 'satisfactionrating' OR field_name = 'satisfaction_score'
    UNION ALL
    SELECT ticket_id, {instant("coalesce(updated_at, created_at)")}, {instant("coalesce(updated_at, created_at)")},
        {_SCORE.format("score")}, 3
    FROM satisfaction_ratings_raw
    UNION ALL
    SELECT ticket_id, exported_at, exported_at, {_SCORE.format("score")}, 4 FROM ticket_rows, export
), one_source AS (
    SELECT * FROM said WHERE value IS NOT NULL AND rated_at IS NOT NULL AND ticket_id IS NOT NULL
    QUALIFY source = min(source) OVER (PARTITION BY ticket_id)
)
SELECT * FROM one_source
QUALIFY value IS DISTINCT FROM lag(value) OVER (PARTITION BY ticket_id ORDER BY rated_at, value)
"""

_BREACHES = f"""
CREATE TABLE breaches AS
SELECT DISTINCT ticket_id, metric, instance_id, {instant("time")} AS breached_at
FROM ticket_metric_events_raw WHERE type = 'breach' AND lower(coalesce(deleted, 'false')) <> 'true'
"""

_CHANGES = f"""
CREATE TABLE changes AS
WITH found AS (
    SELECT ticket_id, changed_at AS occurred_at, changed_at AS known_at, actor AS actor_type, NULL::DOUBLE AS value,
        CASE WHEN actor = 'customer' THEN 'message_in' ELSE 'message_out' END AS event_type
    FROM acts WHERE kind IN ('comment', 'voicecomment') AND public
    UNION ALL
    SELECT ticket_id, changed_at, changed_at, replace(actor, 'bot', 'system'), NULL,
        CASE WHEN state = 'solved' AND old_state NOT IN ('solved', 'closed') THEN 'solved'
            WHEN state = 'closed' AND old_state <> 'closed' THEN 'closed'
            WHEN old_state IN ('solved', 'closed') AND state NOT IN ('solved', 'closed') THEN 'reopened' END
    FROM states
    UNION ALL
    SELECT ticket_id, changed_at, changed_at, replace(actor, 'bot', 'system'), NULL,
        CASE WHEN field_name = 'assignee_id' AND value <> '' THEN 'assigned'
            WHEN kind = 'change' AND field_name = 'priority'
                AND {case("value", PRIORITIES)} > {case("previous_value", PRIORITIES)} THEN 'escalated' END
    FROM acts WHERE kind IN ('create', 'change')
    UNION ALL
    SELECT ticket_id, breached_at, breached_at, 'system', NULL, 'sla_breached'
    FROM breaches, export WHERE breached_at <= exported_at
    UNION ALL
    SELECT ticket_id, rated_at, known_at, 'customer', value, 'csat_rated' FROM ratings
    UNION ALL
    SELECT ticket_id, ended_at, exported_at, NULL, NULL, 'solved' FROM snapshots, export
)
SELECT ticket_id, occurred_at, event_type, known_at, actor_type, value FROM found WHERE event_type IS NOT NULL
"""

# Without audits a ticket's end is all there is, and it is known only when the export was made.
_SNAPSHOTS = f"""
CREATE TABLE snapshots AS
SELECT ticket_id, coalesce(ticket_rows.solved_at, {instant("ticket_metrics_raw.solved_at")}) AS ended_at
FROM ticket_rows ANTI JOIN audits USING (ticket_id) LEFT JOIN ticket_metrics_raw USING (ticket_id)
WHERE ended_at IS NOT NULL
"""

TYPED = (_TICKET_ROWS, _AUDITS, _DETAILS, _SURVEYS)
"""Statements that turn text into types; what cannot be read is NULL beside its ``_text``."""

MADE = (
    _FIRST, _MERGED, _PARENTS, _PEOPLE, _OPENINGS, _EXPORT, _ACTS, _STATES, _RATINGS, _BREACHES, _SNAPSHOTS, _CHANGES,
)  # fmt: skip
"""Statements from types to openings, changes, people and export; ``$issue`` and ``$exported_at`` are asked for."""

LEFT_OUT = (
    (
        "ticket_events",
        "tickets that have audits and are not in the export themselves",
        "ticket_id",
        "FROM (SELECT DISTINCT ticket_id FROM audits) ANTI JOIN ticket_rows USING (ticket_id)",
    ),
    (
        "ticket_events",
        "answers to a survey whose rating is not in the export: add the stream csat_survey_responses",
        "ticket_id",
        "FROM (SELECT DISTINCT ticket_id FROM details WHERE kind = 'surveyresponsesubmitted')"
        " ANTI JOIN surveys USING (ticket_id)",
    ),
    (
        "ticket_events",
        "answers to a survey without a category (bad, neutral or good)",
        "ticket_id",
        "FROM surveys WHERE category IS NULL",
    ),
    (
        "ticket_events",
        "breaches that lie after the export",
        "ticket_id",
        "FROM breaches, export WHERE breached_at > exported_at",
    ),
)
CHANGED = (
    (
        "ticket_events",
        "tickets without audits among others that have them: their end is known from the export on",
        "ticket_id",
        "FROM ticket_rows ANTI JOIN audits USING (ticket_id) WHERE EXISTS (FROM audits)",
    ),
    (
        "tickets",
        "the requester changes later on; the first is kept",
        "ticket_id",
        "FROM openings WHERE is_handed_over",
    ),
    (
        "ticket_events",
        "ratings whose time is not in the export: known from the export on",
        "ticket_id",
        "FROM ratings WHERE source = 4",
    ),
)
"""Questions for the report: table, what was found, the id to show, the rows."""


def csv_tickets(requester: str) -> str:
    """Make ``tickets_raw`` from ``rows_raw``, the CSV of the interface; ``requester`` is the column that says who asked."""
    return f"""
CREATE TABLE tickets_raw AS
SELECT "Id" AS id, {name(requester)} AS requester_id, "Created at" AS created_at, "Updated at" AS updated_at,
    lower("Status") AS status, json_object('channel', lower(replace("Via", ' ', '_')))::VARCHAR AS via,
    NULL::VARCHAR AS followup_ids, NULL::VARCHAR AS via_followup_source_id, "Tags" AS tags,
    json_object('score', lower("Satisfaction Score"))::VARCHAR AS satisfaction_rating,
    json_object('solved_at', "Solved at")::VARCHAR AS metric_set, "Requester email" AS email
FROM rows_raw
"""


CSV_USERS = """
CREATE TABLE users_raw AS
SELECT requester_id AS id, NULL::VARCHAR AS role, NULL::VARCHAR AS created_at, any_value(email) AS email
FROM tickets_raw WHERE requester_id IS NOT NULL GROUP BY requester_id
"""
