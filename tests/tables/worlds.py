"""Small folders of tables, by hand, and generated tables that keep the contract."""
# ruff: noqa: DTZ001 (past the door, times without a zone are UTC)

from datetime import datetime, timedelta

import pandas as pd
from hypothesis import strategies as st

from retaliation_risk.tables.contract import CONTRACT

CUSTOMERS = "customer_id,first_seen_at\nC1,2024-01-01\nC2,2024-02-01\n"
TICKETS = "ticket_id,customer_id,opened_at\nT1,C1,2025-03-01T10:00:00Z\nT2,C2,2025-03-02T10:00:00Z\n"
EVENTS = (
    "ticket_id,occurred_at,event_type\nT1,2025-03-01T11:00:00Z,solved\nT2,2025-03-02T11:00:00Z,reopened\n"
)
NOW = datetime(2026, 1, 1)


def folder(path, **files):
    """Write customers and tickets (or what is given for them; None leaves one out) and more tables as csv."""
    path.mkdir(exist_ok=True)
    for name, content in {"customers": CUSTOMERS, "tickets": TICKETS, **files}.items():
        if content is not None:
            (path / f"{name}.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def with_cell(column, cell):
    """Two tickets, the first with a cell of one more column."""
    header, *rows = TICKETS.splitlines()
    return "\n".join([f"{header},{column}", f"{rows[0]},{cell}", f"{rows[1]},", ""])


words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
moments = st.datetimes(datetime(1960, 1, 1), datetime(2100, 1, 1))
_CELLS = {
    "id": words,
    "str": words,
    "time": moments,
    "bool": st.booleans(),
}


@st.composite
def frames(draw):
    """Draw all eight tables, with missing cells wherever they may be."""
    keys = {
        "customers": draw(st.lists(words, min_size=1, max_size=4, unique=True)),
        "tickets": draw(st.lists(words, min_size=1, max_size=4, unique=True)),
    }
    drawn = {}
    for name, table in CONTRACT.items():
        ids = keys.get(name, [None] * draw(st.integers(0, 4)))
        rows = [
            {c.name: draw(_cell(c, keys)) for c in table.columns} | ({table.key: i} if i else {}) for i in ids
        ]
        drawn[name] = [_ordered(row, drawn) for row in rows]
    return {name: _frame(name, rows) for name, rows in drawn.items()}


def _cell(column, keys):
    if column.parent:
        cell = st.sampled_from(keys[column.parent])
    elif column.allowed:
        cell = st.sampled_from(column.allowed)
    elif column.kind == "float":
        cell = st.floats(column.low, column.high, allow_nan=False, allow_infinity=False)
    elif column.kind == "int":
        low, high = (-(2**63) if column.low is None else column.low), (column.high or 2**63 - 1)
        cell = st.integers(int(low), int(high))
    else:
        cell = _CELLS[column.kind]
    return cell if column.required else st.none() | cell


def _ordered(row, drawn):
    """Move times so that nothing happens before its ticket, or is known or over before it happens."""
    opened = {ticket["ticket_id"]: ticket["opened_at"] for ticket in drawn.get("tickets", [])}
    if "occurred_at" in row:
        row["occurred_at"] = max(row["occurred_at"], opened.get(row.get("ticket_id"), row["occurred_at"]))
    for later, earlier in (("known_at", "occurred_at"), ("observed_to", "observed_from")):
        if row.get(later):
            row[later] = max(row[later], row[earlier] + timedelta(microseconds=1))
    return row


def _frame(name, rows):
    return pd.DataFrame(rows, columns=list(CONTRACT[name].names), dtype=object)
