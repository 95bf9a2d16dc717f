"""What every model of MODELS holds to."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from retaliation_risk.errors import ArgumentError, ArtefactError, GateError
from retaliation_risk.models import MODELS, Model, from_parameters

from .conftest import HORIZON

EVERY = pytest.mark.parametrize("name", list(MODELS))
LOOKING = pytest.mark.parametrize(
    "name", [name for name in MODELS if name not in ("prevalence", "kaplan_meier")]
)
SURVIVAL = pytest.mark.parametrize(
    "name", [name for name, make in MODELS.items() if hasattr(make(30, 0), "predict_survival")]
)
ONE_HORIZON = pytest.mark.parametrize("name", ["prevalence", "rule", "logit", "logistic", "boosting"])


@pytest.fixture(scope="module")
def fitted(landmark):
    return {name: make(HORIZON, 0).fit(*landmark) for name, make in MODELS.items()}


@EVERY
def test_fit_returns_self_and_prints_nothing(name, landmark, capsys):
    model = MODELS[name](HORIZON, 0)
    assert model.fit(*landmark) is model
    assert isinstance(model, Model)
    assert capsys.readouterr() == ("", "")


@EVERY
def test_risks_are_probabilities_of_each_row(name, fitted, landmark):
    risk = fitted[name].predict_risk(landmark[0], HORIZON)
    assert risk.shape == (len(landmark[0]),)
    assert ((risk >= 0) & (risk <= 1)).all()
    assert fitted[name].predict_risk(landmark[0].iloc[:0], HORIZON).shape == (0,)


@EVERY
def test_mean_risk_is_near_the_share_that_happens_without_loss_from_sight(name, fitted, landmark):
    # Kaplan-Meier and Cox speak of a world in which nobody leaves, so they lie a little above.
    share = MODELS["prevalence"](HORIZON, 0).fit(*landmark).risk_
    assert fitted[name].predict_risk(landmark[0], HORIZON).mean() == pytest.approx(share, abs=0.03)


@EVERY
def test_a_row_alone_gives_what_it_gives_among_all(name, fitted, landmark):
    X = landmark[0]
    alone = [fitted[name].predict_risk(X.iloc[[i]], HORIZON)[0] for i in (0, 7, 700)]
    np.testing.assert_allclose(alone, fitted[name].predict_risk(X, HORIZON)[[0, 7, 700]], rtol=1e-12)


@EVERY
@pytest.mark.parametrize("rows", [slice(None), slice(7, 8)], ids=["all", "one"])
def test_a_risk_explained_is_what_each_method_gives_to_the_last_bit(name, rows, fitted, landmark):
    model, X = fitted[name], landmark[0].iloc[rows]
    told = model.explained_risk(X, HORIZON)
    np.testing.assert_array_equal(told.risk, model.predict_risk(X, HORIZON))
    assert (told.low is None) == (told.high is None) == (not hasattr(model, "risk_interval"))
    if told.low is not None:
        np.testing.assert_array_equal([told.low, told.high], model.risk_interval(X, HORIZON))
    assert (told.parts is None) == (not hasattr(model, "contributions"))
    if told.parts is not None:
        expected = model.contributions(X)
        assert not expected.drop(columns=list(told.parts)).to_numpy().any()
        np.testing.assert_array_equal(np.stack(list(told.parts.values()), axis=1), expected[list(told.parts)])


@EVERY
def test_order_of_rows_and_columns_changes_nothing(name, fitted, landmark):
    X, y = landmark
    order = np.random.default_rng(0).permutation(len(X))
    shuffled = MODELS[name](HORIZON, 0).fit(X.iloc[order, ::-1], y.iloc[order])
    expected = fitted[name].predict_risk(X, HORIZON)
    np.testing.assert_array_equal(shuffled.predict_risk(X, HORIZON), expected)
    np.testing.assert_array_equal(fitted[name].predict_risk(X.iloc[:, ::-1], HORIZON), expected)


@EVERY
def test_clone_has_the_settings_and_none_of_the_state(name, fitted, landmark):
    copy = clone(fitted[name])
    assert copy.get_params() == fitted[name].get_params()
    with pytest.raises(NotFittedError, match="not fitted"):
        copy.predict_risk(landmark[0], HORIZON)
    again = copy.fit(*landmark).predict_risk(landmark[0], HORIZON)
    np.testing.assert_array_equal(again, fitted[name].predict_risk(landmark[0], HORIZON))


@EVERY
def test_fit_leaves_its_arguments_alone_and_does_not_keep_them(name, landmark):
    X, y = landmark[0].copy(), landmark[1].copy()
    model = MODELS[name](HORIZON, 0).fit(X, y)
    pd.testing.assert_frame_equal(X, landmark[0])
    pd.testing.assert_frame_equal(y, landmark[1])
    assert not [key for key, value in vars(model).items() if isinstance(value, pd.DataFrame | pd.Series)]
    assert not [key for key, value in vars(model).items() if type(value).__module__.startswith("lifelines")]


@EVERY
def test_parameters_survive_json_to_the_last_bit(name, fitted, landmark):
    parameters = fitted[name].to_parameters()
    if name == "boosting":
        assert parameters is None
        return
    back = from_parameters(json.loads(json.dumps(parameters, allow_nan=False)))
    expected = fitted[name].predict_risk(landmark[0], HORIZON)
    np.testing.assert_array_equal(back.predict_risk(landmark[0], HORIZON), expected)
    if name in ("cox", "landmark_cox", "logit", "logistic"):
        pd.testing.assert_frame_equal(back.effects_, fitted[name].effects_)


@LOOKING
def test_missing_columns_are_named_with_those_added(name, fitted, landmark):
    wrong = landmark[0].rename(columns={"tenure_days": "age"})
    with pytest.raises(ArgumentError, match=r"lacks \['tenure_days'\] and adds \[.*'age'"):
        fitted[name].predict_risk(wrong, HORIZON)


@LOOKING
def test_further_columns_are_passed_over(name, fitted, landmark):
    X = landmark[0]
    more = X.assign(customer_id="C1")
    np.testing.assert_array_equal(
        fitted[name].predict_risk(more, HORIZON), fitted[name].predict_risk(X, HORIZON)
    )


@LOOKING
def test_text_and_infinity_are_refused_by_name(name, fitted, landmark):
    with pytest.raises(ArgumentError, match=r"\['tenure_days'\] are not numbers"):
        fitted[name].predict_risk(landmark[0].assign(tenure_days="long"), HORIZON)
    with pytest.raises(ArgumentError, match=r"\['tenure_days'\] hold infinite"):
        fitted[name].predict_risk(landmark[0].assign(tenure_days=np.inf), HORIZON)


@LOOKING
def test_a_column_without_any_value_is_no_hindrance(name, landmark):
    X = landmark[0].assign(calls=np.nan)
    risk = MODELS[name](HORIZON, 0).fit(X, landmark[1]).predict_risk(X, HORIZON)
    assert np.isfinite(risk).all()


@SURVIVAL
def test_survival_falls_from_one(name, fitted, landmark):
    times = np.array([0.0, 5, 10, 30, 60])
    survival = fitted[name].predict_survival(landmark[0], times)
    assert survival.shape == (len(landmark[0]), 5)
    assert (survival[:, 0] == 1).all()
    assert (np.diff(survival, axis=1) <= 0).all()
    risks = [fitted[name].predict_risk(landmark[0], t) for t in times]
    np.testing.assert_array_equal(1 - survival, np.stack(risks, axis=1))


@SURVIVAL
def test_times_beyond_what_was_seen_are_refused(name, fitted, landmark):
    with pytest.raises(GateError, match=r"up to 60 days"):
        fitted[name].predict_risk(landmark[0], 61)


@ONE_HORIZON
def test_another_horizon_is_refused(name, fitted, landmark):
    with pytest.raises(ArgumentError, match=r"horizon_days is 30; this model was fitted for 60\.0"):
        fitted[name].predict_risk(landmark[0], 30)


@EVERY
def test_no_events_are_a_gate_with_the_counts(name, landmark):
    X, y = landmark
    exits = int(y["competing"].sum())
    with pytest.raises(GateError, match=rf"RR401.* 1500 rows hold 0 events and {exits} competing exits"):
        MODELS[name](HORIZON, 0).fit(X, y.assign(event=False))


@ONE_HORIZON
def test_no_events_within_the_horizon_are_a_gate(name, landmark):
    first = landmark[1].query("event")["duration_days"].min()
    with pytest.raises(GateError, match="0 events within"):
        MODELS[name](float(first) / 2, 0).fit(*landmark)


@EVERY
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"duration_days": -1.0}, "1500 of 1500 values of duration_days are not above 0"),
        ({"duration_days": np.nan}, r"missing values in \['duration_days'\]"),
        ({"event": True, "competing": True}, "1500 rows are both event and competing"),
    ],
)
def test_impossible_outcomes_are_refused(name, landmark, change, words):
    with pytest.raises(ArgumentError, match=words):
        MODELS[name](HORIZON, 0).fit(landmark[0], landmark[1].assign(**change))


@EVERY
def test_outcomes_of_another_shape_are_refused(name, landmark):
    X, y = landmark
    with pytest.raises(ArgumentError, match=r"y lacks \['competing'\]"):
        MODELS[name](HORIZON, 0).fit(X, y.drop(columns="competing"))
    with pytest.raises(ArgumentError, match="X has 1499 rows and y has 1500"):
        MODELS[name](HORIZON, 0).fit(X.iloc[1:], y)
    with pytest.raises(GateError, match="0 rows hold 0 events"):
        MODELS[name](HORIZON, 0).fit(X.iloc[:0], y.iloc[:0])


@pytest.mark.parametrize("name", ["logit", "logistic", "boosting"])
def test_nothing_but_events_is_a_gate_for_classifiers(name, landmark):
    X, y = landmark
    with pytest.raises(GateError, match="all of 1500 rows known at 60 days are events"):
        MODELS[name](HORIZON, 0).fit(X, y.assign(event=True, competing=False))


@EVERY
def test_moments_with_a_time_zone_are_the_same_moments(name, fitted, landmark):
    X, y = landmark
    zoned = y.assign(moment=y["moment"].dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo"))
    again = MODELS[name](HORIZON, 0).fit(X, zoned).predict_risk(X, HORIZON)
    np.testing.assert_array_equal(again, fitted[name].predict_risk(X, HORIZON))


def test_foreign_parameters_are_refused(fitted):
    with pytest.raises(ArtefactError, match="model is 'Boosting'; it must be one of Prevalence"):
        from_parameters({"model": "Boosting", "settings": {}, "state": {}})
    with pytest.raises(ArtefactError, match=r"lack \['state'\]"):
        from_parameters({"model": "Cox", "settings": {}})
