"""AUC and Brier score at times: by hand, against plain loops and scikit-survival, with competing exits, and properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from sksurv.metrics import brier_score, cumulative_dynamic_auc, integrated_brier_score
from sksurv.nonparametric import cumulative_incidence_competing_risks
from sksurv.util import Surv

from retaliation_risk._censoring import ipcw_weights
from retaliation_risk.errors import ArgumentError
from retaliation_risk.metrics import (
    _arrays,
    auc_at,
    auroc,
    brier,
    brier_at,
    integrated_brier,
    mean_auc,
    scaled_brier,
    scaled_brier_at,
)

EACH = pytest.mark.parametrize("metric", [auc_at, brier_at, scaled_brier_at, mean_auc, integrated_brier])


def known(event, left, day, weight, time):
    """Weights of the rows of known status at a time, row by row; all 0 if G(t-) is 0."""

    def share(upto):
        found = 1.0
        for lost in np.unique(day[~event & ~left & (day < upto)]):
            gone = weight[(day == lost) & ~event & ~left].sum()
            rest = weight[day > lost].sum()
            found *= rest / (gone + rest) if gone > 0 else 1.0
        return found

    if share(time) == 0:
        return np.zeros(len(day))
    seen = (event | left) & (day <= time)
    return np.array(
        [weight[i] / share(day[i] if seen[i] else time) if seen[i] or day[i] >= time else 0.0 for i in range(len(day))]
    )  # fmt: skip


def plain_auc(event, left, day, risk, weight, time):
    mine = known(event, left, day, weight, time)
    case = event & (day <= time)
    good = pairs = 0.0
    for i in np.flatnonzero(case):
        for j in np.flatnonzero(~case):
            pairs += mine[i] * mine[j]
            good += mine[i] * mine[j] * ((risk[i] > risk[j]) + (risk[i] == risk[j]) / 2)
    return good / pairs if pairs > 0 else np.nan


def plain_brier(event, left, day, risk, weight, time):
    """Graf's sum over all rows, divided by all of their weight."""
    mine = known(event, left, day, weight, time)
    score = sum(w * (c - r) ** 2 for w, c, r in zip(mine, event & (day <= time), risk, strict=True))
    return score / weight.sum() if mine.any() else np.nan


def sample(n, seed=0, *, ties=False, exits=False):
    """Outcomes, risks by days 5, 20 and 60, and competing exits if asked; long follow-up for the peers."""
    rng = np.random.default_rng(seed)
    life, end, exit_ = (rng.exponential(size=n) * mean for mean in (40, 60, 80))
    day = np.minimum(life, end)
    event = life <= end
    left = exits & (exit_ < day)
    day, event = np.where(left, exit_, day), event & ~left
    risk = (
        np.array([0.25, 0.5, 0.85])
        + rng.uniform(-0.1, 0.1, size=(n, 1))
        - np.minimum(life, 90)[:, None] / 900
    )
    if ties:
        day, risk = np.ceil(day / 5) * 5, np.round(risk, 2)
    day[0], event[0], left[0] = 900.0, False, False
    return event, day, risk, left


TIMES = [5.0, 20.0, 60.0]


def peer_outcome(event, day, *, ties):
    """Let censorings come after what is seen on their day: the peer has both at once."""
    return Surv.from_arrays(event, day + 0.5 * (~event if ties else 0))


def test_six_rows_by_hand():
    event = np.array([True, False, True, False, False, False])
    day, risk = [2, 3, 5, 5, 8, 9], [0.6, 0.5, 0.2, 0.1, 0.3, 0.2]
    # By day 5: censored on day 3, one of 5, so G is 4/5 from then on; the censoring of day 5 comes after.
    # Events: risk 0.6 counts 1, risk 0.2 counts 5/4. Followed to 5: risks 0.1, 0.3, 0.2, each 5/4: 6 in all.
    # AUC: 0.6 beats all; 0.2 beats 0.1, ties 0.2, loses to 0.3: (3 * 1 + 1.5 * 5/4) / (3 * 9/4).
    assert auc_at(event, day, risk, [5])[0] == pytest.approx((3 + 1.875) / 6.75)
    score = (0.4**2 + 1.25 * (0.8**2 + 0.1**2 + 0.3**2 + 0.2**2)) / 6
    assert brier_at(event, day, risk, [5])[0] == pytest.approx(score)
    # Kaplan-Meier by day 5: 1 - 5/6 * 3/4 = 3/8.
    assert scaled_brier_at(event, day, risk, [5])[0] == pytest.approx(1 - score / (3 / 8 * 5 / 8))
    # By day 4 the only event is 0.6: it beats 0.2, 0.1, 0.3, 0.2. It has 1/6 of 3/8 of the incidence.
    assert auc_at(event, day, risk, [4])[0] == 1
    expected = (1 / 6 * 1 + (3 / 8 - 1 / 6) * 4.875 / 6.75) / (3 / 8)
    assert mean_auc(event, day, risk, [4, 5]) == pytest.approx(expected)


def test_competing_exit_by_hand():
    event, left = np.array([True, False, False, False]), np.array([False, True, False, False])
    day, risk = [3, 2, 1, 9], [0.5, 0.7, 0.1, 0.2]
    # Censored on day 1, one of 4: all others count 4/3. The one who left on day 2 is a control on day 5.
    assert auc_at(event, day, risk, [5], competing=left)[0] == 0.5
    expected = (0.5**2 + 0.7**2 + 0.2**2) * (4 / 3) / 4
    assert brier_at(event, day, risk, [5], competing=left)[0] == pytest.approx(expected)
    # Taken for censored instead, the one who left is nobody's control and row 0 and 3 count 2.
    assert auc_at(event, day, risk, [5])[0] == 1.0


ROW = st.tuples(
    st.sampled_from(["event", "left", "censored"]),
    st.integers(1, 8),
    st.integers(0, 5),
    st.sampled_from([0, 1, 2, 0.3]),
)


@settings(max_examples=150)
@given(rows=st.lists(ROW, min_size=1, max_size=25), times=st.sampled_from([[4], [1, 3, 9], [2.5, 6, 8]]))
def test_equals_the_definition(rows, times):
    kind, day, risk, weight = map(np.array, zip(*rows, strict=True))
    event, left, risk, weight = kind == "event", kind == "left", risk / 5, weight.astype(float)
    table = np.stack([risk] * len(times), axis=1)
    one = np.ones(len(day))
    weights = [w for w in (weight, one) if w.sum() > 0]
    for metric, told, plain in (
        (auc_at, risk, plain_auc),
        (auc_at, table, plain_auc),
        (brier_at, table, plain_brier),
    ):
        found = metric(event, day, told, times, competing=left, weight=weights)
        expected = [[plain(event, left, day, risk, w, time) for time in times] for w in weights]
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@EACH
@settings(max_examples=40)
@given(rows=st.lists(ROW, min_size=2, max_size=20), seed=st.integers(0, 99))
def test_blind_to_row_order_and_weight_two_is_twice(metric, rows, seed):
    kind, day, risk, _ = map(np.array, zip(*rows, strict=True))
    rng = np.random.default_rng(seed)
    times, order = rng.integers(0, 4, size=len(day)), rng.permutation(len(day))
    table = np.stack([risk, risk]).T / 5
    data = [kind == "event", day, table, kind == "left", times]
    mixed, repeated = [a[order] for a in data], [np.repeat(a, times, axis=0) for a in data]
    value, shuffled = (metric(*d[:3], [3, 6], competing=d[3], weight=d[4]) for d in (data, mixed))
    twice = metric(*repeated[:3], [3, 6], competing=repeated[3])
    np.testing.assert_allclose([shuffled, twice], [value, value], atol=1e-12)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("one", [False, True])
def test_auc_equals_scikit_survival(ties, one):
    event, day, risk, _ = sample(600, ties=ties)
    risk = risk[:, 1] if one else risk
    outcome = peer_outcome(event, day, ties=ties)
    expected, mean = cumulative_dynamic_auc(outcome, outcome, risk, TIMES)
    np.testing.assert_allclose(auc_at(event, day, risk, TIMES), expected, rtol=1e-9)
    assert mean_auc(event, day, risk, TIMES) == pytest.approx(mean, rel=1e-9)


@pytest.mark.parametrize("ties", [False, True])
def test_brier_equals_scikit_survival(ties):
    event, day, risk, _ = sample(600, seed=1, ties=ties)
    outcome = peer_outcome(event, day, ties=ties)
    _, expected = brier_score(outcome, outcome, 1 - risk, TIMES)
    np.testing.assert_allclose(brier_at(event, day, risk, TIMES), expected, rtol=1e-9)
    mean = integrated_brier_score(outcome, outcome, 1 - risk, TIMES)
    assert integrated_brier(event, day, risk, TIMES) == pytest.approx(mean, rel=1e-9)


def test_scaled_brier_compares_with_the_kaplan_meier_curve():
    event, day, risk, _ = sample(400, seed=2, ties=True)
    curve = KaplanMeierFitter().fit(day, event).survival_function_at_times(TIMES).to_numpy()
    reference = brier_at(event, day, np.tile(1 - curve, (400, 1)), TIMES)
    np.testing.assert_allclose(reference, curve * (1 - curve), rtol=1e-12)
    expected = 1 - brier_at(event, day, risk, TIMES) / reference
    np.testing.assert_allclose(scaled_brier_at(event, day, risk, TIMES), expected, rtol=1e-12)


def test_scaled_brier_compares_with_the_incidence_where_customers_leave():
    event, day, _, left = sample(400, seed=3, exits=True)
    times, curves = cumulative_incidence_competing_risks(event + 2 * left, day)
    told = curves[1][np.searchsorted(times, TIMES, "right") - 1]
    np.testing.assert_allclose(
        scaled_brier_at(event, day, np.tile(told, (400, 1)), TIMES, competing=left), 0, atol=1e-12
    )


@pytest.mark.parametrize("exits", [False, True])
def test_one_horizon_is_the_metric_of_known_outcomes_under_ipcw(exits):
    event, day, risk, left = sample(300, seed=4, ties=True, exits=exits)
    # An outcome frame ends at the horizon: who was followed to it is censored there.
    event, left, day = event & (day <= 20), left & (day <= 20), np.minimum(day, 20)
    weight = ipcw_weights(event, left, day, 20)
    for at, plain in ((auc_at, auroc), (brier_at, brier), (scaled_brier_at, scaled_brier)):
        found = at(event, day, risk[:, 1], [20], competing=left)
        assert found[0] == pytest.approx(plain(event, risk[:, 1], weight=weight), rel=1e-12)


def test_scikit_survival_refuses_the_horizon_of_an_outcome_frame():
    event, day, risk, _ = sample(300, seed=4)
    outcome = Surv.from_arrays(event & (day <= 20), np.minimum(day, 20))
    with pytest.raises(ValueError, match="all times must be within follow-up time"):
        brier_score(outcome, outcome, risk[:, 1:2], [20])


def test_auc_is_blind_to_monotone_transforms():
    event, day, risk, left = sample(200, seed=5, ties=True, exits=True)
    expected = auc_at(event, day, risk, TIMES, competing=left)
    np.testing.assert_allclose(auc_at(event, day, np.exp(3 * risk) - 7, TIMES, competing=left), expected)


def test_censoring_is_estimated_anew_for_each_weighting(monkeypatch):
    monkeypatch.setattr(_arrays, "_BLOCK", 120)  # two weightings at once
    event, day, risk, _ = sample(60, seed=6, ties=True)
    weight = np.random.default_rng(7).multinomial(60, np.full(60, 1 / 60), size=5)
    for metric in (auc_at, brier_at, scaled_brier_at, mean_auc, integrated_brier):
        alone = [metric(*(np.repeat(a, w, axis=0) for a in (event, day, risk)), TIMES) for w in weight]
        np.testing.assert_allclose(metric(event, day, risk, TIMES, weight=weight), alone, rtol=1e-10)


def test_censoring_that_depends_on_nothing_does_not_move_the_scores():
    rng = np.random.default_rng(8)
    life, level = rng.exponential(30, size=40_000), rng.normal(size=40_000)
    life *= np.exp(-level)
    risk = 1 - np.exp(-np.exp(level) * np.array([[10.0], [30.0]]) / 30).T
    end = np.minimum(rng.exponential(50, size=len(life)), 80)
    day, event, always = np.minimum(life, end), life <= end, np.ones(len(life), dtype=bool)
    for metric in (auc_at, brier_at):
        found, truth = metric(event, day, risk, [10, 30]), metric(always, life, risk, [10, 30])
        np.testing.assert_allclose(found, truth, atol=0.01)


def test_coarse_times_do_not_bias_the_score():
    # Months of 30 days: many are censored in the month of somebody's event.
    rng = np.random.default_rng(9)
    life, end = (np.ceil(rng.exponential(mean, size=40_000) / 30) * 30 for mean in (300, 200))
    day, event = np.append(np.minimum(life, end), 9e9), np.append(life <= end, False)
    told = np.full((len(day), 1), 0.45)
    truth = np.mean(((life <= 180) - 0.45) ** 2)
    assert brier_at(event, day, told, [180])[0] == pytest.approx(truth, abs=0.002)
    outcome = Surv.from_arrays(event, day)
    assert brier_score(outcome, outcome, 1 - told, [180])[1][0] > truth + 0.015


def test_beyond_follow_up_is_nan_if_some_were_lost():
    event, day, risk = [True, False, False], [1, 3, 4], [[0.5, 0.5, 0.5]] * 3
    # Followed to 4, and not beyond.
    assert np.isnan(brier_at(event, day, risk, [1, 4, 4.5])).tolist() == [False, False, True]
    assert np.isnan(auc_at(event, day, [3, 2, 1], [0.5, 4, 9])).tolist() == [
        True,
        False,
        True,
    ]  # no case at 0.5
    assert np.isnan(scaled_brier_at(event, day, risk, [0.5, 4, 9])).tolist() == [True, False, True]
    assert np.isnan(integrated_brier(event, day, risk, [1, 4, 9]))
    assert np.isnan(mean_auc(event, day, [3, 2, 1], [4, 9]))
    assert mean_auc(event, day, [3, 2, 1], [0.5, 4]) == 1.0  # before the first event nothing is asked
    # If the last ended with an event, all outcomes are known for ever.
    assert brier_at([True, True], [1, 2], [[0.5], [1.0]], [9])[0] == pytest.approx(0.125)


def test_undefined_is_nan_in_its_own_column_only():
    event, day = [True, False, False], [1, 2, 3]
    weight = [[1, 1, 1], [1, 1, 0], [0, 0, 0]]
    found = brier_at(event, day, [0.2, 0.2, 0.2], [3], weight=weight)
    assert np.isnan(found[:, 0]).tolist() == [False, True, True]


@EACH
def test_no_events_no_rows_one_row(metric):
    table = [[0.1, 0.2]]
    assert np.isnan(metric([], [], np.zeros((0, 2)), [1, 2])).all()
    assert np.isnan(metric([False], [1], table, [2, 3])).all()
    brier_like = metric in (brier_at, integrated_brier)
    assert np.isfinite(metric([False] * 3, [9] * 3, table * 3, [2, 3])).all() == brier_like
    assert np.isfinite(metric([True], [1], table, [2, 3])).all() == brier_like


@EACH
def test_shapes_follow_the_weight(metric):
    event, day, risk, _ = sample(50)
    one = metric(event, day, risk, TIMES)
    assert isinstance(one, float) if metric in (mean_auc, integrated_brier) else one.shape == (3,)
    assert np.shape(metric(event, day, risk, TIMES, weight=np.ones(50))) == np.shape(one)
    for n in (4, 0):
        assert metric(event, day, risk, TIMES, weight=np.ones((n, 50))).shape == (n, *np.shape(one))


@EACH
def test_refusals(metric):
    event, day, risk = [True, False], [1, 9], [[0.1, 0.2], [0.3, 0.4]]
    with pytest.raises(
        ArgumentError, match=r"RR111.*times are \[3.0, 2.0\]; they must be finite and increase"
    ):
        metric(event, day, risk, [3, 2])
    with pytest.raises(ArgumentError, match=r"times has shape \(\); it must be \(k,\)"):
        metric(event, day, risk, 3)
    with pytest.raises(ArgumentError, match=r"competing has shape \(1,\); it must be \(2,\)"):
        metric(event, day, risk, [2, 3], competing=[True])
    with pytest.raises(ArgumentError, match="event and competing are both true in row 0; one came first"):
        metric(event, day, risk, [2, 3], competing=[True, False])
    with pytest.raises(ArgumentError, match="competing has other values than true and false"):
        metric(event, day, risk, [2, 3], competing=[2, 0])
    with pytest.raises(ArgumentError, match="duration_days has missing or infinite values"):
        metric(event, [1, np.inf], risk, [2, 3])
    with pytest.raises(ArgumentError, match=r"risk has shape \(2, 3\); it must be \(2"):
        metric(event, day, np.zeros((2, 3)), [2, 3])


def test_refusals_of_brier():
    with pytest.raises(ArgumentError, match=r"risk runs from 0 to 1\.5; allowed is \[0, 1\]"):
        brier_at([True, False], [1, 9], [[0, 1], [0, 1.5]], [2, 3])
    with pytest.raises(ArgumentError, match=r"times are \[3.0\]; there must be at least 2"):
        integrated_brier([True, False], [1, 9], [0.1, 0.2], [3])
