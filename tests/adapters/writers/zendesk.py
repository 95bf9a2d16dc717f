"""Canonical tables in the shape of Zendesk's API: a folder of JSON lines, one file for each stream."""

from __future__ import annotations

import csv
import json

from retaliation_risk.adapters._zendesk_sql import PRIORITIES

AGENT = 1
SYSTEM = -1
ISSUE_FIELD = "360001"
WORDS = {rank: word for word, rank in PRIORITIES.items()}
VIA = {"phone": "voice", "social": "twitter"}
NEXT = {1: 2, 2: 4, 4: 5}


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def iso(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def write(folder, world, *, survey=False):
    """Write tickets, users, audits and metric events; ratings as the old score or as answers to a survey."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in streams(world, survey=survey).items():
        if rows:
            write_lines(folder / f"{name}.jsonl", rows)
    return folder


def streams(world, *, survey=False):
    events = {}
    for event in world["ticket_events"]:
        events.setdefault(event["ticket_id"], []).append(event)
    audits = [
        audit
        for ticket in world["tickets"]
        for audit in _audits(ticket, events.get(ticket["ticket_id"], []), survey)
    ]
    return {
        "tickets": [
            _ticket(ticket, world["tickets"], events.get(ticket["ticket_id"], []))
            for ticket in world["tickets"]
        ],
        "users": [
            *map(_user, world["customers"]),
            {"id": AGENT, "role": "agent", "created_at": "2020-01-01T00:00:00Z"},
        ],
        "ticket_audits": [{"id": 10_000 + place, **audit} for place, audit in enumerate(audits)],
        "ticket_metric_events": [
            _breach(event) for event in world["ticket_events"] if event["event_type"] == "sla_breached"
        ],
        "csat_survey_responses": [
            _answer(event)
            for event in world["ticket_events"]
            if survey and event["event_type"] == "csat_rated"
        ],
    }


def _ticket(ticket, tickets, events):
    parent = ticket["parent_ticket_id"]
    source = {"from": {"ticket_id": int(parent)}, "rel": "follow_up"} if parent else {"from": {}, "rel": None}
    status, priority = "new", ticket["severity"]
    for event in events:
        status = {"solved": "solved", "reopened": "open", "closed": "closed"}.get(event["event_type"], status)
        priority = NEXT[priority] if event["event_type"] == "escalated" else priority
    last = events[-1]["occurred_at"] if events else ticket["opened_at"]
    return {
        "id": int(ticket["ticket_id"]),
        "requester_id": int(ticket["customer_id"]),
        "created_at": iso(ticket["opened_at"]),
        "updated_at": iso(last),
        "status": status,
        "priority": WORDS.get(priority),
        "via": {"channel": VIA.get(ticket["channel"], ticket["channel"]), "source": source},
        "followup_ids": [
            int(t["ticket_id"]) for t in tickets if t["parent_ticket_id"] == ticket["ticket_id"]
        ],
        "tags": [],
        "satisfaction_rating": {"score": "unoffered"},
    }


def _user(customer):
    return {
        "id": int(customer["customer_id"]),
        "role": "end-user",
        "created_at": iso(customer["first_seen_at"]),
        "email": f"c{customer['customer_id']}@example.org",
    }


def _audits(ticket, events, survey):
    first = [event for event in events if event["occurred_at"] == ticket["opened_at"]]
    yield _audit(
        ticket["ticket_id"],
        ticket["opened_at"],
        int(ticket["customer_id"]),
        [*_created(ticket), *map(_said, first)],
    )
    state = {"status": "new", "priority": ticket["severity"]}
    for event in events[len(first) :]:
        if details := list(_details(event, state, survey)):
            author = {"customer": int(ticket["customer_id"]), "system": SYSTEM}.get(
                event["actor_type"], AGENT
            )
            yield _audit(ticket["ticket_id"], event["occurred_at"], author, details)


def _audit(ticket_id, at, author, details):
    return {
        "ticket_id": int(ticket_id),
        "created_at": iso(at),
        "author_id": author,
        "via": {
            "channel": "rule" if author == SYSTEM else "web",
            "source": {"from": {}, "to": {}, "rel": None},
        },
        "events": [{"id": place, **detail} for place, detail in enumerate(details)],
    }


def _created(ticket):
    firsts = {
        "status": "new",
        "requester_id": ticket["customer_id"],
        "priority": WORDS.get(ticket["severity"]),
        ISSUE_FIELD: ticket["issue_key"],
    }
    return [
        {"type": "Create", "field_name": name, "value": value}
        for name, value in firsts.items()
        if value is not None
    ]


def _said(_):
    return {"type": "Comment", "public": True, "body": "words that nobody reads"}


def _details(event, state, survey):
    kind = event["event_type"]
    if kind in ("message_in", "message_out"):
        yield _said(event)
    elif kind in ("solved", "reopened", "closed"):
        yield _change(state, "status", "open" if kind == "reopened" else kind)
    elif kind == "assigned":
        yield {"type": "Change", "field_name": "assignee_id", "value": str(AGENT), "previous_value": None}
    elif kind == "escalated":
        before, state["priority"] = state["priority"], NEXT[state["priority"]]
        yield {
            "type": "Change",
            "field_name": "priority",
            "value": WORDS[state["priority"]],
            "previous_value": WORDS[before],
        }
    elif kind == "csat_rated" and survey:
        yield {"type": "SurveyResponseSubmitted"}
    elif kind == "csat_rated":
        yield {
            "type": "SatisfactionRating",
            "score": "good" if event["value"] >= 0.5 else "bad",
            "assignee_id": AGENT,
        }


def _change(state, name, value):
    before, state[name] = state[name], value
    return {"type": "Change", "field_name": name, "value": value, "previous_value": before}


def _breach(event):
    return {
        "ticket_id": int(event["ticket_id"]),
        "metric": "requester_wait_time",
        "instance_id": 1,
        "type": "breach",
        "time": iso(event["occurred_at"]),
        "deleted": False,
    }


def _answer(event):
    category = {0.0: "bad", 0.5: "neutral", 1.0: "good"}[event["value"]]
    return {
        "id": f"r{event['ticket_id']}",
        "subjects": [{"id": event["ticket_id"], "type": "ticket", "zrn": f"zen:ticket:{event['ticket_id']}"}],
        "answers": [
            {"type": "closed_ended", "rating_category": category, "created_at": iso(event["occurred_at"])}
        ],
    }


CSV_HEADER = (
    "Summation column", "Id", "Requester", "Requester id", "Requester external id", "Requester email", "Status", "Via",
    "Created at", "Updated at", "Tags", "Priority", "Solved at", "Satisfaction Score", "Reopens",
    "First reply time in minutes",
)  # fmt: skip


def write_csv(path, world):
    """Write the export of the user interface: one row for each ticket, as it stands at the end."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, CSV_HEADER, restval="")
        writer.writeheader()
        writer.writerows(_csv_row(ticket, world) for ticket in world["tickets"])
    return path


def _csv_row(ticket, world):
    events = [event for event in world["ticket_events"] if event["ticket_id"] == ticket["ticket_id"]]
    last = {event["event_type"]: event for event in events}
    row = _ticket(ticket, world["tickets"], events)
    score = {0.0: "Bad", 1.0: "Good"}[last["csat_rated"]["value"]] if "csat_rated" in last else "Not Offered"
    return {
        "Summation column": 1,
        "Id": row["id"],
        "Requester": "A name",
        "Requester id": row["requester_id"],
        "Requester email": f"c{row['requester_id']}@example.org",
        "Status": row["status"].title(),
        "Via": {"web": "Web form", "email": "Mail", "phone": "Phone", "chat": "Chat"}[ticket["channel"]],
        "Created at": f"{ticket['opened_at']:%Y-%m-%d %H:%M:%S}",
        "Updated at": row["updated_at"].replace("T", " ").removesuffix("Z"),
        "Priority": row["priority"],
        "Solved at": f"{last['solved']['occurred_at']:%Y-%m-%d %H:%M:%S}" if "solved" in last else "",
        "Satisfaction Score": score,
        "Reopens": sum(event["event_type"] == "reopened" for event in events),
    }
