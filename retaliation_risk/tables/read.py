"""The door: files or frames in, typed and checked tables out. Past it nothing is checked again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd

from retaliation_risk._validate import one_of
from retaliation_risk.errors import ContractError, DataError, Problem
from retaliation_risk.tables._databases import database, database_feed
from retaliation_risk.tables._feeds import Feed, FeedError, delivered, file_feed
from retaliation_risk.tables._folder import missing_table, table_files
from retaliation_risk.tables._frames import frame_feed
from retaliation_risk.tables._load import UNREADABLE, columns_of, header_problems, load
from retaliation_risk.tables._renames import Renames, read_renames
from retaliation_risk.tables._sql import name as quoted
from retaliation_risk.tables.check import check_values
from retaliation_risk.tables.contract import CONTRACT
from retaliation_risk.tables.store import Source, Tables


def read_tables(
    source: Path,
    *,
    rename: Path | None = None,
    now: datetime | None = None,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> Tables:
    """Read, type and check the tables of a folder or a database file.

    Parameters
    ----------
    source : Path
        A folder with csv, csv.gz or parquet files named as the tables, or a DuckDB or SQLite file. In csv an apostrophe
        before text that a spreadsheet would run (``'=1+1``) is none of the text.
    rename : Path, optional
        TOML file that maps canonical names to yours: ``[tickets]``, ``opened_at = "Created at"``, and
        ``table = "your name"`` for the file or database table.
    now : datetime, optional
        The time of the export; later times are errors (RR207). Without it, no time is in the future.
    connection : duckdb.DuckDBPyConnection, optional
        Empty database to hold the tables, such as a file with a memory limit; in memory without it.

    Returns
    -------
    Tables
        Whose connection is closed if the tables are refused.

    Raises
    ------
    ContractError
        With every breach of every table at once.
    DataError
        If the source or the rename file does not exist (RR107), or the rename file is wrong (RR106).
    """
    return _accepted(_read(Path(source), rename, now, connection or duckdb.connect()))


def check_tables(source: Path, *, rename: Path | None = None, now: datetime | None = None) -> list[Problem]:
    """Return every problem of the tables, errors before warnings; arguments as for :func:`read_tables`."""
    tables, problems = _read(Path(source), rename, now, duckdb.connect())
    tables.connection.close()
    return problems


def tables_of_part(connection: duckdb.DuckDBPyConnection, relations: Mapping[str, str]) -> Tables:
    """Type and check a part of larger tables: the rows of some customers, in which any table may be empty.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Where the relations are, and where the tables will be.
    relations : mapping of str to str
        Relation (a view or a table, not named as the canonical one) by canonical table name; customers and tickets
        are among them.

    Returns
    -------
    Tables
        Without sources.

    Raises
    ------
    ContractError
        With every breach of this part at once.
    """
    return _accepted(_taken(connection, relations).finished(None, part=True))


def tables_from_relations(
    connection: duckdb.DuckDBPyConnection, relations: Mapping[str, str], *, now: datetime | None = None
) -> Tables:
    """Type and check the tables of an import, all of it in DuckDB.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Where the relations are, and where the tables will be.
    relations : mapping of str to str
        Relation (a view or a table, not named as the canonical one) by canonical table name.
    now : datetime, optional
        The time of the export; later times are errors (RR207).

    Returns
    -------
    Tables
        Without sources.

    Raises
    ------
    ContractError
        With every breach of every table at once.

    Examples
    --------
    >>> connection = duckdb.connect()
    >>> made = {
    ...     "customers": "(SELECT 'C1' AS customer_id, '2025-01-01' AS first_seen_at)",
    ...     "tickets": "(SELECT 7 AS ticket_id, 'C1' AS customer_id, '2025-02-01T09:00Z' AS opened_at)",
    ... }
    >>> tables_from_relations(connection, made).rows()
    {'customers': 1, 'tickets': 1}
    """
    loading = _taken(connection, relations)
    lacking = [name for name, table in CONTRACT.items() if table.required and name not in relations]
    loading.problems += [missing_table(name, Renames(), list(relations)) for name in lacking]
    return _accepted(loading.finished(now))


def _taken(connection: duckdb.DuckDBPyConnection, relations: Mapping[str, str]) -> _Loading:
    loading = _Loading(Renames(), connection)
    for name in CONTRACT:
        if name in relations:
            with loading.faults(name):
                columns = delivered(connection, relations[name])
                loading.take(Feed(name, name, "", relations[name], columns))
    return loading


def tables_from_frames(frames: Mapping[str, pd.DataFrame], *, now: datetime | None = None) -> Tables:
    """Type and check the tables of pandas frames.

    Parameters
    ----------
    frames : mapping of str to pandas.DataFrame
        By canonical table name. Times without a zone are taken as UTC. Left unchanged.
    now : datetime, optional
        The time of the export; later times are errors (RR207).

    Returns
    -------
    Tables
        Whose sources are the frames, with an empty sha256.

    Raises
    ------
    ContractError
        With every breach of every frame at once.

    Examples
    --------
    >>> customers = pd.DataFrame({"customer_id": ["C1"], "first_seen_at": ["2025-01-01"]})
    >>> tickets = pd.DataFrame({"ticket_id": ["T1"], "customer_id": ["C2"], "opened_at": ["2025-02-01"]})
    >>> try:
    ...     tables_from_frames({"customers": customers, "tickets": tickets})
    ... except ContractError as error:
    ...     print(error)  # doctest: +ELLIPSIS
    RR208 orphan row: tickets: customer_id is not in customers in 1 row: 'C2' ...
    """
    for name in frames:
        one_of("table", name, tuple(CONTRACT))
    loading = _Loading(Renames())
    for name in CONTRACT:
        if name in frames:
            with loading.faults(name):
                loading.take(frame_feed(loading.connection, name, frames[name]))
            loading.connection.unregister(f"_frame_{name}")
        elif CONTRACT[name].required:
            loading.problems.append(missing_table(name, Renames(), list(frames)))
    return _accepted(loading.finished(now))


def _accepted(read: tuple[Tables, list[Problem]]) -> Tables:
    tables, problems = read
    if errors := [problem for problem in problems if problem.level == "error"]:
        tables.connection.close()
        raise ContractError(errors)
    return tables


def _read(
    source: Path, rename: Path | None, now: datetime | None, connection: duckdb.DuckDBPyConnection
) -> tuple[Tables, list[Problem]]:
    if not source.exists():
        raise DataError("RR107", f"{str(source)!r} does not exist.")
    loading = _Loading(read_renames(rename), connection)
    try:
        (_read_folder if source.is_dir() else _read_database)(loading, source)
        return loading.finished(now)
    except duckdb.FatalException:  # a file so corrupt that it brought the database down: it is named already
        if not loading.problems:
            raise
        return Tables(loading.connection, ()), loading.problems


def _read_folder(loading: _Loading, folder: Path) -> None:
    files, problems = table_files(folder, loading.renames)
    loading.problems += problems
    for name, paths in files.items():
        for path in paths:
            with loading.faults(name):
                loading.take(file_feed(loading.connection, name, path))


def _read_database(loading: _Loading, path: Path) -> None:
    renames = loading.renames
    with loading.faults(path.name), database(loading.connection, path) as (found, stage):
        for name, table in CONTRACT.items():
            if renames.table(name) in found:
                with loading.faults(name):
                    loading.take(database_feed(loading.connection, name, path, renames, stage))
            elif table.required or name in renames.tables:
                loading.problems.append(missing_table(name, renames, found))


@dataclass
class _Loading:
    """What has come through so far: the tables, where from, and all that was wrong."""

    renames: Renames
    connection: duckdb.DuckDBPyConnection = field(default_factory=duckdb.connect)
    problems: list[Problem] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    absent: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.connection.execute("SET TimeZone = 'UTC'")

    @contextmanager
    def faults(self, table: str) -> Iterator[None]:
        """Turn a file that cannot be used into a problem of its table, and go on."""
        try:
            yield
        except FeedError as error:
            self.broken.add(table)
            self.problems.append(error.problem(table))

    def take(self, feed: Feed) -> None:
        """Load a feed into its table."""
        self.problems += header_problems(feed, self.renames)
        required = {column.name for column in CONTRACT[feed.table].columns if column.required}
        self.absent.setdefault(feed.table, set()).update(required - set(columns_of(feed, self.renames)))
        self.sources.append(load(self.connection, feed, self.renames))
        self.names.add(feed.table)

    def finished(self, now: datetime | None, *, part: bool = False) -> tuple[Tables, list[Problem]]:
        """Check all values; return the tables and all problems, errors first. Required tables may be empty in a part."""
        whole = [name for name in CONTRACT if name in self.names - self.broken]
        rows = Tables(self.connection, tuple(whole)).rows()
        empty = [name for name in whole if CONTRACT[name].required and not rows[name] and not part]
        self.problems += [Problem("RR104", name, "it has a header but no rows") for name in empty]
        self.problems += check_values(self.connection, [n for n in whole if n not in empty], self.absent, now)
        for name in self.names:
            self.connection.execute(f"ALTER TABLE {quoted(name)} DROP COLUMN {UNREADABLE}")
        ordered = sorted(self.problems, key=lambda problem: problem.level)
        warnings = tuple(problem for problem in ordered if problem.level == "warning")
        return Tables(self.connection, tuple(whole), warnings, tuple(self.sources)), ordered
