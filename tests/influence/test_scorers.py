"""What every score keeps, and the rules by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from retaliation_risk.errors import ArgumentError
from retaliation_risk.influence import (
    RULES,
    FollowersScore,
    PairBlend,
    PairLogit,
    PairTrees,
    RulesScore,
    score_followers,
)
from tests.influence.worlds import accounts, judged, straight

SCORERS = {
    "followers": FollowersScore(),
    "rules": RulesScore(),
    "logit": PairLogit(),
    "curves": PairLogit(curves=20),
    "trees": PairTrees(rounds=10),
    "blend": PairBlend(),
}
EVERY_SCORE = pytest.mark.parametrize("scorer", SCORERS.values(), ids=SCORERS)


@pytest.fixture(scope="module")
def world():
    profiles = accounts(n=120, missing=0.2)
    return profiles, judged(np.nan_to_num(straight(profiles)), n=400)


@EVERY_SCORE
def test_from_1_to_100_and_missing_stays_missing(scorer, world):
    profiles, pairs = world
    score = clone(scorer).fit(profiles, pairs).score(profiles)
    nothing = profiles.isna().all(axis=1).to_numpy()
    assert nothing.any()
    assert np.isnan(score[nothing]).all()
    assert ((score[~nothing] >= 1) & (score[~nothing] <= 100)).all()


@EVERY_SCORE
def test_one_alone_scores_as_among_all(scorer, world):
    profiles, pairs = world
    fitted = clone(scorer).fit(profiles, pairs)
    together = fitted.score(profiles)
    alone = [fitted.score(profiles.iloc[[row]])[0] for row in range(0, 120, 12)]
    np.testing.assert_allclose(alone, together[::12], rtol=1e-6)


@EVERY_SCORE
def test_topics_are_ranked_apart(scorer, world):
    profiles, pairs = world
    topics = np.where(np.arange(len(profiles)) % 2, "beer", "trains")
    fitted = clone(scorer).fit(profiles.assign(topic=topics), pairs)
    score = fitted.score(profiles.assign(topic=topics))
    for topic in ("beer", "trains"):
        assert np.nanmin(score[topics == topic]) == pytest.approx(1, abs=15)
        assert np.nanmax(score[topics == topic]) == pytest.approx(100, abs=15)
    assert np.isnan(fitted.score(profiles.assign(topic="cheese"))).all()
    assert np.isnan(fitted.score(profiles)).all()  # overall was not fitted either


@EVERY_SCORE
def test_asked_before_it_is_fitted(scorer, world):
    with pytest.raises(NotFittedError, match="not fitted"):
        clone(scorer).score(world[0])


@EVERY_SCORE
def test_parameters_come_back(scorer):
    assert clone(scorer).get_params() == scorer.get_params()


def test_followers_are_the_function_that_runs_use(world):
    profiles, _ = world
    found = FollowersScore().fit(profiles).score(profiles)
    np.testing.assert_array_equal(found, score_followers(profiles["followers"]))
    with pytest.raises(ArgumentError, match="profiles lack the column 'followers'"):
        FollowersScore().fit(profiles[["posts"]])


def test_rules_by_hand():
    one = pd.DataFrame(
        {"replies": [1.0], "shares": [2.0], "mentions": [3.0], "clicks": [4.0], "threads_started": [5.0]}
    )
    assert RulesScore().earned(one).tolist() == [10 + 20 + 30 + 4 + 25]
    assert RulesScore(points={"clicks": 0, "posts": 2}).earned(one.assign(posts=1.0)).tolist() == [87]
    np.testing.assert_allclose(RulesScore().fit(one).strength(one), np.log1p([89.0]))


def test_every_rule_says_where_its_points_are_from():
    kred = {rule.signal for rule in RULES if rule.source.startswith("Kred")}
    assert kred == {"replies", "shares", "mentions"}
    assert {rule.points for rule in RULES if rule.signal in kred} == {10.0}
    assert {rule.source for rule in RULES if rule.signal not in kred} == {"assumed"}


def test_rules_refuse_what_they_cannot_add_up():
    one = pd.DataFrame({"shares": [2.0]})
    with pytest.raises(ArgumentError, match="none of the columns that earn points"):
        RulesScore().fit(one[[]])
    with pytest.raises(ArgumentError, match="profiles lack the column 'likes'"):
        RulesScore(points={"likes": 3}).fit(one)
    with pytest.raises(ArgumentError, match="points earned are below 0"):
        RulesScore(points={"shares": -3}).fit(one)
