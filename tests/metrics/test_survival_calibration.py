"""Calibration at a horizon with censoring: by hand, against R survival and lifelines, and properties."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter

from retaliation_risk.errors import ArgumentError
from retaliation_risk.metrics import (
    calibration_curve,
    calibration_curve_at,
    calibration_slope,
    calibration_slope_at,
    observed_expected,
    wilson,
)

GOLDEN = Path(__file__).parents[1] / "golden"
ALL = pytest.mark.parametrize("metric", [observed_expected, calibration_slope_at, calibration_curve_at])


def sample(n, seed=0, *, exits=False, censored=True):
    """Customers whose true risk by day 30 is told, with one digit of the logit."""
    rng = np.random.default_rng(seed)
    rate = np.exp(np.round(rng.normal(-4, 0.8, size=n), 1))
    life, end = rng.exponential(size=n) / rate, rng.exponential(60, size=n) if censored else np.full(n, 999.0)
    left = np.full(n, exits) & (rng.random(n) < 0.3) & (life < end)
    day = np.ceil(np.minimum(life, end))
    return (life <= end) & ~left, day, 1 - np.exp(-30 * rate), left


def test_six_rows_by_hand():
    event = [True, False, False, True, True, False]
    day, risk = [9, 5, 30, 12, 20, 15], [0.1, 0.2, 0.2, 0.7, 0.8, 0.9]
    curve = calibration_curve_at(event, day, risk, 30, n_bins=2)
    assert curve.n.tolist() == [3, 3]
    np.testing.assert_allclose(curve.predicted, [0.5 / 3, 0.8])
    # Low bin: censored on day 5, then one of two: 1/2. High bin: one of three, censored, then the last: 1.
    np.testing.assert_allclose(curve.observed, [0.5, 1.0], atol=1e-12)
    # Greenwood: (1/2)**2 * 1 / (2 * 1) = 1/8, as of two uncensored rows. High: two rows are known.
    low, high = wilson([0.5, 1.0], [2, 2])
    np.testing.assert_allclose([curve.low, curve.high], [low, high], atol=1e-12)
    # Of all six: 5 (lost), 9: one of 5, 12: one of 4, 15 (lost), 20: one of 2: 1 - 4/5 * 3/4 * 1/2 = 0.7.
    assert observed_expected(event, day, risk, 30) == pytest.approx(0.7 / (2.9 / 6))


def test_equals_r_survival():
    golden = json.loads((GOLDEN / "concordance.json").read_text())
    rows = pd.read_csv(GOLDEN / "cox_simulated.csv")
    event, risk = rows["event"] == 1, np.full(len(rows), 0.3)
    left = ~event & (rows["id"] % 2 == 0)
    for name, competing in (("kaplan_meier", None), ("aalen_johansen", left)):
        for horizon, share, error in zip(golden["days"], golden[name], golden[f"{name}_error"], strict=True):
            curve = calibration_curve_at(event, rows["stop"], risk, horizon, competing=competing)
            low, high = wilson([share], [share * (1 - share) / error**2])
            found = [curve.observed[0], curve.low[0], curve.high[0]]
            np.testing.assert_allclose(found, [share, low[0], high[0]], rtol=1e-12)
            ratio = observed_expected(event, rows["stop"], risk, horizon, competing=competing)
            assert ratio == pytest.approx(share / 0.3, rel=1e-12)


def test_observed_equals_lifelines_in_each_bin():
    event, day, risk, _ = sample(500)
    curve = calibration_curve_at(event, day, risk, 30, n_bins=5)
    edges = np.quantile(risk, [0.2, 0.4, 0.6, 0.8])
    place = np.searchsorted(edges, risk)
    fits = [KaplanMeierFitter().fit(day[place == code], event[place == code]) for code in range(5)]
    np.testing.assert_allclose(curve.observed, [1 - fit.predict(30) for fit in fits], rtol=1e-12)
    assert curve.n.sum() == 500
    assert ((curve.low < curve.observed) & (curve.observed < curve.high)).all()


def test_without_censoring_nothing_changes():
    event, day, risk, left = sample(400, seed=1, exits=True, censored=False)
    known, weight = event & (day <= 30), np.random.default_rng(2).uniform(1, 2, size=400)
    for held in (None, weight):
        found = calibration_curve_at(event, day, risk, 30, competing=left, weight=held)
        expected = calibration_curve(known, risk, weight=held)
        for field in ("n", "predicted", "observed", "low", "high"):
            np.testing.assert_allclose(getattr(found, field), getattr(expected, field), rtol=1e-12)
        slope = calibration_slope_at(event, day, risk, 30, competing=left, weight=held)
        assert slope == pytest.approx(calibration_slope(known, risk, weight=held), rel=1e-12)
        ratio = observed_expected(event, day, risk, 30, competing=left, weight=held)
        assert ratio == pytest.approx(np.average(known, weights=held) / np.average(risk, weights=held))


def test_true_risks_are_calibrated_and_censoring_is_not_taken_for_no_event():
    worlds = [sample(8_000, seed)[:3] for seed in range(10)]
    ratios, slopes = (
        [metric(*world, 30) for world in worlds] for metric in (observed_expected, calibration_slope_at)
    )
    # Over these seeds the standard deviations are about 0.02 and 0.05.
    assert np.mean(ratios) == pytest.approx(1, abs=0.02)
    assert np.mean(slopes) == pytest.approx(1, abs=0.05)
    naive = [(event & (day <= 30)).mean() / risk.mean() for event, day, risk in worlds]
    assert np.max(naive) < 0.9
    curves = [calibration_curve_at(*world, 30) for world in worlds]
    inside = [(curve.low <= curve.predicted) & (curve.predicted <= curve.high) for curve in curves]
    assert np.mean(inside) > 0.87  # 95 of 100 are expected, with a standard error of 2.2


def test_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(4)
    covered = []
    for _ in range(400):
        life, end = rng.exponential(30, size=150), rng.exponential(30, size=150)
        curve = calibration_curve_at(life <= end, np.minimum(life, end), np.full(150, 0.5), 15, n_bins=1)
        covered.append(curve.low[0] <= 1 - np.exp(-0.5) <= curve.high[0])
    # 95 % of 400 is 380, its standard error 4.4.
    assert 366 <= sum(covered) <= 394


ROW = st.tuples(
    st.sampled_from(["event", "left", "censored"]), st.integers(1, 9), st.integers(1, 5), st.integers(1, 3)
)


@settings(max_examples=60)
@given(rows=st.lists(ROW, min_size=1, max_size=25), seed=st.integers(0, 99))
def test_blind_to_row_order_and_weight_two_is_twice(rows, seed):
    kind, day, risk, times = map(np.array, zip(*rows, strict=True))
    order = np.random.default_rng(seed).permutation(len(day))
    data = [kind == "event", day, risk / 6, kind == "left"]

    def values(event, day, risk, left, weight):
        curve = calibration_curve_at(event, day, risk, 6, competing=left, weight=weight, n_bins=1)
        return [
            curve.predicted[0],
            curve.observed[0],
            observed_expected(event, day, risk, 6, competing=left, weight=weight),
            calibration_slope_at(event, day, risk, 6, competing=left, weight=weight),
        ]

    expected = values(*data, times)
    shuffled = values(*(a[order] for a in data), times[order])
    twice = values(*(np.repeat(a, times) for a in data), None)
    np.testing.assert_allclose([shuffled, twice], [expected, expected], rtol=1e-6, atol=1e-9)
    # The curve of one bin and the ratio are two ways to the same estimate.
    assert expected[1] / expected[0] == pytest.approx(expected[2], nan_ok=True)


def test_each_weighting_has_its_own_curve_of_censoring():
    event, day, risk, left = sample(80, seed=5, exits=True)
    weight = np.random.default_rng(6).multinomial(80, np.full(80, 1 / 80), size=4)
    for metric in (observed_expected, calibration_slope_at):
        found = metric(event, day, risk, 30, competing=left, weight=weight)
        alone = [
            metric(*(np.repeat(a, w) for a in (event, day, risk)), 30, competing=np.repeat(left, w))
            for w in weight
        ]
        assert found.shape == (4,)
        np.testing.assert_allclose(found, alone, rtol=1e-6)


def test_lost_before_the_horizon_is_nan():
    event, day, risk = [True, False, False, False], [2, 3, 1, 9], [0.3, 0.3, 0.1, 0.1]
    curve = calibration_curve_at(event, day, risk, 9, n_bins=2)
    assert np.isnan(curve.observed).tolist() == [False, True]
    assert np.isnan(curve.low).tolist() == np.isnan(curve.high).tolist() == [False, True]
    assert np.isnan(observed_expected(event, day, risk, 9.5))
    assert np.isnan(calibration_slope_at(event, day, risk, 9.5))
    assert np.isnan(observed_expected(event, day, [0, 0, 0, 0], 9))
    assert observed_expected([False] * 4, day, risk, 9) == 0


def test_no_rows():
    assert np.isnan(observed_expected([], [], [], 9))
    assert np.isnan(calibration_slope_at([], [], [], 9))
    assert len(calibration_curve_at([], [], [], 9).observed) == 0
    assert calibration_curve_at([True, False], [1, 9], [0.1, 0.2], 9, weight=[0, 1]).n.tolist() == [1]


@ALL
def test_refusals(metric):
    with pytest.raises(ArgumentError, match="horizon_days is 0; it must be a number above 0"):
        metric([True, False], [1, 9], [0.2, 0.2], 0)
    with pytest.raises(ArgumentError, match=r"risk runs from 0\.2 to 1\.2; allowed is \[0, 1\]"):
        metric([True, False], [1, 9], [0.2, 1.2], 9)
    with pytest.raises(ArgumentError, match="event and competing are both true in row 1"):
        metric([False, True], [1, 9], [0.2, 0.2], 9, competing=[False, True])
    with pytest.raises(ArgumentError, match="n_bins is 0"):
        calibration_curve_at([True, False], [1, 9], [0.2, 0.2], 9, n_bins=0)
    with pytest.raises(ArgumentError, match="weight has missing"):
        calibration_curve_at([True, False], [1, 9], [0.2, 0.2], 9, weight=[1, np.nan])
