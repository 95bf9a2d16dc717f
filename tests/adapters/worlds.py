"""Small worlds that a helpdesk can hold: hypothesis draws the life of each ticket from a state machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import strategies as st

START = datetime.fromisoformat("2025-01-01")

# What may happen to a ticket in a state, and the state after it.
LIFE = {
    "open": {
        "message_in": "open", "message_out": "open", "assigned": "open", "escalated": "open", "sla_breached": "open",
        "solved": "solved",
    },
    "solved": {"message_out": "solved", "csat_rated": "solved", "reopened": "open", "closed": "closed"},
    "closed": {},
}  # fmt: skip
ACTORS = {
    "message_in": "customer", "csat_rated": "customer", "sla_breached": "system", "closed": "system",
}  # fmt: skip
ONCE = ("escalated", "sla_breached", "csat_rated")


@dataclass(frozen=True)
class Shape:
    """What one vendor's export can say."""

    channels: tuple[str, ...]
    severities: tuple[int | None, ...] = (None,)
    scores: tuple[float, ...] = (0.0, 1.0)
    lacks: tuple[str, ...] = ()
    has_parents: bool = True
    has_issues: bool = True
    always_greets: bool = False
    """Whether the opening itself is a message of the customer."""


@st.composite
def worlds(draw, shape):
    """Rows of customers, tickets and ticket_events, as dicts; ids are numbers, as those of helpdesks are."""
    seen = [draw(_moments(0, 300)) for _ in range(draw(st.integers(1, 3)))]
    customers = [{"customer_id": str(900 + i), "first_seen_at": at} for i, at in enumerate(seen)]
    tickets, events = [], []
    for number in range(draw(st.integers(1, 5))):
        ticket = _ticket(draw, shape, number, customers, tickets)
        tickets.append(ticket)
        events += _events(draw, shape, ticket)
    return {"customers": customers, "tickets": tickets, "ticket_events": events}


def _moments(low, high):
    return st.integers(low * 86_400, high * 86_400).map(lambda seconds: START + timedelta(seconds=seconds))


def _ticket(draw, shape, number, customers, tickets):
    owner = draw(st.sampled_from(customers))
    opened = max(draw(_moments(0, 365)), owner["first_seen_at"])
    earlier = [
        t["ticket_id"]
        for t in tickets
        if t["customer_id"] == owner["customer_id"] and t["opened_at"] < opened
    ]
    parents = st.sampled_from([None, *earlier]) if shape.has_parents else st.none()
    return {
        "ticket_id": str(100 + number),
        "customer_id": owner["customer_id"],
        "opened_at": opened,
        "channel": draw(st.sampled_from(shape.channels)),
        "issue_key": draw(st.sampled_from([None, "billing", "Lieferung, spät"]))
        if shape.has_issues
        else None,
        "parent_ticket_id": draw(parents),
        "severity": draw(st.sampled_from(shape.severities)),
    }


def _events(draw, shape, ticket):
    state, at, done = "open", ticket["opened_at"], []
    if shape.always_greets or draw(st.booleans()):
        done.append(_event(ticket, at, "message_in"))
    for _ in range(draw(st.integers(0, 6))):
        kinds = [kind for kind in LIFE[state] if kind not in shape.lacks and _may(kind, done, ticket)]
        if not kinds:
            break
        kind = draw(st.sampled_from(kinds))
        at += timedelta(seconds=draw(st.integers(1, 200_000)))
        value = draw(st.sampled_from(shape.scores)) if kind == "csat_rated" else None
        done.append(_event(ticket, at, kind, value))
        state = LIFE[state][kind]
    return done


def _may(kind, done, ticket):
    if kind == "escalated" and (ticket["severity"] or 5) == 5:
        return False
    return kind not in ONCE or kind not in [event["event_type"] for event in done]


def _event(ticket, at, kind, value=None):
    return {
        "ticket_id": ticket["ticket_id"],
        "occurred_at": at,
        "event_type": kind,
        "known_at": at,
        "actor_type": ACTORS.get(kind, "agent"),
        "value": value,
    }


def simulated_world(frames, shape):
    """What a vendor can say of simulated tables: numbers for ids, whole seconds, its own channels, severities and scores."""
    tickets = [_of_vendor(row, shape) for row in frames["tickets"].to_dict("records")]
    severity = {ticket["ticket_id"]: ticket["severity"] for ticket in tickets}
    seen, events = set(), []
    for row in (
        frames["ticket_events"].sort_values(["occurred_at", "event_type"], kind="stable").to_dict("records")
    ):
        kind, ticket = row["event_type"], _number(row["ticket_id"])
        unsayable = kind in (*shape.lacks, "apology", "compensation") or (kind, ticket) in seen
        if unsayable or (kind == "escalated" and (severity[ticket] or 5) == 5):
            continue
        seen |= {(kind, ticket)} if kind in ONCE else set()
        value = (
            min(shape.scores, key=lambda score: abs(score - row["value"])) if kind == "csat_rated" else None
        )
        events.append(_event({"ticket_id": ticket}, _second(row["occurred_at"]), kind, value))
    customers = [
        {"customer_id": _number(row["customer_id"]), "first_seen_at": _second(row["first_seen_at"])}
        for row in frames["customers"].to_dict("records")
    ]
    return {"customers": customers, "tickets": tickets, "ticket_events": events}


def _of_vendor(row, shape):
    levels = [level for level in shape.severities if level is not None]
    return {
        "ticket_id": _number(row["ticket_id"]),
        "customer_id": _number(row["customer_id"]),
        "opened_at": _second(row["opened_at"]),
        "channel": row["channel"] if row["channel"] in shape.channels else shape.channels[0],
        "issue_key": row["issue_key"] if shape.has_issues else None,
        "parent_ticket_id": _number(row["parent_ticket_id"])
        if shape.has_parents and row["parent_ticket_id"]
        else None,
        "severity": max((level for level in levels if level <= row["severity"]), default=None),
    }


def _number(text):
    return str(int(text[1:]) + 1000)


def _second(at):
    return at.to_pydatetime().replace(microsecond=0)
