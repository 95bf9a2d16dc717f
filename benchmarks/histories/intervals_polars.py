"""The interval form by polars: the steps of all logs sorted once, then one running sum per count.

Steps of equal time stay in the order of their log by a row number, as an unstable sort of three columns is faster than a
stable one of two. Counts run over all customers, less the total at the customer's first step: no grouping. Sums of real
numbers run by customer, so that they lose no digits. Shards of customers keep the table within memory, whatever the size.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from benchmarks.histories.asked import NAMES_CONSTANT, OUTCOME
from benchmarks.histories.peer_polars import DAY_US, derive, read_customers
from benchmarks.histories.steps import CONTACTS_PER_SHARD, COUNTS, LASTS, MEANS, STEPS, TIMES

NUMBER = {step: number for number, step in enumerate(STEPS)}
own, step, start, value = pl.col("customer_id"), pl.col("step"), pl.col("start"), pl.col("value")


def run(source: str, target: str) -> None:
    """One lazy plan and one file per shard of customers: ``target`` is a folder."""
    logs = _logs(source)
    ends = [
        pl.scan_parquet(f"{source}/{table}.parquet").select(pl.max(time)) for table, time in TIMES.items()
    ]
    latest = max(found.item() for found in pl.collect_all(ends))
    shards = -(-logs["tickets"].select(pl.len()).collect().item() // CONTACTS_PER_SHARD)
    Path(target).mkdir()
    for shard in range(shards):
        steps = _steps(logs, latest, own.to_physical() % shards == shard)
        rows = _rows(steps, latest + timedelta(microseconds=1))
        rows.sink_parquet(f"{target}/{shard}.parquet", compression="lz4")


def _logs(source: str) -> dict[str, pl.LazyFrame]:
    """Return the facts of each log: customer (as a number behind a name), time known, value, in the order of the log."""
    customers = read_customers(source)
    facts = derive(source, customers.schema["customer_id"])
    contacts, failed, events, kind = facts["contacts"], facts["failed"], facts["events"], pl.col("event_type")
    opened, known, nothing = pl.col("opened_at"), pl.col("known_at"), pl.lit(None)
    logs = {
        "escalated": (events.filter(kind == "escalated"), known, nothing),
        "customers": (customers.lazy(), pl.col("first_seen_at"), nothing),
        "tickets": (contacts, opened, pl.col("severity")),
        "repeats": (contacts.filter("is_repeat"), opened, nothing),
        "failed": (failed, known, pl.col("gap").dt.total_microseconds() / DAY_US),
        "deviations": (failed.filter("is_complaint"), known, nothing),
        "second": (facts["second"], opened, nothing),
        "verdicts": (facts["verdicts"], known, pl.col("streak")),
        "rated": (
            events.filter(kind == "csat_rated").sort("known_at", "occurred_at", "ticket_id"),
            known,
            value,
        ),
        "reopened": (events.filter(kind == "reopened"), known, nothing),
        "closed": (events.filter(kind == "closed"), known, nothing),
    }
    return {
        name: rows.select(own, known=time.cast(pl.Datetime("us")), value=given.cast(pl.Float64))
        .collect()
        .lazy()
        for name, (rows, time, given) in logs.items()
    }


def _steps(logs: dict[str, pl.LazyFrame], latest: datetime, mine: pl.Expr) -> pl.DataFrame:
    """Return the shard's steps by customer and time, each with the row of its customer's first."""
    steps = [
        logs[log]
        .filter(mine)
        .select(
            own,
            start=pl.col("known") + pl.duration(days=days),
            step=pl.lit(number, pl.UInt8),
            value=value,
        )
        .filter(start <= latest)
        for (log, days), number in NUMBER.items()
    ]
    found = pl.concat(steps).collect().with_row_index("row").sort("customer_id", "start", "row")
    row = pl.int_range(pl.len(), dtype=pl.UInt32)
    return found.with_columns(first=pl.when(_differs(1)).then(row).forward_fill()).drop("row")


def _rows(steps: pl.DataFrame, end: datetime) -> pl.LazyFrame:
    """Return the interval that begins with the last step of each moment, with the sums up to it."""
    last = _differs(-1)
    columns = {
        "stop": pl.when(~last).then(start.shift(-1)).otherwise(end),
        "event": ~last & (step.shift(-1) == NUMBER[OUTCOME, 0]),
        **{name: _running(_change(*window, 1)) for name, window in COUNTS.items()},
        **{name: _change(log, days, value).cum_sum().over(own) for name, (log, days, _) in MEANS.items()},
        **{
            name: pl.when(step == NUMBER[log, 0]).then(value).forward_fill().over(own)
            for name, log in LASTS.items()
        },
    }
    means = {name: pl.when(pl.col(n) > 0).then(pl.col(name) / pl.col(n)) for name, (_, _, n) in MEANS.items()}
    return (
        steps.lazy()
        .with_columns(**columns)
        .filter(start < pl.col("stop"))
        .with_columns(own.cast(pl.String), pl.col("failure_streak").fill_null(0), **means)
        .select("customer_id", "start", "stop", "event", *NAMES_CONSTANT)
    )


def _differs(places: int) -> pl.Expr:
    """Whether the row so many places before (after, if below 0) is another customer's, or none."""
    return own.to_physical().ne_missing(own.to_physical().shift(places))


def _change(log: str, days: int, amount: pl.Expr | int) -> pl.Expr:
    """Return what each step does to a count, or a sum of values, over a log and a window."""
    entering = pl.when(step == NUMBER[log, 0]).then(amount)
    leaving = entering.when(step == NUMBER[log, days]).then(-amount) if days else entering
    return leaving.otherwise(0)


def _running(change: pl.Expr) -> pl.Expr:
    total = change.cast(pl.Int32).cum_sum()
    return total - (total - change).gather(pl.col("first"))
