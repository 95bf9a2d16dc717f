"""Generated worlds: small tables with ties, late knowledge, gaps and odd ids."""

import pandas as pd
from hypothesis import strategies as st

from retaliation_risk.tables.contract import EVENT_TYPES

START = pd.Timestamp("2025-01-01")
IDS = ["c", "C", "ü", "客户", "c 2"]
hours = st.integers(0, 24 * 60)


def time(hour):
    return START + pd.Timedelta(hours=hour)


@st.composite
def worlds(draw):
    """Frames of customers, tickets, ticket_events, orders, loyalty and outcomes, valid by the contract."""
    ids = draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=4, unique=True))
    customer = st.sampled_from(ids)
    tickets = draw(
        st.lists(
            st.tuples(customer, hours, st.sampled_from(["a", "b", None]), st.booleans(), st.integers(1, 5)),
            min_size=1,
            max_size=8,
        )
    )
    tickets = [(f"t{i}", *ticket) for i, ticket in enumerate(tickets)]
    parents = {
        ticket[0]: draw(st.sampled_from([None, *(t[0] for t in tickets if t[2] < ticket[2])]))
        for ticket in tickets
    }
    rows = st.tuples(
        st.integers(0, len(tickets) - 1),
        st.integers(0, 300),
        st.sampled_from(EVENT_TYPES),
        st.integers(0, 90),
    )
    events = []
    for number, after, kind, late in draw(st.lists(rows, max_size=14)):
        happened = tickets[number][2] + after
        value = draw(st.sampled_from([0.1, 0.5, 1.0])) if kind in {"csat_rated", "compensation"} else None
        events.append((tickets[number][0], time(happened), kind, time(happened + late), value))
    orders = draw(st.lists(st.tuples(customer, hours, st.floats(-50, 500)), max_size=6))
    loyalty = draw(st.lists(st.tuples(customer, hours, st.integers(0, 3)), max_size=5))
    return {
        "customers": pd.DataFrame({"customer_id": ids, "first_seen_at": [START] * len(ids)}),
        "tickets": pd.DataFrame(
            [(t, c, time(h), k, parents[t], complaint, s) for t, c, h, k, complaint, s in tickets],
            columns=[
                "ticket_id",
                "customer_id",
                "opened_at",
                "issue_key",
                "parent_ticket_id",
                "is_complaint",
                "severity",
            ],
        ),
        "ticket_events": frame(events, ["ticket_id", "occurred_at", "event_type", "known_at", "value"]),
        "orders": frame([(c, time(h), x) for c, h, x in orders], ["customer_id", "ordered_at", "amount"]),
        "loyalty": frame([(c, time(h), x) for c, h, x in loyalty], ["customer_id", "valid_from", "tier"]),
    }


def frame(rows, columns):
    return pd.DataFrame(rows, columns=columns)


KNOWN = {"tickets": "opened_at", "ticket_events": "known_at", "orders": "ordered_at", "loyalty": "valid_from"}


def cut(frames, moment):
    """The frames without anything known at or after the moment."""
    kept = {
        name: table[table[KNOWN[name]] < moment] if name in KNOWN else table for name, table in frames.items()
    }
    there = set(kept["tickets"]["ticket_id"])
    kept["ticket_events"] = kept["ticket_events"][kept["ticket_events"]["ticket_id"].isin(there)]
    return kept
