"""The live state and the log that it follows: written to by one at a time, and waited for by nobody for long."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from retaliation_risk.errors import DataError
from retaliation_risk.serve.live import Live
from retaliation_risk.serve.log import EventLog
from retaliation_risk.serve.log_store import WAIT_SECONDS

READ_SECONDS = 0.5
"""How long a request waits for the log before it goes on with what is known."""


class Following:
    """The live state of one tenant, safe to use from several threads; a silent log leaves it as it is.

    Who writes to the log holds ``_turn`` and, while that takes its time, not ``_lock``: readouts go on.
    """

    def __init__(self, log: EventLog, live: Live) -> None:
        self.log = log
        self._live = live
        self._lock, self._turn = threading.RLock(), threading.Lock()
        self.behind = ""
        self.replay(live)

    def replay(self, live: Live, within: float = WAIT_SECONDS) -> None:
        """Take in what the log holds beyond what a state knows; raise RR711 where it cannot be read."""
        while entries := self.log.after(live.position, within):
            live.take(entries)

    @contextmanager
    def now(self) -> Iterator[Live]:
        """Hold the state, caught up with the log; while that cannot be read, ``behind`` says why, and the state is older."""
        with self._lock:
            try:
                self.replay(self._live, READ_SECONDS)
                self.behind = ""
            except DataError as error:
                self.behind = str(error)
            yield self._live

    @contextmanager
    def to_write(self) -> Iterator[Live]:
        """Hold the state as it is before a write; where the log cannot be read, refuse at once (RR703)."""
        with self.now() as live:
            if self.behind:
                raise DataError("RR703", "it cannot be read either.")
            yield live

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One writer of this service at a time; raise RR703 where the turn does not come."""
        if not self._turn.acquire(timeout=WAIT_SECONDS):
            raise DataError("RR703", f"a write before this one has not ended in {WAIT_SECONDS:g} s.")
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def changing(self, live: Live) -> Iterator[None]:
        """Let another state take the place of this one once it has caught up; raise RR711 where it cannot."""
        with self._lock:
            self.replay(live, READ_SECONDS)
            yield
            self._live = live
