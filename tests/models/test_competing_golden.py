"""Competing risks against R's survival, number by number; tests/golden/competing.R made the numbers."""

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.models.competing import ExitOrVoice, aalen_johansen, fine_gray_rows, fit_fine_gray

from .golden import GOLDEN, check_fit, close, numbers, recurrent

SIMULATED = numbers("competing_simulated")
PUBLIC = numbers("competing_public")


@pytest.fixture(scope="module")
def simulated():
    return pd.read_csv(GOLDEN / "competing_simulated.csv")


@pytest.fixture(scope="module")
def whole(simulated):
    """Customers in one row: the last, from the beginning."""
    return simulated.drop_duplicates("id", keep="last")


def spells(name, simulated, whole):
    """Arguments as each case of competing.R reads the simulated data."""
    data = simulated if name.startswith("late") else whole
    stop = data["exact"] if name == "exact" else data["stop"]
    late = {"start": data["start"]} if name.startswith("late") else {}
    weight = {"weight": data["weight"]} if name in ("exact", "weighted", "late_weighted") else {}
    return data, {"stop": stop, "cause": data["cause"]} | late | weight


def check_curve(found, theirs, low, high):
    close(found.time, theirs["time"])
    np.testing.assert_array_equal(found.at_risk, theirs["at_risk"])
    np.testing.assert_array_equal(found.events, theirs["events"])
    close(np.column_stack([found.survival, found.incidence]), theirs["pstate"])
    close(np.column_stack([found.survival_error, found.standard_error]), theirs["std_err"])
    close(found.low, theirs[low])
    close(found.high, theirs[high])


@pytest.mark.parametrize("name", ["tied", "exact", "weighted", "late", "late_weighted"])
def test_incidence_and_its_errors_are_those_of_r(name, simulated, whole):
    data, arguments = spells(name, simulated, whole)
    if name.startswith("late"):
        arguments["cluster"] = data["id"]
    log = aalen_johansen(**arguments)
    check_curve(log, SIMULATED[name], "lower", "upper")
    loglog = aalen_johansen(**arguments, interval="log-log")
    check_curve(loglog, SIMULATED[name], "lower_loglog", "upper_loglog")


@pytest.mark.parametrize("name", ["tied", "exact", "late", "strata"])
@pytest.mark.parametrize("of", [1, 2])
def test_fine_gray_is_that_of_r(name, of, simulated, whole):
    data, arguments = spells("tied" if name == "strata" else name, simulated, whole)
    arguments["customer"] = data["id"]
    if name in ("exact", "late"):
        arguments["weight"] = data["weight"]
    if name == "strata":
        arguments["strata"] = data["stratum"]
    theirs = SIMULATED[f"fine_gray_{name}_{of}"]
    rows = fine_gray_rows(**arguments, of=of)
    number = np.flatnonzero(simulated.index.isin(data.index)) + 1
    close(np.column_stack([number[rows.row], rows.start, rows.stop, rows.event, rows.weight]), theirs["rows"])
    check_fit(fit_fine_gray(data[["x1", "x2"]], **arguments, of=of), theirs)


def test_exit_or_voice_is_the_multi_state_cox_model_of_r(whole):
    theirs = SIMULATED["exit_or_voice"]
    X = whole[["x1", "x2"]].astype(float)
    y = pd.DataFrame(
        {
            "customer_id": whole["id"],
            "moment": pd.Timestamp("2026-01-01"),
            "event": whole["cause"] == 1,
            "duration_days": whole["exact"],
            "competing": whole["cause"] == 2,
        }
    )
    model = ExitOrVoice(ridge=0).fit(X, y)
    scale = model.design_.scale
    close(model.coefficients_ / scale, theirs["coefficients"])
    units = np.tile(scale, 2)
    robust = np.array(theirs["robust"]) * np.outer(units, units)
    close(model.covariance_, [robust[:2, :2], robust[2:, 2:]])
    grid = pd.DataFrame({"x1": [-1.0, 0, 1.5], "x2": [0.0, 1, 1]})
    found = model.predict_incidence(grid, np.array(theirs["time"]))
    close(found["voice"].T, theirs["voice"])
    close(found["exit"].T, theirs["exit"])


def rotterdam():
    """Recurrence of cancer, or death before it."""
    data = recurrent("rotterdam")
    again = data["recur"] == 1
    times = {
        "stop": np.where(again, data["rtime"], data["dtime"]),
        "cause": np.select([again, data["death"] == 1], [1, 2], 0),
    }
    return data[["age", "meno", "grade", "nodes", "hormon"]], times


def udca2():
    """The first of eight endpoints: any but death and transplant, or one of these two."""
    data = recurrent("udca2").sort_values(["id", "futime", "status"], ascending=[True, True, False])
    data = data.drop_duplicates("id").dropna(subset="riskscore")
    last = data["endpoint"].isin(["death", "transplant"])
    times = {"stop": data["futime"], "cause": np.where(data["status"] == 0, 0, np.where(last, 2, 1))}
    return data[["trt", "stage", "riskscore"]], times


def folded(columns):
    columns = np.asarray(columns, dtype=float)
    number = np.arange(1, len(columns) + 1)[:, None]
    return np.append(columns.sum(axis=0), (columns * number).sum(axis=0))


@pytest.mark.parametrize(("name", "source"), [("rotterdam", rotterdam), ("udca2", udca2)])
def test_public_data_give_the_numbers_of_r(name, source):
    X, times = source()
    theirs = PUBLIC[name]
    found = aalen_johansen(**times)
    close(folded(np.column_stack([found.survival, found.incidence])), theirs["pstate"])
    close(folded(np.column_stack([found.survival_error, found.standard_error])), theirs["std_err"])
    close(folded(found.events), theirs["events"])
    rows = fine_gray_rows(**times)
    assert [len(found.time), len(rows.row)] == theirs["n_times"] + theirs["n_rows"]
    table = np.column_stack([rows.row + 1, rows.start, rows.stop, rows.event, rows.weight])
    close(folded(table), theirs["rows"])
    check_fit(fit_fine_gray(X, **times), theirs)
