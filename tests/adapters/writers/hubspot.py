"""A HubSpot account, written from canonical facts: tickets of its API with the versions of their properties, or its CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.adapters.writers.stories import Event, Story, Ticket

CONTACT = "10{:04}"
TICKET = "90{:04}"
SOURCES = {"email": "EMAIL", "phone": "PHONE", "chat": "CHAT"}
SETTERS = {"agent": "CRM_UI", "bot": "AUTOMATION_PLATFORM", "system": "CALCULATED"}
PRIORITIES = {2: "LOW", 3: "MEDIUM", 4: "HIGH", 5: "URGENT"}
OPEN, DONE = "71001", "71004"
STATE = {OPEN: ("In progress", "OPEN"), DONE: ("Done", "CLOSED")}
Version = tuple[datetime, str, str]


def time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def write(story: Story, folder: Path) -> Path:
    """Write tickets, pipelines, contacts and emails as the API answers."""
    folder.mkdir(parents=True, exist_ok=True)
    stages = [
        {"id": key, "label": label, "metadata": {"ticketState": state}}
        for key, (label, state) in STATE.items()
    ]
    answers = {
        "tickets": [ticket_of(each) for each in story.tickets],
        "pipelines": [{"id": "7", "label": "Support", "stages": stages}],
        "contacts": [contact(number, at) for number, at in enumerate(story.customers)],
        "emails": [
            mail(each, event)
            for each in story.tickets
            for event in each.events
            if event.kind.startswith("message")
        ],
    }
    for name, results in answers.items():
        (folder / f"{name}.json").write_text(json.dumps({"results": results}))
    return folder


def contact(number: int, at: datetime) -> dict[str, Any]:
    properties = {"createdate": time(at), "email": f"c{number}@example.org"}
    return {"id": CONTACT.format(number), "properties": properties}


def mail(ticket: Ticket, event: Event) -> dict[str, Any]:
    direction = "INCOMING_EMAIL" if event.kind == "message_in" else "EMAIL"
    return {
        "id": f"{TICKET.format(ticket.number)}{event.at:%j%H%M}",
        "properties": {"hs_timestamp": time(event.at), "hs_email_direction": direction},
        "associations": {
            "tickets": {"results": [{"id": TICKET.format(ticket.number), "type": "email_to_ticket"}]}
        },
    }


def versions(ticket: Ticket) -> dict[str, list[Version]]:
    """Each property's values by time."""
    start = (ticket.opened_at, "CRM_UI")

    def of(kinds: dict[str, Callable[[int], list[str]]], first: str | None) -> list[Version]:
        found = [(*start, first)] if first else []
        for place, event in enumerate(ticket.events):
            values = kinds.get(event.kind, lambda _: [])(place)
            found += [(event.at, SETTERS.get(event.actor, "API"), value) for value in values]
        return found

    return {
        "hs_pipeline_stage": of({"end": lambda _: [DONE], "back": lambda _: [OPEN]}, OPEN),
        "hubspot_owner_id": of({"assigned": lambda place: [str(5000 + place)]}, None),
        "hs_ticket_priority": of({}, PRIORITIES[ticket.severity]),
        "hs_ticket_category": of({}, ticket.issue),
    }


def ticket_of(ticket: Ticket) -> dict[str, Any]:
    """A ticket with its versions: the first deadline missed is that of closing, the later ones those of an answer each."""
    told = versions(ticket)
    late = [event for event in ticket.events if event.kind == "sla_breached"]
    told["hs_time_to_close_sla_status"] = [
        (ticket.opened_at, "CALCULATED", "0"),
        *((event.at, "CALCULATED", "1") for event in late[:1]),
    ]
    told["hs_time_to_next_response_sla_status"] = [
        version
        for event in late[1:]
        for version in ((event.at - timedelta(seconds=1), "CALCULATED", "3"), (event.at, "CALCULATED", "4"))
    ]
    return {
        "id": TICKET.format(ticket.number),
        "properties": {
            "createdate": time(ticket.opened_at),
            "hs_lastmodifieddate": time(ticket.events[-1].at if ticket.events else ticket.opened_at),
            "source_type": SOURCES[ticket.channel],
            **{name: values[-1][2] for name, values in told.items() if values},
        },
        "propertiesWithHistory": {
            name: [
                {"value": value, "timestamp": time(at), "sourceType": by}
                for at, by, value in reversed(values)
            ]
            for name, values in told.items()
        },
        "associations": {
            "contacts": {"results": [{"id": CONTACT.format(ticket.customer), "type": "ticket_to_contact"}]}
        },
        "archived": False,
    }


def write_csv(story: Story, file: Path) -> Path:
    """Write the CSV of the user interface: labels for names, and the end of each ticket."""
    file.parent.mkdir(parents=True, exist_ok=True)
    header = [
        "Ticket ID", "Ticket name", "Pipeline", "Ticket status", "Create date", "Close date", "Priority", "Category",
        "Source", "Time to Close SLA Ticket Status", "Time to Close SLA Due Date", "Last CSAT survey rating",
        "Associated Contact IDs",
    ]  # fmt: skip
    with file.open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(header)
        rows.writerows(csv_row(ticket) for ticket in story.tickets)
    return file


def csv_row(ticket: Ticket) -> list[str]:
    ends = [event for event in ticket.events if event.kind in ("end", "back")]
    done = bool(ends) and ends[-1].kind == "end"
    late = [event for event in ticket.events if event.kind == "sla_breached"]
    return [
        TICKET.format(ticket.number), "text", "Support", "Done" if done else "In progress",
        f"{ticket.opened_at:%Y-%m-%d %H:%M}",
        f"{ends[-1].at:%Y-%m-%d %H:%M}" if done else "", "Urgent", ticket.issue or "", ticket.channel.title(),
        "Completed late" if late else "Completed on time", f"{late[0].at:%Y-%m-%d %H:%M}" if late else "", "",
        f"{CONTACT.format(ticket.customer)};999",
    ]  # fmt: skip
