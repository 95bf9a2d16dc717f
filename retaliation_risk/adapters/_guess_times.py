"""How the times of an unknown file are written: by which format, day or month first, with or without a zone."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from retaliation_risk.adapters._guess_profile import Profile, time_sql
from retaliation_risk.adapters._mapping_file import UNFILLED
from retaliation_risk.tables._sql import literal
from retaliation_risk.tables._sql import name as quoted

_ZONED = r"\d\d:\d\d.*(Z|UTC|[+-]\d\d(:?\d\d)?)$"


def time_format(
    connection: duckdb.DuckDBPyConnection, table: str, column: Profile, others: Sequence[Profile]
) -> tuple[str, str]:
    """Return how a column of times is written, and the evidence in words.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    table : str
    column : Profile
        The time of opening, or any.
    others : sequence of Profile
        Columns of times that cannot lie before it; where day and month could be exchanged, they tell which is which.

    Returns
    -------
    tuple of str
        The format, or ``?`` where nothing tells.
    """
    formats = list(column.formats)
    if formats[0] in ("iso", "epoch", "epoch_ms"):
        return formats[0], f"{column.formats[formats[0]]:,} of {column.filled:,} cells are written so"
    first, swapped = formats[0], _swapped(formats[0])
    if swapped not in formats:
        read = f"{column.formats[first]:,} of {column.filled:,} cells can be read so"
        return first, read + _above_12(connection, table, column, first)
    back = {format: _backwards(connection, table, column, others, format) for format in (first, swapped)}
    if min(back.values()) == 0 < max(back.values()):
        right, wrong = sorted(back, key=lambda format: back[format])
        return (
            right,
            f"no first number is above 12, but read as {wrong} {back[wrong]:,} later times lie before it",
        )
    return UNFILLED, (
        f"it could be {first} or {swapped}, day first or month first: no number tells them apart, and neither does the"
        " order of the times"
    )


def earliest(connection: duckdb.DuckDBPyConnection, table: str, times: Sequence[Profile]) -> Profile | None:
    """Return the column of times that every row has and that is never later than another; None if none or several are."""
    whole = [column for column in times if column.filled == column.rows]
    firsts = [
        column
        for column in whole
        if not _backwards(
            connection, table, column, [c for c in times if c != column], next(iter(column.formats))
        )
    ]
    return firsts[0] if len(firsts) == 1 else None


def has_zone(connection: duckdb.DuckDBPyConnection, table: str, column: Profile, format: str) -> bool:
    """Whether the times of a column say their zone, or need none."""
    if format in ("epoch", "epoch_ms") or "%z" in format:
        return True
    words = f"trim({quoted(column.name)})"
    (naive,) = connection.execute(
        f"SELECT count(*) FROM {table} WHERE {words} <> '' AND NOT regexp_matches({words}, {literal(_ZONED)})"
    ).fetchall()[0]
    return not naive


def _swapped(format: str) -> str:
    """Exchange day and month."""
    return format.translate(str.maketrans("dm", "md"))


def _above_12(connection: duckdb.DuckDBPyConnection, table: str, column: Profile, format: str) -> str:
    if not format.startswith(("%d/%m", "%m/%d", "%d-%m", "%m-%d")):
        return ""
    place = 1 if format.startswith("%d") else 2
    number = f"TRY_CAST(regexp_extract({quoted(column.name)}, '(\\d+)\\D+(\\d+)', {place}) AS INTEGER)"
    (count,) = connection.execute(f"SELECT count(*) FROM {table} WHERE {number} > 12").fetchall()[0]
    order = "day first: the first" if place == 1 else "month first: the second"
    return f"; {order} number is above 12 in {count:,}"


def _backwards(
    connection: duckdb.DuckDBPyConnection, table: str, column: Profile, others: Sequence[Profile], format: str
) -> int:
    """Count the times of other columns that lie before a column's, each read in its own format, or else in this one."""
    own = time_sql(format, f"trim({quoted(column.name)})")
    tests = []
    for other in others:
        read = format if format in other.formats else next(iter(other.formats))
        tests.append(f"count(*) FILTER ({time_sql(read, f'trim({quoted(other.name)})')} < {own})")
    if not tests:
        return 0
    return int(connection.execute(f"SELECT {' + '.join(tests)} FROM {table}").fetchall()[0][0])
