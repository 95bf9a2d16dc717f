"""Mediation: R's numbers from the very same resamples, a plain loop, and truths that the intervals hold."""

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.errors import ArgumentError, DataError
from retaliation_risk.studies.estimators import mediation
from retaliation_risk.studies.estimators._intervals import bca_interval
from retaliation_risk.studies.estimators.mediation import Mediated, fit_paths, mediated_effects

from .golden import close, data, numbers

MODELS = {
    "parallel": Mediated("failure", ("betrayal", "anger"), "revenge", controls=("age",)),
    "serial": Mediated("failure", ("betrayal", "anger"), "revenge", serial=True),
    "first": Mediated("failure", ("betrayal",), "revenge", moderator="quality", moderated=("first",)),
    "all_paths": Mediated(
        "failure", ("anger",), "revenge", moderator="quality", moderated=("first", "last", "direct")
    ),
}


def rs_resamples(n, draws, rng):
    """The resamples of mediation.R, from the same generator."""
    state, rows = 1, []
    for _ in range(draws * n):
        state = (69069 * state + 1) % 2**32
        rows.append(int(state / 2**32 * n))
    drawn = np.reshape(rows, (draws, n))
    yield np.array([np.bincount(row, minlength=n) for row in drawn], dtype=float)


@pytest.mark.parametrize("name", MODELS)
def test_effects_errors_and_intervals_are_those_of_r(name, monkeypatch):
    monkeypatch.setattr(mediation, "_resamples", rs_resamples)
    theirs = numbers("mediation")[name]
    for interval in ("percentile", "bca"):
        at = [-1, 1] if MODELS[name].moderator else None
        ours = mediated_effects(data("mediation"), MODELS[name], at=at, interval=interval, draws=400)
        close(ours["estimate"], theirs["estimate"])
        close(ours["se"], theirs["se"])
        close(ours[["low", "high"]], theirs[interval], rtol=1e-7)
        assert (ours["draws"] == 400).all()


def test_terms_say_which_way_an_effect_goes():
    found = mediated_effects(data("mediation"), MODELS["serial"], draws=100)
    assert found["term"].tolist() == [
        "failure -> betrayal -> revenge",
        "failure -> anger -> revenge",
        "failure -> betrayal -> anger -> revenge",
        "total indirect",
        "direct",
        "total",
    ]
    index = mediated_effects(data("mediation"), MODELS["first"], draws=100)["term"].tolist()[-1]
    assert index == "index of failure -> betrayal -> revenge"


def test_a_resample_by_counts_is_the_regression_on_its_rows():
    """The plain loop: draw rows, regress on them, multiply."""
    rows, model = data("mediation"), MODELS["first"]
    rng = np.random.default_rng(4)
    picked = rng.integers(0, len(rows), (5, len(rows)))
    counts = np.array([np.bincount(pick, minlength=len(rows)) for pick in picked], dtype=float)
    paths = mediation._Sums(mediation._columns(rows, model), model).paths(counts)
    for b, pick in enumerate(picked):
        table = fit_paths(rows.iloc[pick], model).set_index(["outcome", "term"])["estimate"]
        for (target, term), slopes in paths.items():
            assert slopes[b] == pytest.approx(table[target, term], rel=1e-9)


def test_the_index_is_the_rise_of_the_conditional_effect():
    found = mediated_effects(data("mediation"), MODELS["first"], at=[0, 1], draws=100).set_index(
        ["term", "at"]
    )
    term = "failure -> betrayal -> revenge"
    rise = found.loc[(term, 1.0), "estimate"] - found.loc[(term, 0.0), "estimate"]
    assert found["estimate"].iloc[-1] == pytest.approx(rise)


def test_without_controls_the_total_is_the_slope_alone():
    rows = data("mediation")
    found = mediated_effects(rows, MODELS["serial"], draws=100).set_index("term")
    slope = np.cov(rows["failure"], rows["revenge"])[0, 1] / rows["failure"].var()
    assert found.loc["total", "estimate"] == pytest.approx(slope)


def test_units_and_seeds():
    rows, model = data("mediation"), MODELS["parallel"]
    first = mediated_effects(rows, model, draws=200, seed=5)
    pd.testing.assert_frame_equal(first, mediated_effects(rows, model, draws=200, seed=5))
    assert not first["low"].equals(mediated_effects(rows, model, draws=200, seed=6)["low"])
    moved = rows.assign(failure=1000 * rows["failure"] + 1e6, betrayal=rows["betrayal"] / 50 - 3)
    scaled = mediated_effects(moved, model, draws=200, seed=5)
    close(1000 * scaled[["estimate", "low", "high"]], first[["estimate", "low", "high"]], rtol=1e-7)


def test_draws_that_cannot_be_solved_are_counted_out():
    """One row in twelve has the predictor: some resamples miss it."""
    rows = data("mediation").head(12).assign(failure=[1.0] + [0.0] * 11)
    found = mediated_effects(
        rows, Mediated("failure", ("betrayal",), "revenge"), draws=300, interval="percentile"
    )
    assert 150 < found["draws"].iloc[0] < 250
    assert np.isfinite(found["se"]).all()


def test_draws_all_on_one_side_give_no_bca_interval():
    assert np.isnan(bca_interval(0.0, np.ones(100), np.array([-1.0, 1.0]))).all()


def test_intervals_hold_a_known_effect():
    rng, held = np.random.default_rng(8), 0
    for seed in range(100):
        rows = pd.DataFrame({"x": rng.normal(size=80)})
        rows["m"] = 0.4 * rows["x"] + rng.normal(size=80)
        rows["y"] = 0.5 * rows["m"] + rng.normal(size=80)
        row = mediated_effects(rows, Mediated("x", ("m",), "y"), draws=400, seed=seed).iloc[0]
        held += row["low"] < 0.2 < row["high"]
    assert held >= 88


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("RR111 .*tuple of at least one", {"mediators": ()}),
        ("RR111 .*'betrayal'; it must be a tuple", {"mediators": "betrayal"}),
        ("RR111 .*give both or neither", {"mediators": ("m",), "moderator": "w"}),
        ("RR111 .*one of first, last, direct", {"mediators": ("m",), "moderator": "w", "moderated": ("a",)}),
    ],
)
def test_a_model_that_makes_no_sense_is_refused(words, arguments):
    with pytest.raises(ArgumentError, match=words):
        Mediated(predictor="x", outcome="y", **arguments)


def test_columns_that_cannot_be_used_are_named():
    rows = data("mediation")
    with pytest.raises(DataError, match="RR641 .*'betrayal' is 1"):
        mediated_effects(rows.assign(betrayal=1), MODELS["serial"])
    with pytest.raises(DataError, match=r"RR640 .*'anger' \(1 of 60 rows\)"):
        mediated_effects(rows.assign(anger=rows["anger"].where(rows.index > 0)), MODELS["serial"])
    with pytest.raises(DataError, match="RR408 .*'anger' is a sum"):
        mediated_effects(rows.assign(anger=2 * rows["betrayal"]), MODELS["parallel"])
    with pytest.raises(ArgumentError, match="RR111 .*draws is 10"):
        mediated_effects(rows, MODELS["serial"], draws=10)
