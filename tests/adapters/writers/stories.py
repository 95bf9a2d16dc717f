"""Small canonical tables that any helpdesk with one end for a ticket can hold, drawn by hypothesis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd
from hypothesis import strategies as st

from retaliation_risk.tables import Tables

START = datetime(2025, 3, 1, 8)  # noqa: DTZ001
EXPORTED = datetime(2025, 6, 1)  # noqa: DTZ001
CHANNELS = ("email", "phone", "chat")
ACTORS = ("agent", "bot")
EVENTS = ("end", "back", "message_in", "message_out", "assigned", "escalated", "sla_breached")


@dataclass(frozen=True)
class Event:
    """What happened to a ticket, when, and who did it; ``value`` is a rating in [0, 1]."""

    at: datetime
    kind: str
    actor: str
    value: float | None = None


@dataclass(frozen=True)
class Ticket:
    """A ticket as it was opened, and its events in order of time."""

    number: int
    customer: int
    opened_at: datetime
    channel: str
    issue: str | None
    severity: int
    parent: int | None
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Story:
    """Customers by when they were first seen, and their tickets."""

    customers: tuple[datetime, ...]
    tickets: tuple[Ticket, ...]


def _minutes(most: int) -> st.SearchStrategy[int]:
    return st.integers(1, most)


@st.composite
def _events(draw: st.DrawFn, opened_at: datetime, kinds: tuple[str, ...]) -> tuple[Event, ...]:
    """Events at strictly rising times; a ticket ends only while it is open and comes back only once it has ended."""
    at, ended, told = opened_at, False, []
    for gap, kind, actor, value in draw(
        st.lists(
            st.tuples(_minutes(3000), st.sampled_from(kinds), st.sampled_from(ACTORS), st.integers(1, 5)),
            max_size=8,
        )
    ):
        if (kind, ended) in (("end", True), ("back", False)):
            continue
        at += timedelta(minutes=gap)
        ended = kind == "end" or (ended and kind != "back")
        by = {"message_in": "customer", "csat_rated": "customer", "sla_breached": "system"}.get(kind, actor)
        told.append(Event(at, kind, by, (value - 1) / 4 if kind == "csat_rated" else None))
    return tuple(told)


@st.composite
def _tickets(
    draw: st.DrawFn, number: int, customers: int, kinds: tuple[str, ...], severities: tuple[int, ...]
) -> Ticket:
    opened_at = START + timedelta(minutes=draw(_minutes(50_000)))
    return Ticket(
        number,
        draw(st.integers(0, customers - 1)),
        opened_at,
        draw(st.sampled_from(CHANNELS)),
        draw(st.sampled_from(("billing", "delivery", None))),
        draw(st.sampled_from(severities)),
        draw(st.sampled_from((None, *range(number)))),
        draw(_events(opened_at, kinds)),
    )


@st.composite
def stories(
    draw: st.DrawFn, kinds: tuple[str, ...] = EVENTS, severities: tuple[int, ...] = (2, 3, 4)
) -> Story:
    """One to three customers with one to five tickets.

    Parameters
    ----------
    kinds : tuple of str
        Event kinds that the helpdesk can hold: those of :data:`EVENTS`, and ``csat_rated``.
    severities : tuple of int
        Those that its priorities can say.
    """
    seen = draw(st.lists(_minutes(50_000), min_size=1, max_size=3))
    customers = tuple(START - timedelta(minutes=minutes) for minutes in seen)
    count = draw(st.integers(1, 5))
    return Story(
        customers,
        tuple(draw(_tickets(number, len(customers), kinds, severities)) for number in range(count)),
    )


def expected(story: Story, customer: str, ticket: str) -> dict[str, pd.DataFrame]:
    """Frames tickets and ticket_events that an import must give; ids are made by format strings such as ``"C{}"``."""
    tickets = pd.DataFrame(
        {
            "ticket_id": ticket.format(each.number),
            "customer_id": customer.format(each.customer),
            "opened_at": each.opened_at,
            "channel": each.channel,
            "issue_key": each.issue,
            "parent_ticket_id": None if each.parent is None else ticket.format(each.parent),
            "severity": each.severity,
        }
        for each in story.tickets
    )
    names = {"end": ("solved", "closed"), "back": ("reopened",)}
    events = pd.DataFrame(
        [
            (ticket.format(each.number), event.at, name, event.at, event.actor, event.value)
            for each in story.tickets
            for event in each.events
            for name in names.get(event.kind, (event.kind,))
        ],
        columns=["ticket_id", "occurred_at", "event_type", "known_at", "actor_type", "value"],
    )
    return {"tickets": tickets, "ticket_events": events}


def rows(frame: pd.DataFrame, columns: list[str]) -> list[tuple[str, ...]]:
    """A frame's rows as sorted tuples of text, so that types and order count for nothing."""
    return sorted(tuple(map(_cell, row)) for row in frame[columns].itertuples(index=False))


def _cell(value: object) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def assert_told(
    story: Story, tables: Tables, customer: str, ticket: str, without: tuple[str, ...] = ()
) -> None:
    """Assert that an import gives back what a story told, all but the columns that a helpdesk does not have."""
    for name, frame in expected(story, customer, ticket).items():
        columns = [column for column in frame if column not in without]
        assert rows(tables.frame(name), columns) == rows(frame, columns)
