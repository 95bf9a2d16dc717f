"""What is measured, each in a process of its own: our import and features, and the same counts with pandas."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd

from benchmarks.imports.data import MOMENT
from retaliation_risk.adapters import Options, import_tables
from retaliation_risk.features import FEATURES, missing_features
from retaliation_risk.histories import compute_features
from retaliation_risk.tables.contract import EVENT_TYPES


def ours_import(folder: str, memory: str) -> dict[str, int]:
    """Import and check; rows of each table."""
    place = Path(folder)
    options = Options(mapping=place / "mapping.toml")
    report = import_tables(
        "mapping", place / "export", place / "tables", options, memory=memory, switched_off=missing_features
    )
    return report.rows_out


def ours_features(folder: str, memory: str) -> dict[str, float]:
    """All features that three tables give, of all customers at one moment, to Parquet; the totals that pandas counts too."""
    place = Path(folder)
    missing = missing_features(("customers", "tickets", "ticket_events"), EVENT_TYPES)
    off = {name for each in missing for name in each["what"].split(", ")}
    features = [feature for feature in FEATURES if feature.name not in off]
    compute_features(place / "tables", [MOMENT], features, place / "features", memory=memory, jobs=1)
    parts = place / "features" / "features"
    with duckdb.connect() as connection:
        made = connection.execute(
            f"SELECT sum(tickets_90d), sum(reopens_365d) FROM read_parquet('{parts}/**/*.parquet', union_by_name = true)"
        ).fetchall()
    return dict(zip(("tickets_90d", "reopens_365d"), map(float, made[0]), strict=True))


def pandas_counts(folder: str) -> dict[str, float]:
    """Read both files whole and count tickets and reopenings of each customer before the moment: 2 of the features."""
    export, moment = Path(folder) / "export", pd.Timestamp(MOMENT)
    tickets = pd.read_csv(export / "tickets.csv", usecols=["Ticket", "Customer", "Created"])
    opened = pd.to_datetime(tickets["Created"], format="%d.%m.%Y %H:%M:%S").dt.tz_localize(
        "Europe/Berlin", ambiguous=True, nonexistent="shift_forward"
    )
    tickets["opened_at"] = opened.dt.tz_convert("UTC").dt.tz_localize(None)
    log = pd.read_json(export / "log.jsonl", lines=True, convert_dates=False, dtype=False)
    log["at"] = pd.to_datetime(log["created_at"], format="%Y-%m-%dT%H:%M:%SZ")
    log = log.merge(tickets[["Ticket", "Customer"]], left_on="ticket_id", right_on="Ticket", validate="m:1")
    recent = tickets[tickets["opened_at"].between(moment - pd.Timedelta(days=90), moment, inclusive="left")]
    again = log[
        (log["event"] == "Reopen")
        & log["at"].between(moment - pd.Timedelta(days=365), moment, inclusive="left")
    ]
    counts = {
        "tickets_90d": recent.groupby("Customer").size(),
        "reopens_365d": again.groupby("Customer").size(),
    }
    return {name: float(count.sum()) for name, count in counts.items()}
