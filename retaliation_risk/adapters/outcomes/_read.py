"""Reading a file of posts, from its mapping to the tables with outcomes added."""

from __future__ import annotations

from pathlib import Path

import duckdb

from retaliation_risk.adapters._adapter import DEFAULT, Imported, Options, begin, finish
from retaliation_risk.adapters._report import count_report
from retaliation_risk.adapters.outcomes._file import OutcomesMapping, read_outcomes_mapping
from retaliation_risk.adapters.outcomes._posts import make_posts, read_contacts, read_posts
from retaliation_risk.adapters.outcomes._said import said
from retaliation_risk.adapters.outcomes._ways import COLUMNS, add_outcomes, match_posts
from retaliation_risk.errors import ArgumentError, DataError
from retaliation_risk.tables import read_tables


def detect(path: Path) -> bool:
    """Say no: what a column means is never certain from its name.

    Examples
    --------
    >>> detect(Path("reviews.csv"))
    False
    """
    return False


def read(
    path: Path, connection: duckdb.DuckDBPyConnection | None = None, options: Options = DEFAULT
) -> Imported:
    """Add the acts of a file to the outcomes of tables.

    Parameters
    ----------
    path : Path
        CSV, JSON or Parquet, a row per act.
    connection : duckdb.DuckDBPyConnection, optional
        Empty database to hold the tables; in memory without it.
    options : Options
        ``mapping``, ``tables``, ``contacts``, ``secret`` and ``exported_at`` (which goes before the mapping's own).

    Returns
    -------
    Imported
        With ``matching/matches.csv`` beside the tables.

    Raises
    ------
    ArgumentError
        RR111 without a mapping or tables, or without contacts, a secret or a time of export where they are needed.
    DataError
        RR150 and RR151 for the mapping; RR101, RR104, RR105, RR107 and RR205 for a file; RR152 for kinds of acts that the
        mapping does not name; RR154 and RR155 for a probable match; or a ContractError with everything else.
    """
    mapping, folder = _asked(Path(path), options)
    connection = begin(connection)
    options.tell("reading the tables")
    read_tables(folder, connection=connection)
    options.tell(f"reading {Path(path).name}")
    streams = [read_posts(connection, Path(path), mapping)]
    made = make_posts(connection, mapping, secret=options.secret, exported_at=options.exported_at)
    if mapping.contact_columns and options.contacts is not None:
        streams.append(read_contacts(connection, options.contacts, mapping))
    options.tell("joining posts to customers")
    matches, matching = match_posts(connection, mapping)
    there = add_outcomes(connection, matches)
    told = said(connection, matches, made, there, folder=folder, secret=options.secret)
    options.tell("checking the tables")
    tables = finish(connection)
    report = count_report(
        tables, adapter="outcomes", path=Path(path), streams=streams, matching=matching, **told
    )
    return Imported(tables, report, {"matching/matches.csv": matches[COLUMNS]})


def _asked(path: Path, options: Options) -> tuple[OutcomesMapping, Path]:
    """Return the mapping and the folder of tables, or say what is not given."""
    if not path.exists():
        raise DataError("RR107", f"there is no file or folder {path}.")
    if options.mapping is None:
        raise ArgumentError(
            "RR111", "mapping is not given; it must be a TOML file that says what the columns mean."
        )
    if options.tables is None:
        raise ArgumentError(
            "RR111", "tables is not given; it must be the folder of tables to add outcomes to."
        )
    mapping = read_outcomes_mapping(options.mapping)
    if mapping.contact_columns and options.contacts is None:
        columns = ", ".join(map(repr, mapping.contact_columns))
        raise ArgumentError(
            "RR111", f"contacts is not given; it must be a file with customer_id, {columns} of customers."
        )
    return mapping, options.tables
