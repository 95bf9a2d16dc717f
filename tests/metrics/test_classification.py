"""Discrimination and Brier score: by hand, against scikit-learn, and properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from sksurv.metrics import brier_score
from sksurv.util import Surv

from retaliation_risk._censoring import ipcw_weights
from retaliation_risk.errors import ArgumentError
from retaliation_risk.metrics import auprc, auroc, brier, scaled_brier

METRICS = pytest.mark.parametrize("metric", [auroc, auprc, brier, scaled_brier])


def sample(n=400, seed=0):
    """Outcomes, risks with ties, and bootstrap weights times uneven ones."""
    rng = np.random.default_rng(seed)
    risk = np.round(rng.beta(1, 4, size=n), 2)
    event = rng.random(n) < risk
    weight = rng.multinomial(n, np.full(n, 1 / n), size=5) * rng.uniform(1, 3, size=n)
    return event, risk, weight


def test_six_rows_by_hand():
    event = [True, True, False, True, False, False]
    risk = [0.9, 0.5, 0.5, 0.3, 0.1, 0.1]
    # Pairs of 3 x 3: 0.9 beats all three; 0.5 ties one and beats two; 0.3 beats two: 3 + 2.5 + 2 = 7.5.
    assert auroc(event, risk) == pytest.approx(7.5 / 9)
    # Precision at 0.9 is 1/1, at 0.5 is 2/3 (the tie enters whole), at 0.3 is 3/4.
    assert auprc(event, risk) == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    # Squares: .01 + .25 + .25 + .49 + .01 + .01 = 1.02.
    assert brier(event, risk) == pytest.approx(1.02 / 6)
    assert scaled_brier(event, risk) == pytest.approx(1 - 1.02 / 6 / 0.25)


@pytest.mark.parametrize(
    ("ours", "peer"),
    [(auroc, roc_auc_score), (auprc, average_precision_score), (brier, brier_score_loss)],
)
def test_equals_scikit_learn_under_weights(ours, peer):
    event, risk, weight = sample()
    assert ours(event, risk) == pytest.approx(peer(event, risk), rel=1e-12)
    expected = [peer(event, risk, sample_weight=row) for row in weight]
    np.testing.assert_allclose(ours(event, risk, weight=weight), expected, rtol=1e-12)
    assert ours(event, risk, weight=weight[0]) == pytest.approx(expected[0], rel=1e-12)


def test_ipcw_brier_equals_scikit_survival():
    rng = np.random.default_rng(3)
    day, event = rng.exponential(40, size=500), rng.random(500) < 0.6
    day, event = np.append(day, 900.0), np.append(event, False)  # the peer needs longer follow-up
    risk = rng.random(501)
    outcome = Surv.from_arrays(event, day)
    _, expected = brier_score(outcome, outcome, (1 - risk)[:, None], [30.0])
    weight = ipcw_weights(event & (day <= 30), np.zeros(501, dtype=bool), np.minimum(day, 30), 30)
    # Graf's score divides by the rows, ours by the weight: the same if anybody is followed to the end.
    assert weight.sum() == pytest.approx(501)
    assert brier(event & (day <= 30), risk, weight=weight) == pytest.approx(expected[0], rel=1e-10)


@METRICS
def test_shapes_follow_the_weight(metric):
    event, risk, weight = sample(60)
    assert isinstance(metric(event, risk), float)
    assert isinstance(metric(event, risk, weight=weight[0]), float)
    assert metric(event, risk, weight=weight).shape == (5,)


@METRICS
def test_undefined_is_nan(metric):
    assert np.isnan(metric([True, False], [0.2, 0.1], weight=[0, 0]))
    assert np.isnan(metric([], []))
    if metric is not brier:
        assert np.isnan(metric([False, False], [0.2, 0.1]))


@METRICS
def test_refusals(metric):
    with pytest.raises(ArgumentError, match="missing or infinite"):
        metric([True, False], [np.nan, 0.1])
    with pytest.raises(ArgumentError, match=r"shape \(1,\); it must be \(2,\)"):
        metric([True, False], [0.1])
    with pytest.raises(ArgumentError, match="other values than true and false"):
        metric([2, 0], [0.2, 0.1])
    with pytest.raises(ArgumentError, match="infinite or negative"):
        metric([True, False], [0.2, 0.1], weight=[-1, 1])
    with pytest.raises(ArgumentError, match=r"weight has shape \(3,\)"):
        metric([True, False], [0.2, 0.1], weight=[1, 1, 1])


@pytest.mark.parametrize("metric", [brier, scaled_brier])
def test_probabilities_only(metric):
    with pytest.raises(ArgumentError, match=r"risk runs from 0\.1 to 1\.5"):
        metric([True, False], [0.1, 1.5])


@pytest.mark.parametrize(("metric", "chance"), [(auroc, 0.5), (auprc, 0.25), (scaled_brier, 0.0)])
def test_constant_is_chance(metric, chance):
    assert metric([True, False, False, False], [0.25] * 4) == pytest.approx(chance)


ROWS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 8), st.integers(1, 3)), min_size=3, max_size=25
).filter(lambda rows: len({row[0] for row in rows}) == 2)


def columns(rows):
    event, risk, times = map(np.array, zip(*rows, strict=True))
    return event, risk / 8, times


@METRICS
@settings(max_examples=40)
@given(rows=ROWS, seed=st.integers(0, 99))
def test_blind_to_row_order_and_weight_two_is_twice(metric, rows, seed):
    event, risk, times = columns(rows)
    order = np.random.default_rng(seed).permutation(len(event))
    value = metric(event, risk, weight=times)
    assert metric(event[order], risk[order], weight=times[order]) == pytest.approx(value)
    assert metric(np.repeat(event, times), np.repeat(risk, times)) == pytest.approx(value)


@pytest.mark.parametrize("metric", [auroc, auprc])
@settings(max_examples=40)
@given(rows=ROWS)
def test_rank_metrics_are_blind_to_monotone_transforms(metric, rows):
    event, risk, times = columns(rows)
    assert metric(event, np.exp(3 * risk) - 7, weight=times) == pytest.approx(
        metric(event, risk, weight=times)
    )


@settings(max_examples=40)
@given(rows=ROWS)
def test_auroc_of_the_reverse_is_the_complement(rows):
    event, risk, times = columns(rows)
    assert auroc(event, -risk, weight=times) == pytest.approx(1 - auroc(event, risk, weight=times))
