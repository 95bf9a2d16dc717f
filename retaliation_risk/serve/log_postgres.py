"""A log in PostgreSQL: several servers may share it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from functools import partial
from queue import SimpleQueue
from typing import Any

from retaliation_risk.errors import DataError
from retaliation_risk.serve.log_store import _TABLE, WAIT_SECONDS, Run

_TURN = 7_210_471_983
"""Key of the advisory lock that makes writers take turns: numbers then rise in the order of commits."""
_PATIENCE: dict[str, Any] = {
    "connect_timeout": int(WAIT_SECONDS),
    "tcp_user_timeout": round(1000 * WAIT_SECONDS),
    "keepalives_idle": int(WAIT_SECONDS),
    "keepalives_interval": 1,
    "keepalives_count": 3,
}
"""After how long a connection counts as lost on which nothing comes back, not even that packets came."""

Rows = list[tuple[Any, ...]]


class _Line:
    """One connection, for one at a time; one that is lost is made anew."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._connection: Any = None
        self._lock = threading.Lock()

    @contextmanager
    def held(self, *, sure: bool = False) -> Iterator[Any]:
        """Hold the connection; where what follows cannot be asked again, make ``sure`` first that it is not lost."""
        import psycopg

        with self._lock:
            if self._connection is None or self._lost() or (sure and not self._answers()):
                self._connection = psycopg.connect(self._address, autocommit=True, **_PATIENCE)
            yield self._connection

    def _lost(self) -> bool:
        return bool(self._connection.closed or self._connection.broken)

    def _answers(self) -> bool:
        import psycopg

        try:
            self._connection.execute("SELECT 1")
        except psycopg.OperationalError:
            self._connection.close()
            return False
        return True

    def close(self) -> None:
        """Close the connection; one that is held and does not answer ends with the process."""
        if self._lock.acquire(timeout=1):
            if self._connection is not None:
                self._connection.close()
            self._lock.release()


class PostgresStore:
    """A PostgreSQL database; a lost connection is opened again, and what was not acknowledged is not there.

    A read waits for no write, and for a database that does not answer no longer than it is told, and once: the question
    stands, and until the database has answered it or another, reads are refused without waiting.
    """

    def __init__(self, address: str) -> None:
        self._writer, self._reader = _Line(address), _Line(address)
        self._asker, self._asking = _Asker(), threading.Lock()
        self._asked: Future[Rows] | None = None

    @classmethod
    def open(cls, address: str) -> PostgresStore:
        """Connect, and make the table where there is none."""
        try:
            import psycopg
        except ImportError as error:
            raise DataError(
                "RR711", "PostgreSQL needs psycopg (pip install 'retaliation-risk[postgres]')."
            ) from error
        store = cls(address)
        try:
            with store._writer.held() as connection, connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (_TURN,))
                for statement in _TABLE.format(serial="BIGSERIAL PRIMARY KEY").split(";"):
                    connection.execute(statement)
        except psycopg.Error as error:
            raise DataError("RR711", f"the PostgreSQL database ({_words(error)}).") from error
        return store

    @contextmanager
    def writing(self) -> Iterator[Run]:
        """Wait for the turn to write, and commit at the end."""
        import psycopg

        try:
            with self._writer.held(sure=True) as connection, connection.transaction():
                connection.execute("SET LOCAL synchronous_commit = on")
                connection.execute(f"SET LOCAL lock_timeout = '{WAIT_SECONDS:g}s'")
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (_TURN,))
                yield partial(_rows, connection)
        except psycopg.Error as error:
            raise DataError("RR703", f"the PostgreSQL database ({_words(error)}).") from error

    def read(self, sql: str, values: Sequence[Any], within: float = WAIT_SECONDS) -> Rows:
        """Rows of a query, asked again once where the connection was lost."""
        import psycopg

        ask = partial(self._ask, sql, values)
        with self._asking:
            if self._is_silent(ask):
                raise DataError("RR711", "the PostgreSQL database (it has not answered yet).")
            asked = self._asked = self._asker.ask(ask)
            if not wait([asked], within).done:
                raise DataError("RR711", f"the PostgreSQL database (no answer within {within:g} s).")
            self._asked = None
            try:
                return asked.result()
            except psycopg.Error as error:
                raise DataError("RR711", f"the PostgreSQL database ({_words(error)}).") from error

    def _is_silent(self, ask: Callable[[], Rows]) -> bool:
        """Say whether a question that was given up has no answer yet; where it failed, ask another that nobody waits for."""
        if self._asked is not None and self._asked.done() and self._asked.exception() is not None:
            self._asked = self._asker.ask(ask)
        return self._asked is not None and not self._asked.done()

    def _ask(self, sql: str, values: Sequence[Any]) -> Rows:
        import psycopg

        try:
            with self._reader.held() as connection:
                return _rows(connection, sql, values)
        except psycopg.OperationalError:
            with self._reader.held() as connection:
                return _rows(connection, sql, values)

    def scrub(self) -> None:
        """Let the space of deleted rows be used again; the database's own backups and archives are not reached."""
        with self._writer.held(sure=True) as connection:
            connection.execute("VACUUM entries")

    def close(self) -> None:
        """Close the connections."""
        self._asker.close()
        self._writer.close()
        self._reader.close()


class _Asker:
    """A thread that asks one question after another, and that no shutdown waits for."""

    def __init__(self) -> None:
        self._questions: SimpleQueue[tuple[Future[Rows], Callable[[], Rows]] | None] = SimpleQueue()
        threading.Thread(target=self._settle, daemon=True, name="log").start()

    def ask(self, question: Callable[[], Rows]) -> Future[Rows]:
        """Let a question be asked, and return the place where its answer will be."""
        answer: Future[Rows] = Future()
        self._questions.put((answer, question))
        return answer

    def close(self) -> None:
        """Ask no more."""
        self._questions.put(None)

    def _settle(self) -> None:
        while asked := self._questions.get():
            answer, question = asked
            try:
                answer.set_result(question())
            except BaseException as error:  # whoever waits for the answer gets it
                answer.set_exception(error)


def _rows(connection: Any, sql: str, values: Sequence[Any]) -> Rows:
    found = connection.execute(sql.replace("?", "%s"), values)
    return list(found.fetchall()) if found.description else []


def _words(error: Exception) -> str:
    """Return the first line of what the database says, which holds no address and no row."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
