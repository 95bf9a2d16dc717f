import numpy as np
import pytest

from retaliation_risk.simulate import Parameters, simulate
from retaliation_risk.simulate.influence import Accounts, draw_reach
from retaliation_risk.tables.contract import DIRECT


def standing_gap(world):
    """Mean standardised log followers of those who retaliated less that of the others, in standard errors."""
    known = world.truth.dropna(subset="log_followers_sd")
    acted = known["customer_id"].isin(world.acts["customer_id"]).to_numpy()
    standing = known["log_followers_sd"].to_numpy()
    return (standing[acted].mean() - standing[~acted].mean()) * np.sqrt(acted.sum())


def test_followers_say_nothing_of_who_retaliates_by_default(world):
    assert abs(standing_gap(world)) < 3
    acted = world.truth["customer_id"].isin(world.acts["customer_id"])
    with_account = world.truth["has_account"]
    difference = acted[with_account].mean() - acted[~with_account].mean()
    assert abs(difference) < 3 * np.sqrt(acted.mean() / (~with_account).sum())


def test_the_switch_makes_followers_decisive_and_moves_nothing_else(world, famous):
    assert standing_gap(famous) > 6
    for name in ("customers", "orders", "loyalty", "observation", "tickets"):
        assert world.frames[name].equals(famous.frames[name])
    shares = [one.truth_summary["numbers"]["annual_share"] for one in (world, famous)]
    assert shares[0] == pytest.approx(shares[1], rel=0.15)


def test_followers_are_heavy_tailed_and_missing_for_a_third(world):
    followers = world.frames["influence"].groupby("customer_id")["followers"].last()
    assert len(followers) / len(world.truth) == pytest.approx(0.65, abs=0.02)
    assert followers.mean() > 3 * followers.median()
    score = world.frames["influence"]["score"]
    assert np.corrcoef(score, np.log1p(world.frames["influence"]["followers"]))[0, 1] ** 2 > 0.85


def test_reach_is_mostly_nothing_and_weakly_tied_to_followers():
    rng, count = np.random.default_rng(0), 50_000
    accounts = Accounts(np.ones(count, bool), rng.standard_normal(count))
    reach = draw_reach(rng, np.zeros(count, bool), np.arange(count), accounts, Parameters())
    known = ~np.isnan(reach)
    assert (reach[known] >= 20).mean() == pytest.approx(0.02, abs=0.003)
    assert reach[known].max() > 1e5
    r2 = np.corrcoef(np.log1p(reach[known]), accounts.standing[known])[0, 1] ** 2
    assert 0.001 < r2 < 0.5


def test_direct_acts_are_seen_by_nobody(world):
    direct = world.acts["outcome_type"].isin(DIRECT)
    assert (world.acts.loc[direct, "reach"] == 0).all()
    assert 0.1 < world.acts.loc[~direct, "reach"].isna().mean() < 0.3


def test_loyalty_school_changes_the_sign():
    """Under love becomes hate the loyal retaliate more even without any failed recovery."""
    for school, sign in (("love_is_blind", -1), ("love_becomes_hate", 1)):
        calm = simulate(
            8_000,
            seed=4,
            parameters=Parameters(loyalty_school=school, tickets_per_year=1e-9, base_per_year=0.1),
        )
        acted = calm.truth["customer_id"].isin(calm.acts["customer_id"])
        assert sign * np.corrcoef(acted, calm.truth["loyalty"])[0, 1] > 0.05
