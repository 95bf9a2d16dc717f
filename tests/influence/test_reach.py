"""Reach given a public act: its three parts with known truth, intervals, what followers say, little data, no data."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.special import expit, logit, ndtri
from scipy.stats import genpareto, norm, rankdata, spearmanr

from benchmarks.effects.worlds import TRUE_REACH as TRUTH
from benchmarks.effects.worlds import acts_of
from retaliation_risk.errors import ArgumentError, DataError
from retaliation_risk.influence import ReachModel, fit_reach
from retaliation_risk.influence.reach import (
    Body,
    Hurdle,
    Tail,
    bootstrap_reach,
    fit_excess,
    fit_tail,
    followers_say,
    followers_sentence,
    mean_excess_table,
    qq_table,
    top_share,
)
from retaliation_risk.influence.reach._rank import rank_kernel
from retaliation_risk.influence.reach._resample import resampled_weights
from retaliation_risk.influence.reach.body import fit_body
from retaliation_risk.influence.reach.hurdle import fit_hurdle
from retaliation_risk.influence.reach.model import design_of
from retaliation_risk.influence.reach.uncertainty import mixture_quantile


def acts(n, slope=0.4, spread=1.2, seed=0):
    """Log-normal acts without a hurdle and without a tail."""
    rng = np.random.default_rng(seed)
    followers = np.exp(rng.normal(5, 2, n))
    reach = np.exp(2 + slope * np.log1p(followers) + rng.normal(0, spread, n))
    return reach, followers


def test_the_three_parts_are_recovered():
    reach, followers = acts_of(TRUTH, 40_000)
    model = fit_reach(reach, followers)
    by = model.centre - TRUTH.centre
    assert model.hurdle.slope == pytest.approx(TRUTH.hurdle.slope, abs=0.03)
    assert model.hurdle.intercept == pytest.approx(TRUTH.hurdle.intercept + TRUTH.hurdle.slope * by, abs=0.05)
    assert model.hurdle.missing_shift == pytest.approx(0, abs=0.08)
    # Above the true threshold a generalised Pareto stays one of the same shape, and its scale grows by the shape.
    assert model.tail.shape == pytest.approx(TRUTH.tail.shape, abs=0.08)
    at = TRUTH.tail.scale + TRUTH.tail.shape * (model.tail.threshold - TRUTH.tail.threshold)
    assert model.tail.scale == pytest.approx(at, rel=0.1)


def test_what_is_asked_of_the_model_is_recovered():
    reach, followers = acts_of(TRUTH, 40_000)
    model = fit_reach(reach, followers)
    asked = [30, 100, 1000, np.nan]
    np.testing.assert_allclose(model.expected_reach(asked), TRUTH.expected_reach(asked), rtol=0.15)
    for threshold in (10, 100, 300):
        found, truth = (m.probability_above(threshold, followers).mean() for m in (model, TRUTH))
        assert found == pytest.approx(truth, rel=0.1)
        # A threshold below the true one takes acts into the tail that followers still move: off for single followers.
        found, truth = (m.probability_above(threshold, asked) for m in (model, TRUTH))
        np.testing.assert_allclose(found, truth, rtol=0.6)


def test_a_known_slope_is_recovered_and_the_share_explained_is_measured():
    reach, followers = acts(5000)
    model = fit_reach(reach, followers)
    assert model.body.slope == pytest.approx(0.4, abs=0.02)
    # 0.4 squared times variance 4 against noise 1.44.
    assert model.r_squared == pytest.approx(0.64 / (0.64 + 1.44), abs=0.03)
    assert model.learned


def test_expected_reach_is_a_mean_and_not_a_median():
    reach, followers = acts(20_000)
    model = fit_reach(reach, followers)
    assert model.expected_reach(followers).mean() == pytest.approx(reach.mean(), rel=0.05)
    assert (model.expected_reach(followers) > 1.5 * model.quantile(0.5, followers)).all()


def test_slope_by_hand():
    """Log followers -1 and 1 around their mean, ten acts each; log reach twice as steep as the prior's 0.3.

    Slope = (sum xy + 20 * 0.3) / (sum xx + 20) = (20 * 0.6 + 6) / 40 = 0.45: halfway. The prior says a log median of
    log 10 + 0.3 (5 - log 101) at the centre, which counts as one act beside twenty with a mean of 3.
    """
    x = np.repeat([4.0, 6.0], 10)
    model = fit_reach(np.exp(3 + 0.6 * (x - 5)), np.expm1(x))
    assert model.body.slope == pytest.approx(0.45)
    believed = np.log(10) + 0.3 * (5 - np.log(101))
    assert (model.centre, model.body.intercept) == (5, pytest.approx((20 * 3 + believed) / 21))
    # Twenty of twenty were seen, and half of the prior's one act.
    assert model.hurdle.share_seen(design_of([np.expm1(5)], 5))[0] == pytest.approx(20.5 / 21, abs=1e-3)


def test_unknown_followers_have_their_own_level():
    reach, followers = acts(2000)
    hidden = np.arange(2000) % 2 == 0
    reach[hidden] *= 10
    followers[hidden] = np.nan
    model = fit_reach(reach, followers)
    assert model.body.missing_shift == pytest.approx(np.log(10), abs=0.2)
    unknown, typical = model.expected_reach([np.nan, np.expm1(model.centre)])
    assert unknown > 2 * typical


# The parts against plain oracles.


def held_acts():
    reach, followers = acts_of(TRUTH, 600, seed=3)
    seen = reach > 0
    return reach, seen, design_of(followers, 5.0)


def test_the_body_is_the_maximum_that_a_general_optimiser_finds():
    reach, seen, design = held_acts()
    log_reach, rows, prior = np.log(reach[seen]), design[seen], Body(2.0, 0.3, 0.0, 1.5)
    log_threshold = np.log(60)
    above = log_reach > log_threshold

    def loss(at):
        spread = np.exp(at[3])
        mean = rows @ at[:3]
        found = norm.logpdf(log_reach, mean, spread)[~above].sum()
        found += norm.logsf(log_threshold, mean, spread)[above].sum()
        # Twenty acts' worth for the slope, five for the shift, one for the level, relative to the spread; one for it.
        found -= (20 * (at[1] - 0.3) ** 2 + 5 * at[2] ** 2 + (at[0] - 2) ** 2) / (2 * spread**2)
        return -(found - np.log(spread) - 1.5**2 / (2 * spread**2))

    want = minimize(loss, [2, 0.3, 0, 0], method="BFGS", options={"gtol": 1e-7}).x
    body = fit_body(reach[seen], rows, 60.0, prior, weight=20, level_weight=1)
    found = [body.intercept, body.slope, body.missing_shift, np.log(body.spread)]
    np.testing.assert_allclose(found, want, atol=1e-5)


def test_the_hurdle_is_the_maximum_that_a_general_optimiser_finds():
    _, seen, design = held_acts()
    prior = Hurdle(float(logit(0.3)), 0.1, 0.0)

    def loss(at):
        odds = design @ at
        found = np.where(seen, odds, 0).sum() - np.logaddexp(0, odds).sum()
        found += 0.3 * at[0] - np.logaddexp(0, at[0]) - 0.5 * (5 * (at[1] - 0.1) ** 2 + 1.25 * at[2] ** 2)
        return -found

    want = minimize(loss, [0, 0, 0], method="BFGS", options={"gtol": 1e-7}).x
    hurdle = fit_hurdle(seen, design, prior, weight=20, level_weight=1)
    np.testing.assert_allclose([hurdle.intercept, hurdle.slope, hurdle.missing_shift], want, atol=1e-5)


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.3, 0.9, 1.5])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_the_tail_is_at_least_as_likely_as_scipys(shape, scale):
    excess = genpareto.rvs(shape, scale=scale, size=300, random_state=np.random.default_rng(4))
    found_scale, found_shape = fit_excess(excess)
    scipys = genpareto.fit(excess / scale, floc=0)
    ours = genpareto.logpdf(excess / scale, found_shape, scale=found_scale / scale).sum()
    assert ours >= genpareto.logpdf(excess / scale, *scipys).sum() - 1e-6
    # Scipy's simplex stops short of the maximum now and then: where it does not, the two agree.
    if ours < genpareto.logpdf(excess / scale, *scipys).sum() + 1e-4:
        assert found_shape == pytest.approx(scipys[0], abs=0.01)
    assert found_shape == pytest.approx(shape, abs=3.5 * max(1 + shape, 0.7) / np.sqrt(300))


def test_the_threshold_is_the_one_a_plain_search_finds():
    reach, seen, _ = held_acts()
    excess = np.sort(reach[seen])
    best = None
    for share in (0.25, 0.2, 0.15, 0.1, 0.075, 0.05, 0.025, 0.01):
        threshold = excess[len(excess) - 1 - int(share * len(excess))]
        beyond = [value - threshold for value in excess if value > threshold]
        if len(beyond) >= 30:
            scale, shape = fit_excess(np.array(beyond))
            apart = 0.0
            for i, value in enumerate(beyond):
                said = genpareto.cdf(value, shape, scale=scale)
                apart = max(apart, (i + 1) / len(beyond) - said, said - i / len(beyond))
            if best is None or apart < best[0]:
                best = (apart, threshold)
    tail = fit_tail(reach[seen])
    assert (tail.distance, tail.threshold) == (pytest.approx(best[0]), best[1])


@pytest.mark.parametrize("shape", [-0.4, 0.0, 1e-12, 0.5, 1.0, 1.3])
def test_the_mean_of_the_tail_is_the_area_under_its_survival(shape):
    tail = Tail(10.0, 7.0, shape, 50, 0.0)
    for excess in (3.0, 500.0):
        area = quad(lambda at: genpareto.sf(at, shape, scale=7.0), 0, excess, points=[7, 15], limit=200)[0]
        assert tail.mean_up_to(excess) == pytest.approx(area, rel=1e-6)


@pytest.mark.parametrize("tail", [None, Tail(60.0, 50.0, 0.4, 40, 0.0), Tail(60.0, 50.0, 1.2, 40, 0.0)])
def test_expected_reach_is_the_area_under_the_chance_of_more(tail):
    model = ReachModel(**{**vars(TRUTH), "tail": tail, "most": 5000.0, "floor": 3.0, "quiet": 1.0})
    edges = [3.0, 10.0, 63.0, 300.0, 5000.0 - 1e-9]
    for followers in (0.0, 5000.0, np.nan):

        def above(at, followers=followers):
            return model.probability_above(at, [followers])[0]

        area = sum(quad(above, *pair, limit=200)[0] for pair in pairwise(edges))
        # Below the floor: seen acts have at least 3, the others 1 on average.
        want = area + above(3.0) * 3 + (1 - above(3.0)) * 1
        assert model.expected_reach([followers])[0] == pytest.approx(want, rel=1e-6)


@given(
    share=st.floats(0.001, 0.9999),
    followers=st.one_of(st.floats(0, 1e8), st.just(float("nan"))),
    tail=st.booleans(),
)
def test_quantile_and_chance_are_each_others_inverse(share, followers, tail):
    model = TRUTH if tail else ReachModel(**{**vars(TRUTH), "tail": None})
    reach = model.quantile(share, [followers])[0]
    seen = model.probability_above(0, [followers])[0]
    if share <= 1 - seen:
        assert reach == 0
    else:
        assert model.probability_above(reach, [followers])[0] == pytest.approx(1 - share, rel=1e-6, abs=1e-9)


@given(st.lists(st.floats(0, 1e9), min_size=0, max_size=60), st.integers(0, 5))
@settings(max_examples=40)
def test_any_acts_give_a_reach_in_its_range(reach, seed):
    followers = np.random.default_rng(seed).lognormal(4, 2, len(reach))
    model = fit_reach(reach, followers)
    asked = [0, 10, 1e6, np.nan]
    expected = model.expected_reach(asked)
    assert ((expected >= 0) & (expected <= model.most)).all()
    chances = np.array([model.probability_above(at, asked) for at in (0, 1, 10, 1e3, 1e6, 1e8)])
    assert (np.diff(chances, axis=0) <= 0).all()
    assert ((chances >= 0) & (chances <= 1)).all()


def test_an_infinite_mean_is_capped_and_said():
    heavy = ReachModel(**{**vars(TRUTH), "tail": Tail(60.0, 50.0, 1.4, 0, 0.0), "most": 1e9})
    reach, followers = acts_of(heavy, 20_000)
    near, far = (fit_reach(reach, followers, most=most) for most in (1e4, 1e7))
    assert far.tail.mean_is_infinite
    assert far.expected_reach([100])[0] > 3 * near.expected_reach([100])[0]
    assert "at most 10,000,000 people" in " ".join(far.notes())
    assert fit_reach(*acts_of(TRUTH, 20_000)).notes() == ()


# Little data, the prior.


@pytest.mark.parametrize("n", [0, 1, 19])
def test_the_prior_speaks_where_there_is_little(n):
    model = fit_reach(*acts(n))
    assert (model.body.slope, model.body.missing_shift, model.body.spread) == (0.3, 0, 1.5)
    assert model.hurdle.slope == pytest.approx(0, abs=1e-6)
    assert (model.learned, model.n_acts, model.tail) == (False, n, None)
    assert np.isnan(model.r_squared)
    assert model.notes() == (f"Reach is a prior, not learned: only {n} acts have one.",)
    reach = model.expected_reach([0, 10, 10_000, np.nan])
    assert np.isfinite(reach).all()
    assert (np.diff(reach[:3]) > 0).all()


def test_no_acts_leave_the_prior_as_it_was():
    prior = ReachModel.prior(seen=0.1, median=40, slope=0.2, spread=2)
    asked = [0, 10, 1e5, np.nan]
    found = fit_reach([], [], prior=prior).expected_reach(asked)
    np.testing.assert_allclose(found, prior.expected_reach(asked), rtol=1e-6)


def test_a_model_of_other_acts_can_be_the_prior_and_lends_its_tail():
    other = fit_reach(*acts_of(TRUTH, 5000))
    few = acts_of(TRUTH, 60, seed=9)
    helped, alone = fit_reach(*few, prior=other), fit_reach(*few)
    assert (helped.tail, alone.tail) == (other.tail, None)
    strong = fit_reach(*few, prior=other, weight=1e7, level_weight=1e7)
    np.testing.assert_allclose(strong.expected_reach([0, 1e4]), other.expected_reach([0, 1e4]), rtol=1e-3)


def test_fewer_than_thirty_above_make_no_tail():
    assert fit_reach(*acts(119)).tail is None
    (note,) = fit_reach(*acts(119)).notes()
    assert note.startswith("The 119 acts that were seen are too few to learn a heavy tail")
    assert fit_reach(*acts(130)).tail.n_above >= 30
    assert fit_tail(np.repeat([1.0, 2.0], 500)) is None


def test_nobody_has_an_account():
    reach, _ = acts(2000)
    model = fit_reach(reach, np.full(2000, np.nan))
    assert model.expected_reach([np.nan])[0] == pytest.approx(reach.mean(), rel=0.1)


def test_acts_below_the_floor_count_as_not_seen():
    reach, followers = acts(500)
    floor = float(np.median(reach))
    model = fit_reach(reach, followers, floor=floor)
    assert (model.n_acts, model.n_seen) == (500, 250)
    assert model.quiet == pytest.approx(reach[reach <= floor].mean())
    with pytest.raises(ArgumentError, match="threshold is 0; it must be at least"):
        model.probability_above(0, followers)


def test_acts_without_recorded_reach_are_left_out():
    reach, followers = acts(50)
    more = fit_reach(np.append(reach, np.nan), np.append(followers, 1e9))
    assert more == fit_reach(reach, followers)


@pytest.mark.parametrize("n", [0, 50, 400])
def test_parameters_survive_json(n):
    model = fit_reach(*acts(n))
    assert (model.tail is not None) == (n == 400)
    back = ReachModel.from_parameters(json.loads(json.dumps(model.to_parameters(), allow_nan=False)))
    asked = [0, 5, np.nan, 1e7]
    np.testing.assert_array_equal(back.expected_reach(asked), model.expected_reach(asked))
    assert back.to_parameters() == model.to_parameters()


def test_impossible_numbers_are_refused():
    with pytest.raises(ArgumentError, match="1 values of reach are below 0"):
        fit_reach([-1.0], [3.0])
    with pytest.raises(ArgumentError, match=r"reach has shape \(2,\), followers \(1,\)"):
        fit_reach([1.0, 2.0], [3.0])
    with pytest.raises(ArgumentError, match="1 values of followers are below 0"):
        fit_reach([1.0], [1.0]).expected_reach([-5])
    with pytest.raises(ArgumentError, match="seen is 1; it must be above 0 and below 1"):
        ReachModel.prior(seen=1)
    with pytest.raises(ArgumentError, match=r"share is 2; it must be in \[0, 1\]"):
        TRUTH.quantile(2, [1])
    with pytest.raises(ArgumentError, match="3 excesses; they must be above 0 and not all equal"):
        fit_excess(np.ones(3))


# Intervals.


def test_the_interval_of_the_mean_holds_the_truth_and_the_next_act_varies_more():
    held = 0
    for seed in range(5):
        reach, followers = acts_of(TRUTH, 400, seed)
        draws = bootstrap_reach(reach, followers, n_bootstrap=25, seed=seed)
        mean, chance = draws.expected_reach([100]), draws.probability_above(100, [100])
        held += int(mean["low"][0] <= TRUTH.expected_reach([100])[0] <= mean["high"][0])
        held += int(chance["low"][0] <= TRUTH.probability_above(100, [100])[0] <= chance["high"][0])
        following = draws.next_reach([100])
        assert following["high"][0] - following["low"][0] > mean["high"][0] - mean["low"][0]
    assert held >= 8


def test_the_prediction_interval_holds_the_next_acts():
    draws = bootstrap_reach(*acts_of(TRUTH, 1500), n_bootstrap=12)
    reach, followers = acts_of(TRUTH, 2000, seed=77)
    said = draws.next_reach(followers)
    assert (reach <= said["high"]).mean() == pytest.approx(0.975, abs=0.012)
    # Many medians are 0, as many acts are not seen: half of the acts lie at or below, and at or above.
    assert min((reach <= said["median"]).mean(), (reach >= said["median"]).mean()) > 0.48


def test_acts_of_a_customer_are_drawn_together():
    reach, followers = acts(60)
    once, thrice = (bootstrap_reach(np.tile(reach, k), np.tile(followers, k), customer=np.tile(np.arange(60), k),
                                    n_bootstrap=40) for k in (1, 3))  # fmt: skip
    apart = bootstrap_reach(np.tile(reach, 3), np.tile(followers, 3), n_bootstrap=40)
    wide, same, narrow = (float(np.diff(np.log(t.expected_reach([100])[["low", "high"]]))[0, 0])
                          for t in (once, thrice, apart))  # fmt: skip
    assert same > 1.3 * narrow
    assert wide > 1.3 * narrow
    few = bootstrap_reach(reach, followers, customer=np.arange(60) % 9, n_bootstrap=40)
    assert few.draws == ()
    assert few.expected_reach([1])[["low", "high"]].isna().all(axis=None)
    assert np.isnan(few.infinite_means())


def test_a_seed_decides_the_draws():
    reach, followers = acts(80)
    first, same, other = (bootstrap_reach(reach, followers, n_bootstrap=5, seed=seed) for seed in (1, 1, 2))
    assert first == same
    assert first.draws != other.draws


# Diagnostics.


def test_mean_excess_rises_with_a_heavy_tail_and_not_with_an_exponential_one():
    rng = np.random.default_rng(1)
    heavy = mean_excess_table(genpareto.rvs(0.4, size=50_000, random_state=rng), n_thresholds=10)
    light = mean_excess_table(rng.exponential(size=50_000), n_thresholds=10)
    slope = np.polyfit(heavy["threshold"], heavy["mean_excess"], 1)[0]
    assert slope == pytest.approx(0.4 / 0.6, abs=0.15)
    np.testing.assert_allclose(light["mean_excess"], 1, atol=0.05)
    assert mean_excess_table([]).empty


def test_acts_of_the_model_lie_on_the_diagonal_of_the_qq_table():
    reach, followers = acts_of(TRUTH, 8000)
    table = qq_table(TRUTH, reach, followers)
    assert len(table) == (reach > 0).sum()
    assert np.polyfit(table["expected"], table["observed"], 1)[0] == pytest.approx(1, abs=0.06)
    light = ReachModel(**{**vars(TRUTH), "tail": Tail(60.0, 50.0, 0.0, 0, 0.0)})
    last = qq_table(light, reach, followers).iloc[-1]
    assert last["observed"] > 2 * last["expected"]


def test_the_share_of_the_widest_acts():
    assert (
        top_share([1] * 200, n_bootstrap=20).iloc[0][["value", "low", "high"]].tolist()
        == [pytest.approx(0.01)] * 3
    )
    reach, _ = acts_of(TRUTH, 3000)
    found = top_share(reach).iloc[0]
    assert found["value"] == pytest.approx(np.sort(reach)[-30:].sum() / reach.sum())
    assert found["low"] < found["value"] < found["high"]
    assert np.isnan(top_share([0, 0]).iloc[0]["value"])
    assert np.isnan(top_share([5, 1]).iloc[0]["low"])


# What followers say.


def firm(n=4000, tie=0.0, seed=0):
    """Customers who act with a chance that followers move by ``tie``, and the reach of their acts."""
    rng = np.random.default_rng(seed)
    standing = rng.standard_normal(n)
    followers = np.where(rng.random(n) < 0.2, np.nan, np.floor(np.exp(5 + 2 * standing)))
    customers = pd.DataFrame({"customer_id": np.arange(n).astype(str), "followers": followers})
    customers["acted"] = rng.random(n) < expit(-2 + tie * standing)
    who = customers[customers["acted"]]
    reach = np.exp(1 + 0.4 * standing[who.index] + rng.normal(0, 1.5, len(who)))
    return who.assign(reach=reach)[["customer_id", "followers", "reach"]], customers


def test_followers_tell_how_far_and_not_who():
    acts, customers = firm()
    table = followers_say(acts, customers, n_bootstrap=200)
    rank, explained, area = table.to_dict("records")
    assert 0 < rank["low"] < rank["value"] < rank["high"]
    # 0.16 against 0.16 + 2.25.
    assert explained["low"] < 0.16 / 2.41 < explained["high"]
    assert area["low"] < 0.5 < area["high"]
    assert (area["n"], area["n_events"]) == (
        customers["followers"].notna().sum(),
        customers.dropna()["acted"].sum(),
    )
    assert area["n_without_account"] == customers["followers"].isna().sum()
    assert "do not tell who acts" in followers_sentence(table)


@pytest.mark.parametrize(
    ("tie", "words"), [(1.0, "more followers act more"), (-1.0, "more followers act less")]
)
def test_the_reading_can_come_out_otherwise(tie, words):
    assert words in followers_sentence(followers_say(*firm(tie=tie), n_bootstrap=100))


def test_few_acts_give_no_verdict():
    acts, customers = firm(n=40)
    customers["acted"] &= customers["customer_id"].astype(int) < 20
    table = followers_say(acts.head(5), customers)
    assert table[["low", "high"]].isna().all(axis=None)
    sentence = followers_sentence(table)
    assert "there are too few acts to say" in sentence
    assert "Too few acted to say" in sentence


def test_a_missing_column_is_named():
    acts, customers = firm(n=100)
    with pytest.raises(DataError, match=r"RR101 .*acts: columns \['reach'\] are missing"):
        followers_say(acts.drop(columns="reach"), customers)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=30), st.integers(0, 9))
@settings(max_examples=60)
def test_rank_correlation_by_weights_is_that_of_repeated_rows(pairs, seed):
    x, y = np.array(pairs, dtype=float).T
    (weight,) = resampled_weights(np.arange(len(x)), 1, seed)
    drawn = np.repeat(np.arange(len(x)), weight.astype(int))
    ranks = rankdata(x[drawn]), rankdata(y[drawn])
    found = rank_kernel(x, y)(weight)
    if min(np.ptp(ranks[0]), np.ptp(ranks[1])) == 0:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(spearmanr(x[drawn], y[drawn])[0], abs=1e-9)


def test_the_mixture_is_the_quantile_of_its_parts_drawn_together():
    parts = tuple(
        ReachModel.prior(seen=seen, median=median) for seen, median in ((0.2, 5), (0.7, 40), (0.9, 300))
    )
    asked = np.array([0.0, 100.0, np.nan])
    shares = (np.arange(4000) + 0.5) / 4000
    drawn = np.concatenate([[part.quantile(share, asked) for share in shares] for part in parts])
    for share in (0.1, 0.3, 0.5, 0.9):
        found = mixture_quantile(parts, share, asked)
        np.testing.assert_allclose(found, np.quantile(drawn, share, axis=0), rtol=0.02)
    assert mixture_quantile(parts, 0.3, asked).tolist() == [0, 0, 0]


def test_the_normal_quantile_of_a_prior_is_its_median():
    assert ReachModel.prior(seen=0.5, median=20).quantile(0.75, [100])[0] == pytest.approx(
        20 * np.exp(ndtri(0.5))
    )
