"""Reach given followers: a known slope, little data, no data."""

from __future__ import annotations

import json

import numpy as np
import pytest

from retaliation_risk.errors import ArgumentError
from retaliation_risk.influence import ReachModel, fit_reach


def acts(n, slope=0.4, spread=1.2, seed=0):
    rng = np.random.default_rng(seed)
    followers = np.exp(rng.normal(5, 2, n))
    reach = np.exp(2 + slope * np.log1p(followers) + rng.normal(0, spread, n)) - 1
    return np.maximum(reach, 0), followers


def test_a_known_slope_is_recovered_and_the_share_explained_is_measured():
    reach, followers = acts(5000)
    model = fit_reach(reach, followers)
    assert model.slope == pytest.approx(0.4, abs=0.02)
    # 0.4 squared times variance 4 against noise 1.44.
    assert model.r_squared == pytest.approx(0.64 / (0.64 + 1.44), abs=0.03)
    assert model.learned


def test_smearing_makes_it_a_mean_and_not_a_median():
    reach, followers = acts(20_000)
    expected = fit_reach(reach, followers).expected_reach(followers)
    assert expected.mean() == pytest.approx(reach.mean(), rel=0.05)
    assert np.exp(fit_reach(reach, followers).smearing) > 1.5


def test_slope_by_hand():
    """Log followers -1 and 1 around their mean, ten acts each; log reach twice as steep as the prior's 0.3.

    Slope = (sum xy + 20 * 0.3) / (sum xx + 20) = (20 * 0.6 + 6) / 40 = 0.45: halfway.
    """
    x = np.repeat([4.0, 6.0], 10)
    model = fit_reach(np.expm1(3 + 0.6 * (x - 5)), np.expm1(x))
    assert model.slope == pytest.approx(0.45)
    assert (model.centre, model.intercept) == (pytest.approx(5), pytest.approx(3))


def test_unknown_followers_have_their_own_level():
    reach, followers = acts(2000)
    hidden = np.arange(2000) % 2 == 0
    reach[hidden] *= 10
    followers[hidden] = np.nan
    model = fit_reach(reach, followers)
    assert model.missing_shift == pytest.approx(np.log(10), abs=0.15)
    unknown, typical = model.expected_reach([np.nan, np.expm1(model.centre)])
    assert unknown > 5 * typical


@pytest.mark.parametrize("n", [0, 1, 19])
def test_the_prior_speaks_where_there_is_little(n):
    model = fit_reach(*acts(n))
    assert (model.slope, model.missing_shift, model.learned, model.n_acts) == (0.3, 0, False, n)
    assert np.isnan(model.r_squared)
    reach = model.expected_reach([0, 10, 10_000, np.nan])
    assert np.isfinite(reach).all()
    assert (np.diff(reach[:3]) > 0).all()


def test_nobody_has_an_account():
    reach, _ = acts(100)
    model = fit_reach(reach, np.full(100, np.nan))
    assert model.expected_reach([np.nan])[0] == pytest.approx(reach.mean(), rel=0.01)


def test_acts_without_recorded_reach_are_left_out():
    reach, followers = acts(50)
    more = fit_reach(np.append(reach, np.nan), np.append(followers, 1e9))
    assert more == fit_reach(reach, followers)


@pytest.mark.parametrize("n", [0, 200])
def test_parameters_survive_json(n):
    model = fit_reach(*acts(n))
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
