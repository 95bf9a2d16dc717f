"""The file door: which files hold a stream, how their text is encoded, and whether they are whole."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from retaliation_risk.errors import DataError

TABULAR = (".csv", ".tsv", ".txt")
JSON = (".jsonl", ".ndjson", ".json")
PARQUET = (".parquet",)
SUFFIXES = (*TABULAR, *JSON, *PARQUET)

MESSAGES = ("messages", "singer", "airbyte")
"""Names of a file in a folder that holds several streams as Singer or Airbyte messages."""

_CHUNK = 1 << 20
_NOISE = re.compile(r"^[A-Z][A-Za-z ]+ Error: |( in )?\bfile (\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_TELLING = re.compile(r" on Line:|Expected|unterminated|Malformed", re.IGNORECASE)
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_PART = r"[-_.]?(part[-_.]?)?\d[\w.-]*"


@dataclass(frozen=True)
class SourceFile:
    """One file that was read to its end: its name, the sha256 of its bytes and the encoding of its text."""

    path: Path
    sha256: str
    encoding: str

    @property
    def name(self) -> str:
        """Name without the folder."""
        return self.path.name


def stem(path: Path) -> str:
    """Return a file's name without its suffixes, in lower case.

    Examples
    --------
    >>> stem(Path("export/Tickets.jsonl.gz"))
    'tickets'
    """
    name = path.name.lower().removesuffix(".gz")
    return name.removesuffix(suffix(path))


def suffix(path: Path) -> str:
    """Return which of :data:`SUFFIXES` a file has, before ``.gz``; empty if none.

    Examples
    --------
    >>> suffix(Path("tickets.CSV.gz")), suffix(Path("notes.md"))
    ('.csv', '')
    """
    name = path.name.lower().removesuffix(".gz")
    return next((each for each in SUFFIXES if name.endswith(each)), "")


def stream_files(path: Path, stream: str) -> list[Path]:
    """Return the files that may hold a stream: the file itself, or those of a folder with the stream's name.

    Parameters
    ----------
    path : Path
        A file, or a folder with ``<stream>.csv``, parts such as ``<stream>-0001.jsonl``, or one file of Singer or Airbyte
        messages (:data:`MESSAGES`) with every stream.
    stream : str
        Small and capital letters count for nothing.

    Raises
    ------
    DataError
        RR107 if there is neither a file nor a folder.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise DataError("RR107", f"there is no file or folder {path}.")
    files = [file for file in sorted(path.iterdir()) if file.is_file() and suffix(file)]
    named = re.compile(re.escape(stream.lower()) + f"({_PART})?")
    return [file for file in files if named.fullmatch(stem(file))] or [
        file for file in files if stem(file) in MESSAGES
    ]


def check_source(path: Path) -> SourceFile:
    """Read a file to its end, so that a cut or corrupt one is refused before anything is made from it.

    Text is UTF-8, or UTF-16 with a byte order mark, or else cp1252, in which nearly every byte means something: that it is
    said which one it was is part of the import report.

    Parameters
    ----------
    path : Path

    Returns
    -------
    SourceFile
        With the hash of the file's own bytes (packed, if it is packed).

    Raises
    ------
    DataError
        RR107 not found, RR102 cut short, corrupt or in none of the three encodings, RR103 empty.
    """
    encoding = "" if suffix(path) in PARQUET else _encoding(path)
    with path.open("rb") as file:
        return SourceFile(path, hashlib.file_digest(file, "sha256").hexdigest(), encoding)


def first_text(source: SourceFile, size: int = _CHUNK) -> str:
    """Return the first characters of a checked file, up to about ``size`` bytes, without its byte order mark."""
    decoder = codecs.getincrementaldecoder(source.encoding)()
    text = ""
    for chunk in _unpacked(source.path):
        text += decoder.decode(chunk)
        if len(text) >= size:
            break
    return text.removeprefix("\ufeff")


def as_utf8(source: SourceFile, scratch: Path) -> Path:
    """Return the file as DuckDB reads it: itself where it is UTF-8, else a copy in UTF-8 in the folder ``scratch``."""
    if source.encoding in ("", "utf-8", "utf-8-sig"):
        return source.path
    copy = scratch / f"{source.sha256[:16]}{suffix(source.path)}"
    decoder = codecs.getincrementaldecoder(source.encoding)()
    with copy.open("w", encoding="utf-8", newline="") as out:
        for chunk in _unpacked(source.path):
            out.write(decoder.decode(chunk))
    return copy


def _encoding(path: Path) -> str:
    first = next(_unpacked(path), b"")
    if not first.strip():
        raise DataError("RR103", f"{path.name} holds no header and no rows.")
    marked = next((name for mark, name in _BOMS if first.startswith(mark)), None)
    tried = [marked] if marked else ["utf-8", "cp1252"]
    if encoding := next((name for name in tried if _decodes(path, name)), None):
        return encoding
    raise unreadable(path, f"is no text in {' or '.join(tried)}")


def _decodes(path: Path, encoding: str) -> bool:
    decoder: Callable[..., str] = codecs.getincrementaldecoder(encoding)().decode
    try:
        for chunk in _unpacked(path):
            if encoding != "utf-16" and b"\0" in chunk:
                return False
            decoder(chunk)
        decoder(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _unpacked(path: Path) -> Iterator[bytes]:
    if not path.is_file():
        raise DataError("RR107", f"there is no file {path}.")
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise unreadable(path, f"cannot be unpacked ({str(error).rstrip('.')})") from error
    except OSError as error:
        raise unreadable(path, f"cannot be read ({error.strerror})") from error


def unreadable(path: Path, why: str) -> DataError:
    """Return RR102 with a file's name."""
    return DataError("RR102", f"{path.name} {why}.")


def said(error: duckdb.Error) -> str:
    """Return what DuckDB found wrong with a file, on one line, without the file's folder and without its advice."""
    lines = [line.strip() for line in str(error).splitlines()]
    wanted = [line for line in lines if _TELLING.search(line)] or lines[:1]
    return _NOISE.sub("", "; ".join(wanted[:3])).rstrip(".")
