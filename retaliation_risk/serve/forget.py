"""Erasing a customer from the files of a run and its tables, and remembering only that somebody with this mark was erased.

Each file is written anew without her rows and then takes the place of the old one. Before the first table is replaced, the
checksums to come are noted in ``erasures.json`` of the run folder, so that the run still knows its tables.
"""

from __future__ import annotations

import csv
import fcntl
import hashlib
import hmac
import json
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb

from retaliation_risk.errors import DataError
from retaliation_risk.tables import CONTRACT
from retaliation_risk.tables._cast import text
from retaliation_risk.tables._feeds import file_feed, sha256
from retaliation_risk.tables._folder import table_files
from retaliation_risk.tables._renames import Renames
from retaliation_risk.tables._sql import literal
from retaliation_risk.tables._sql import name as quoted

ERASURES = "erasures.json"
REMAINS = (
    "The parameters of the trained model, learned from all customers together: train again to be rid of her part.",
    "Counts and scores over many customers in the run folder.",
    "The memory of other running processes: her rows, which no request reaches, until they restart or switch.",
    "Other runs made of these tables, copies and backups, which this run does not know of.",
)


def marks_of(secrets: Iterable[bytes], tenant: str, kind: str, name: str) -> tuple[str, ...]:
    """Return a keyed hash of a customer's or ticket's id under each secret: a mark that cannot be read back without one.

    Examples
    --------
    >>> len(marks_of([b"a secret of the firm"], "shop", "customer", "C1")[0])
    64
    """
    words = "\0".join((tenant, kind, name)).encode()
    return tuple(hmac.digest(secret, words, hashlib.sha256).hex() for secret in secrets)


def erase_files(run: Path, tables: Path, customer_id: str, tickets: Iterable[str]) -> dict[str, int]:
    """Erase a customer's rows from the tables and the run folder; may be done again after a crash.

    Parameters
    ----------
    run, tables : Path
        Run folder, and folder of tables. A database file in place of the folder is left as it is.
    customer_id : str
    tickets : iterable of str
        The customer's tickets, whose events go too.

    Returns
    -------
    dict of str to int
        Rows erased by file; files without any are not named.
    """
    with _in_turn(tables):
        erased = _erase_tables(run, tables, customer_id, set(tickets)) if tables.is_dir() else {}
        readouts = _erase_readout(run / "readout.sqlite", customer_id)
        listed = {path.name: _erase_lines(path, customer_id) for path in sorted(run.glob("*.csv"))}
    return {name: n for name, n in {**erased, "readout.sqlite": readouts, **listed}.items() if n}


def check_erasable(run: Path, tables: Path) -> None:
    """Return if an erasure can write run folder and tables; raise RR731 where it would stop half-way."""
    shut = [folder for folder in (run, tables) if folder.is_dir() and not os.access(folder, os.W_OK)]
    if shut:
        names = " and ".join(repr(folder.name) for folder in shut)
        raise DataError("RR731", f"{names} cannot be written to, and nothing was erased.")


@contextmanager
def _in_turn(tables: Path) -> Iterator[None]:
    """One erasure at a time, of all threads and processes: of two that write a file anew, the later brings back rows."""
    turn = os.open(tables, os.O_RDONLY)
    try:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield
    finally:
        os.close(turn)


def what_remains(run: Path, tables: Path, customer_id: str) -> tuple[str, ...]:
    """Say what an erasure cannot reach, naming the files of the run that still name the customer."""
    named = [path.name for path in sorted(run.iterdir()) if path.is_file() and _names(path, customer_id)]
    found = [f"{name} names her: make it again (retaliation-risk report)." for name in named]
    if not tables.is_dir():
        found.append(f"{tables.name} is a database: erase her rows there.")
    return (*found, *REMAINS)


def accepted_sums(run: Path) -> set[tuple[str, str]]:
    """Return file names and checksums that the tables of a run came to have by erasures."""
    path = run / ERASURES
    if not path.exists():
        return set()
    return {(each["file"], each["sha256"]) for each in json.loads(path.read_text(encoding="utf-8"))}


def _names(path: Path, customer_id: str) -> bool:
    return customer_id.encode() in path.read_bytes()


def _erase_tables(run: Path, folder: Path, customer_id: str, tickets: set[str]) -> dict[str, int]:
    files, _ = table_files(folder, Renames())
    made: dict[Path, Path] = {}
    erased: dict[str, int] = {}
    try:
        with duckdb.connect() as connection:
            connection.execute("CREATE TABLE gone (ticket_id VARCHAR)")
            if tickets:
                connection.executemany(
                    "INSERT INTO gone VALUES (?)", [[ticket] for ticket in sorted(tickets)]
                )
            for name, path in ((name, path) for name, paths in files.items() for path in paths):
                if n := _write_without(connection, name, path, customer_id):
                    made[path], erased[path.name] = _beside(path), n
        _note_sums(run, made)
        for path, new in made.items():
            _take_place(new, path)
    finally:
        for path in (path for paths in files.values() for path in paths):
            _beside(path).unlink(missing_ok=True)
    return erased


def _write_without(connection: duckdb.DuckDBPyConnection, table: str, path: Path, customer_id: str) -> int:
    """Write a file anew beside itself, without the customer's rows, and return how many those were."""
    feed = file_feed(connection, table, path)
    key = "customer_id" if "customer_id" in CONTRACT[table].names else "ticket_id"
    cell = text(*feed.columns[key])
    hers = f"{cell} = {literal(customer_id)}" if key == "customer_id" else f"{cell} IN (FROM gone)"
    counted = connection.execute(f"SELECT count(*) FROM {feed.relation} WHERE {hers}").fetchall()
    n = int(counted[0][0])
    if n:
        columns = ", ".join(f"{sql} AS {quoted(name)}" for name, (sql, _) in feed.columns.items())
        options = (
            "FORMAT parquet, COMPRESSION zstd" if path.suffix == ".parquet" else "FORMAT csv, HEADER true"
        )
        options += ", COMPRESSION gzip" if path.suffix == ".gz" else ""
        kept = f"SELECT {columns} FROM {feed.relation} WHERE ({hers}) IS NOT TRUE"
        connection.execute(f"COPY ({kept}) TO {literal(str(_beside(path)))} ({options})")
    return n


def _beside(path: Path) -> Path:
    """Return the name of a file that is being made; a reader of the folder passes it over."""
    return path.with_name(f".{path.name}.partial-erasure")


def _take_place(new: Path, path: Path) -> None:
    """Put a file in the place of another, open to nobody else than that was."""
    shutil.copymode(path, new)
    os.replace(new, path)


def _note_sums(run: Path, made: Mapping[Path, Path]) -> None:
    sums = accepted_sums(run) | {(path.name, sha256(new)) for path, new in made.items()}
    listed = [{"file": file, "sha256": digest} for file, digest in sorted(sums)]
    _replace(run / ERASURES, json.dumps(listed, indent=2) + "\n")


def _replace(path: Path, content: str) -> None:
    partial = path.with_name(f".{path.name}.partial-erasure")
    partial.write_text(content, encoding="utf-8", newline="")
    os.replace(partial, path)


def _erase_readout(path: Path, customer_id: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA secure_delete=ON")
        n = connection.execute("DELETE FROM readout WHERE customer_id = ?", [customer_id]).rowcount
        connection.commit()
        connection.execute("VACUUM")
    return n


def _erase_lines(path: Path, customer_id: str) -> int:
    """Erase a customer's lines of a CSV file: of the queues and of whatever else has a column ``customer_id``."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    kept = [row for row in rows if row.get("customer_id") != customer_id]
    if len(kept) < len(rows):
        partial = path.with_name(f".{path.name}.partial-erasure")
        with partial.open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(kept)
        _take_place(partial, path)
    return len(rows) - len(kept)
