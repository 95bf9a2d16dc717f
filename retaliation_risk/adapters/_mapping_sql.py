"""The SQL behind :mod:`~retaliation_risk.adapters.mapping`: a cell as the text that the contract's own casts read.

A cell that cannot be read as the mapping says stays as it is, so that the check names it (RR201).
"""

from __future__ import annotations

import duckdb

from retaliation_risk.adapters._mapping_file import UNITS, Cell, Event, Written
from retaliation_risk.adapters._records import utc
from retaliation_risk.tables._sql import literal
from retaliation_risk.tables._sql import name as quoted

_HAS_ZONE = r"\d\d:\d\d.*(Z|UTC|[+-]\d\d(:?\d\d)?)$"
_CLOCK = r"^\d+:\d\d:\d\d$"
_COMMAS = r"-?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?"
_SHOWN = 20
"""Unknown values that a message or report lists."""
_EPOCHS = {"epoch": 1_000_000, "epoch_ms": 1000}
"""Microseconds in each unit of an epoch time."""


def value(cell: Cell, kind: str, mapping: Written) -> str:
    """Return SQL for a cell as text; NULL where there is none.

    Parameters
    ----------
    cell : Cell
    kind : str
        Of the contract's column, see :data:`retaliation_risk.tables.contract.KINDS`.
    mapping : Written
        Says how times and numbers are written where the cell does not.
    """
    if cell.constant is not None:
        return literal(_word(cell.constant))
    words = joined(cell)
    if cell.values is not None:
        return named(words, cell.values)
    if kind == "time":
        return _time(words, cell, mapping)
    return _number(words, cell, mapping) if kind in ("float", "int") else words


def joined(cell: Cell) -> str:
    """Return SQL for the text of a cell's columns, joined by `` / ``; NULL where all are empty.

    Examples
    --------
    >>> print(joined(Cell(column=["Type", "Item"])))
    nullif(concat_ws(' / ', nullif(trim("Type"), ''), nullif(trim("Item"), '')), '')
    """
    parts = [f"nullif(trim({quoted(name)}), '')" for name in cell.columns]
    return parts[0] if len(parts) == 1 else f"nullif(concat_ws(' / ', {', '.join(parts)}), '')"


def named(words: str, values: dict[str, str | int | float | bool]) -> str:
    """Return SQL that renames values; one renamed to nothing is NULL, and one not named keeps its own name in lower case."""
    arms = [
        f"WHEN {literal(theirs)} THEN nullif({literal(_word(ours))}, '')" for theirs, ours in values.items()
    ]
    return f"CASE {words} {' '.join(arms)} ELSE lower({words}) END" if arms else f"lower({words})"


def unnamed(connection: duckdb.DuckDBPyConnection, table: str, cell: Cell) -> dict[str, int]:
    """Count the rows of each value that a map does not name, the most frequent first."""
    known = "".join(f", {literal(word)}" for word in cell.values or ())
    rows = connection.execute(
        f"SELECT {joined(cell)} AS word, count(*) AS n FROM {table} WHERE word NOT IN (''{known})"
        f" GROUP BY word ORDER BY n DESC, word LIMIT {_SHOWN}"
    ).fetchall()
    return {str(word): int(count) for word, count in rows}


def lines_to_add(place: str, cell: Cell, counts: dict[str, int]) -> str:
    """Say which values a map at a place of the file does not name, and the lines that would.

    Examples
    --------
    >>> print(lines_to_add("tickets.severity", Cell(column="Rank"), {"high": 3}))
    Rank has 'high' (3 rows); to [tickets.severity.values] add "high" = "...".
    """
    lines = ", ".join(f'"{word}" = "..."' for word in counts)
    rows = ", ".join(f"{word!r} ({count:,} rows)" for word, count in counts.items())
    return f"{'/'.join(cell.columns)} has {rows}; to [{place}.values] add {lines}."


def event_time(event: Event, opened: str, mapping: Written) -> str:
    """Return SQL for when an event happened, as text; NULL where only the export knows of it."""
    if event.at is not None:
        return value(event.at, "time", mapping)
    if event.after is None:
        return "CAST(NULL AS VARCHAR)"
    words = f"nullif(trim({quoted(event.after)}), '')"
    moment = f"{utc(opened)} + to_microseconds(CAST(1e6 * {_seconds(words, event, mapping)} AS BIGINT))"
    return f"coalesce(CAST({moment} AS VARCHAR), {words})"


def _seconds(words: str, event: Event, mapping: Written) -> str:
    if event.unit == "hh:mm:ss":
        parts = [f"CAST(split_part({words}, ':', {place}) AS BIGINT)" for place in (1, 2, 3)]
        return (
            f"CASE WHEN regexp_matches({words}, {literal(_CLOCK)}) THEN"
            f" 3600 * {parts[0]} + 60 * {parts[1]} + {parts[2]} END"
        )
    return f"{UNITS[event.unit]} * TRY_CAST({_plain(words, event.decimal or mapping.decimal)} AS DOUBLE)"


def _time(words: str, cell: Cell, mapping: Written) -> str:
    written, zone = cell.format or mapping.time_format, cell.zone or mapping.zone
    if isinstance(written, str) and written in _EPOCHS:
        moment = f"make_timestamp(CAST({_EPOCHS[written]} * TRY_CAST({words} AS DECIMAL(28, 6)) AS BIGINT))"
    elif written == "iso":
        if zone == "UTC":
            return words
        there = f"timezone({literal(zone)}, {utc(words)})"
        moment = f"CASE WHEN NOT regexp_matches({words}, {literal(_HAS_ZONE)}) THEN {there} END"
    else:
        formats = [written] if isinstance(written, str) else written
        read = f"try_strptime({words}, [{', '.join(map(literal, formats))}])"
        moment = read if any("%z" in each for each in formats) else f"timezone({literal(zone)}, {read})"
    return f"coalesce(CAST(CAST({moment} AS TIMESTAMP) AS VARCHAR), {words})"


def _number(words: str, cell: Cell, mapping: Written) -> str:
    number = _plain(words, cell.decimal or mapping.decimal)
    if cell.scale is None:
        return f"coalesce({number}, {words})"
    low, high = cell.scale
    scaled = f"(TRY_CAST({number} AS DOUBLE) - {low}) / ({high} - {low})"
    # What lies outside the scale is no number of it: the check then names it.
    outside = literal(f" outside [{low:g}, {high:g}]")
    return f"CASE WHEN {scaled} BETWEEN 0 AND 1 THEN CAST({scaled} AS VARCHAR) ELSE {words} || {outside} END"


def _plain(words: str, decimal: str) -> str:
    """Write a number of decimal commas with a point, without the points that group thousands; else leave it."""
    if decimal == ".":
        return words
    plain = f"replace(replace({words}, '.', ''), ',', '.')"
    return f"CASE WHEN regexp_full_match({words}, {literal(_COMMAS)}) THEN {plain} END"


def _word(constant: str | float | bool) -> str:
    return str(constant).lower() if isinstance(constant, bool) else str(constant)
