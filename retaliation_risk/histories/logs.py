"""Logs: one per kind of fact, sorted by (customer, known time, tie-break).

Every row of a log is settled by rows known no later than itself, so cutting the tables at a moment cuts the logs at that
moment and changes nothing before. The order among rows of equal time is total, so a value never depends on file order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import duckdb
import numpy as np

from retaliation_risk.errors import ArgumentError
from retaliation_risk.histories.definitions import EVIDENCE
from retaliation_risk.histories.log import Log, LogSpec
from retaliation_risk.tables.contract import COMPETING, DIRECT, EVENT_TYPES, INDIRECT

__all__ = ["KINDS_OF_OUTCOMES", "KNOWN_AT", "LOGS", "Log", "LogSpec", "read_logs", "spec_of"]

KNOWN_AT = {
    "customers": "first_seen_at",
    "orders": "ordered_at",
    "loyalty": "valid_from",
    "outcomes": "known_at",
    "influence": "observed_at",
}
"""The column that says when a row became known, of each table whose rows are the rows of the log of its name."""

KINDS_OF_OUTCOMES = {
    "retaliation": INDIRECT + DIRECT,
    "indirect": INDIRECT,
    "direct": DIRECT,
    "exit": COMPETING,
}
"""The types of outcomes that each flag of their log stands for."""


def _words(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _rows_of(table: str, where: str = "") -> str:
    known = KNOWN_AT[table]
    named = "*" if known == "known_at" else f"*, {known} AS known_at"
    return f"SELECT {named} FROM {table}{f' WHERE {where}' if where else ''}"


LOGS: dict[str, LogSpec] = {
    log.name: log
    for log in (
        LogSpec(
            "customers", "the beginning of the relationship", ("customers",),
            _rows_of("customers"),
        ),
        LogSpec(
            "tickets", "tickets, as opened", ("tickets",), tickets=True,
            flags=(
                ("complaint", "a service failure was reported"),
                ("repeat", "the customer's last ticket of the same issue is at most repeat_days old"),
                ("follow_up", "it names a parent"),
                ("channel_changed", "the customer's last ticket came by another channel"),
                ("public_channel", "it came by a channel that others read"),
            ),
            columns=(("severity", "1 to 5"), ("gap_days", "days since the customer's last ticket")),
        ),
        LogSpec(
            "events", "what happened to tickets", ("tickets", "ticket_events"), tickets=True,
            flags=(
                *((kind, f"event_type is {kind}") for kind in EVENT_TYPES),
                ("bad_csat", "rated below bad_csat"),
                ("first_reply", "the first message_out of its ticket"),
                ("amends", "completes apology and compensation of its ticket"),
                ("recovery", "an apology or a compensation"),
            ),
            columns=(
                ("csat", "the value of a rating"),
                ("compensation_amount", "the value of a compensation"),
                ("hours_since_opening", "hours from the opening of the ticket until it happened"),
            ),
        ),
        LogSpec(
            "open_tickets", "changes of the number of open tickets", ("tickets", "ticket_events"), tickets=True,
            columns=(("change", "1 or -1"),),
        ),
        LogSpec(
            "failed_recoveries", "tickets whose recovery failed, when that became known", ("tickets",), tickets=True,
            flags=(
                ("complaint", "a service failure was reported"),
                ("same_issue", "of the same issue as the failure before"),
                ("soon", "at most repeat_days after the failure before"),
                *EVIDENCE.items(),
            ),
            columns=(("gap_days", "days since the failure before"),),
        ),
        LogSpec(
            "verdicts", "tickets that failed, and tickets that closed clean", ("tickets", "ticket_events"), tickets=True,
            flags=(("failed", "its recovery failed"),),
        ),
        LogSpec(
            "double_deviations", "double deviations, when they became known", ("tickets",), tickets=True,
            flags=(
                ("failed_recovery", "a complaint whose recovery failed"),
                ("second_failure", "a complaint at most deviation_days after such a failure"),
            ),
        ),
        LogSpec(
            "orders", "purchases", ("orders",),
            _rows_of("orders"),
            columns=(("amount", "amount"),), order=("amount",),
        ),
        LogSpec(
            "loyalty", "changes of standing", ("loyalty",),
            _rows_of("loyalty"),
            columns=(("tier", "tier"), ("points", "points")), order=("tier", "points"),
        ),
        LogSpec(
            "outcomes", "acts of retaliation, and exit, when they became known", ("outcomes",),
            _rows_of("outcomes"),
            flags=tuple((flag, f"outcome_type IN ({_words(kinds)})") for flag, kinds in KINDS_OF_OUTCOMES.items()),
            columns=(("reach", "reach"),), order=("occurred_at", "outcome_type", "reach"),
        ),
        LogSpec(
            "influence", "observations of public accounts", ("influence",),
            _rows_of("influence", "topic IS NULL"),
            columns=(
                ("followers", "followers"), ("posts", "posts"), ("mentions", "mentions"),
                ("shares", "shares"), ("replies", "replies"), ("score", "score"),
            ),
            order=("followers", "score", "posts", "mentions", "shares", "replies"),
        ),
    )
}  # fmt: skip


def spec_of(name: str) -> LogSpec:
    """Return a declared log; raises RR403 with those there are."""
    if name not in LOGS:
        raise ArgumentError("RR403", f"log {name!r} is not declared; logs are {', '.join(LOGS)}.")
    return LOGS[name]


def _select(spec: LogSpec) -> str:
    bits = (
        " + ".join(f"coalesce(({rule})::UBIGINT, 0) * {1 << i}" for i, (_, rule) in enumerate(spec.flags))
        or "0"
    )
    columns = "".join(
        f", coalesce(({rule})::DOUBLE, 'nan'::DOUBLE) AS value_{i}"
        for i, (_, rule) in enumerate(spec.columns)
    )
    order = ", ".join(("code", "known_at", *(f"{column} NULLS FIRST" for column in spec.order)))
    return (
        f"SELECT code, epoch_us(known_at) AS known, ({bits})::UBIGINT AS flags{columns} "
        f"FROM ({spec.query}) JOIN _codes USING (customer_id) ORDER BY {order}"
    )


def read_logs(
    connection: duckdb.DuckDBPyConnection, present: tuple[str, ...], n_customers: int, wanted: Collection[str]
) -> Iterator[Log]:
    """Yield every wanted log that a query reads and whose tables are present; ``_codes`` numbers the customers."""
    for spec in LOGS.values():
        if spec.query and spec.name in wanted and set(spec.tables) <= set(present):
            found = connection.execute(_select(spec)).fetchnumpy()
            values = [np.asarray(found[f"value_{i}"], dtype=np.float64) for i in range(len(spec.columns))]
            yield Log(
                spec=spec,
                starts=np.searchsorted(found["code"], np.arange(n_customers + 1)).astype(np.int64),
                known=np.asarray(found["known"], dtype=np.int64),
                flags=np.asarray(found["flags"], dtype=np.uint64),
                values=np.vstack(values) if values else np.empty((0, len(found["known"]))),
                tickets=np.empty(0, dtype=np.int64),
            )
