"""Shards: customers cut by a hash of their id, each part answered for itself, as many at a time as memory allows.

A customer's features rest on the customer's own rows only, so the parts together are what the whole would be, bit by bit.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from retaliation_risk.histories.budget import database_settings
from retaliation_risk.histories.build import build_histories
from retaliation_risk.histories.progress import Progress, Report
from retaliation_risk.histories.question import Question, asked_sql
from retaliation_risk.histories.staging import Staged, literal
from retaliation_risk.tables import CONTRACT, Tables

OPTIONS = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880"


@dataclass(frozen=True)
class Shard:
    """One finished Parquet file: its name, rows and the sha256 of its bytes."""

    file: str
    rows: int
    sha256: str


def file_name(shard: int) -> str:
    """Name of a shard's file; the names sort as the shards do."""
    return f"shard-{shard:05d}.parquet"


def make_shards(staged: Staged, folder: Path, report: Report) -> tuple[Shard, ...]:
    """Make every shard of the staged tables, ``plan.jobs`` at a time; return them in order."""
    started, done, made = time.perf_counter(), 0, {}
    report(Progress("walking histories", 0, staged.n_asked))
    for shard in _all(staged, folder):
        made[shard.file] = shard
        done += shard.rows
        rate = done / (time.perf_counter() - started)
        report(Progress("walking histories", done, staged.n_asked, rate))
    return tuple(made[file_name(number)] for number in range(staged.plan.shards))


def _all(staged: Staged, folder: Path) -> Iterator[Shard]:
    work = [(staged, folder, number) for number in range(staged.plan.shards)]
    if staged.plan.jobs == 1 or len(work) == 1:
        yield from (make_shard(*one) for one in work)
        return
    from joblib import Parallel, delayed

    parallel = Parallel(
        staged.plan.jobs, return_as="generator_unordered", pre_dispatch="n_jobs", batch_size=1
    )
    yield from parallel(delayed(make_shard)(*one) for one in work)


def make_shard(staged: Staged, folder: Path, number: int) -> Shard:
    """Answer the question for the customers of one shard and write its file, sorted by customer_id and moment."""
    plan, spill, target = staged.plan, staged.path.with_name(f"spill-{number}"), folder / file_name(number)
    settings = {**database_settings(plan.database_bytes, plan.threads), "temp_directory": str(spill)}
    with duckdb.connect(config=settings) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"ATTACH {literal(staged.path)} AS staged (READ_ONLY)")
        here = f"WHERE _shard = {number}"
        for name in staged.names:
            columns = ", ".join(CONTRACT[name].names)
            connection.execute(f"CREATE VIEW {name} AS SELECT {columns} FROM staged.{name} {here}")
        tables = Tables(connection, staged.names)
        found = answer(connection, tables, staged.question, f"(SELECT * FROM staged.asked {here})")
        rows = write_features(connection, found, target)
    shutil.rmtree(spill, ignore_errors=True)
    return Shard(target.name, rows, sha256(target))


def write_features(connection: duckdb.DuckDBPyConnection, frame: pd.DataFrame, target: Path) -> int:
    """Write an ``as_of`` frame as Parquet; what is missing is null. Return its rows."""
    connection.register("_answer", frame)
    kinds = {"customer_id": "VARCHAR", "moment": "TIMESTAMP"}
    columns = ", ".join(
        f'CAST("{name}" AS {kinds.get(name, "DOUBLE")}) AS "{name}"' for name in frame.columns
    )
    copy_sorted(connection, f"SELECT {columns} FROM _answer", target)
    connection.unregister("_answer")
    return len(frame)


def copy_sorted(connection: duckdb.DuckDBPyConnection, rows: str, target: Path) -> None:
    """Write the rows as Parquet, sorted, so that equal rows are equal bytes.

    One thread decides where row groups end; what DuckDB knows of the rows beforehand must not decide which columns are
    written as optional.
    """
    connection.execute("SET threads = 1; SET disabled_optimizers = 'statistics_propagation'")
    connection.execute(f"COPY (FROM ({rows}) ORDER BY customer_id, moment) TO {literal(target)} ({OPTIONS})")


def sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def answer(
    connection: duckdb.DuckDBPyConnection, tables: Tables, question: Question, pairs: str
) -> pd.DataFrame:
    """Answer the question from the tables of a connection; ``pairs`` is the relation of pairs, where it asks for them."""
    asked = connection.execute(f"{asked_sql(question, pairs, tables.names)} ORDER BY ALL").fetchnumpy()
    if not len(asked["customer_id"]):
        return pd.DataFrame(columns=["customer_id", "moment", *(f.name for f in question.features)])
    histories = build_histories(tables, question.definitions, question.features)
    return histories.as_of(asked["customer_id"], asked["moment"], question.features)
