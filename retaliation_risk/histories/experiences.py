"""What a customer went through, ticket by ticket, as it was known at a moment: for people to read, not for models."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from retaliation_risk.histories.definitions import EVIDENCE
from retaliation_risk.histories.histories import Histories, microseconds
from retaliation_risk.histories.log import Log
from retaliation_risk.histories.logs import LOGS
from retaliation_risk.tables.contract import EVENT_TYPES

Rows = list[int]

#: Logs that it is told from; without the last three less is told.
TOLD = ("tickets", "events", "failed_recoveries", "open_tickets")

#: What is said of a ticket besides its events: a rating below ``bad_csat``, and that nobody ever answered the customer.
BAD_CSAT, NO_REPLY = "bad_csat", "no_reply"


@dataclass(frozen=True)
class Experience:
    """One ticket, told: when it came, what became of it, whether it was made good.

    Attributes
    ----------
    ticket_id : str
    opened_at : Timestamp
        UTC.
    is_complaint : bool
        A service failure was reported.
    happened : tuple of str
        Event types, each once, in the order in which they first became known; ``bad_csat`` in place of ``csat_rated`` for
        a bad rating, and ``no_reply`` at the end where the customer wrote and nobody ever answered.
    failed : str
        The evidence of a failed recovery, one of :data:`EVIDENCE`; empty where there is none.
    is_open : bool or None
        Nobody has solved or closed it, or it was opened again since; None where no events are recorded at all.
    """

    ticket_id: str
    opened_at: pd.Timestamp
    is_complaint: bool
    happened: tuple[str, ...]
    failed: str
    is_open: bool | None


def experiences(
    histories: Histories,
    customer_id: str,
    moment: pd.Timestamp | str,
    *,
    most: int = 5,
    also: Collection[str] = (),
) -> list[Experience]:
    """Return the latest tickets of a customer, newest first, as they stood just before a moment.

    Parameters
    ----------
    histories : Histories
        With the logs of :data:`TOLD`.
    customer_id : str
    moment : Timestamp or str
        UTC. What became known exactly then is the future.
    most : int, default 5
        Tickets to return.
    also : collection of str
        Ids of tickets to return besides, however old: those that a reason rests on.

    Returns
    -------
    list of Experience

    Raises
    ------
    ArgumentError
        RR402 for an unknown customer.

    Examples
    --------
    >>> from retaliation_risk.histories import build_histories
    >>> from retaliation_risk.tables import tables_from_frames
    >>> frames = {
    ...     "customers": pd.DataFrame({"customer_id": ["C1"], "first_seen_at": ["2026-01-01"]}),
    ...     "tickets": pd.DataFrame({"ticket_id": ["T1"], "customer_id": ["C1"], "opened_at": ["2026-02-01"]}),
    ...     "ticket_events": pd.DataFrame({"ticket_id": ["T1", "T1"], "occurred_at": ["2026-02-02", "2026-02-03"],
    ...                                    "event_type": ["solved", "reopened"]}),
    ... }
    >>> (told,) = experiences(build_histories(tables_from_frames(frames)), "C1", "2026-02-03")
    >>> told.happened, told.failed, told.is_open
    (('solved',), '', False)
    """
    code, when = histories.code(customer_id), int(microseconds(moment, 1)[0])
    rows = {name: _by_ticket(histories.logs[name], code, when) for name in TOLD if name in histories.logs}
    named = [(ticket, histories.ticket_ids[ticket]) for ticket in reversed(rows["tickets"])]
    chosen = [pair for k, pair in enumerate(named) if k < most or pair[1] in also]
    return [
        _experience(name, {log: (histories.logs[log], rows[log].get(ticket, [])) for log in rows})
        for ticket, name in chosen
    ]


def _experience(name: str, found: Mapping[str, tuple[Log, Rows]]) -> Experience:
    log, (row,) = found["tickets"]
    return Experience(
        ticket_id=name,
        opened_at=pd.Timestamp(int(log.known[row]), unit="us"),
        is_complaint="complaint" in _flags(log, row, ("complaint",)),
        happened=_happened(*found["events"]) if "events" in found else (),
        failed=_evidence(*found["failed_recoveries"]) if "failed_recoveries" in found else "",
        is_open=_is_open(*found["open_tickets"]) if "open_tickets" in found else None,
    )


def _happened(log: Log, rows: Rows) -> tuple[str, ...]:
    told = [next(_flags(log, row, (BAD_CSAT, *EVENT_TYPES))) for row in rows]
    silent = "message_in" in told and "message_out" not in told
    return tuple(dict.fromkeys([*told, NO_REPLY] if silent else told))


def _evidence(log: Log, rows: Rows) -> str:
    return next((kind for row in rows for kind in _flags(log, row, tuple(EVIDENCE))), "")


def _is_open(log: Log, rows: Rows) -> bool:
    return bool(log.values[log.column("change"), rows].sum() > 0)


def _flags(log: Log, row: int, names: tuple[str, ...]) -> Iterator[str]:
    flags = int(log.flags[row])
    return (name for name, mask in _masks(log.spec.name, names) if flags & mask)


@cache
def _masks(log: str, names: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    return tuple((name, LOGS[log].mask(name)) for name in names)


def _by_ticket(log: Log, code: int, when: int) -> dict[int, Rows]:
    """Return the rows of each ticket of a customer that were known before a time, in the order of the log."""
    low, high = int(log.starts[code]), int(log.starts[code + 1])
    high = low + int(np.searchsorted(log.known[low:high], when))
    found: dict[int, Rows] = {}
    for row, ticket in enumerate(log.tickets[low:high].tolist(), start=low):
        found.setdefault(ticket, []).append(row)
    return found
