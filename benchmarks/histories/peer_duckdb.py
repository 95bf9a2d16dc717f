"""DuckDB, as a careful author of SQL writes it: derived facts once, then one grouping per kind of fact."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.histories.asked import NAMES
from benchmarks.histories.data import MOMENTS

FACTS = """
CREATE TEMP TABLE contacts AS
SELECT customer_id, ticket_id, opened_at, is_complaint, severity,
       lag(ticket_id) OVER same AS ticket_before,
       coalesce(opened_at - lag(opened_at) OVER same <= INTERVAL 30 DAY, false) AS is_repeat
FROM '{source}/tickets.parquet'
WINDOW same AS (PARTITION BY customer_id, issue_key ORDER BY opened_at, ticket_id);

CREATE TEMP TABLE events AS
SELECT customer_id, ticket_id, event_type, known_at, occurred_at, value
FROM '{source}/ticket_events.parquet' JOIN contacts USING (ticket_id)
WHERE event_type IN ('reopened', 'escalated', 'csat_rated', 'closed');

CREATE TEMP TABLE failed AS
SELECT customer_id, ticket_id, is_complaint, known_at,
       epoch_us(known_at) - epoch_us(lag(known_at) OVER (PARTITION BY customer_id ORDER BY known_at, ticket_id)) AS gap
FROM (SELECT ticket_id, min(known_at) AS known_at FROM (
          SELECT ticket_id, known_at FROM events
          WHERE event_type IN ('reopened', 'escalated') OR event_type = 'csat_rated' AND value < 0.4
          UNION ALL SELECT ticket_before, opened_at FROM contacts WHERE is_repeat)
      GROUP BY ticket_id) JOIN contacts USING (ticket_id);

CREATE TEMP TABLE verdicts AS
SELECT customer_id, ticket_id, known_at, failed,
       CASE WHEN failed THEN row_number() OVER own
            - coalesce(max(CASE WHEN NOT failed THEN n END) OVER own, 0) ELSE 0 END AS streak
FROM (SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY known_at, ticket_id, failed) AS n FROM (
    SELECT customer_id, ticket_id, known_at, true AS failed FROM failed
    UNION ALL
    SELECT e.customer_id, e.ticket_id, e.known_at, false FROM events e LEFT JOIN failed f USING (ticket_id)
    WHERE event_type = 'closed' AND (f.known_at IS NULL OR f.known_at > e.known_at)))
WINDOW own AS (PARTITION BY customer_id ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW);

CREATE TEMP TABLE second AS
SELECT t.customer_id, t.opened_at FROM (FROM contacts WHERE is_complaint) t
ASOF JOIN (FROM failed WHERE is_complaint) f ON t.customer_id = f.customer_id AND t.opened_at > f.known_at
WHERE t.opened_at - f.known_at <= INTERVAL 180 DAY;
"""

AT_A_MOMENT = """
SELECT c.customer_id, m AS moment,
       coalesce(tickets_7d, 0) AS tickets_7d, coalesce(tickets_30d, 0) AS tickets_30d,
       coalesce(tickets_90d, 0) AS tickets_90d, coalesce(tickets_365d, 0) AS tickets_365d,
       coalesce(tickets_ever, 0) AS tickets_ever, coalesce(repeats_90d, 0) AS repeats_90d,
       coalesce(repeats_ever, 0) AS repeats_ever, coalesce(failed_30d, 0) AS failed_30d,
       coalesce(failed_90d, 0) AS failed_90d, coalesce(failed_365d, 0) AS failed_365d,
       coalesce(failed_ever, 0) AS failed_ever, coalesce(failure_streak, 0) AS failure_streak,
       coalesce(double_deviations_ever, 0) AS double_deviations_ever,
       coalesce(second_failures_180d, 0) AS second_failures_180d,
       coalesce(second_failures_ever, 0) AS second_failures_ever,
       days_since_contact, days_since_failed, days_between_failures, last_severity, mean_severity_365d,
       last_csat, mean_csat_365d, coalesce(reopens_365d, 0) AS reopens_365d, datesub('day', first_seen_at, m) AS tenure_days
FROM (SELECT *, TIMESTAMP '{moment}' AS m FROM '{source}/customers.parquet') c
LEFT JOIN (
    SELECT customer_id,
           count(*) FILTER (opened_at >= m - INTERVAL 7 DAY) AS tickets_7d,
           count(*) FILTER (opened_at >= m - INTERVAL 30 DAY) AS tickets_30d,
           count(*) FILTER (opened_at >= m - INTERVAL 90 DAY) AS tickets_90d,
           count(*) FILTER (opened_at >= m - INTERVAL 365 DAY) AS tickets_365d,
           count(*) AS tickets_ever,
           count(*) FILTER (is_repeat AND opened_at >= m - INTERVAL 90 DAY) AS repeats_90d,
           count(*) FILTER (is_repeat) AS repeats_ever,
           datesub('day', max(opened_at), any_value(m)) AS days_since_contact,
           arg_max(severity, (opened_at, ticket_id)) AS last_severity,
           avg(severity) FILTER (opened_at >= m - INTERVAL 365 DAY) AS mean_severity_365d
    FROM (SELECT *, TIMESTAMP '{moment}' AS m FROM contacts) WHERE opened_at < m GROUP BY customer_id
) USING (customer_id)
LEFT JOIN (
    SELECT customer_id,
           count(*) FILTER (known_at >= m - INTERVAL 30 DAY) AS failed_30d,
           count(*) FILTER (known_at >= m - INTERVAL 90 DAY) AS failed_90d,
           count(*) FILTER (known_at >= m - INTERVAL 365 DAY) AS failed_365d,
           count(*) AS failed_ever, count(*) FILTER (is_complaint) AS double_deviations_ever,
           datesub('day', max(known_at), any_value(m)) AS days_since_failed,
           arg_max(gap, (known_at, ticket_id)) / 86400e6 AS days_between_failures
    FROM (SELECT *, TIMESTAMP '{moment}' AS m FROM failed) WHERE known_at < m GROUP BY customer_id
) USING (customer_id)
LEFT JOIN (
    SELECT customer_id, arg_max(streak, (known_at, ticket_id, failed)) AS failure_streak
    FROM verdicts WHERE known_at < TIMESTAMP '{moment}' GROUP BY customer_id
) USING (customer_id)
LEFT JOIN (
    SELECT customer_id, count(*) FILTER (opened_at >= TIMESTAMP '{moment}' - INTERVAL 180 DAY) AS second_failures_180d,
           count(*) AS second_failures_ever
    FROM second WHERE opened_at < TIMESTAMP '{moment}' GROUP BY customer_id
) USING (customer_id)
LEFT JOIN (
    SELECT customer_id, arg_max(value, (known_at, occurred_at, ticket_id)) AS last_csat,
           avg(value) FILTER (known_at >= m - INTERVAL 365 DAY) AS mean_csat_365d,
           count(*) FILTER (event_type = 'reopened' AND known_at >= m - INTERVAL 365 DAY) AS reopens_365d
    FROM (SELECT *, TIMESTAMP '{moment}' AS m FROM events WHERE event_type IN ('csat_rated', 'reopened'))
    WHERE known_at < m GROUP BY customer_id
) USING (customer_id)
"""  # fmt: skip


WRITING = "(FORMAT parquet, COMPRESSION lz4_raw)"


def run(source: str, target: str) -> None:
    """All moments in one statement that writes the file."""
    connection = connect()
    connection.execute(FACTS.format(source=source))
    rows = " UNION ALL ".join(f"({AT_A_MOMENT.format(source=source, moment=moment)})" for moment in MOMENTS)
    connection.execute(
        f"COPY (SELECT customer_id, moment, {', '.join(NAMES)} FROM ({rows})) TO '{target}' {WRITING}"
    )


def run_loop(source: str, target: str) -> None:
    """One statement and one file per moment: ``target`` is a folder."""
    connection = connect()
    connection.execute(FACTS.format(source=source))
    Path(target).mkdir()
    for moment in MOMENTS:
        rows = AT_A_MOMENT.format(source=source, moment=moment)
        path = f"{target}/{moment}.parquet"
        connection.execute(
            f"COPY (SELECT customer_id, moment, {', '.join(NAMES)} FROM ({rows})) TO '{path}' {WRITING}"
        )


def connect() -> duckdb.DuckDBPyConnection:
    """Connect to a database in memory that reads times as UTC and writes rows as they come."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET preserve_insertion_order = false")
    return connection
