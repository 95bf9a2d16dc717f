"""Cox on landmarks against sums by hand, R's published test case, lifelines and a known truth."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter

from retaliation_risk.errors import GateError
from retaliation_risk.models import LandmarkCox
from retaliation_risk.models._design import fit_design

from .conftest import simulate

# The six rows of Therneau's validation vignette (R survival, "book1"), with one tie at day 6.
TIME = np.array([1.0, 1, 6, 6, 8, 9])
EVENT = np.array([True, False, True, True, False, True])
X = np.array([1.0, 1, 1, 0, 0, 0])


def outcomes(duration, event, customer=None):
    customer = range(len(duration)) if customer is None else customer
    return pd.DataFrame(
        {
            "customer_id": [f"C{i:04d}" for i in customer],
            "moment": pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(len(duration)), unit="h"),
            "event": event,
            "duration_days": duration,
            "competing": False,
        }
    )


@pytest.mark.filterwarnings("ignore:RR407")
def test_the_efron_estimate_is_that_of_r():
    """R survival 3.x, vignette "validate", test 1: coxph(Surv(time, status) ~ x) gives 1.676857."""
    model = LandmarkCox(ridge=0).fit(pd.DataFrame({"x": X}), outcomes(TIME, EVENT))
    assert model.coefficients_[0] / X.std() == pytest.approx(1.676857, abs=5e-7)


@pytest.fixture(scope="module")
def both():
    X, y = simulate(400, seed=3)
    X = X.drop(columns="always_one").fillna(500.0)
    frame = X.assign(T=y["duration_days"], E=y["event"], customer=y["customer_id"])
    with warnings.catch_warnings():
        # lifelines calls a frame without weights approximate when it is robust; the numbers are exact.
        warnings.simplefilter("ignore")
        reference = CoxPHFitter().fit(frame, "T", "E", cluster_col="customer")
    return X, y, LandmarkCox(ridge=0).fit(X, y), reference


def test_estimates_and_robust_errors_are_those_of_lifelines(both):
    _, _, model, reference = both
    scale = model.effects_.set_index("feature")["scale"]
    expected = reference.params_.rename_axis("feature") * scale
    found = pd.Series(model.coefficients_, index=model.design_.used)
    # lifelines stops its Newton steps earlier; tests/models/test_partial_golden.py compares with R to 1e-8.
    np.testing.assert_allclose(found, expected[found.index], rtol=2e-4)
    errors = (reference.standard_errors_.rename_axis("feature") * scale)[found.index]
    np.testing.assert_allclose(np.sqrt(np.diag(model.covariance_)), errors, rtol=1e-4)


def test_survival_is_that_of_lifelines(both):
    X, _, model, reference = both
    times = np.array([5.0, 20, 45, 60])
    # lifelines interpolates between its own event times; a step at each is what both mean.
    steps = reference.baseline_cumulative_hazard_.index.to_numpy()
    at = steps[np.searchsorted(steps, times, side="right") - 1]
    expected = reference.predict_survival_function(X.iloc[:50], times=at).T
    np.testing.assert_allclose(model.predict_survival(X.iloc[:50], times), expected, atol=1e-6)


def test_clusters_widen_the_errors_of_copied_rows():
    X, y = simulate(300, seed=5)
    twice, more = pd.concat([X, X]), pd.concat([y, y.assign(moment=y["moment"] + pd.Timedelta("1h"))])
    alone = y.assign(customer_id=[f"A{i}" for i in range(300)])
    copied = more.assign(customer_id=[f"A{i}" for i in range(300)] * 2)
    one = LandmarkCox(ridge=0).fit(X, alone).effects_
    two = LandmarkCox(ridge=0).fit(twice, copied).effects_
    # A copy adds no knowledge. Efron's ties move the estimate a little, hence the tolerance.
    np.testing.assert_allclose(np.log(two["high"] / two["low"]), np.log(one["high"] / one["low"]), rtol=0.05)


def test_known_effects_lie_in_their_intervals():
    X, y = simulate(6000, seed=11)
    X = X.assign(tenure_days=X["tenure_days"].fillna(600))
    effects = LandmarkCox().fit(X, y).effects_.set_index("feature")
    truth = {"failed_recoveries_ever": 0.7, "calls": -0.1}
    for name, beta in truth.items():
        row = effects.loc[name]
        assert row["low"] < np.exp(beta * row["scale"]) < row["high"]
    assert (effects["p_value"] < 0.01).all()
    assert set(effects["kind"]) == {"hazard ratio"}


def test_contributions_sum_to_the_log_hazard_against_the_reference():
    X, y = simulate(800, seed=2)
    model = LandmarkCox().fit(X, y)
    parts = model.contributions(X)
    assert list(parts.columns) == list(X.columns)
    assert (parts["always_one"] == 0).all()
    linear = model.design_.matrix(X) @ model.coefficients_
    np.testing.assert_allclose(parts.sum(axis=1), linear, atol=1e-12)
    # The reference customer: training means, so no contribution and the baseline hazard.
    design = model.design_
    mean = pd.DataFrame([design.mean], columns=list(design.features))
    np.testing.assert_allclose(model.contributions(mean), 0, atol=1e-12)
    survival = model.predict_survival(mean, np.array([60.0]))
    assert survival[0, 0] == pytest.approx(np.exp(-model.curve_[1, -1]))


def test_dropped_and_typical_are_named():
    X, y = simulate(800, seed=2)
    model = LandmarkCox().fit(X, y)
    assert model.dropped_ == ["always_one"]
    assert model.typical_["tenure_days"] == X["tenure_days"].median()
    unknown, usual = (
        X.iloc[[0]].assign(tenure_days=np.nan),
        X.iloc[[0]].assign(tenure_days=model.typical_.iloc[3]),
    )
    assert model.predict_risk(unknown, 60) == model.predict_risk(usual, 60)


def test_the_ridge_holds_twins_finite():
    X, y = simulate(600, seed=4)
    model = LandmarkCox(ridge=0.1).fit(X.assign(twin=2 * X["calls"] + 1), y)
    parts = pd.Series(model.coefficients_, index=model.design_.used)
    assert parts["twin"] == pytest.approx(parts["calls"], rel=1e-3)


def test_all_constant_is_refused():
    with pytest.raises(GateError, match=r"RR406 .*all of columns \['one'\] are constant"):
        fit_design(pd.DataFrame({"one": [1.0, 1.0]}))
