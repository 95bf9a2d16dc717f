"""Canonical tables in the shape of Freshdesk's API: a folder of JSON lines; and of the CSV of its interface."""

from __future__ import annotations

import csv

from tests.adapters.writers.zendesk import iso, write_lines

AGENT = 1
SOURCES = {"email": 1, "portal": 2, "phone": 3, "chat": 7, "outbound_email": 10}
PRIORITIES = {1: 1, 2: 2, 4: 3, 5: 4}
SCORES = {0.0: -103, 0.5: 100, 1.0: 103}
STATES = {"solved": "Resolved", "reopened": "Open", "closed": "Closed"}


def write(folder, world, *, inside=False, activities=True):
    """Write tickets, contacts, agents, conversations, activities and ratings; ``inside``: conversations in their tickets."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = [letter for ticket in world["tickets"] for letter in _letters(ticket, world)]
    streams = {
        "tickets": [_ticket(ticket, world, letters if inside else []) for ticket in world["tickets"]],
        "contacts": [
            {"id": int(c["customer_id"]), "created_at": iso(c["first_seen_at"])} for c in world["customers"]
        ],
        "agents": [{"id": AGENT}],
        "conversations": [] if inside else letters,
        "ticket_activities": [
            row for ticket in world["tickets"] for row in _activities(ticket, world) if activities
        ],
        "satisfaction_ratings": [
            _rating(event) for event in world["ticket_events"] if event["event_type"] == "csat_rated"
        ],
    }
    for name, rows in streams.items():
        if rows:
            write_lines(folder / f"{name}.jsonl", rows)
    return folder


def _of(ticket, world):
    return [event for event in world["ticket_events"] if event["ticket_id"] == ticket["ticket_id"]]


def _ticket(ticket, world, letters):
    events = _of(ticket, world)
    breach = next((event for event in events if event["event_type"] == "sla_breached"), None)
    last = {event["event_type"]: iso(event["occurred_at"]) for event in events}
    return {
        "id": int(ticket["ticket_id"]),
        "requester_id": int(ticket["customer_id"]),
        "created_at": iso(ticket["opened_at"]),
        "updated_at": max([iso(ticket["opened_at"]), *last.values()]),
        "source": SOURCES[ticket["channel"]],
        "is_escalated": breach is not None,
        "fr_escalated": False,
        "due_by": iso(breach["occurred_at"]) if breach else None,
        "stats": {
            "resolved_at": last.get("solved"),
            "reopened_at": last.get("reopened"),
            "closed_at": last.get("closed"),
        },
        "conversations": [letter for letter in letters if str(letter["ticket_id"]) == ticket["ticket_id"]],
    }


def _letters(ticket, world):
    for place, event in enumerate(_of(ticket, world)):
        if event["event_type"].startswith("message") and event["occurred_at"] > ticket["opened_at"]:
            yield {
                "id": int(ticket["ticket_id"]) * 100 + place,
                "ticket_id": int(ticket["ticket_id"]),
                "incoming": event["event_type"] == "message_in",
                "private": False,
                "created_at": iso(event["occurred_at"]),
            }


def _activities(ticket, world):
    priority = ticket["severity"]
    first = {"status": "Open", "priority": PRIORITIES.get(priority), "requester_id": int(ticket["customer_id"]),
             "ticket_type": ticket["issue_key"]}  # fmt: skip
    yield _activity(ticket, ticket["opened_at"], int(ticket["customer_id"]), "user", first)
    for event in _of(ticket, world):
        kind, done = event["event_type"], None
        if kind in STATES:
            done = {"status": STATES[kind]}
        elif kind == "assigned":
            done = {"agent_id": AGENT}
        elif kind == "escalated":
            priority = {1: 2, 2: 4, 4: 5}[priority]
            done = {"priority": PRIORITIES[priority]}
        if done:
            by = "system" if event["actor_type"] == "system" else "user"
            yield _activity(ticket, event["occurred_at"], AGENT, by, done)


def _activity(ticket, at, performer, kind, done):
    return {
        "ticket_id": int(ticket["ticket_id"]),
        "performed_at": f"{at:%d-%m-%Y %H:%M:%S} +0000",
        "performer_type": kind,
        "performer_id": performer,
        "activity": {name: value for name, value in done.items() if value is not None},
    }


def _rating(event):
    return {
        "id": int(event["ticket_id"]),
        "ticket_id": int(event["ticket_id"]),
        "ratings": {"default_question": SCORES[event["value"]]},
        "created_at": iso(event["occurred_at"]),
    }


CSV_HEADER = (
    "Ticket ID", "Subject", "Status", "Priority", "Source", "Created time", "Due by Time", "Resolved time", "Closed time",
    "Last update time", "Initial response time", "First response time (in hrs)", "Resolution time (in hrs)",
    "Resolution status", "Survey results", "Full name", "Email", "Contact ID",
)  # fmt: skip


def write_csv(path, world):
    """Write the export of the user interface: one row for each ticket, as it stands at the end."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, CSV_HEADER, restval="")
        writer.writeheader()
        writer.writerows(_csv_row(ticket, world) for ticket in world["tickets"])
    return path


def _csv_row(ticket, world):
    last = {event["event_type"]: event["occurred_at"] for event in _of(ticket, world)}
    return {
        "Ticket ID": ticket["ticket_id"],
        "Status": "Closed" if "closed" in last else "Open",
        "Priority": "Low",
        "Source": ticket["channel"].replace("_", " ").title(),
        "Created time": _local(ticket["opened_at"]),
        "Last update time": _local(max([ticket["opened_at"], *last.values()])),
        "Resolution time (in hrs)": hours(last["solved"] - ticket["opened_at"]) if "solved" in last else "",
        "Contact ID": ticket["customer_id"],
        "Email": f"c{ticket['customer_id']}@example.org",
    }


def _local(at):
    return f"{at:%Y-%m-%d %H:%M:%S}"


def hours(took):
    """A duration as Freshdesk writes it: hours may be more than 24.

    >>> from datetime import timedelta
    >>> hours(timedelta(days=2, hours=10, minutes=22, seconds=50))
    '58:22:50'
    """
    seconds = int(took.total_seconds())
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
