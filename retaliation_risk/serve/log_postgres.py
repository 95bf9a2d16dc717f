"""A log in PostgreSQL: several servers may share it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from retaliation_risk.errors import DataError
from retaliation_risk.serve.log_store import _TABLE, _WAIT_SECONDS, Run

_TURN = 7_210_471_983
"""Key of the advisory lock that makes writers take turns: numbers then rise in the order of commits."""


class PostgresStore:
    """A PostgreSQL database; a lost connection is opened again, and what was not acknowledged is not there."""

    def __init__(self, address: str, connection: Any) -> None:
        self._address = address
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def open(cls, address: str) -> PostgresStore:
        """Connect, and make the table where there is none."""
        try:
            import psycopg
        except ImportError as error:
            raise DataError(
                "RR711", "PostgreSQL needs psycopg (pip install 'retaliation-risk[postgres]')."
            ) from error
        store = cls(address, None)
        try:
            store._connect()
            with store._connection.transaction():
                store._connection.execute("SELECT pg_advisory_xact_lock(%s)", (_TURN,))
                for statement in _TABLE.format(serial="BIGSERIAL PRIMARY KEY").split(";"):
                    store._connection.execute(statement)
        except psycopg.Error as error:
            raise DataError("RR711", f"the PostgreSQL database ({_words(error)}).") from error
        return store

    def _connect(self) -> None:
        import psycopg

        self._connection = psycopg.connect(self._address, autocommit=True, connect_timeout=int(_WAIT_SECONDS))

    def _live(self) -> Any:
        """Return a connection that is open: one that the server closed is made anew."""
        if self._connection.closed or self._connection.broken:
            self._connect()
        return self._connection

    @contextmanager
    def writing(self) -> Iterator[Run]:
        """Wait for the turn to write, and commit at the end."""
        import psycopg

        with self._lock:
            try:
                connection = self._live()
                with connection.transaction():
                    connection.execute("SET LOCAL synchronous_commit = on")
                    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_TURN,))
                    yield lambda sql, values: _rows(connection, sql, values)
            except psycopg.Error as error:
                raise DataError("RR703", f"the PostgreSQL database ({_words(error)}).") from error

    def read(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Rows of a query, asked again once where the connection was lost."""
        import psycopg

        with self._lock:
            try:
                try:
                    return _rows(self._live(), sql, values)
                except psycopg.OperationalError:
                    return _rows(self._live(), sql, values)
            except psycopg.Error as error:
                raise DataError("RR711", f"the PostgreSQL database ({_words(error)}).") from error

    def scrub(self) -> None:
        """Let the space of deleted rows be used again; the database's own backups and archives are not reached."""
        with self._lock:
            self._live().execute("VACUUM entries")

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()


def _rows(connection: Any, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    found = connection.execute(sql.replace("?", "%s"), values)
    return list(found.fetchall()) if found.description else []


def _words(error: Exception) -> str:
    """Return the first line of what the database says, which holds no address and no row."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
