"""Our side: Parquet in, and Parquet out of all customers, at all moments or over all their intervals.

Compiled code is loaded when this module is imported, as that of the other libraries is; what it takes is reported apart.
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import duckdb
import pandas as pd

from benchmarks.histories.asked import CONSTANT, DEFINITIONS, FEATURES, OUTCOME
from benchmarks.histories.data import MOMENTS
from retaliation_risk.histories import build_histories, build_intervals, write_as_of, write_intervals
from retaliation_risk.tables import read_tables, tables_from_frames
from retaliation_risk.tables.contract import CONTRACT
from retaliation_risk.tables.store import Tables


def through_the_door(source: str, target: str) -> None:
    """Read, type and check every cell, then as :func:`checked`."""
    _write_landmarks(read_tables(Path(source)), target)


def checked(source: str, target: str) -> None:
    """Tables that a run has checked before: the files are read where they lie."""
    _write_landmarks(checked_tables(Path(source)), target)


def intervals_through_the_door(source: str, target: str) -> None:
    """Read, type and check every cell, then as :func:`intervals`."""
    _write_intervals(read_tables(Path(source)), target)


def intervals(source: str, target: str) -> None:
    """Intervals of tables that a run has checked before."""
    _write_intervals(checked_tables(Path(source)), target)


def checked_tables(folder: Path) -> Tables:
    """Tables of Parquet files with the contract's types, not read before they are asked for."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    names = tuple(name for name in CONTRACT if (folder / f"{name}.parquet").exists())
    kinds = {
        "id": "VARCHAR",
        "str": "VARCHAR",
        "time": "TIMESTAMP",
        "float": "DOUBLE",
        "int": "BIGINT",
        "bool": "BOOLEAN",
    }
    for name in names:
        path = folder / f"{name}.parquet"
        there = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()}
        columns = [
            column.name if column.name in there else f"NULL::{kinds[column.kind]} AS {column.name}"
            for column in CONTRACT[name].columns
        ]
        connection.execute(f"CREATE VIEW {name} AS SELECT {', '.join(columns)} FROM '{path}'")
    return Tables(connection, names)


def _write_landmarks(tables: Tables, target: str) -> None:
    write_as_of(tables, Path(target), MOMENTS, FEATURES, DEFINITIONS)


def _write_intervals(tables: Tables, target: str) -> None:
    write_intervals(tables, Path(target), CONSTANT, DEFINITIONS, outcome=OUTCOME, recurrent=True)


def _load() -> float:
    """Ask a world of one customer every feature, in both forms; return the seconds."""
    start, seen = perf_counter(), pd.Timestamp("2020-01-01T09:00")
    customers = pd.DataFrame({"customer_id": ["C"], "first_seen_at": seen})
    tickets = pd.DataFrame({"ticket_id": ["T"], "customer_id": "C", "opened_at": seen})
    events = pd.DataFrame({"ticket_id": ["T"], "occurred_at": seen, "event_type": OUTCOME})
    tables = tables_from_frames({"customers": customers, "tickets": tickets, "ticket_events": events})
    histories = build_histories(tables, DEFINITIONS, FEATURES)
    histories.as_of(["C"], seen, FEATURES)
    build_intervals(histories, CONSTANT, outcome=OUTCOME, recurrent=True)
    return perf_counter() - start


LOADING = _load()


def loading() -> float:
    """Return the seconds that compiled code took to load, or to compile where there was no cache."""
    return LOADING
