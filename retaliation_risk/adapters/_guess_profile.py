"""Profiles: what the cells of each column of an unknown file are, counted in DuckDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import duckdb

from retaliation_risk.adapters._records import utc
from retaliation_risk.tables._sql import literal
from retaliation_risk.tables._sql import name as quoted

FEW = 30
"""Different values up to which a column may be a list of choices."""

ENOUGH = 0.98
"""Share of the filled cells that must be of a kind."""

_DATES = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y",
    "%Y/%m/%d", "%d/%b/%y", "%d/%b/%Y", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y",
)  # fmt: skip
_CLOCKS = (
    "",
    " %H:%M",
    " %H:%M:%S",
    " %I:%M %p",
    " %I:%M:%S %p",
    ", %H:%M",
    ", %I:%M %p",
    " %H:%M %z",
    " %H:%M:%S %z",
)
FORMATS = tuple(date + clock for date, clock in product(_DATES, _CLOCKS))

_EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"
_NUMBER = r"-?\d+(\.\d+)?"
_COMMA = r"-?\d+,\d+"
_DATE = r"(\d{1,4}[-/. ]([A-Za-z]+|\d{1,2})[-/. ]\d{2,4}|[A-Za-z]+ \d{1,2}, \d{4}|\d{10}|\d{13})(\D.*)?"
_DURATION = r"\d+:\d{2}:\d{2}"
_YEARS = "BETWEEN 1990 AND 2100"
_TRIED = 200
"""Different values that every time format is tried on; those that read them all are tried on the whole column."""


@dataclass(frozen=True)
class Profile:
    """What the cells of a column are.

    ``filled`` and ``distinct`` count cells and values; ``shares`` are those of the filled cells that begin as a date does,
    that are an e-mail address, a number, a number with a decimal comma, or a duration; ``low`` and ``high`` are of the
    numbers. ``formats`` are the ways of writing times that read enough of the cells, with how many; ``values`` count each
    value, where they are few.
    """

    name: str
    rows: int
    filled: int
    distinct: int
    shares: Mapping[str, float]
    low: float | None = None
    high: float | None = None
    formats: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, int] = field(default_factory=dict)

    def mostly(self, kind: str) -> bool:
        """Whether enough of the cells are of a kind of ``shares``."""
        return self.shares[kind] >= ENOUGH

    @property
    def is_time(self) -> bool:
        """Whether a time format reads enough of the cells."""
        return bool(self.formats)

    @property
    def is_unique(self) -> bool:
        """Whether every row has a value, and hardly two the same."""
        return self.filled == self.rows and self.distinct >= ENOUGH * self.rows

    @property
    def is_choice(self) -> bool:
        """Whether there are few values, each of several rows."""
        return bool(self.values) and not self.is_time and 2 * self.distinct <= max(self.filled, 3)


def profile_columns(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]
) -> list[Profile]:
    """Profile columns of a table of text.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    table : str
    columns : sequence of str
    """
    return [_profile(connection, table, column) for column in columns]


def time_sql(format: str, words: str) -> str:
    """Return SQL for the time that a text says in a format of :data:`FORMATS`, ``iso``, ``epoch`` or ``epoch_ms``."""
    if format == "iso":
        return utc(words)
    if format in ("epoch", "epoch_ms"):
        digits = 10 if format == "epoch" else 13
        whole = f"CASE WHEN regexp_full_match({words}, '\\d{{{digits}}}') THEN CAST({words} AS BIGINT) END"
        read = f"make_timestamp({whole} * {1_000_000 if format == 'epoch' else 1000})"
    else:
        read = f"try_strptime({words}, {literal(format)})"
    return f"CAST({read} AS TIMESTAMP)"


def _profile(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> Profile:
    words = f"trim({quoted(column)})"
    kinds = {"date": _DATE, "email": _EMAIL, "number": _NUMBER, "comma": _COMMA, "duration": _DURATION}
    counts = [f"count(*) FILTER (regexp_full_match({words}, {literal(regex)}))" for regex in kinds.values()]
    number = f"TRY_CAST(replace({words}, ',', '.') AS DOUBLE)"
    rows, filled, distinct, low, high, *found = connection.execute(
        f"SELECT count(*), count({quoted(column)}), count(DISTINCT {words}), min({number}), max({number}),"
        f" {', '.join(counts)} FROM {table}"
    ).fetchall()[0]
    shares = {kind: count / max(filled, 1) for kind, count in zip(kinds, found, strict=True)}
    return Profile(
        column, rows, filled, distinct, shares, low, high,
        formats=_formats(connection, table, words, filled) if shares["date"] >= ENOUGH else {},
        values=_values(connection, table, words) if distinct <= FEW else {},
    )  # fmt: skip


def _formats(connection: duckdb.DuckDBPyConnection, table: str, words: str, filled: int) -> dict[str, int]:
    """Count the cells that each time format reads; first on some values, then, where it reads those, on all."""
    some = f"(SELECT DISTINCT {words} AS word FROM {table} WHERE word <> '' LIMIT {_TRIED})"
    formats = ("iso", "epoch", "epoch_ms", *FORMATS)
    found = _read_by(connection, some, "word", formats)
    (tried,) = connection.execute(f"SELECT count(*) FROM {some}").fetchall()[0]
    near = [format for format, count in found.items() if count >= ENOUGH * tried]
    whole = _read_by(connection, table, words, near) if near else {}
    return {format: count for format, count in whole.items() if count >= ENOUGH * filled}


def _read_by(
    connection: duckdb.DuckDBPyConnection, source: str, words: str, formats: Sequence[str]
) -> dict[str, int]:
    counts = [f"count(*) FILTER (year({time_sql(format, words)}) {_YEARS})" for format in formats]
    row = connection.execute(f"SELECT {', '.join(counts)} FROM {source}").fetchall()[0]
    return dict(zip(formats, map(int, row), strict=True))


def _values(connection: duckdb.DuckDBPyConnection, table: str, words: str) -> dict[str, int]:
    rows = connection.execute(
        f"SELECT {words} AS word, count(*) AS n FROM {table} WHERE word <> '' GROUP BY word ORDER BY n DESC, word"
    ).fetchall()
    return {str(word): int(count) for word, count in rows}
