"""Calibration: by hand, against scikit-learn and statsmodels, and properties."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit
from sklearn.calibration import calibration_curve as peer_curve
from statsmodels.stats.proportion import proportion_confint

from retaliation_risk.errors import ArgumentError
from retaliation_risk.metrics import calibration_curve, calibration_intercept, calibration_slope, wilson


def sample(n, seed=0, digits=None):
    rng = np.random.default_rng(seed)
    line = rng.normal(-2, 1.5, size=n)
    line = line if digits is None else np.round(line, digits)
    event = rng.random(n) < expit(0.3 + 0.7 * line)
    return event, expit(line), rng.multinomial(n, np.full(n, 1 / n), size=4) * rng.uniform(1, 2, size=n)


def peer(event, risk, weight):
    line = logit(risk)
    free = sm.GLM(event, sm.add_constant(line), family=sm.families.Binomial(), freq_weights=weight).fit()
    held = sm.GLM(
        event, np.ones(len(line)), family=sm.families.Binomial(), freq_weights=weight, offset=line
    ).fit()
    return free.params[1], held.params[0]


@pytest.mark.parametrize(("n", "tolerance"), [(400, 1e-7), (6000, 5e-4)])
def test_equals_statsmodels_under_weights(n, tolerance):
    event, risk, weight = sample(n)
    slopes, intercepts = zip(*[peer(event, risk, row) for row in weight], strict=True)
    np.testing.assert_allclose(calibration_slope(event, risk, weight=weight), slopes, atol=tolerance)
    np.testing.assert_allclose(calibration_intercept(event, risk, weight=weight), intercepts, atol=tolerance)


def test_perfect_by_hand():
    # 1 of 4 at 25 %, 3 of 4 at 75 %: nothing to correct.
    event, risk = [1, 0, 0, 0, 1, 1, 1, 0], [0.25] * 4 + [0.75] * 4
    assert calibration_slope(event, risk) == pytest.approx(1)
    assert calibration_intercept(event, risk) == pytest.approx(0, abs=1e-9)


def test_too_extreme_by_hand():
    # Said 10 % and 90 %, observed 25 % and 75 %: slope = log(3) / log(9) = 1/2.
    event, risk = [1, 0, 0, 0, 1, 1, 1, 0], [0.1] * 4 + [0.9] * 4
    assert calibration_slope(event, risk) == pytest.approx(0.5)


def test_all_far_too_low():
    assert calibration_intercept([1, 0] * 20, [1e-6] * 40) == pytest.approx(-logit(1e-6))


def test_weight_two_is_twice():
    event, risk, _ = sample(100, digits=1)
    times = np.random.default_rng(1).integers(1, 4, size=100)
    for metric in (calibration_slope, calibration_intercept):
        twice = metric(np.repeat(event, times), np.repeat(risk, times))
        assert metric(event, risk, weight=times) == pytest.approx(twice)


def test_undefined_is_nan():
    assert np.isnan(calibration_slope([], []))
    assert np.isnan(calibration_intercept([], []))
    assert np.isnan(calibration_slope([True, True], [0.1, 0.4]))
    assert np.isnan(calibration_intercept([False, False], [0.1, 0.4]))
    assert np.isnan(calibration_slope([True, False], [0.3, 0.3]))
    assert np.isnan(calibration_slope([False, False, True, True], [0.1, 0.2, 0.3, 0.4]))  # separated


def test_risks_of_zero_and_one_are_allowed():
    assert np.isfinite(calibration_slope([0, 1, 0, 1, 1], [0.0, 0.0, 0.5, 1.0, 0.4]))


def test_curve_by_hand():
    event, risk = [0, 1, 0, 1, 1, 1], [0.1, 0.1, 0.1, 0.5, 0.7, 0.9]
    curve = calibration_curve(event, risk, n_bins=2, weight=[1, 1, 1, 2, 1, 1])
    assert curve.n.tolist() == [3, 3]
    np.testing.assert_allclose(curve.predicted, [0.1, (1.0 + 0.7 + 0.9) / 4])
    np.testing.assert_allclose(curve.observed, [1 / 3, 1])


def test_curve_equals_scikit_learn():
    event, risk, _ = sample(1000)
    curve = calibration_curve(event, risk, n_bins=10)
    observed, predicted = peer_curve(event, risk, n_bins=10, strategy="quantile")
    np.testing.assert_allclose(curve.observed, observed)
    np.testing.assert_allclose(curve.predicted, predicted)
    assert curve.n.sum() == 1000
    assert ((curve.low <= curve.observed) & (curve.observed <= curve.high)).all()


def test_curve_leaves_out_weight_zero_and_keeps_ties_together():
    curve = calibration_curve([1, 0, 0, 1], [0.2, 0.2, 0.2, 0.9], n_bins=4, weight=[1, 1, 1, 0])
    assert curve.n.tolist() == [3]


def test_wilson_equals_statsmodels():
    low, high = wilson([0.0, 0.1, 1.0], [20, 50, 7], level=0.9)
    expected = [proportion_confint(k, n, alpha=0.1, method="wilson") for k, n in [(0, 20), (5, 50), (7, 7)]]
    np.testing.assert_allclose(np.stack([low, high], axis=1), expected, atol=1e-12)


def test_refusals():
    with pytest.raises(ArgumentError, match=r"allowed is \[0, 1\]"):
        calibration_slope([True, False], [0.2, 1.2])
    with pytest.raises(ArgumentError, match="n_bins is 0"):
        calibration_curve([True, False], [0.2, 0.2], n_bins=0)
