"""Recurrent events against R's survival, number by number; tests/golden/recurrent.R made the numbers."""

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.models.competing import aalen_johansen, incidence_table
from retaliation_risk.models.recurrent import earlier_events, fit_recurrent, mean_cumulative_events

from .golden import GOLDEN, check_fit, close, numbers, recurrent

SIMULATED = numbers("recurrent_simulated")
PUBLIC = numbers("recurrent_public")
NAMES = {"id": "customer_id", "status": "event"}
NAMES |= dict.fromkeys(("start", "tstart", "t.start"), "start_days")
NAMES |= dict.fromkeys(("stop", "tstop", "t.stop"), "stop_days")
MODELS = ["andersen_gill", "earlier", "pwp_total", "pwp_gap", "pwp_total_pooled", "pwp_gap_pooled"]


def fitted(name, frame, covariates, at_most, weight=None):
    """Fit as each case of recurrent.R does."""
    if name == "earlier":
        frame = frame.assign(earlier=earlier_events(frame))
        return fit_recurrent(frame, [*covariates, "earlier"], weight=weight)
    kind, pooled = name.removesuffix("_pooled"), name.endswith("_pooled")
    return fit_recurrent(frame, covariates, kind=kind, max_stratum=at_most if pooled else None, weight=weight)


def check_mean(found, theirs):
    close(found["day"], theirs["time"])
    close(found["mean"], theirs["mean"])
    close(found["standard_error"], theirs["std_err"])


@pytest.fixture(scope="module")
def simulated():
    data = pd.read_csv(GOLDEN / "cox_simulated.csv").rename(columns=NAMES)
    # One weight per customer: R's survfit asks for it.
    return data.assign(weight=data.groupby("customer_id")["weight"].transform("first"))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("weight", [None, "weight"])
def test_simulated_data_give_the_numbers_of_r(name, weight, simulated):
    theirs = SIMULATED["weighted" if weight else "plain"][name]
    check_fit(fitted(name, simulated, ["x1", "x3"], 2, weight), theirs)


def test_mean_number_of_events_is_that_of_r(simulated):
    check_mean(mean_cumulative_events(simulated), SIMULATED["mean"])
    check_mean(mean_cumulative_events(simulated, weight="weight"), SIMULATED["mean_weighted"])


def counting(name):
    """Rows of a public data set under our names."""
    return recurrent(name).rename(columns=NAMES)


def cgd():
    data = counting("cgd")
    data = data.assign(treated=data["treat"] == "rIFN-g", autosomal=data["inherit"] == "autosomal")
    return data, ["treated", "autosomal", "age", "steroids"], 3


def readmission():
    data = counting("readmission")
    data = data.assign(female=data["sex"] == "Female", treated=data["chemo"] == "Treated")
    return data, ["female", "treated"], 4


def bladder2():
    return counting("bladder2"), ["rx", "number", "size"], 3


SOURCES = pytest.mark.parametrize("source", [cgd, readmission, bladder2], ids=lambda f: f.__name__)


@SOURCES
@pytest.mark.parametrize("name", MODELS)
def test_public_data_give_the_numbers_of_r(source, name):
    check_fit(fitted(name, *source()), PUBLIC[source.__name__][name])


@SOURCES
def test_mean_numbers_of_public_data_are_those_of_r(source):
    check_mean(mean_cumulative_events(source()[0]), PUBLIC[f"mean_{source.__name__}"])


def test_published_analyses_are_reproduced():
    """Digits as R prints them for the published analyses of these data."""
    frame, covariates, _ = cgd()
    fit = fit_recurrent(frame, covariates)
    np.testing.assert_allclose(fit.coefficients, [-1.09976, 0.38253, -0.03967, 1.06153], atol=6e-6)
    np.testing.assert_allclose(fit.standard_errors, [0.30931, 0.32077, 0.01485, 0.59059], atol=6e-6)
    frame, covariates, _ = bladder2()
    fit = fit_recurrent(frame, covariates)
    np.testing.assert_allclose(fit.coefficients, [-0.46469, 0.17496, -0.04366], atol=6e-6)
    np.testing.assert_allclose(fit.standard_errors, [0.26556, 0.06304, 0.07762], atol=6e-6)
    fit = fit_recurrent(frame, covariates, kind="pwp_total")
    np.testing.assert_allclose(fit.coefficients, [-0.333489, 0.119617, -0.008495], atol=6e-7)
    np.testing.assert_allclose(fit.standard_errors, [0.204787, 0.051387, 0.061635], atol=6e-7)


def test_published_readmissions_are_reproduced():
    frame = readmission()[0]
    levels = {"charlson12": ("charlson", "1-2"), "charlson3": ("charlson", "3"), "C": ("dukes", "C")}
    levels |= {"D": ("dukes", "D")}
    frame = frame.assign(**{name: frame[column] == level for name, (column, level) in levels.items()})
    fit = fit_recurrent(frame, ["female", *levels, "treated"])
    coefficients = [-0.5407, 0.5062, 0.4653, 0.3395, 1.3736, -0.2434]
    np.testing.assert_allclose(fit.coefficients, coefficients, atol=6e-5)
    errors = [0.1700, 0.2915, 0.1464, 0.1910, 0.2230, 0.1655]
    np.testing.assert_allclose(fit.standard_errors, errors, atol=6e-5)
    found = mean_cumulative_events(frame, [365, 1000])
    np.testing.assert_allclose(found["mean"], [0.638299, 1.174892], atol=6e-7)


def test_published_survival_of_rotterdam_is_reproduced():
    """Kaplan-Meier is the incidence of a single cause, from the other end."""
    data = recurrent("rotterdam")
    death = incidence_table(aalen_johansen(data["dtime"], data["death"]), [1825, 3650])
    np.testing.assert_allclose(1 - death["incidence"], [0.7435351, 0.5521584], atol=6e-8)
