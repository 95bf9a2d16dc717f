"""Statements that make the canonical tables of a mapping from its files, each of which is a table ``raw_<table>``."""

from __future__ import annotations

from collections.abc import Iterator

from retaliation_risk.adapters._mapping_file import Cell, Event, Mapping
from retaliation_risk.adapters._mapping_sql import event_time, joined, value
from retaliation_risk.adapters._records import utc
from retaliation_risk.tables._sql import literal
from retaliation_risk.tables.contract import CONTRACT

ALONE = tuple(name for name in CONTRACT if name not in ("tickets", "customers", "ticket_events"))
"""Tables that only a file of their own can fill."""

_EVENT = ("ticket_id", "occurred_at", "event_type", "known_at", "actor_type", "value")
_UNKNOWN = "CAST(NULL AS VARCHAR)"


def raw(table: str, mapping: Mapping) -> str:
    """Return the table that holds the file of a canonical table."""
    return f"raw_{table}" if mapping.file(table) else "raw_tickets"


def by_address(mapping: Mapping) -> bool:
    """Whether customers are known by their e-mail address only: then its key is their id."""
    email = mapping.section("customers").get("email")
    return email is not None and email == mapping.section("tickets")["customer_id"]


def statements(mapping: Mapping) -> Iterator[str]:
    """Yield what makes the tables ``opened`` (all tickets), ``tickets``, ``customers``, ``told`` (events) and the rest."""
    yield f"CREATE TABLE opened AS {_selected('tickets', mapping)}"
    yield "CREATE TABLE tickets AS FROM opened WHERE customer_id IS NOT NULL"
    yield f"CREATE TABLE customers AS {_customers(mapping)}"
    if told := [*_told_by_tickets(mapping), *_told_by_file(mapping)]:
        yield f"CREATE TABLE told AS {' UNION ALL '.join(told)}"
    for name in ALONE:
        if mapping.section(name):
            yield f"CREATE TABLE {name} AS {_selected(name, mapping)}"


def events(exported_at: str) -> str:
    """Return what makes ``ticket_events`` of ``told``: what only the export knows is known from then on.

    Parameters
    ----------
    exported_at : str
        ISO 8601.
    """
    export = literal(exported_at)
    return (
        f"CREATE TABLE ticket_events AS SELECT ticket_id, coalesce(occurred_at, {export}) AS occurred_at, event_type,"
        f" CASE known_at WHEN 'export' THEN {export} ELSE known_at END AS known_at, actor_type, value"
        " FROM told ANTI JOIN (FROM opened WHERE customer_id IS NULL) USING (ticket_id)"
    )


def _selected(table: str, mapping: Mapping) -> str:
    cells = mapping.section(table)
    columns = ", ".join(
        f"{_cell(table, name, cell, mapping)} AS {name}" for name, cell in cells.items() if name != "email"
    )
    source = f"FROM {raw(table, mapping)}"
    return f"SELECT {columns}{_key_column(table, cells)} {source}{_keys(table, mapping)}"


def _cell(table: str, name: str, cell: Cell, mapping: Mapping) -> str:
    if name == "customer_id" and table == "tickets" and by_address(mapping):
        return "keys.contact_key"
    kind = next(column.kind for column in CONTRACT[table].columns if column.name == name)
    return value(cell, kind, mapping)


def _key_column(table: str, cells: dict[str, Cell]) -> str:
    return (
        ", keys.contact_key"
        if table == "customers" and "email" in cells and "contact_key" not in cells
        else ""
    )


def _keys(table: str, mapping: Mapping) -> str:
    """Join the contact keys to the rows of a file that holds addresses."""
    email = mapping.section("customers").get("email")
    here = table in ("tickets", "customers") and raw(table, mapping) == raw("customers", mapping)
    return f" LEFT JOIN keys ON keys.address = {joined(email)}" if email is not None and here else ""


def _customers(mapping: Mapping) -> str:
    """Select customers from their own file, or one per customer of the tickets, as first told."""
    if mapping.file("customers"):
        return _selected("customers", mapping)
    cells = mapping.section("customers")
    told = {name: _cell("customers", name, cells[name], mapping) for name in cells if name != "email"}
    if "email" in cells:
        told.setdefault("contact_key", "keys.contact_key")
    tickets = mapping.section("tickets")
    told["customer_id"] = _cell("tickets", "customer_id", tickets["customer_id"], mapping)
    told["opened_at"] = utc(value(tickets["opened_at"], "time", mapping))
    columns = ", ".join(f"{sql} AS {name}" for name, sql in told.items())
    firsts = {
        name: f"arg_min({name}, opened_at)" for name in told if name not in ("customer_id", "opened_at")
    }
    firsts["first_seen_at"] = (
        f"coalesce({firsts.get('first_seen_at', 'NULL')}, CAST(min(opened_at) AS VARCHAR))"
    )
    firsts.setdefault("history_from", f"(SELECT min({utc('opened_at')}) FROM opened)")
    return (
        f"SELECT customer_id, {', '.join(f'{sql} AS {name}' for name, sql in firsts.items())}"
        f" FROM (SELECT {columns} FROM raw_tickets{_keys('tickets', mapping)})"
        " WHERE customer_id IS NOT NULL GROUP BY customer_id"
    )


def _told_by_tickets(mapping: Mapping) -> Iterator[str]:
    """Yield a query for each event that columns of the tickets tell of."""
    tickets = mapping.section("tickets")
    opened = value(tickets["opened_at"], "time", mapping)
    for event in mapping.events:
        cells = {
            "ticket_id": value(tickets["ticket_id"], "id", mapping),
            "occurred_at": event_time(event, opened, mapping),
            "event_type": literal(event.event) if event.event else value(event, "str", mapping),
            "known_at": _UNKNOWN if event.known == "then" and has_time(event) else "'export'",
            "actor_type": literal(event.actor_type) if event.actor_type else _UNKNOWN,
            "value": value(event.value, "float", mapping) if event.value else _UNKNOWN,
        }
        filled = [
            *(["occurred_at"] if has_time(event) else []),
            *(["value"] if event.value else []),
            "event_type",
        ]
        columns = ", ".join(f"{sql} AS {name}" for name, sql in cells.items())
        where = " AND ".join(f"{name} IS NOT NULL" for name in filled)
        yield f"SELECT * FROM (SELECT {columns} FROM raw_tickets) WHERE {where}"


def _told_by_file(mapping: Mapping) -> Iterator[str]:
    """Yield the query for the tickets' own file of events; a type that the map names as nothing is no event."""
    cells = mapping.section("ticket_events")
    if not cells:
        return
    told = {
        name: _cell("ticket_events", name, cells[name], mapping) if name in cells else _UNKNOWN
        for name in _EVENT
    }
    columns = ", ".join(f"{sql} AS {name}" for name, sql in told.items())
    named_nothing = f"({told['event_type']}) IS NULL AND {joined(cells['event_type'])} IS NOT NULL"
    yield f"SELECT {columns} FROM {raw('ticket_events', mapping)} WHERE NOT ({named_nothing})"


def has_time(event: Event) -> bool:
    """Whether the file says when an event happened."""
    return event.at is not None or event.after is not None
