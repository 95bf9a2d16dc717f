"""Inverse probability of censoring: by hand, against scikit-survival, and properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sksurv.nonparametric import CensoringDistributionEstimator
from sksurv.util import Surv

from retaliation_risk._censoring import censoring_survival, ipcw_weights
from retaliation_risk.errors import ArgumentError


def test_weights_by_hand():
    # day     2        4         4         6       10      10      (horizon 10)
    # end     event    censored  exit      cens.   end     end
    # At day 4 the exit comes first: 5 at risk - 1 = 4, one censored: G = 3/4.
    # At day 6: 3 at risk, one censored: G = 3/4 * 2/3 = 1/2.
    # Left limits: day 2 -> 1; exit on day 4 -> G(4-) = 1; day 10 -> 1/2.
    found = ipcw_weights(
        [True, False, False, False, False, False],
        [False, False, True, False, False, False],
        [2, 4, 4, 6, 10, 10],
        horizon_days=10,
    )
    np.testing.assert_allclose(found, [1, 0, 1, 0, 2, 2])
    assert found.sum() == 6  # those followed stand for all six


def test_nobody_censored_gives_ones():
    assert ipcw_weights([True, False], [False, True], [1, 2], horizon_days=9).tolist() == [1, 1]


def test_everybody_censored_gives_zeros():
    assert ipcw_weights([False] * 3, [False] * 3, [1, 2, 2], horizon_days=9).tolist() == [0, 0, 0]


def test_no_rows():
    assert ipcw_weights([], [], [], horizon_days=9).tolist() == []


def test_longer_follow_up_than_the_horizon_is_cut():
    assert ipcw_weights([True, False], [False, False], [50, 70], horizon_days=30).tolist() == [1, 1]


def test_refusals():
    with pytest.raises(ArgumentError, match="horizon_days is 0"):
        ipcw_weights([True], [False], [1], horizon_days=0)
    with pytest.raises(ArgumentError, match="finite and at least 0"):
        ipcw_weights([True], [False], [np.nan], horizon_days=3)
    with pytest.raises(ArgumentError, match=r"shapes \(1,\) and \(2,\) differ"):
        censoring_survival([True], [1, 2], [1])


def test_curve_equals_scikit_survival():
    rng = np.random.default_rng(1)
    day = rng.integers(1, 30, size=300).astype(float)  # many ties
    event = rng.random(300) < 0.4
    day[0], event[0] = 40.0, True
    peer = CensoringDistributionEstimator().fit(Surv.from_arrays(event, day))
    # scikit-survival reads G(t); the left limit is G just before.
    times = np.arange(1, 30.0)
    np.testing.assert_allclose(
        censoring_survival(~event, day, times), peer.predict_proba(times - 0.5), rtol=1e-12
    )


ROWS = st.lists(
    st.tuples(st.sampled_from(["event", "exit", "censored"]), st.integers(1, 12)), min_size=1, max_size=30
)


def weigh(rows):
    kind = np.array([row[0] for row in rows])
    return ipcw_weights(kind == "event", kind == "exit", [row[1] for row in rows], horizon_days=10)


@settings(max_examples=60)
@given(rows=ROWS)
def test_total_weight_never_exceeds_the_rows(rows):
    weight = weigh(rows)
    assert weight.sum() <= len(rows) + 1e-9
    if any(day >= 10 for _, day in rows):
        assert weight.sum() == pytest.approx(len(rows))
    assert ((weight == 0) | (weight >= 1)).all()


@settings(max_examples=40)
@given(rows=ROWS, seed=st.integers(0, 99))
def test_blind_to_row_order(rows, seed):
    order = np.random.default_rng(seed).permutation(len(rows))
    np.testing.assert_allclose(weigh([rows[i] for i in order]), weigh(rows)[order])
