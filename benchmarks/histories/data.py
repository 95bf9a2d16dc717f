"""The world of the benchmark: customers, tickets and ticket_events valid by the contract, the same for the same size.

Every number is a hash of a row number, so the files do not depend on the machine or the number of threads. Contacts
per customer fall as 1 / (rank + n / 100): Zipf with a shifted head, about 100 contacts for the first customers and one
for the last, whatever the size. Tickets lie in the order of their opening, as an export has them; events by ticket.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

START, DAYS = "2023-01-01", 730
MOMENTS = (*(f"2024-{month:02d}-01" for month in range(2, 13)), "2025-01-01")
CONTACTS_PER_CUSTOMER = 5

_TABLES = {
    "customers": """
        SELECT printf('C%08d', i) AS customer_id,
               TIMESTAMP '{start}' - to_seconds(1 + hash(i, 'seen') % 157680000) AS first_seen_at
        FROM range({customers}) AS rows(i)""",
    "tickets": """
        SELECT printf('T%09d', i) AS ticket_id,
               printf('C%08d', (least(({customers} / 100 * (pow(101, u(i, 'customer')) - 1))::BIGINT, {customers} - 1)
                                * 7919) % {customers}) AS customer_id,
               opened(i) AS opened_at,
               ['phone', 'email', 'chat', 'web', 'social'][1 + (hash(i, 'channel') % 5)::INT] AS channel,
               'issue ' || (hash(i, 'issue') % 6) AS issue_key,
               u(i, 'complaint') < 0.6 AS is_complaint,
               (1 + hash(i, 'severity') % 5)::BIGINT AS severity
        FROM range({contacts}) AS rows(i)""",
    "ticket_events": """
        SELECT printf('T%09d', i) AS ticket_id, opened(i) + to_seconds(solved(i) + later) AS occurred_at, event_type,
               opened(i) + to_seconds(solved(i) + later + survey) AS known_at, actor_type, value
        FROM range({contacts}) AS rows(i), LATERAL (
            VALUES ('solved', 0, 0, 'agent', NULL, u(i, 'solved') < 0.95),
                   ('closed', 4 * 86400, 0, 'system', NULL, u(i, 'solved') < 0.90),
                   ('reopened', 3600 * (1 + (hash(i, 'again') % 72)::INT), 0, 'customer', NULL, u(i, 'reopened') < 0.08),
                   ('escalated', -1800, 0, 'agent', NULL, u(i, 'escalated') < 0.03),
                   ('csat_rated', 86400, (hash(i, 'survey') % 432000)::INT, 'customer',
                    (hash(i, 'csat') % 101) / 100, u(i, 'rated') < 0.3)
        ) AS happened(event_type, later, survey, actor_type, value, happens) WHERE happens""",
}  # fmt: skip


def generate(folder: Path, contacts: int) -> dict[str, int]:
    """Write the three tables to ``folder`` unless they are there; return their rows."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("CREATE MACRO u(i, what) AS hash(i, what) / 18446744073709551616.0")
    connection.execute(
        f"CREATE MACRO opened(i) AS TIMESTAMP '{START}' "
        f"+ to_seconds(((i + u(i, 'opened')) * {DAYS * 86_400} / {contacts})::BIGINT)"
    )
    connection.execute("CREATE MACRO solved(i) AS 3600 + (hash(i, 'hours') % 432000)::INT")
    folder.mkdir(parents=True, exist_ok=True)
    rows = {}
    for name, query in _TABLES.items():
        path = folder / f"{name}.parquet"
        if not path.exists():
            settings = {"customers": contacts // CONTACTS_PER_CUSTOMER, "contacts": contacts, "start": START}
            connection.execute(f"COPY ({query.format(**settings)}) TO '{path}.partial' (FORMAT parquet)")
            Path(f"{path}.partial").rename(path)
        rows[name] = connection.execute(f"SELECT count(*) FROM '{path}'").fetchall()[0][0]
    return rows
