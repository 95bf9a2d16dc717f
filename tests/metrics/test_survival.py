"""Concordance: by hand, against a plain double loop and scikit-survival."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sksurv.metrics import concordance_index_censored

from retaliation_risk.errors import ArgumentError
from retaliation_risk.metrics import auroc, concordance


def plain(event, day, risk, weight):
    """The definition, pair by pair."""
    good = pairs = 0.0
    for i in range(len(event)):
        for j in range(len(event)):
            if event[i] and (day[j] > day[i] or (day[j] == day[i] and not event[j])):
                pairs += weight[i] * weight[j]
                good += weight[i] * weight[j] * ((risk[i] > risk[j]) + (risk[i] == risk[j]) / 2)
    return good / pairs if pairs else np.nan


def test_six_rows_by_hand():
    day = [1, 2, 2, 3, 4, 4]
    event = [True, True, False, False, True, False]
    risk = [5, 1, 2, 9, 3, 3]
    # Day 1 (risk 5) against five others: beats 1, 2, 3, 3, loses to 9: 4 of 5.
    # Day 2 (risk 1) against 2 (censored the same day), 9, 3, 3: 0 of 4.
    # Day 4 (risk 3) against 3 (censored the same day): a tie, 0.5 of 1.
    assert concordance(event, day, risk) == pytest.approx(4.5 / 10)


ROWS = st.lists(
    st.tuples(st.booleans(), st.integers(1, 9), st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=30
)


@settings(max_examples=150, deadline=None)
@given(rows=ROWS)
def test_equals_the_definition(rows):
    event, day, risk, weight = map(np.array, zip(*rows, strict=True))
    expected = plain(event, day, risk, weight)
    np.testing.assert_allclose(concordance(event, day, risk, weight=weight), expected)
    expected = plain(event, day, risk, np.ones(len(day)))
    np.testing.assert_allclose(concordance(event, day, np.exp(risk)), expected)


@pytest.mark.parametrize("ties", [0, 1])
def test_equals_scikit_survival(ties):
    rng = np.random.default_rng(5)
    day, risk = rng.exponential(30, size=700), rng.normal(size=700)
    if ties:
        day, risk = np.ceil(day / 5), np.round(risk, 1)
    event = rng.random(700) < 0.3
    expected = concordance_index_censored(event, day, risk)[0]
    assert concordance(event, day, risk) == pytest.approx(expected, rel=1e-12)
    day = np.minimum(day, 30)  # as in an outcome frame: most are followed to the horizon
    event &= day < 30
    expected = concordance_index_censored(event, day, risk)[0]
    several = concordance(event, day, risk, weight=np.ones((3, 700)))
    np.testing.assert_allclose(several, [expected] * 3, rtol=1e-12)


def test_one_event_time_is_auroc():
    rng = np.random.default_rng(6)
    event, risk = rng.random(80) < 0.2, rng.random(80)
    assert concordance(event, np.where(event, 1, 9), risk) == pytest.approx(auroc(event, risk))


def test_undefined_is_nan():
    assert np.isnan(concordance([False, False], [1, 2], [1, 2]))
    assert np.isnan(concordance([True, True], [2, 2], [1, 2]))
    assert np.isnan(concordance([], [], []))


def test_constant_is_chance():
    assert concordance([True, False, True], [1, 2, 3], [4, 4, 4]) == 0.5


def test_refusals():
    with pytest.raises(ArgumentError, match="duration_days has missing or infinite values"):
        concordance([True], [np.nan], [1])
    with pytest.raises(ArgumentError, match="risk has missing or infinite values"):
        concordance([True], [1], [np.inf])
