"""Any CSV, JSON or Parquet export, by a mapping file that says what its columns mean.

The file is described in :mod:`_mapping_file`; ``import guess`` drafts one. The tickets' file also gives the customers, where
they have none of their own: one per ``customer_id``, first seen when the mapping says, else at the first ticket; nothing
before the first ticket of the file was recorded. What may still change after opening is known only at the export (level
``snapshot``), unless the mapping says ``known = "then"`` or names a file of ticket events (level ``history``).

A value that a map does not name is an error where it decides what happened, and keeps its own name, counted, where it only
groups (``channel``, ``segment``). Rows that repeat a ticket in every column are one; of Singer and Airbyte messages about
one ticket the last holds. Tickets without a customer are left out, and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import duckdb

from retaliation_risk.adapters._adapter import DEFAULT, Imported, Options, begin, finish
from retaliation_risk.adapters._contacts import NO_SECRET, contact_keys
from retaliation_risk.adapters._mapping_file import Cell, Mapping, read_mapping
from retaliation_risk.adapters._mapping_sql import joined, lines_to_add, unnamed
from retaliation_risk.adapters._mapping_tables import by_address, events, has_time, raw, statements
from retaliation_risk.adapters._records import Stream, callable_names, check_filled, records, utc
from retaliation_risk.adapters._report import HISTORY, SNAPSHOT, Ask, count_report, iso
from retaliation_risk.adapters._sources import said
from retaliation_risk.errors import ArgumentError, DataError
from retaliation_risk.tables.contract import CONTRACT

_ADDRESS_ONLY = (
    "customers are known by their e-mail address only, which is never stored: set RETALIATION_RISK_CONTACT_SECRET to make"
    " keys of addresses."
)


def detect(path: Path) -> bool:
    """Say no: what a column means is never certain from its name; see :mod:`guess`.

    Examples
    --------
    >>> detect(Path("any.csv"))
    False
    """
    return False


def read(
    path: Path, connection: duckdb.DuckDBPyConnection | None = None, options: Options = DEFAULT
) -> Imported:
    """Turn an export into canonical tables, as ``options.mapping`` says.

    Parameters
    ----------
    path : Path
        A file, or a folder of files with the names that the mapping gives them.
    connection : duckdb.DuckDBPyConnection, optional
        Empty database to hold the tables; in memory without it.
    options : Options
        ``mapping``, ``secret`` and ``exported_at`` (which goes before the mapping's own).

    Returns
    -------
    Imported

    Raises
    ------
    ArgumentError
        RR111 without a mapping, or where customers are known by their address only and there is no secret.
    DataError
        RR150 and RR151 for the mapping; RR101 for a column that is not there, RR104 and RR107 for a file; RR152 for values
        that the mapping does not name; or a ContractError with everything else.
    """
    if not Path(path).exists():
        raise DataError("RR107", f"there is no file or folder {path}.")
    if options.mapping is None:
        raise ArgumentError(
            "RR111", "mapping is not given; it must be a TOML file that says what the columns mean."
        )
    mapping = read_mapping(options.mapping)
    if by_address(mapping) and options.secret is None:
        raise ArgumentError("RR111", f"secret is not given; {_ADDRESS_ONLY}")
    connection = begin(connection)
    streams = [_stream(connection, Path(path), table, mapping, options) for table in _files(mapping)]
    _check_values(connection, mapping)
    duplicates = _drop_repeated(connection, mapping, streams[0])
    email = mapping.section("customers").get("email")
    addresses = f"SELECT {joined(email)} FROM {raw('customers', mapping)}" if email else "SELECT NULL"
    odd = contact_keys(connection, "keys", addresses, options.secret)
    options.tell("making the tables")
    _run(connection, statements(mapping), options.mapping.name)
    exported_at = _export(connection, mapping, options)
    if _has_events(mapping):
        connection.execute(events(exported_at))
    options.tell("checking the tables")
    tables = finish(connection, now=options.exported_at or mapping.exported_at)
    told = _said(Ask(connection), mapping, options, exported_at, odd)
    level = HISTORY if _is_history(mapping) else SNAPSHOT
    return Imported(
        tables,
        count_report(
            tables,
            adapter="mapping",
            path=Path(path),
            streams=streams,
            level=level,
            duplicates=duplicates,
            **told,
        ),
    )


def _run(connection: duckdb.DuckDBPyConnection, made: Iterator[str], file: str) -> None:
    """Make the tables; a zone or time format that DuckDB does not know shows itself only here."""
    try:
        for statement in made:
            connection.execute(statement)
    except (duckdb.InvalidInputException, duckdb.NotImplementedException) as error:
        raise DataError("RR150", f"{file}: {said(error)}.") from error


def _files(mapping: Mapping) -> list[str]:
    """Tables with a file of their own; the tickets first."""
    return ["tickets", *(name for name in CONTRACT if name != "tickets" and mapping.file(name))]


def _stream(
    connection: duckdb.DuckDBPyConnection, path: Path, table: str, mapping: Mapping, options: Options
) -> Stream:
    """Read the file of a table, with the columns that the mapping names in it."""
    name = mapping.file(table) or table
    wanted = list(dict.fromkeys(_columns(table, mapping)))
    if alike := [each for each in wanted if each not in callable_names(wanted)]:
        raise DataError(
            "RR150", f"{name}: the column {alike[0]!r} cannot be told from another, or has no name."
        )
    options.tell(f"reading {name}")
    began = monotonic()
    stream = records(connection, f"raw_{table}", path, name, wanted, main=table == "tickets")
    rate = stream.rows / max(monotonic() - began, 1e-3)
    options.tell(f"read {stream.rows:,} rows of {name} ({rate:,.0f} rows/s)")
    if not stream.files:
        raise DataError("RR107", f"there is no file {name!r} (for {table}) in {path}.")
    check_filled(stream, wanted)
    return stream


def _columns(table: str, mapping: Mapping) -> Iterator[str]:
    """Names of the columns that the mapping takes from the file of a table."""
    held = [table, *(["customers"] if table == "tickets" and not mapping.file("customers") else [])]
    for name in held:
        for cell in mapping.section(name).values():
            yield from cell.columns
    for event in mapping.events if table == "tickets" else ():
        yield from event.columns


def _drop_repeated(connection: duckdb.DuckDBPyConnection, mapping: Mapping, stream: Stream) -> int:
    """Keep one of rows that are alike in every column read, and the last message about a ticket; count the others."""
    ticket = joined(mapping.section("tickets")["ticket_id"])
    if Ask(connection).row(f"SELECT count(DISTINCT {ticket}) = count(*) FROM raw_tickets")[0]:
        return 0
    last = f"QUALIFY row_number() OVER (PARTITION BY {ticket} ORDER BY rowid DESC) = 1"
    kept = (
        f"SELECT * FROM raw_tickets {last}"
        if "messages" in stream.forms
        else "SELECT DISTINCT * FROM raw_tickets"
    )
    connection.execute(f"CREATE TABLE kept AS {kept}")
    connection.execute("DROP TABLE raw_tickets")
    connection.execute("ALTER TABLE kept RENAME TO raw_tickets")
    return stream.rows - Ask(connection).count("FROM raw_tickets")


def _check_values(connection: duckdb.DuckDBPyConnection, mapping: Mapping) -> None:
    """Raise RR152 with every value that decides something and that the mapping does not name, and the lines to add."""
    found = []
    for place, table, cell, decides in _maps(mapping):
        if decides and (counts := unnamed(connection, table, cell)):
            found.append(lines_to_add(place, cell, counts))
    if found:
        raise DataError("RR152", " ".join(found))


def _maps(mapping: Mapping) -> Iterator[tuple[str, str, Cell, bool]]:
    """Yield each cell with a map of values: its place in the mapping, its file's table, and whether the values decide.

    They only group where the contract takes any text.
    """
    for name, table in CONTRACT.items():
        section = mapping.section(name)
        for column in table.columns:
            cell = section.get(column.name)
            if cell is not None and cell.values is not None:
                yield (
                    f"{name}.{column.name}",
                    raw(name, mapping),
                    cell,
                    not (column.kind == "str" and not column.allowed),
                )
    for number, event in enumerate(mapping.events, start=1):
        for place, cell in ((f"events {number}", event), (f"events {number}.value", event.value)):
            if cell is not None and cell.values is not None:
                yield place, "raw_tickets", cell, True


def _has_events(mapping: Mapping) -> bool:
    return bool(mapping.events or mapping.section("ticket_events"))


def _is_history(mapping: Mapping) -> bool:
    """Whether every event has a time of its own at which it became known."""
    then = all(event.known == "then" and has_time(event) for event in mapping.events)
    return _has_events(mapping) and then


def _export(connection: duckdb.DuckDBPyConnection, mapping: Mapping, options: Options) -> str:
    """Return when the export was made, as ISO 8601: as told, else the last time in the file."""
    if told := options.exported_at or mapping.exported_at:
        return told.isoformat()
    told_at = [f"(SELECT max({utc('occurred_at')}) FROM told)"] if _has_events(mapping) else []
    opened_at = f"max({utc('opened_at')})"
    last = f"SELECT greatest({', '.join([opened_at, *told_at])}) FROM opened"
    return iso(Ask(connection).row(last)[0])


def _said(ask: Ask, mapping: Mapping, options: Options, exported_at: str, odd: int) -> dict[str, Any]:
    """Return what only this adapter knows of an import, for its report."""
    unmapped = {
        "/".join(cell.columns): counts
        for _, table, cell, decides in _maps(mapping)
        if not decides and (counts := unnamed(ask.connection, table, cell))
    }
    nobody = ("tickets", "no customer", "ticket_id", "FROM opened WHERE customer_id IS NULL")
    return {
        "unmapped": unmapped,
        "left_out": ask.findings([nobody]),
        "notes": tuple(_notes(mapping, options, exported_at, odd)),
    }


def _notes(mapping: Mapping, options: Options, exported_at: str, odd: int) -> Iterator[str]:
    """Say what a reader must know of how the tables were made."""
    if not (options.exported_at or mapping.exported_at) and not _is_history(mapping):
        yield f"The time of the export is not known; the last time in the file, {exported_at}, is taken for it."
    if not mapping.file("customers"):
        yield (
            "Customers are those of the tickets; nothing before the first ticket of the file is known of them"
            " (history_from), and first_seen_at is the first ticket where the mapping names no other time."
        )
    if not _is_history(mapping):
        yield "Channel, issue and severity are as at the export: that they were so at opening is taken on trust."
    if "email" in mapping.section("customers"):
        if options.secret is None:
            yield NO_SECRET
        elif odd:
            yield f"{odd:,} different texts in the column of addresses are no e-mail address and have no contact key."
