"""The SQL behind :mod:`~retaliation_risk.adapters.servicenow`: from text to types to changes to tables."""

from __future__ import annotations

from collections.abc import Mapping

COVERAGE_SHARE = 0.1

PRIORITIES = ("1 - Critical", "2 - High", "3 - Moderate", "4 - Low", "5 - Planning")

CHANNELS = {
    "Phone": "phone",
    "Email": "email",
    "Self service": "self_service",
    "IVR": "ivr",
    "Direct opening": "direct_opening",
}

# code, column, what is wrong with the rows, how to find them in table `typed`
CHECKS = (
    ("RR202", "number", "with no {column}", "number IS NULL"),
    *(
        ("RR202", column, "with no {column}", f"{column}_text IS NULL")
        for column in ("opened_at", "sys_updated_at", "incident_state", "sys_mod_count", "reopen_count",
                       "reassignment_count")
    ),
    *(
        ("RR201", column, "with {column} that is no time of the given format",
         f"{column} IS NULL AND {column}_text IS NOT NULL")
        for column in ("opened_at", "sys_updated_at")
    ),
    *(
        ("RR201", column, "with {column} that is no whole number",
         f"{column} IS NULL AND {column}_text IS NOT NULL")
        for column in ("sys_mod_count", "reopen_count", "reassignment_count")
    ),
    ("RR201", "made_sla", "with {column} that is neither true nor false",
     "made_sla IS NULL AND made_sla_text IS NOT NULL"),
    ("RR206", "incident_state", "with an unknown {column}",
     "NOT list_contains($states, incident_state_text)"),
    ("RR206", "priority", "with an unknown {column}", "priority IS NULL AND priority_text IS NOT NULL"),
)  # fmt: skip


def _case(column: str, mapping: Mapping[str, object], otherwise: str) -> str:
    arms = " ".join(f"WHEN '{key}' THEN {value!r}" for key, value in mapping.items())
    return f"CASE {column} {arms} ELSE {otherwise} END"


def typed(names: Mapping[str, str]) -> str:
    """Make table ``typed`` from ``raw``; a cell that cannot be read is NULL beside its ``_text``.

    Parameters
    ----------
    names : mapping of str to str
        Our column names to the file's.

    Returns
    -------
    str
        One statement with the parameter ``$format``.
    """
    cell = {name: '"' + theirs.replace('"', '""') + '"' for name, theirs in names.items()}
    times = [f"try_strptime({cell[name]}, $format) AS {name}" for name in ("opened_at", "sys_updated_at")]
    counts = [
        f"TRY_CAST({cell[name]} AS BIGINT) AS {name}"
        for name in ("sys_mod_count", "reopen_count", "reassignment_count")
    ]
    texts = [
        f"{cell[name]} AS {name}_text"
        for name in ("opened_at", "sys_updated_at", "sys_mod_count", "reopen_count", "reassignment_count",
                     "made_sla", "incident_state", "priority")
    ]  # fmt: skip
    plain = [
        f"{cell[name]} AS {name}" for name in ("number", "caller_id", "category", "subcategory", "u_symptom")
    ]
    ranks = {name: rank for rank, name in enumerate(PRIORITIES, start=1)}
    words = [
        f"{_case('lower(' + cell['made_sla'] + ')', {'true': True, 'false': False}, 'NULL')} AS made_sla",
        f"{_case(cell['priority'], ranks, 'NULL')} AS priority",
        f"{cell['incident_state']} AS state",
        f"{_case(cell['contact_type'], CHANNELS, 'lower(' + cell['contact_type'] + ')')} AS channel",
    ]
    return f"CREATE TABLE typed AS SELECT {', '.join([*plain, *texts, *times, *counts, *words])} FROM raw"


# The keys after sys_mod_count settle nothing in a sound log; they only make the order of rows in the file
# count for nothing.
_ORDER = (
    "sys_updated_at, sys_mod_count, reopen_count, reassignment_count, made_sla DESC, state, priority,"
    " caller_id, channel, category, subcategory, u_symptom"
)

# Every row beside the row before it. Before its first row an incident had no state and counters at 0.
_LOG = f"""
CREATE TABLE log AS
SELECT number AS ticket_id, caller_id, opened_at, sys_updated_at AS changed_at, sys_mod_count, state,
    made_sla, channel, category, subcategory, u_symptom, priority, reopen_count, reassignment_count,
    row_number() OVER rows_before AS row,
    lag(state) OVER rows_before AS old_state,
    lag(priority) OVER rows_before AS old_priority,
    lag(reopen_count, 1, 0) OVER rows_before AS old_reopen_count,
    lag(reassignment_count, 1, 0) OVER rows_before AS old_reassignment_count,
    row_number() OVER (PARTITION BY number, made_sla ORDER BY {_ORDER}) AS row_of_sla
FROM typed
WINDOW rows_before AS (PARTITION BY number ORDER BY {_ORDER})
"""

# The first row is the opening state only if nothing was saved before it: sys_mod_count 0.
_OPENINGS = """
CREATE TABLE openings AS
SELECT ticket_id, caller_id AS customer_id, least(opened_at, changed_at) AS opened_at, channel, priority,
    opened_at > changed_at AS opened_late, changed_at - opened_at > INTERVAL 1 HOUR AS seen_late,
    sys_mod_count = 0 AS is_opening_state,
    CASE WHEN category IS NOT NULL THEN concat_ws(' / ', category, subcategory, u_symptom) END AS issue_key
FROM log WHERE row = 1
"""

_TICKETS = """
CREATE TABLE tickets AS
SELECT ticket_id, customer_id, opened_at,
    CASE WHEN is_opening_state THEN channel END AS channel,
    CASE WHEN is_opening_state THEN issue_key END AS issue_key,
    CASE WHEN is_opening_state THEN 6 - priority END AS severity
FROM openings WHERE customer_id IS NOT NULL
"""

_EVENTS = """
CREATE TABLE ticket_events AS
WITH changes AS (
    SELECT *, [
        CASE WHEN state = 'Resolved' AND old_state IS DISTINCT FROM 'Resolved' THEN 'solved' END,
        CASE WHEN state = 'Closed' AND old_state IS DISTINCT FROM 'Closed' THEN 'closed' END,
        CASE WHEN reopen_count > old_reopen_count THEN 'reopened' END,
        CASE WHEN reassignment_count > old_reassignment_count THEN 'assigned' END,
        CASE WHEN priority < old_priority THEN 'escalated' END,
        CASE WHEN NOT made_sla AND row_of_sla = 1 THEN 'sla_breached' END
    ] AS found
    FROM log
), events AS (SELECT ticket_id, changed_at, unnest(found) AS event_type FROM changes)
SELECT ticket_id, changed_at AS occurred_at, event_type, changed_at AS known_at
FROM events SEMI JOIN tickets USING (ticket_id) WHERE event_type IS NOT NULL
"""

_CUSTOMERS = """
CREATE TABLE customers AS
SELECT customer_id, min(opened_at) AS first_seen_at, (SELECT min(opened_at) FROM openings) AS history_from
FROM tickets GROUP BY customer_id
"""

# Half of all incidents were opened on days no busier than the usual one: days weigh by their incidents, so
# that a long thin tail of quiet days cannot lower the bar. Coverage ends after the last day at a tenth of it.
_COVERAGE = f"""
CREATE TABLE coverage AS
WITH days AS (SELECT opened_at::DATE AS day, count(*) AS n FROM openings GROUP BY ALL),
busy AS (
    SELECT min(n) AS n FROM (SELECT n, sum(n) OVER (ORDER BY n) AS up_to, sum(n) OVER () AS whole FROM days)
    WHERE 2 * up_to >= whole
)
SELECT CAST(max(days.day) + 1 AS TIMESTAMP) AS observed_to, any_value(busy.n) AS busy_day
FROM days, busy WHERE days.n >= {COVERAGE_SHARE} * busy.n
"""

_OBSERVATION = """
CREATE TABLE observation AS
SELECT customer_id, first_seen_at AS observed_from, observed_to
FROM customers, coverage WHERE first_seen_at < observed_to
"""

STATEMENTS = (_LOG, _OPENINGS, _TICKETS, _EVENTS, _CUSTOMERS, _COVERAGE, _OBSERVATION)
