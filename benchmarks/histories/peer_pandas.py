"""pandas, as a competent analyst writes it: sorted facts, vectorised groupings, a loop over moments."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.histories.asked import NAMES
from benchmarks.histories.data import MOMENTS

DAY = pd.Timedelta(days=1)


def run(source: str, target: str) -> None:
    """All moments in one frame, written as one file."""
    facts = derive(source)
    told = facts["events"][facts["events"]["event_type"].isin(["csat_rated", "reopened"])]
    facts["events"] = told.sort_values(["known_at", "occurred_at", "ticket_id"])
    customers = pd.read_parquet(f"{source}/customers.parquet").set_index("customer_id")["first_seen_at"]
    rows = pd.concat([_at(facts, customers, pd.Timestamp(moment)) for moment in MOMENTS], ignore_index=True)
    rows.to_parquet(target, compression="lz4")


def derive(source: str) -> dict[str, pd.DataFrame]:
    """Return the facts of each log in their order, and the events of these kinds in any order."""
    columns = ["customer_id", "ticket_id", "issue_key", "opened_at", "is_complaint", "severity"]
    contacts = pd.read_parquet(f"{source}/tickets.parquet", columns=columns).sort_values(
        ["opened_at", "ticket_id"]
    )
    same = contacts.groupby(["customer_id", "issue_key"], sort=False)
    contacts["ticket_before"] = same["ticket_id"].shift()
    contacts["is_repeat"] = contacts["opened_at"] - same["opened_at"].shift() <= 30 * DAY
    events = pd.read_parquet(
        f"{source}/ticket_events.parquet",
        columns=["ticket_id", "event_type", "known_at", "occurred_at", "value"],
    )
    events = events[events["event_type"].isin(["reopened", "escalated", "csat_rated", "closed"])]
    events = events.merge(contacts[["ticket_id", "customer_id"]], on="ticket_id")
    failed = _failed(contacts, events)
    return {
        "contacts": contacts,
        "failed": failed,
        "verdicts": _verdicts(events, failed),
        "second": _second(contacts, failed),
        "events": events,
    }


def _failed(contacts: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    kind = events["event_type"]
    bad = kind.isin(["reopened", "escalated"]) | ((kind == "csat_rated") & (events["value"] < 0.4))
    repeats = contacts.loc[contacts["is_repeat"], ["ticket_before", "opened_at"]]
    evidence = pd.concat(
        [events.loc[bad, ["ticket_id", "known_at"]], repeats.set_axis(["ticket_id", "known_at"], axis=1)]
    )
    first = evidence.groupby("ticket_id", sort=False)["known_at"].min().reset_index()
    failed = first.merge(contacts[["ticket_id", "customer_id", "is_complaint"]], on="ticket_id")
    failed = failed.sort_values(["known_at", "ticket_id"])
    failed["gap"] = failed.groupby("customer_id", sort=False)["known_at"].diff() / DAY
    return failed


def _verdicts(events: pd.DataFrame, failed: pd.DataFrame) -> pd.DataFrame:
    closed = events[events["event_type"] == "closed"].merge(
        failed[["ticket_id", "known_at"]].rename(columns={"known_at": "failed_at"}),
        on="ticket_id",
        how="left",
    )
    clean = closed[closed["failed_at"].isna() | (closed["failed_at"] > closed["known_at"])]
    columns = ["customer_id", "ticket_id", "known_at"]
    verdicts = pd.concat([failed[columns].assign(failed=True), clean[columns].assign(failed=False)])
    verdicts = verdicts.sort_values(["known_at", "ticket_id", "failed"])
    n = verdicts.groupby("customer_id", sort=False).cumcount() + 1
    last_clean = n.where(~verdicts["failed"]).groupby(verdicts["customer_id"], sort=False).ffill().fillna(0)
    verdicts["streak"] = n - last_clean
    return verdicts


def _second(contacts: pd.DataFrame, failed: pd.DataFrame) -> pd.DataFrame:
    found = pd.merge_asof(
        contacts.loc[contacts["is_complaint"], ["customer_id", "opened_at"]],
        failed.loc[failed["is_complaint"], ["customer_id", "known_at"]],
        left_on="opened_at", right_on="known_at", by="customer_id", allow_exact_matches=False,
    )  # fmt: skip
    return found[found["opened_at"] - found["known_at"] <= 180 * DAY]


def _at(facts: dict[str, pd.DataFrame], customers: pd.Series, moment: pd.Timestamp) -> pd.DataFrame:
    past = {
        name: rows[rows["opened_at" if "opened_at" in rows else "known_at"] < moment]
        for name, rows in facts.items()
    }
    contacts, failed, second, events = (past[name] for name in ("contacts", "failed", "second", "events"))

    def count(rows: pd.DataFrame, time: str = "", days: int = 0) -> pd.Series:
        inside = rows[rows[time] >= moment - days * DAY] if days else rows
        return inside["customer_id"].value_counts(sort=False).reindex(customers.index, fill_value=0)

    def last(rows: pd.DataFrame, column: str) -> pd.Series:
        return (
            rows.drop_duplicates("customer_id", keep="last")
            .set_index("customer_id")[column]
            .reindex(customers.index)
        )

    def mean(rows: pd.DataFrame, time: str, column: str) -> pd.Series:
        inside = rows[rows[time] >= moment - 365 * DAY]
        return inside.groupby("customer_id", sort=False)[column].mean().reindex(customers.index)

    def days(times: pd.Series) -> pd.Series:
        return (moment - times).dt.days

    repeats, rated = contacts[contacts["is_repeat"]], events[events["value"].notna()]
    values = {
        **{f"tickets_{d}d": count(contacts, "opened_at", d) for d in (7, 30, 90, 365)},
        "tickets_ever": count(contacts),
        "repeats_90d": count(repeats, "opened_at", 90),
        "repeats_ever": count(repeats),
        **{f"failed_{d}d": count(failed, "known_at", d) for d in (30, 90, 365)},
        "failed_ever": count(failed),
        "failure_streak": last(past["verdicts"], "streak").fillna(0),
        "double_deviations_ever": count(failed[failed["is_complaint"]]),
        "second_failures_180d": count(second, "opened_at", 180),
        "second_failures_ever": count(second),
        "days_since_contact": days(last(contacts, "opened_at")),
        "days_since_failed": days(last(failed, "known_at")),
        "days_between_failures": last(failed, "gap"),
        "last_severity": last(contacts, "severity"),
        "mean_severity_365d": mean(contacts, "opened_at", "severity"),
        "last_csat": last(rated, "value"),
        "mean_csat_365d": mean(rated, "known_at", "value"),
        "reopens_365d": count(events[events["event_type"] == "reopened"], "known_at", 365),
        "tenure_days": days(customers),
    }
    ids = {
        "customer_id": customers.index.to_numpy(),
        "moment": np.repeat(moment.to_datetime64(), len(customers)),
    }
    frame = pd.DataFrame({**ids, **{name: values[name].to_numpy() for name in NAMES}})
    return frame.astype({"moment": "datetime64[us]"})
