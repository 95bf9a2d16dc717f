"""Bodies of webhooks made events: our own shape, Zendesk's event webhooks, and a Zendesk trigger's body with placeholders.

Of a helpdesk's message only ids, times, kinds of change and ratings are taken; names, addresses and texts are left behind.
An address serves to find the customer by its keyed hash, and goes no further.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from retaliation_risk.errors import ArgumentError, DataError, RetaliationRiskError
from retaliation_risk.serve.answers import LiveEvent
from retaliation_risk.serve.rows import holds_address, shown

Find = Callable[[str], str | None]
"""Gives the customer_id of an e-mail address; None for an unknown one."""

SOLVED, CLOSED, OPEN = ("solved",), ("closed",), ("new", "open", "pending", "hold")
RATINGS = {"good": 1.0, "bad": 0.0}
"""Ratings that say something; ``offered`` and ``unoffered`` do not."""
EMPTY = ("", "null", "none", "nil", "undefined", "nan")
"""Words, in any letter case, that programs write where they have nothing to say."""
CHANNELS = {"voice": "phone", "phone": "phone", "email": "email", "chat": "chat", "web": "web"}


def read_generic(body: Any) -> list[LiveEvent]:
    """Read our own shape: one event, or ``{"events": [...]}``.

    An event is ``{"event_id", "table", "row", "known_at"}``, the row in the columns of the contract; ``known_at`` may be
    left out.

    Raises
    ------
    DataError
        RR708, a body that is neither.

    Examples
    --------
    >>> row = {"customer_id": "C1", "ordered_at": "2026-01-01"}
    >>> read_generic({"event_id": "e1", "table": "orders", "row": row})[0].table
    'orders'
    """
    listed = body.get("events") if isinstance(body, Mapping) and "events" in body else [body]
    if not isinstance(listed, list):
        raise DataError("RR708", f"events is {shown(listed)}, not a list.")
    return [_generic(each) for each in listed]


def _generic(each: Any) -> LiveEvent:
    if not isinstance(each, Mapping):
        raise DataError("RR708", f"an event is {shown(each)}, not an object.")
    if lacking := [name for name in ("event_id", "table", "row") if name not in each]:
        raise DataError("RR708", f"an event lacks {', '.join(lacking)}.")
    return LiveEvent(each["event_id"], each["table"], each["row"], _moment(each.get("known_at")))


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise DataError("RR708", f"known_at is {shown(value)}, no ISO 8601 time.") from error


def read_zendesk(body: Any, find: Find) -> list[LiveEvent]:
    """Read what Zendesk posts about a ticket.

    Parameters
    ----------
    body : parsed JSON
        An event webhook (``type`` is ``zen:event-type:ticket....``): tickets created, status, comments, assignments. Or the
        body of a trigger, with ``event_id``, ``event``, ``ticket_id`` and ``occurred_at``: ratings come by it alone,
        whichever of Zendesk's two kinds of survey is on, and so do a follow-up's ``parent_ticket_id`` and the ``issue_key``.
    find : callable
        As :meth:`retaliation_risk.serve.Service.find` by e-mail. Only a trigger's body has an address; without one, and for
        a requester whom it does not know, the ``customer_id`` is Zendesk's ``requester_id``.

    Returns
    -------
    list of LiveEvent
        Empty where the message says nothing that counts: a change of tags, of the assignee's group, an internal note.

    Raises
    ------
    DataError
        RR708, a body of another shape, or an id that is none: a requester ``null`` is nobody, and no customer "null".
    """
    if not isinstance(body, Mapping):
        raise DataError("RR708", f"the body is {shown(body)}, not an object.")
    kind = str(body.get("type", ""))
    try:
        if kind.startswith("zen:event-type:ticket."):
            return list(_of_event(kind.removeprefix("zen:event-type:ticket."), body))
        if "ticket_id" in body and "event" in body:
            return list(_of_trigger(body, find))
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(
            "RR708", f"the body of a ticket's event lacks or garbles {shown(str(error))}."
        ) from error
    raise DataError("RR708", f"type is {shown(kind)}, and there is no ticket_id with an event.")


def _word(value: Any) -> Any:
    """Return a value, a text without the spaces around it; None for what says nothing, or is a placeholder left unfilled."""
    if not isinstance(value, str):
        return value
    word = value.strip()
    return None if word.lower() in EMPTY or word.startswith("{{") else word


def _told(of: Mapping[str, Any], name: str) -> str:
    """Return an id or a word as text; raise RR708 where there is none, so that nobody is made up of an empty field."""
    found = _word(of[name])
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise DataError("RR708", f"{name} is {shown(of[name])}; a text or a whole number must stand there.")
    return str(found)


def _of_event(kind: str, body: Mapping[str, Any]) -> Iterator[LiveEvent]:
    """Read an event webhook: ``detail`` is the ticket as it is, ``event`` what changed."""
    ticket, change, name, time = body["detail"], body.get("event") or {}, _told(body, "id"), body["time"]
    if kind == "created":
        yield LiveEvent(name, "tickets", _ticket(ticket))
        return
    for event_type, actor, value in _changes(kind, change):
        row = {"ticket_id": _told(ticket, "id"), "occurred_at": time, "event_type": event_type}
        yield LiveEvent(name, "ticket_events", {**row, "actor_type": actor, "value": value})


def _found(address: Any, find: Find) -> str | None:
    try:
        return find(address) if isinstance(address, str) and holds_address(address) else None
    except RetaliationRiskError as error:
        if (
            isinstance(error, ArgumentError) or error.code == "RR709"
        ):  # no address, no secret, several customers
            return None
        raise


def _ticket(ticket: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of tickets: what was true when it was opened. Tags, which follow-ups inherit, are not read."""
    channel = str((ticket.get("via") or {}).get("channel") or "")
    return {
        "ticket_id": _told(ticket, "id"),
        "customer_id": _told(ticket, "requester_id"),
        "opened_at": ticket["created_at"],
        "channel": CHANNELS.get(channel, channel) or None,
    }


def _changes(kind: str, change: Mapping[str, Any]) -> Iterator[tuple[str, str | None, float | None]]:
    """Yield event type, actor and value of what a ticket's event says."""
    if kind == "status_changed":
        event_type = status_event(change["previous"], change["current"])
        if event_type:
            yield event_type, None, None
    elif kind == "comment_added" and change["comment"].get("is_public", True):
        agent = bool((change["comment"].get("author") or {}).get("is_staff"))
        yield ("message_out", "agent", None) if agent else ("message_in", "customer", None)
    elif kind == "agent_assignment_changed" and change.get("current"):
        yield "assigned", "agent", None


def status_event(before: str, after: str) -> str | None:
    """Return what a change of status means; None where it means nothing.

    A closed ticket does not open again: an answer to it makes a new one, with a parent.

    Examples
    --------
    >>> status_event("OPEN", "SOLVED"), status_event("SOLVED", "OPEN"), status_event("OPEN", "PENDING")
    ('solved', 'reopened', None)
    """
    before, after = before.lower(), after.lower()
    if after in (*SOLVED, *CLOSED):
        return after if before != after else None
    return "reopened" if before in SOLVED and after in OPEN else None


def _of_trigger(body: Mapping[str, Any], find: Find) -> Iterator[LiveEvent]:
    """Read a trigger's body with its placeholders filled in; ``event`` is ``created`` or a type of the contract."""
    name, event, ticket, time = (
        _told(body, key) for key in ("event_id", "event", "ticket_id", "occurred_at")
    )
    if event == "created":
        owner = _found(body.get("requester_email"), find) or _told(body, "requester_id")
        more = {key: _word(body.get(key)) or None for key in ("channel", "issue_key", "parent_ticket_id")}
        row = {"ticket_id": ticket, "customer_id": owner, "opened_at": time, **more}
        yield LiveEvent(name, "tickets", row)
        return
    value = _word(body.get("value"))
    if event == "csat_rated":
        value = RATINGS.get(str(value).lower().split(",")[0].removesuffix("_with_comment"), value)
    row = {"ticket_id": ticket, "occurred_at": time, "event_type": event, "value": value}
    yield LiveEvent(name, "ticket_events", row)
