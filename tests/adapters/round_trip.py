"""Tables as sets of rows, to compare what was written with what came back."""

from __future__ import annotations

TICKET = ("ticket_id", "customer_id", "opened_at", "channel", "issue_key", "parent_ticket_id", "severity")
EVENT = ("ticket_id", "occurred_at", "event_type", "known_at", "actor_type", "value")


def rows(frame, columns):
    """Rows of a frame as a sorted list of tuples of plain values; missing is None."""
    found = frame[list(columns)].astype(object)
    found = found.where(found.notna(), None)
    return _sorted(tuple(map(_plain, row)) for row in found.itertuples(index=False, name=None))


def written(table, columns):
    """Rows of a world's table, likewise."""
    return _sorted(tuple(row[name] for name in columns) for row in table)


def same_world(tables, world):
    """Assert that the tables say what the world says, and nothing else."""
    assert rows(tables.frame("customers"), ("customer_id", "first_seen_at")) == written(
        world["customers"], ("customer_id", "first_seen_at")
    )
    assert rows(tables.frame("tickets"), TICKET) == written(world["tickets"], TICKET)
    assert rows(tables.frame("ticket_events"), EVENT) == written(world["ticket_events"], EVENT)
    assert rows(tables.frame("observation"), ("customer_id", "observed_from", "observed_to")) == _spans(world)


def end_of(world):
    """Last moment that anything in the world shows."""
    times = [ticket["opened_at"] for ticket in world["tickets"]]
    return max([*times, *(event["known_at"] for event in world["ticket_events"])])


def _spans(world):
    """Who is seen from when to when: from the first ticket of the export at the earliest, and not at all from its end."""
    start, end = min(ticket["opened_at"] for ticket in world["tickets"]), end_of(world)
    seen = ((row["customer_id"], max(row["first_seen_at"], start)) for row in world["customers"])
    return _sorted((customer, since, end) for customer, since in seen if since < end)


def _plain(value):
    return value.to_pydatetime() if hasattr(value, "to_pydatetime") else value


def _sorted(found):
    return sorted(found, key=str)
