"""Intervals and risk sets: by hand, against ``as_of`` at every moment, and against counting."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.features import FEATURES
from retaliation_risk.histories import (
    Aggregate,
    Expression,
    build_histories,
    build_intervals,
    build_risk_sets,
    count_at_risk,
    history_rows,
)
from retaliation_risk.histories.intervals import STEPS
from retaliation_risk.simulate import simulate
from retaliation_risk.tables import tables_from_frames
from tests.conftest import utc
from tests.features.worlds import START, hours, time, worlds

NAMED = {feature.name: feature for feature in FEATURES}
STEADY = [f for f in FEATURES if isinstance(f.value, Aggregate) and f.value.operation in STEPS]


def test_intervals_by_hand(small_tables):
    histories = build_histories(small_tables)
    rows = build_intervals(histories, [NAMED["tickets_7d"]], origin="first_seen")
    mine = rows[rows["customer_id"] == "C1"]
    # Tickets on the 1st and the 11th of March at ten, each seven days old a week later; the act on the 1st of April ends it.
    assert mine["stop"].tolist() == [
        utc("2025-03-01T10:00"), utc("2025-03-08T10:00"), utc("2025-03-11T10:00"), utc("2025-03-18T10:00"),
        utc("2025-04-01T12:00"),
    ]  # fmt: skip
    assert mine["tickets_7d"].tolist() == [0, 1, 0, 1, 0]
    assert mine["event"].tolist() == [False, False, False, False, True]
    assert mine["start"].tolist()[1:] == mine["stop"].tolist()[:-1]
    assert mine["start_days"].tolist()[0] == 0
    again = build_intervals(histories, [NAMED["tickets_7d"]], recurrent=True)
    assert again.loc[again["customer_id"] == "C1", "stop"].max() == utc("2025-12-31")


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(worlds(), st.lists(hours, min_size=1, max_size=6), hours, hours)
def test_intervals_read_at_any_moment_equal_as_of(frames, asked, begin, length):
    first = frames["customers"]["customer_id"].iloc[0]
    spans = [(first, time(begin), time(begin + length + 1))]
    frames = {
        **frames,
        "observation": pd.DataFrame(spans, columns=["customer_id", "observed_from", "observed_to"]),
    }
    histories = build_histories(tables_from_frames(frames))
    rows = (
        build_intervals(
            histories, STEADY, outcome="reopened" if "reopened" in histories.spans.acts else "solved"
        )
        if ({"reopened", "solved"} & set(histories.spans.acts))
        else None
    )
    if rows is None:
        return
    assert (rows["start"] < rows["stop"]).all()
    for hour in asked:
        for moment in (time(hour), time(hour) + pd.Timedelta(microseconds=1)):
            held = rows[(rows["start"] < moment) & (moment <= rows["stop"])]
            assert len(held) <= 1
            if len(held):
                known = histories.as_of([first], moment, STEADY).iloc[0, 2:]
                np.testing.assert_array_equal(held.iloc[0, 6:].to_numpy(float), known.to_numpy(float))


def test_what_changes_with_time_itself_is_refused_or_read_on_a_grid(small_tables):
    histories = build_histories(small_tables)
    with pytest.raises(ArgumentError, match=r"features \['tenure_days'\] change with time itself"):
        build_intervals(histories, [NAMED["tickets_7d"], NAMED["tenure_days"]])
    rows = build_intervals(histories, [NAMED["tenure_days"]], every_days=30)
    assert (rows["stop_days"] - rows["start_days"]).max() <= 30
    at_stop = histories.as_of(rows["customer_id"], rows["stop"], [NAMED["tenure_days"]])
    np.testing.assert_array_equal(rows["tenure_days"], at_stop["tenure_days"])


def test_left_truncation_and_gaps(small_frames):
    small_frames["customers"]["history_from"] = ["2025-02-01", None]
    spans = [("C1", "2024-01-01", "2025-03-10"), ("C1", "2025-03-20", "2025-05-01")]
    small_frames["observation"] = pd.DataFrame(spans, columns=["customer_id", "observed_from", "observed_to"])
    rows = build_intervals(build_histories(tables_from_frames(small_frames)), [NAMED["tickets_ever"]])
    assert rows["start"].min() == utc("2025-02-01")
    gap = (rows["start"] < utc("2025-03-20")) & (rows["stop"] > utc("2025-03-10"))
    assert not gap.any()
    assert rows["event"].sum() == 1


def test_until_sees_only_what_was_known(small_tables):
    histories = build_histories(small_tables)
    early = build_intervals(histories, [NAMED["tickets_ever"]], until="2025-04-02")
    assert not early["event"].any()  # the act of the 1st became known on the 3rd
    assert early["stop"].max() == utc("2025-04-02")


@pytest.fixture(scope="module")
def world():
    return build_histories(tables_from_frames(simulate(1500, seed=5).frames))


def test_each_set_holds_its_case_and_others_at_risk(world):
    sets = build_risk_sets(world, controls=5, seed=1)
    assert sets.groupby("set")["case"].sum().eq(1).all()
    assert sets.groupby("set").size().eq(6).all()
    assert not sets.duplicated(["set", "customer_id"]).any()
    for _, row in sets.iloc[::37].iterrows():
        assert row["customer_id"] in world.at_risk(row["moment"] + pd.Timedelta(0))
    first = sets.groupby("set").first()
    counted = [len(world.at_risk(moment)) for moment in first["moment"].iloc[:20]]
    # at_risk counts exits by when they were known, the sets by when they happened: close, and never below.
    assert np.all(np.array(counted) >= first["n_at_risk"].iloc[:20])
    assert np.allclose(np.exp(sets["log_weight"]) * 6, sets["n_at_risk"])


def test_every_control_is_drawn_with_the_same_chance(small_frames):
    ids = [f"c{i}" for i in range(8)]
    frames = {
        "customers": pd.DataFrame({"customer_id": ids, "first_seen_at": [START] * 8}),
        "tickets": pd.DataFrame({"ticket_id": ["t"], "customer_id": ["c0"], "opened_at": [START]}),
        "outcomes": pd.DataFrame(
            {
                "customer_id": ["c0"],
                "occurred_at": [time(240)],
                "outcome_type": ["review"],
                "known_at": [None],
                "reach": [None],
            }
        ),
        "observation": pd.DataFrame(
            {"customer_id": ids, "observed_from": [START] * 8, "observed_to": [time(500)] * 8}
        ),
    }
    histories = build_histories(tables_from_frames(frames))
    drawn = pd.concat([build_risk_sets(histories, controls=2, seed=seed) for seed in range(700)])
    share = drawn[~drawn["case"]]["customer_id"].value_counts() / 700
    assert share.index.nunique() == 7
    # Each of seven has the chance 2/7; the standard error over 700 draws is 0.017.
    assert (share - 2 / 7).abs().max() < 0.07
    everybody = build_risk_sets(histories, controls=50)
    assert sorted(everybody["customer_id"]) == ids


def test_everybody_is_who_no_sampling_leaves_out(world):
    sets = build_risk_sets(world, controls=None)
    pd.testing.assert_frame_equal(
        sets.drop(columns="log_weight"), build_risk_sets(world, controls=10**4).drop(columns="log_weight")
    )
    assert (sets["log_weight"] == 0).all()
    counts = count_at_risk(world)
    assert counts.tolist() == sets.groupby("set").size().tolist()
    assert len(sets) == counts.sum()


def test_history_rows_are_those_of_as_of_at_each_moment(world):
    rows = history_rows(world, FEATURES[:10], controls=3, seed=1)
    sets = build_risk_sets(world, controls=3, seed=1)
    pd.testing.assert_frame_equal(rows[list(sets)], sets)
    asked = world.as_of(sets["customer_id"], sets["moment"], FEATURES[:10])
    pd.testing.assert_frame_equal(rows[list(asked)[2:]], asked.iloc[:, 2:])


def test_what_becomes_known_afterwards_changes_no_history_row():
    frames, until = simulate(400, seed=3).frames, pd.Timestamp("2025-06-01")
    known = {
        "tickets": "opened_at", "ticket_events": "known_at", "orders": "ordered_at", "loyalty": "valid_from",
        "outcomes": "known_at", "influence": "observed_at",
    }  # fmt: skip
    past = {
        name: frame[frame[known[name]].dt.tz_localize(None) < until] if name in known else frame
        for name, frame in frames.items()
    }
    kept = past["ticket_events"]["ticket_id"].isin(past["tickets"]["ticket_id"])
    past["ticket_events"] = past["ticket_events"][kept]
    asked = {"until": until, "controls": 20, "counter_match": "failed_recoveries"}
    now, then = (
        history_rows(build_histories(tables_from_frames(each)), FEATURES, **asked) for each in (frames, past)
    )
    assert len(frames["outcomes"]) > len(past["outcomes"])
    assert now["set"].nunique() >= 5
    pd.testing.assert_frame_equal(now, then)


def test_an_exit_that_nobody_knew_of_leaves_its_customer_at_risk(small_frames):
    outcomes = small_frames["outcomes"]
    outcomes.loc[1] = ["C2", "2025-03-25", "switching", "2025-04-08", 0.0]
    frames = {**small_frames, "outcomes": outcomes}
    histories = build_histories(tables_from_frames(frames))
    assert build_risk_sets(histories, until="2025-04-05", controls=None)["customer_id"].tolist() == [
        "C1",
        "C2",
    ]
    assert build_risk_sets(histories, until="2025-04-09", controls=None)["customer_id"].tolist() == ["C1"]


def test_counter_matching_sees_the_exposure_in_every_set(world):
    sets = build_risk_sets(world, controls=5, counter_match="failed_recoveries", seed=2)
    known = world.as_of(sets["customer_id"], sets["moment"], [NAMED["failed_recoveries_ever"]])
    exposed = (known["failed_recoveries_ever"] > 0).groupby(sets["set"].to_numpy()).sum()
    assert exposed.eq(3).mean() > 0.95
    # The weights of a set add up to everybody at risk.
    total = np.exp(sets["log_weight"]).groupby(sets["set"]).sum()
    np.testing.assert_allclose(total, sets.groupby("set")["n_at_risk"].first())


def test_the_draw_is_the_same_for_the_same_seed(world):
    again = build_risk_sets(world, controls=5, seed=1)
    pd.testing.assert_frame_equal(again, build_risk_sets(world, controls=5, seed=1))
    assert not again.equals(build_risk_sets(world, controls=5, seed=2))


def test_nobody_acted_and_unknown_logs_are_said(small_frames, world):
    small_frames["outcomes"] = small_frames["outcomes"].assign(occurred_at="2026-02-01", known_at=None)
    quiet = build_histories(tables_from_frames(small_frames))
    with pytest.raises(GateError, match="RR401 .*nobody acted"):
        build_risk_sets(quiet)
    with pytest.raises(ArgumentError, match="there is no log 'gossip' to match on"):
        build_risk_sets(world, counter_match="gossip")


def test_expressions_of_steady_features_are_held_constant(small_tables):
    histories = build_histories(small_tables)
    double = NAMED["tickets_7d"].__class__("twice", "tickets", "", "own", Expression("2 * tickets_7d"))
    rows = build_intervals(histories, [NAMED["tickets_7d"], double])
    assert (rows["twice"] == 2 * rows["tickets_7d"]).all()
