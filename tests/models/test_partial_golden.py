"""The partial likelihood against R's survival, number by number; tests/golden/cox.R made the numbers."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.models.partial import (
    baseline,
    cumulative_hazard,
    deviance_residuals,
    dfbeta_residuals,
    fit_concordance,
    fit_rows,
    martingale_residuals,
    partial_rows,
    proportional_hazards_test,
    schoenfeld_residuals,
    score_residuals,
    survival_curves,
)
from retaliation_risk.models.partial.likelihood import hazards
from retaliation_risk.models.partial.risk import risk_sets
from retaliation_risk.models.partial.scores import cluster_variance

GOLDEN = Path(__file__).parent.parent / "golden"
SIMULATED = json.loads((GOLDEN / "cox_simulated.json").read_text())
PUBLIC = json.loads((GOLDEN / "cox_public.json").read_text())
X = ["x1", "x2", "x3"]


def close(ours, theirs, rtol=1e-8):
    """Equal to 1e-8 of the value, or of the largest value beside it where this one is next to 0."""
    theirs = np.array(theirs, dtype=float)
    ours = np.asarray(ours, dtype=float).reshape(theirs.shape)
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol * np.nanmax(np.abs(theirs)))


@pytest.fixture(scope="module")
def simulated():
    return pd.read_csv(GOLDEN / "cox_simulated.csv")


def simulated_rows(data, kind):
    """Rows as each case of cox.R reads the simulated data."""
    start = {"right": None, "right_full": None, "continuous": data["begin"]}.get(kind, data["start"])
    stop = {"right": data["time"], "right_full": data["time"], "continuous": data["end"]}.get(
        kind, data["stop"]
    )
    full = kind.endswith("_full")
    return partial_rows(
        data[X],
        names=X,
        start=start,
        stop=stop,
        event=data["event"],
        strata=data["stratum"] if full or kind == "weighted" else None,
        weight=data["weight"] if full or kind == "weighted" else None,
        offset=data["offset"] if full else None,
        cluster=None if kind in {"right", "weighted", "ridge"} else data["id"],
    )


KINDS = ["right", "entry", "right_full", "entry_full"]
CASES = [(kind, ties) for kind in [*KINDS, "weighted"] for ties in ("efron", "breslow")]
CASES.append(("continuous", "efron"))
RICH = [case for case in CASES if case[0] != "weighted"]


def golden(kind, ties):
    return SIMULATED[kind if kind == "continuous" else f"{kind}_{ties}"]


def check_fit(fit, theirs):
    close(fit.coefficients, theirs["coefficients"])
    close(np.sqrt(np.diag(fit.covariance)), theirs["se"])
    close([fit.log_likelihood_null, fit.log_likelihood], theirs["loglik"])
    close(fit.likelihood_ratio.statistic, 2 * np.diff(theirs["loglik"]))
    close(fit.score.statistic, theirs["score"])
    if "wald" in theirs:
        close(fit.wald.statistic, theirs["wald"])
    if "robust" in theirs:
        close(fit.robust, theirs["robust"])
        close(fit.robust_score.statistic, theirs["robust_score"])
    else:
        assert fit.robust is None


def check_zph(fit, rows, theirs):
    for transform in ("km", "rank", "identity", "log"):
        ours = proportional_hazards_test(fit, rows, transform)
        table = [(test.statistic, test.df, test.p_value) for test in (*ours.columns, ours.together)]
        close(table, theirs[transform])


def check_concordance(fit, rows, theirs):
    ours = fit_concordance(fit, rows)
    counts = [ours.concordant, ours.discordant, ours.tied_score, ours.tied_time, ours.tied_both]
    close([ours.concordance, ours.standard_error, *counts], theirs)


def check_hazard(fit, rows, theirs):
    """R gives the hazard of a row of zeros at every time; ours steps at event times."""
    base = baseline(fit, rows)
    stratum, time, hazard = np.array(theirs).T
    for code in np.unique(stratum):
        mine = stratum == code
        zero = np.zeros((1, len(fit.names)))
        ours = cumulative_hazard(fit, base, zero, time[mine], strata=[base.strata[int(code) - 1]])
        close(ours[0], hazard[mine])


@pytest.mark.parametrize(("kind", "ties"), CASES)
def test_fit_is_that_of_r(simulated, kind, ties):
    check_fit(fit_rows(simulated_rows(simulated, kind), ties=ties), golden(kind, ties))


@pytest.mark.parametrize(("kind", "ties"), RICH)
def test_residuals_are_those_of_r(simulated, kind, ties):
    rows, theirs = simulated_rows(simulated, kind), golden(kind, ties)
    fit = fit_rows(rows, ties=ties)
    close(martingale_residuals(fit, rows), theirs["martingale"])
    close(deviance_residuals(fit, rows), theirs["deviance"])
    close(score_residuals(fit, rows), theirs["score_residuals"])
    close(dfbeta_residuals(fit, rows), theirs["dfbeta"])
    close(schoenfeld_residuals(fit, rows).residuals, theirs["schoenfeld"])
    close(schoenfeld_residuals(fit, rows, scaled=True).residuals, theirs["scaled"])


def in_order(time, residuals):
    """Residuals by time and size: R has tied events of (start, stop] rows the other way round."""
    table = np.column_stack([np.array(time, dtype=float), np.array(residuals, dtype=float)])
    return table[np.lexsort(np.round(table, 6).T[::-1])]


@pytest.mark.parametrize(("kind", "ties"), RICH)
def test_proportional_hazards_are_tested_as_in_r(simulated, kind, ties):
    rows, theirs = simulated_rows(simulated, kind), golden(kind, ties)["zph"]
    fit = fit_rows(rows, ties=ties)
    check_zph(fit, rows, theirs)
    test = proportional_hazards_test(fit, rows)
    close(in_order(test.transformed, test.scaled), in_order(theirs["x"], theirs["y"]))
    close(test.covariance, theirs["var"])


@pytest.mark.parametrize(("kind", "ties"), RICH)
def test_concordance_is_that_of_r(simulated, kind, ties):
    rows, theirs = simulated_rows(simulated, kind), golden(kind, ties)
    check_concordance(fit_rows(rows, ties=ties), rows, theirs["concordance"])


@pytest.mark.parametrize(("kind", "ties"), [case for case in CASES if "full" not in case[0]])
def test_baseline_hazard_is_that_of_r(simulated, kind, ties):
    rows = simulated_rows(simulated, kind)
    check_hazard(fit_rows(rows, ties=ties), rows, golden(kind, ties)["hazard"])


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_survival_curves_are_those_of_r(simulated, ties):
    rows, theirs = simulated_rows(simulated, "weighted"), SIMULATED[f"weighted_{ties}"]
    fit = fit_rows(rows, ties=ties)
    who = [[0.0, 1.0, 200.0], [1.0, 0.0, 205.0]]
    times = theirs["curve_time"][: len(theirs["curve_time"]) // 2]
    ours = survival_curves(fit, baseline(fit, rows), who, times, strata=["b", "b"])
    close(ours.ravel(), theirs["curve_survival"])


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_ridge_is_that_of_r(simulated, ties):
    fit = fit_rows(simulated_rows(simulated, "ridge"), ties=ties, ridge=2.0)
    theirs = SIMULATED[f"ridge_{ties}"]
    close(fit.coefficients, theirs["coefficients"])
    close(np.sqrt(np.diag(fit.covariance)), theirs["se"])
    close(fit.log_likelihood, theirs["loglik"][1])


def test_sampled_sets_with_one_case_are_those_of_r(simulated):
    """But for the robust covariance, which R makes from customers alone: see test_partial_sampled.py."""
    rows = partial_rows(
        simulated[X],
        event=simulated["case_one"],
        sets=simulated["set_one"],
        offset=simulated["offset"],
        cluster=simulated["id"],
    )
    fit, theirs = fit_rows(rows), SIMULATED["sets_one"]
    sets = risk_sets(rows)
    top, null = (
        cluster_variance(hazards(sets, beta), sets, rows.cluster)
        for beta in (fit.coefficients * sets.scale, np.zeros(3))
    )
    robust = fit.covariance @ (top * np.outer(sets.scale, sets.scale)) @ fit.covariance
    close(robust, theirs["robust"])
    gradient = hazards(sets, np.zeros(3)).gradient()
    close(gradient @ np.linalg.solve(null, gradient), theirs["robust_score"])
    close(fit.coefficients @ np.linalg.solve(robust, fit.coefficients), theirs["wald"])
    alone = {
        name: value for name, value in theirs.items() if not name.startswith("robust") and name != "wald"
    }
    check_fit(replace(fit, robust=None), alone)
    check_concordance(fit, rows, theirs["concordance"])
    close(martingale_residuals(fit, rows), theirs["martingale"])
    close(score_residuals(fit, rows), theirs["score_residuals"])


def test_sampled_sets_with_several_cases_are_the_exact_ones_of_r(simulated):
    rows = partial_rows(
        simulated[X], event=simulated["case_many"], sets=simulated["set_many"], offset=simulated["offset"]
    )
    fit = fit_rows(rows)
    assert fit.ties == "exact"
    check_fit(fit, SIMULATED["sets_many"])


def recurrent(name):
    folder = os.environ.get("RETALIATION_RISK_DATA")
    path = Path(folder or ".") / "recurrent_events" / f"{name}.csv"
    if not folder or not path.exists():
        pytest.skip(f"needs RETALIATION_RISK_DATA with recurrent_events/{name}.csv")
    return pd.read_csv(path)


def cgd():
    data = recurrent("cgd")
    columns = {
        "treated": data["treat"] == "rIFN-g",
        "autosomal": data["inherit"] == "autosomal",
        "age": data["age"],
        "steroids": data["steroids"],
    }
    return columns, {
        "start": data["tstart"],
        "stop": data["tstop"],
        "event": data["status"],
        "cluster": data["id"],
    }


def readmission():
    data = recurrent("readmission")
    columns = {
        "female": data["sex"] == "Female",
        "charlson12": data["charlson"] == "1-2",
        "charlson3": data["charlson"] == "3",
        "dukesC": data["dukes"] == "C",
        "dukesD": data["dukes"] == "D",
        "treated": data["chemo"] == "Treated",
    }
    return columns, {
        "start": data["t.start"],
        "stop": data["t.stop"],
        "event": data["event"],
        "cluster": data["id"],
    }


def bladder2_ag():
    data = recurrent("bladder2")
    return {name: data[name] for name in ("rx", "number", "size")}, {
        "start": data["start"],
        "stop": data["stop"],
        "event": data["event"],
        "cluster": data["id"],
    }


def bladder2_pwp():
    columns, times = bladder2_ag()
    return columns, times | {"strata": recurrent("bladder2")["enum"]}


def rotterdam():
    data = recurrent("rotterdam")
    columns = {name: data[name] for name in ("age", "meno", "grade", "nodes", "hormon")}
    return columns, {"stop": data["dtime"], "event": data["death"]}


@pytest.mark.parametrize(
    ("name", "source", "ties"),
    [
        ("cgd", cgd, "efron"),
        ("cgd_breslow", cgd, "breslow"),
        ("readmission", readmission, "efron"),
        ("bladder2_pwp", bladder2_pwp, "efron"),
        ("bladder2_ag", bladder2_ag, "efron"),
        ("rotterdam", rotterdam, "efron"),
    ],
)
def test_public_data_give_the_numbers_of_r(name, source, ties):
    columns, times = source()
    matrix = np.column_stack([np.asarray(values, dtype=float) for values in columns.values()])
    rows = partial_rows(matrix, names=list(columns), **times)
    fit, theirs = fit_rows(rows, ties=ties), PUBLIC[name]
    check_fit(fit, theirs)
    check_hazard(fit, rows, theirs["hazard"])
    check_zph(fit, rows, theirs["zph"])
    check_concordance(fit, rows, theirs["concordance"])
    residuals = {
        "martingale": martingale_residuals(fit, rows),
        "deviance": deviance_residuals(fit, rows),
        "score_residuals": score_residuals(fit, rows),
        "dfbeta": dfbeta_residuals(fit, rows),
        "schoenfeld": schoenfeld_residuals(fit, rows).residuals,
        "scaled": schoenfeld_residuals(fit, rows, scaled=True).residuals,
    }
    for kind, values in residuals.items():
        columns_of = values.reshape(len(values), -1)
        number = np.arange(1, len(values) + 1)[:, None]
        close(np.append((columns_of**2).sum(axis=0), (columns_of * number).sum(axis=0)), theirs[kind])


@pytest.mark.parametrize(
    ("name", "coefficients", "errors"),
    [
        ("cgd", [-1.09976, 0.38253, -0.03967, 1.06153], [0.30931, 0.32077, 0.01485, 0.59059]),
        ("bladder2_ag", [-0.46469, 0.17496, -0.04366], [0.26556, 0.06304, 0.07762]),
        ("bladder2_pwp", [-0.333489, 0.119617, -0.008495], [0.204787, 0.051387, 0.061635]),
        (
            "readmission",
            [-0.5407, 0.5062, 0.4653, 0.3395, 1.3736, -0.2434],
            [0.1700, 0.2915, 0.1464, 0.1910, 0.2230, 0.1655],
        ),
    ],
)
def test_the_golden_numbers_are_those_r_prints_for_these_data(name, coefficients, errors):
    """Digits as R's summary of the published analyses prints them, without the data at hand."""
    np.testing.assert_allclose(PUBLIC[name]["coefficients"], coefficients, atol=6e-5)
    np.testing.assert_allclose(np.sqrt(np.diag(PUBLIC[name]["robust"])), errors, atol=6e-5)


@pytest.mark.parametrize(
    ("name", "coefficients"),
    [
        ("rotterdam", [0.016798, -0.007506, 0.413983, 0.088733, -0.022896]),
        ("cgd_breslow", [-1.10197892, 0.38235474, -0.03959279, 1.05965531]),
    ],
)
def test_and_those_without_robust_errors(name, coefficients):
    np.testing.assert_allclose(PUBLIC[name]["coefficients"], coefficients, atol=6e-7)
