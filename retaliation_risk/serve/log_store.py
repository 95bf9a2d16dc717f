"""Where a log lives: a SQLite file, or a PostgreSQL database. The SQL is the same; how to wait and to be sure is not."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from retaliation_risk.errors import DataError

Run = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]

_TABLE = """
CREATE TABLE IF NOT EXISTS entries (
    seq {serial}, tenant TEXT NOT NULL, event_id TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    customer_id TEXT NOT NULL, ticket_id TEXT NOT NULL, known_at BIGINT NOT NULL, received_at BIGINT NOT NULL,
    UNIQUE (tenant, event_id));
CREATE INDEX IF NOT EXISTS entries_customer ON entries (tenant, customer_id);
CREATE INDEX IF NOT EXISTS entries_ticket ON entries (tenant, ticket_id)
"""
WAIT_SECONDS = 5.0
"""How long a writer waits for its turn, or for a connection, before it gives up."""


class Store(Protocol):
    """What a log asks of the place it lives in."""

    def writing(self) -> Any:
        """Context of one transaction, in turn with other writers; yields a function that runs SQL and returns rows."""
        ...

    def read(self, sql: str, values: Sequence[Any], within: float = WAIT_SECONDS) -> list[tuple[Any, ...]]:
        """Rows of a query, as committed; a write under way is not waited for. Raise RR711, after ``within`` seconds too."""
        ...

    def scrub(self) -> None:
        """See that what was deleted is gone from the files too."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


def open_store(address: str) -> Store:
    """Open the place that an address names; raise RR711 where that cannot be."""
    if address.startswith(("postgresql://", "postgres://")):
        from retaliation_risk.serve.log_postgres import PostgresStore

        return PostgresStore.open(address)
    return SqliteStore.open(address)


class SqliteStore:
    """A SQLite file with a write-ahead log that is flushed to disk at every commit (``synchronous=FULL``).

    Readers have a connection of their own, and with a write-ahead log wait for no writer.
    """

    def __init__(self, connection: sqlite3.Connection, reader: sqlite3.Connection, path: str) -> None:
        self._connection = connection
        self._reader = reader
        self._path = path
        self._lock, self._reading = threading.Lock(), threading.Lock()
        self._within = WAIT_SECONDS

    @classmethod
    def open(cls, path: str) -> SqliteStore:
        """Open the file, and make it where there is none, for its owner only."""
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            connection, reader = (
                sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False)
                for _ in range(2)
            )
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
                connection.execute(f"PRAGMA {pragma}")
            for statement in _TABLE.format(serial="INTEGER PRIMARY KEY AUTOINCREMENT").split(";"):
                connection.execute(statement)
        except (OSError, sqlite3.Error) as error:
            raise DataError("RR711", f"{path!r} ({error}).") from error
        return cls(connection, reader, path)

    @contextmanager
    def writing(self) -> Iterator[Run]:
        """Take the write lock, and commit at the end."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield lambda sql, values: self._connection.execute(sql, values).fetchall()
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise DataError("RR703", f"{self._path!r} ({error}).") from error
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def read(self, sql: str, values: Sequence[Any], within: float = WAIT_SECONDS) -> list[tuple[Any, ...]]:
        """Rows of a query, as committed by whomever."""
        try:
            with self._reading:
                if within != self._within:
                    self._reader.execute(f"PRAGMA busy_timeout={round(1000 * within)}")
                    self._within = within
                return self._reader.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise DataError("RR711", f"{self._path!r} ({error}).") from error

    def scrub(self) -> None:
        """Write the file anew, and empty the write-ahead log: deleted rows leave no bytes behind."""
        with self._lock, self._reading:
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the file."""
        with self._lock, self._reading:
            self._reader.close()
            self._connection.close()
