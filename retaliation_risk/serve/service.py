"""The service behind the HTTP: find a customer, tell what is known now, take events, feedback and erasures."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np

from retaliation_risk.errors import ArgumentError, DataError
from retaliation_risk.influence import contact_key as key_of
from retaliation_risk.serve import queue
from retaliation_risk.serve.answers import Appended, Feedback, Forgotten, LiveEvent, QueueRow, Readout
from retaliation_risk.serve.base import Base, open_base
from retaliation_risk.serve.cells import AT
from retaliation_risk.serve.checking import check_events, feedback_entry, result_of
from retaliation_risk.serve.following import Following
from retaliation_risk.serve.forget import check_erasable, erase_files, marks_of, what_remains
from retaliation_risk.serve.live import Live
from retaliation_risk.serve.log import FORGOTTEN, Entry, EventLog
from retaliation_risk.serve.queue import ROWS
from retaliation_risk.serve.readout import compute_readout, warm
from retaliation_risk.serve.rows import microseconds
from retaliation_risk.serve.settings import ServeSettings

BEHIND = "The event log cannot be read now: events that other processes took since are not counted."
"""What a readout says meanwhile."""

Clock = Callable[[], int]
"""Gives now, in microseconds of UTC since 1970."""


def system_clock() -> int:
    """Return now, by the machine."""
    return time.time_ns() // 1000


class Service:
    """One tenant's run, tables and log, ready to answer; safe to use from several threads.

    Make it with :meth:`open`. What changes is in ``_following``; a readout in the making keeps the state it began with.
    """

    def __init__(self, settings: ServeSettings, base: Base, log: EventLog, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        live = self._of(base)
        self._following = Following(log, live)
        self._warm(live)

    @classmethod
    def open(cls, settings: ServeSettings, clock: Clock = system_clock) -> Service:
        """Open run folder, tables and log, and replay the log.

        Raises
        ------
        ArtefactError, DataError
            As :func:`retaliation_risk.serve.base.open_base` and :meth:`EventLog.open` raise them.
        """
        base = open_base(settings.run, settings.tables, other_tables=settings.other_tables)
        return cls(settings, base, EventLog.open(settings.log, settings.tenant), clock)

    def find(
        self, *, customer_id: str | None = None, email: str | None = None, contact_key: str | None = None
    ) -> str | None:
        """Return the id of the customer whom one of the three names; None where nobody is known by it.

        Raises
        ------
        ArgumentError
            RR111, not exactly one of the three, text that is no address, or no secret to make a key of it.
        DataError
            RR709, several customers have the key.
        """
        if sum(each is not None for each in (customer_id, email, contact_key)) != 1:
            raise ArgumentError("RR111", "give exactly one of customer_id, email and contact_key.")
        keys = [contact_key] if contact_key is not None else []
        if email is not None:
            keys = [key_of(email, secret) for secret in self._secrets()]
        with self._following.now() as live:
            if customer_id is not None:
                return customer_id if live.knows(customer_id) else None
            found = next((known for key in keys if (known := live.with_contact(str(key)))), set())
        if len(found) > 1:
            raise DataError("RR709", f"{len(found)} customers have it.")
        return next(iter(found), None)

    def holds(self, customer_id: str) -> bool:
        """Say whether there is anything to erase: of who is known, whose rows wait, or whose erasure broke off."""
        with self._following.now() as live:
            return live.holds(customer_id)

    def readout(self, customer_id: str, now: datetime | None = None) -> Readout:
        """Tell what is known of a customer.

        Parameters
        ----------
        customer_id : str
        now : datetime, optional
            The moment; without it the clock's, but never before the run's own moment, nor so early that an acknowledged
            event of this customer would be the future: then a microsecond after it.

        Raises
        ------
        ArgumentError
            RR402, an unknown customer.
        """
        with self._following.now() as live:
            _known(live, customer_id)
            known, clock, behind = live.of(customer_id), self._now(live), self._following.behind
        moment = known.moment(clock) if now is None else microseconds(now)
        told = compute_readout(live.base, known, moment, computed_at=clock, settings=self.settings)
        return replace(told, stale=True, caveats=(*told.caveats, BEHIND)) if behind else told

    def append(self, events: Sequence[LiveEvent]) -> Appended:
        """Write events to the log and count them from then on; return when they are on disk.

        Raises
        ------
        DataError
            RR703, the log cannot be written: nothing was acknowledged, and all may be sent again.
        """
        with self._following.writing():
            with self._following.to_write() as live:
                now = self._now(live)
                checked = check_events(live, events, now, now + round(self.settings.future_seconds * 1e6))
            entries = [each for each in checked if isinstance(each, Entry)]
            fates = iter(self._following.log.append(entries) if entries else [])
            with self._following.now() as live:
                return Appended(
                    tuple(
                        result_of(live, each, next(fates)) if isinstance(each, Entry) else each
                        for each in checked
                    )
                )

    def feedback(self, feedback: Feedback) -> None:
        """Take down what a person made of a readout; on disk when it returns.

        Raises
        ------
        ArgumentError
            RR402, an unknown customer; RR111, a snooze without its end.
        DataError
            RR702, a note that holds an address; RR703, the log cannot be written.
        """
        with self._following.writing():
            with self._following.to_write() as live:
                _known(live, feedback.customer_id)
                entry = feedback_entry(feedback, f"_{uuid.uuid4()}", self._now(live))
            self._following.log.append([entry])

    def queue(self, limit: int) -> list[QueueRow]:
        """Return whom to call first: at most ``limit`` by risk, the snoozed last; empty where the run has no model."""
        with self._following.now() as live:
            chosen = queue.choose(live, self._now(live), limit)
        return queue.rows_of(live, chosen)

    def forget(self, customer_id: str) -> Forgotten:
        """Erase a customer from log, memory, tables and run folder; later events of her are refused (RR706).

        It may be asked again after a crash, and goes on where it stopped.

        Raises
        ------
        ArgumentError
            RR402, an unknown customer; RR111, no secret to make the mark with that keeps her out.
        DataError
            RR731, a run folder or tables that cannot be written: nothing was erased.
        """
        secrets = self._secrets()
        with self._following.writing():
            with self._following.to_write() as live:
                if not live.erased("customer", customer_id) and not live.holds(customer_id):
                    raise ArgumentError("RR402", f"{customer_id!r} is unknown.")
                check_erasable(live.base.folder, live.base.tables)
                tickets = [row[AT["tickets"]["ticket_id"]] for row in live.tickets_of(customer_id)]
                now = self._now(live)
            names = [("customer", customer_id), *(("ticket", ticket) for ticket in tickets)]
            marks = [marks_of(secrets[:1], self.settings.tenant, *name)[0] for name in names]
            entries = [
                Entry(FORGOTTEN + mark, FORGOTTEN, "{}", known_at=now, received_at=now) for mark in marks
            ]
            logged = self._following.log.erase(customer_id, tickets, entries)
            with self._following.now() as live:
                code = live.base.code(customer_id)
        erased = erase_files(live.base.folder, live.base.tables, customer_id, tickets)
        if code is not None:
            live.base.rows.erase(customer_id, code)
            live.base.risk[code] = live.base.influence[code] = np.nan
        remains = what_remains(live.base.folder, live.base.tables, customer_id)
        return Forgotten({**erased, **({"log": logged} if logged else {})}, remains)

    def switch(self, run: Path, tables: Path | None = None) -> None:
        """Serve another run from now on; readouts in the making finish on the old one.

        The new run is opened aside, while the old one answers; the log is replayed onto it, and then it takes its place. If
        it cannot be opened, the old one stays.
        """
        settings = replace(self.settings, run=run, tables=self.settings.tables if tables is None else tables)
        live = self._of(open_base(run, settings.tables, other_tables=settings.other_tables))
        self._following.replay(live)
        self._warm(live)
        with self._following.changing(live):
            self.settings = settings

    def ready(self) -> dict[str, str]:
        """Return what is served and whether the log can be read, in words; ``log`` is ``ok`` or what is wrong."""
        with self._following.now() as live:
            log = self._following.behind or "ok"
        return {
            "tenant": self.settings.tenant, "run": live.base.name, "log": log, "position": str(live.position)
        }  # fmt: skip

    def close(self) -> None:
        """Let go of the log."""
        self._following.log.close()

    def _of(self, base: Base) -> Live:
        return Live(base, partial(marks_of, self.settings.secrets, self.settings.tenant))

    def _secrets(self) -> tuple[bytes, ...]:
        if not self.settings.secrets:
            raise ArgumentError(
                "RR111", "secrets is empty; a key of an address, or the mark of an erasure, needs one."
            )
        return self.settings.secrets

    def _now(self, live: Live) -> int:
        """Now by the clock, or by the run; never before the run's own moment."""
        return live.base.moment if self.settings.clock == "run" else max(self._clock(), live.base.moment)

    def _warm(self, live: Live) -> None:
        """Compute a readout and the queue once, so that the first to ask does not wait longer than others."""
        moment = self._now(live)
        warm(live, moment, self.settings)
        queue.rows_of(live, queue.choose(live, moment, ROWS))


def _known(live: Live, customer_id: str) -> None:
    if not live.knows(customer_id):
        raise ArgumentError("RR402", f"{customer_id!r} is unknown.")
