"""Records: one stream of an export, in whatever file it comes, as a DuckDB table of text.

A stream is a CSV or Parquet file, a JSON array, one JSON record per line, the answers of an API kept as they came
(``{"tickets": [...]}``), or the messages of a Singer tap or an Airbyte connector. Only the named columns are kept; what is
nested stays JSON text, which DuckDB's ``->>`` opens.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from retaliation_risk.adapters._forms import RAW, Form, form_of
from retaliation_risk.adapters._sources import (
    SourceFile,
    as_utf8,
    check_source,
    said,
    stem,
    stream_files,
    unreadable,
)
from retaliation_risk.errors import DataError
from retaliation_risk.tables._cast import value
from retaliation_risk.tables._sql import literal
from retaliation_risk.tables._sql import name as quoted
from retaliation_risk.tables.contract import Column

_LONGEST_ANSWER = 1 << 28
"""Bytes that one answer of an API may have; any other record may have DuckDB's own 16 MB."""

_JSON_FORMATS = {"array": "array", "lines": "newline_delimited", "messages": "newline_delimited",
                 "raw": "newline_delimited", "answers": "unstructured"}  # fmt: skip


@dataclass(frozen=True)
class Stream:
    """One stream as it was read.

    ``files`` are none if there is no such stream; ``filled`` are the columns of the table that some row fills; ``names`` are
    those of the header, or of the first record.
    """

    name: str
    files: tuple[SourceFile, ...]
    forms: tuple[str, ...]
    rows: int
    filled: frozenset[str]
    names: tuple[str, ...]


def records(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    path: Path,
    stream: str,
    columns: Sequence[str] | Mapping[str, str],
    *,
    required: Sequence[str] = (),
    main: bool = False,
) -> Stream:
    """Make a table of text from one stream; DuckDB reads the files, and nothing passes through Python row by row.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    table : str
        Name of the table to make. Its ``rowid`` is the order of the records in the files; empty text is NULL.
    path : Path
        A file (``.csv .tsv .txt .json .jsonl .ndjson .parquet``, all but the last also ``.gz``) or a folder of them, see
        :func:`~retaliation_risk.adapters._sources.stream_files`.
    stream : str
        Its name: of the file in a folder, of a message's stream, of the key that holds an answer's records.
    columns : sequence of str, or mapping of str to str
        The columns of the table; as a mapping, to the name in the records. A column that no record has is NULL. Of
        repeated header names the second is ``name.1``, the third ``name.2``.
    required : sequence of str
        Those of ``columns`` that some record must fill.
    main : bool
        Whether a plain file of any other name is this stream, when ``path`` is a file.

    Returns
    -------
    Stream
        Without files where there is no such stream: then the table is there, and empty.

    Raises
    ------
    DataError
        RR107, RR102 and RR103 for files that cannot be used, RR101 for a required column that is not there.
    """
    wanted = dict(columns) if isinstance(columns, Mapping) else {name: name for name in columns}
    connection.execute(f"CREATE TABLE {table} ({', '.join(f'{quoted(name)} VARCHAR' for name in wanted)})")
    opened = [_opened(file, stream) for file in stream_files(Path(path), stream)]
    held = [(source, form) for source, form in opened if _holds(source, form, stream, main or path.is_dir())]
    for source, form in held:
        _insert(connection, table, source, form, stream, wanted)
    rows, filled = _counted(connection, table, wanted)
    forms = tuple(dict.fromkeys(form.kind for _, form in held))
    _check_required(path, stream, wanted, [name for name in required if name not in filled and rows])
    names = tuple(dict.fromkeys(name for _, form in held for name in form.columns))
    return Stream(stream, tuple(source for source, _ in held), forms, rows, filled, names)


def callable_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names by which a table's columns can be called: not empty, and of those in other letters the first.

    Examples
    --------
    >>> callable_names(["Id", "", "id", "Status"])
    ('Id', 'Status')
    """
    found: dict[str, str] = {}
    for name in filter(None, names):
        found.setdefault(name.casefold(), name)
    return tuple(found.values())


def check_filled(stream: Stream, wanted: Sequence[str]) -> None:
    """Raise RR104 if a stream has no rows, and RR101 if it has no column of a name, with the nearest name that it has."""
    if not stream.rows:
        raise DataError("RR104", f"{stream.files[0].name} has no rows.")
    missing = [column for column in wanted if column not in stream.filled and column not in stream.names]
    if missing:
        near = difflib.get_close_matches(missing[0], stream.names, n=1, cutoff=0.4)
        hint = (
            f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(map(repr, stream.names[:20]))}."
        )
        raise DataError("RR101", f"{stream.files[0].name} has no {', '.join(map(repr, missing))}{hint}")


def utc(words: str) -> str:
    """Return SQL for the UTC time that text in ISO 8601 says; without a zone it is UTC, and NULL where it is no time."""
    return value(Column("time", "time", ""), words, "VARCHAR")


def _opened(path: Path, stream: str) -> tuple[SourceFile, Form]:
    source = check_source(path)
    return source, form_of(source, stream)


def _holds(source: SourceFile, form: Form, stream: str, main: bool) -> bool:
    return main or form.kind == "messages" or form.envelope == stream or stem(source.path) == stream.lower()


def _insert(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    source: SourceFile,
    form: Form,
    stream: str,
    wanted: Mapping[str, str],
) -> None:
    with TemporaryDirectory(prefix="records-") as scratch:
        path = as_utf8(source, Path(scratch))
        select = (
            _flat(path, form, wanted)
            if form.kind in ("csv", "parquet")
            else _nested(path, form, stream, wanted)
        )
        try:
            connection.execute(f"INSERT INTO {table} {select}")
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            raise unreadable(source.path, f"is not whole: {said(error)}") from error


def _flat(path: Path, form: Form, wanted: Mapping[str, str]) -> str:
    """Select columns of a CSV or Parquet file; they are called by position, as names may be anything."""
    places = {name: f"c{place}" for place, name in enumerate(form.columns)}
    cells = [_cell(quoted(places[theirs]) if theirs in places else "NULL") for theirs in wanted.values()]
    named = ", ".join(f"c{place}" for place in range(len(form.columns)))
    return f"SELECT {', '.join(cells)} FROM {_rows(path, form)} AS file({named})"


def _rows(path: Path, form: Form) -> str:
    if form.kind == "parquet":
        return f"read_parquet({_file(path)})"
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(form.columns)))
    return (
        f"read_csv({_file(path)}, auto_detect = false, header = true, delim = {literal(form.delimiter)}, quote = '\"',"
        f" escape = '\"', nullstr = '', columns = {{{columns}}})"
    )


def _nested(path: Path, form: Form, stream: str, wanted: Mapping[str, str]) -> str:
    """Select keys of JSON records, all in one pass over each record; what is nested becomes JSON text."""
    shape = literal(json.dumps(dict.fromkeys(wanted.values(), "VARCHAR")))
    cells = ", ".join(_cell(f"record[{literal(theirs)}]") for theirs in wanted.values())
    return f"SELECT {cells} FROM (SELECT from_json(body, {shape}) AS record FROM ({_bodies(path, form, stream)}))"


def _bodies(path: Path, form: Form, stream: str) -> str:
    if form.kind == "raw" and form.delimiter:
        place = form.columns.index(RAW)
        return f"SELECT CAST(c{place} AS JSON) AS body FROM {_rows(path, form)}"
    size = f", maximum_object_size = {_LONGEST_ANSWER}" if form.kind == "answers" else ""
    read = f"read_json_objects({_file(path)}, format = '{_JSON_FORMATS[form.kind]}'{size})"
    if form.kind == "messages":
        return _message_bodies(read, stream)
    if form.kind == "answers":
        return f"""SELECT unnest(from_json(json -> {_key(form.envelope)}, '["JSON"]')) AS body FROM {read}"""
    if form.kind == "raw":
        # Older versions of Airbyte wrote the record as a string that holds JSON.
        inner = f"json -> {_key(RAW)}"
        return (
            f"SELECT CASE WHEN json_type({inner}) = 'VARCHAR' THEN CAST(json ->> {_key(RAW)} AS JSON) ELSE {inner} END"
            f" AS body FROM {read}"
        )
    return f"SELECT json AS body FROM {read}"


def _message_bodies(read: str, stream: str) -> str:
    """Singer says the stream beside the record, Airbyte inside it, beside the data."""
    return (
        "SELECT CASE WHEN said.stream IS NULL THEN said.record -> '$.data' ELSE said.record END AS body FROM (SELECT"
        ' from_json(json, \'{"type": "VARCHAR", "stream": "VARCHAR", "record": "JSON"}\') AS said'
        f" FROM {read}) WHERE said.type = 'RECORD'"
        f" AND lower(coalesce(said.stream, said.record ->> '$.stream')) = {literal(stream.lower())}"
    )


def _key(name: str) -> str:
    return literal(f'$."{name}"')


def _cell(expression: str) -> str:
    return f"nullif(CAST({expression} AS VARCHAR), '')"


def _file(path: Path) -> str:
    """Return the path as DuckDB must be told it: ``*``, ``?`` and ``[`` in a name are no pattern."""
    return literal("".join(f"[{mark}]" if mark in "*?[" else mark for mark in str(path)))


def _counted(
    connection: duckdb.DuckDBPyConnection, table: str, wanted: Mapping[str, str]
) -> tuple[int, frozenset[str]]:
    counts = ", ".join(f"count({quoted(name)})" for name in wanted)
    rows, *filled = connection.execute(f"SELECT count(*), {counts} FROM {table}").fetchall()[0]
    return int(rows), frozenset(name for name, count in zip(wanted, filled, strict=True) if count)


def _check_required(path: Path, stream: str, wanted: Mapping[str, str], missing: Sequence[str]) -> None:
    if missing:
        theirs = ", ".join(repr(wanted[name]) for name in missing)
        raise DataError("RR101", f"{stream} in {path.name}: no record has {theirs}.")
