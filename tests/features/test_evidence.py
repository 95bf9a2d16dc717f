"""Failed recoveries, open tickets and double deviations against a plain loop that knows only what was known."""

import pandas as pd
from hypothesis import HealthCheck, given, settings

from retaliation_risk.features import FEATURES
from retaliation_risk.histories import Definitions, build_histories
from retaliation_risk.tables import tables_from_frames
from retaliation_risk.tables.contract import EVENT_TYPES
from tests.features.worlds import hours, time, worlds

NAMED = {feature.name: feature for feature in FEATURES}
ASKED = (
    "failed_recoveries_ever",
    "double_deviations_ever",
    "second_failures_180d",
    "open_tickets",
    "repeats_90d",
)
RULES = Definitions()


def day(number):
    return pd.Timedelta(days=number)


def in_order(events):
    return sorted(
        events,
        key=lambda e: (
            e.known_at,
            e.occurred_at,
            EVENT_TYPES.index(e.event_type),
            -1.0 if pd.isna(e.value) else e.value,
        ),
    )


def failed_at(ticket, tickets, events):
    """When the first evidence against a ticket became known, by reading row after row; None without any."""
    found = []
    own = in_order([e for e in events if e.ticket_id == ticket.ticket_id])
    for position, event in enumerate(own):
        if event.event_type in {"reopened", "escalated", "sla_breached"}:
            found.append(event.known_at)
        if event.event_type == "csat_rated" and event.value < RULES.bad_csat:
            found.append(event.known_at)
        if event.event_type == "message_in":
            states = [e for e in own[:position] if e.event_type in {"solved", "closed", "reopened"}]
            states.sort(key=lambda e: (e.occurred_at, EVENT_TYPES.index(e.event_type)))
            deadline = event.known_at + day(RULES.reply_days)
            answered = any(
                e.event_type == "message_out" and e.known_at <= deadline for e in own[position + 1 :]
            )
            if states and states[-1].event_type != "reopened" and not answered:
                found.append(deadline)
    later = [
        t
        for t in tickets
        if t.customer_id == ticket.customer_id
        and (t.opened_at, t.ticket_id) > (ticket.opened_at, ticket.ticket_id)
    ]
    same = sorted(
        (t.opened_at, t.ticket_id)
        for t in later
        if ticket.issue_key is not None and t.issue_key == ticket.issue_key
    )
    if same and same[0][0] - ticket.opened_at <= day(RULES.repeat_days):
        found.append(same[0][0])
    for child in tickets:
        if child.parent_ticket_id == ticket.ticket_id and child.customer_id == ticket.customer_id:
            found.append(max(child.opened_at, ticket.opened_at))
    return min(found) if found else None


def expected(frames, customer, moment):
    tickets = list(frames["tickets"].astype(object).where(frames["tickets"].notna(), None).itertuples())
    events = list(frames["ticket_events"].itertuples())
    own = [t for t in tickets if t.customer_id == customer]
    failed = {t.ticket_id: failed_at(t, tickets, events) for t in own}
    known = {t for t, at in failed.items() if at is not None and at < moment}
    complaints = [t for t in own if t.is_complaint]
    second = 0
    for t in complaints:
        before = [
            failed[o.ticket_id]
            for o in complaints
            if failed[o.ticket_id] is not None and failed[o.ticket_id] < t.opened_at
        ]
        soon = before and t.opened_at - max(before) <= day(RULES.deviation_days)
        second += bool(soon and moment - day(180) <= t.opened_at < moment)
    still_open = 0
    for t in own:
        states = [
            e
            for e in events
            if e.ticket_id == t.ticket_id
            and e.known_at < moment
            and e.event_type in {"solved", "closed", "reopened"}
        ]
        states.sort(key=lambda e: (e.occurred_at, EVENT_TYPES.index(e.event_type)))
        still_open += t.opened_at < moment and (not states or states[-1].event_type == "reopened")
    repeats = 0
    for t in own:
        before = [
            o.opened_at
            for o in own
            if o.issue_key is not None
            and o.issue_key == t.issue_key
            and (o.opened_at, o.ticket_id) < (t.opened_at, t.ticket_id)
        ]
        repeats += bool(
            before
            and t.opened_at - max(before) <= day(RULES.repeat_days)
            and moment - day(90) <= t.opened_at < moment
        )
    return [len(known), sum(t.ticket_id in known for t in complaints), second, still_open, repeats]


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(worlds(), hours)
def test_the_definitions_equal_a_plain_loop_over_rows(frames, hour):
    histories = build_histories(tables_from_frames(frames))
    ids = frames["customers"]["customer_id"]
    got = histories.as_of(ids, time(hour), [NAMED[name] for name in ASKED])
    for position, customer in enumerate(ids):
        assert got.iloc[position][list(ASKED)].tolist() == expected(frames, customer, time(hour)), customer
