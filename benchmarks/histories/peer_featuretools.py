"""featuretools with cutoff times: the features it has primitives for, over facts derived beforehand by pandas.

It knows neither streaks nor the gap between the last two facts; the rest is asked as one feature matrix per window.
Its cutoff is asked for as ours is: facts at the cutoff are left out, facts a whole window old are counted.
"""

from __future__ import annotations

import warnings

import pandas as pd

from benchmarks.histories.data import MOMENTS
from benchmarks.histories.peer_pandas import derive

warnings.filterwarnings("ignore")

WINDOWS = {
    7: ("tickets_7d",),
    30: ("tickets_30d", "failed_30d"),
    90: ("tickets_90d", "failed_90d", "repeats_90d"),
    180: ("second_failures_180d",),
    365: ("tickets_365d", "failed_365d", "mean_severity_365d", "mean_csat_365d"),
    None: ("tickets_ever", "failed_ever", "repeats_ever", "second_failures_ever", "last_severity"),
}
NAMES = tuple(name for names in WINDOWS.values() for name in names)

_TABLES = {
    "tickets": "contacts",
    "repeats": "repeats",
    "failed": "failed",
    "second_failures": "second",
    "csat": "events",
}


def run(source: str, target: str) -> None:
    """All moments as cutoff times of every customer."""
    import featuretools as ft

    customers = pd.read_parquet(f"{source}/customers.parquet")[["customer_id"]]
    entities = _entities(ft, customers, derive(source))
    cutoffs = customers.merge(pd.DataFrame({"time": pd.to_datetime(list(MOMENTS))}), how="cross")
    found = []
    for days, names in WINDOWS.items():
        matrix = ft.calculate_feature_matrix(
            [_feature(ft, entities, name) for name in names],
            entities,
            cutoff_time=cutoffs,
            include_cutoff_time=False,
            cutoff_time_in_index=True,
            training_window=None if days is None else f"{days} days",
        )
        found.append(matrix.set_axis(list(names), axis=1))
    rows = pd.concat(found, axis=1).rename_axis(["customer_id", "moment"]).reset_index()
    counts = [name for name in NAMES if not name.startswith(("mean", "last"))]
    rows[counts] = rows[counts].astype("Int64").fillna(0)
    rows[list(set(NAMES) - set(counts))] = rows[list(set(NAMES) - set(counts))].astype("float64")
    rows.astype({"moment": "datetime64[us]"}).to_parquet(target)


def _entities(ft, customers: pd.DataFrame, facts: dict[str, pd.DataFrame]):  # type: ignore[no-untyped-def]
    entities = ft.EntitySet("retaliation")
    entities.add_dataframe(customers, "customers", index="customer_id")
    contacts = facts["contacts"]
    facts = {
        **facts,
        "repeats": contacts[contacts["is_repeat"]],
        "events": facts["events"].query("value.notna()"),
    }
    for name, table in _TABLES.items():
        rows = facts[table]
        time = "opened_at" if "opened_at" in rows else "known_at"
        kept = rows[["customer_id", time, *({"severity", "value"} & set(rows))]].sort_values(
            time, kind="stable"
        )
        kept = kept.reset_index(drop=True).rename_axis("row").reset_index()
        entities.add_dataframe(kept, name, index="row", time_index=time)
        entities.add_relationship("customers", "customer_id", name, "customer_id")
    return entities


def _feature(ft, entities, name: str):  # type: ignore[no-untyped-def]
    table = "csat" if "csat" in name else "tickets" if "severity" in name else name.rsplit("_", 1)[0]
    column = (
        {"csat": "value", "tickets": "severity"}.get(table) if name.startswith(("mean", "last")) else "row"
    )
    primitive = (
        ft.primitives.Mean
        if name.startswith("mean")
        else ft.primitives.Last
        if name.startswith("last")
        else ft.primitives.Count
    )
    return ft.Feature(entities[table].ww[column], parent_dataframe_name="customers", primitive=primitive)
