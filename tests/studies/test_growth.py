"""Growth curves: lme4's numbers to the last digits, statsmodels beside it, and a plain likelihood by loops."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal

from retaliation_risk.errors import DataError, RetaliationRiskWarning
from retaliation_risk.studies.estimators.growth import (
    Growth,
    _profile,
    _sums,
    fit_growth,
    growth_curves,
    time_slopes,
)

from .golden import close, data, numbers

SLOPES = Growth("revenge", "week", "person", "quality")
AGED = Growth("revenge", "week", "person", "quality", controls=("age",))
LEVELS = Growth("revenge", "week", "person", "quality", random_slope=False)


@pytest.mark.parametrize(
    ("name", "model", "order"),
    [
        ("slopes_reml", SLOPES, [0, 1, 2, 3]),
        ("slopes_ml", SLOPES, [0, 1, 2, 3]),
        ("aged_reml", AGED, [0, 1, 2, 4, 3]),
        ("levels_reml", LEVELS, [0, 1, 2, 3]),
        ("levels_ml", LEVELS, [0, 1, 2, 3]),
    ],
)
def test_estimates_errors_deviations_and_likelihood_are_those_of_lme4(name, model, order):
    theirs = numbers("growth")[name]
    fit = fit_growth(data("growth"), model, method=name.split("_")[1])
    table = fit.coefficients.table().iloc[order]
    close(table["estimate"], theirs["estimate"])
    close(table["se"], theirs["se"], rtol=1e-7)
    close(fit.random["estimate"], theirs["random"], rtol=1e-7)
    close(fit.log_likelihood, theirs["loglik"], rtol=1e-10)


def test_statsmodels_has_the_same_estimates_where_time_is_well_scaled():
    from statsmodels.regression.mixed_linear_model import MixedLM

    rows, ours = data("growth"), fit_growth(data("growth"), SLOPES)
    X = np.column_stack([np.ones(len(rows)), rows["week"], rows["quality"], rows["week"] * rows["quality"]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = MixedLM(rows["revenge"], X, rows["person"], exog_re=X[:, :2]).fit(reml=True)
    close(ours.coefficients.estimate, theirs.fe_params, rtol=1e-6)
    assert ours.log_likelihood == pytest.approx(theirs.llf, abs=1e-6)


def test_the_deviance_is_that_of_normal_vectors_person_by_person():
    rows = data("growth").head(60)
    X = np.column_stack([np.ones(60), rows["week"]])
    y, person = rows["revenge"].to_numpy(), rows["person"].to_numpy()
    theta = np.array([0.9, -0.2, 0.3])
    best = _profile(theta, _sums(X, y, X, person), False)
    L = np.array([[0.9, 0.0], [-0.2, 0.3]])
    total = 0.0
    for one in np.unique(person):
        Z = X[person == one]
        V = best.sigma**2 * (np.eye(len(Z)) + Z @ L @ L.T @ Z.T)
        total += multivariate_normal.logpdf(y[person == one], Z @ best.beta, V)
    assert best.deviance == pytest.approx(-2 * total, rel=1e-10)


def test_units_of_time_and_of_the_outcome_change_nothing_else():
    rows = data("growth")
    fit = fit_growth(rows, SLOPES).coefficients.table()
    moved = rows.assign(week=rows["week"] * 7, revenge=1000 * rows["revenge"] + 1e5)
    days = fit_growth(moved.sample(frac=1, random_state=0), SLOPES).coefficients.table()
    close(days["estimate"] / [1000, 1000 / 7, 1000, 1000 / 7] - [100, 0, 0, 0], fit["estimate"], rtol=1e-7)
    close(days["se"] / [1000, 1000 / 7, 1000, 1000 / 7], fit["se"], rtol=1e-7)


def test_the_zero_of_time_may_be_far_away():
    rows = data("growth")
    near, far = fit_growth(rows, SLOPES), fit_growth(rows.assign(week=rows["week"] + 2000), SLOPES)
    assert far.log_likelihood == pytest.approx(near.log_likelihood, abs=1e-7)
    for column in ("estimate", "se"):
        ours, theirs = (fit.coefficients.table()[column].iloc[[1, 3]] for fit in (far, near))
        close(ours, theirs, rtol=1e-6)


def test_slopes_and_curves_are_sums_of_the_coefficients():
    fit = fit_growth(data("growth"), AGED)
    beta = dict(zip(AGED.terms, fit.coefficients.estimate, strict=True))
    slope = time_slopes(fit, [2.0]).iloc[0]
    assert slope["estimate"] == pytest.approx(beta["week"] + 2 * beta["week:quality"])
    curve = growth_curves(fit, [2.0], [0.0, 3.0])
    rise = curve["estimate"].diff().iloc[1]
    assert rise == pytest.approx(3 * slope["estimate"])
    start = beta["intercept"] + 2 * beta["quality"] + beta["age"] * data("growth")["age"].mean()
    assert curve["estimate"].iloc[0] == pytest.approx(start)
    assert len(growth_curves(fit)) == 3 * 51


def test_a_variance_of_nothing_is_said():
    rng = np.random.default_rng(6)
    rows = pd.DataFrame({"person": np.repeat(np.arange(40), 3), "week": np.tile([0.0, 1, 2], 40)})
    rows["quality"] = rng.normal(size=40)[rows["person"]]
    noise = rng.normal(size=(40, 3))
    rows["revenge"] = (noise - noise.mean(axis=1, keepdims=True)).ravel() - 0.5 * rows["week"]
    with pytest.warns(RetaliationRiskWarning, match="RR644 .*sd intercept 0"):
        fit = fit_growth(rows, LEVELS)
    X = np.column_stack([np.ones(120), rows["week"], rows["quality"], rows["week"] * rows["quality"]])
    close(fit.coefficients.estimate, np.linalg.lstsq(X, rows["revenge"], rcond=None)[0])


def test_slower_decay_of_strong_relationships_is_found():
    """The truth of growth.R: -0.25 a week at the mean strength, 0.1 less steep for each unit of strength."""
    found = fit_growth(data("growth"), SLOPES).coefficients.table().set_index("term")
    assert found.loc["week", "low"] < -0.25 < found.loc["week", "high"] < 0
    assert 0 < found.loc["week:quality", "low"] < 0.1 < found.loc["week:quality", "high"]


def test_what_cannot_be_fitted_is_named():
    rows = data("growth")
    with pytest.raises(DataError, match="RR641 .*'quality' is 1"):
        fit_growth(rows.assign(quality=1), SLOPES)
    with pytest.raises(DataError, match="RR640 .*'person'"):
        fit_growth(rows.assign(person=rows["person"].where(rows["person"] > 3)), SLOPES)
    with pytest.raises(ValueError, match="RR111 .*'quality' goes from .* within one 'person'"):
        fit_growth(rows.assign(quality=rows["quality"] + rows["week"]), SLOPES)
    with pytest.raises(DataError, match="RR642 .*3 persons of 'person'"):
        fit_growth(rows[rows["person"] < 4], SLOPES)
    with pytest.raises(DataError, match="RR642 .*90 persons of 'person' with 90 rows"):
        fit_growth(rows.groupby("person").head(1).assign(week=np.arange(90) % 5), SLOPES)
