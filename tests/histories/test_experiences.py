"""Each experience in a line: the small world by hand, and blind to what became known later."""

import pandas as pd
import pytest

from retaliation_risk.errors import ArgumentError
from retaliation_risk.features import FEATURES
from retaliation_risk.histories import build_histories, experiences
from retaliation_risk.simulate import simulate
from retaliation_risk.tables import tables_from_frames

NAMED = {feature.name: feature for feature in FEATURES}


@pytest.fixture
def histories(small_tables):
    return build_histories(small_tables)


@pytest.fixture(scope="module")
def world():
    frames = simulate(60, seed=3).frames
    return frames, build_histories(tables_from_frames(frames))


def test_experiences_by_hand(histories):
    newest, oldest = experiences(histories, "C1", "2025-03-30")
    assert (newest.ticket_id, newest.happened) == ("T2", ("solved", "reopened", "bad_csat"))
    assert (newest.failed, newest.is_open, newest.is_complaint) == ("reopened", True, True)
    assert (oldest.ticket_id, oldest.happened) == ("T1", ("message_in", "message_out", "solved"))
    assert (oldest.failed, oldest.is_open) == ("repeat", False)
    assert oldest.opened_at == pd.Timestamp("2025-03-01T10:00")


def test_what_becomes_known_at_the_moment_is_not_told(histories):
    (told,) = experiences(histories, "C1", "2025-03-11T10:00")
    assert (told.ticket_id, told.failed) == ("T1", "")
    before, after = (
        experiences(histories, "C1", moment)[0] for moment in ("2025-03-20T10:00", "2025-03-20T10:01")
    )
    assert set(after.happened) - set(before.happened) == {"bad_csat"}


def test_a_question_is_no_complaint(small_frames):
    tickets = small_frames["tickets"]
    small_frames["tickets"] = tickets.assign(is_complaint=tickets["ticket_id"] != "T1")
    told = experiences(build_histories(tables_from_frames(small_frames)), "C1", "2025-03-30")
    assert [(each.ticket_id, each.is_complaint) for each in told] == [("T2", True), ("T1", False)]


def test_who_wrote_and_got_no_answer(small_frames):
    events = small_frames["ticket_events"]
    small_frames["ticket_events"] = events[events["event_type"] != "message_out"]
    told = experiences(build_histories(tables_from_frames(small_frames)), "C1", "2025-03-02")
    assert told[0].happened == ("message_in", "no_reply")


def test_without_events_nobody_knows_what_is_open(small_frames):
    del small_frames["ticket_events"]
    told = experiences(build_histories(tables_from_frames(small_frames)), "C1", "2025-03-30")
    assert [(each.happened, each.is_open) for each in told] == [((), None), ((), None)]


def test_older_tickets_are_told_where_they_are_asked_for(histories):
    assert [each.ticket_id for each in experiences(histories, "C1", "2025-03-30", most=1)] == ["T2"]
    both = experiences(histories, "C1", "2025-03-30", most=1, also={"T1", "of somebody else"})
    assert [each.ticket_id for each in both] == ["T2", "T1"]


def test_an_unknown_customer_is_refused(histories):
    with pytest.raises(ArgumentError, match="RR402 .*'nobody'"):
        experiences(histories, "nobody", "2025-03-30")


def test_failures_and_open_tickets_add_up_to_the_features(world):
    frames, histories = world
    asked = [NAMED[name] for name in ("tickets_ever", "failed_recoveries_ever", "open_tickets")]
    for customer in frames["customers"]["customer_id"]:
        told = experiences(histories, customer, histories.now, most=10_000)
        found = [len(told), sum(bool(each.failed) for each in told), sum(bool(each.is_open) for each in told)]
        assert found == histories.as_of([customer], histories.now, asked).iloc[0, 2:].tolist(), customer


def test_the_future_changes_nothing_that_was_told(world):
    frames, histories = world
    moment = pd.Timestamp("2025-06-01")
    tickets, events = frames["tickets"], frames["ticket_events"]
    tickets = tickets[tickets["opened_at"] < moment]
    events = events[(events["known_at"] < moment) & events["ticket_id"].isin(tickets["ticket_id"])]
    past = build_histories(tables_from_frames({**frames, "tickets": tickets, "ticket_events": events}))
    customers = tickets["customer_id"].unique()
    assert len(customers) > 30
    for customer in customers:
        assert experiences(past, customer, moment) == experiences(histories, customer, moment)
