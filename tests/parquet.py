"""Parquet files as frames, read by DuckDB: the tests need no other engine for them than the package does."""

from pathlib import Path

import duckdb
import pandas as pd


def read_parquet(path: Path) -> pd.DataFrame:
    """Read one file, or all of a folder."""
    files = path / "**/*.parquet" if path.is_dir() else path
    with duckdb.connect() as connection:
        return connection.execute("SELECT * FROM read_parquet(?)", [str(files)]).df()


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write one file."""
    with duckdb.connect() as connection:
        connection.register("frame", frame)
        connection.execute(f"COPY frame TO '{path}' (FORMAT parquet)")
