"""Staging: the rows that features need, sorted by shard in a database file that other processes read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pandas as pd

from retaliation_risk.errors import ArgumentError
from retaliation_risk.histories.budget import Plan, plan, reading_settings
from retaliation_risk.histories.histories import microseconds
from retaliation_risk.histories.progress import Progress, Report
from retaliation_risk.histories.question import Export, Question, Source, asked_sql, available
from retaliation_risk.tables import CONTRACT, Column, Tables, read_tables


@dataclass(frozen=True)
class Job:
    """A question, and the limits within which it is answered."""

    question: Question
    memory: int | None
    jobs: int | None
    report: Report
    skip_missing: bool = False


@dataclass(frozen=True)
class Staged:
    """Tables staged for their shards, and what is known of them."""

    path: Path
    question: Question
    names: tuple[str, ...]
    plan: Plan
    n_asked: int
    tables: Mapping[str, int]
    probe: str
    switched_off: Mapping[str, str]


def stage_tables(
    source: Source,
    job: Job,
    scratch: Path,
    choose: Callable[[duckdb.DuckDBPyConnection], bool],
    shards_of: Callable[[int], int] = lambda wanted: wanted,
) -> Staged:
    """Read the tables, take fingerprints of the rows that the features need, and write these to a file, sorted by shard.

    ``choose`` sees the fingerprints and may leave ``staged.pairs`` (what is asked) and ``staged.chosen`` (of whom);
    it returns whether there are chosen ones. ``shards_of`` may raise the number of shards.
    """
    path, question = scratch / "staged.duckdb", job.question
    off: dict[str, str] = {}
    job.report(Progress("reading tables"))
    with opened(source, scratch, job.memory) as tables, attached(tables, path) as cursor:
        if job.skip_missing:
            on, off = available(question.features, tables.names)
            question = replace(question, features=on)
        names = question.needs(tables.names)
        fingerprint(cursor, names)
        chosen = choose(cursor)
        n_asked = count_asked(cursor, question, names, chosen)
        planned = plan(
            job.memory, job.jobs, chosen_rows(cursor, names, chosen), n_asked, len(question.features)
        )
        planned = replace(planned, shards=shards_of(planned.shards))
        job.report(Progress("sorting into shards", 0, n_asked))
        stage(cursor, names, question, planned.shards, chosen)
        return Staged(path, question, names, planned, n_asked, tables.rows(), probe(cursor), off)


@contextmanager
def opened(source: Source, scratch: Path, memory: int | None) -> Iterator[Tables]:
    """Open the tables for as long as they are staged: as they are, or read into a file within the limit."""
    if isinstance(source, Tables):
        yield source
        return
    export = source if isinstance(source, Export) else Export(Path(source))
    settings = {**reading_settings(memory), "temp_directory": str(scratch / "spill")}
    connection = duckdb.connect(str(scratch / "read.duckdb"), config=settings)
    try:
        yield read_tables(export.path, rename=export.rename, now=export.now, connection=connection)
    finally:
        connection.close()
        (scratch / "read.duckdb").unlink(missing_ok=True)


@contextmanager
def attached(tables: Tables, path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Attach a new database file as ``staged`` beside the tables."""
    cursor = tables.connection.cursor()
    cursor.execute("SET TimeZone = 'UTC'")
    cursor.execute(f"ATTACH {literal(path)} AS staged")
    try:
        yield cursor
    finally:
        cursor.execute("DETACH staged")
        cursor.close()


def take_pairs(cursor: duckdb.DuckDBPyConnection, pairs: pd.DataFrame) -> None:
    """Stage pairs of customer_id and moment, each once, as ``staged.pairs``; raise RR402 for an unknown customer."""
    if missing := [name for name in ("customer_id", "moment") if name not in pairs]:
        raise ArgumentError("RR111", f"moments has no column {missing}; it needs customer_id and moment.")
    times = microseconds(pairs["moment"].reset_index(drop=True), len(pairs)).view("datetime64[us]")
    frame = pd.DataFrame({"customer_id": pairs["customer_id"].astype(str).to_numpy(), "moment": times})
    cursor.register("_pairs", frame)
    cursor.execute(
        "CREATE TABLE staged.pairs AS SELECT DISTINCT CAST(customer_id AS VARCHAR) AS customer_id, moment FROM _pairs"
    )
    cursor.unregister("_pairs")
    refuse_unknown(cursor, "staged.pairs")


def refuse_unknown(cursor: duckdb.DuckDBPyConnection, pairs: str) -> None:
    """Raise RR402 if a pair names a customer who is not in the table."""
    asked, n, first = cursor.execute(
        "SELECT count(*), count(*) FILTER (c.customer_id IS NULL), min(p.customer_id) FILTER (c.customer_id IS NULL) "
        f"FROM {pairs} p LEFT JOIN customers c USING (customer_id)"
    ).fetchall()[0]
    if n:
        raise ArgumentError("RR402", f"{first!r} ({n} unknown among {asked} asked).")


def fingerprint(cursor: duckdb.DuckDBPyConnection, names: Sequence[str]) -> None:
    """Stage one number per customer, made from all its rows in these tables whatever their order."""
    parts = " UNION ALL ".join(_table_prints(name) for name in names)
    cursor.execute(
        "CREATE TABLE staged.fingerprints AS SELECT customer_id, "
        f"(sum(part) % 18446744073709551616)::UBIGINT AS fingerprint FROM ({parts}) GROUP BY ALL"
    )


def count_asked(
    cursor: duckdb.DuckDBPyConnection, question: Question, names: Sequence[str], chosen: bool
) -> int:
    """Return how many rows the result has; ``chosen``: of the customers in ``staged.chosen`` only."""
    semi = " SEMI JOIN staged.chosen USING (customer_id)" if chosen else ""
    asked = asked_sql(question, "staged.pairs", names)
    return int(cursor.execute(f"SELECT count(*) FROM ({asked}){semi}").fetchall()[0][0])


def chosen_rows(cursor: duckdb.DuckDBPyConnection, names: Sequence[str], chosen: bool) -> dict[str, int]:
    """Return the rows of each table; ``chosen``: of the customers in ``staged.chosen`` only."""
    counts = {name: f"SELECT count(*) FROM ({_owned(name, chosen)})" for name in names}
    return {name: int(cursor.execute(sql).fetchall()[0][0]) for name, sql in counts.items()}


def stage(
    cursor: duckdb.DuckDBPyConnection, names: Sequence[str], question: Question, shards: int, chosen: bool
) -> None:
    """Write the rows of the tables to the attached file, with their shard, sorted by it."""
    for name in names:
        _stage_table(cursor, name, _owned(name, chosen), shards)
    if question.moments is None:
        semi = " SEMI JOIN staged.chosen USING (customer_id)" if chosen else ""
        _stage_table(cursor, "asked", f"SELECT *, customer_id AS _owner FROM staged.pairs{semi}", shards)


def shard_of(customer_id: str, shards: int) -> str:
    """Return SQL for the shard of a customer: the same on every machine, as long as :func:`probe` is."""
    return f"(hash({customer_id}) % {shards})::INTEGER"


def probe(cursor: duckdb.DuckDBPyConnection) -> str:
    """Return a number that changes when this DuckDB hashes otherwise than another: fingerprints do not compare then."""
    hashed = cursor.execute(
        "SELECT hash('customer', 1::BIGINT, 0.5::DOUBLE, TIMESTAMP '2025-01-01', true, NULL)"
    )
    return str(hashed.fetchall()[0][0])


def _stage_table(cursor: duckdb.DuckDBPyConnection, name: str, rows: str, shards: int) -> None:
    order = " ORDER BY _shard" if shards > 1 else ""
    cursor.execute(
        f"CREATE TABLE staged.{name} AS "
        f"SELECT * EXCLUDE (_owner), {shard_of('_owner', shards)} AS _shard FROM ({rows}){order}"
    )


def _owned(name: str, chosen: bool) -> str:
    """Return the query for a table's rows with the customer they belong to as ``_owner``."""
    if name == "ticket_events":
        rows = "SELECT e.*, t.customer_id AS _owner FROM ticket_events e JOIN tickets t USING (ticket_id)"
    else:
        rows = f"SELECT *, customer_id AS _owner FROM {name}"
    if not chosen:
        return rows
    return (
        f"SELECT * FROM ({rows}) SEMI JOIN (SELECT customer_id AS _owner FROM staged.chosen) USING (_owner)"
    )


def _table_prints(name: str) -> str:
    cells = ", ".join(_hashed(column) for column in CONTRACT[name].columns)
    rows = f"SELECT _owner AS customer_id, hash('{name}', {cells}) AS part FROM ({_owned(name, False)})"
    return f"SELECT customer_id, sum(part) AS part FROM ({rows}) GROUP BY ALL"


def _hashed(column: Column) -> str:
    """Return what is hashed of a cell; to ``hash``, unlike to a feature, 0.0 and -0.0 are the same."""
    return f"{column.name}, signbit({column.name})" if column.kind == "float" else column.name


def literal(path: Path) -> str:
    """Return a path as a quoted SQL string."""
    return "'" + str(path).replace("'", "''") + "'"
