"""Scores learned from pairs: nothing is made of who stands first, and known truth is found again."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import spearmanr

from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.influence import FollowersScore, PairBlend, PairLogit, PairTrees
from retaliation_risk.influence._pair_trees import newton
from retaliation_risk.influence._pairs import Pairs, win_probability
from retaliation_risk.metrics import auroc
from tests.influence.worlds import SIGNALS, TRUE_WEIGHTS, accounts, humped, judged, straight

LEARNED = {
    "logit": PairLogit(),
    "curves": PairLogit(curves=30),
    "trees": PairTrees(rounds=30),
    "blend": PairBlend(),
}
EVERY_LEARNED = pytest.mark.parametrize("model", LEARNED.values(), ids=LEARNED)


def turned(pairs):
    """The same judgements with sides exchanged."""
    return pairs.rename(columns={"first": "second", "second": "first"}).assign(
        first_wins=~pairs["first_wins"]
    )


@given(st.lists(st.floats(-1e300, 1e300), min_size=1))
def test_chances_of_both_ways_round_add_up_to_exactly_1(differences):
    difference = np.array(differences)
    chance = win_probability(difference)
    np.testing.assert_array_equal(win_probability(-difference), 1 - chance)
    far = np.abs(difference) > 1e-9  # nearer than that may round to a half
    np.testing.assert_array_equal(chance[far] > 0.5, difference[far] > 0)


@EVERY_LEARNED
def test_antisymmetry_is_exact(model):
    profiles = accounts()
    pairs = judged(straight(profiles), n=500)
    fitted = model.fit(profiles, pairs)
    np.testing.assert_array_equal(
        fitted.win_probability(profiles, turned(pairs)), 1 - fitted.win_probability(profiles, pairs)
    )


@EVERY_LEARNED
def test_learning_does_not_see_which_side_is_first(model):
    profiles = accounts()
    pairs = judged(straight(profiles), n=500)
    one, other = (model.fit(profiles, some).strength(profiles) for some in (pairs, turned(pairs)))
    np.testing.assert_allclose(one, other, atol=1e-6)


@EVERY_LEARNED
def test_new_pairs_are_ranked_better_than_by_followers(model):
    profiles, fresh = accounts(), accounts(seed=7)
    fitted = model.fit(profiles, judged(straight(profiles)))
    asked = judged(straight(fresh), seed=8)
    log = FollowersScore().fit(fresh).strength(fresh)
    plain = auroc(asked["first_wins"], log[asked["first"]] - log[asked["second"]])
    assert auroc(asked["first_wins"], fitted.win_probability(fresh, asked)) > plain + 0.03
    assert spearmanr(fitted.score(fresh), straight(fresh)).statistic > 0.95


def test_the_logit_finds_the_true_weights():
    profiles = accounts(n=1000)
    fitted = PairLogit(penalizer=1e-6).fit(profiles, judged(straight(profiles), n=20_000))
    per_log = fitted.weights_ / np.log1p(profiles[list(SIGNALS)]).std(ddof=0)
    # Standard errors are about 0.02.
    np.testing.assert_allclose(per_log[list(SIGNALS)], TRUE_WEIGHTS, atol=0.08)


def test_the_logit_is_the_top_of_its_likelihood():
    profiles = accounts(n=60)
    pairs = judged(straight(profiles), n=200)
    fitted = PairLogit(penalizer=0.05).fit(profiles, pairs)
    X, _ = fitted.signals_.matrix(profiles)
    D = X[pairs["first"]] - X[pairs["second"]]
    sign = np.where(pairs["first_wins"], 1, -1)

    def loss(weights):
        return np.mean(np.log1p(np.exp(-sign * (D @ weights)))) + 0.05 / 2 * weights @ weights

    order = list(fitted.signals_.names)
    np.testing.assert_allclose(fitted.weights_[order], minimize(loss, np.zeros(3)).x, atol=1e-4)


@pytest.mark.parametrize(
    "model",
    [PairTrees(), PairBlend(), PairLogit(curves=100)],
    ids=["trees", "blend", "curves"],
)
def test_a_hump_is_seen_where_a_line_sees_none(model):
    profiles, fresh = accounts(), accounts(seed=7)
    pairs, asked = judged(humped(profiles)), judged(humped(fresh), seed=8)
    line = PairLogit().fit(profiles, pairs).win_probability(fresh, asked)
    bent = model.fit(profiles, pairs).win_probability(fresh, asked)
    assert auroc(asked["first_wins"], bent) > auroc(asked["first_wins"], line) + 0.1


def test_more_followers_never_lower_what_trees_say():
    profiles = accounts()
    fitted = PairTrees(max_leaf_nodes=16).fit(profiles, judged(-straight(profiles), n=1000))
    more = profiles.assign(followers=profiles["followers"] * 3 + 50)
    assert (fitted.strength(more) >= fitted.strength(profiles) - 1e-12).all()
    free = PairTrees(signs={}).fit(profiles, judged(-straight(profiles), n=1000))
    assert (free.strength(more) < free.strength(profiles)).any()


def test_newton_steps_are_those_of_the_likelihood():
    rng = np.random.default_rng(0)
    strength = rng.normal(size=6)
    pairs = Pairs(
        rng.integers(3, size=20), rng.integers(3, 6, size=20), rng.integers(2, size=20).astype(float)
    )
    seen = rng.random(20) < 0.7

    def likelihood(s):
        gap = (s[pairs.first] - s[pairs.second])[seen]
        return np.sum(pairs.wins[seen] * gap - np.log1p(np.exp(gap)))

    slope, curvature = newton(strength, pairs, seen)
    for row in range(6):
        step = 1e-4 * np.eye(6)[row]
        up, here, down = (likelihood(strength + k * step) for k in (1, 0, -1))
        assert slope[row] == pytest.approx((up - down) / 2e-4, abs=1e-6)
        assert curvature[row] == pytest.approx((2 * here - up - down) / 1e-8, abs=1e-4)


def test_a_blend_is_the_mean_of_its_members():
    profiles = accounts()
    pairs = judged(straight(profiles), n=500)
    members = PairLogit(curves=200).fit(profiles, pairs), PairTrees().fit(profiles, pairs)
    mean = np.mean([member.strength(profiles) for member in members], axis=0)
    np.testing.assert_allclose(PairBlend().fit(profiles, pairs).strength(profiles), mean, rtol=1e-9)


@EVERY_LEARNED
def test_pairs_of_unknown_profiles_teach_nothing(model):
    profiles = accounts(missing=0.3)
    pairs = judged(np.nan_to_num(straight(profiles)), n=600)
    known = profiles.notna().any(axis=1).to_numpy()
    kept = known[pairs["first"]] & known[pairs["second"]]
    whole, only = (model.fit(profiles, some).strength(profiles) for some in (pairs, pairs[kept]))
    np.testing.assert_array_equal(whole, only)
    assert model.n_pairs_ == kept.sum()
    assert np.isnan(model.win_probability(profiles, pairs)[~kept]).all()


@EVERY_LEARNED
def test_the_same_seed_gives_the_same_score_and_it_can_be_stored(model):
    profiles = accounts()
    pairs = judged(straight(profiles), n=300)
    first = model.fit(profiles, pairs).score(profiles)
    np.testing.assert_array_equal(first, model.fit(profiles, pairs).score(profiles))
    np.testing.assert_array_equal(first, pickle.loads(pickle.dumps(model)).score(profiles))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"second": 10**6}, "pairs name rows .* to 1000000; profiles have rows 0 to 299"),
        ({"first": 0, "second": 0}, "compare a profile with itself"),
        ({"first_wins": 2}, "must be true or false"),
        ({"first": 0.5}, "must be whole numbers"),
    ],
)
def test_pairs_that_make_no_sense_are_refused(change, words):
    profiles = accounts()
    with pytest.raises(ArgumentError, match=words):
        PairLogit().fit(profiles, judged(straight(profiles), n=50).assign(**change))


def test_too_little_is_refused():
    profiles = accounts()
    pairs = judged(straight(profiles), n=50)
    with pytest.raises(ArgumentError, match="this score learns from judged pairs"):
        PairLogit().fit(profiles)
    with pytest.raises(ArgumentError, match=r"pairs lack the columns \['first_wins'\]"):
        PairLogit().fit(profiles, pairs.drop(columns="first_wins"))
    with pytest.raises(GateError, match="RR401 .*: 19 pairs of known profiles"):
        PairLogit().fit(profiles, pairs.iloc[:19])
    with pytest.raises(GateError, match="RR406 nothing varies"):
        PairLogit().fit(pd.DataFrame({"shares": np.ones(300)}), pairs)
    with pytest.raises(ArgumentError, match="profiles have no signal"):
        PairLogit().fit(profiles[[]], pairs)
    with pytest.raises(ArgumentError, match="curves is -1"):
        PairLogit(curves=-1).fit(profiles, pairs)
    with pytest.raises(ArgumentError, match="penalizer is 0"):
        PairLogit(penalizer=0).fit(profiles, pairs)
