"""The interval form by DuckDB: the steps of all logs, one window over them, and the last step of each moment kept.

Written for speed as far as SQL goes. A running sum in a window costs about as much for one count as for three, so counts are
carried three to a BIGINT, 20 bits each: enough for customers with fewer than a million facts of a kind. Shards of customers
keep the window within memory, whatever the size.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.histories.asked import NAMES_CONSTANT, OUTCOME
from benchmarks.histories.peer_duckdb import FACTS, WRITING, connect
from benchmarks.histories.steps import CONTACTS_PER_SHARD, COUNTS, LASTS, MEANS, STEPS, change

BITS, PER_PACK = 20, 3
PACKS = [tuple(COUNTS)[i : i + PER_PACK] for i in range(0, len(COUNTS), PER_PACK)]

LOGS = """
CREATE TEMP VIEW facts AS
SELECT customer_id, first_seen_at AS known, 'customers' AS log, NULL::DOUBLE AS value,
       NULL::TIMESTAMP AS occurred_at, NULL AS ticket_id FROM '{source}/customers.parquet'
UNION ALL SELECT customer_id, opened_at, 'tickets', severity, NULL, ticket_id FROM contacts
UNION ALL SELECT customer_id, opened_at, 'repeats', NULL, NULL, NULL FROM contacts WHERE is_repeat
UNION ALL SELECT customer_id, known_at, 'failed', gap / 86400e6, NULL, ticket_id FROM failed
UNION ALL SELECT customer_id, known_at, 'deviations', NULL, NULL, NULL FROM failed WHERE is_complaint
UNION ALL SELECT customer_id, opened_at, 'second', NULL, NULL, NULL FROM second
UNION ALL SELECT customer_id, known_at, 'verdicts', streak, NULL, ticket_id FROM verdicts
UNION ALL SELECT customer_id, known_at, if(event_type = 'csat_rated', 'rated', event_type), value, occurred_at, ticket_id
          FROM events
"""

END = """
SELECT max(latest) + INTERVAL 1 MICROSECOND FROM (
    SELECT max(first_seen_at) AS latest FROM '{source}/customers.parquet'
    UNION ALL SELECT max(opened_at) FROM '{source}/tickets.parquet'
    UNION ALL SELECT max(known_at) FROM '{source}/ticket_events.parquet')
"""

ROWS = """
WITH steps AS (
    SELECT customer_id, known + days AS start, step, value, occurred_at, ticket_id, {packs}
    FROM facts JOIN kinds USING (log)
    WHERE hash(customer_id) % {shards} = {shard} AND known + days < TIMESTAMP '{end}'
), summed AS (
    SELECT customer_id, start, coalesce(lead(start) OVER own, TIMESTAMP '{end}') AS stop,
           coalesce(lead(step = {act}) OVER own, false) AS event, {summed}
    FROM steps WINDOW own AS (PARTITION BY customer_id ORDER BY start, step, occurred_at, ticket_id
                              ROWS UNBOUNDED PRECEDING)
), counted AS (
    SELECT *, {counted} FROM summed WHERE start < stop
)
SELECT customer_id, start, stop, event, {names} FROM counted
"""


def run(source: str, target: str) -> None:
    """One statement and one file per shard of customers: ``target`` is a folder."""
    connection = connect()
    connection.execute(FACTS.format(source=source))
    connection.execute(LOGS.format(source=source))
    connection.execute(_kinds())
    contacts = connection.execute("SELECT count(*) FROM contacts").fetchall()[0][0]
    end = connection.execute(END.format(source=source)).fetchall()[0][0]
    shards = -(-contacts // CONTACTS_PER_SHARD)
    Path(target).mkdir()
    for shard in range(shards):
        rows = ROWS.format(shards=shards, shard=shard, end=end, **_columns())
        connection.execute(f"COPY ({rows}) TO '{target}/{shard}.parquet' {WRITING}")


def _kinds() -> str:
    """Return the statement that makes the kinds of steps: what each does to every count, packed."""
    rows = [
        f"('{log}', {step}, INTERVAL {days} DAY, {', '.join(str(_packed((log, days), names)) for names in PACKS)})"
        for step, (log, days) in enumerate(STEPS)
    ]
    packs = ", ".join(f"pack_{i}" for i in range(len(PACKS)))
    return f"CREATE TEMP TABLE kinds AS FROM (VALUES {', '.join(rows)}) AS kinds(log, step, days, {packs})"


def _packed(step: tuple[str, int], names: tuple[str, ...]) -> int:
    return sum(change(step, *COUNTS[name]) << BITS * place for place, name in enumerate(names))


def _columns() -> dict[str, str]:
    """Return the lists of columns of the statement."""
    step = {kind: i for i, kind in enumerate(STEPS)}
    packs = [f"pack_{i}" for i in range(len(PACKS))]
    summed = [f"sum_no_overflow({pack}) OVER own AS {pack}" for pack in packs]
    for name, (log, days, _) in MEANS.items():
        value = f"CASE step WHEN {step[log, 0]} THEN value WHEN {step[log, days]} THEN -value ELSE 0 END"
        summed.append(f"sum({value}) OVER own AS {name}_sum")
    for name, log in LASTS.items():
        value = f"CASE step WHEN {step[log, 0]} THEN value END"
        summed.append(f"last_value({value} IGNORE NULLS) OVER own AS {name}")
    counted = [
        f"({pack} >> {BITS * place}) & {2**BITS - 1} AS {name}"
        for pack, names in zip(packs, PACKS, strict=True)
        for place, name in enumerate(names)
    ]
    counted += [f"{name}_sum / nullif({count}, 0) AS {name}" for name, (_, _, count) in MEANS.items()]
    names = [f"coalesce({n}, 0) AS {n}" if n == "failure_streak" else n for n in NAMES_CONSTANT]
    lists = {"packs": packs, "summed": summed, "counted": counted, "names": names}
    return {"act": str(step[OUTCOME, 0]), **{key: ", ".join(columns) for key, columns in lists.items()}}
