"""Feeds: the delivered files, each as something DuckDB can select from, before any cast."""

from __future__ import annotations

import csv
import gzip
import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from retaliation_risk._cells import unquiet_sql
from retaliation_risk.errors import Problem
from retaliation_risk.tables._sql import literal
from retaliation_risk.tables._sql import name as quoted

DELIMITERS = ",;\t|"
CSV = (".csv", ".csv.gz")
SUFFIXES = (*CSV, ".parquet")


class FeedError(Exception):
    """A file that cannot be used: a code of ``MESSAGES`` and what was found."""

    def __init__(self, code: str, found: str) -> None:
        super().__init__(found)
        self.code = code
        self.found = found

    def problem(self, table: str) -> Problem:
        """Return the breach of a table."""
        return Problem(self.code, table, self.found)


@dataclass(frozen=True)
class Feed:
    """Rows for a canonical table: ``relation`` in SQL, and the SQL name and type of each delivered column."""

    table: str
    file: str
    sha256: str
    relation: str
    columns: Mapping[str, tuple[str, str]]


def file_feed(connection: duckdb.DuckDBPyConnection, table: str, path: Path) -> Feed:
    """Return the feed of a csv, csv.gz or parquet file; raise FeedError if there is none in it."""
    if path.stat().st_size == 0:
        raise FeedError("RR103", f"{path.name} has 0 bytes.")
    if path.name.endswith(CSV):
        relation, names = _csv_relation(path)
    else:
        relation, names = f"read_parquet({literal(_unglobbed(path))})", None
    try:
        columns = delivered(connection, relation, names)
    except duckdb.Error as error:
        raise unreadable(path.name, error) from error
    return Feed(table, path.name, sha256(path), relation, columns)


def delivered(
    connection: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str] | None = None
) -> dict[str, tuple[str, str]]:
    """Return the columns of a relation; ``names`` are what the export calls them, if not what DuckDB does."""
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    names = [row[0] for row in described] if names is None else names
    if twice := sorted({name for name in names if name and list(names).count(name) > 1}):
        raise FeedError("RR112", f"columns {twice} stand more than once in the header.")
    return {name: (quoted(row[0]), row[1]) for name, row in zip(names, described, strict=True)}


def unreadable(file: str, error: Exception) -> FeedError:
    """Return RR102 for what DuckDB or Python said, on one line."""
    said = str(error).split("Possible", maxsplit=1)[0].split("LINE 1:", maxsplit=1)[0]
    return FeedError("RR102", f"{file}: {' '.join(said.split())[:300]}")


def sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _csv_relation(path: Path) -> tuple[str, list[str]]:
    """Return a relation whose columns are text and called by position, and the names in the header."""
    header, delimiter = _header(path)
    columns = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(len(header)))
    options = (
        f"auto_detect = false, header = true, delim = {literal(delimiter)}, quote = '\"', escape = '\"', "
        f"nullstr = '', columns = {{{columns}}}"
    )
    cells = ", ".join(f"{unquiet_sql(f'c{position}')} AS c{position}" for position in range(len(header)))
    return f"(SELECT {cells} FROM read_csv({literal(_unglobbed(path))}, {options}))", header


def _header(path: Path) -> tuple[list[str], str]:
    opened = gzip.open if path.name.endswith(".gz") else open
    try:
        if opened is gzip.open:
            _read_through(path)
        with opened(path, "rt", encoding="utf-8-sig", newline="") as lines:
            first = next(lines, "")
            delimiter = delimiter_of(first)
            lines.seek(0)
            header = next(csv.reader(lines, delimiter=delimiter), [])
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise unreadable(path.name, error) from error
    if not any(name.strip() for name in header):
        raise FeedError("RR103", f"{path.name} has no header.")
    return [name.strip() for name in header], delimiter


def delimiter_of(line: str) -> str:
    """Return which of :data:`DELIMITERS` parts a header line into most cells; ``csv.Error`` for what is no line.

    Examples
    --------
    >>> delimiter_of('Id;"Last, first name";Status')
    ';'
    """
    return max(DELIMITERS, key=lambda mark: len(next(csv.reader([line], delimiter=mark), [])))


def _read_through(path: Path) -> None:
    """Raise if a gzip is cut short or fails its checksum: DuckDB 1.4 takes what is before the cut for all."""
    with gzip.open(path) as file:
        while file.read(1 << 20):
            pass


def _unglobbed(path: Path) -> str:
    """Return the path as DuckDB must be told it: ``*``, ``?`` and ``[`` in a folder's name are no pattern."""
    return "".join(f"[{mark}]" if mark in "*?[" else mark for mark in str(path))
