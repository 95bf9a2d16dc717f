"""Frames: pandas columns as DuckDB reads them without guessing."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from retaliation_risk.tables._feeds import Feed, delivered

_AS_THEY_ARE = (
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float32",
    "float64",
    "bool",
)


def frame_feed(connection: duckdb.DuckDBPyConnection, table: str, frame: pd.DataFrame) -> Feed:
    """Register a frame by column position and return its feed."""
    plain = {f"c{position}": _plain(frame.iloc[:, position]) for position in range(frame.shape[1])}
    view = f"_frame_{table}"
    connection.register(view, pd.DataFrame(plain))
    return Feed(table, table, "", view, delivered(connection, view, [str(name) for name in frame.columns]))


def _plain(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return the column as numbers, booleans, UTC times cut to microseconds, or text."""
    column = column.reset_index(drop=True)
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    if pd.api.types.is_datetime64_dtype(column.dtype):
        column = column.dt.floor("us").astype("datetime64[us]")
        return column
    if str(column.dtype).lower() in (*_AS_THEY_ARE, "boolean"):
        return column
    text: pd.Series[Any] = column.astype(object).map(word).astype("string")
    return text


def word(cell: Any) -> str | None:
    """Return a cell as text: whole numbers without ``.0``, times in UTC as ISO 8601, missing as None."""
    if isinstance(cell, str):
        return cell
    if cell is None or cell is pd.NaT or cell is pd.NA or cell != cell:
        return None
    if isinstance(cell, bytes):
        return cell.decode(errors="replace")
    if isinstance(cell, datetime):
        return (cell.astimezone(UTC) if cell.tzinfo else cell).isoformat()
    whole = isinstance(cell, float | Decimal | np.floating) and cell % 1 == 0
    return str(int(cell)) if whole else str(cell)
