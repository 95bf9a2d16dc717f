"""Writing a folder of tables: whole or not at all, the same rows always in the same order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pandas as pd

from retaliation_risk._cells import quiet_sql
from retaliation_risk._folders import fresh_folder
from retaliation_risk._validate import one_of
from retaliation_risk.tables._cast import SQL_TYPES
from retaliation_risk.tables._sql import literal
from retaliation_risk.tables._sql import name as quoted
from retaliation_risk.tables.contract import CONTRACT, Column
from retaliation_risk.tables.store import Tables

_OPTIONS = {"parquet": "FORMAT parquet, COMPRESSION zstd", "csv": "FORMAT csv, HEADER true, DELIMITER ','"}


def write_tables(tables: Tables, folder: Path, *, format: str = "parquet") -> None:
    """Write each table to a file in a new folder.

    Parameters
    ----------
    tables : Tables
        What to write; all contract columns are written.
    folder : Path
        Must not exist. It appears when whole: the files are written beside it and the folder is renamed.
    format : {"parquet", "csv"}, default "parquet"
        Parquet has microsecond times without a zone (UTC), CSV has ISO 8601 times with ``Z`` and an apostrophe before text
        that a spreadsheet would run; :func:`read_tables` takes it away.

    Raises
    ------
    ArgumentError
        If the folder exists (RR108) or the format is another (RR111).
    """
    one_of("format", format, tuple(_OPTIONS))
    with fresh_folder(folder) as partial:
        write_files(tables, partial, format)


def write_files(tables: Tables, folder: Path, format: str) -> None:
    """Write each table to a file in a folder that is there."""
    for name in tables.names:
        rows = f"(FROM {quoted(name)} ORDER BY ALL NULLS FIRST)"
        tables.connection.execute(_copy(rows, name, folder / f"{name}.{format}", format))


def write_frames(frames: Mapping[str, pd.DataFrame], paths: Mapping[str, Path], format: str) -> None:
    """Write frames that are known to keep the contract, unchecked and in the order given: equal frames, equal bytes.

    Parameters
    ----------
    frames : mapping of str to pandas.DataFrame
        By canonical table name, with the types of the contract (times naive UTC, text as objects); contract columns that
        are not there are written empty.
    paths : mapping of str to Path
        The file of each.
    format : {"parquet", "csv"}
    """
    # One thread decides where row groups end; text is text, even where the first thousand cells are empty.
    with duckdb.connect(config={"threads": 1, "pandas_analyze_sample": 0}) as connection:
        for name, frame in frames.items():
            connection.register("given", frame)
            typed = ", ".join(_typed(column, frame) for column in CONTRACT[name].columns)
            connection.execute(_copy(f"(SELECT {typed} FROM given)", name, paths[name], format))
            connection.unregister("given")


def _typed(column: Column, frame: pd.DataFrame) -> str:
    value = quoted(column.name) if column.name in frame else "NULL"
    return f"CAST({value} AS {SQL_TYPES[column.kind]}) AS {quoted(column.name)}"


def _copy(relation: str, name: str, path: Path, format: str) -> str:
    columns = ", ".join(_written(column, format) for column in CONTRACT[name].columns)
    return f"COPY (SELECT {columns} FROM {relation}) TO {literal(str(path))} ({_OPTIONS[format]})"


def _written(column: Column, format: str) -> str:
    name = quoted(column.name)
    if column.kind == "time" and format == "csv":
        return f"replace(CAST({name} AS VARCHAR), ' ', 'T') || 'Z' AS {name}"
    if column.kind in ("id", "str") and format == "csv":
        return f"{quiet_sql(name)} AS {name}"
    return name
