"""The logs of tickets once more, in SQL: slow, and written apart from the compiled walks that they are compared with."""

import numpy as np

from retaliation_risk.histories.definitions import EVIDENCE
from retaliation_risk.histories.log import Log, LogSpec
from retaliation_risk.tables.contract import EVENT_TYPES


def _words(values):
    return ", ".join(f"'{value}'" for value in values)


def _type_rank():
    return f"list_position([{_words(EVENT_TYPES)}], event_type)"


# Everything one ticket's rows say of each other, each from rows known no later than itself (``seen``); ``later`` looks
# ahead, but only to the reply deadline, from which an unanswered message counts as known.
_PREPARE = """
CREATE TEMP TABLE _tickets AS
SELECT customer_id, ticket_id, opened_at, is_complaint, severity, channel, issue_key, parent_ticket_id,
       epoch_us(opened_at) - lag(epoch_us(opened_at)) OVER own AS gap,
       epoch_us(opened_at) - lag(epoch_us(opened_at)) OVER same AS issue_gap,
       lag(ticket_id) OVER same AS issue_before,
       channel IS DISTINCT FROM lag(channel) OVER own AND lag(ticket_id) OVER own IS NOT NULL AS channel_changed
FROM tickets
WINDOW own AS (PARTITION BY customer_id ORDER BY opened_at, ticket_id),
       same AS (PARTITION BY customer_id, coalesce(issue_key, '#' || ticket_id) ORDER BY opened_at, ticket_id);

CREATE TEMP TABLE _events AS
SELECT t.customer_id, t.opened_at, t.is_complaint, e.*, {rank} AS type_rank,
       arg_max(event_type NOT IN ('solved', 'closed'), (e.occurred_at, {rank}))
           FILTER (event_type IN ('solved', 'closed', 'reopened')) OVER seen AS is_open,
       count(*) FILTER (event_type = 'message_out') OVER seen AS replies,
       count(*) FILTER (event_type = 'apology') OVER seen AS apologies,
       count(*) FILTER (event_type = 'compensation') OVER seen AS compensations,
       min(e.known_at) FILTER (event_type = 'message_out') OVER later AS next_reply_at
FROM ticket_events e JOIN tickets t USING (ticket_id)
WINDOW seen AS (PARTITION BY e.ticket_id ORDER BY e.known_at, e.occurred_at, {rank},
                         e.value NULLS FIRST, e.actor_type NULLS FIRST
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
       later AS (PARTITION BY e.ticket_id ORDER BY e.known_at, e.occurred_at, {rank},
                         e.value NULLS FIRST, e.actor_type NULLS FIRST
                ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING);

CREATE TEMP TABLE _evidence AS
SELECT customer_id, ticket_id, is_complaint, evidence, min(known_at) AS known_at FROM (
    SELECT customer_id, ticket_id, is_complaint, event_type AS evidence, known_at FROM _events
    WHERE event_type IN ('reopened', 'escalated', 'sla_breached')
    UNION ALL
    SELECT customer_id, ticket_id, is_complaint, 'bad_csat', known_at FROM _events
    WHERE event_type = 'csat_rated' AND value < {bad_csat}
    UNION ALL
    SELECT customer_id, ticket_id, is_complaint, 'unanswered', deadline
    FROM (SELECT *, known_at + to_microseconds({reply}) AS deadline FROM _events)
    WHERE event_type = 'message_in' AND NOT is_open AND NOT coalesce(next_reply_at <= deadline, false)
    UNION ALL
    SELECT p.customer_id, p.ticket_id, p.is_complaint, 'follow_up', greatest(c.opened_at, p.opened_at)
    FROM tickets c JOIN tickets p ON c.parent_ticket_id = p.ticket_id AND c.customer_id = p.customer_id
    UNION ALL
    SELECT p.customer_id, p.ticket_id, p.is_complaint, 'repeat', c.opened_at
    FROM _tickets c JOIN tickets p ON c.issue_before = p.ticket_id WHERE c.issue_gap <= {repeat}
) WHERE evidence IN ({evidence}) GROUP BY ALL;

CREATE TEMP TABLE _failed AS
SELECT customer_id, ticket_id, is_complaint, min(known_at) AS known_at,
       arg_min(evidence, (known_at, evidence)) AS evidence
FROM _evidence GROUP BY customer_id, ticket_id, is_complaint;
"""

LOGS = {
    log.name: log
    for log in (
        LogSpec(
            "tickets", "tickets, as opened", ("tickets",),
            "SELECT *, opened_at AS known_at FROM _tickets",
            flags=(
                ("complaint", "is_complaint"),
                ("repeat", "issue_gap <= {repeat}"),
                ("follow_up", "parent_ticket_id IS NOT NULL"),
                ("channel_changed", "channel_changed"),
                ("public_channel", "lower(channel) IN ('social', 'twitter', 'facebook', 'forum')"),
            ),
            columns=(("severity", "severity"), ("gap_days", "gap / 86400e6")),
            order=("ticket",), tickets=True,
        ),
        LogSpec(
            "events", "what happened to tickets", ("tickets", "ticket_events"),
            "SELECT * FROM _events",
            flags=(
                *((kind, f"event_type = '{kind}'") for kind in EVENT_TYPES),
                ("bad_csat", "event_type = 'csat_rated' AND value < {bad_csat}"),
                ("first_reply", "event_type = 'message_out' AND replies = 1"),
                ("amends", "event_type = 'apology' AND apologies = 1 AND compensations > 0"
                           " OR event_type = 'compensation' AND compensations = 1 AND apologies > 0"),
                ("recovery", "event_type IN ('apology', 'compensation')"),
            ),
            columns=(
                ("csat", "CASE WHEN event_type = 'csat_rated' THEN value END"),
                ("compensation_amount", "CASE WHEN event_type = 'compensation' THEN value END"),
                ("hours_since_opening", "(epoch_us(occurred_at) - epoch_us(opened_at)) / 3600e6"),
            ),
            order=("occurred_at", "type_rank", "ticket", "value", "actor_type"), tickets=True,
        ),
        LogSpec(
            "open_tickets", "changes of the number of open tickets", ("tickets", "ticket_events"),
            """SELECT * FROM (
                SELECT customer_id, ticket_id, known_at, occurred_at, type_rank, is_open,
                       is_open::INT - lag(is_open::INT, 1, 1) OVER (
                           PARTITION BY ticket_id ORDER BY known_at, occurred_at, type_rank,
                                                    value NULLS FIRST, actor_type NULLS FIRST) AS change
                FROM _events WHERE event_type IN ('solved', 'closed', 'reopened')
                UNION ALL
                SELECT customer_id, ticket_id, opened_at, opened_at, 0, true, 1 FROM tickets
            ) WHERE change <> 0""",
            columns=(("change", "change"),),
            order=("occurred_at", "ticket", "type_rank"), tickets=True,
        ),
        LogSpec(
            "failed_recoveries", "tickets whose recovery failed, when that became known", ("tickets",),
            """SELECT f.customer_id, ticket_id, f.is_complaint, known_at, evidence,
                      epoch_us(known_at) - lag(epoch_us(known_at)) OVER own AS gap,
                      t.issue_key = lag(t.issue_key) OVER own AS same_issue
               FROM _failed f JOIN tickets t USING (ticket_id)
               WINDOW own AS (PARTITION BY f.customer_id ORDER BY known_at, opened_at, ticket_id)""",
            flags=(
                ("complaint", "is_complaint"),
                ("same_issue", "same_issue"),
                ("soon", "gap <= {repeat}"),
                *((kind, f"evidence = '{kind}'") for kind in EVIDENCE),
            ),
            columns=(("gap_days", "gap / 86400e6"),),
            order=("ticket",), tickets=True,
        ),
        LogSpec(
            "verdicts", "tickets that failed, and tickets that closed clean", ("tickets", "ticket_events"),
            """SELECT customer_id, ticket_id, known_at, true AS failed FROM _failed
               UNION ALL
               SELECT e.customer_id, e.ticket_id, min(e.known_at), false
               FROM _events e LEFT JOIN _failed f USING (ticket_id)
               WHERE e.event_type = 'closed' AND (f.known_at IS NULL OR f.known_at > e.known_at)
               GROUP BY e.customer_id, e.ticket_id""",
            flags=(("failed", "failed"),),
            order=("ticket", "failed"), tickets=True,
        ),
        LogSpec(
            "double_deviations", "double deviations, when they became known", ("tickets",),
            """SELECT customer_id, ticket_id, known_at, true AS bitner FROM _failed WHERE is_complaint
               UNION ALL
               SELECT t.customer_id, t.ticket_id, t.opened_at, false
               FROM _tickets t ASOF JOIN (SELECT * FROM _failed WHERE is_complaint) f
                   ON t.customer_id = f.customer_id AND t.opened_at > f.known_at
               WHERE t.is_complaint AND epoch_us(t.opened_at) - epoch_us(f.known_at) <= {deviation}""",
            flags=(("failed_recovery", "bitner"), ("second_failure", "NOT bitner")),
            order=("bitner", "ticket"), tickets=True,
        ),
    )
}  # fmt: skip


def _settings(definitions):
    def days(value):
        return str(round(value * 86_400e6))

    return {
        "rank": _type_rank(),
        "bad_csat": repr(float(definitions.bad_csat)),
        "reply": days(definitions.reply_days),
        "repeat": days(definitions.repeat_days),
        "deviation": days(definitions.deviation_days),
        "evidence": _words(definitions.evidence) or "''",
    }


def prepare(connection, present, definitions):
    """Create the working tables that the logs' queries read: ids, tickets, events, evidence and failed tickets."""
    connection.execute(
        """CREATE TEMP TABLE _codes AS
           SELECT customer_id, row_number() OVER (ORDER BY customer_id) - 1 AS code FROM customers;
           CREATE TEMP TABLE _ticket_codes AS
           SELECT ticket_id, row_number() OVER (ORDER BY customer_id, opened_at, ticket_id) - 1 AS ticket FROM tickets"""
    )
    if "ticket_events" not in present:
        connection.execute(
            """CREATE TEMP VIEW ticket_events AS SELECT NULL::VARCHAR AS ticket_id, NULL::TIMESTAMP AS occurred_at,
               NULL::VARCHAR AS event_type, NULL::TIMESTAMP AS known_at, NULL::VARCHAR AS actor_type,
               NULL::DOUBLE AS value LIMIT 0"""
        )
    connection.execute(_PREPARE.format(**_settings(definitions)))


def _select(spec, definitions):
    settings = _settings(definitions)
    bits = (
        " + ".join(f"coalesce(({rule})::UBIGINT, 0) * {1 << i}" for i, (_, rule) in enumerate(spec.flags))
        or "0"
    )
    columns = "".join(
        f", coalesce(({rule})::DOUBLE, 'nan'::DOUBLE) AS value_{i}"
        for i, (_, rule) in enumerate(spec.columns)
    )
    ticket, joined = (", ticket", "JOIN _ticket_codes USING (ticket_id)") if spec.tickets else ("", "")
    order = ", ".join(("code", "known_at", *(f"{column} NULLS FIRST" for column in spec.order)))
    return (
        f"SELECT code, epoch_us(known_at) AS known, ({bits})::UBIGINT AS flags{ticket}{columns} "
        f"FROM ({spec.query}) JOIN _codes USING (customer_id) {joined} ORDER BY {order}"
    ).format(**settings)


def read_logs(connection, present, definitions, n_customers):
    """Yield every log whose tables are present; call :func:`prepare` first."""
    for spec in LOGS.values():
        if set(spec.tables) <= set(present):
            found = connection.execute(_select(spec, definitions)).fetchnumpy()
            values = [np.asarray(found[f"value_{i}"], dtype=np.float64) for i in range(len(spec.columns))]
            yield Log(
                spec=spec,
                starts=np.searchsorted(found["code"], np.arange(n_customers + 1)).astype(np.int64),
                known=np.asarray(found["known"], dtype=np.int64),
                flags=np.asarray(found["flags"], dtype=np.uint64),
                values=np.vstack(values) if values else np.empty((0, len(found["known"]))),
                tickets=np.asarray(found["ticket"], dtype=np.int64)
                if spec.tickets
                else np.empty(0, dtype=np.int64),
            )
