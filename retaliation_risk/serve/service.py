"""The service behind the HTTP: find a customer, tell what is known now, take events, feedback and erasures."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from retaliation_risk.errors import ArgumentError, DataError, RetaliationRiskError
from retaliation_risk.influence import contact_key as key_of
from retaliation_risk.serve.answers import (
    Appended,
    EventResult,
    Feedback,
    Forgotten,
    LiveEvent,
    QueueRow,
    Readout,
)
from retaliation_risk.serve.base import Base, open_base
from retaliation_risk.serve.checking import entry_of, is_there
from retaliation_risk.serve.live import Live, Row, row_of
from retaliation_risk.serve.log import FEEDBACK, Entry, EventLog, Fate, body_of
from retaliation_risk.serve.readout import compute_readout
from retaliation_risk.serve.rows import microseconds
from retaliation_risk.serve.settings import ServeSettings

Clock = Callable[[], int]
"""Gives now, in microseconds of UTC since 1970."""


def system_clock() -> int:
    """Now, by the machine."""
    return time.time_ns() // 1000


class Service:
    """One tenant's run, tables and log, ready to answer; safe to use from several threads.

    Make it with :meth:`open`. Whatever changes is in ``_live`` and changes under ``_lock``; a readout in the making keeps
    the state it began with.
    """

    def __init__(self, settings: ServeSettings, base: Base, log: EventLog, clock: Clock) -> None:
        self.settings = settings
        self._log = log
        self._clock = clock
        self._lock = threading.RLock()
        self._live = Live(base)
        self._catch_up()

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
        """Return the id of a customer whom one of the three names; None where nobody is known by it.

        Raises
        ------
        ArgumentError
            RR111, not exactly one of the three, text that is no address, or no secret to make a key of it.
        DataError
            RR709, several customers have the key.
        """
        if sum(each is not None for each in (customer_id, email, contact_key)) != 1:
            raise ArgumentError("RR111", "give exactly one of customer_id, email and contact_key.")
        with self._lock:
            live = self._catch_up()
            if customer_id is not None:
                return customer_id if live.knows(customer_id) else None
            keys = [contact_key] if contact_key is not None else self._keys_of(str(email))
            found = next((known for key in keys if (known := live.with_contact(key))), set())
        if len(found) > 1:
            raise DataError("RR709", f"{len(found)} customers have it.")
        return next(iter(found), None)

    def _keys_of(self, email: str) -> list[str]:
        if not self.settings.secrets:
            raise ArgumentError(
                "RR111", "secrets is empty; an e-mail address is found by a key made with one."
            )
        return [key_of(email, secret) for secret in self.settings.secrets]

    def readout(self, customer_id: str, now: datetime | None = None) -> Readout:
        """Tell what is known of a customer.

        Parameters
        ----------
        customer_id : str
        now : datetime, optional
            The moment; without it the clock's, but never before the run's own moment, nor so early that an acknowledged
            event of this customer would be the future.

        Raises
        ------
        ArgumentError
            RR402, an unknown customer.
        """
        with self._lock:
            live = self._catch_up()
            if not live.knows(customer_id):
                raise ArgumentError("RR402", f"{customer_id!r} is unknown.")
            histories, code = live.histories(customer_id)
            clock = self._now(live)
            moment = max(clock, live.latest(customer_id) + 1) if now is None else microseconds(now)
            notes = live.notes(customer_id)
        return compute_readout(
            live.base, histories, code, moment, computed_at=clock, settings=self.settings, notes=notes
        )

    def append(self, events: Sequence[LiveEvent]) -> Appended:
        """Write events to the log and count them from then on; return when they are on disk.

        Raises
        ------
        DataError
            RR703, the log cannot be written: nothing was acknowledged, and all may be sent again.
        """
        with self._lock:
            live = self._catch_up()
            checked = self._checked(live, events)
            entries = [each for each in checked if isinstance(each, Entry)]
            fates = iter(self._log.append(entries) if entries else [])
            live = self._catch_up()
            results = [
                each if isinstance(each, EventResult) else _result(live, each, next(fates))
                for each in checked
            ]
        return Appended(tuple(results))

    def _checked(self, live: Live, events: Sequence[LiveEvent]) -> list[Entry | EventResult]:
        """Make an entry of each event that keeps the contract, and the result already of the others."""
        now = self._now(live)
        latest = now + round(self.settings.future_seconds * 1_000_000)
        fresh: dict[str, Row] = {}
        found: list[Entry | EventResult] = []
        for event in events:
            try:
                entry = entry_of(event, now, latest)
                self._refuse_forgotten(live, entry)
                row = row_of(entry)
                if is_there(live, fresh, entry.kind, row):
                    found.append(EventResult(event.event_id, "duplicate"))
                    continue
                if entry.kind == "tickets":
                    fresh[entry.ticket_id] = row
                found.append(entry)
            except RetaliationRiskError as error:
                found.append(EventResult(str(event.event_id), "refused", error.code, str(error)))
        return found

    def _refuse_forgotten(self, live: Live, entry: Entry) -> None:
        pass

    def feedback(self, feedback: Feedback) -> None:
        """Take down what a person made of a readout; on disk when it returns."""
        with self._lock:
            live = self._catch_up()
            if not live.knows(feedback.customer_id):
                raise ArgumentError("RR402", f"{feedback.customer_id!r} is unknown.")
            now = self._now(live)
            until = None if feedback.until is None else microseconds(feedback.until)
            body = body_of(
                {"kind": feedback.kind, "by": feedback.by, "until": until, "note": feedback.note or None}
            )
            self._log.append(
                [
                    Entry(
                        f"_{uuid.uuid4()}",
                        FEEDBACK,
                        body,
                        feedback.customer_id,
                        known_at=now,
                        received_at=now,
                    )
                ]
            )

    def queue(self, limit: int) -> list[QueueRow]:
        """Return whom to call first."""
        return []

    def forget(self, customer_id: str) -> Forgotten:
        """Erase a customer."""
        raise NotImplementedError

    def switch(self, run: Path, tables: Path | None = None) -> None:
        """Serve another run from now on; readouts in the making finish on the old one.

        The new run is opened aside, while the old one answers; the log is replayed onto it, and then it takes its place. If
        it cannot be opened, the old one stays.
        """
        settings = replace(self.settings, run=run, tables=self.settings.tables if tables is None else tables)
        live = Live(open_base(run, settings.tables, other_tables=settings.other_tables))
        self._replay(live)
        with self._lock:
            self._replay(live)
            self.settings, self._live = settings, live

    def ready(self) -> dict[str, str]:
        """Return what is served and whether the log can be read, in words; ``log`` is ``ok`` or what is wrong."""
        live = self._live
        try:
            with self._lock:
                self._catch_up()
            log = "ok"
        except DataError as error:
            log = str(error)
        return {
            "tenant": self.settings.tenant,
            "run": live.base.name,
            "log": log,
            "position": str(live.position),
        }

    def close(self) -> None:
        """Let go of the log."""
        with self._lock:
            self._log.close()

    def _now(self, live: Live) -> int:
        """Now by the clock, or by the run; never before the run's own moment."""
        return live.base.moment if self.settings.clock == "run" else max(self._clock(), live.base.moment)

    def _catch_up(self) -> Live:
        """Take in what the log holds beyond what is known here: own entries and those of other writers."""
        self._replay(self._live)
        return self._live

    def _replay(self, live: Live) -> None:
        for entry in self._log.after(live.position):
            live.take(entry)


def _result(live: Live, entry: Entry, fate: Fate) -> EventResult:
    if fate == "different":
        error = DataError("RR704", f"{entry.event_id!r} is on disk with other words.")
        return EventResult(entry.event_id, "refused", error.code, str(error))
    if fate == "duplicate":
        return EventResult(entry.event_id, "duplicate")
    return EventResult(entry.event_id, "waiting" if live.waits(entry) else "stored")
