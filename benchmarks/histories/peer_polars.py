"""polars, lazy and streaming: the same derived facts, one lazy plan per moment, one file each."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from benchmarks.histories.asked import NAMES
from benchmarks.histories.data import MOMENTS

DAY_US = 86_400_000_000


def run(source: str, target: str) -> None:
    """Collect the derived facts once; ``target`` is a folder with a file per moment."""
    customers = read_customers(source)
    facts = derive(source, customers.schema["customer_id"])
    told = facts["events"].filter(pl.col("event_type").is_in(["csat_rated", "reopened"]))
    facts["events"] = told.sort("known_at", "occurred_at", "ticket_id").collect(engine="streaming").lazy()
    Path(target).mkdir()
    for text in MOMENTS:
        moment = datetime.fromisoformat(text)
        _at(facts, customers.lazy(), moment).sink_parquet(f"{target}/{text}.parquet", compression="lz4")


def read_customers(source: str) -> pl.DataFrame:
    """Return the customers, each a number behind a name: faster to group and to sort by than text."""
    customers = pl.read_parquet(f"{source}/customers.parquet", columns=["customer_id", "first_seen_at"])
    return customers.with_columns(pl.col("customer_id").cast(pl.Enum(customers["customer_id"])))


def derive(source: str, owner: pl.DataType) -> dict[str, pl.LazyFrame]:
    """Return the facts of each log in their order, collected, and the events of these kinds in any order."""
    same, own = ["customer_id", "issue_key"], "customer_id"
    contacts = (
        pl.scan_parquet(f"{source}/tickets.parquet")
        .select("customer_id", "ticket_id", "issue_key", "opened_at", "is_complaint", "severity")
        .with_columns(pl.col("customer_id").cast(owner))
        .sort("opened_at", "ticket_id")
        .with_columns(
            ticket_before=pl.col("ticket_id").shift(1).over(same),
            is_repeat=(
                pl.col("opened_at") - pl.col("opened_at").shift(1).over(same) <= timedelta(days=30)
            ).fill_null(False),
        )
        .drop("issue_key")
        .collect(engine="streaming")
        .lazy()
    )
    events = (
        pl.scan_parquet(f"{source}/ticket_events.parquet")
        .filter(pl.col("event_type").is_in(["reopened", "escalated", "csat_rated", "closed"]))
        .select("ticket_id", "event_type", "known_at", "occurred_at", "value")
        .join(contacts.select("ticket_id", "customer_id"), on="ticket_id")
        .collect(engine="streaming")
        .lazy()
    )
    kind = pl.col("event_type")
    evidence = pl.concat(
        [
            events.filter(kind.is_in(["reopened", "escalated"]) | ((kind == "csat_rated") & (pl.col("value") < 0.4)))
            .select("ticket_id", "known_at"),
            contacts.filter("is_repeat").select(ticket_id="ticket_before", known_at="opened_at"),
        ]
    )  # fmt: skip
    failed = (
        evidence.group_by("ticket_id")
        .agg(pl.col("known_at").min())
        .join(contacts.select("ticket_id", "customer_id", "is_complaint"), on="ticket_id")
        .sort("known_at", "ticket_id")
        .with_columns(gap=pl.col("known_at").diff().over(own))
        .collect(engine="streaming")
        .lazy()
    )
    clean = (
        events.filter(kind == "closed")
        .join(failed.select("ticket_id", failed_at="known_at"), on="ticket_id", how="left")
        .filter(pl.col("failed_at").is_null() | (pl.col("failed_at") > pl.col("known_at")))
    )
    columns = ["customer_id", "ticket_id", "known_at"]
    verdicts = (
        pl.concat(
            [
                failed.select(*columns, failed=pl.lit(True)),
                clean.select(*columns, failed=pl.lit(False)),
            ]
        )
        .sort("known_at", "ticket_id", "failed")
        .with_columns(n=pl.int_range(1, pl.len() + 1).over(own))
        .with_columns(last_clean=pl.when(~pl.col("failed")).then("n").forward_fill().over(own).fill_null(0))
        .select("customer_id", "known_at", streak=pl.col("n") - pl.col("last_clean"))
        .collect(engine="streaming")
        .lazy()
    )
    second = (
        contacts.filter("is_complaint")
        .select("customer_id", "opened_at")
        .sort("opened_at")
        .join_asof(
            failed.filter("is_complaint").select("customer_id", "known_at").sort("known_at"),
            left_on="opened_at",
            right_on="known_at",
            by="customer_id",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        .filter(pl.col("opened_at") - pl.col("known_at") <= timedelta(days=180))
        .collect(engine="streaming")
        .lazy()
    )
    return {
        "contacts": contacts,
        "failed": failed,
        "verdicts": verdicts,
        "second": second,
        "events": events,
    }


def _within(column: str, moment: datetime, days: int) -> pl.Expr:
    return pl.col(column) >= moment - timedelta(days=days)


def _days_since(column: str, moment: datetime) -> pl.Expr:
    return (pl.lit(moment) - pl.col(column).max()).dt.total_days()


def _at(facts: dict[str, pl.LazyFrame], customers: pl.LazyFrame, moment: datetime) -> pl.LazyFrame:
    opened, known = pl.col("opened_at"), pl.col("known_at")
    tickets = facts["contacts"].filter(opened < moment).group_by("customer_id").agg(
        *(_within("opened_at", moment, d).sum().alias(f"tickets_{d}d") for d in (7, 30, 90, 365)),
        pl.len().alias("tickets_ever"),
        (pl.col("is_repeat") & _within("opened_at", moment, 90)).sum().alias("repeats_90d"),
        pl.col("is_repeat").sum().alias("repeats_ever"),
        _days_since("opened_at", moment).alias("days_since_contact"),
        pl.col("severity").last().alias("last_severity"),
        pl.when(_within("opened_at", moment, 365)).then("severity").mean().alias("mean_severity_365d"),
    )  # fmt: skip
    failed = facts["failed"].filter(known < moment).group_by("customer_id").agg(
        *(_within("known_at", moment, d).sum().alias(f"failed_{d}d") for d in (30, 90, 365)),
        pl.len().alias("failed_ever"),
        pl.col("is_complaint").sum().alias("double_deviations_ever"),
        _days_since("known_at", moment).alias("days_since_failed"),
        (pl.col("gap").last().dt.total_microseconds() / DAY_US).alias("days_between_failures"),
    )  # fmt: skip
    verdicts = facts["verdicts"].filter(known < moment).group_by("customer_id").agg(
        pl.col("streak").last().alias("failure_streak")
    )  # fmt: skip
    second = facts["second"].filter(opened < moment).group_by("customer_id").agg(
        _within("opened_at", moment, 180).sum().alias("second_failures_180d"),
        pl.len().alias("second_failures_ever"),
    )  # fmt: skip
    events = facts["events"].filter(known < moment).group_by("customer_id").agg(
        pl.col("value").drop_nulls().last().alias("last_csat"),
        pl.when(_within("known_at", moment, 365)).then("value").mean().alias("mean_csat_365d"),
        ((pl.col("event_type") == "reopened") & _within("known_at", moment, 365)).sum().alias("reopens_365d"),
    )  # fmt: skip
    joined = customers.with_columns(
        moment=pl.lit(moment).cast(pl.Datetime("us")),
        tenure_days=(pl.lit(moment) - pl.col("first_seen_at")).dt.total_days(),
    )
    for log in (tickets, failed, verdicts, second, events):
        joined = joined.join(log, on="customer_id", how="left")
    zero = [
        name
        for name in NAMES
        if name.startswith(("tickets", "repeats", "failed", "failure", "double", "second", "reopens"))
    ]
    return joined.with_columns(pl.col(zero).fill_null(0)).select(
        pl.col("customer_id").cast(pl.String), "moment", *NAMES
    )
