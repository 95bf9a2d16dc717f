"""The SQL behind :mod:`~retaliation_risk.adapters.jira`: issues, their changelog and SLA cycles."""

from __future__ import annotations

from retaliation_risk.adapters._canonical_sql import case, instant
from retaliation_risk.adapters._moves import EXPORTED, SHOWN, changes

STREAMS = {
    "issues": ("id", "key", "fields", "changelog"),
    "changelogs": ("issueId", "issueKey", "created", "author", "items"),
    "comments": ("issueId", "issueKey", "created", "author", "jsdPublic"),
    "slas": ("issueKey", "sla"),
    "statuses": ("id", "name", "statusCategory"),
    "fields": ("id", "name"),
}
"""What is read of each; ``issues`` may hold the changelog, comments and SLA cycles itself.

Not read: ``issuelinks``, which are made later than the ticket and have no time of their own.
"""

STATUSES = {
    "Open": False, "To Do": False, "Reopened": False, "In Progress": False, "Work in progress": False,
    "Waiting for support": False, "Waiting for customer": False, "Pending": False, "Escalated": False,
    "Done": True, "Resolved": True, "Closed": True, "Canceled": True,
}  # fmt: skip
"""The statuses that the vendor's own workflows start with: is an issue done in it."""

PRIORITIES = {
    "Lowest": 1, "Trivial": 1, "Low": 2, "Minor": 2, "Medium": 3, "High": 4, "Major": 4,
    "Highest": 5, "Critical": 5, "Blocker": 5,
}  # fmt: skip

SATISFACTION_DATE = "Satisfaction date"
REQUEST_TYPE = "Request Type"
WORST, BEST = 1, 5

_AUTHOR = "author->>'$.accountId' AS author, author->>'$.accountType' AS author_type"
_CHANGE = '[{"created": "VARCHAR", "author": "JSON", "items": "JSON"}]'
_ITEM = '[{"field": "VARCHAR", "from": "VARCHAR", "fromString": "VARCHAR", "to": "VARCHAR", "toString": "VARCHAR"}]'
_COMMENT = '[{"created": "VARCHAR", "author": "JSON", "jsdPublic": "BOOLEAN"}]'
_CYCLE = '{"breached": "BOOLEAN", "breachTime": "JSON", "stopTime": "JSON"}'

# An issue that is delivered more than once was read while it changed: the last to come is the issue.
_ROWS = """
CREATE TABLE issue_rows AS
SELECT id, key, fields::JSON AS fields, changelog::JSON AS changelog FROM issues_raw
QUALIFY row_number() OVER (PARTITION BY key ORDER BY fields->>'$.updated' DESC NULLS LAST, issues_raw.rowid DESC) = 1
"""

# Fields that a firm adds have numbers for names; their values show what they are.
_CUSTOM = """
CREATE TABLE custom AS
SELECT key, name, json_extract(fields, '$."' || name || '"') AS value
FROM (SELECT key, fields, unnest(json_keys(fields)) AS name FROM issue_rows) WHERE name LIKE 'customfield%'
"""

_ISSUES = f"""
CREATE TABLE issues AS
SELECT key AS ticket_id, id, {instant("fields->>'$.created'")} AS opened_at,
    fields->>'$.created' AS opened_at_text,
    fields->>'$.reporter.accountId' AS customer_id, fields->>'$.reporter.accountType' AS account_type,
    fields->>'$.reporter.emailAddress' AS email, fields->>'$.assignee.accountId' AS assignee,
    fields->>'$.status.id' AS status_id, fields->>'$.status.name' AS status,
    (fields->>'$.status.statusCategory.key') = 'done' AS is_done, {instant("fields->>'$.resolutiondate'")} AS done_at,
    fields->>'$.priority.name' AS priority,
    coalesce((SELECT any_value(value->>'$.requestType.name') FROM custom WHERE custom.key = issue_rows.key),
        fields->>'$.issuetype.name') AS request,
    coalesce(TRY_CAST(changelog->>'$.total' AS BIGINT), 0) > json_array_length(coalesce(changelog->'$.histories', '[]'))
        AS is_cut
FROM issue_rows
"""

_ITEMS = f"""
CREATE TABLE items AS
WITH changes AS (
    SELECT key AS ticket_id, unnest(from_json(changelog->'$.histories', '{_CHANGE}'), recursive := true) FROM issue_rows
    UNION ALL BY NAME
    SELECT ticket_id, created, author::JSON AS author, items::JSON AS items
    FROM changelogs_raw JOIN issues ON issueKey = ticket_id OR (issueKey IS NULL AND issueId = issues.id)
)
SELECT DISTINCT ticket_id, created AS changed_at_text, {instant("created")} AS changed_at, {_AUTHOR},
    unnest(from_json(items, '{_ITEM}'), recursive := true)
FROM changes
"""

_WRITTEN = f"""
CREATE TABLE written AS
WITH comments AS (
    SELECT key AS ticket_id, unnest(from_json(fields->'$.comment.comments', '{_COMMENT}'), recursive := true)
    FROM issue_rows
    UNION ALL BY NAME
    SELECT ticket_id, created, author::JSON AS author, lower(jsdPublic) = 'true' AS "jsdPublic"
    FROM comments_raw JOIN issues ON issueKey = ticket_id OR (issueKey IS NULL AND issueId = issues.id)
)
SELECT DISTINCT ticket_id, {instant("created")} AS written_at, {_AUTHOR}
FROM comments WHERE coalesce("jsdPublic", true)
"""

# The cycle's own flag: its clock stops at night and while the customer is waited for, and only Jira has the calendar.
_MISSED = f"""
CREATE TABLE missed AS
WITH metrics AS (
    SELECT key AS ticket_id, value AS metric FROM custom WHERE (value->'$.completedCycles') IS NOT NULL
    UNION ALL SELECT issueKey, unnest(from_json(sla, '["JSON"]')) FROM slas_raw
), cycles AS (
    SELECT ticket_id, unnest(from_json(metric->'$.completedCycles', '[{_CYCLE}]'), recursive := true) FROM metrics
    UNION ALL BY NAME
    SELECT ticket_id, unnest(from_json(metric->'$.ongoingCycle', '{_CYCLE}')) FROM metrics
)
SELECT DISTINCT ticket_id, coalesce({instant("breachTime->>'$.iso8601'")}, {instant("stopTime->>'$.iso8601'")}) AS missed_at
FROM cycles WHERE breached
"""

_RATED = f"""
CREATE TABLE rated AS
SELECT key AS ticket_id, TRY_CAST(value->>'$.rating' AS DOUBLE) AS rating, (
        SELECT any_value({instant("dates.value->>'$'")}) FROM custom AS dates JOIN fields_raw ON dates.name = fields_raw.id
        WHERE dates.key = custom.key AND fields_raw.name = '{SATISFACTION_DATE}'
    ) AS rated_at, true AS is_dated
FROM custom WHERE TRY_CAST(value->>'$.rating' AS DOUBLE) IS NOT NULL
"""

# A status is known by its number, which stays when it is renamed, and else by its name.
_STATUSES = f"""
CREATE TABLE statuses AS
SELECT name, arg_min(is_done, rank) AS is_done FROM (
    FROM told
    UNION ALL
    SELECT unnest(['#' || id, name]), (statusCategory::JSON->>'$.key') = 'done', {EXPORTED} FROM statuses_raw
    UNION ALL
    SELECT DISTINCT unnest(['#' || status_id, status]), is_done, {SHOWN} FROM issues WHERE is_done IS NOT NULL
) WHERE name IS NOT NULL GROUP BY name
"""

SEEN_STATUSES = """
WITH seen AS (
    SELECT status_id AS id, status AS name FROM issues
    UNION ALL SELECT "from", fromString FROM items WHERE field = 'status'
    UNION ALL SELECT "to", "toString" FROM items WHERE field = 'status'
)
SELECT name AS status FROM seen WHERE id IS NULL OR '#' || id NOT IN (SELECT name FROM statuses)
"""

TYPED = (_ROWS, _CUSTOM, _ISSUES, _ITEMS, _WRITTEN, _MISSED, _RATED, _STATUSES)
"""From the API's streams to ``issues``, ``items``, ``written``, ``missed``, ``rated`` and ``statuses``."""

_EXPORT = """
CREATE TABLE export AS
SELECT coalesce($exported_at::TIMESTAMP, max(seen) + INTERVAL 1 SECOND) AS exported_at FROM (
    SELECT greatest(opened_at, done_at) AS seen FROM issues
    UNION ALL SELECT changed_at FROM items
    UNION ALL SELECT written_at FROM written
    UNION ALL SELECT rated_at FROM rated
)
"""

# What a field held before its first change is what it held at opening.
_FIRSTS = f"""
CREATE TABLE firsts AS
WITH first_changes AS (
    SELECT ticket_id, field, first({{'old': fromString}} ORDER BY changed_at, fromString) AS change
    FROM items WHERE field IN ('priority', '{REQUEST_TYPE}') GROUP BY ALL
)
PIVOT first_changes ON field IN ('priority', '{REQUEST_TYPE}') USING any_value(change) GROUP BY ticket_id
"""

# Whoever an issue is assigned to, anywhere in the export, works there.
_PEOPLE = """
CREATE TABLE people AS
SELECT customer_id, NULL::TIMESTAMP AS created_at, any_value(email) AS email, bool_or(is_staff) AS is_staff FROM (
    SELECT customer_id, email, coalesce(account_type = 'app', false) AS is_staff FROM issues
    UNION ALL SELECT assignee, NULL, true FROM issues
    UNION ALL SELECT "to", NULL, true FROM items WHERE field = 'assignee'
) WHERE customer_id IS NOT NULL GROUP BY customer_id
"""

# Without a changelog nobody knows what the priority was at opening.
_OPENINGS = f"""
CREATE TABLE openings AS
WITH held AS (
    SELECT issues.*,
        CASE WHEN firsts."{REQUEST_TYPE}" IS NOT NULL THEN firsts."{REQUEST_TYPE}".old ELSE request END AS issue_key,
        CASE WHEN is_cut OR NOT EXISTS (FROM items) THEN NULL
            WHEN firsts.priority IS NOT NULL THEN firsts.priority.old ELSE issues.priority END AS first_priority
    FROM issues LEFT JOIN firsts USING (ticket_id)
)
SELECT ticket_id, customer_id, opened_at, NULL::VARCHAR AS channel, issue_key, NULL::VARCHAR AS parent_ticket_id,
    NULL::BOOLEAN AS is_complaint, {case("first_priority", PRIORITIES)} AS severity, first_priority,
    CASE WHEN customer_id IS NULL THEN 'nobody' WHEN is_staff THEN 'staff' END AS dropped
FROM held LEFT JOIN people USING (customer_id)
"""

_ACTOR = "CASE WHEN author_type = 'app' THEN 'bot' WHEN author = customer_id THEN 'customer' ELSE 'agent' END"

_MOVES = f"""
CREATE TABLE moves AS
SELECT ticket_id, changed_at, changed_at AS known_at, {_ACTOR} AS actor_type,
    coalesce(old_id.is_done, old_name.is_done) AS was_done, coalesce(new_id.is_done, new_name.is_done) AS is_done
FROM items JOIN issues USING (ticket_id)
    LEFT JOIN statuses AS old_id ON old_id.name = '#' || "from" LEFT JOIN statuses AS old_name ON old_name.name = fromString
    LEFT JOIN statuses AS new_id ON new_id.name = '#' || "to" LEFT JOIN statuses AS new_name ON new_name.name = "toString"
WHERE field = 'status'
"""

# A closing of which there is no change (a snapshot, or a changelog cut short) is known from the export on.
_UNTOLD = """
INSERT INTO moves BY NAME
SELECT ticket_id, done_at AS changed_at, exported_at AS known_at, false AS was_done, true AS is_done
FROM issues, export WHERE is_done AND done_at IS NOT NULL
    AND ticket_id NOT IN (SELECT ticket_id FROM moves WHERE moves.is_done)
"""

_HANDED = f"""
SELECT ticket_id, changed_at AS occurred_at, 'assigned' AS event_type, changed_at AS known_at, {_ACTOR} AS actor_type
FROM items JOIN issues USING (ticket_id) WHERE field = 'assignee' AND "to" IS NOT NULL
"""

_RAISED = f"""
SELECT ticket_id, changed_at AS occurred_at, 'escalated' AS event_type, changed_at AS known_at, {_ACTOR} AS actor_type
FROM items JOIN issues USING (ticket_id)
WHERE field = 'priority' AND {case('"toString"', PRIORITIES)} > {case("fromString", PRIORITIES)}
"""

_SENT = f"""
SELECT ticket_id, written_at AS occurred_at, written_at AS known_at,
    CASE WHEN author = customer_id OR author_type = 'customer' THEN 'message_in' ELSE 'message_out' END AS event_type,
    CASE WHEN author_type = 'customer' THEN 'customer' ELSE {_ACTOR} END AS actor_type
FROM written JOIN issues USING (ticket_id)
"""

# A cell of a snapshot shows that a deadline was missed, not when.
_LATE = """
SELECT ticket_id, coalesce(missed_at, exported_at) AS occurred_at, 'sla_breached' AS event_type,
    coalesce(missed_at, exported_at) AS known_at, 'system' AS actor_type
FROM missed, export
"""

# A rating without its date is known from the export on.
_OPINIONS = f"""
SELECT ticket_id, coalesce(rated_at, exported_at) AS occurred_at, 'csat_rated' AS event_type,
    coalesce(CASE WHEN is_dated THEN rated_at END, exported_at) AS known_at, 'customer' AS actor_type,
    (rating - {WORST}) / ({BEST} - {WORST}) AS value
FROM rated, export WHERE rating BETWEEN {WORST} AND {BEST}
"""

MADE = (
    _EXPORT,
    _FIRSTS,
    _PEOPLE,
    _OPENINGS,
    _MOVES,
    _UNTOLD,
    changes(_HANDED, _RAISED, _SENT, _LATE, _OPINIONS),
)
"""From those tables to the canonical ones' sources."""

LEFT_OUT = (
    ("ticket_events", "ratings outside 1 to 5", "ticket_id", f"FROM rated WHERE rating NOT BETWEEN {WORST} AND {BEST}"),
    ("ticket_events", "comments without a time that can be read", "ticket_id", "FROM written WHERE written_at IS NULL"),
)  # fmt: skip
CHANGED = (
    ("tickets", "the changelog is cut short: the export holds fewer changes than Jira counts; no severity", "ticket_id",
     "FROM issues WHERE is_cut"),
    ("ticket_events", "done without a change that tells it; known from the export on", "ticket_id",
     "FROM moves, export WHERE known_at = exported_at"),
)  # fmt: skip
