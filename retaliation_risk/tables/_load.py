"""Loading: a feed becomes rows of its typed table; cells that cannot be read are kept aside, as text."""

from __future__ import annotations

import duckdb

from retaliation_risk.errors import Problem
from retaliation_risk.tables import _cast
from retaliation_risk.tables._feeds import Feed, unreadable
from retaliation_risk.tables._renames import Renames
from retaliation_risk.tables._sql import literal
from retaliation_risk.tables._sql import name as quoted
from retaliation_risk.tables.contract import CONTRACT, DEFAULTS, Column
from retaliation_risk.tables.store import Source

UNREADABLE = "_unreadable"
"""Column with a list of the cells of a row that cannot be read, NULL in a sound row; dropped after checks."""

_OURS = (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException, duckdb.OutOfMemoryException)
"""Errors that no file causes: they pass."""


def create(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Create the empty typed table, unless it is there."""
    columns = [f"{quoted(column.name)} {_cast.SQL_TYPES[column.kind]}" for column in CONTRACT[table].columns]
    aside = f"{UNREADABLE} STRUCT(name VARCHAR, value VARCHAR)[]"
    connection.execute(f"CREATE TABLE IF NOT EXISTS {quoted(table)} ({', '.join([*columns, aside])})")


def load(connection: duckdb.DuckDBPyConnection, feed: Feed, renames: Renames) -> Source:
    """Insert a feed into its table and return its source; raise FeedError if its bytes cannot be read."""
    create(connection, feed.table)
    try:
        rows = connection.execute(insertion(feed, renames)).fetchall()[0][0]
    except _OURS:
        raise
    except duckdb.Error as error:
        raise unreadable(feed.file, error) from error
    return Source(feed.file, feed.sha256, int(rows))


def columns_of(feed: Feed, renames: Renames) -> dict[str, tuple[str, str]]:
    """Return the delivered column behind each canonical one: its SQL name and type."""
    theirs = {name: renames.of(feed.table).get(name, name) for name in CONTRACT[feed.table].names}
    return {name: feed.columns[their] for name, their in theirs.items() if their in feed.columns}


def header_problems(feed: Feed, renames: Renames) -> list[Problem]:
    """Return what is missing from the header (RR101) and what is not read of it (RR303)."""
    table, mapped = CONTRACT[feed.table], renames.of(feed.table)
    found = columns_of(feed, renames)
    wanted = [column.name for column in table.columns if column.required or column.name in mapped]
    missing = [mapped.get(name, name) for name in wanted if name not in found]
    read = {mapped.get(name, name) for name in found}
    ignored = tuple(name for name in feed.columns if name not in read)
    problems = []
    if missing:
        said = f"{feed.file} has no {_listed(missing)}; it has {_listed(list(feed.columns))}"
        problems.append(Problem("RR101", feed.table, said, len(missing)))
    if ignored:
        said = f"columns of {feed.file} are not read"
        problems.append(Problem("RR303", feed.table, said, len(ignored), ignored[:20]))
    return problems


def insertion(feed: Feed, renames: Renames) -> str:
    """Return the statement that casts each cell, keeps aside what cannot be read, and fills the defaults."""
    found = columns_of(feed, renames)
    columns = CONTRACT[feed.table].columns
    casts = [f"{_value(column, found)} AS {quoted(column.name)}" for column in columns]
    checked = [column for column in columns if column.name in found and column.kind not in ("id", "str")]
    words = [f"{_cast.trimmed(*found[column.name])} AS {quoted('_' + column.name)}" for column in checked]
    return (
        f"INSERT INTO {quoted(feed.table)} SELECT {', '.join(map(_filled, columns))}, {_aside(checked)} "
        f"FROM (SELECT {', '.join(casts + words)} FROM {feed.relation})"
    )


def _value(column: Column, found: dict[str, tuple[str, str]]) -> str:
    if column.name not in found:
        return f"CAST(NULL AS {_cast.SQL_TYPES[column.kind]})"
    return _cast.value(column, *found[column.name])


def _filled(column: Column) -> str:
    default = DEFAULTS.get(column.name)
    return f"coalesce({quoted(column.name)}, {default})" if default else quoted(column.name)


def _aside(columns: list[Column]) -> str:
    if not columns:
        return "NULL"
    failed = {c.name: f"({quoted('_' + c.name)} IS NOT NULL AND {quoted(c.name)} IS NULL)" for c in columns}
    cells = [
        f"CASE WHEN {test} THEN {{'name': {literal(name)}, 'value': {quoted('_' + name)}}} END"
        for name, test in failed.items()
    ]
    kept = f"list_filter([{', '.join(cells)}], lambda cell: cell IS NOT NULL)"
    return f"CASE WHEN {' OR '.join(failed.values())} THEN {kept} END"


def _listed(names: list[str]) -> str:
    shown = ", ".join(map(repr, names[:20]))
    return shown if len(names) <= 20 else f"{shown} and {len(names) - 20} more"
