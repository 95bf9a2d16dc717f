"""The file door of every adapter: whole, text, with a header and rows, or one line saying why not."""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import duckdb

from retaliation_risk.errors import DataError

_CHUNK = 1 << 20


def read_header(path: Path) -> list[str]:
    """Column names of a csv or csv.gz file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    list of str

    Raises
    ------
    DataError
        RR107 if there is no such file, RR102 if it is not readable text, RR103 if it is empty.
    """
    text = bytearray()
    for chunk in _unpacked(path):
        text += chunk
        if b"\n" in chunk:
            break
    if not text.strip():
        raise DataError("RR103", f"{path.name} holds no header and no rows.")
    first = _decoded(path, bytes(text)).removeprefix("\ufeff")
    try:
        names = next(csv.reader(io.StringIO(first, newline="")), [])
    except csv.Error as error:
        raise DataError("RR102", f"{path.name} has no header that can be read ({error}).") from error
    return [name.strip() for name in names]


def check_file(path: Path) -> str:
    """Read a file to its end, so that a cut or corrupt one is refused before anything is made from it.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        SHA-256 of the file's own bytes (packed, if it is packed), in hexadecimal.

    Raises
    ------
    DataError
        RR107 not found, RR102 cut short, corrupt or not UTF-8.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in _unpacked(path):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"is not UTF-8 text (byte {error.object[error.start]:#04x})") from error
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_columns(path: Path, found: Sequence[str], wanted: Collection[str], *, vendor: str) -> None:
    """Raise RR102 if a file is not this vendor's at all, RR101 if columns are missing."""
    missing = [name for name in wanted if name not in found]
    if len(missing) == len(wanted):
        raise _unreadable(
            path, f"is not {vendor}: it has none of the columns {', '.join(wanted)}, but {_few(found)}"
        )
    if missing:
        raise DataError("RR101", f"{path.name} lacks {', '.join(map(repr, missing))}; it has {_few(found)}.")
    if twice := sorted({name for name in found if found.count(name) > 1}):
        raise _unreadable(path, f"has the column {twice[0]!r} twice")


def load_text(
    connection: duckdb.DuckDBPyConnection, table: str, path: Path, names: Sequence[str], kept: Sequence[str]
) -> int:
    """Copy columns of a csv file, all as text, into a DuckDB table; ``?`` and empty cells become NULL.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    table : str
        Name of the table to make.
    path : Path
    names, kept : sequence of str
        The file's columns in order, and those to keep.

    Returns
    -------
    int
        Number of rows; never 0 (RR104).
    """
    chosen = ", ".join('"' + name.replace('"', '""') + '"' for name in kept)
    try:
        connection.execute(
            f"CREATE TABLE {table} AS SELECT {chosen} FROM read_csv(?, columns = ?, auto_detect = false,"
            " header = true, delim = ',', quote = '\"', escape = '\"', nullstr = ['?', ''])",
            [str(path), dict.fromkeys(names, "VARCHAR")],
        )
    except duckdb.Error as error:
        raise _unreadable(path, "is not a whole csv file: " + _first_lines(str(error))) from error
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    if not row or not row[0]:
        raise DataError("RR104", f"{path.name} has a header and no rows.")
    return int(row[0])


def _unpacked(path: Path) -> Iterator[bytes]:
    if not path.is_file():
        raise DataError("RR107", f"there is no file {path}.")
    packed = path.suffix == ".gz"
    try:
        with gzip.open(path, "rb") if packed else path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _unreadable(path, f"cannot be unpacked ({str(error).rstrip('.')})") from error
    except OSError as error:
        raise _unreadable(path, f"cannot be read ({error.strerror})") from error


def _decoded(path: Path, text: bytes) -> str:
    first = text.split(b"\n", 1)[0] + b"\n"
    try:
        return first.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"is not UTF-8 text (byte {error.object[error.start]:#04x})") from error


def _unreadable(path: Path, why: str) -> DataError:
    return DataError("RR102", f"{path.name} {why}.")


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:6]))
    return shown + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def _first_lines(message: str) -> str:
    wanted = [
        line
        for line in message.splitlines()
        if " on Line:" in line or "Expected" in line or "unterminated" in line
    ]
    return "; ".join(wanted[:3]).rstrip(".") or message.splitlines()[0].rstrip(".")
