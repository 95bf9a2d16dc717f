"""Who saw what of whom, and when: lines that can be added to, not changed unseen.

Each line is JSON and carries the SHA-256 of the line before it, over the ends of files too, so a line that was changed,
cut out or put in shows (:func:`verify_audit`). The last lines of all can be cut off without a trace in what is left:
note the head that ``verify_audit`` returns somewhere else, and give it at the next check. Only that head stands against
somebody who may write to the folder and makes the whole chain anew from the line that he changed.

A line is with the operating system before the answer is sent, so a killed process loses none; a power cut can lose those of
the last second, except of an erasure, which is on disk first.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from retaliation_risk.errors import DataError
from retaliation_risk.serve.refusals import Refused

#: What the first line of all carries in place of the hash of the one before it.
START = "0" * 64
SYNC_SECONDS = 1.0
_TAIL_BYTES = 1 << 20


@dataclass(frozen=True)
class Checked:
    """What a check of the audit log found: how many lines, torn ones among them, and the hash of the last."""

    lines: int
    torn: int
    head: str


def pseudonym(secret: bytes, tenant: str, who: str) -> str:
    """Return what logs call a customer or a contact key: a hash that only holders of the secret can find.

    Examples
    --------
    >>> pseudonym(b"a secret of the firm", "shop", "C-1042")
    '...'
    """
    return hmac.digest(secret, f"log\0{tenant}\0{who}".encode(), hashlib.sha256).hex()[:32]


class AuditLog:
    """The audit log in a folder, one file a day; more than one process may write to it.

    Parameters
    ----------
    folder : Path
        Made where it is missing, for its owner only.
    keep_days : float
        Files of days longer ago are deleted when a new day begins.

    Raises
    ------
    Refused
        RR731 where the folder cannot be written to.
    """

    def __init__(self, folder: Path, keep_days: float) -> None:
        self.folder = Path(folder)
        self.keep_days = keep_days
        self._lock = Lock()
        self._file: int | None = None
        self._name, self._end, self._head = "", -1, START
        self._dirty, self._closing = Event(), Event()
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._turn = os.open(self.folder / "audit.lock", os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise Refused("RR731", f"the audit folder cannot be used ({error.strerror}).") from error
        self._syncing = Thread(target=self._keep_synced, daemon=True, name="audit")
        self._syncing.start()

    def append(self, entry: Mapping[str, Any], now: datetime, *, durable: bool = False) -> None:
        """Add a line; with ``durable`` it is on disk when this returns.

        Raises
        ------
        Refused
            RR731 where the line cannot be written whole; then the answer must not be given either.
        """
        try:
            with self._lock, _locked(self._turn):
                file = self._of_day(now)
                self._write(file, entry, now)
                if durable:
                    os.fsync(file)
        except OSError as error:
            raise Refused("RR731", f"the audit log cannot be written ({error.strerror}).") from error
        self._dirty.set()

    def close(self) -> None:
        """Put on disk what is not there yet, and close the files."""
        self._closing.set()
        self._dirty.set()
        self._syncing.join()
        with self._lock:
            self._leave()
            os.close(self._turn)

    def _of_day(self, now: datetime) -> int:
        """Return the open file of the day; the latest that any process has begun, when the clock went back."""
        latest = os.pread(self._turn, 64, 0).decode() or max(_names(self.folder), default="")
        name = max(_name(now), latest)
        if self._file is None or name != self._name:
            self._leave()
            self._file = os.open(self.folder / name, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
            self._name, self._end = name, -1
            os.pwrite(self._turn, name.encode(), 0)
            self._drop_before(min(name, _name(now - timedelta(days=self.keep_days))))
        return self._file

    def _leave(self) -> None:
        if self._file is not None:
            os.fsync(self._file)
            os.close(self._file)
            self._file = None

    def _drop_before(self, oldest: str) -> None:
        for name in _names(self.folder):
            if name < oldest:
                (self.folder / name).unlink(missing_ok=True)

    def _write(self, file: int, entry: Mapping[str, Any], now: datetime) -> None:
        if os.fstat(file).st_size != self._end:  # another process wrote, or this one begins
            self._head, torn = _head_of(self.folder, self._name)
            if torn:
                os.write(file, b"\n")
        told = {"at": now.astimezone(UTC).isoformat(timespec="milliseconds"), **entry, "previous": self._head}
        line = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        self._end = -1
        if os.write(file, line + b"\n") != len(line) + 1:
            raise OSError(errno.ENOSPC, "no room for a whole line")
        self._head, self._end = _hash(line), os.fstat(file).st_size

    def _keep_synced(self) -> None:
        while not self._closing.is_set():
            self._dirty.wait()
            self._dirty.clear()
            with self._lock:
                copy = None if self._file is None else os.dup(self._file)
            if copy is not None:
                os.fsync(copy)
                os.close(copy)
            self._closing.wait(SYNC_SECONDS)


def verify_audit(folder: Path, head: str | None = None) -> Checked:
    """Check that no line of an audit log was changed, cut out or put in.

    Parameters
    ----------
    folder : Path
    head : str, optional
        As an earlier check returned it: it must still be there. Without it a cut at the very end does not show.

    Returns
    -------
    Checked
        A torn line is one that a full disk or a power cut broke off; it is counted, and later lines vouch for it.

    Raises
    ------
    DataError
        RR733, with the file and line of the first break.
    """
    previous, lines, torn = None, 0, 0
    found = head is None
    for place, line in _lines(folder):
        told = _previous(line)
        if told is not None and previous is not None and told != previous:
            raise DataError("RR733", f"{place} does not follow the line before it.")
        previous, lines, torn = _hash(line), lines + 1, torn + (told is None)
        found = found or previous == head
    if not found:
        raise DataError("RR733", f"no line has the hash {head!r} any more.")
    return Checked(lines, torn, previous or START)


def _name(day: datetime) -> str:
    return f"audit-{day.astimezone(UTC):%Y-%m-%d}.jsonl"


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in Path(folder).glob("audit-????-??-??.jsonl"))


@contextmanager
def _locked(file: int) -> Iterator[None]:
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _lines(folder: Path) -> Iterator[tuple[str, bytes]]:
    for name in _names(folder):
        with (Path(folder) / name).open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield f"line {number} of {name}", line.removesuffix(b"\n")


def _previous(line: bytes) -> str | None:
    """Return the hash that a line carries, or None where it is torn."""
    try:
        return str(json.loads(line)["previous"])
    except (ValueError, TypeError, KeyError):
        return None


def _head_of(folder: Path, upto: str) -> tuple[str, bool]:
    """Return the hash of the last line in the files up to one, and whether that one ends in a torn line."""
    for name in reversed([name for name in _names(folder) if name <= upto]):
        with (Path(folder) / name).open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
            tail = file.read()
        if tail:
            torn = name == upto and not tail.endswith(b"\n")
            return _hash(tail.removesuffix(b"\n").rpartition(b"\n")[2]), torn
    return START, False


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()
