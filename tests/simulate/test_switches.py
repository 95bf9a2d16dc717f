"""Switches that are off by default: burn-in, avoidance, blame and greed."""

import numpy as np
import pytest

from retaliation_risk.simulate import Parameters, simulate
from retaliation_risk.simulate.clock import EPOCH
from retaliation_risk.tables import tables_from_frames


@pytest.fixture(scope="module")
def usual():
    return simulate(4_000, seed=8)


def test_after_a_burn_in_the_records_begin_where_they_did(usual):
    """Grudges and exits of before remain, rows do not."""
    lived = simulate(4_000, seed=8, parameters=Parameters(burn_in_days=365))
    assert not tables_from_frames(lived.frames).warnings
    for name, frame in lived.frames.items():
        times = frame.select_dtypes("datetime").drop(columns="first_seen_at", errors="ignore")
        assert times.min().min() >= EPOCH, name
    gone = lived.truth["left_at"] < EPOCH
    assert gone.any()
    assert len(lived.frames["customers"]) == (~gone).sum()
    assert lived.acts.loc[lived.acts["occurred_at"] < EPOCH, "exported"].eq(False).all()


def test_a_burn_in_levels_the_risk_of_the_first_months(usual):
    lived = simulate(4_000, seed=8, parameters=Parameters(burn_in_days=365))
    early, late = np.datetime64("2024-01-10"), np.datetime64("2025-07-01")

    def mean_risk(world, moment):
        return np.nanmean(world.true_risk(world.truth["customer_id"], moment, 90))

    assert mean_risk(usual, early) < 0.6 * mean_risk(usual, late)
    assert mean_risk(lived, early) > 0.75 * mean_risk(lived, late)


def test_who_avoids_buys_less_after_the_first_failed_recovery_and_not_before(usual):
    avoiding = simulate(4_000, seed=8, parameters=Parameters(avoidance_share=0.8, avoidance_days=30.0))
    first = usual.failures.groupby("customer_id")["occurred_at"].min()

    def counts(world):
        orders = world.frames["orders"]
        since = (orders["ordered_at"] - orders["customer_id"].map(first)).dt.days
        return np.array([(~(since > 0)).sum(), since.between(1, 30).sum(), (since > 90).sum()])

    before, soon, later = counts(avoiding) / counts(usual)
    assert before == 1
    assert later < 0.35 < soon < 0.85
    for name in ("customers", "tickets", "ticket_events", "outcomes", "observation", "influence"):
        assert avoiding.frames[name].equals(usual.frames[name])


def test_greed_raises_the_hazard_of_those_who_see_it_and_of_nobody_else(usual):
    greedy = simulate(4_000, seed=8, parameters=Parameters(greed_log_ratio=0.7))
    one, other = usual.hazards.retaliation, greedy.hazards.retaliation
    here = one.day < usual.hazards.gone[one.customer]  # what fails after the exit is in no list
    ratio = (other.excess / one.excess)[here]
    saw = usual.failures.loc[usual.failures["greedy"], "customer_id"].unique()
    ids = usual.hazards.ids[one.customer[here]]
    assert ratio[~np.isin(ids, saw)] == pytest.approx(1)
    assert ratio.max() > np.exp(0.65)
    assert usual.failures["greedy"].mean() == pytest.approx(0.3, abs=0.04)
    assert usual.frames["tickets"].equals(greedy.frames["tickets"])


def test_loyalty_crosses_with_controllability():
    """Just after a first failed recovery the loyal are angrier if the firm could have helped it, less if not."""
    parameters = Parameters(controllable_log_ratio=(0.0, 0.5), loyalty_school="none")
    world, plain = (
        simulate(4_000, seed=8, parameters=one) for one in (parameters, Parameters(loyalty_school="none"))
    )
    jumps, before = world.hazards.retaliation, plain.hazards.retaliation
    change = np.log(jumps.excess / before.excess)
    loyalty = world.truth["loyalty"].to_numpy()[jumps.customer]
    fails = plain.failures[plain.failures["number"] == 1].set_index(["customer_id", "occurred_at"])
    days = EPOCH + (np.rint(jumps.day * 86400) * 1e6).astype("timedelta64[us]")
    at = {key: row for row, key in enumerate(zip(world.hazards.ids[jumps.customer], days, strict=True))}
    for controllable, sign in ((True, 1), (False, -1)):
        some = fails[fails["controllable"] == controllable]
        rows = [
            at[who, when.to_datetime64()] for who, when in some.index if (who, when.to_datetime64()) in at
        ]
        assert len(rows) > 500
        assert np.polyfit(loyalty[rows], change[rows], 1)[0] == pytest.approx(sign * 0.5, abs=0.1)
