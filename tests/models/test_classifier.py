"""Weighting for censoring, calibration on later moments, exact contributions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from retaliation_risk.errors import ArgumentError
from retaliation_risk.features import SIGNS
from retaliation_risk.models import Boosting, Logistic, Logit, Prevalence
from retaliation_risk.models._calibration import fit_calibrator, split_later

from .conftest import HORIZON, simulate


def censored_sample(n=40_000):
    """Two thirds are lost before the horizon, at random. True risk 0.2, or 0.4 where x = 1."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, n)
    hit = rng.random(n) < np.where(x == 1, 0.4, 0.2)
    when = np.where(hit, rng.uniform(0, HORIZON, n), HORIZON)
    lost = np.where(rng.random(n) < 2 / 3, rng.uniform(0, HORIZON, n), np.inf)
    y = pd.DataFrame(
        {
            "customer_id": [f"C{i:06d}" for i in range(n)],
            "moment": pd.Timestamp("2026-01-01"),
            "event": hit & (when <= lost),
            "duration_days": np.minimum(when, lost),
            "competing": False,
        }
    )
    return pd.DataFrame({"x": x.astype(float)}), y


def test_weighting_recovers_the_risk_that_dropping_rows_overstates():
    X, y = censored_sample()
    both = pd.DataFrame({"x": [0.0, 1.0]})
    risk = Logistic(horizon_days=HORIZON).fit(X, y).predict_risk(both, HORIZON)
    np.testing.assert_allclose(risk, [0.2, 0.4], atol=0.015)
    # Naive: only rows whose state is known, unweighted. Events are known sooner, so they are too many.
    known = y["event"] | (y["duration_days"] >= HORIZON)
    naive = LogisticRegression().fit(X[known], y["event"][known]).predict_proba(both)[:, 1]
    assert (np.abs(naive - [0.2, 0.4]) > 0.1).all()
    # Counting the lost as non-events understates instead.
    assert y["event"][X["x"] == 1].mean() < 0.3
    assert Prevalence(horizon_days=HORIZON).fit(X, y).risk_ == pytest.approx(0.3, abs=0.01)


def test_contributions_sum_to_log_odds_minus_the_reference(landmark):
    X, y = landmark
    model = Logistic(horizon_days=HORIZON).fit(X, y)
    risk = model.predict_risk(X, HORIZON)
    log_odds = np.log(risk / (1 - risk))
    np.testing.assert_allclose(model.contributions(X).sum(axis=1), log_odds - model.intercept_, atol=1e-10)
    assert list(model.contributions(X).columns) == list(X.columns)


def test_penalised_effects_claim_no_inference(landmark):
    effects = Logistic(horizon_days=HORIZON).fit(*landmark).effects_
    assert effects[["low", "high", "p_value"]].isna().all(axis=None)
    assert effects.set_index("feature").loc["failed_recoveries_ever", "estimate"] > 1
    assert set(effects["kind"]) == {"odds ratio"}


def test_elastic_net_sets_noise_to_nothing(landmark):
    X, y = landmark
    noise = X.assign(noise=np.random.default_rng(0).normal(size=len(X)))
    model = Logistic(horizon_days=HORIZON, penalizer=0.05, l1_ratio=0.9).fit(noise, y)
    effects = model.effects_.set_index("feature")["estimate"]
    assert effects["noise"] == 1
    assert effects["failed_recoveries_ever"] > 1


def test_settings_are_checked_at_fit(landmark):
    for wrong in ({"penalizer": 0.0}, {"l1_ratio": 1.5}, {"horizon_days": 0.0}):
        with pytest.raises(ArgumentError, match=next(iter(wrong))):
            Logistic(**wrong).fit(*landmark)
    with pytest.raises(ArgumentError, match="horizon_days is -1"):
        Boosting(horizon_days=-1).fit(*landmark)


@pytest.mark.parametrize("model", [Logit, Boosting])
def test_every_classifier_weights_for_the_lost(model):
    X, y = censored_sample()
    risk = model(horizon_days=HORIZON).fit(X, y).predict_risk(pd.DataFrame({"x": [0.0, 1.0]}), HORIZON)
    np.testing.assert_allclose(risk, [0.2, 0.4], atol=0.015)


def rare(n, seed):
    """One event in a hundred rows, over ten moments, nobody lost."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {"failed_recoveries_ever": rng.poisson(0.5, n).astype(float), "calls": rng.normal(size=n)}
    )
    hit = rng.random(n) < 0.006 * 2.0 ** X["failed_recoveries_ever"]
    y = pd.DataFrame(
        {
            "customer_id": np.arange(n),
            "moment": pd.Timestamp("2025-01-01") + pd.to_timedelta(60 * (np.arange(n) * 10 // n), unit="D"),
            "event": hit,
            "duration_days": np.where(hit, 9.0, HORIZON),
            "competing": False,
        }
    )
    return X, y


@pytest.mark.parametrize("model", [Logit, Logistic, Boosting])
def test_rare_events_do_not_raise_or_lower_the_mean_risk(model):
    """Calibration in the large on customers never seen; weights against imbalance would break it."""
    (X, y), (new, truth) = rare(60_000, seed=1), rare(60_000, seed=2)
    risk = model(horizon_days=HORIZON).fit(X, y).predict_risk(new, HORIZON)
    share = truth["event"].mean()
    noise = np.sqrt(share / 12_000)  # the calibration part is a fifth of the rows
    assert share < 0.015
    assert abs(risk.mean() - share) < 4 * noise
    balanced = HistGradientBoostingClassifier(class_weight="balanced").fit(X, y["event"])
    assert balanced.predict_proba(new)[:, 1].mean() > 20 * share


def sweep(model, X, name):
    """Risks of each row with one column at its lowest to highest value, shape (n_values, n)."""
    values = np.unique(X[name].dropna())
    return np.stack([model.predict_risk(X.assign(**{name: value}), HORIZON) for value in values])


def test_trees_are_held_to_the_signs_of_research():
    X, y = simulate(3000, seed=4)
    # Turned round: here failures lower the risk, which free trees follow and held ones must not.
    X = X.assign(failed_recoveries_ever=X["failed_recoveries_ever"].max() - X["failed_recoveries_ever"])
    large = {"horizon_days": HORIZON, "max_leaf_nodes": 15, "min_samples_leaf": 20}
    held = Boosting(**large).fit(X, y)
    free = Boosting(**large, signs={}).fit(X, y)
    assert held.signs_ == {"failed_recoveries_ever": 1}
    assert free.signs_ == {}
    few = X.iloc[:100]
    assert (np.diff(sweep(held, few, "failed_recoveries_ever"), axis=0) >= 0).all()
    assert (np.diff(sweep(free, few, "failed_recoveries_ever"), axis=0).sum(axis=0) < -0.1).all()
    down = Boosting(**large, signs={"calls": -1, "not_there": 1}).fit(X, y)
    assert down.signs_ == {"calls": -1}
    assert (np.diff(sweep(down, few, "calls"), axis=0) <= 0).all()


def test_a_sign_is_one_of_three():
    X, y = simulate(400, seed=4)
    with pytest.raises(ArgumentError, match=r"signs are \{'calls': 2\}; each must be -1, 0 or 1"):
        Boosting(horizon_days=HORIZON, signs={"calls": 2}).fit(X, y)


def test_signs_are_fixed_only_where_research_fixes_them():
    assert {name for name, sign in SIGNS.items() if sign < 0} == {"days_since_failed_recovery"}
    assert {"failed_recoveries_ever", "double_deviations_ever", "unresolved_days"} <= set(SIGNS)
    contested = ("relationship_strength", "strength_x_repeated_failure", "tenure_days", "amends_365d")
    assert not SIGNS.keys() & {*contested, "complaint_stock", "compensations_365d"}


def turning(n=12_000):
    """What raised the risk in the first five moments lowers it in the last five."""
    rng = np.random.default_rng(5)
    X = pd.DataFrame({"x": rng.normal(size=n), "noise": rng.normal(size=n)})
    tenth = np.arange(n) * 10 // n
    leaning = np.where(tenth < 5, 1.5, -1.5) * X["x"]
    hit = rng.random(n) < 1 / (1 + np.exp(1.5 - leaning))
    y = pd.DataFrame(
        {
            "customer_id": np.arange(n),
            "moment": pd.Timestamp("2025-01-01") + pd.to_timedelta(60 * tenth, unit="D"),
            "event": hit,
            "duration_days": np.where(hit, 9.0, HORIZON),
            "competing": False,
        }
    )
    return X, y


def test_the_number_of_trees_is_judged_on_later_moments_and_not_on_shuffled_rows():
    X, y = turning()
    in_order = Boosting(horizon_days=HORIZON).fit(X, y)
    mixed = y.assign(moment=y["moment"].sample(frac=1, random_state=0).to_numpy())
    shuffled = Boosting(horizon_days=HORIZON).fit(X, mixed)
    assert in_order.stopped_
    assert shuffled.stopped_
    # Later moments contradict what was learned: one tree is already too many. Shuffled rows would not tell.
    assert in_order.n_trees_ == 1
    assert shuffled.n_trees_ > 10


def test_noise_stops_early_and_too_few_events_do_not_stop():
    X, y = simulate(6000, seed=6)
    noise = pd.DataFrame(np.random.default_rng(0).normal(size=(6000, 5)), columns=list("abcde"))
    model = Boosting(horizon_days=HORIZON, max_iter=80).fit(noise, y)
    assert model.n_trees_ < 40
    assert model.trees_.n_iter_ == model.n_trees_
    few = Boosting(horizon_days=HORIZON, max_iter=80).fit(X, y.assign(moment=pd.Timestamp("2025-01-01")))
    assert (few.stopped_, few.n_trees_) == (False, 80)


def test_boosting_finds_what_is_not_linear():
    X, y = simulate(6000, seed=8)
    odd = (X["calls"] % 2 == 1).to_numpy()
    y = y.assign(event=y["event"] & odd, competing=y["competing"] | (y["event"] & ~odd))
    model = Boosting(horizon_days=HORIZON, seed=1).fit(X, y)
    risk = model.predict_risk(X, HORIZON)
    assert model.calibrated_
    assert risk[odd].mean() > 3 * risk[~odd].mean()


def test_boosting_is_calibrated_on_later_moments():
    """The later share of events is a third of the earlier one; the sigmoid follows the later one."""
    X, y = simulate(8000, seed=9, censoring_days=1e9)
    late = y["moment"] >= pd.Timestamp("2025-08-29")
    keep = (~late).to_numpy() | (np.random.default_rng(0).random(len(y)) < 1 / 3)
    y = y.assign(
        event=y["event"] & keep, duration_days=np.where(keep | ~y["event"], y["duration_days"], HORIZON)
    )
    model = Boosting(horizon_days=HORIZON).fit(X, y)
    share = y["event"][late].mean()
    assert model.predict_risk(X[late], HORIZON).mean() == pytest.approx(share, abs=0.005)
    assert y["event"][~late].mean() > 2 * share


def test_boosting_says_when_it_could_not_calibrate():
    X, y = simulate(400, seed=9)
    model = Boosting(horizon_days=HORIZON).fit(X, y.assign(moment=pd.Timestamp("2026-01-01")))
    assert model.calibrated_ is False
    assert np.isfinite(model.predict_risk(X, HORIZON)).all()


def moments(*rows):
    days = np.arange(len(rows)).astype("timedelta64[D]")
    return np.repeat(np.datetime64("2026-01-01", "us") + days, rows)


def test_the_later_part_is_whole_moments():
    # The last moment holds 150 of 1000 rows: too few, so the last two are taken.
    later = split_later(moments(500, 350, 150), np.tile([True, False], 500))
    assert later.sum() == 500
    assert later[-500:].all()


@pytest.mark.parametrize(
    ("rows", "events"),
    [
        pytest.param((1000,), 500, id="one moment has no later"),
        pytest.param((500, 500), 20, id="too few events"),
        pytest.param((300, 700), 500, id="too little left to learn from"),
    ],
)
def test_no_later_part_where_there_is_too_little(rows, events):
    event = np.arange(1000) % (1000 // events) == 0
    assert not split_later(moments(*rows), event).any()


def test_sigmoid_below_a_thousand_events_and_isotonic_above():
    rng = np.random.default_rng(0)
    raw = rng.normal(size=8000)
    # The truth is flatter than the raw log-odds claim.
    event = rng.random(8000) < 1 / (1 + np.exp(-(0.5 * raw - 1)))
    ones = np.ones(8000)
    few = fit_calibrator(raw[:1000], event[:1000], ones[:1000])
    many = fit_calibrator(raw, event, ones)
    assert (few.kind, many.kind) == ("sigmoid", "isotonic")
    np.testing.assert_allclose(few.values, [0.5, -1], atol=0.2)
    grid = np.linspace(-3, 3, 50)
    for calibrator in (few, many):
        assert (np.diff(calibrator(grid)) >= 0).all()
        assert np.abs(calibrator(grid) - 1 / (1 + np.exp(-(0.5 * grid - 1))))[15:35].max() < 0.08


def test_a_backward_ranking_gives_everybody_the_share():
    raw = np.linspace(-1, 1, 100)
    calibrator = fit_calibrator(raw, raw < -0.5, np.ones(100))
    np.testing.assert_allclose(calibrator(raw), 0.25)
