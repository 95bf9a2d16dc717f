"""The landmark supermodel against fits of single landmarks, against Cox, and with effects known to drift."""

import json

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.errors import ArgumentError
from retaliation_risk.models import Cox, Supermodel, from_parameters
from retaliation_risk.models.partial import baseline, fit_rows, partial_rows, survival_curves

from .conftest import HORIZON

LANDMARKS = pd.to_datetime(["2025-01-01", "2025-03-01", "2025-07-01"])
TIMES = np.array([0.0, 10, 30, 60])


@pytest.fixture(scope="module")
def drifting():
    """The effect of calls falls from 0.9 at the first landmark to 0.1 at the last; that of tenure stays."""
    rng = np.random.default_rng(8)
    n = 3000
    moment = np.repeat(LANDMARKS, n // 3)
    late = (moment - LANDMARKS[0]) / (LANDMARKS[-1] - LANDMARKS[0])
    X = pd.DataFrame({"calls": rng.normal(size=n), "tenure": rng.normal(size=n), "always_one": 1.0})
    hazard = 0.004 * np.exp((0.9 - 0.8 * late) * X["calls"] - 0.4 * X["tenure"] + 0.5 * late)
    days = rng.exponential(1 / hazard)
    y = pd.DataFrame(
        {
            "customer_id": np.tile(np.arange(n // 3), 3),
            "moment": moment,
            "event": days <= HORIZON,
            "duration_days": np.minimum(days, HORIZON),
            "competing": False,
        }
    )
    return X, y


@pytest.fixture(scope="module")
def saturated(drifting):
    """Three landmarks, three powers, three curves: nothing is shared between them."""
    return Supermodel(stratified=True, degree=2, ridge=0).fit(*drifting)


def alone(model, X, y, moment):
    """Rows and fit of one landmark, in the supermodel's own units."""
    here = (y["moment"] == moment).to_numpy()
    rows = partial_rows(
        model.design_.matrix(X[here]),
        stop=y["duration_days"][here],
        event=y["event"][here],
        cluster=y["customer_id"][here],
    )
    return here, rows, fit_rows(rows)


@pytest.mark.parametrize("moment", LANDMARKS)
def test_a_saturated_supermodel_is_a_cox_model_at_each_landmark(saturated, drifting, moment):
    X, y = drifting
    here, rows, fit = alone(saturated, X, y, moment)
    effects = saturated.effects_at(moment)
    np.testing.assert_allclose(np.log(effects["estimate"]), fit.coefficients, rtol=1e-8)
    error = (np.log(effects["high"]) - np.log(effects["low"])) / (2 * 1.959963984540054)
    np.testing.assert_allclose(error, fit.standard_errors, rtol=1e-6)
    asked = X[here].assign(moment=moment)
    expected = survival_curves(fit, baseline(fit, rows), saturated.design_.matrix(asked), TIMES)
    np.testing.assert_allclose(saturated.predict_survival(asked, TIMES), expected, rtol=1e-8)


def test_without_a_moment_the_effects_are_those_of_the_latest_landmark(saturated, drifting):
    X, _ = drifting
    for model in (saturated, Supermodel().fit(*drifting)):
        latest = model.predict_risk(X.assign(moment=LANDMARKS[-1]), 30)
        np.testing.assert_array_equal(model.predict_risk(X, 30), latest)
        later = model.predict_risk(X.assign(moment=pd.Timestamp("2027-01-01", tz="Asia/Tokyo")), 30)
        np.testing.assert_array_equal(later, latest)
        assert (np.abs(model.predict_risk(X.assign(moment=LANDMARKS[0]), 30) - latest) > 0.01).any()
        pd.testing.assert_frame_equal(model.effects_, model.effects_at("2027-01-01"))


def test_moments_before_the_first_landmark_count_as_the_first(saturated, drifting):
    X, _ = drifting
    first = saturated.predict_risk(X.assign(moment=LANDMARKS[0]), 30)
    np.testing.assert_array_equal(
        saturated.predict_risk(X.assign(moment=pd.Timestamp("2020-01-01")), 30), first
    )


def test_the_smooth_level_is_the_fit_with_columns_made_by_hand(drifting):
    X, y = drifting
    model = Supermodel(degree=2, ridge=3, varying=["calls"]).fit(X, y)
    s = np.asarray((y["moment"] - LANDMARKS[-1]) / (LANDMARKS[-1] - LANDMARKS[0]))
    Z = model.design_.matrix(X)
    by_hand = fit_rows(
        partial_rows(
            np.column_stack([Z, Z[:, 0] * s, Z[:, 0] * s**2, s, s**2]),
            stop=y["duration_days"],
            event=y["event"],
            cluster=y["customer_id"],
        ),
        ridge=3,
    )
    found = [*model.coefficients_[0], *model.coefficients_[1:, 0], *model.trend_]
    np.testing.assert_allclose(found, by_hand.coefficients, rtol=1e-9)
    assert (model.coefficients_[1:, 1] == 0).all()
    assert list(model.drift_["feature"]) == ["calls"]


def test_without_drift_in_one_stratum_of_one_landmark_it_is_cox(drifting):
    X, y = drifting
    same = y.assign(moment=LANDMARKS[0])
    cox, model = Cox().fit(X, same), Supermodel().fit(X, same)
    np.testing.assert_allclose(model.coefficients_[0], cox.coefficients_, rtol=1e-12)
    np.testing.assert_allclose(model.predict_survival(X, TIMES), cox.predict_survival(X, TIMES), rtol=1e-12)
    pd.testing.assert_frame_equal(model.effects_, cox.effects_)
    assert model.drift_.empty
    # With several landmarks and no powers at all the level does not follow time either.
    np.testing.assert_allclose(
        Supermodel(degree=0).fit(X, y).predict_risk(X, 30), Cox().fit(X, y).predict_risk(X, 30), rtol=1e-10
    )


def test_a_drift_is_found_where_there_is_one(drifting):
    model = Supermodel(degree=1).fit(*drifting)
    p_value = model.drift_.set_index("feature")["p_value"]
    assert p_value["calls"] < 1e-4
    assert p_value["tenure"] > 0.01
    for moment, truth in zip(LANDMARKS, (0.9, 0.9 - 0.8 * 59 / 181, 0.1), strict=True):
        row = model.effects_at(moment).set_index("feature").loc["calls"]
        assert row["low"] < np.exp(truth * row["scale"]) < row["high"]


def test_the_level_at_each_landmark_is_that_of_the_data(drifting):
    X, y = drifting
    model = Supermodel().fit(X, y)
    risk = model.predict_risk(X.assign(moment=y["moment"]), HORIZON)
    found = pd.DataFrame({"risk": risk, "event": y["event"]}).groupby(y["moment"]).mean()
    np.testing.assert_allclose(found["risk"], found["event"], rtol=0.05)


def test_contributions_sum_to_the_log_hazard_of_the_row_s_moment(drifting):
    X, y = drifting
    model = Supermodel(degree=1).fit(X, y)
    parts = model.contributions(X.assign(moment=LANDMARKS[0]))
    assert list(parts.columns) == ["calls", "tenure", "always_one"]
    expected = model.design_.matrix(X) @ np.log(model.effects_at(LANDMARKS[0])["estimate"])
    np.testing.assert_allclose(parts.sum(axis=1), expected, atol=1e-12)


def test_a_feature_that_is_constant_but_at_the_latest_landmark_does_not_stop_the_fit(drifting):
    X, y = drifting
    X = X.assign(new=np.where(y["moment"] == LANDMARKS[-1], X["tenure"], 0.0))
    model = Supermodel(ridge=4).fit(X, y)
    assert np.isfinite(model.predict_risk(X, 30)).all()


def test_a_landmark_without_events_takes_the_curve_before_it(drifting):
    X, y = drifting
    quiet = y.assign(event=y["event"] & (y["moment"] != LANDMARKS[-1]))
    model = Supermodel(stratified=True, degree=1).fit(X, quiet)
    assert len(model.curves_) == 2
    assert (model.predict_risk(X, 30) > 0).all()


def test_moment_is_never_a_feature(drifting):
    X, y = drifting
    expected = Supermodel().fit(X, y).predict_risk(X, 30)
    with_moment = X.assign(moment=y["moment"])
    np.testing.assert_array_equal(Supermodel().fit(with_moment, y).predict_risk(X, 30), expected)


@pytest.mark.parametrize("stratified", [False, True])
def test_parameters_survive_json_to_the_last_bit(drifting, stratified):
    X, y = drifting
    model = Supermodel(stratified=stratified, varying=["calls"]).fit(X, y)
    back = from_parameters(json.loads(json.dumps(model.to_parameters(), allow_nan=False)))
    asked = X.assign(moment=y["moment"])
    np.testing.assert_array_equal(back.predict_survival(asked, TIMES), model.predict_survival(asked, TIMES))
    pd.testing.assert_frame_equal(back.drift_, model.drift_)
    pd.testing.assert_frame_equal(back.effects_, model.effects_)


def test_wrong_settings_name_value_and_cure(drifting):
    X, y = drifting
    with pytest.raises(
        ArgumentError, match=r"varying names \['cals'\]; it must name columns among \['always_one'"
    ):
        Supermodel(varying=["cals", "tenure"]).fit(X, y)
    with pytest.raises(ArgumentError, match=r"degree is -1; it must be in \[0, 5\]"):
        Supermodel(degree=-1).fit(X, y)
    model = Supermodel().fit(X, y)
    with pytest.raises(ArgumentError, match="moment is missing in 1 rows; leave the column out"):
        model.predict_risk(X.iloc[:2].assign(moment=[LANDMARKS[0], pd.NaT]), 30)
