"""Interactions of constructs measured with error: by hand, against lavaan, plain loops, and worlds of known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retaliation_risk.errors import ArgumentError
from retaliation_risk.studies.estimators import (
    fit_latent_product,
    latent_product,
    path_estimates,
    product_moments,
    product_reliability,
)
from retaliation_risk.studies.moments import moments_from_frame
from retaliation_risk.studies.survey import scale_scores

TRUTH = {"y ~ true_x": 0.4, "y ~ true_z": 0.2, "y ~ true_x_x_z": 0.3}
RELIABILITY = {"x": 0.8, "z": 0.7}


def world(seed, n=500):
    """Unfairness X (skewed) and quality Z, correlated, measured with error; both and their product move y."""
    rng = np.random.default_rng(seed)
    X = rng.gamma(4, 0.5, n) - 2
    Z = 0.3 * X + np.sqrt(1 - 0.09) * rng.normal(size=n)
    noise = np.sqrt([1 / 0.8 - 1, 1 / 0.7 - 1])[:, None] * rng.normal(size=(2, n))
    y = 0.4 * X + 0.2 * Z + 0.3 * X * Z + rng.normal(size=n)
    return pd.DataFrame({"y": y, "x": X + noise[0] + 3, "z": Z + noise[1] + 5})


def test_equals_lavaan(survey, golden):
    scores = scale_scores(survey)[["betrayal", "unfairness", "quality"]].set_axis(["y", "x", "z"], axis=1)
    fit = fit_latent_product(product_moments(scores, "x", "z"), "y", {"x": 0.82, "z": 0.80})
    ours = path_estimates(fit).set_index("term")
    found = golden["latent_product"]
    renamed = {"X": "true_x", "Z": "true_z", "XZ": "true_x_x_z", "xz": "x_x_z"}
    rows = zip(
        found["left"].split(),
        found["op"].split(),
        found["right"].split(),
        found["estimate"],
        found["se"],
        strict=True,
    )
    for left, op, right, estimate, se in rows:
        row = ours.loc[f"{renamed.get(left, left)} {op} {renamed.get(right, right)}"]
        assert row.estimate == pytest.approx(estimate, rel=1e-9)
        assert np.nan_to_num(row.se) == pytest.approx(se, rel=1e-9)


def test_slopes_solve_covariances_less_errors():
    frame = world(1)
    table = latent_product(frame, "y", RELIABILITY).set_index("term")
    x, z = (frame[name] - frame[name].mean() for name in "xz")
    S = np.cov([x, z, x * z, frame["y"]])
    true_x, true_z = 0.8 * S[0, 0], 0.7 * S[1, 1]
    S[2, 2] -= S[0, 0] * S[1, 1] - true_x * true_z  # the product's error in other words
    S[0, 0], S[1, 1] = true_x, true_z
    np.testing.assert_allclose(table["estimate"], np.linalg.solve(S[:3, :3], S[:3, 3]), rtol=1e-6)


def test_without_error_it_is_least_squares():
    frame = world(2).assign(age=np.random.default_rng(3).normal(size=500))
    table = latent_product(frame, "y", {"x": 1.0, "z": 1}, covariates=["age"])
    x, z = (frame[name] - frame[name].mean() for name in "xz")
    design = np.column_stack([np.ones(len(frame)), x, z, x * z, frame["age"]])
    slopes = np.linalg.lstsq(design, frame["y"].to_numpy(), rcond=None)[0][1:]
    np.testing.assert_allclose(table["uncorrected"], slopes, rtol=1e-8)
    np.testing.assert_allclose(table["estimate"], slopes, rtol=1e-6)
    assert table["term"].tolist() == ["y ~ true_x", "y ~ true_z", "y ~ true_x_x_z", "y ~ age"]


def test_resamples_are_those_of_a_loop():
    frame = world(4, n=60)
    table = latent_product(frame, "y", RELIABILITY, draws=120, seed=9)
    rng, found = np.random.default_rng(9), []
    for weights in (
        *rng.multinomial(60, np.full(60, 1 / 60), size=100),
        *rng.multinomial(60, np.full(60, 1 / 60), size=20),
    ):
        sample = frame.loc[np.repeat(frame.index, weights)].reset_index(drop=True)
        moments = product_moments(sample, "x", "z")
        S = moments.select(["x", "z", "x_x_z", "y"]).covariance * 59 / 60
        errors = np.array([0.2 * S[0, 0], 0.3 * S[1, 1], S[0, 0] * S[1, 1] * (1 - 0.8 * 0.7)])
        found.append(np.linalg.solve(S[:3, :3] - np.diag(errors), S[:3, 3]))
    expected = np.quantile(found, [0.025, 0.975], axis=0)
    np.testing.assert_allclose(table[["boot_low", "boot_high"]].to_numpy().T, expected, rtol=1e-8)


def test_the_truth_is_found_where_a_plain_regression_misses_it():
    tables = [
        latent_product(world(seed), "y", RELIABILITY, draws=200).set_index("term") for seed in range(40)
    ]
    means = sum(table[["estimate", "uncorrected"]] for table in tables) / len(tables)
    spread = np.std([table["estimate"] for table in tables], axis=0) / np.sqrt(len(tables))
    truth = np.array(list(TRUTH.values()))
    assert (np.abs(means["estimate"] - truth) < 3.5 * spread + 0.02).all()
    # The product's reliability is near .8 * .7, and so is what is left of its effect.
    assert means["uncorrected"]["y ~ true_x_x_z"] < 0.75 * TRUTH["y ~ true_x_x_z"]
    held = np.mean([table["boot_low"] <= truth for table in tables], axis=0)
    assert (held > 0.8).all()


@settings(max_examples=40)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(-1, 1))
def test_a_product_is_no_better_than_both_scales_allow(one, other, r):
    found = product_reliability(one, other, r)
    assert one * other - 1e-12 <= found <= 1
    assert found == pytest.approx(product_reliability(other, one, -r))


def test_product_reliability_is_that_of_normal_scales():
    rng = np.random.default_rng(6)
    X, Z = rng.multivariate_normal([0, 0], [[0.8, 0.3], [0.3, 0.7]], size=200_000).T
    x, z = X + np.sqrt(0.2) * rng.normal(size=X.size), Z + np.sqrt(0.3) * rng.normal(size=X.size)
    share = np.var(X * Z) / np.var(x * z)
    assert share == pytest.approx(product_reliability(0.8, 0.7, 0.3), abs=0.02)


def test_what_cannot_be_corrected():
    frame = world(7)
    with pytest.raises(ArgumentError, match=r"reliability of 'x' is 0; it must be in \(0, 1\]"):
        latent_product(frame, "y", {"x": 0, "z": 0.7})
    with pytest.raises(ArgumentError, match="reliability names x; it must name two scales"):
        latent_product(frame, "y", {"x": 0.8})
    with pytest.raises(ArgumentError, match="draws is 10; it must be at least 100"):
        latent_product(frame, "y", RELIABILITY, draws=10)
    with pytest.raises(ArgumentError, match=r"correlation is 1.5; it must be in \[-1, 1\]"):
        product_reliability(0.8, 0.8, 1.5)
    with pytest.raises(ArgumentError, match="no variable 'x_x_z'; it must be one of y, x, z"):
        fit_latent_product(moments_from_frame(frame), "y", RELIABILITY)
