"""Dates as people write them: which format a column is in, and never a guess between two that tell different days."""

from __future__ import annotations

import duckdb

from retaliation_risk.adapters._report import Ask
from retaliation_risk.errors import DataError
from retaliation_risk.tables._sql import literal

_DAYS = ("%d/%b/%y", "%d/%b/%Y", "%d-%b-%Y", "%d/%m/%y", "%d/%m/%Y", "%m/%d/%y", "%m/%d/%Y", "%d.%m.%y", "%d.%m.%Y",
         "%Y-%m-%d", "%Y/%m/%d", "%b %d, %Y", "%d %b %Y")  # fmt: skip
_HOURS = ("%I:%M %p", "%H:%M", "%I:%M:%S %p", "%H:%M:%S")

FORMATS = tuple(f"{day} {hour}" for day in _DAYS for hour in _HOURS)
"""Formats that are tried where none is named, with English names of months."""


def fitting_format(connection: duckdb.DuckDBPyConnection, cells: str, named: str | None = None) -> str:
    """Return the one format in which every cell is a time.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    cells : str
        Query with one column of text, ``cell``.
    named : str, optional
        The only format to try, as strptime takes it.

    Raises
    ------
    DataError
        RR182 if no format fits, or if two fit that tell different times of a cell.

    Examples
    --------
    >>> fitting_format(duckdb.connect(), "SELECT '25/Feb/26 10:17 PM' AS cell")
    '%d/%b/%y %I:%M %p'
    """
    ask = Ask(connection)
    found = [each for each in ((named,) if named else FORMATS) if _misfit(ask, cells, each) is None]
    if not found:
        example = _misfit(ask, cells, named or FORMATS[0])
        raise DataError("RR182", f"{example!r} is no time of {named or 'a known format'}.")
    for other in found[1:]:
        if example := _first(ask, cells, f"{read_as(found[0])} IS DISTINCT FROM {read_as(other)}"):
            raise DataError("RR182", f"{example!r} is a time of {found[0]} and another one of {other}.")
    return found[0]


def read_as(time_format: str, cell: str = "cell", zone: str = "UTC") -> str:
    """Return SQL for a cell as a time in UTC, read with a format off a clock in a zone; NULL where it does not fit.

    Examples
    --------
    >>> told = read_as("%d/%m/%Y %H:%M", "'01/07/2025 12:00'", "Europe/Berlin")
    >>> duckdb.sql(f"SELECT {told}").fetchall()
    [(datetime.datetime(2025, 7, 1, 10, 0),)]
    """
    read = f"try_strptime({cell}, {literal(time_format)})"
    time = f"CASE WHEN year({read}) >= 1000 THEN {read} END"  # %Y takes 25 for the year 25
    return time if zone == "UTC" else f"(timezone({literal(zone)}, {time}) AT TIME ZONE 'UTC')"


def _misfit(ask: Ask, cells: str, time_format: str) -> str | None:
    return _first(ask, cells, f"{read_as(time_format)} IS NULL")


def _first(ask: Ask, cells: str, where: str) -> str | None:
    rows = ask.connection.execute(
        f"SELECT cell FROM ({cells}) WHERE cell IS NOT NULL AND {where} LIMIT 1"
    ).fetchall()
    return str(rows[0][0]) if rows else None
