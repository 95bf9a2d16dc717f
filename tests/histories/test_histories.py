"""Histories of a small world worked by hand, and the outcome frame."""

import math

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.errors import ArgumentError
from retaliation_risk.features import FEATURES
from retaliation_risk.histories import Definitions, build_histories, landmarks
from retaliation_risk.tables import tables_from_frames
from tests.conftest import utc


def add(frames, table, *row):
    """The frames with one more row in a table."""
    frame = frames[table]
    records = [*frame.itertuples(index=False, name=None), row]
    return {**frames, table: pd.DataFrame(records, columns=frame.columns)}


NAMED = {feature.name: feature for feature in FEATURES}


def at(histories, customer, moment, *names):
    on = [f for f in FEATURES if f.name not in histories.switched_off(FEATURES)]
    row = histories.as_of([customer], moment, on).iloc[0]
    return [row[name] for name in names]


@pytest.fixture
def histories(small_tables):
    return build_histories(small_tables)


def test_failed_recoveries_by_hand(histories):
    # T1 fails when T2 (same issue, ten days later) is opened; T2 when it is reopened. Each counts once, from then on,
    # and not at the very moment: the bad rating of T2, known on the 20th, adds nothing.
    asked = ("failed_recoveries_ever", "double_deviations_ever", "failure_streak")
    assert at(histories, "C1", "2025-03-11T10:00", *asked) == [0, 0, 0]
    assert at(histories, "C1", "2025-03-11T10:00:00.000001", *asked) == [1, 1, 1]
    assert at(histories, "C1", "2025-03-13T10:00", *asked) == [1, 1, 1]
    assert at(histories, "C1", "2025-03-13T10:01", *asked) == [2, 2, 2]
    assert at(histories, "C1", "2025-03-30", *asked) == [2, 2, 2]
    assert at(histories, "C2", "2025-03-30", *asked) == [0, 0, 0]


def test_a_second_failure_needs_one_that_failed_before(histories):
    # T2 was opened at the moment T1 failed, not after it; a third complaint in May is a second failure.
    assert at(histories, "C1", "2025-05-01", "second_failures_180d") == [0]


def test_what_is_open_by_hand(histories):
    asked = ("open_tickets", "unresolved_days")
    assert at(histories, "C1", "2025-03-02T09:00", *asked) == [1, pytest.approx(23 / 24)]
    assert at(histories, "C1", "2025-03-05", *asked) == [0, 0]
    # T2 open from the 11th, solved on the 12th, reopened on the 13th at ten.
    assert at(histories, "C1", "2025-03-15T10:00", *asked) == [1, 2]


def test_relationship_and_experience_by_hand(histories):
    tenure, orders, spend, csat, wait = at(
        histories,
        "C1",
        "2025-03-21",
        "tenure_days",
        "orders_365d",
        "spend_ever",
        "last_csat",
        "first_reply_hours_365d",
    )
    # 2024 is a leap year: 366 + 31 + 28 + 20 days. Only one order in the last 365 days.
    assert (tenure, orders, spend, csat, wait) == (445, 1, 150, 0.2, 6)
    (before,) = at(histories, "C1", "2025-03-20", "last_csat")
    assert math.isnan(before)  # rated on the 15th, known on the 20th


def test_an_unanswered_message_after_solved_fails_when_the_deadline_passes(small_frames):
    frames = add(small_frames, "ticket_events", "T3", "2025-03-05T12:00", "message_in", None, None)
    quiet = build_histories(tables_from_frames(frames))
    assert at(quiet, "C2", "2025-03-07T12:00", "failed_recoveries_ever") == [0]
    assert at(quiet, "C2", "2025-03-07T12:01", "failed_recoveries_ever") == [1]
    frames = add(frames, "ticket_events", "T3", "2025-03-07T12:00", "message_out", None, None)
    answered = build_histories(tables_from_frames(frames))
    assert at(answered, "C2", "2025-04-01", "failed_recoveries_ever") == [0]


def test_the_definition_is_a_setting(small_tables):
    strict = build_histories(small_tables, Definitions(evidence=("bad_csat",)))
    assert at(strict, "C1", "2025-03-20T11:00", "failed_recoveries_ever") == [1]
    narrow = build_histories(small_tables, Definitions(repeat_days=5))
    assert at(narrow, "C1", "2025-03-12", "failed_recoveries_ever") == [0]
    with pytest.raises(ArgumentError, match="evidence is 'rumour'; it must be one of reopened"):
        Definitions(evidence=("rumour",))


def test_evidence_is_kept(histories):
    failed, tenure = NAMED["failed_recoveries_ever"], NAMED["tenure_days"]
    assert histories.tickets_behind("C1", "2025-03-30", failed) == ["T2", "T1"]
    assert histories.tickets_behind("C1", "2025-03-12", failed) == ["T1"]
    assert histories.tickets_behind("C1", "2025-03-30", NAMED["tenure_x_failed_recoveries"], FEATURES) == [
        "T2",
        "T1",
    ]
    assert histories.tickets_behind("C1", "2025-03-30", tenure) == []


def test_rows_come_in_the_order_asked(histories):
    got = histories.as_of(
        ["C2", "C1", "C2"], ["2025-06-01", "2025-06-01", "2024-06-01"], [NAMED["tickets_ever"]]
    )
    assert got["customer_id"].tolist() == ["C2", "C1", "C2"]
    assert got["tickets_ever"].tolist() == [1, 2, 0]
    assert got["moment"].dtype == "datetime64[us]"


def test_missing_tables_switch_features_off_and_say_so(small_frames):
    alone = build_histories(
        tables_from_frames({name: small_frames[name] for name in ("customers", "tickets")})
    )
    off = alone.switched_off(FEATURES)
    assert off["spend_365d"] == "needs the table orders"
    assert off["relationship_strength"] == "needs purchase_stock"
    assert "failed_recoveries_ever" not in off  # repeats and follow-ups need tickets only
    with pytest.raises(
        ArgumentError, match="RR403 .*'spend_365d' cannot be computed: it needs the table orders"
    ):
        alone.as_of(["C1"], "2025-06-01", [NAMED["spend_365d"]])


def test_wrong_questions_are_answered_in_words(histories):
    with pytest.raises(ArgumentError, match=r"RR402 unknown customer: 'C9' \(1 unknown among 2 asked\)"):
        histories.as_of(["C1", "C9"], "2025-06-01", [])
    with pytest.raises(ArgumentError, match="moments has 1 times for 2 customers"):
        histories.as_of(["C1", "C2"], ["2025-06-01"], [])
    with pytest.raises(ArgumentError, match="moments holds a missing time at position 1"):
        histories.as_of(["C1", "C2"], ["2025-06-01", None], [])
    with pytest.raises(
        ArgumentError, match=r"uses \['tenure_days', 'failed_recoveries_ever'\]|uses \[.*\], which are"
    ):
        histories.as_of(["C1"], "2025-06-01", [NAMED["tenure_x_failed_recoveries"]])


def test_times_are_utc_and_cut_down_to_microseconds(histories):
    asked = [NAMED["tickets_ever"]]
    # 11:00 in Berlin is 10:00 UTC, the very moment at which T1 was opened: the future still.
    berlin = pd.Timestamp("2025-03-01T11:00", tz="Europe/Berlin")
    assert histories.as_of(["C1"], berlin, asked)["tickets_ever"].item() == 0
    nanosecond = np.array(["2025-03-01T10:00:00.000000999"], dtype="datetime64[ns]")
    assert histories.as_of(["C1"], nanosecond, asked)["tickets_ever"].item() == 0


def test_the_outcome_frame_by_hand(histories):
    got = histories.follow_up(
        ["C1", "C1", "C2", "C1"], ["2025-03-31", "2025-04-02", "2025-03-31", "2025-02-01"], horizon_days=30
    )
    assert got["event"].tolist() == [True, False, False, False]
    # C1 acts 1.5 days on; then nothing in 30 days; C2 is seen for 10 days only; in February April is too far.
    assert got["duration_days"].tolist() == [1.5, 30, 10, 30]
    assert got["reach"].tolist()[0] == 250
    assert got["reach"].isna().tolist() == [False, True, True, True]
    assert not got["competing"].any()


def test_outcomes_not_yet_known_do_not_count_in_training(histories):
    early = histories.follow_up(["C1"], "2025-03-31", horizon_days=30, known_by="2025-04-03T12:00")
    # It happened on the 1st but was known on the 3rd at noon: on the 3rd at noon it is the future still.
    assert (early["event"].item(), early["duration_days"].item()) == (False, 3.5)
    later = histories.follow_up(["C1"], "2025-03-31", horizon_days=30, known_by="2025-04-03T12:01")
    assert later["event"].item()


def test_exit_competes(small_frames):
    frames = add(small_frames, "outcomes", "C2", "2025-04-02T00:00", "switching", None, None)
    histories = build_histories(tables_from_frames(frames))
    got = histories.follow_up(["C2"], "2025-03-31", horizon_days=30)
    assert (got["event"].item(), got["competing"].item(), got["duration_days"].item()) == (False, True, 2)
    assert histories.at_risk("2025-04-01").tolist() == ["C1", "C2"]
    assert histories.at_risk("2025-04-03").tolist() == ["C1"]


def test_who_is_at_risk(small_frames):
    small_frames["customers"]["profiling_opt_out"] = [True, False]
    histories = build_histories(tables_from_frames(small_frames))
    assert histories.at_risk("2025-03-01").tolist() == ["C2"]
    assert histories.at_risk("2025-01-01").tolist() == []  # first seen at the moment: not known yet
    assert histories.at_risk("2025-04-10").tolist() == ["C2"]  # seen up to this moment
    assert histories.at_risk("2025-04-10T00:00:00.000001").tolist() == []


def test_an_event_type_can_be_the_outcome(histories):
    got = histories.follow_up(["C1", "C2"], "2025-03-01", outcome="reopened", horizon_days=30)
    assert got["event"].tolist() == [True, False]
    assert got["duration_days"].tolist()[0] == pytest.approx(12 + 10 / 24)
    with pytest.raises(
        ArgumentError, match="RR404 .*'apology' is not recorded here; recorded are: closed, csat_rated"
    ):
        histories.follow_up(["C1"], "2025-03-01", outcome="apology", horizon_days=30)


def test_without_observation_everybody_is_followed_to_the_last_fact(small_frames):
    del small_frames["observation"]
    histories = build_histories(tables_from_frames(small_frames))
    got = histories.follow_up(["C2"], "2025-03-31", horizon_days=30)
    assert got["duration_days"].item() == pytest.approx(
        (utc("2025-04-03T12:00") - utc("2025-03-31")) / pd.Timedelta("1D")
    )


def test_spans_that_touch_are_one_and_gaps_are_not_observed(small_frames):
    spans = [
        ("C1", "2025-01-01", "2025-02-01"),
        ("C1", "2025-02-01", "2025-03-01"),
        ("C1", "2025-05-01", "2025-06-01"),
    ]
    small_frames["observation"] = pd.DataFrame(spans, columns=["customer_id", "observed_from", "observed_to"])
    histories = build_histories(tables_from_frames(small_frames))
    got = histories.follow_up(["C1"] * 3, ["2025-01-15", "2025-03-15", "2025-05-15"], horizon_days=60)
    assert got["duration_days"].round(3).tolist() == [45, 0, 17]
    assert histories.at_risk("2025-04-01").tolist() == []
    assert histories.now == utc("2025-06-01")


def test_acts_are_those_known_before(histories):
    assert histories.acts(known_by="2025-04-03T12:00").empty
    assert histories.acts()["reach"].tolist() == [250]


def test_landmarks_leave_room_for_the_horizon():
    train, test = landmarks(utc("2025-01-01"), utc("2025-12-31"), horizon_days=30, every_days=30, n_test=2)
    # The last test moment has its whole horizon before the end; training outcomes end where the first test begins.
    assert test == (utc("2025-11-01"), utc("2025-12-01"))
    assert train[-1] == utc("2025-12-01")
    assert train[0] > utc("2025-01-01")
    assert landmarks(utc("2025-01-01"), utc("2025-02-15"), horizon_days=30, every_days=10, n_test=2)[1] == ()


def test_a_reply_that_became_known_too_late_did_not_answer(small_frames):
    frames = add(small_frames, "ticket_events", "T3", "2025-03-05T12:00", "message_in", None, None)
    # Written an hour later, but known to the firm's records only on the 20th: on the 8th the message had no reply.
    frames = add(frames, "ticket_events", "T3", "2025-03-05T13:00", "message_out", "2025-03-20T10:00", None)
    late = build_histories(tables_from_frames(frames))
    assert at(late, "C2", "2025-03-08", "failed_recoveries_ever") == [1]
