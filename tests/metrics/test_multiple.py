"""A family of p values, a band over a curve, and answers per one more event."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from retaliation_risk.errors import ArgumentError
from retaliation_risk.metrics import answers_per_event, holm, simultaneous_band

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@given(values=P_VALUES)
def test_holm_equals_statsmodels_and_nan_is_no_claim(values):
    expected = multipletests(values, method="holm")[1]
    np.testing.assert_allclose(holm(values), expected, atol=1e-15)
    padded = holm([np.nan, *values, np.nan])
    np.testing.assert_allclose(padded[1:-1], expected, atol=1e-15)
    assert np.isnan(padded[[0, -1]]).all()


def test_holm_refusals():
    with pytest.raises(ArgumentError, match=r"p_values run from 0\.1 to 1\.5"):
        holm([0.1, 1.5])
    with pytest.raises(ArgumentError, match=r"p_values has shape \(1, 1\)"):
        holm([[0.1]])
    assert holm([]).shape == (0,)


def test_a_band_holds_whole_curves_where_pointwise_intervals_do_not():
    # Five points that vary on their own: 95 % each is 77 % for all.
    rng = np.random.default_rng(0)
    truth, scale = np.zeros(5), np.arange(1, 6)
    held = pointwise = 0
    for _ in range(400):
        value = rng.normal(truth, scale)
        draws = rng.normal(value[:, None], scale[:, None], size=(5, 500))
        low, high = simultaneous_band(value, draws)
        held += ((low <= truth) & (truth <= high)).all()
        one, other = np.quantile(draws, [0.025, 0.975], axis=1)
        pointwise += ((one <= truth) & (truth <= other)).all()
    # 380 of 400 with a standard deviation of 4.4.
    assert 365 <= held <= 395
    assert pointwise < 340


def test_points_that_do_not_vary_have_no_width_and_undefined_draws_are_left_out():
    draws = np.random.default_rng(1).normal(size=(2, 1000))
    draws[1] = 0.3
    low, high = simultaneous_band([0.0, 0.3], draws)
    assert (low[1], high[1]) == (0.3, 0.3)
    draws[0, :10] = np.nan
    other, _ = simultaneous_band([0.0, 0.3], draws[:, 10:])
    np.testing.assert_array_equal(simultaneous_band([0.0, 0.3], draws)[0], other)
    assert np.isnan(simultaneous_band([0.0], np.empty((1, 0)))).all()


def test_band_refusals():
    with pytest.raises(ArgumentError, match=r"draws have shape \(3,\) and value \(3,\)"):
        simultaneous_band([1, 2, 3], [1, 2, 3])


@given(low=st.floats(-1, 1), width=st.floats(0.001, 1), difference=st.floats(-1, 1))
def test_the_interval_upside_down_holds_just_what_the_interval_holds(low, width, difference):
    high = low + width
    found = answers_per_event(0.1, low, high)
    for rate in (difference, low, high):
        if abs(rate) < 1e-9 or min(abs(rate - low), abs(rate - high)) < 1e-12 < abs(rate):
            continue
        inside = low <= rate <= high
        per = 1 / rate
        if found.form == "between":
            assert inside == (found.low <= per <= found.high)
        else:
            assert inside == (per <= found.low or per >= found.high)


def test_how_it_is_said():
    said = {
        (0.05, 0.02, 0.1): "One more is caught per 20 answers (95 % interval: 10 to 50).",
        (-0.05, -0.1, -0.02): "One fewer is caught per 20 answers (95 % interval: 10 to 50).",
        (0.05, 0.0, 0.1): "One more is caught per 20 answers (95 % interval: 10 or more, up to no difference at all).",
        (0.0, -0.1, 0.1): "Neither catches more than the other; no difference cannot be ruled out: the interval"
        " is one more per 10 answers or more, through none at all, to one fewer per 10 or more.",
        (0.5, np.nan, np.nan): "One more is caught per 2 answers.",
        (np.nan, np.nan, np.nan): "Whether more are caught is not known.",
    }  # fmt: skip
    assert {numbers: str(answers_per_event(*numbers)) for numbers in said} == said


def test_an_interval_turned_round_is_refused():
    with pytest.raises(ArgumentError, match=r"low is 0\.2 and high 0\.1"):
        answers_per_event(0.1, 0.2, 0.1)
