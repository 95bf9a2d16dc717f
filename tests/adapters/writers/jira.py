"""A Jira Service Management site, written from canonical facts: its API's JSON, or the CSV of its issue navigator."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.adapters.writers.stories import Event, Story, Ticket

ACCOUNT = "712020:customer-{:04}"
ISSUE = "HELP-{}"
AUTHORS = {
    "agent": {"accountId": "712020:agent-0001", "accountType": "atlassian"},
    "bot": {"accountId": "557058:automation", "accountType": "app"},
}
PRIORITIES = {1: "Lowest", 2: "Low", 3: "Medium", 4: "High", 5: "Highest"}
STATUSES = {
    "10001": ("Waiting for support", "indeterminate"),
    "10002": ("Waiting for customer", "indeterminate"),
    "10003": ("Resolved", "done"),
}
OPEN, DONE = "10001", "10003"
CSV_TIME = "%d/%b/%y %I:%M %p"


def time(at: datetime) -> str:
    """As Jira Cloud writes it for a user whose clock is two hours ahead: an offset without a colon."""
    return (at + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S.000+0200")


def write(story: Story, folder: Path) -> Path:
    """Write issues with their changelog and SLA cycles, the site's statuses and its fields."""
    folder.mkdir(parents=True, exist_ok=True)
    issues = [issue(ticket) for ticket in story.tickets]
    (folder / "issues.jsonl").write_text("".join(json.dumps(each) + "\n" for each in issues))
    statuses = [{"id": key, **status(key)} for key in STATUSES]
    (folder / "statuses.json").write_text(json.dumps(statuses))
    fields = [
        {"id": "customfield_10030", "name": "Satisfaction date"},
        {"id": "customfield_10010", "name": "Request Type"},
    ]
    (folder / "fields.json").write_text(json.dumps(fields))
    return folder


def status(key: str) -> dict[str, Any]:
    name, category = STATUSES[key]
    return {"name": name, "statusCategory": {"key": category}}


def reporter(ticket: Ticket) -> dict[str, str]:
    return {"accountId": ACCOUNT.format(ticket.customer), "accountType": "customer"}


def author(ticket: Ticket, event: Event) -> dict[str, str]:
    return AUTHORS.get(event.actor, reporter(ticket))


def is_done(ticket: Ticket) -> bool:
    ends = [event.kind for event in ticket.events if event.kind in ("end", "back")]
    return bool(ends) and ends[-1] == "end"


def issue(ticket: Ticket) -> dict[str, Any]:
    """An issue as it stands at the export: its priority was lowered since, and the changelog tells from where."""
    key = DONE if is_done(ticket) else OPEN
    histories = list(changes(ticket))
    rated = [event for event in ticket.events if event.kind == "csat_rated"]
    request = {"requestType": {"name": ticket.issue}} if ticket.issue else None
    fields = {
        "created": time(ticket.opened_at),
        "updated": time(ticket.events[-1].at if ticket.events else ticket.opened_at),
        "reporter": reporter(ticket),
        "assignee": None,
        "status": {"id": key, **status(key)},
        "priority": {"name": "Lowest"},
        "issuetype": {"name": "Service request"},
        "resolutiondate": None,
        "comment": {"comments": list(comments(ticket))},
        "customfield_10010": request,
        "customfield_10020": {"name": "Time to resolution", **cycles(ticket)},
        "customfield_10025": {"rating": 1 + 4 * rated[-1].value}
        if rated and rated[-1].value is not None
        else None,
        "customfield_10030": time(rated[-1].at) if rated else None,
    }
    log = {"total": len(histories), "histories": histories}
    return {
        "id": str(20_000 + ticket.number),
        "key": ISSUE.format(ticket.number),
        "fields": fields,
        "changelog": log,
    }


def item(
    field: str, old: tuple[str | None, str | None], new: tuple[str | None, str | None]
) -> dict[str, Any]:
    return {"field": field, "from": old[0], "fromString": old[1], "to": new[0], "toString": new[1]}


def changes(ticket: Ticket) -> Iterator[dict[str, Any]]:
    """Entries of the changelog; an escalation is a priority raised from what it had been lowered to."""
    yield history(ticket, Event(ticket.opened_at, "lowered", "agent"),
                  item("priority", ("3", PRIORITIES[ticket.severity]), ("5", "Lowest")))  # fmt: skip
    moves = {"end": (OPEN, DONE), "back": (DONE, OPEN)}
    for event in ticket.events:
        if event.kind in moves:
            old, new = moves[event.kind]
            yield history(ticket, event, item("status", (old, STATUSES[old][0]), (new, STATUSES[new][0])))
        elif event.kind == "assigned":
            agent = AUTHORS["agent"]["accountId"]
            yield history(ticket, event, item("assignee", (None, None), (agent, "Jo Agent")))
        elif event.kind == "escalated":
            yield history(ticket, event, item("priority", ("5", "Lowest"), ("1", "Highest")))


def history(ticket: Ticket, event: Event, change: dict[str, Any]) -> dict[str, Any]:
    return {"created": time(event.at), "author": author(ticket, event), "items": [change]}


def comments(ticket: Ticket) -> Iterator[dict[str, Any]]:
    for event in ticket.events:
        if event.kind in ("message_in", "message_out"):
            yield {
                "created": time(event.at),
                "author": author(ticket, event),
                "jsdPublic": True,
                "body": "text",
            }


def cycles(ticket: Ticket) -> dict[str, Any]:
    """SLA cycles: the misses that the ticket tells, and one that was kept."""
    missed = [event for event in ticket.events if event.kind == "sla_breached"]
    late = [
        {
            "breached": True,
            "breachTime": {"iso8601": time(event.at)},
            "stopTime": {"iso8601": time(event.at + timedelta(hours=1))},
        }
        for event in missed
    ]
    kept = {"breached": False, "breachTime": {"iso8601": time(ticket.opened_at + timedelta(days=90))}}
    return {"completedCycles": [*late, kept]}


def write_csv(story: Story, file: Path, time_format: str = CSV_TIME) -> Path:
    """Write the CSV of the issue navigator: one ``Comment`` column for each comment of the longest ticket."""
    file.parent.mkdir(parents=True, exist_ok=True)
    said = [
        [event for event in ticket.events if event.kind.startswith("message")] for ticket in story.tickets
    ]
    most = max(map(len, said), default=0)
    header = [
        "Summary", "Issue key", "Issue id", "Issue Type", "Status", "Priority", "Assignee", "Assignee Id", "Reporter",
        "Reporter Id", "Created", "Resolved", "Satisfaction rating", "Custom field (Satisfaction date)",
        "Custom field (Request Type)", "Custom field (Time to first response)", "Custom field (Time to resolution)",
        *["Comment"] * most, "Status Category", "Status Category Changed",
    ]  # fmt: skip
    with file.open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(header)
        for ticket, messages in zip(story.tickets, said, strict=True):
            rows.writerow(csv_row(ticket, messages, most, time_format))
    return file


def csv_row(ticket: Ticket, messages: list[Event], most: int, time_format: str) -> list[str]:
    ends = [event for event in ticket.events if event.kind in ("end", "back")]
    rated = [event for event in ticket.events if event.kind == "csat_rated"]
    missed = any(event.kind == "sla_breached" for event in ticket.events)
    changed = (ends[-1].at if ends else ticket.opened_at).strftime(time_format)
    cells = [
        f"{event.at.strftime(time_format)};{author(ticket, event)['accountId']};a; text" for event in messages
    ]
    return [
        "text", ISSUE.format(ticket.number), str(20_000 + ticket.number), "Service request",
        "Resolved" if is_done(ticket) else "Waiting for support", "Highest", "", "", "Ana Lima",
        ACCOUNT.format(ticket.customer), ticket.opened_at.strftime(time_format),
        changed if is_done(ticket) else "",
        f"{1 + 4 * rated[-1].value:g}" if rated and rated[-1].value is not None else "",
        rated[-1].at.strftime(time_format) if rated else "",
        ticket.issue or "", "0:12", "-2:15" if missed else "3:40",
        *cells, *[""] * (most - len(cells)), "Done" if is_done(ticket) else "In Progress", changed,
    ]  # fmt: skip
