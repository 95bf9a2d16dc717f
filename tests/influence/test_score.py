"""The baseline score of influence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retaliation_risk.errors import ArgumentError
from retaliation_risk.influence import score_followers

counts = st.lists(st.one_of(st.just(float("nan")), st.integers(0, 10**8)), min_size=1, max_size=40)


def test_by_hand():
    # Ranks 1, 2.5, 2.5, 4 of four: 1 + 99 * (rank - 1) / 3.
    found = score_followers([0, 50, 50, 10**6, np.nan])
    np.testing.assert_allclose(found, [1, 50.5, 50.5, 100, np.nan])


@given(counts)
def test_no_account_stays_unknown_and_all_others_are_ranked(followers):
    score = score_followers(followers)
    known = ~np.isnan(followers)
    assert np.isnan(score[~known]).all()
    assert ((score[known] >= 1) & (score[known] <= 100)).all()
    pairs = np.array(followers, dtype=float)[known]
    order = np.sign(pairs[:, None] - pairs[None, :])
    np.testing.assert_array_equal(np.sign(score[known][:, None] - score[known][None, :]), order)


@given(counts)
def test_one_alone_scores_as_among_all(followers):
    together = score_followers(followers)
    alone = [score_followers([one], reference=followers)[0] for one in followers if not np.isnan(one)]
    np.testing.assert_array_equal(alone, together[~np.isnan(followers)])


def test_outside_the_reference_is_the_edge():
    found = score_followers([0, 10**9], reference=[10, 100, 1000])
    np.testing.assert_array_equal(found, [1, 100])


def test_nobody_to_compare_with():
    assert score_followers([7]).tolist() == [50.5]
    assert np.isnan(score_followers([np.nan])).all()
    assert score_followers([]).shape == (0,)
    with pytest.raises(ArgumentError, match="reference holds no known account"):
        score_followers([7], reference=[np.nan])


def test_negative_followers_are_refused():
    with pytest.raises(ArgumentError, match=r"1 values of followers are below 0 or infinite \(least: -3"):
        score_followers([-3, 5])
