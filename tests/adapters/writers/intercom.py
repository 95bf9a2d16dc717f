"""Canonical tables in the shape of Intercom's API: conversations with their parts, and contacts; times in epoch seconds."""

from __future__ import annotations

from datetime import UTC

from tests.adapters.writers.zendesk import write_lines

SOURCES = {"chat": "conversation", "email": "email", "whatsapp": "whatsapp"}
PARTS = {
    "message_in": "comment",
    "message_out": "comment",
    "assigned": "assignment",
    "solved": "close",
    "reopened": "open",
}
AUTHORS = {"customer": "user", "agent": "admin", "bot": "bot", "system": "bot"}


def epoch(at):
    return int(at.replace(tzinfo=UTC).timestamp())


def write(folder, world, *, apart=False):
    """Write conversations and contacts; ``apart``: parts as a stream of their own, with times in ISO 8601."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = {ticket["ticket_id"]: list(_parts(ticket, world)) for ticket in world["tickets"]}
    conversations = [
        _conversation(ticket, world, parts[ticket["ticket_id"]], apart) for ticket in world["tickets"]
    ]
    write_lines(folder / "conversations.jsonl", conversations)
    write_lines(folder / "contacts.jsonl", [_contact(customer) for customer in world["customers"]])
    loose = [{"conversation_id": ticket, **part} for ticket, own in parts.items() for part in own]
    if apart and loose:
        write_lines(folder / "conversation_parts.jsonl", loose)
    return folder


def _contact(customer):
    return {"id": customer["customer_id"], "role": "user", "created_at": epoch(customer["first_seen_at"])}


def _conversation(ticket, world, parts, apart):
    events = [event for event in world["ticket_events"] if event["ticket_id"] == ticket["ticket_id"]]
    rated = next((event for event in events if event["event_type"] == "csat_rated"), None)
    last = max([ticket["opened_at"], *(event["occurred_at"] for event in events)])
    held = [] if apart else parts
    return {
        "type": "conversation",
        "id": ticket["ticket_id"],
        "created_at": epoch(ticket["opened_at"]),
        "updated_at": epoch(last),
        "source": {
            "type": SOURCES[ticket["channel"]],
            "author": {"type": "user", "id": ticket["customer_id"]},
        },
        "contacts": {"type": "contact.list", "contacts": [{"type": "contact", "id": ticket["customer_id"]}]},
        "conversation_rating": _rating(rated) if rated else None,
        "statistics": {"count_conversation_parts": len(parts)},
        "conversation_parts": {
            "type": "conversation_part.list",
            "conversation_parts": held,
            "total_count": len(parts),
        },
    }


def _rating(event):
    asked = epoch(event["occurred_at"]) - 60
    return {
        "rating": int(1 + 4 * event["value"]),
        "created_at": asked,
        "updated_at": epoch(event["occurred_at"]),
    }


def _parts(ticket, world):
    for place, event in enumerate(world["ticket_events"]):
        kind = event["event_type"]
        if (
            event["ticket_id"] == ticket["ticket_id"]
            and kind in PARTS
            and event["occurred_at"] > ticket["opened_at"]
        ):
            yield {
                "id": str(5000 + place),
                "part_type": PARTS[kind],
                "created_at": epoch(event["occurred_at"]),
                "author": {"type": AUTHORS[event["actor_type"]], "id": "1"},
                "body": "<p>words that nobody reads</p>" if kind.startswith("message") else None,
                "assigned_to": {"type": "admin", "id": "1"} if kind == "assigned" else None,
            }
