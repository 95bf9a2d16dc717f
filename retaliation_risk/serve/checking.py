"""From an event as it came to an entry of the log, or a refusal in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from retaliation_risk._validate import one_of
from retaliation_risk.errors import ArgumentError, ContractError, DataError, Problem, RetaliationRiskError
from retaliation_risk.serve.answers import EventResult, Feedback, LiveEvent
from retaliation_risk.serve.cells import AT, Row, known_at, row_of
from retaliation_risk.serve.live import Live
from retaliation_risk.serve.log import FEEDBACK, Entry, Fate, body_of
from retaliation_risk.serve.rows import holds_address, iso, microseconds, read_row, shown
from retaliation_risk.tables import CONTRACT

LONGEST_ID = 200


def check_events(live: Live, events: Sequence[LiveEvent], now: int, latest: int) -> list[Entry | EventResult]:
    """Return an entry for each event that may be written, and the result already of the others, in their order.

    Parameters
    ----------
    live : Live
        What is known; left as it is but for whose tickets were looked up.
    events : sequence of LiveEvent
    now, latest : int
        As for :func:`entry_of`.
    """
    found: list[Entry | EventResult] = []
    for event in events:
        try:
            found.append(entry_of(event, now, latest))
        except RetaliationRiskError as error:
            found.append(_refused(event.event_id, error))
    live.look_up(each.ticket_id for each in found if isinstance(each, Entry))
    fresh: dict[str, Row] = {}
    return [_beside_others(live, fresh, each) if isinstance(each, Entry) else each for each in found]


def _beside_others(live: Live, fresh: dict[str, Row], entry: Entry) -> Entry | EventResult:
    """Compare an entry with what is known and with the tickets before it, which ``fresh`` gathers."""
    row = row_of(entry)
    try:
        if live.erased("customer", entry.customer_id) or live.erased("ticket", entry.ticket_id):
            raise DataError("RR706", "of this customer nothing is taken down.")
        there = is_there(live, fresh, entry.kind, row)
    except RetaliationRiskError as error:
        return _refused(entry.event_id, error)
    if entry.kind == "tickets":
        fresh[entry.ticket_id] = row
    return EventResult(entry.event_id, "duplicate") if there else entry


def _refused(event_id: Any, error: RetaliationRiskError) -> EventResult:
    name = event_id if isinstance(event_id, str) and not holds_address(event_id) else ""
    return EventResult(name, "refused", error.code, str(error))


def result_of(live: Live, entry: Entry, fate: Fate) -> EventResult:
    """Return what became of an entry that was written, or was there."""
    if fate == "different":
        return _refused(
            entry.event_id, DataError("RR704", f"{shown(entry.event_id)} is on disk with other words.")
        )
    if fate == "duplicate":
        return EventResult(entry.event_id, "duplicate")
    return EventResult(entry.event_id, "waiting" if live.waits(entry) else "stored")


def feedback_entry(feedback: Feedback, event_id: str, now: int) -> Entry:
    """Return the entry of a word of feedback; raises RR111 for a kind that is none or a snooze without its end, RR702."""
    one_of("kind", feedback.kind, ("acknowledged", "disagree", "snooze"))
    if feedback.kind == "snooze" and feedback.until is None:
        raise ArgumentError("RR111", "until is missing; a snooze must say when it ends.")
    if holds_address(feedback.note):
        raise DataError("RR702", "the note holds what looks like an e-mail address.")
    until = None if feedback.until is None else microseconds(feedback.until)
    body = body_of({"kind": feedback.kind, "by": feedback.by, "until": until, "note": feedback.note or None})
    return Entry(event_id, FEEDBACK, body, feedback.customer_id, known_at=now, received_at=now)


def entry_of(event: LiveEvent, now: int, latest: int) -> Entry:
    """Return the entry of an event that keeps the contract by itself.

    Parameters
    ----------
    event : LiveEvent
    now : int
        Microseconds: when it came.
    latest : int
        Microseconds: what is known later is refused.

    Raises
    ------
    DataError, ContractError
        RR701, or what :func:`retaliation_risk.serve.rows.read_row` refuses.
    """
    _check_id(event.event_id)
    if event.table not in CONTRACT:
        raise DataError("RR701", f"table is {shown(event.table)}, none of {', '.join(CONTRACT)}.")
    if not isinstance(event.row, Mapping):
        raise DataError("RR701", f"row is {shown(event.row)}, not columns with their values.")
    part = event.table == "customers"
    row = read_row(event.table, event.row, latest=latest, part=part)
    cells = dict(zip(CONTRACT[event.table].names, row, strict=True))
    told = now if event.known_at is None else microseconds(event.known_at)
    if told > latest:
        raise ContractError(
            [Problem("RR207", event.table, f"known_at is {iso(told)}, after now ({iso(latest)})")]
        )
    return Entry(
        event_id=event.event_id,
        kind=event.table,
        body=body_of(cells),
        customer_id=cells.get("customer_id") or "",
        ticket_id=cells.get("ticket_id") or "",
        known_at=told if part else known_at(event.table, row) or 0,
        received_at=now,
    )


def _check_id(event_id: Any) -> None:
    """Refuse ids that are no texts, too long, ours (``_...``), or that hold an address."""
    if not isinstance(event_id, str) or not 0 < len(event_id) <= LONGEST_ID or not event_id.isprintable():
        said = f"event_id must be a text of 1 to {LONGEST_ID} characters that can be printed."
        raise DataError("RR701", said)
    if event_id.startswith("_"):
        raise DataError(
            "RR701", f"event_id is {shown(event_id)}; ids that begin with _ are the service's own."
        )
    if holds_address(event_id):
        raise DataError("RR702", "event_id holds what looks like an e-mail address.")


def is_there(live: Live, fresh: Mapping[str, Row], kind: str, row: Row) -> bool:
    """Say whether a ticket was told before in the same words; raise RR712 where a row contradicts what is there.

    ``fresh`` has the tickets that came before it in the same request.
    """
    if kind not in ("tickets", "ticket_events"):
        return False
    opened, ticket = AT["tickets"]["opened_at"], fresh.get(row[0])
    known = live.owner(row[0])
    if kind == "ticket_events":
        since = ticket[opened] if ticket else known[1] if known else None
        occurred = row[AT["ticket_events"]["occurred_at"]]
        if since is not None and occurred < since:
            said = f"occurred_at {iso(occurred)} lies before opened_at {iso(since)} of ticket {shown(row[0])}"
            raise ContractError([Problem("RR204", kind, said)])
        return False
    there = [] if ticket is None else [ticket]
    if known is not None:
        there += [each for each in live.rows_of(known[0])["tickets"] if each[0] == row[0]]
    if not there:
        return False
    if row not in there:
        raise DataError("RR712", f"ticket {shown(row[0])} is there already and says something else.")
    return True
