"""The form of a file: what a look at its first megabyte says about how it holds its records."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from retaliation_risk.adapters._sources import (
    JSON,
    PARQUET,
    SourceFile,
    check_source,
    first_text,
    said,
    suffix,
    unreadable,
)
from retaliation_risk.tables._feeds import delimiter_of
from retaliation_risk.tables._sql import literal

ENVELOPES = ("results", "records", "issues", "values", "conversations", "data", "items")
"""Keys under which the answer of an API keeps its records, besides the stream's own name."""

MESSAGE_TYPES = (
    "RECORD", "SCHEMA", "STATE", "ACTIVATE_VERSION",  # Singer
    "LOG", "TRACE", "SPEC", "CATALOG", "CONNECTION_STATUS",  # Airbyte
)  # fmt: skip
RAW = "_airbyte_data"
"""Column of the tables in which Airbyte keeps records as they came."""

_ENVELOPE_SEEN = 4000
"""Characters of an answer in which the key that holds the records must begin."""


@dataclass(frozen=True)
class Form:
    """How a file holds its records.

    ``kind`` is ``csv``, ``parquet``, ``array`` (a JSON list), ``lines`` (a JSON record per line), ``messages`` (of Singer
    or Airbyte), ``raw`` (Airbyte's raw tables) or ``answers`` (of an API, with the records under ``envelope``).
    """

    kind: str
    columns: tuple[str, ...] = ()
    delimiter: str = ""
    envelope: str = ""


def columns_of(path: Path, stream: str = "") -> tuple[str, ...]:
    """Return the column names of a CSV or Parquet file, or the keys of the first record of a JSON file.

    An answer of an API may hold its records under the name of the ``stream``.

    Raises
    ------
    DataError
        RR107, RR102 or RR103 for a file that cannot be used.
    """
    return form_of(check_source(Path(path)), stream).columns


def form_of(source: SourceFile, stream: str) -> Form:
    """Return how a checked file holds the records of a stream.

    Raises
    ------
    DataError
        RR102 for what is neither CSV nor JSON nor Parquet.
    """
    if suffix(source.path) in PARQUET:
        return Form("parquet", tuple(_parquet_columns(source.path)))
    text = first_text(source).lstrip()
    if suffix(source.path) not in JSON and text[:1] not in ("{", "["):
        return _csv_form(source.path, text)
    return _array_form(text) if text.startswith("[") else _object_form(source.path, text, stream)


def numbered(names: Sequence[str]) -> list[str]:
    """Return header names without spaces around them; a name's second place becomes ``name.1``, its third ``name.2``.

    Examples
    --------
    >>> numbered(["Comment", "Id ", "Comment", "Comment"])
    ['Comment', 'Id', 'Comment.1', 'Comment.2']
    """
    told: list[str] = []
    for place, name in enumerate(stripped := [name.strip() for name in names]):
        before = stripped[:place].count(name)
        told.append(f"{name}.{before}" if before else name)
    return told


def _parquet_columns(path: Path) -> list[str]:
    try:
        with duckdb.connect() as connection:
            found = connection.execute(
                f"DESCRIBE SELECT * FROM read_parquet({literal(str(path))})"
            ).fetchall()
    except duckdb.Error as error:
        raise unreadable(path, f"is no whole Parquet file: {said(error)}") from error
    return [str(row[0]) for row in found]


def _csv_form(path: Path, text: str) -> Form:
    try:
        delimiter = delimiter_of(text.split("\n", 1)[0])
        header = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error as error:
        raise unreadable(path, f"has no header that can be read ({error})") from error
    columns = numbered(header)
    return Form("raw" if RAW in columns else "csv", tuple(columns), delimiter)


def _array_form(text: str) -> Form:
    return Form("array", _keys(_first_value(text[1:])))


def _object_form(path: Path, text: str, stream: str) -> Form:
    envelopes = "|".join(map(re.escape, filter(None, (stream, *ENVELOPES))))
    opening = re.match(rf'\{{[^\[]{{0,{_ENVELOPE_SEEN}}}?"({envelopes})"\s*:\s*\[', text)
    if opening and (opening[1] == stream or not re.search(r'"(id|key)"\s*:', opening[0])):
        return Form("answers", _keys(_first_value(text[opening.end() :])), envelope=opening[1])
    first = _first_value(text)
    if not isinstance(first, dict):
        raise unreadable(path, "is no JSON: its first record is not whole, or is none")
    if first.get("type") in MESSAGE_TYPES:
        return Form("messages")
    if RAW in first:
        return Form("raw", _keys(first[RAW]))
    return Form("lines", _keys(first))


def _first_value(text: str) -> Any:
    try:
        return json.JSONDecoder().raw_decode(text.lstrip())[0]
    except (json.JSONDecodeError, RecursionError):
        return None


def _keys(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, dict) else ()
