"""What the service takes and gives: events, readouts, queue rows, feedback. Plain data; HTTP is another module's matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

Word = Literal["stored", "waiting", "duplicate", "refused"]
Band = Literal["usual", "raised", "high"]


@dataclass(frozen=True)
class LiveEvent:
    """One row that a helpdesk sends, with an id of its own.

    Parameters
    ----------
    event_id : str
        Unique for ever: the same id sent twice is one event.
    table : str
        Canonical table that the row belongs to.
    row : mapping of str to value
        Columns of the contract; times as ISO 8601 texts.
    known_at : datetime, optional
        When the firm learned of it, for ``customers`` rows, which say nothing of it themselves: of two that disagree, the
        one known later holds. Without it, the time of arrival.
    """

    event_id: str
    table: str
    row: Mapping[str, Any]
    known_at: datetime | None = None


@dataclass(frozen=True)
class EventResult:
    """What became of one event.

    ``stored``: on disk and counted. ``waiting``: on disk, and counted as soon as the customer or ticket it names is there.
    ``duplicate``: its id is on disk already. ``refused``: not on disk, for the reason in ``message``.
    """

    event_id: str
    status: Word
    code: str = ""
    message: str = ""


@dataclass(frozen=True)
class Appended:
    """What became of the events of one call, in their order; all that are stored or waiting are on disk."""

    results: tuple[EventResult, ...]

    def count(self, status: Word) -> int:
        """Count the events with this status."""
        return sum(result.status == status for result in self.results)


@dataclass(frozen=True)
class Said:
    """One reason in words, with the tickets that are its evidence, latest first."""

    sentence: str
    feature: str
    tickets: tuple[str, ...]


@dataclass(frozen=True)
class Experience:
    """One ticket in a line: when it was opened, what became of it, whether its recovery failed and by which evidence."""

    ticket_id: str
    opened_at: datetime
    line: str
    open: bool
    failed: bool


@dataclass(frozen=True)
class History:
    """What has happened to the customer with us, as of the moment. Missing (None) where the tables do not say."""

    tenure_days: float | None
    calls: int
    open_tickets: int | None
    failed_recoveries: int
    double_deviation: bool
    experiences: tuple[Experience, ...]


@dataclass(frozen=True)
class Readout:
    """All that the person on the phone is told of one customer.

    ``risk``, its 95 % interval ``low`` to ``high`` and ``band`` are None where there is none to tell; ``caveats`` then say
    why. ``influence`` (1 to 100, None without a public account) is shown and never used in the risk.
    """

    customer_id: str
    moment: datetime
    risk: float | None
    low: float | None
    high: float | None
    band: Band | None
    horizon_days: float
    reasons: tuple[Said, ...]
    history: History
    influence: float | None
    action: str
    action_why: str
    model: str
    model_version: str
    run: str
    computed_at: datetime
    stale: bool
    caveats: tuple[str, ...]
    influence_used: Literal[False] = False

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able values; times as ISO 8601 texts that end in ``Z``."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain


@dataclass(frozen=True)
class QueueRow:
    """One place in the list of whom to call, with what has been said of it since."""

    rank: int
    customer_id: str
    risk: float | None
    band: Band | None
    calls: int
    failed_recoveries: int
    reasons: tuple[str, ...]
    action: str
    changed: bool
    acknowledged_at: datetime | None = None
    snoozed_until: datetime | None = None
    disagreed: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able values; times as ISO 8601 texts that end in ``Z``."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain


@dataclass(frozen=True)
class Feedback:
    """What a person made of a readout; ``by`` is the id of their key, never a name or an address."""

    customer_id: str
    kind: Literal["acknowledged", "disagree", "snooze"]
    by: str
    until: datetime | None = None
    note: str = ""


@dataclass(frozen=True)
class Forgotten:
    """What an erasure took away, in rows by place, and what it could not take and why."""

    erased: Mapping[str, int]
    remains: tuple[str, ...]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value
