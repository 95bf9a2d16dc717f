"""The checks of values: one scan per table, every breach at once, up to 20 examples each.

Each rule is a condition on a row, in SQL, made from the contract. A scan counts the rows that break each rule
and keeps the first of them by id, so that the same tables give the same words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from retaliation_risk.errors import Problem
from retaliation_risk.tables._load import UNREADABLE
from retaliation_risk.tables._sql import literal
from retaliation_risk.tables._sql import name as quoted
from retaliation_risk.tables.contract import CONTRACT, Column, Table

EXAMPLES = 20
SHOWN = 3
LONGEST = 60
"""Characters of a value that a message shows."""

MIDNIGHT_COLUMNS = ("opened_at", "occurred_at", "ordered_at")
"""Times at which people act; the others may well be dates."""

MIDNIGHT_ROWS = 20
"""Fewer rows than this say nothing about midnight."""

ORDERS = (("known_at", "occurred_at", "RR203"), ("observed_to", "observed_from", "RR210"))
"""Pairs (later, earlier) of which the first must not lie before the second."""

FIRST_TIMES = {"tickets": ("opened_at", "RR204"), "customers": ("first_seen_at", "RR302")}
"""A parent's first time, and the code for acting before it."""

_ACTS = {"ticket_events": "occurred_at", "tickets": "opened_at"}


@dataclass(frozen=True)
class Rule:
    """Rows where ``breaks`` is true are breaches; ``value`` is shown, ``words`` say what is wrong."""

    code: str
    breaks: str
    value: str
    words: str


def check_values(
    connection: duckdb.DuckDBPyConnection,
    names: Collection[str],
    absent: Mapping[str, set[str]],
    now: datetime | None,
) -> list[Problem]:
    """Return all breaches of the loaded tables, in contract order.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With the loaded tables, unreadable cells kept aside.
    names : collection of str
        The tables that can be checked; a row's parent is looked up only in these.
    absent : mapping of str to set of str
        Required columns that were not delivered at all: said already, and so not said again for each cell.
    now : datetime, optional
        The time of the export; without it nothing is in the future. Without a zone it is taken as UTC.
    """
    problems = []
    for name, table in CONTRACT.items():
        if name in names:
            usable = {parent for parent in names if CONTRACT[parent].key not in absent.get(parent, ())}
            rules = list(_rules(table, usable, absent.get(name, set()), now))
            problems += _scanned(connection, table, rules, usable) + _duplicates(connection, table)
    return sorted(problems, key=lambda problem: (problem.level, problem.code))


def _rules(table: Table, usable: Collection[str], absent: set[str], now: datetime | None) -> Iterator[Rule]:
    for column in table.columns:
        if column.name not in absent:
            yield from _cell_rules(column, now)
            if column.parent in usable:
                yield from _parent_rules(table, column)
    for later, earlier, code in ORDERS:
        if later in table.names:
            yield _before(code, _row(later), _row(earlier), f"{later} lies before {earlier}")


def _cell_rules(column: Column, now: datetime | None) -> Iterator[Rule]:
    cell = _row(column.name)
    yield from _presence_rules(column, cell)
    if column.allowed:
        words = f"{column.name} is none of {', '.join(column.allowed)}"
        yield Rule("RR206", f"{cell} NOT IN ({', '.join(map(literal, column.allowed))})", cell, words)
    if column.low is not None or column.high is not None:
        tests = [f"{cell} < {column.low}"] * (column.low is not None) + [f"{cell} > {column.high}"] * (
            column.high is not None
        )
        yield Rule("RR209", " OR ".join(tests), _text(cell), f"{column.name} is outside {_interval(column)}")
    if column.kind == "time" and now is not None:
        export = f"TIMESTAMP '{_utc(now).isoformat(sep=' ')}'"
        words = f"{column.name} lies after the export ({_utc(now).isoformat()}Z)"
        yield Rule("RR207", f"{cell} > {export}", _iso(cell), words)
    if column.name in MIDNIGHT_COLUMNS:
        yield Rule(
            "RR301", f"{cell} = date_trunc('day', {cell})", "NULL", f"{column.name} is exactly midnight"
        )


def _presence_rules(column: Column, cell: str) -> Iterator[Rule]:
    aside = f"list_filter(r.{UNREADABLE}, lambda cell: cell.name = {literal(column.name)})"
    failed = f"(r.{UNREADABLE} IS NOT NULL AND len({aside}) > 0)"
    if column.kind not in ("id", "str"):
        yield Rule(
            "RR201",
            failed,
            f"{aside}[1].value",
            f"{column.name} cannot be read as {_KINDS[column.kind]}",
        )
    if column.required:
        yield Rule("RR202", f"{cell} IS NULL AND NOT {failed}", "NULL", f"{column.name} is empty")


_KINDS = {"time": "a time", "float": "a number", "int": "a whole number", "bool": "true or false"}


def _parent_rules(table: Table, column: Column) -> Iterator[Rule]:
    parent, cell = CONTRACT[str(column.parent)], _row(column.name)
    found = f"{_joined(column)}.key IS NULL"
    code = "RR208" if column.required else "RR304"
    yield Rule(
        code,
        f"{cell} IS NOT NULL AND {found}",
        cell,
        f"{column.name} is not in {parent.name}",
    )
    first, code = FIRST_TIMES[parent.name]
    if column.required and (table.name, parent.name) in (
        ("ticket_events", "tickets"),
        ("tickets", "customers"),
    ):
        act = _ACTS[table.name]
        yield _before(
            code,
            _row(act),
            f"{_joined(column)}.first",
            f"{act} lies before {first} of its {parent.name[:-1]}",
        )


def _before(code: str, later: str, earlier: str, words: str) -> Rule:
    return Rule(code, f"{later} < {earlier}", f"{_iso(later)} || ' before ' || {_iso(earlier)}", words)


def _scanned(
    connection: duckdb.DuckDBPyConnection, table: Table, rules: list[Rule], usable: Collection[str]
) -> list[Problem]:
    """Count the breaches of all rules in one scan; only a table with breaches is read again, for examples."""
    joins = [_join(column) for column in table.columns if column.parent in usable]
    rows = f"FROM {quoted(table.name)} AS r {' '.join(joins)}"
    counts = [f"count(*) FILTER ({rule.breaks})" for rule in rules]
    n_rows, *found = connection.execute(f"SELECT count(*), {', '.join(counts)} {rows}").fetchall()[0]
    broken = [(rule, n) for rule, n in zip(rules, found, strict=True) if n and not _ordinary(rule, n, n_rows)]
    if not broken:
        return []
    key = f"coalesce({_row(table.key or table.columns[0].name)}, '')"
    firsts = connection.execute(
        f"SELECT {', '.join(_firsts(rule, key) for rule, _ in broken)} {rows}"
    ).fetchall()[0]
    return [_problem(table.name, rule, n, first) for (rule, n), first in zip(broken, firsts, strict=True)]


def _firsts(rule: Rule, key: str) -> str:
    """Keep the first breaches by id; CASE spares the sound rows the making of their value."""
    shown = f"CASE WHEN {rule.breaks} THEN {{'id': {key}, 'value': {rule.value}}} END"
    return f"min({shown}, {EXAMPLES}) FILTER ({rule.breaks})"


def _ordinary(rule: Rule, n: int, n_rows: int) -> bool:
    """Midnight is suspicious only when most of many rows have it."""
    return rule.code == "RR301" and (n_rows < MIDNIGHT_ROWS or 2 * n <= n_rows)


def _problem(table: str, rule: Rule, n: int, first: list[dict[str, Any]]) -> Problem:
    ids = tuple(dict.fromkeys(row["id"] for row in first if row["id"]))
    values = list(dict.fromkeys(row["value"] for row in first if row["value"] is not None))
    shown = f": {', '.join(map(_short, values[:SHOWN]))}" if values else ""
    return Problem(rule.code, table, f"{rule.words} in {_rows(n)}{shown}", n, ids)


def _duplicates(connection: duckdb.DuckDBPyConnection, table: Table) -> list[Problem]:
    if table.key is None:
        return []
    key = quoted(table.key)
    twice = (
        f"SELECT {key} AS id, count(*) AS n FROM {quoted(table.name)} "
        f"WHERE {key} IS NOT NULL GROUP BY ALL HAVING n > 1"
    )
    n, first = connection.execute(
        f"SELECT count(*), min({{'id': id, 'n': n}}, {EXAMPLES}) FROM ({twice})"
    ).fetchall()[0]
    if not n:
        return []
    shown = ", ".join(f"{_short(row['id'])} in {_rows(row['n'])}" for row in first[:SHOWN])
    words = f"{table.key} is not unique: {shown}"
    return [Problem("RR205", table.name, words, n, tuple(row["id"] for row in first))]


def _join(column: Column) -> str:
    """Join a parent once per key, so that a duplicate there multiplies nothing here."""
    parent = CONTRACT[str(column.parent)]
    key, first = quoted(str(parent.key)), quoted(FIRST_TIMES[parent.name][0])
    once = f"SELECT {key} AS key, min({first}) AS first FROM {quoted(parent.name)} GROUP BY ALL"
    return f"LEFT JOIN ({once}) AS {_joined(column)} ON {_joined(column)}.key = {_row(column.name)}"


def _joined(column: Column) -> str:
    return quoted(f"of_{column.name}")


def _row(name: str) -> str:
    return f"r.{quoted(name)}"


def _text(sql: str) -> str:
    return f"CAST({sql} AS VARCHAR)"


def _iso(sql: str) -> str:
    return f"replace({_text(sql)}, ' ', 'T') || 'Z'"


def _interval(column: Column) -> str:
    low, high = (f"{bound:g}" if bound is not None else "" for bound in (column.low, column.high))
    return f"[{low}, {high}]" if high else f"[{low}, ...)"


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _rows(n: int) -> str:
    return f"{n} row" if n == 1 else f"{n} rows"


def _short(value: str) -> str:
    return repr(value if len(value) <= LONGEST else value[:LONGEST] + "...")
