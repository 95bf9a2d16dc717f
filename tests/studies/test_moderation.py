"""Moderated regression: R's numbers, every kind of region, and refusals that name the column."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from retaliation_risk.errors import ArgumentError, DataError, GateError
from retaliation_risk.studies.estimators._coefficients import TIDY, Coefficients
from retaliation_risk.studies.estimators.moderation import (
    Moderated,
    Moderation,
    fit_moderation,
    johnson_neyman,
    simple_slopes,
)

from .golden import close, data, numbers

LINEAR = Moderated("betrayal", "unfairness", "quality", ("age",))
LOGIT = Moderated("complained", "unfairness", "quality", ("age",))
R_ORDER = [0, 1, 2, 3, 4]


def made(b1, b3, v11, v13, v33, low=-3.0, high=3.0):
    """A fit with known slope coefficients, and a moderator seen evenly from ``low`` to ``high``."""
    V = np.eye(4)
    V[1, 1], V[3, 3], V[1, 3], V[3, 1] = v11, v33, v13, v13
    found = Coefficients(("intercept", "x", "w", "x:w"), np.array([0, b1, 0, b3]), V, np.inf, 601)
    return Moderation(Moderated("y", "x", "w"), found, np.linspace(low, high, 601))


@pytest.mark.parametrize("errors", ["classical", "robust", "cluster"])
@pytest.mark.parametrize(("kind", "model"), [("linear", LINEAR), ("logit", LOGIT)])
def test_estimates_slopes_and_roots_are_those_of_r(kind, model, errors):
    theirs = numbers("moderation")[f"{kind}_{errors}"]
    how = {"cluster": "firm"} if errors == "cluster" else {"errors": errors}
    fit = fit_moderation(data("moderation"), model, kind=kind, **how)
    table = fit.coefficients.table()
    assert tuple(table.columns) == TIDY
    close(table["estimate"], theirs["estimate"])
    close(table["se"], theirs["se"], rtol=1e-7)
    close(table["p"], theirs["p"], rtol=1e-6)
    slopes = simple_slopes(fit, [2, 4, 6])
    for column, name in (("estimate", "slopes"), ("se", "slope_se"), ("low", "slope_low")):
        close(slopes[column], theirs[name], rtol=1e-7)
    close(johnson_neyman(fit).roots, theirs["roots"], rtol=1e-7)


@pytest.mark.parametrize(
    ("fit", "case", "seen"),
    [
        (made(0.0, 0.1, 1.0, 0.0, 1.0), "nowhere", "nowhere"),
        (made(1.0, 0.0, 0.01, 0.0, 0.0), "everywhere", "everywhere"),
        (made(0.0, 1.0, 0.01, 0.0, 0.01), "outside", "outside"),
        (made(0.0, 1.0, 0.01, 0.0, 0.01, low=0.0), "outside", "above"),
        (made(0.0, 1.0, 0.01, 0.0, 0.01, high=0.0), "outside", "below"),
        (made(0.0, 1.0, 0.01, 0.0, 0.01, low=1.0), "outside", "everywhere"),
        (made(0.5, 0.0, 0.01, 0.0, 0.04), "inside", "inside"),
        (made(0.5, 0.0, 0.01, 0.0, 0.0004), "inside", "everywhere"),
        (made(1.0, 1.0, 0.04, 0.0, 1 / student.ppf(0.975, np.inf) ** 2), "above", "above"),
        (made(-1.0, 1.0, 0.04, 0.0, 1 / student.ppf(0.975, np.inf) ** 2), "below", "below"),
    ],
)
def test_every_kind_of_region_is_named(fit, case, seen):
    found = johnson_neyman(fit)
    # A slope coefficient exactly at its critical value leaves one root; rounding may put the other very far away.
    near = tuple(root for root in found.roots if abs(root) < 1e6)
    if len(near) == len(found.roots):
        assert found.case == case
    assert found.seen == seen


@given(st.floats(-2, 2), st.floats(-2, 2), st.floats(0.01, 1), st.floats(0.01, 1), st.floats(-0.9, 0.9))
def test_inside_each_region_the_slope_is_what_the_region_says(b1, b3, s1, s3, r):
    fit = made(b1, b3, s1**2, r * s1 * s3, s3**2)
    found = johnson_neyman(fit)
    assert found.table["share"].sum() == pytest.approx(1)
    for low, high, sign in found.table[["low", "high", "sign"]].itertuples(index=False):
        w = np.clip(low, -1e4, 1e4) + np.clip(high, -1e4, 1e4)
        row = simple_slopes(fit, [w / 2]).iloc[0]
        if abs(row["p"] - 0.05) > 1e-9:
            assert (row["p"] < 0.05) == (sign != 0)
            assert sign == 0 or np.sign(row["estimate"]) == sign
    for p, root in zip(simple_slopes(fit, found.roots)["p"], found.roots, strict=True):
        assert p == pytest.approx(0.05, rel=1e-4) or abs(root) > 1e4


def test_slopes_stand_at_the_mean_and_a_deviation_to_each_side():
    fit = fit_moderation(data("moderation"), LINEAR)
    quality = data("moderation")["quality"]
    assert simple_slopes(fit)["at"].tolist() == pytest.approx(
        [quality.mean() - quality.std(), quality.mean(), quality.mean() + quality.std()]
    )


def test_the_slope_at_a_value_is_the_coefficient_of_a_moderator_centred_there():
    rows = data("moderation")
    moved = fit_moderation(
        rows.assign(quality=rows["quality"] - 5), LINEAR, errors="robust"
    ).coefficients.table()
    slope = simple_slopes(fit_moderation(rows, LINEAR, errors="robust"), [5]).iloc[0]
    assert moved.loc[1, ["estimate", "se", "low"]].tolist() == pytest.approx(
        slope[["estimate", "se", "low"]].tolist()
    )


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"quality": 4.0}, DataError, "RR641 .*'quality' is 4.0 in all 240 rows"),
        ({"quality": np.nan}, DataError, r"RR640 .*'quality' \(240 of 240 rows\)"),
        ({"age": lambda f: f["quality"] * 2}, DataError, "RR408 .*'age' is a sum"),
        ({"age": "old"}, ArgumentError, r"RR111 .*\['age'\] are not numbers"),
        ({"firm": lambda f: f["firm"] % 5}, DataError, "RR642 .*5 clusters of 'firm' for 5 coefficients"),
    ],
)
def test_what_cannot_be_fitted_is_named(change, error, words):
    with pytest.raises(error, match=words):
        fit_moderation(data("moderation").assign(**change), LINEAR, cluster="firm")


def test_a_logit_needs_zeros_and_ones_that_are_not_separated():
    rows = data("moderation")
    with pytest.raises(ArgumentError, match=r"RR111 .*values \["):
        fit_moderation(rows, LINEAR, kind="logit")
    with pytest.raises(GateError, match="RR409 .*'age'"):
        fit_moderation(rows.assign(complained=(rows["age"] > 45).astype(int)), LOGIT, kind="logit")
    with pytest.raises(DataError, match="RR101 .*'betrayal'"):
        fit_moderation(rows.drop(columns="betrayal"), LINEAR)
    with pytest.raises(DataError, match="RR401 .*3 rows for 5"):
        fit_moderation(rows.head(3), LINEAR)


def test_intervals_hold_a_known_slope():
    """Heteroscedastic errors: 95 % robust intervals hold the truth in about 95 of 100 samples."""
    rng, held = np.random.default_rng(3), 0
    for _ in range(200):
        rows = pd.DataFrame(rng.normal(size=(150, 2)), columns=["x", "w"])
        rows["y"] = (
            0.5 * rows["x"] + 0.3 * rows["x"] * rows["w"] + rng.normal(size=150) * (0.5 + rows["x"].abs())
        )
        row = simple_slopes(fit_moderation(rows, Moderated("y", "x", "w"), errors="robust"), [1.0]).iloc[0]
        held += row["low"] < 0.8 < row["high"]
    assert held > 180
