"""Writing a folder of tables: whole or not at all, the same rows always in the same order."""

from __future__ import annotations

from pathlib import Path

from retaliation_risk._folders import fresh_folder
from retaliation_risk._validate import one_of
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
        Parquet has microsecond times without a zone (UTC), CSV has ISO 8601 times with ``Z``.

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
        tables.connection.execute(_copy(name, folder / f"{name}.{format}", format))


def _copy(name: str, path: Path, format: str) -> str:
    columns = ", ".join(_written(column, format) for column in CONTRACT[name].columns)
    rows = f"SELECT {columns} FROM (FROM {quoted(name)} ORDER BY ALL NULLS FIRST)"
    return f"COPY ({rows}) TO {literal(str(path))} ({_OPTIONS[format]})"


def _written(column: Column, format: str) -> str:
    name = quoted(column.name)
    if column.kind == "time" and format == "csv":
        return f"replace(CAST({name} AS VARCHAR), ' ', 'T') || 'Z' AS {name}"
    return name
