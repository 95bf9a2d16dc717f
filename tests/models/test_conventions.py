"""What every estimator of the package holds to, whether or not it is on the command line's list."""

import inspect
import json
import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from retaliation_risk import models
from retaliation_risk.errors import ArgumentError, GateError, RetaliationRiskWarning
from retaliation_risk.models import from_parameters
from retaliation_risk.models._design import fit_design
from retaliation_risk.models.partial import partial_rows

from .conftest import HORIZON, simulate

ESTIMATORS = {
    name: thing
    for name, thing in vars(models).items()
    if inspect.isclass(thing) and issubclass(thing, BaseEstimator)
}
EVERY = pytest.mark.parametrize("name", sorted(ESTIMATORS))
SURVIVAL = pytest.mark.parametrize(
    "name", sorted(n for n, c in ESTIMATORS.items() if hasattr(c, "predict_survival"))
)
RIDGED = pytest.mark.parametrize(
    "name", sorted(n for n, c in ESTIMATORS.items() if "ridge" in c().get_params())
)


def make(name, **settings):
    """Unfitted, for the horizon of the tests where the class asks for one."""
    takes = ESTIMATORS[name]().get_params()
    return ESTIMATORS[name](**({"horizon_days": HORIZON} if "horizon_days" in takes else {}), **settings)


@pytest.fixture(scope="module")
def fitted(landmark):
    return {name: make(name).fit(*landmark) for name in ESTIMATORS}


def looks_at(model, X, column):
    """Whether a column plays any part in the predictions."""
    moved = X.assign(**{column: X[column].fillna(0) + 100})
    return not np.array_equal(model.predict_risk(moved, HORIZON), model.predict_risk(X, HORIZON))


def test_every_model_is_under_test():
    assert {"AFT", "Boosting", "Cox", "Hazard", "KaplanMeier", "Logistic", "Rule", "Supermodel"} <= set(
        ESTIMATORS
    )
    assert len(ESTIMATORS) == len([name for name in models.__all__ if name in ESTIMATORS])


@EVERY
def test_settings_go_in_and_out(name, fitted):
    """clone, get_params and set_params know every argument of the constructor, and fit changes none."""
    settings = fitted[name].get_params()
    assert list(settings) == sorted(inspect.signature(ESTIMATORS[name]).parameters)
    assert clone(fitted[name]).get_params() == settings
    assert make(name).get_params() == settings
    assert ESTIMATORS[name]().set_params(**settings).get_params() == settings
    with pytest.raises(ValueError, match="Invalid parameter 'colour'"):
        ESTIMATORS[name]().set_params(colour="red")


@EVERY
def test_a_clone_is_not_fitted(name, fitted):
    assert not [key for key in vars(clone(fitted[name])) if key.endswith("_")]


@EVERY
def test_the_columns_seen_are_noted_in_their_order(name, fitted, landmark):
    X, y = landmark
    assert fitted[name].feature_names_in_.tolist() == list(X.columns)
    assert fitted[name].n_features_in_ == X.shape[1]
    turned = make(name).fit(X.iloc[:, ::-1], y)
    assert turned.feature_names_in_.tolist() == list(X.columns)[::-1]
    assert not hasattr(make(name), "n_features_in_")


@EVERY
def test_a_fit_that_fails_notes_nothing(name, landmark):
    model = make(name)
    with pytest.raises(GateError, match="RR401"):
        model.fit(landmark[0], landmark[1].assign(event=False))
    assert not hasattr(model, "feature_names_in_")


@EVERY
def test_names_survive_json(name, fitted):
    parameters = fitted[name].to_parameters()
    if parameters is None:
        pytest.skip(f"{name} is not written as JSON")
    back = from_parameters(json.loads(json.dumps(parameters, allow_nan=False)))
    np.testing.assert_array_equal(back.feature_names_in_, fitted[name].feature_names_in_)
    # Parameters of before the names were noted can still be read.
    del parameters["state"]["feature_names_in_"]
    assert not hasattr(from_parameters(parameters), "feature_names_in_")


@EVERY
def test_it_works_at_the_end_of_a_pipeline(name, fitted, landmark):
    X, y = landmark
    same = FunctionTransformer(feature_names_out="one-to-one").set_output(transform="pandas")
    pipeline = Pipeline([("same", same), ("model", make(name))]).fit(X, y)
    risk = pipeline[-1].predict_risk(pipeline[:-1].transform(X), HORIZON)
    np.testing.assert_array_equal(risk, fitted[name].predict_risk(X, HORIZON))
    if "ridge" in pipeline[-1].get_params():
        assert clone(pipeline).set_params(model__ridge=9.0)[-1].ridge == 9.0


@EVERY
@pytest.mark.parametrize("column", ["failed_recoveries_ever", "tenure_days", "always_one"])
def test_a_missing_column_is_named_or_was_never_looked_at(name, fitted, landmark, column):
    X = landmark[0]
    if not looks_at(fitted[name], X, column):
        try:
            risk = fitted[name].predict_risk(X.drop(columns=column), HORIZON)
        except ArgumentError as error:
            # A column that was constant in training is still part of the table.
            assert f"lacks ['{column}']" in str(error)  # noqa: PT017
        else:
            np.testing.assert_array_equal(risk, fitted[name].predict_risk(X, HORIZON))
        return
    with pytest.raises(ArgumentError, match=rf"RR101.*lacks \['{column}'\]"):
        fitted[name].predict_risk(X.drop(columns=column), HORIZON)


@EVERY
def test_constant_columns_are_named_and_say_nothing(name, fitted, landmark):
    X = landmark[0]
    assert not looks_at(fitted[name], X, "always_one")
    if hasattr(fitted[name], "dropped_"):
        assert fitted[name].dropped_ == ["always_one"]


@EVERY
def test_missing_values_are_filled_with_the_training_median(name, fitted, landmark):
    X = landmark[0]
    empty = X.assign(tenure_days=np.nan)
    risk = fitted[name].predict_risk(empty, HORIZON)
    assert np.isfinite(risk).all()
    if hasattr(fitted[name], "design_"):
        # Of the rows learned from: a classifier leaves out those censored inside its horizon.
        median = float(fitted[name].design_.typical["tenure_days"])
        assert median == pytest.approx(np.nanmedian(X["tenure_days"]), rel=0.01)
        by_hand = fitted[name].predict_risk(X.assign(tenure_days=median), HORIZON)
        np.testing.assert_allclose(risk, by_hand, rtol=1e-12)


@EVERY
def test_nothing_but_constants_is_a_gate_or_no_matter(name, landmark):
    X, y = landmark
    flat = X.assign(**dict.fromkeys(X.columns, 1.0))
    try:
        risk = make(name).fit(flat, y).predict_risk(flat, HORIZON)
    except GateError as error:
        assert "RR406 nothing varies" in str(error)  # noqa: PT017
    else:
        assert np.ptp(risk) < 1e-12


@EVERY
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"duration_days": -2.0},
            r"RR111.*1500 of 1500 values of duration_days are not above 0 \(least: -2\.0\)",
        ),
        ({"duration_days": 0.0}, r"values of duration_days are not above 0 \(least: 0\.0\)"),
        ({"duration_days": np.inf}, "values of duration_days are not"),
        ({"event": False}, r"RR401.*1500 rows hold 0 events and \d+ competing exits.*Lengthen the history"),
    ],
)
def test_outcomes_that_teach_nothing_are_refused_with_value_and_cure(name, landmark, change, words):
    with pytest.raises((ArgumentError, GateError), match=words):
        make(name).fit(landmark[0], landmark[1].assign(**change))


@SURVIVAL
def test_survival_falls_from_one_and_risk_is_what_is_lost(name, fitted, landmark):
    model, X = fitted[name], landmark[0]
    times = np.array([0.0, 0.5, 5, 7, 30, 59.9, HORIZON])
    survival = model.predict_survival(X, times)
    assert survival.shape == (len(X), len(times))
    assert (survival[:, 0] == 1).all()
    assert (np.diff(survival, axis=1) <= 0).all()
    assert (survival >= 0).all()
    risks = [model.predict_risk(X, time) for time in times]
    np.testing.assert_array_equal(1 - survival, np.stack(risks, axis=1))
    assert model.predict_survival(X.iloc[:0], times).shape == (0, len(times))
    np.testing.assert_allclose(model.predict_survival(X.iloc[[7]], times), survival[[7]], rtol=1e-12)


@SURVIVAL
def test_times_that_were_never_seen_are_refused(name, fitted, landmark):
    with pytest.raises(
        GateError, match="RR405.*61 days were asked; this model has seen follow-up up to 60 days"
    ):
        fitted[name].predict_survival(landmark[0], [30, 61])
    with pytest.raises(ArgumentError, match="a time of -1.0 days was asked; it must be at least 0"):
        fitted[name].predict_survival(landmark[0], [-1.0])


@SURVIVAL
def test_effects_are_a_table_of_one_row_per_column_kept(name, fitted, landmark):
    if not hasattr(fitted[name], "effects_"):
        pytest.skip(f"{name} has no effects")
    effects = fitted[name].effects_
    kept = {"failed_recoveries_ever", "tenure_days", "calls"}
    assert set(effects["feature"]) == kept
    assert {"estimate", "low", "high", "p_value", "kind", "unit", "scale"} <= set(effects)
    assert (effects["estimate"] > 0).all()
    # Failed recoveries are what drives these data; a time ratio says so by being below 1.
    strongest = effects.assign(size=np.log(effects["estimate"]).abs()).nlargest(1, "size").iloc[0]
    assert strongest["feature"] == "failed_recoveries_ever"
    assert (strongest["estimate"] > 1) == (strongest["kind"] != "time ratio")


def combined(landmark):
    """A column that is the sum of two others, none of them skewed."""
    X, y = landmark
    rng = np.random.default_rng(3)
    X = X[["calls"]].assign(opened=rng.normal(size=len(X)), always_one=1.0)
    return X.assign(touches=X["calls"] + 2 * X["opened"] + 5), y


def test_combinations_of_columns_are_found_whatever_their_order(landmark):
    X, _ = combined(landmark)
    assert fit_design(X).collinear == (("touches", "calls", "opened"),)
    assert fit_design(X.rename(columns={"touches": "a"})).collinear == (("opened", "a", "calls"),)
    assert fit_design(X.assign(copy=X["calls"])).collinear == (
        ("copy", "calls"),
        ("touches", "calls", "opened"),
    )
    assert fit_design(X.drop(columns="touches")).collinear == ()
    nearly = X.assign(touches=X["touches"] + np.random.default_rng(0).normal(scale=1e-3, size=len(X)))
    assert fit_design(nearly).collinear == ()


@RIDGED
def test_combinations_are_named_and_shared_out_by_the_ridge(name, landmark):
    X, y = combined(landmark)
    model = make(name).fit(X, y)
    assert model.collinear_ == (("touches", "calls", "opened"),)
    assert np.isfinite(model.predict_risk(X, HORIZON)).all()
    back = from_parameters(json.loads(json.dumps(model.to_parameters())))
    assert back.collinear_ == model.collinear_
    with pytest.raises(ArgumentError, match="RR408.*'touches' is a combination of 'calls', 'opened'"):
        make(name, ridge=0).fit(X, y)


@RIDGED
def test_few_events_without_a_ridge_are_a_warning_with_the_counts(name):
    X, y = simulate(300, seed=2)
    X, seen = X.fillna(500.0), np.flatnonzero(y["event"])[:25]
    y = y.assign(event=np.isin(np.arange(300), seen))
    with pytest.warns(
        RetaliationRiskWarning, match=r"^RR407 .*25 events for 3 columns, 8\.3 each\. Set ridge"
    ) as found:
        make(name, ridge=0).fit(X, y)
    # One warning, pointing at the line that called fit.
    assert [warning.filename for warning in found] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make(name).fit(X, y)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"start": [5, 0, 0]},
            "start is 5.0 and stop 4.0 in row 0; start must be before stop: drop rows of no length",
        ),
        ({"start": [0, 6, 0]}, "start is 6.0 and stop 6.0 in row 1; start must be before stop"),
        ({"stop": [4, -6, 8]}, "stop is -6.0 in row 1; without start it is a duration, 0 or more"),
        ({"stop": [4, np.nan, 8]}, "stop is nan in row 1; it must be finite"),
        ({"stop": [4, 6]}, r"stop has shape \(2,\); X has 3 rows, so it must be \(3,\)"),
        ({"event": [0, 2, 1]}, "event is 2.0 in row 1; it must be true or false"),
        ({"weight": [1, 0, 1]}, "weight is 0.0 in row 1; it must be above 0: drop rows of no weight"),
        ({"cluster": ["a", None, "b"]}, "cluster is None in row 1; every row needs a label"),
        (
            {"X": [[1.0], [np.inf], [0.0]]},
            "column 'calls' is inf in row 1; covariates must be finite: fill or drop",
        ),
    ],
)
def test_rows_of_the_partial_likelihood_are_refused_with_value_and_cure(change, words):
    rows = {"X": [[1.0], [2.0], [0.0]], "stop": [4, 6, 8], "event": [1, 0, 1], "names": ["calls"]} | change
    with pytest.raises(ArgumentError, match=words):
        partial_rows(rows.pop("X"), **rows)
