"""What the adapters of helpdesks share: streams to tables of text, checks of their values, and what every report says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from retaliation_risk.adapters._adapter import Options
from retaliation_risk.adapters._canonical_sql import STATEMENTS, off_clock, words
from retaliation_risk.adapters._contacts import NO_SECRET, contact_keys
from retaliation_risk.adapters._forms import columns_of
from retaliation_risk.adapters._records import Stream, records
from retaliation_risk.adapters._report import HISTORY, MAX_IDS, Ask, Finding, iso
from retaliation_risk.adapters._settings import Settings
from retaliation_risk.adapters._sources import stream_files
from retaliation_risk.errors import ArgumentError, ContractError, DataError, Problem
from retaliation_risk.tables._sql import literal, name

DROPPED = {
    "deleted": "deleted in the helpdesk",
    "spam": "marked as spam",
    "merged": "merged into another ticket, which is kept",
    "nobody": "without a requester",
    "staff": "asked for by an agent or administrator, who is no customer",
}
"""Why a vendor's SQL leaves a ticket out, and how that is said."""

_KNOWN_LATE = (
    "What only the end of a ticket shows is known from the export on: no model may learn from it before."
)
_NO_OUTCOMES = (
    "There is no public complaint, no reach and no influence in a helpdesk: import outcomes beside it."
)

Check = tuple[str, str, str, str, str]
"""Code, stream, what is wrong with its rows, the value to show, and ``FROM ...`` that finds them."""


def looks_like(path: Path, stream: str, columns: Iterable[str]) -> bool:
    """Say whether a file, or the file of a stream in a folder, has all these columns; False for what cannot be read."""
    try:
        files = stream_files(Path(path), stream)[:1]
        return any(set(columns) <= set(columns_of(file, stream)) for file in files)
    except DataError:
        return False


def read_streams(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    streams: Mapping[str, Sequence[str] | Mapping[str, str]],
    required: Sequence[str],
    options: Options,
) -> list[Stream]:
    """Read every stream into a table ``<stream>_raw``; the first is the one that must be there, with these columns."""
    main = next(iter(streams))
    read = []
    for stream, columns in streams.items():
        options.tell(f"reading {stream}")
        needed = required if stream == main else ()
        read.append(
            records(connection, f"{stream}_raw", path, stream, columns, required=needed, main=stream == main)
        )
    if not read[0].rows:
        raise DataError("RR104", f"{path.name} has no {main}.")
    return read


def execute(
    connection: duckdb.DuckDBPyConnection, statements: Iterable[str], **parameters: str | datetime | None
) -> None:
    """Run statements one after the other, each with those parameters that it asks for."""
    for statement in statements:
        asked = {name: value for name, value in parameters.items() if f"${name}" in statement}
        connection.execute(statement, asked or None)


def raise_problems(connection: duckdb.DuckDBPyConnection, checks: Iterable[Check]) -> None:
    """Raise all that is wrong with the values of an export at once, with up to 20 examples of each.

    Raises
    ------
    ContractError
        With the codes of ``checks``; nothing is raised where none finds a row.
    """
    found = []
    for code, stream, about, example, source in checks:
        (count, values), *_ = connection.execute(
            f"SELECT count(*), list_sort(list(DISTINCT {example}))[:{MAX_IDS}] {source}"
        ).fetchall()
        if count:
            shown = tuple(str(value) for value in values or () if value is not None)
            found.append(Problem(code, stream, f"{count} {about}", count, shown))
    if found:
        raise ContractError(found)


def time_checks(
    stream: str, table: str, column: str, theirs: str, *, required: bool = True
) -> tuple[Check, ...]:
    """Return the checks of a time that stands in ``table`` as ``column``, and as it came as ``<column>_text``."""
    bad = f"FROM {table} WHERE {column} IS NULL AND {column}_text IS NOT NULL"
    missing = f"FROM {table} WHERE {column}_text IS NULL"
    checks: tuple[Check, ...] = (
        ("RR201", stream, f"rows have a {theirs} that is no time", f"{column}_text", bad),
    )
    return (*checks, ("RR202", stream, f"rows have no {theirs}", "NULL", missing)) if required else checks


def moment(options: Options) -> datetime | None:
    """Return the time of the export as DuckDB takes it: in UTC, without a zone."""
    at = options.exported_at
    return at.astimezone(UTC).replace(tzinfo=None) if at and at.tzinfo else at


def make_tables(connection: duckdb.DuckDBPyConnection, options: Options) -> int:
    """Make the canonical tables; return how many e-mail addresses were none.

    Raises
    ------
    DataError
        RR104 if every ticket is left out, with the reasons.
    """
    _refuse_none_left(Ask(connection))
    odd = contact_keys(connection, "keys", "SELECT email FROM people", options.secret)
    execute(connection, STATEMENTS)
    return odd


def _refuse_none_left(ask: Ask) -> None:
    if not ask.count("FROM openings WHERE dropped IS NULL"):
        why = ask.counts("dropped", "FROM openings")
        reasons = "; ".join(f"{count:,} {DROPPED[reason]}" for reason, count in why.items())
        raise DataError("RR104", f"no ticket is left of {sum(why.values()):,}: {reasons}.")


def left_out(ask: Ask) -> tuple[Finding, ...]:
    """Count the tickets that were left out, by reason, and the customers of whom no outcome could be seen."""
    dropped = (
        ("tickets", about, "ticket_id", f"FROM openings WHERE dropped = {literal(reason)}")
        for reason, about in DROPPED.items()
    )
    unseen = (
        "observation",
        "customers first seen at the very end: no outcome of theirs could be observed",
        "customer_id",
        "FROM customers ANTI JOIN observation USING (customer_id)",
    )
    return ask.findings((*dropped, unseen))


def unmapped_channels(ask: Ask, channels: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """Count the channels that were kept under their own name."""
    known = words(tuple(dict.fromkeys(channels.values())))
    found = ask.counts("channel", f"FROM openings WHERE dropped IS NULL AND channel NOT IN {known}")
    return {"channel": found} if found else {}


def general_notes(ask: Ask, level: str, options: Options, odd_addresses: int) -> tuple[str, ...]:
    """Say what holds for every helpdesk: when the export was made, since when customers are known, and their keys."""
    (exported_at,) = ask.row("SELECT exported_at FROM export")
    how = "as you said" if options.exported_at else "the last time in it; say when it was made to be exact"
    unseen = ask.count(
        "FROM customers ANTI JOIN (FROM people WHERE created_at IS NOT NULL) USING (customer_id)"
    )
    earlier = ask.count(
        "FROM customers JOIN people USING (customer_id) WHERE people.created_at > customers.first_seen_at"
    )
    said = {
        f"The export was made at {iso(exported_at)} ({how}); outcomes are observed up to there.": True,
        _KNOWN_LATE: level != HISTORY,
        f"Customers without a time of creation, whose first_seen_at is their first ticket: {unseen:,}.": unseen,
        "Customers who asked before they were created in the helpdesk, whose first_seen_at is their first ticket:"
        f" {earlier:,}.": earlier,
        NO_SECRET: options.secret is None and ask.count("FROM people WHERE email IS NOT NULL"),
        f"Texts that are no e-mail address, and have no key: {odd_addresses:,}.": odd_addresses,
        _NO_OUTCOMES: True,
    }
    return tuple(note for note, holds in said.items() if holds)


def chosen_names(settings: Settings, options: Options, names: Sequence[str]) -> dict[str, str]:
    """Return the names that are others in the file, from the firm's file and the options.

    Raises
    ------
    ArgumentError
        RR111 for a name that the vendor does not have.
    """
    rename = {**settings.rename, **options.rename}
    if unknown := [key for key in rename if key not in names]:
        raise ArgumentError("RR111", f"rename has {unknown[0]!r}; it must be one of {', '.join(names)}.")
    return rename


def is_file_with(path: Path, column: str) -> bool:
    """Say whether a path is one file, not a folder, with this column."""
    return path.is_file() and looks_like(path, "tickets", (column,))


def read_interface(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    columns: Mapping[str, str],
    times: Sequence[str],
    zone: str,
) -> Stream:
    """Read the CSV of a user interface into ``rows_raw``, with its times in UTC.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    path : Path
    columns : mapping of str to str
        The vendor's column names to those of the file; the first must be there.
    times : sequence of str
        Those that hold times; the first must be there too.
    zone : str
        Whose clock they were read off, where they do not say.

    Raises
    ------
    DataError
        RR104 for a file without rows, and what :func:`~retaliation_risk.adapters._records.records` raises.
    """
    required = (next(iter(columns)), times[0])
    stream = records(connection, "rows_read", path, "tickets", columns, required=required, main=True)
    if not stream.rows:
        raise DataError("RR104", f"{path.name} has a header and no rows.")
    shown = ", ".join(f"{off_clock(name(time), zone)} AS {name(time)}" for time in times)
    connection.execute(f"CREATE TABLE rows_raw AS SELECT * REPLACE ({shown}) FROM rows_read")
    connection.execute("DROP TABLE rows_read")
    return stream


def empty_streams(
    connection: duckdb.DuckDBPyConnection, streams: Mapping[str, Sequence[str]], *, made: Sequence[str]
) -> None:
    """Make empty tables of those streams that a file of another form does not have."""
    for stream in streams:
        if stream not in made:
            columns = ", ".join(f"{column} VARCHAR" for column in streams[stream])
            connection.execute(f"CREATE TABLE {stream}_raw ({columns})")


def requester(path: Path, columns: Mapping[str, str], candidates: Sequence[str]) -> str:
    """Return the one column of a file that says who asked; two of them mixed would make two customers of one.

    Raises
    ------
    DataError
        RR101 if it has none of them.
    """
    found = columns_of(path)
    if keys := [key for key in candidates if columns[key] in found]:
        return keys[0]
    wanted = " or ".join(map(repr, candidates))
    raise DataError("RR101", f"{path.name} lacks {wanted}; without it nobody knows whose ticket it is.")


def repeated(ask: Ask, tables: Iterable[str]) -> int:
    """Count the rows that repeat the id of another row of their stream."""
    return sum(
        ask.count(f"FROM {table}") - ask.count(f"FROM (SELECT DISTINCT id FROM {table})") for table in tables
    )
