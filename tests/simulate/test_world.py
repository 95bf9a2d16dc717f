import json

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy.stats import kstest

from retaliation_risk.errors import ArgumentError
from retaliation_risk.features import FEATURES
from retaliation_risk.histories import build_histories
from retaliation_risk.simulate import Parameters, simulate
from retaliation_risk.simulate.clock import to_days
from retaliation_risk.tables import tables_from_frames
from retaliation_risk.tables.contract import CONTRACT

MOMENT = np.datetime64("2025-03-01")
END = pd.Timestamp("2025-12-31")


def test_same_seed_same_world():
    once, again, other = simulate(300, seed=5), simulate(300, seed=5), simulate(300, seed=6)
    for name, frame in once.frames.items():
        assert_frame_equal(frame, again.frames[name])
        assert not frame.equals(other.frames[name])
    assert_frame_equal(once.truth, again.truth)
    assert once.truth_summary == again.truth_summary


def test_tables_keep_the_contract(small):
    tables = tables_from_frames(small.frames, now=END.to_pydatetime())
    assert tables.names == tuple(CONTRACT)
    assert not tables.warnings


def test_columns_are_those_of_the_contract(small):
    for name, frame in small.frames.items():
        assert set(frame) <= set(CONTRACT[name].names)
        times = [
            column.name for column in CONTRACT[name].columns if column.kind == "time" and column.name in frame
        ]
        assert {str(frame[column].dtype) for column in times} <= {"datetime64[us]"}


@pytest.mark.parametrize("n", [1, 2, 5])
def test_tiny_worlds_are_whole(n):
    assert len(simulate(n, seed=n).frames["observation"]) == n


def test_events_follow_their_ticket_in_order(world):
    tickets, events = world.frames["tickets"], world.frames["ticket_events"]
    opened = tickets.set_index("ticket_id")["opened_at"]
    assert (events["occurred_at"].to_numpy() >= opened.loc[events["ticket_id"]].to_numpy()).all()
    assert (events["known_at"] >= events["occurred_at"]).all()
    same = events["ticket_id"].to_numpy()[1:] == events["ticket_id"].to_numpy()[:-1]
    assert (np.diff(events["occurred_at"].to_numpy())[same] >= np.timedelta64(0)).all()
    rated = events["event_type"] == "csat_rated"
    assert (events.loc[rated, "known_at"] > events.loc[rated, "occurred_at"]).mean() > 0.9
    parents = tickets.dropna(subset="parent_ticket_id")
    assert (parents["opened_at"].to_numpy() > opened.loc[parents["parent_ticket_id"]].to_numpy()).all()


def test_every_kind_of_evidence_and_of_act_occurs(world):
    assert set(world.frames["ticket_events"]["event_type"]) == set(
        CONTRACT["ticket_events"].columns[2].allowed
    )
    assert set(world.frames["outcomes"]["outcome_type"]) == set(CONTRACT["outcomes"].columns[2].allowed)


def test_nothing_happens_after_the_exit(world):
    left = world.truth.set_index("customer_id")["left_at"].dropna()
    owner = world.frames["tickets"].set_index("ticket_id")["customer_id"]
    events = world.frames["ticket_events"]
    days = {
        "tickets": "opened_at", "orders": "ordered_at", "loyalty": "valid_from", "influence": "observed_at",
        "outcomes": "occurred_at",
    }  # fmt: skip
    for name, column in days.items():
        last = world.frames[name].groupby("customer_id")[column].max()
        both = last.index.intersection(left.index)
        assert (last.loc[both] <= left.loc[both]).all(), name
    last = events.groupby(owner.loc[events["ticket_id"]].to_numpy())["occurred_at"].max()
    both = last.index.intersection(left.index)
    assert (last.loc[both] < left.loc[both]).all()


def test_the_tables_hold_only_what_was_known_by_the_end(world):
    for name in ("ticket_events", "outcomes"):
        assert world.frames[name]["known_at"].max() <= END
    late = world.acts[~world.acts["exported"]]
    assert (late["known_at"] > END).all()
    delays = world.frames["outcomes"]["known_at"] - world.frames["outcomes"]["occurred_at"]
    assert 0.3 < (delays > pd.Timedelta(0)).mean() < 0.95
    observed = world.frames["observation"]
    assert (observed["observed_to"] > observed["observed_from"]).all()


def test_failed_recoveries_are_those_of_the_default_definition(small):
    """What the histories find at the end is what the truth says had happened (and had become known)."""
    ids = small.truth["customer_id"].to_numpy()
    name = "double_deviations_ever"
    features = [feature for feature in FEATURES if feature.name == name]
    histories = build_histories(tables_from_frames(small.frames))
    found = histories.as_of(ids, np.full(len(ids), END), features)[name].to_numpy()
    true = small.failures.groupby("customer_id").size().reindex(ids, fill_value=0).to_numpy()
    assert np.abs(found - true).max() <= 2  # known late, or followed up after the exit
    assert (found == true).mean() > 0.97


def test_tickets_are_over_dispersed(world):
    spans = world.frames["observation"]
    there = spans[spans["observed_to"] - spans["observed_from"] == pd.Timedelta(days=730)]
    counts = world.frames["tickets"].groupby("customer_id").size()
    counts = counts.reindex(there["customer_id"], fill_value=0)
    assert counts.var() > 1.5 * counts.mean()


def test_about_two_percent_retaliate_in_a_year(world):
    assert world.truth_summary["numbers"]["annual_share"] == pytest.approx(0.02, rel=0.15)


def test_the_time_of_the_first_act_follows_the_hazard(world):
    """Given an act before the exit, the share of the possible hazard used up by then is uniform."""
    hazards = world.hazards
    _, first = np.unique(hazards.acts.customer, return_index=True)
    who, day, one = hazards.acts.customer[first], hazards.acts.day[first], np.ones(len(first))
    used = hazards.retaliation.integral(who, hazards.start[who], day, one)
    most = hazards.retaliation.integral(who, hazards.start[who], hazards.gone[who], one)
    assert kstest(np.expm1(-used) / np.expm1(-most), "uniform").pvalue > 0.01


def test_all_acts_follow_the_hazard_they_change(world):
    """Their number less the integrated hazard (the compensator) is within three standard errors."""
    hazards, every = world.hazards, np.arange(len(world.truth))
    acts = hazards.acts
    stops = np.concatenate([acts.day, hazards.gone])
    who = np.concatenate([acts.customer, every])
    order = np.lexsort((stops, who))
    who, stops = who[order], stops[order]
    first = np.append(True, who[1:] != who[:-1])
    starts = np.where(first, hazards.start[who], np.append(0.0, stops[:-1]))
    area = hazards.retaliation.integral(who, starts, stops, hazards.factor(who, stops)).sum()
    assert abs(len(acts.day) - area) < 3 * np.sqrt(area)


def test_acts_do_not_run_away():
    """Indirect acts raise the desire for revenge; without a bound one customer of this seed never stops."""
    acts = simulate(40_000, seed=27).acts
    assert acts.groupby("customer_id").size().max() < 15


def test_risk_given_the_future_is_calibrated(world):
    """Over all moments the mean true risk is the share of those there who retaliate within the horizon."""
    ids, expected, seen = world.truth["customer_id"], 0.0, 0
    for month in range(2, 20, 3):
        moment = np.datetime64("2024-01-01") + np.timedelta64(30 * month, "D")
        risk = world.true_risk(ids, moment, 90, future=True)
        soon = world.acts[world.acts["occurred_at"].between(moment, moment + np.timedelta64(90, "D"))]
        acted = ids.isin(soon["customer_id"]).to_numpy()
        expected, seen = expected + np.nansum(risk), seen + int(acted[~np.isnan(risk)].sum())
    assert abs(seen - expected) < 3 * np.sqrt(expected)


def test_risk_without_further_failures_is_below_and_still_ranks(world):
    ids = world.truth["customer_id"]
    alone, known = (world.true_risk(ids, MOMENT, 90, future=future) for future in (False, True))
    there = ~np.isnan(alone)
    assert (alone[there] <= known[there] + 1e-3).mean() > 0.99
    assert alone[there].min() > 0
    assert np.nanmean(alone) < np.nanmean(known)


def test_risk_by_hand():
    """A customer without any failure has a constant hazard: 1 - exp(-rate * horizon), were there no exit."""
    calm = simulate(50, seed=1, parameters=Parameters(tickets_per_year=1e-9, exit_per_year=1e-12))
    ids = calm.truth["customer_id"]
    ours = calm.true_risk(ids, MOMENT, 30)
    by_hand = -np.expm1(-30 * calm.truth["base_per_day"])
    there = ~np.isnan(ours)
    assert ours[there] == pytest.approx(by_hand[there].to_numpy(), rel=1e-6)


def test_risk_is_missing_for_those_not_there_and_refuses_strangers(world):
    risk = world.true_risk(world.truth["customer_id"], MOMENT, 90)
    left = (world.truth["left_at"] < pd.Timestamp(MOMENT)).to_numpy()
    later = (world.frames["observation"]["observed_from"] > pd.Timestamp(MOMENT)).to_numpy()
    assert (np.isnan(risk) == (left | later)).all()
    with pytest.raises(ArgumentError, match=r"RR402.*'nobody'"):
        world.true_risk(["nobody"], MOMENT, 90)
    with pytest.raises(ArgumentError, match=r"RR111.*seed is -1"):
        simulate(10, seed=-1)
    with pytest.raises(ArgumentError, match=r"RR111.*n_customers is 0"):
        simulate(0)
    with pytest.raises(ArgumentError, match=r"RR111.*horizon_days"):
        world.true_risk(world.truth["customer_id"], MOMENT, 0)


def test_summary_is_json_and_speaks(world):
    told = json.loads(json.dumps(world.truth_summary))
    assert told["invented"] is True
    assert told["numbers"]["customers"] == 40_000
    assert "Followers say nothing about who retaliates." in told["sentences"]
    assert told["numbers"]["acts_after_a_failed_recovery"] > 0.6


def slope_of_loyalty(world, number):
    """Slope of the log hazard, a minute after each failed recovery of this number, on loyalty."""
    counts = world.failures["number"]
    failures = world.failures[counts == number if number < 2 else counts >= number]
    frame = failures.merge(world.truth, on="customer_id")
    day = to_days(frame["occurred_at"].to_numpy()) + 1 / 1440
    hazard = world.hazards.hazard(world.hazards.rows(frame["customer_id"]), day)
    return np.polyfit(frame["loyalty"], np.log(hazard / frame["frailty"]), 1)[0]


def test_loyalty_crosses_in_the_truth(world):
    calm = np.polyfit(
        world.truth["loyalty"], np.log(world.truth["base_per_day"] / world.truth["frailty"]), 1
    )[0]
    assert calm == pytest.approx(-0.4, abs=1e-6)
    assert slope_of_loyalty(world, 1) == pytest.approx(0.0, abs=0.05)
    assert slope_of_loyalty(world, 2) == pytest.approx(0.5, abs=0.05)


def share_acting(world, customers, loyal):
    """Share of these customers, the most or the least loyal third of all, who ever retaliated."""
    loyalty = world.truth["loyalty"]
    third = loyalty > 0.43 if loyal else loyalty < -0.43
    return world.truth.loc[customers & third, "customer_id"].isin(world.acts["customer_id"]).mean()


def test_loyalty_crosses_in_the_crude_rates(world):
    """Loyalty protects those never let down and makes it worse for those let down three times or more."""
    times = world.failures.groupby("customer_id").size()
    times = world.truth["customer_id"].map(times).fillna(0)
    assert share_acting(world, times == 0, True) < 0.8 * share_acting(world, times == 0, False)
    assert share_acting(world, times >= 3, True) > 1.4 * share_acting(world, times >= 3, False)
