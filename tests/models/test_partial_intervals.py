"""Errors and intervals of survival curves: by hand, against R's survfit.coxph, and where nothing has happened yet."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.errors import ArgumentError
from retaliation_risk.models.partial import (
    baseline,
    cumulative_hazard,
    fit_partial,
    fit_rows,
    partial_rows,
    sampled_baseline,
    survival_curves,
    survival_intervals,
)

GOLDEN = Path(__file__).parent.parent / "golden"
CURVES = json.loads((GOLDEN / "cox_curves.json").read_text())
LEVELS = {"robust": 0.9, "full": 0.8}
STRATA = {"strata": ["b", "c"], "full": ["c", "a"]}
WHO = [[0.4, 1.0, 203.0], [-1.0, 0.0, 212.5]]
X = ["x1", "x2", "x3"]


@pytest.fixture(scope="module")
def simulated():
    return pd.read_csv(GOLDEN / "cox_simulated.csv")


def rows_of(data, kind):
    """Rows as each case of curves() in cox.R has them."""
    return partial_rows(
        data[X],
        names=X,
        start=None if kind == "right" else data["start"],
        stop=data["time"] if kind == "right" else data["stop"],
        event=data["event"],
        strata=data["stratum"] if kind in STRATA else None,
        weight=data["weight"] if kind == "full" else None,
        cluster=data["id"] if kind in LEVELS else None,
    )


@pytest.mark.parametrize("scale", ["log-log", "log", "plain"])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("kind", ["right", "late", "robust", "strata", "full"])
def test_intervals_are_those_of_r(simulated, kind, ties, scale):
    rows = rows_of(simulated, kind)
    theirs = {name: np.array(values, dtype=float) for name, values in CURVES[f"{kind}_{ties}"].items()}
    fit = fit_rows(rows, ties=ties)
    base = baseline(fit, rows)
    for row in (0, 1):
        mine = theirs["row"] == row + 1
        found = survival_intervals(
            fit,
            base,
            WHO[row : row + 1],
            theirs["time"][mine],
            strata=STRATA[kind][row : row + 1] if kind in STRATA else None,
            level=LEVELS.get(kind, 0.95),
            scale=scale,
        )
        parts = {"hazard": found.hazard, "survival": found.survival, "error": found.standard_error}
        ends = {f"low_{scale}": found.low, f"high_{scale}": found.high}
        for name, ours in (parts | ends).items():
            expected = theirs[name][mine]
            known = np.isfinite(expected)
            np.testing.assert_allclose(ours[0][known], expected[known], rtol=1e-8, atol=1e-13)
            # R gives no log-log interval before the first event; a survival of 1 is certain there.
            assert (ours[0][~known] == 1).all()
        assert np.isfinite(theirs[f"low_{scale}"][mine]).sum() > 5


def test_errors_by_hand_on_six_rows():
    """Breslow on the six rows of docs/method.md, up to the tie at 6, for x = 0: r = 4.37 is the hazard ratio."""
    r = (3 + math.sqrt(33)) / 2
    rows = partial_rows(
        [[1.0], [1.0], [1.0], [0.0], [0.0], [0.0]], stop=[1, 1, 6, 6, 8, 9], event=[1, 0, 1, 1, 0, 1]
    )
    fit = fit_rows(rows, ties="breslow")
    steps = 1 / (3 * r + 3) ** 2 + 2 / (r + 3) ** 2
    # Each step times how far x = 0 is from the mean at risk: r / (r + 1), then r / (r + 3).
    pull = r / (r + 1) / (3 * r + 3) + 2 * r / (r + 3) / (r + 3)
    information = r / (r + 1) ** 2 + 6 * r / (r + 3) ** 2
    found = survival_intervals(fit, baseline(fit, rows), [[0.0]], [6.0])
    assert found.standard_error[0, 0] == pytest.approx(math.sqrt(steps + pull**2 / information), rel=1e-12)
    hazard, error = found.hazard[0, 0], found.standard_error[0, 0]
    wide = math.exp(1.959963984540054 * error / hazard)
    assert found.low[0, 0] == pytest.approx(math.exp(-hazard * wide), rel=1e-12)
    assert found.high[0, 0] == pytest.approx(math.exp(-hazard / wide), rel=1e-12)


@pytest.mark.parametrize("scale", ["log-log", "log", "plain"])
def test_curves_are_the_same_and_inside_their_intervals(scale):
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(300, 2))
    rows = partial_rows(
        matrix, stop=rng.integers(2, 40, 300), event=rng.random(300) < 0.4, strata=np.arange(300) % 2
    )
    fit = fit_rows(rows)
    asked = {
        "X": matrix[:9],
        "times": [0.0, 1.0, 7.0, 20.0, 99.0],
        "strata": np.arange(9) % 2,
        "offset": np.linspace(-3, 3, 9),
    }
    base = baseline(fit, rows)
    found = survival_intervals(fit, base, **asked, scale=scale)
    np.testing.assert_array_equal(found.survival, survival_curves(fit, base, **asked))
    np.testing.assert_array_equal(found.hazard, cumulative_hazard(fit, base, **asked))
    assert (found.low[:, 0] == 1).all()
    assert (found.high[:, 0] == 1).all()
    assert ((found.low >= 0) & (found.low <= found.survival)).all()
    assert ((found.survival <= found.high) & (found.high <= 1)).all()
    wider = survival_intervals(fit, base, **asked, scale=scale, level=0.99)
    assert (wider.low <= found.low).all()
    assert (wider.high >= found.high).all()


def test_an_offset_moves_the_hazard_and_its_error_alike():
    rng = np.random.default_rng(2)
    rows = partial_rows(rng.normal(size=(80, 1)), stop=np.arange(80), event=np.arange(80) % 2 == 0)
    fit = fit_rows(rows)
    base = baseline(fit, rows)
    plain, moved = (survival_intervals(fit, base, [[0.3]], [40.0], offset=[shift]) for shift in (0.0, 1.5))
    np.testing.assert_allclose(moved.standard_error / plain.standard_error, math.exp(1.5))
    np.testing.assert_allclose(moved.hazard / plain.hazard, math.exp(1.5))


def test_sampled_sets_cost_precision():
    """The whole cohort's interval is narrower than that of 2 controls, and both hold the truth."""
    rng = np.random.default_rng(3)
    n = 3000
    matrix, life = rng.normal(size=(n, 1)), rng.exponential(size=n)
    life *= np.exp(-0.7 * matrix[:, 0]) * 20
    stop, event = np.minimum(life, 1.0), life <= 1.0
    full = partial_rows(matrix, stop=stop, event=event)
    cases = np.flatnonzero(event)
    at_risk = [np.setdiff1d(np.flatnonzero(stop >= stop[case]), case) for case in cases]
    row = np.concatenate(
        [
            np.append(case, rng.choice(others, 2, replace=False))
            for case, others in zip(cases, at_risk, strict=True)
        ]
    )
    size = np.repeat([len(others) + 1 for others in at_risk], 3)
    sets = np.repeat(np.arange(len(cases)), 3)
    sample = partial_rows(matrix[row], event=np.arange(len(row)) % 3 == 0, sets=sets, offset=np.log(size / 3))
    whole, part = fit_rows(full), fit_rows(sample)
    exact = survival_intervals(whole, baseline(whole, full), [[1.0]], [0.5, 1.0])
    found = survival_intervals(part, sampled_baseline(part, sample, stop[cases][sets]), [[1.0]], [0.5, 1.0])
    assert (found.standard_error / exact.standard_error > 1.05).all()
    assert (found.standard_error / exact.standard_error < 2).all()
    truth = np.exp(-np.array([0.5, 1.0]) / 20 * math.exp(0.7))
    for curves in (exact, found):
        assert ((curves.low[0] < truth) & (truth < curves.high[0])).all()


def test_a_ridge_on_twin_columns_has_errors():
    column = np.random.default_rng(4).normal(size=60)
    twins = {"stop": np.arange(60) + 1, "event": np.arange(60) % 2 == 0}
    fit = fit_partial(np.column_stack([column, column]), **twins, ridge=1.0)
    rows = partial_rows(np.column_stack([column, column]), **twins)
    found = survival_intervals(fit, baseline(fit, rows), [[1.0, 1.0]], [30.0])
    assert 0 < found.standard_error[0, 0] < 1


def test_scales_and_levels_that_do_not_exist_are_named():
    rows = partial_rows([[1.0], [0.0], [1.0]], stop=[1, 2, 3], event=[1, 1, 1])
    fit = fit_rows(rows)
    with pytest.raises(ArgumentError, match=r"scale is 'logit'; it must be one of log-log, log, plain"):
        survival_intervals(fit, baseline(fit, rows), [[0.0]], [1.0], scale="logit")
    with pytest.raises(ArgumentError, match=r"level is 95; it must be in \[0.0, 0.9999\]"):
        survival_intervals(fit, baseline(fit, rows), [[0.0]], [1.0], level=95)
