"""The switches of the three worlds: how much histories say, and how much influence does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retaliation_risk.simulate import Parameters, simulate
from retaliation_risk.simulate.clock import to_days
from retaliation_risk.simulate.influence import Accounts, draw_reach, mean_reach


def ratio_after_failures(world):
    """Hazard a minute after each failed recovery, against the same customer's without any history."""
    rows = world.hazards.rows(world.failures["customer_id"])
    day = to_days(world.failures["occurred_at"].to_numpy()) + 1 / 1440
    hazards = world.hazards.retaliation
    return 1 + hazards.excess_at(rows, day) / hazards.base[rows]


@pytest.fixture(scope="module")
def full():
    return ratio_after_failures(simulate(500, seed=3))


@settings(max_examples=10, deadline=None)
@given(strength=st.floats(0.0, 2.0))
def test_of_what_histories_add_the_share_asked_for_is_at_work(full, strength):
    ours = ratio_after_failures(simulate(500, seed=3, parameters=Parameters(history_strength=strength)))
    assert ours - 1 == pytest.approx(strength * (full - 1), rel=1e-6, abs=1e-4)


def test_the_switch_moves_nothing_but_who_retaliates(full):
    usual, weak = simulate(500, seed=3), simulate(500, seed=3, parameters=Parameters(history_strength=0.1))
    for name in ("customers", "tickets", "ticket_events", "orders", "loyalty", "observation", "influence"):
        assert usual.frames[name].equals(weak.frames[name])
    assert len(weak.acts) < len(usual.acts)


def share_acting(world, let_down):
    times = world.truth["customer_id"].map(world.failures.groupby("customer_id").size()).fillna(0)
    some = world.truth.loc[times >= 2 if let_down else times == 0, "customer_id"]
    return some.isin(world.acts["customer_id"]).mean()


def test_histories_can_say_nothing():
    """The base is raised so that the world has acts; without strength those let down act no more than others."""
    frequent = {"base_per_year": 0.05}
    deaf, usual = (
        simulate(20_000, seed=5, parameters=Parameters(history_strength=strength, **frequent))
        for strength in (0.0, 1.0)
    )
    assert share_acting(usual, True) > 5 * share_acting(usual, False)
    assert share_acting(deaf, True) < 1.5 * share_acting(deaf, False)


def test_the_summary_says_how_much_is_at_work():
    usual, weak = (
        simulate(100, seed=1, parameters=Parameters(history_strength=strength)).truth_summary
        for strength in (1.0, 0.1)
    )
    said = "Of what these add, only 10\u00a0% is at work here."
    assert said in weak["sentences"]
    assert not any("at work" in sentence for sentence in usual["sentences"])
    assert (usual["history_strength"], weak["history_strength"]) == (1.0, 0.1)


@pytest.mark.parametrize("tail", [1.1, 3.0])
def test_mean_reach_is_the_mean_of_what_is_drawn(tail):
    """With a low cap the draws have a mean that a few hundred thousand of them show."""
    constants = Parameters(spread_tail=tail, spread_share=0.3, reach_cap=5_000.0, reach_log_slope=0.8)
    rng, count = np.random.default_rng(0), 400_000
    for standing in (-1.0, 0.0, 1.5):
        accounts = Accounts(np.ones(count, bool), np.full(count, standing))
        drawn = np.nan_to_num(draw_reach(rng, np.zeros(count, bool), np.arange(count), accounts, constants))
        expected = mean_reach(np.array([standing]), constants)[0]
        assert abs(drawn.mean() - expected) < 4 * drawn.std() / count**0.5 + 0.5
