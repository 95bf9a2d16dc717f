"""The objects of a Salesforce org, written from canonical facts in the shape of its data export: one CSV file each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd

from tests.adapters.writers.stories import Event, Story, Ticket

CONTACT = "0035g00000A{:04}AAC"
CASE = "5005g00000B{:04}AAE"
USERS = {"agent": ("0055g00000U0001AAA", "Standard"), "bot": ("0055g00000U0002AAA", "AutomatedProcess")}
PRIORITIES = {2: "Low", 3: "Medium", 4: "High", 5: "Critical"}
ORIGINS = {"email": "Email", "phone": "Phone", "chat": "Chat"}


def time(at: datetime | None) -> str | None:
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def write(story: Story, folder: Path) -> Path:
    """Write Case, CaseHistory, CaseMilestone, EmailMessage, Contact, User and CaseStatus."""
    folder.mkdir(parents=True, exist_ok=True)
    objects = {
        "Case": [case(ticket) for ticket in story.tickets],
        "CaseHistory": [row for ticket in story.tickets for row in history(ticket)],
        "CaseMilestone": [row for ticket in story.tickets for row in milestones(ticket)],
        "EmailMessage": [row for ticket in story.tickets for row in messages(ticket)],
        "Contact": [contact(number, at) for number, at in enumerate(story.customers)],
        "User": [{"Id": user, "UserType": kind} for user, kind in USERS.values()],
        "CaseStatus": [
            {"MasterLabel": name, "ApiName": name, "IsClosed": str(name == "Closed").lower()}
            for name in ("New", "Working", "Escalated", "Closed")
        ],
    }
    for name, made in objects.items():
        if made:
            pd.DataFrame(made).to_csv(folder / f"{name}.csv", index=False)
    return folder


def contact(number: int, at: datetime) -> dict[str, str | None]:
    return {
        "Id": CONTACT.format(number),
        "Email": f"c{number}@example.org",
        "CreatedDate": time(at),
        "IsDeleted": "false",
    }


def case(ticket: Ticket) -> dict[str, str | None]:
    """A case as it stands at the export: its priority was raised since, and the history tells from where."""
    ends = [event for event in ticket.events if event.kind in ("end", "back")]
    closed = bool(ends) and ends[-1].kind == "end"
    return {
        "Id": CASE.format(ticket.number),
        "ContactId": CONTACT.format(ticket.customer),
        "CreatedDate": time(ticket.opened_at),
        "ClosedDate": time(ends[-1].at) if closed else None,
        "LastModifiedDate": time(ticket.events[-1].at if ticket.events else ticket.opened_at),
        "Status": "Closed" if closed else "Working",
        "IsClosed": str(closed).lower(),
        "Priority": "Critical",
        "Origin": ORIGINS[ticket.channel],
        "Type": ticket.issue,
        "Reason": None,
        "ParentId": None if ticket.parent is None else CASE.format(ticket.parent),
        "MasterRecordId": None,
        "IsDeleted": "false",
        "IsEscalated": "true",
    }


def change(
    ticket: Ticket, event: Event, field: str, old: str | None, new: str | None
) -> dict[str, str | None]:
    return {
        "CaseId": CASE.format(ticket.number),
        "Field": field,
        "OldValue": old,
        "NewValue": new,
        "CreatedDate": time(event.at),
        "CreatedById": USERS[event.actor][0] if event.actor in USERS else None,
        "IsDeleted": "false",
    }


def history(ticket: Ticket) -> Iterator[dict[str, str | None]]:
    """Rows of CaseHistory: two, one with names and one with ids, where a foreign key changes."""
    opening = Event(ticket.opened_at, "created", "agent")
    yield change(ticket, opening, "created", None, None)
    yield change(ticket, opening, "Priority", PRIORITIES[ticket.severity], "Critical")
    for event in ticket.events:
        if event.kind == "end":
            yield change(ticket, event, "Status", "Working", "Closed")
        elif event.kind == "back":
            yield change(ticket, event, "Status", "Closed", "Working")
        elif event.kind == "assigned":
            yield change(ticket, event, "ownerAssignment", "Queue One", "Jo Agent")
            yield change(ticket, event, "ownerAssignment", "00G5g00000Q0001AAA", USERS["agent"][0])
        elif event.kind == "escalated":
            yield change(ticket, event, "IsEscalated", "false", "true")


def milestones(ticket: Ticket) -> Iterator[dict[str, str | None]]:
    """Rows of CaseMilestone: ``IsViolated`` as the clock of some other day left it, which is to say wrong."""
    for event in ticket.events:
        if event.kind == "sla_breached":
            yield {
                "CaseId": CASE.format(ticket.number),
                "TargetDate": time(event.at),
                "CompletionDate": time(event.at + timedelta(minutes=1)),
                "IsCompleted": "true",
                "IsViolated": "false",
                "IsDeleted": "false",
            }


def messages(ticket: Ticket) -> Iterator[dict[str, str | None]]:
    for place, event in enumerate(ticket.events):
        if event.kind in ("message_in", "message_out"):
            yield {
                "Id": f"02s5g{ticket.number:04}{place:09}",
                "ParentId": CASE.format(ticket.number),
                "Incoming": str(event.kind == "message_in").lower(),
                "MessageDate": time(event.at),
                "CreatedDate": time(event.at),
                "CreatedById": USERS[event.actor][0] if event.actor in USERS else None,
                "IsDeleted": "false",
            }
