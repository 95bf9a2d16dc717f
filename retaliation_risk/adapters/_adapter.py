"""What every adapter has and is given: detect and read, options, and a database that may be larger than memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd

from retaliation_risk._folders import scratch_folder
from retaliation_risk.adapters._report import ImportReport
from retaliation_risk.errors import ArgumentError
from retaliation_risk.tables import CONTRACT, Tables, tables_from_relations
from retaliation_risk.tables._sql import literal


def _silent(step: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Options:
    """What an import is told beside the path; an adapter reads what it needs.

    Parameters
    ----------
    rename : mapping of str to str
        The vendor's column names that are others in the file: the vendor's to yours.
    time_format : str, optional
        How times are written, as strptime takes it, where the adapter's own way is not the file's.
    secret : bytes, optional
        Makes contact keys of e-mail addresses, see :func:`~retaliation_risk.influence.contact_key`. Without it there
        are no keys; addresses themselves are never kept.
    exported_at : datetime, optional
        When the export was made: from when what only a snapshot shows is known, and after which no time may lie.
    mapping : Path, optional
        The TOML file of the adapters ``mapping`` and ``outcomes``.
    tables : Path, optional
        The canonical tables to which the adapter ``outcomes`` adds.
    contacts : Path, optional
        Names and the like of customers, for the adapter ``outcomes``; read and never stored.
    tell : callable
        Is told each step as it begins.
    """

    rename: Mapping[str, str] = field(default_factory=dict)
    time_format: str | None = None
    secret: bytes | None = field(default=None, repr=False)
    exported_at: datetime | None = None
    mapping: Path | None = None
    tables: Path | None = None
    contacts: Path | None = None
    tell: Callable[[str], None] = _silent


DEFAULT = Options()
"""Nothing said beside the path."""


@dataclass(frozen=True)
class Imported:
    """Canonical tables, checked, in the connection in which they were made, and the report on how.

    ``beside`` are tables for the reader, by the name of their CSV file: in a sub-folder, as they are no canonical ones.
    """

    tables: Tables
    report: ImportReport
    beside: Mapping[str, pd.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True)
class Adapter:
    """One vendor: does a path look like its export, and what tables does it hold.

    ``read`` takes the path, a connection (an empty one; in memory without it) and :class:`Options`.
    """

    about: str
    detect: Callable[[Path], bool]
    read: Callable[..., Imported]


@contextmanager
def import_database(folder: Path, memory: str | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty database in a folder, so that an import needs disk rather than memory; gone after the block.

    Parameters
    ----------
    folder : Path
        Where a sub-folder may be made for it.
    memory : str, optional
        The most that DuckDB may hold, such as ``"2GB"``; four fifths of the machine without it.

    Raises
    ------
    ArgumentError
        RR111 for a ``memory`` that DuckDB does not understand.
    """
    with scratch_folder(folder) as scratch, duckdb.connect(str(scratch / "import.duckdb")) as connection:
        connection.execute(f"SET temp_directory = {literal(str(scratch / 'spill'))}")
        connection.execute("SET TimeZone = 'UTC'")
        if memory is not None:
            try:
                connection.execute(f"SET memory_limit = {literal(memory)}")
            except duckdb.Error as error:
                raise ArgumentError("RR111", f"memory is {memory!r}; it must be such as 2GB.") from error
        yield connection


def begin(connection: duckdb.DuckDBPyConnection | None) -> duckdb.DuckDBPyConnection:
    """Return the connection (one in memory without it), in which new tables now go to the schema ``made``.

    There an adapter may name its tables as it likes, the canonical ones too, until :func:`finish`.
    """
    connection = connection or duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("CREATE SCHEMA made")
    connection.execute("SET search_path = 'made,main'")
    return connection


def finish(connection: duckdb.DuckDBPyConnection, *, now: datetime | None = None) -> Tables:
    """Type and check the tables that an adapter made under canonical names; from here on these names mean the checked ones.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        From :func:`begin`.
    now : datetime, optional
        The time of the export; later times are errors (RR207).

    Raises
    ------
    ContractError
        With every breach of every table at once; the connection is closed then.
    """
    made = connection.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'made'"
    ).fetchall()
    connection.execute("SET search_path = 'main,made'")
    return tables_from_relations(
        connection, {name: f"made.{name}" for (name,) in made if name in CONTRACT}, now=now
    )
