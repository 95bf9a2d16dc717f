"""The SQL behind :mod:`~retaliation_risk.adapters.freshdesk`: from the streams of an account to openings and changes."""

from __future__ import annotations

from collections.abc import Mapping

from retaliation_risk.adapters._canonical_sql import case, instant
from retaliation_risk.tables._sql import name

STREAMS = {
    "tickets": (
        "id", "requester_id", "created_at", "updated_at", "source", "deleted", "spam", "due_by", "fr_due_by", "nr_due_by",
        "is_escalated", "fr_escalated", "nr_escalated", "stats", "conversations", "survey_results",
    ),
    "contacts": ("id", "created_at", "email"),
    "agents": ("id",),
    "conversations": ("id", "ticket_id", "user_id", "incoming", "private", "created_at"),
    "ticket_activities": ("ticket_id", "performed_at", "performer_type", "performer_id", "activity"),
    "satisfaction_ratings": ("id", "ticket_id", "ratings", "created_at", "updated_at"),
}  # fmt: skip
"""What is read of each stream. Only tickets must be there; without activities there is no history of states."""

STATUSES = {
    "2": "open", "3": "pending", "4": "resolved", "5": "closed", "open": "open", "pending": "pending",
    "resolved": "resolved", "closed": "closed", "waiting on customer": "pending", "waiting on third party": "pending",
}  # fmt: skip
"""Freshdesk's own statuses, by number and by label. An account can add others, which must be named to be read."""

STATES = ("open", "pending", "resolved", "closed")
PRIORITIES = {
    "1": 1, "2": 2, "3": 4, "4": 5, "low": 1, "medium": 2, "high": 4, "urgent": 5,
}  # fmt: skip
CHANNELS = {
    "1": "email", "2": "portal", "3": "phone", "5": "social", "6": "social", "7": "chat", "9": "feedback",
    "10": "outbound_email", "email": "email", "portal": "portal", "phone": "phone", "chat": "chat",
    "feedback widget": "feedback", "outbound email": "outbound_email",
}  # fmt: skip
OUTBOUND = "outbound_email"
"""The channel of tickets that the firm opens itself; they report no failure."""

SURVEY_WORDS = {
    "extremely happy": 1.0, "very happy": 5 / 6, "happy": 4 / 6, "neutral": 0.5, "unhappy": 2 / 6, "very unhappy": 1 / 6,
    "extremely unhappy": 0.0,
}  # fmt: skip
"""Answers of the default survey as the interface's CSV words them; others are counted, and not read."""

DEADLINES = (("is_escalated", "due_by"), ("fr_escalated", "fr_due_by"), ("nr_escalated", "nr_due_by"))
"""Flags that Freshdesk calls escalated: they say that a deadline was missed, not that a person escalated anything."""


def day_first(cell: str) -> str:
    """Return SQL for a time as the export of activities writes it, ``21-05-2025 14:03:11 +0000``, or in ISO 8601."""
    return f"coalesce({instant(cell)}, CAST(try_strptime({cell}, '%d-%m-%Y %H:%M:%S %z') AS TIMESTAMP))"


def hours(cell: str) -> str:
    """Return SQL for a duration such as ``58:22:50``, of more hours than a day has; NULL where it is empty."""
    part = "TRY_CAST(split_part({0}, ':', {1}) AS BIGINT)"
    seconds = " + ".join(
        f"{factor} * {part.format(cell, place)}" for place, factor in ((1, 3600), (2, 60), (3, 1))
    )
    return f"to_seconds(CASE WHEN regexp_full_match({cell}, '\\d+:\\d\\d:\\d\\d') THEN {seconds} END)"


_TICKET_ROWS = f"""
CREATE TABLE ticket_rows AS
SELECT id AS ticket_id, requester_id, {instant("created_at")} AS opened_at, created_at AS opened_at_text,
    {instant("updated_at")} AS updated_at, lower(source) AS source, lower(deleted) = 'true' AS is_deleted,
    lower(spam) = 'true' AS is_spam, stats, conversations, {case("lower(survey_results)", SURVEY_WORDS)} AS rating,
    {", ".join(f"CASE WHEN lower({flag}) = 'true' THEN {instant(due)} END AS {flag}_at" for flag, due in DEADLINES)}
FROM tickets_raw
QUALIFY row_number() OVER (PARTITION BY id ORDER BY updated_at DESC NULLS LAST, rowid DESC) = 1
"""

# Of an activity only these are looked at; the issue is whatever key the user names (no key would be the whole activity).
_ACTIVITIES = f"""
CREATE TABLE activities AS
SELECT ticket_id, {day_first("performed_at")} AS changed_at, performed_at AS changed_at_text, performer_type,
    performer_id, rowid AS place, lower(activity->>'$.status') AS status, activity->>'$.priority' AS priority,
    activity->>'$.agent_id' AS agent_id, activity->>'$.requester_id' AS requester_id,
    activity->>nullif($issue, '') AS issue_key
FROM ticket_activities_raw
"""


def named(statuses: Mapping[str, str]) -> str:
    """Make table ``stated``: the activities that set a status, with the state it stands for.

    Parameters
    ----------
    statuses : mapping of str to str
        Statuses in lower case, by number or label, to one of :data:`STATES`.

    Returns
    -------
    str
        One statement; a status that is not named has state NULL.
    """
    return f"""
CREATE TABLE stated AS
SELECT ticket_id, changed_at, place, performer_type, performer_id, status, {case("status", statuses)} AS state
FROM activities WHERE status IS NOT NULL
"""


_LETTER = '[{"id": "VARCHAR", "user_id": "VARCHAR", "incoming": "BOOLEAN", "private": "BOOLEAN", "created_at": "VARCHAR"}]'
_LETTERS = f"""
CREATE TABLE letters AS
SELECT ticket_id, id, user_id, coalesce(incoming, false) AS incoming, {instant("created_at")} AS sent_at
FROM (
    SELECT ticket_id, id, user_id, TRY_CAST(incoming AS BOOLEAN) AS incoming, TRY_CAST(private AS BOOLEAN) AS private,
        created_at FROM conversations_raw
    UNION ALL
    SELECT ticket_id, unnest(from_json(conversations, '{_LETTER}'), recursive := true) FROM ticket_rows
    WHERE conversations IS NOT NULL
) WHERE NOT coalesce(private, false)
QUALIFY row_number() OVER (PARTITION BY ticket_id, id ORDER BY sent_at) = 1
"""

_FIRST = """
CREATE TABLE first_states AS
SELECT ticket_id, arg_min(priority, (changed_at, place)) AS priority,
    arg_min(requester_id, (changed_at, place)) AS requester_id, arg_min(issue_key, (changed_at, place)) AS issue_key
FROM activities GROUP BY ticket_id
"""

_PEOPLE = f"""
CREATE TABLE people AS
SELECT id AS customer_id, {instant("created_at")} AS created_at, created_at AS created_at_text,
    id IN (SELECT id FROM agents_raw) AS is_staff, email
FROM contacts_raw QUALIFY row_number() OVER (PARTITION BY id ORDER BY rowid DESC) = 1
UNION ALL
SELECT DISTINCT id, NULL::TIMESTAMP, NULL, true, NULL FROM agents_raw WHERE id NOT IN (SELECT id FROM contacts_raw)
"""

_OPENINGS = f"""
CREATE TABLE openings AS
WITH asked AS (
    SELECT ticket_rows.* EXCLUDE (requester_id), first_states.* EXCLUDE (ticket_id, requester_id),
        {case("source", CHANNELS, "'source_' || source")} AS channel,
        coalesce(first_states.requester_id, ticket_rows.requester_id) AS customer_id,
        coalesce(first_states.requester_id <> ticket_rows.requester_id, false) AS is_handed_over
    FROM ticket_rows LEFT JOIN first_states USING (ticket_id)
)
SELECT ticket_id, customer_id, opened_at, channel, issue_key, NULL::VARCHAR AS parent_ticket_id,
    CASE WHEN channel = '{OUTBOUND}' THEN false END AS is_complaint, {case("lower(priority)", PRIORITIES)} AS severity,
    is_handed_over, CASE WHEN is_deleted THEN 'deleted' WHEN is_spam THEN 'spam' WHEN customer_id IS NULL THEN 'nobody'
        WHEN people.is_staff THEN 'staff' END AS dropped
FROM asked LEFT JOIN people USING (customer_id)
"""

_EXPORT = f"""
CREATE TABLE export AS
SELECT coalesce($exported_at::TIMESTAMP, max(moment)) AS exported_at FROM (
    SELECT max(greatest(opened_at, updated_at)) AS moment FROM ticket_rows
    UNION ALL SELECT max(changed_at) FROM activities
    UNION ALL SELECT max(sent_at) FROM letters
    UNION ALL SELECT max({instant("created_at")}) FROM satisfaction_ratings_raw
)
"""

_STATES = """
CREATE TABLE states AS
SELECT ticket_id, changed_at, performer_type, performer_id, state,
    lag(state, 1, 'open') OVER (PARTITION BY ticket_id ORDER BY changed_at, place) AS old_state
FROM stated
"""

_RANKS = f"""
CREATE TABLE ranks AS
SELECT ticket_id, changed_at, performer_type, performer_id, {case("lower(priority)", PRIORITIES)} AS rank,
    lag({case("lower(priority)", PRIORITIES)}) OVER (PARTITION BY ticket_id ORDER BY changed_at, place) AS old_rank
FROM activities WHERE priority IS NOT NULL
"""

# 103 is the best answer, 100 neither good nor bad, -103 the worst; steps between are even.
_ANSWER = '[{"question": "VARCHAR", "value": "DOUBLE"}]'
_RATINGS = f"""
CREATE TABLE ratings AS
SELECT ticket_id, rated_at, score, CASE WHEN score BETWEEN 100 AND 103 THEN 0.5 + (score - 100) / 6
    WHEN score BETWEEN -103 AND -101 THEN 0.5 + (score + 100) / 6 END AS value
FROM (
    SELECT ticket_id, {instant("coalesce(updated_at, created_at)")} AS rated_at, coalesce(
        TRY_CAST(ratings->>'$.default_question' AS DOUBLE),
        list_extract([answer.value FOR answer IN from_json(ratings, '{_ANSWER}') IF answer.question = 'default_question'], 1)
    ) AS score
    FROM satisfaction_ratings_raw QUALIFY row_number() OVER (PARTITION BY id ORDER BY rowid DESC) = 1
) WHERE score IS NOT NULL
"""

_ACTOR = (
    "CASE WHEN performer_type = 'system' THEN 'system' WHEN performer_id = openings.customer_id THEN 'customer'"
    " ELSE 'agent' END"
)

# Without activities the last resolution is all there is, and it is known only when the export was made.
_SNAPSHOTS = f"""
CREATE TABLE snapshots AS
SELECT * FROM (
    SELECT ticket_id, unnest(['solved', 'reopened', 'closed']) AS event_type, unnest([
        {", ".join(instant(f"stats->>'$.{end}'") for end in ("resolved_at", "reopened_at", "closed_at"))}
    ]) AS occurred_at, NULL::DOUBLE AS value, NULL::VARCHAR AS actor_type
    FROM ticket_rows ANTI JOIN activities USING (ticket_id)
    UNION ALL
    SELECT ticket_id, 'message_out', {instant("stats->>'$.first_responded_at'")}, NULL, 'agent'
    FROM ticket_rows ANTI JOIN letters USING (ticket_id)
    UNION ALL
    SELECT ticket_id, 'sla_breached', unnest([{", ".join(f"{flag}_at" for flag, _ in DEADLINES)}]), NULL, 'system'
    FROM ticket_rows
    UNION ALL
    SELECT ticket_id, 'csat_rated', exported_at, rating, 'customer' FROM ticket_rows, export WHERE rating IS NOT NULL
) JOIN export ON occurred_at <= exported_at
"""

_CHANGES = f"""
CREATE TABLE changes AS
WITH found AS (
    SELECT ticket_id, opened_at AS occurred_at, opened_at AS known_at, NULL::DOUBLE AS value,
        CASE WHEN is_complaint IS NULL THEN 'customer' ELSE 'agent' END AS actor_type,
        CASE WHEN is_complaint IS NULL THEN 'message_in' ELSE 'message_out' END AS event_type FROM openings
    UNION ALL
    SELECT ticket_id, sent_at, sent_at, NULL, CASE WHEN incoming THEN 'customer' ELSE 'agent' END,
        CASE WHEN incoming THEN 'message_in' ELSE 'message_out' END FROM letters
    UNION ALL
    SELECT ticket_id, changed_at, changed_at, NULL, {_ACTOR}, CASE
        WHEN state = 'resolved' AND old_state NOT IN ('resolved', 'closed') THEN 'solved'
        WHEN state = 'closed' AND old_state <> 'closed' THEN 'closed'
        WHEN old_state IN ('resolved', 'closed') AND state NOT IN ('resolved', 'closed') THEN 'reopened' END
    FROM states JOIN openings USING (ticket_id)
    UNION ALL
    SELECT ticket_id, changed_at, changed_at, NULL, {_ACTOR}, 'escalated'
    FROM ranks JOIN openings USING (ticket_id) WHERE rank > old_rank
    UNION ALL
    SELECT ticket_id, changed_at, changed_at, NULL, {_ACTOR}, 'assigned'
    FROM activities JOIN openings USING (ticket_id) WHERE activities.agent_id IS NOT NULL
    UNION ALL
    SELECT ticket_id, rated_at, rated_at, value, 'customer', 'csat_rated' FROM ratings WHERE value IS NOT NULL
    UNION ALL
    SELECT ticket_id, occurred_at, exported_at, value, actor_type, event_type FROM snapshots
)
SELECT ticket_id, occurred_at, event_type, known_at, actor_type, value FROM found WHERE event_type IS NOT NULL
"""

TYPED = (_TICKET_ROWS, _ACTIVITIES, _LETTERS, _RATINGS)
"""Statements that turn text into types, before :func:`named`; ``$issue`` is asked for."""

MADE = (_FIRST, _PEOPLE, _OPENINGS, _EXPORT, _STATES, _RANKS, _SNAPSHOTS, _CHANGES)
"""Statements from types to openings, changes, people and export; ``$exported_at`` is asked for."""

LEFT_OUT = (
    (
        "ticket_events",
        "tickets that have activities or conversations and are not in the export themselves",
        "ticket_id",
        "FROM (SELECT ticket_id FROM activities UNION SELECT ticket_id FROM letters)"
        " ANTI JOIN ticket_rows USING (ticket_id)",
    ),
    (
        "ticket_events",
        "ratings outside Freshdesk's scale of -103 to 103",
        "ticket_id",
        "FROM ratings WHERE value IS NULL",
    ),
    (
        "ticket_events",
        "answers to a survey in words that the default survey does not have",
        "id",
        "FROM tickets_raw JOIN ticket_rows ON ticket_id = id WHERE survey_results IS NOT NULL AND rating IS NULL",
    ),
)
CHANGED = (
    (
        "ticket_events",
        "tickets without activities among others that have them: their end is known from the export on",
        "ticket_id",
        "FROM ticket_rows ANTI JOIN activities USING (ticket_id) WHERE EXISTS (FROM activities)",
    ),
    (
        "tickets",
        "the requester changes later on; the first is kept",
        "ticket_id",
        "FROM openings WHERE is_handed_over",
    ),
)
"""Questions for the report: table, what was found, the id to show, the rows."""

_TOOK = hours('"Resolution time (in hrs)"')
_ENDED = instant('"Resolved time"')
_BEGAN = instant('"Created time"')
CHANGED_CSV = (
    (
        "ticket_events",
        "the time of resolution is computed from its duration, which may count business hours only",
        '"Ticket ID"',
        f'FROM rows_raw WHERE "Resolved time" IS NULL AND {_TOOK} IS NOT NULL',
    ),
    (
        "ticket_events",
        "the duration of the resolution is not that between its times, as with business hours; the times are kept",
        '"Ticket ID"',
        f"FROM rows_raw WHERE abs(epoch({_ENDED} - {_BEGAN} - {_TOOK})) > 60",
    ),
)
"""Questions that only the CSV of the interface raises."""


def csv_tickets(requester: str) -> str:
    """Make ``tickets_raw`` from ``rows_raw``, the CSV of the interface; ``requester`` is the column that says who asked."""
    resolved = f"coalesce({_ENDED}, {_BEGAN} + {_TOOK})"
    waited = hours('"First response time (in hrs)"')
    answered = f"coalesce({instant(name('Initial response time'))}, {_BEGAN} + {waited})"
    return f"""
CREATE TABLE tickets_raw AS
SELECT "Ticket ID" AS id, {name(requester)} AS requester_id, "Created time" AS created_at,
    "Last update time" AS updated_at, "Source" AS source, NULL::VARCHAR AS deleted, NULL::VARCHAR AS spam,
    "Due by Time" AS due_by, NULL::VARCHAR AS fr_due_by, NULL::VARCHAR AS nr_due_by,
    CASE WHEN "Resolution status" = 'SLA Violated' THEN 'true' END AS is_escalated, NULL::VARCHAR AS fr_escalated,
    NULL::VARCHAR AS nr_escalated, json_object('resolved_at', {resolved}::VARCHAR, 'closed_at', "Closed time",
        'first_responded_at', {answered}::VARCHAR)::VARCHAR AS stats,
    NULL::VARCHAR AS conversations, "Survey results" AS survey_results
FROM rows_raw
"""


def csv_contacts(requester: str) -> str:
    """Make ``contacts_raw`` from ``rows_raw``; nothing is known of a contact but the address, if it was exported."""
    return f"""
CREATE TABLE contacts_raw AS
SELECT {name(requester)} AS id, NULL::VARCHAR AS created_at, any_value("Email") AS email
FROM rows_raw WHERE {name(requester)} IS NOT NULL GROUP BY 1
"""
