"""Databases: DuckDB files are attached; SQLite files are read with the standard library."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import pandas as pd

from retaliation_risk.tables._feeds import Feed, FeedError, delivered, sha256, unreadable
from retaliation_risk.tables._frames import word
from retaliation_risk.tables._renames import Renames
from retaliation_risk.tables._sql import literal
from retaliation_risk.tables._sql import name as quoted

_ATTACHED = "_attached"
_STAGED = "_staged"
_CHUNK = 100_000
"""Rows of SQLite held in Python at a time."""

Stage = Callable[[str], str]
"""Name of a table in the file -> relation in DuckDB."""


@contextmanager
def database(connection: duckdb.DuckDBPyConnection, path: Path) -> Iterator[tuple[list[str], Stage]]:
    """Open a DuckDB or SQLite file, read-only, for as long as it is read.

    Yields
    ------
    names : list of str
        Its tables and views.
    stage : callable
        Returns the relation of one of them; the one before is gone then.
    """
    with path.open("rb") as file:
        start = file.read(16)
    if not start:
        raise FeedError("RR103", f"{path.name} has 0 bytes.")
    if start[8:12] != b"DUCK" and start != b"SQLite format 3\0":
        raise FeedError("RR102", f"{path.name} is neither a folder nor a DuckDB or SQLite database.")
    opened = _duckdb if start[8:12] == b"DUCK" else _sqlite
    try:
        with opened(connection, path) as names_and_stage:
            yield names_and_stage
    except (duckdb.Error, sqlite3.Error) as error:
        raise unreadable(path.name, error) from error


def database_feed(
    connection: duckdb.DuckDBPyConnection, table: str, path: Path, renames: Renames, stage: Stage
) -> Feed:
    """Return the feed of one table of an open database."""
    theirs = renames.table(table)
    try:
        relation = stage(theirs)
        columns = delivered(connection, relation)
    except (duckdb.Error, sqlite3.Error) as error:
        raise unreadable(f"{path.name}:{theirs}", error) from error
    return Feed(table, f"{path.name}:{theirs}", sha256(path), relation, columns)


@contextmanager
def _duckdb(connection: duckdb.DuckDBPyConnection, path: Path) -> Iterator[tuple[list[str], Stage]]:
    connection.execute(f"ATTACH {literal(str(path))} AS {_ATTACHED} (READ_ONLY)")
    try:
        names = connection.execute(
            "SELECT table_name FROM information_schema.tables "
            f"WHERE table_catalog = '{_ATTACHED}' AND table_schema = 'main' ORDER BY table_name"
        ).fetchall()
        yield [row[0] for row in names], lambda table: f"{_ATTACHED}.main.{quoted(table)}"
    finally:
        connection.execute(f"DETACH {_ATTACHED}")


@contextmanager
def _sqlite(connection: duckdb.DuckDBPyConnection, path: Path) -> Iterator[tuple[list[str], Stage]]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as lite:
        names = lite.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
        ).fetchall()
        yield [row[0] for row in names], lambda table: _copied(connection, lite, table)
    connection.execute(f"DROP TABLE IF EXISTS {_STAGED}")


def _copied(connection: duckdb.DuckDBPyConnection, lite: sqlite3.Connection, table: str) -> str:
    """Copy a SQLite table as text, chunk by chunk: its cells have no fixed type, so the cast comes after."""
    rows = lite.execute(f"SELECT * FROM {quoted(table)}")
    names = [description[0] for description in rows.description]
    columns = ", ".join(f"{quoted(name)} VARCHAR" for name in names)
    connection.execute(f"CREATE OR REPLACE TABLE {_STAGED} ({columns})")
    while chunk := rows.fetchmany(_CHUNK):
        cells = zip(*chunk, strict=True)
        frame = pd.DataFrame(
            {f"c{i}": pd.array(list(map(word, column)), dtype="string") for i, column in enumerate(cells)}
        )
        connection.register("_chunk", frame)
        connection.execute(f"INSERT INTO {_STAGED} SELECT * FROM _chunk")
        connection.unregister("_chunk")
    return _STAGED
