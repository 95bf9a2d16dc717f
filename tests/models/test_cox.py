"""Cox at the moments of acts: by hand on pairs, against counting-process rows, and against a known truth over a horizon."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.features import FEATURES
from retaliation_risk.histories import (
    Aggregate,
    build_histories,
    build_intervals,
    count_at_risk,
    history_rows,
)
from retaliation_risk.histories.intervals import STEPS
from retaliation_risk.models import Cox, LandmarkCox, from_parameters
from retaliation_risk.models.partial import fit_partial
from retaliation_risk.simulate import simulate
from retaliation_risk.tables import tables_from_frames

from .conftest import HORIZON

NAMED = {feature.name: feature for feature in FEATURES}
STEADY = [
    NAMED[name]
    for name in ("tickets_30d", "tickets_ever", "failed_recoveries_ever", "failure_streak", "reopens_365d")
]


def pairs(exposed_cases, exposed_controls):
    """Pairs of case and control of which one alone is exposed; the first so many cases, the rest controls."""
    n = exposed_cases + exposed_controls
    case = np.tile([True, False], n)
    which = np.repeat(np.arange(n) < exposed_cases, 2)
    return pd.DataFrame(
        {
            "set": np.repeat(np.arange(n), 2),
            "customer_id": [f"C{i}" for i in range(2 * n)],
            "moment": pd.Timestamp("2025-01-01") + pd.to_timedelta(np.repeat(np.arange(n), 2), unit="D"),
            "case": case,
            "log_weight": np.log(50.0),
            "x": np.where(case == which, 1.0, 0.0),
        }
    )


def landmarks(n=40):
    """Landmark rows in which the half that are exposed act twice as often."""
    x = np.arange(n) % 2
    y = pd.DataFrame(
        {
            "customer_id": [f"L{i}" for i in range(n)],
            "moment": pd.Timestamp("2025-01-01"),
            "event": np.arange(n) % 8 < 1 + x,
            "duration_days": 1.0 + np.arange(n) % 29,
            "competing": False,
        }
    )
    return pd.DataFrame({"x": x.astype(float)}), y


def test_pairs_by_hand():
    """With one control each, the estimate is the log of the ratio of discordant pairs, its variance the sum of inverses."""
    sets = pairs(9, 3)
    model = Cox(ridge=0).fit(*landmarks(), risk_sets=sets)
    unit = model.design_.scale[0]
    assert model.coefficients_[0] / unit == pytest.approx(np.log(9 / 3))
    fit = fit_partial(sets[["x"]], event=sets["case"], sets=sets["set"])
    assert fit.covariance[0, 0] == pytest.approx(1 / 9 + 1 / 3)
    # Nobody is in two sets: the robust variance is the plain one.
    assert model.covariance_[0, 0] / unit**2 == pytest.approx(1 / 9 + 1 / 3)


def test_the_hazard_in_calendar_time_by_hand():
    """Each set adds 1 / (50 r + 50) for a customer at 0, of whom two members stand for a hundred; r is 3."""
    model = Cox(ridge=0).fit(*landmarks(), risk_sets=pairs(9, 3))
    days, hazard = model.baseline_
    assert days.tolist() == [20089.0 + k for k in range(12)]  # the first of January 2025 is day 20,089
    # The reference customer has the mean of the landmark rows, x = 1/2, and so the square root of three times the hazard.
    np.testing.assert_allclose(np.diff(hazard, prepend=0), np.sqrt(3) / (50 * 3 + 50))


@pytest.fixture(scope="module")
def world():
    return build_histories(tables_from_frames(simulate(800, seed=6).frames))


def rows_of(histories, features, every_days=60):
    """Landmark rows with their outcomes, over the second year."""
    moments = pd.date_range("2025-01-01", periods=6, freq=f"{every_days}D")
    rows = pd.concat([histories.as_of(histories.at_risk(m), m, features) for m in moments], ignore_index=True)
    y = histories.follow_up(rows["customer_id"], rows["moment"], horizon_days=float(every_days))
    return rows[[feature.name for feature in features]], y


def test_everybody_at_risk_is_the_fit_on_counting_process_rows(world):
    assert all(isinstance(f.value, Aggregate) and f.value.operation in STEPS for f in STEADY)
    model = Cox(ridge=0.5).fit(*rows_of(world, STEADY), risk_sets=history_rows(world, STEADY, controls=None))
    intervals = build_intervals(world, STEADY, recurrent=True)
    first = intervals["start"].min()
    start, stop = ((intervals[name] - first) / pd.Timedelta("1D") for name in ("start", "stop"))
    fit = fit_partial(
        model.design_.matrix(intervals),
        event=intervals["event"],
        start=start,
        stop=stop,
        cluster=intervals["customer_id"],
        ties="breslow",
        ridge=0.5,
    )
    np.testing.assert_allclose(model.coefficients_, fit.coefficients, rtol=1e-8)
    # Robust variances of sets and of rows differ in the second digit: in a set somebody had to be the case.
    np.testing.assert_allclose(np.diag(model.covariance_), np.diag(fit.robust), rtol=0.05)
    assert (model.efficiency_ == 1).all()


def test_sampled_sets_estimate_what_everybody_would_say(world):
    X, y = rows_of(world, STEADY)
    full = Cox().fit(X, y, risk_sets=history_rows(world, STEADY, controls=None))
    drawn = [
        Cox().fit(X, y, risk_sets=history_rows(world, STEADY, controls=15, seed=seed)) for seed in range(20)
    ]
    found = np.array([model.coefficients_ for model in drawn])
    error = found.std(axis=0, ddof=1) / np.sqrt(len(drawn))
    assert (np.abs(found.mean(axis=0) - full.coefficients_) < 4 * error + 0.02).all()
    hazard = np.array([model.baseline_[1, -1] for model in drawn])
    assert hazard.mean() == pytest.approx(full.baseline_[1, -1], rel=0.15)


def test_the_estimated_efficiency_is_that_against_everybody():
    histories = build_histories(tables_from_frames(simulate(3000, seed=8).frames))
    X, y = rows_of(histories, STEADY)

    def variance(controls, seed=0):
        sets = history_rows(histories, STEADY, controls=controls, seed=seed)
        model = Cox().fit(X, y, risk_sets=sets)
        fit = fit_partial(
            model.design_.matrix(sets),
            event=sets["case"],
            sets=sets["set"],
            offset=sets["log_weight"],
            ridge=4.0,
        )
        return np.diag(fit.covariance), model.efficiency_

    full, _ = variance(None)
    for controls in (5, 20):
        found = [variance(controls, seed) for seed in range(6)]
        actual = np.mean([full / sampled for sampled, _ in found])
        estimated = np.mean([told for _, told in found])
        assert estimated == pytest.approx(actual, abs=0.06)
        # What theory gives without any effect is far too kind here.
        assert actual < controls / (controls + 1) - 0.03


def test_order_of_rows_and_names_of_sets_change_nothing(world):
    X, y = rows_of(world, STEADY)
    sets = history_rows(world, STEADY, controls=5)
    one = Cox().fit(X, y, risk_sets=sets)
    shuffled = sets.sample(frac=1, random_state=3).assign(set=lambda frame: 1000 - frame["set"])
    other = Cox().fit(X, y, risk_sets=shuffled[shuffled.columns[::-1]])
    np.testing.assert_array_equal(one.predict_risk(X, 60), other.predict_risk(X, 60))
    np.testing.assert_array_equal(one.covariance_, other.covariance_)


# Over a horizon.


def steady_world(n=20_000, seed=0, noise=0.0):
    """Customers whose hazard never changes; ``noise`` blurs what is known of them at the landmark."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    rate = 0.0005 * np.exp(0.8 * z)
    case = np.repeat(np.arange(n), rng.poisson(300 * rate))
    acts = rng.uniform(0, 300, len(case))
    controls = rng.integers(n, size=(len(case), 5))
    members = np.column_stack([case, controls])
    sets = pd.DataFrame(
        {
            "set": np.repeat(np.arange(len(case)), 6),
            "customer_id": [f"C{i}" for i in members.ravel()],
            "moment": np.repeat(pd.Timestamp("2025-01-01") + pd.to_timedelta(acts, unit="D"), 6),
            "case": np.tile([True] + [False] * 5, len(case)),
            "log_weight": np.log(n / 6),
            "z": z[members.ravel()],
        }
    )
    later = rng.exponential(1 / rate)
    y = pd.DataFrame(
        {
            "customer_id": [f"C{i}" for i in range(n)],
            "moment": pd.Timestamp("2026-01-01"),
            "event": later < HORIZON,
            "duration_days": np.minimum(later, HORIZON),
            "competing": False,
        }
    )
    seen = z + noise * rng.normal(size=n)
    return pd.DataFrame({"z": seen}), y, sets, 1 - np.exp(-rate * HORIZON)


def test_where_nothing_fades_the_risk_is_the_true_one_at_every_height():
    X, y, sets, truth = steady_world()
    model = Cox().fit(X, y, risk_sets=sets)
    assert model.coefficients_[0] / model.design_.scale[0] == pytest.approx(0.8, abs=0.05)
    assert model.slope_ == pytest.approx(1, abs=0.05)
    risk = model.predict_risk(X, HORIZON)
    assert risk.mean() == pytest.approx(y["event"].mean(), rel=0.01)
    tenth = pd.qcut(risk, 10, labels=False)
    for k in range(10):
        assert risk[tenth == k].mean() == pytest.approx(truth[tenth == k].mean(), rel=0.2)
    # Nobody ever leaves, so the hazard by calendar time is the rate at the training mean times the days.
    days, hazard = model.baseline_
    assert hazard[-1] / (days[-1] - days[0]) == pytest.approx(0.0005, rel=0.1)


def test_what_fades_counts_for_less_and_the_risk_stays_right():
    X, y, sets, _ = steady_world(noise=2.0)
    model = Cox().fit(X, y, risk_sets=sets)
    per_sd = model.risk_coefficients_[0] / model.coefficients_[0]
    alone = LandmarkCox().fit(X, y)
    assert 0 < per_sd < 0.5
    assert model.risk_coefficients_[0] == pytest.approx(alone.coefficients_[0], abs=0.05)
    assert model.predict_risk(X, HORIZON).mean() == pytest.approx(y["event"].mean(), rel=0.01)
    # At the moments of acts nothing has faded.
    assert model.effects_["estimate"][0] > 2


def test_with_few_acts_after_landmarks_the_order_is_that_of_the_acts():
    X, y, sets, _ = steady_world()
    few = np.flatnonzero(y["event"])[:8]
    rare = y.assign(event=np.isin(np.arange(len(y)), few))
    model = Cox().fit(X, rare, risk_sets=sets)
    assert np.corrcoef(model.predict_risk(X, HORIZON), X["z"].rank())[0, 1] > 0.5
    assert 0.3 < model.slope_ < 1.5


def test_without_risk_sets_it_is_the_model_of_the_landmarks(landmark):
    X, y = landmark
    alone, model = LandmarkCox().fit(X, y), Cox().fit(X, y)
    np.testing.assert_array_equal(model.predict_risk(X, HORIZON), alone.predict_risk(X, HORIZON))
    pd.testing.assert_frame_equal(model.effects_, alone.effects_)
    assert model.baseline_.shape == (2, 0)


def test_contributions_are_those_of_the_risk():
    X, y, sets, _ = steady_world(n=4000, noise=2.0)
    model = Cox().fit(X, y, risk_sets=sets)
    hazard = -np.log1p(-model.predict_risk(X, HORIZON))
    expected = np.log(hazard / model.curve_[1, -1])
    np.testing.assert_allclose(model.contributions(X).sum(axis=1), expected, atol=1e-9)


def test_parameters_survive_json_to_the_last_bit(world):
    X, y = rows_of(world, STEADY)
    model = Cox().fit(X, y, risk_sets=history_rows(world, STEADY, controls=5))
    back = from_parameters(json.loads(json.dumps(model.to_parameters(), allow_nan=False)))
    np.testing.assert_array_equal(back.predict_risk(X, 60), model.predict_risk(X, 60))
    np.testing.assert_array_equal(back.baseline_, model.baseline_)
    pd.testing.assert_frame_equal(back.effects_, model.effects_)


# What cannot be used.


def test_a_feature_that_no_act_tells_apart_has_no_effect_but_may_count_over_the_horizon():
    X, y, sets, _ = steady_world(n=4000)
    X = X.assign(other=np.arange(len(X)) % 2)
    model = Cox().fit(X, y, risk_sets=sets.assign(other=1.0))
    assert model.effects_["feature"].tolist() == ["z"]
    assert np.isnan(model.efficiency_[0])
    assert model.coefficients_[0] == 0


def test_wrong_risk_sets_are_refused_by_name():
    X, y = landmarks()
    sets = pairs(9, 3)
    with pytest.raises(ArgumentError, match=r"RR101 .*risk_sets lack \['moment', 'log_weight'\]"):
        Cox().fit(X, y, risk_sets=sets.drop(columns=["moment", "log_weight"]))
    with pytest.raises(ArgumentError, match=r"RR101 .*lacks \['x'\]"):
        Cox().fit(X, y, risk_sets=sets.drop(columns="x"))
    with pytest.raises(ArgumentError, match=r"RR111 .*missing values in \['customer_id'\]"):
        Cox().fit(X, y, risk_sets=sets.assign(customer_id=None))
    with pytest.raises(GateError, match=r"RR406 .*\['x'\] are the same for everybody at risk"):
        Cox().fit(X, y, risk_sets=sets.assign(x=1.0))
    with pytest.raises(GateError, match="RR401 .*0 events"):
        Cox().fit(X, y, risk_sets=sets.assign(case=False))
    with pytest.raises(ArgumentError, match=r"fade_ridge is 0; it must be a number above 0"):
        Cox(fade_ridge=0).fit(X, y, risk_sets=sets)


def test_the_sets_are_those_counted(world):
    sets = history_rows(world, STEADY, controls=None)
    assert len(sets) == count_at_risk(world).sum()
