"""Inference at a horizon: R's numbers, separation named, customers that repeat, effects that hold the truth."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.errors import GateError, RetaliationRiskWarning
from retaliation_risk.models import Logit, from_parameters
from retaliation_risk.models._separation import direction
from retaliation_risk.models.classifier import sigmoid
from retaliation_risk.models.logit import _fit, marginal_effects

from .conftest import HORIZON
from .golden import GOLDEN, close, numbers

COLUMNS = ["failed", "tenure", "tier"]


def outcomes(hit, customer=None):
    """An outcome frame of rows seen to the end, one per customer unless told otherwise."""
    n = len(hit)
    return pd.DataFrame(
        {
            "customer_id": np.arange(n) if customer is None else customer,
            "moment": pd.Timestamp("2026-01-01"),
            "event": hit,
            "duration_days": np.where(hit, 9.0, HORIZON),
            "competing": False,
        }
    )


def test_coefficients_clustered_errors_and_marginal_effects_are_those_of_r():
    data, theirs = pd.read_csv(GOLDEN / "logit.csv"), numbers("logit")
    Z = np.column_stack([np.ones(len(data)), data[COLUMNS].to_numpy(dtype=float)])
    weight = data["weight"].to_numpy()
    beta, covariance = _fit(Z, data["hit"].to_numpy(dtype=bool), weight, data["customer"].to_numpy(), COLUMNS)
    close(beta, theirs["coefficients"])
    close(np.sqrt(np.diag(covariance)), theirs["se"])
    marginal, error = marginal_effects(Z, beta, covariance, weight)
    close(marginal, theirs["marginal"])
    # R's derivative is by differences, good to about 1e-9 of it.
    close(error, theirs["marginal_se"], rtol=1e-7)


@pytest.mark.parametrize("seed", [0, 3, 6])
def test_many_rows_come_to_rest(seed):
    """The rounding of a deviance of thousands is no sign that the fit goes on for ever."""
    rng, n = np.random.default_rng(seed), 200_000
    x = np.log1p(rng.poisson(0.3, size=n))
    hit = rng.random(n) < sigmoid(0.4 * x - 5.4)
    beta, covariance = _fit(np.column_stack([np.ones(n), x]), hit, np.ones(n), np.arange(n) % 5000, ["x"])
    assert (np.abs(beta - [-5.4, 0.4]) < 4 * np.sqrt(np.diag(covariance))).all()


def test_a_row_standing_twice_is_not_a_second_observation():
    """Doubling every row of a customer doubles nothing that is known: the clustered errors stay as they are."""
    data = pd.read_csv(GOLDEN / "logit.csv")
    Z = np.column_stack([np.ones(len(data)), data[COLUMNS].to_numpy(dtype=float)])
    hit, customer = data["hit"].to_numpy(dtype=bool), data["customer"].to_numpy()
    _, once = _fit(Z, hit, np.ones(len(Z)), customer, COLUMNS)
    _, twice = _fit(np.vstack([Z, Z]), np.tile(hit, 2), np.ones(2 * len(Z)), np.tile(customer, 2), COLUMNS)
    n, k = Z.shape
    close(twice * (2 * n - k) / (2 * n - 1), once * (n - k) / (n - 1))


def test_marginal_effects_are_differences_of_the_mean_risk(landmark):
    X, y = landmark
    X = X[["failed_recoveries_ever", "calls"]]
    model = Logit(horizon_days=HORIZON).fit(X, y.assign(duration_days=HORIZON))
    Z = model.design_.matrix(X)
    found = model.marginal_effects_.set_index("feature")
    assert set(found["kind"]) == {"average marginal effect"}
    for j, name in enumerate(model.design_.used):
        moved = [
            sigmoid(model.intercept_ + (Z + h * np.eye(2)[j]) @ model.coefficients_) for h in (-1e-4, 1e-4)
        ]
        assert found.loc[name, "estimate"] == pytest.approx((moved[1] - moved[0]).mean() / 2e-4, rel=1e-6)
    assert found.loc["failed_recoveries_ever", "low"] > 0 > found.loc["calls", "high"]


def test_effects_hold_the_truth_and_come_with_intervals(landmark):
    effects = Logit(horizon_days=HORIZON).fit(*landmark).effects_.set_index("feature")
    assert set(effects["kind"]) == {"odds ratio"}
    assert (effects["low"] < effects["estimate"]).all()
    assert (effects["estimate"] < effects["high"]).all()
    assert effects.loc["failed_recoveries_ever", "low"] > 1
    assert effects.loc["failed_recoveries_ever", "p_value"] < 1e-6


def test_intervals_of_customers_seen_again_and_again_are_wide_enough():
    """Each of 200 customers has a leaning of its own and stands in ten rows; of 200 intervals 95 % hold the truth."""
    held, naive = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        customer = np.repeat(np.arange(200), 10)
        x = rng.normal(size=200)[customer]
        # A leaning of either sign, equally likely, on the log-odds of the mean.
        risk = 0.3 + 0.05 * x.clip(-2, 2) + 0.15 * rng.choice([-1, 1], 200)[customer]
        hit = rng.random(2000) < risk
        Z = np.column_stack([np.ones(2000), x])
        beta, covariance = _fit(Z, hit, np.ones(2000), customer, ["x"])
        p = sigmoid(Z @ beta)
        plain = np.linalg.inv(Z.T @ (Z * (p * (1 - p))[:, None]))
        held.append((beta[1], np.sqrt(covariance[1, 1])))
        naive.append(np.sqrt(plain[1, 1]))
    estimate, error = np.array(held).T
    assert error.mean() / estimate.std(ddof=1) == pytest.approx(1, abs=0.12)
    assert np.mean(naive) / estimate.std(ddof=1) < 0.85


@pytest.mark.parametrize(
    ("x", "words"),
    [
        pytest.param(np.arange(200) - 100.0, r"'x' \(to \+infinity\)", id="all events above"),
        pytest.param(
            np.where(np.arange(200) < 5, 1.0, 0.0), r"'x' \(to -infinity\)", id="a class of no events"
        ),
    ],
)
def test_separation_is_named_with_its_direction(x, words):
    rng = np.random.default_rng(0)
    hit = np.arange(200) >= 100
    X = pd.DataFrame({"x": x, "noise": rng.normal(size=200)})
    with pytest.raises(GateError, match=rf"RR409.*no finite coefficient for {words}: they separate") as found:
        Logit(horizon_days=HORIZON).fit(X, outcomes(hit))
    assert "noise" not in str(found.value)


def test_columns_that_separate_only_together_are_found():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 300))
    X = pd.DataFrame({"a": a, "b": b, "noise": rng.normal(size=300)})
    with pytest.raises(GateError, match=r"RR409.*'a' \(to \+infinity\), 'b' \(to -infinity\)"):
        Logit(horizon_days=HORIZON).fit(X, outcomes(a > b))


def test_a_strong_effect_is_no_separation():
    rng = np.random.default_rng(2)
    x = rng.normal(size=3000)
    hit = rng.random(3000) < sigmoid(7 * x)
    model = Logit(horizon_days=HORIZON).fit(pd.DataFrame({"x": x}), outcomes(hit))
    assert model.coefficients_[0] == pytest.approx(7, abs=1)
    assert not direction(np.column_stack([np.ones(3000), x]), hit).any()


def test_columns_that_others_add_up_to_are_left_out_and_named(landmark):
    X, y = landmark
    X = X[["calls", "failed_recoveries_ever"]].assign(opened=np.random.default_rng(3).normal(size=len(X)))
    doubled = X.assign(touches=X["calls"] + X["opened"])
    model, alone = Logit(horizon_days=HORIZON).fit(doubled, y), Logit(horizon_days=HORIZON).fit(X, y)
    assert model.collinear_ == (("touches", "calls", "opened"),)
    pd.testing.assert_frame_equal(model.effects_, alone.effects_)
    parts = model.contributions(doubled)
    assert (parts["touches"] == 0).all()
    risk = model.predict_risk(doubled, HORIZON)
    np.testing.assert_allclose(parts.sum(axis=1), np.log(risk / (1 - risk)) - model.intercept_, atol=1e-10)


def test_few_events_are_a_warning_that_points_at_the_caller():
    rng = np.random.default_rng(4)
    X = pd.DataFrame(rng.normal(size=(400, 3)), columns=list("abc"))
    hit = np.arange(400) < 25
    with pytest.warns(RetaliationRiskWarning, match=r"^RR407 .*25 events for 3 columns, 8\.3 each") as found:
        Logit(horizon_days=HORIZON).fit(X, outcomes(hit))
    assert [warning.filename for warning in found] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Logit(horizon_days=HORIZON).fit(X, outcomes(np.arange(400) < 30))


def test_everything_survives_json(landmark):
    model = Logit(horizon_days=HORIZON).fit(*landmark)
    back = from_parameters(json.loads(json.dumps(model.to_parameters(), allow_nan=False)))
    pd.testing.assert_frame_equal(back.effects_, model.effects_)
    pd.testing.assert_frame_equal(back.marginal_effects_, model.marginal_effects_)
    assert (back.n_events_, back.n_customers_) == (model.n_events_, model.n_customers_)
