"""Reading the files of posts and contacts: what each row says, as text that the contract's casts read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from retaliation_risk._words import noun
from retaliation_risk.adapters._contacts import contact_keys
from retaliation_risk.adapters._mapping_file import Cell
from retaliation_risk.adapters._mapping_sql import joined, lines_to_add, unnamed, value
from retaliation_risk.adapters._records import Stream, check_filled, records
from retaliation_risk.adapters._report import Ask
from retaliation_risk.adapters.outcomes._file import OUTCOME_TYPES, OutcomesMapping
from retaliation_risk.adapters.outcomes._pairs import post_cell
from retaliation_risk.errors import ArgumentError, DataError
from retaliation_risk.tables._sql import literal
from retaliation_risk.tables._sql import name as quoted
from retaliation_risk.tables.contract import CONTRACT

_FACTS = ("occurred_at", "outcome_type", "known_at", "reach", "customer_id")
_KINDS = {column.name: column.kind for column in CONTRACT["outcomes"].columns}


@dataclass(frozen=True)
class Made:
    """What the reading of posts left out or could not use: rows that repeat another, acts of no kind, odd addresses."""

    duplicates: int
    nothing: tuple[str, ...]
    odd_addresses: int
    has_addresses: bool


def read_posts(connection: duckdb.DuckDBPyConnection, path: Path, mapping: OutcomesMapping) -> Stream:
    """Make ``raw_posts`` of the file.

    Raises
    ------
    DataError
        RR107 and RR104 without a file or rows, RR101 for a column that is not there, RR152 for a kind of act that the
        mapping does not name.
    """
    stream = _read(connection, "posts", path, mapping.columns)
    kind = _kind(mapping)
    if kind.columns and (counts := unnamed(connection, "raw_posts", kind)):
        raise DataError("RR152", lines_to_add("outcomes.outcome_type", kind, counts))
    return stream


def read_contacts(connection: duckdb.DuckDBPyConnection, path: Path, mapping: OutcomesMapping) -> Stream:
    """Make ``contacts``: ``customer_id`` and the columns on which posts are compared.

    Raises
    ------
    DataError
        As :func:`read_posts`; RR205 for a customer who stands there twice.
    """
    stream = _read(connection, "contacts", path, ["customer_id", *mapping.contact_columns])
    connection.execute("ALTER TABLE raw_contacts RENAME TO contacts")
    twice = "SELECT customer_id FROM contacts GROUP BY customer_id HAVING count(*) > 1 ORDER BY 1"
    if count := Ask(connection).count(f"FROM ({twice})"):
        first = Ask(connection).row(f"{twice} LIMIT 1")[0]
        raise DataError(
            "RR205", f"customers that stand in {path.name} more than once: {count:,} (first: {first!r})."
        )
    return stream


def make_posts(
    connection: duckdb.DuckDBPyConnection,
    mapping: OutcomesMapping,
    *,
    secret: bytes | None,
    exported_at: datetime | None,
) -> Made:
    """Make ``posts``: a row per act, with what it says of itself and of its author, ready to be compared.

    Rows that are equal in every column read are one where the mapping names a ``post_id``; without it they may be two acts.

    Raises
    ------
    ArgumentError
        RR111 if some act has no time at which it became known and the time of the export is not told.
    DataError
        RR205 if a ``post_id`` stands on different rows.
    """
    address = joined(mapping.outcomes.email) if mapping.outcomes.email else "NULL"
    odd = contact_keys(connection, "keys", f"SELECT {address} FROM raw_posts", secret)
    rows = Ask(connection).count("FROM raw_posts")
    named = mapping.outcomes.post_id is not None
    source = _rows(mapping.columns) if named else "(SELECT *, rowid AS place FROM raw_posts)"
    cells = ", ".join(f"{sql} AS {name}" for name, sql in _cells(mapping))
    connection.execute(
        f"CREATE TABLE told AS SELECT row_number() OVER (ORDER BY place) - 1 AS post, {cells}, keys.contact_key"
        f" FROM {source} LEFT JOIN keys ON keys.address = {address}"
    )
    duplicates = rows - Ask(connection).count("FROM told")
    _check_ids(connection)
    nothing = connection.execute("SELECT post_id FROM told WHERE means_nothing ORDER BY post").fetchall()
    known = _known_at(connection, exported_at or mapping.exported_at)
    connection.execute(
        f"CREATE TABLE posts AS SELECT * REPLACE ({known} AS known_at) FROM told WHERE NOT means_nothing"
    )
    return Made(duplicates, tuple(str(post) for (post,) in nothing), odd, mapping.outcomes.email is not None)


def _read(connection: duckdb.DuckDBPyConnection, name: str, path: Path, columns: list[str]) -> Stream:
    if not path.exists():
        raise DataError("RR107", f"there is no file or folder {path}.")
    stream = records(connection, f"raw_{name}", path, name, columns, main=True)
    if not stream.files:
        raise DataError("RR107", f"there is no file {name!r} in {path}.")
    check_filled(stream, columns)
    return stream


def _kind(mapping: OutcomesMapping) -> Cell:
    """Where the kind of act stands; our own words for it need no naming."""
    cell = mapping.outcomes.outcome_type
    ours: dict[str, str | int | float | bool] = {name: name for name in OUTCOME_TYPES}
    return cell.model_copy(update={"values": ours | (cell.values or {})})


def _rows(columns: list[str]) -> str:
    names = ", ".join(map(quoted, columns))
    return f"(SELECT {names}, min(rowid) AS place FROM raw_posts GROUP BY {names})"


def _cells(mapping: OutcomesMapping) -> Iterator[tuple[str, str]]:
    """Yield what a row of ``posts`` holds, by name, as SQL."""
    said = mapping.outcomes
    yield "post_id", joined(said.post_id) if said.post_id else "'row ' || CAST(place + 1 AS VARCHAR)"
    for name in _FACTS:
        cell = _kind(mapping) if name == "outcome_type" else getattr(said, name)
        yield name, value(cell, _KINDS[name], mapping) if cell else "CAST(NULL AS VARCHAR)"
    kind = _kind(mapping)
    nothing = (
        f"{value(kind, 'str', mapping)} IS NULL AND {joined(kind)} IS NOT NULL" if kind.columns else "false"
    )
    yield "means_nothing", nothing
    for k, field in enumerate(mapping.match):
        yield f"f{k}", post_cell(field, mapping)


def _known_at(connection: duckdb.DuckDBPyConnection, exported_at: datetime | None) -> str:
    """Return SQL for when an act became known: never before the export unless the file says so."""
    unknown = Ask(connection).count("FROM told WHERE known_at IS NULL AND NOT means_nothing")
    if unknown and exported_at is None:
        raise ArgumentError(
            "RR111",
            f"exported_at is not given, and known_at is empty in {unknown:,} {noun(unknown, 'rows')};"
            " it must be the time of the export: they are known from then on.",
        )
    return f"coalesce(known_at, {literal(exported_at.isoformat())})" if exported_at else "known_at"


def _check_ids(connection: duckdb.DuckDBPyConnection) -> None:
    twice = (
        "SELECT post_id FROM told WHERE post_id IS NOT NULL GROUP BY post_id HAVING count(*) > 1 ORDER BY 1"
    )
    if count := Ask(connection).count(f"FROM ({twice})"):
        first = Ask(connection).row(f"{twice} LIMIT 1")[0]
        raise DataError("RR205", f"values of post_id on different rows: {count:,} (first: {first!r}).")
