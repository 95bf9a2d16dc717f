"""Accelerated failure times against R's survreg, lifelines, direct maximisation and a known truth."""

import json
import os
from pathlib import Path

import lifelines
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.models import AFT, Cox, from_parameters
from retaliation_risk.models._location_scale import KINDS, fit_location_scale, survival

from .conftest import simulate

GOLDEN = Path(__file__).parent.parent / "golden"
R = json.loads((GOLDEN / "aft.json").read_text())
COLUMNS = ["x1", "x2", "strength"]
EACH = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def data():
    return pd.read_csv(GOLDEN / "time_effects.csv")


def fit(data, kind, ridge=0.0, columns=COLUMNS):
    return fit_location_scale(
        data[columns].to_numpy(dtype=float),
        data["stop"].to_numpy(dtype=float),
        data["event"].to_numpy(dtype=bool),
        kind=kind,
        ridge=ridge,
        cluster=data["customer_id"].to_numpy() - 1,
        names=columns,
    )


def outcomes(data):
    return pd.DataFrame(
        {
            "customer_id": data["customer_id"],
            "moment": pd.Timestamp("2026-01-01"),
            "event": data["event"] == 1,
            "duration_days": data["stop"].astype(float),
            "competing": False,
        }
    )


@EACH
def test_estimates_covariances_and_likelihood_are_those_of_r(data, kind):
    ours, theirs = fit(data, kind), R[kind]
    np.testing.assert_allclose([ours.intercept, *ours.coefficients], theirs["coefficients"], rtol=1e-9)
    np.testing.assert_allclose([ours.scale], theirs["scale"], rtol=1e-9)
    np.testing.assert_allclose(ours.log_likelihood, theirs["loglik"][1], rtol=1e-12)
    np.testing.assert_allclose(ours.covariance, theirs["covariance"], rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(ours.robust, theirs["robust"], rtol=1e-8, atol=1e-12)


@EACH
def test_the_curve_passes_through_the_quantiles_of_r(data, kind):
    model = AFT(kind=kind, ridge=0).fit(data[COLUMNS], outcomes(data))
    # Survival is 0.9, 0.5 and 0.1 at the 10 %, 50 % and 90 % quantiles; only times inside the follow-up can be asked.
    for row, times in zip(range(5), R[kind]["quantiles"], strict=True):
        inside = [(t, p) for t, p in zip(times, (0.9, 0.5, 0.1), strict=True) if t <= model.longest_]
        found = model.predict_survival(data[COLUMNS].iloc[[row]], [t for t, _ in inside])[0]
        np.testing.assert_allclose(found, [p for _, p in inside], rtol=1e-9)


@EACH
def test_estimates_are_those_of_lifelines(data, kind):
    fitter = {
        "weibull": lifelines.WeibullAFTFitter,
        "lognormal": lifelines.LogNormalAFTFitter,
        "loglogistic": lifelines.LogLogisticAFTFitter,
    }[kind]()
    fitter.fit(data[[*COLUMNS, "stop", "event"]], "stop", "event")
    location = fitter.params_.groupby(level=0)
    ours = fit(data, kind)
    (name,) = [key for key, _ in location if key.endswith("_") and len(fitter.params_[key]) == 4]
    theirs = fitter.params_[name]
    # lifelines stops before the top (below); the test above compares with R to nine digits.
    np.testing.assert_allclose(ours.coefficients, theirs[COLUMNS], atol=2e-3)
    assert ours.intercept == pytest.approx(theirs["Intercept"], abs=2e-3)
    assert ours.log_likelihood >= fitter.log_likelihood_ - 1e-6


@EACH
def test_the_ridge_is_on_coefficients_over_scale(data, kind):
    """The penalised likelihood, written out and handed to a general optimiser."""
    Z = data[COLUMNS].to_numpy(dtype=float)
    days, event = data["stop"].to_numpy(dtype=float), data["event"].to_numpy(dtype=bool)

    def loss(parameters):
        location, scale = parameters[0] + Z @ parameters[1:4], np.exp(parameters[4])
        w = (np.log(days) - location) / scale
        step = 1e-5
        density = (survival(kind, w - step) - survival(kind, w + step)) / (2 * step)
        rows = np.where(event, np.log(np.maximum(density, 1e-300) / scale), np.log(survival(kind, w)))
        return -(rows.sum() - 20 / 2 * np.sum((parameters[1:4] / scale) ** 2))

    start = [3.5, 0, 0, 0, 0]
    best = minimize(
        loss, start, method="Nelder-Mead", options={"maxiter": 8000, "xatol": 1e-8, "fatol": 1e-10}
    )
    ours = fit(data, kind, ridge=20)
    np.testing.assert_allclose([ours.intercept, *ours.coefficients, np.log(ours.scale)], best.x, atol=2e-4)


def test_a_weibull_model_has_the_hazard_ratios_of_cox_nearly(data):
    """Weibull hazards are proportional: minus coefficient over scale is a log hazard ratio, with the same ridge."""
    y = outcomes(data)
    aft, cox = AFT().fit(data[COLUMNS], y), Cox().fit(data[COLUMNS], y)
    np.testing.assert_allclose(-aft.coefficients_ / aft.scale_, cox.coefficients_, atol=0.05)
    pd.testing.assert_frame_equal(
        aft.contributions(data[COLUMNS]), cox.contributions(data[COLUMNS]), atol=0.1, rtol=0
    )


def test_rotterdam_is_reproduced():
    """survreg(Surv(dtime, death) ~ age + nodes, dist = "weibull"), as R 4.2.2 with survival 3.5-3 prints it."""
    folder = os.environ.get("RETALIATION_RISK_DATA")
    path = Path(folder or "", "recurrent_events", "rotterdam.csv")
    if folder is None or not path.is_file():
        pytest.skip("needs RETALIATION_RISK_DATA with recurrent_events/rotterdam.csv")
    data = pd.read_csv(path)
    data = data.assign(stop=data["dtime"], event=data["death"], customer_id=np.arange(1, len(data) + 1))
    ours = fit(data, "weibull", columns=["age", "nodes"])
    found = [ours.intercept, *ours.coefficients, np.log(ours.scale)]
    np.testing.assert_allclose(found, [9.47213, -0.01302, -0.06951, -0.28582], atol=6e-6)
    np.testing.assert_allclose(
        np.sqrt(np.diag(ours.covariance)), [0.10307, 0.00171, 0.00342, 0.02425], atol=6e-6
    )
    assert ours.log_likelihood == pytest.approx(-12122.6, abs=0.05)


@EACH
def test_a_known_truth_lies_in_the_intervals(kind):
    rng = np.random.default_rng(3)
    X = pd.DataFrame({"calls": rng.normal(size=4000), "tenure": rng.normal(size=4000)})
    error = {
        "weibull": np.log(rng.exponential(size=4000)),
        "lognormal": rng.normal(size=4000),
        "loglogistic": rng.logistic(size=4000),
    }[kind]
    days = np.exp(4 - 0.5 * X["calls"] + 0.2 * X["tenure"] + 0.7 * error)
    y = pd.DataFrame(
        {
            "customer_id": np.arange(4000),
            "moment": pd.Timestamp("2026-01-01"),
            "event": days <= 60,
            "duration_days": np.minimum(days, 60.0),
            "competing": False,
        }
    )
    effects = AFT(kind=kind).fit(X, y).effects_.set_index("feature")
    for name, truth in {"calls": -0.5, "tenure": 0.2}.items():
        row = effects.loc[name]
        assert row["low"] < np.exp(truth * row["scale"]) < row["high"]
    assert set(effects["kind"]) == {"time ratio"}


@EACH
@pytest.mark.parametrize("n_events", [1, 3])
def test_a_handful_of_events_among_many_columns_still_has_one_answer(kind, n_events):
    X, y = simulate(2000, seed=4, censoring_days=1e9)
    X = X.assign(**{f"noise{j}": np.random.default_rng(j).lognormal(size=2000) for j in range(15)})
    keep = np.flatnonzero(y["event"])[:n_events]
    event = np.isin(np.arange(2000), keep)
    y = y.assign(event=event, competing=False, duration_days=np.where(event, y["duration_days"], 60.0))
    model = AFT(kind=kind).fit(X, y)
    assert np.isfinite(model.coefficients_).all()
    # Everybody else was followed to the end, so the risks nearly add up to the events.
    assert model.predict_risk(X, 60).sum() == pytest.approx(n_events, rel=0.35)


def test_a_column_that_no_event_has_is_refused_by_name_without_a_ridge(data):
    X = data[COLUMNS].assign(spared=(data["event"] == 0) & (data["stop"] > 10)).astype(float)
    with pytest.raises(
        GateError, match="RR409.*no finite coefficient for 'spared'; the likelihood still rises"
    ):
        AFT(ridge=0).fit(X, outcomes(data))
    assert AFT().fit(X, outcomes(data)).effects_.set_index("feature").loc["spared", "estimate"] > 1


def test_events_at_one_moment_alone_are_a_gate():
    X = pd.DataFrame({"calls": [1.0, 2, 3]})
    y = pd.DataFrame(
        {
            "customer_id": [1, 2, 3],
            "moment": pd.Timestamp("2026-01-01"),
            "event": True,
            "duration_days": 5.0,
            "competing": False,
        }
    )
    with pytest.raises(GateError, match="RR401.*all 3 events lie at 5 days"):
        AFT().fit(X, y)


def test_unknown_kinds_and_negative_ridges_are_refused(landmark):
    with pytest.raises(
        ArgumentError, match="kind is 'gamma'; it must be one of weibull, lognormal, loglogistic"
    ):
        AFT(kind="gamma").fit(*landmark)
    with pytest.raises(ArgumentError, match="ridge is -1"):
        AFT(ridge=-1).fit(*landmark)


@EACH
def test_parameters_survive_json_to_the_last_bit(kind, landmark):
    model = AFT(kind=kind).fit(*landmark)
    back = from_parameters(json.loads(json.dumps(model.to_parameters(), allow_nan=False)))
    times = np.array([0.0, 7, 30, 60])
    np.testing.assert_array_equal(
        back.predict_survival(landmark[0], times), model.predict_survival(landmark[0], times)
    )
    pd.testing.assert_frame_equal(back.effects_, model.effects_)
