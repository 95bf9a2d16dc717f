"""Measurement: printed values again, semTools and psych, plain loops, and a method factor that is there or is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retaliation_risk.errors import ArgumentError, RetaliationRiskWarning
from retaliation_risk.studies.estimators import (
    adjust_for_marker,
    average_variance_extracted,
    compare_method_models,
    composite_reliability,
    cronbach_alpha,
    factor_loadings,
    first_factor_share,
    fit_factor_model,
    fornell_larcker,
    htmt,
    reliability,
)
from retaliation_risk.studies.moments import Moments, moments_from_frame
from retaliation_risk.studies.published import LI_ZHAO_2025
from retaliation_risk.studies.survey import item_moments


@pytest.fixture(scope="module")
def moments(survey):
    return item_moments(survey)


@pytest.mark.parametrize("name", LI_ZHAO_2025)
def test_printed_loadings_give_the_printed_reliability_and_variance(name):
    printed = LI_ZHAO_2025[name]
    # Three digits were printed; so many of rounding in three loadings can move these by about one in the third.
    assert composite_reliability(printed.loadings) == pytest.approx(printed.composite, abs=1e-3)
    assert average_variance_extracted(printed.loadings) == pytest.approx(printed.extracted, abs=1e-3)


def test_alpha_equals_psych(moments, survey, golden):
    table = cronbach_alpha(moments, survey.constructs)
    theirs = golden["reliability"]
    np.testing.assert_allclose(table["alpha"], theirs["alpha"], rtol=1e-12)
    np.testing.assert_allclose(table["low"], theirs["low"], rtol=1e-12)
    np.testing.assert_allclose(table["high"], theirs["high"], rtol=1e-12)


def test_reliability_and_distinctness_equal_semtools(moments, survey, golden):
    fit = fit_factor_model(moments, survey.constructs)
    theirs = golden["reliability"]
    table = reliability(fit)
    np.testing.assert_allclose(table["composite"], theirs["composite"], rtol=1e-9)
    np.testing.assert_allclose(table["extracted"], theirs["ave"], rtol=1e-9)
    above = np.triu_indices(5, 1)
    np.testing.assert_allclose(
        htmt(moments, survey.constructs)["htmt"], np.array(theirs["htmt"])[above], rtol=1e-9
    )


def test_harman_equals_r(moments, golden):
    assert first_factor_share(moments) == pytest.approx(
        golden["reliability"]["first_eigenvalue"][0] / 15, rel=1e-12
    )


def test_loadings_are_the_standardised_ones_of_lavaan(moments, survey, golden):
    table = factor_loadings(fit_factor_model(moments, survey.constructs))
    theirs = golden["measurement"]
    expected = [
        value for op, value in zip(theirs["op"].split(), theirs["standardized"], strict=True) if op == "=~"
    ]
    np.testing.assert_allclose(table["estimate"], expected, rtol=1e-7)


@settings(max_examples=40)
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=8))
def test_reliability_by_a_loop(loadings):
    total = sum(loadings) ** 2
    noise = sum(1 - value**2 for value in loadings)
    if total + noise > 1e-9:
        assert composite_reliability(loadings) == pytest.approx(total / (total + noise))
    extracted = average_variance_extracted(loadings)
    assert extracted == pytest.approx(sum(value**2 for value in loadings) / len(loadings))
    assert 0 <= extracted <= 1


def test_alpha_of_like_items_is_their_composite_reliability():
    # Where all items load alike (.7) and err alike the two are one: 9 * .49 / (9 * .49 + 3 * .51).
    r = np.full((3, 3), 0.49) + 0.51 * np.eye(3)
    moments = Moments(("b1", "b2", "b3"), 200, np.ones(3), r)
    alpha = cronbach_alpha(moments, {"betrayal": ["b1", "b2", "b3"]})["alpha"][0]
    assert alpha == pytest.approx(composite_reliability([0.7, 0.7, 0.7])) == pytest.approx(4.41 / 5.94)


def test_the_interval_of_alpha_holds_the_truth():
    # Five like items of correlation .36: alpha 5 * .36 / (1 + 4 * .36) = .738.
    truth, held = 5 * 0.36 / (1 + 4 * 0.36), 0
    rng = np.random.default_rng(8)
    for _ in range(300):
        items = 0.6 * rng.normal(size=(80, 1)) + 0.8 * rng.normal(size=(80, 5))
        moments = moments_from_frame(pd.DataFrame(items, columns=list("abcde")))
        row = cronbach_alpha(moments, {"x": list("abcde")}, level=0.9).iloc[0]
        held += row.low <= truth <= row.high
    # 90 % meant; 300 draws of it lie within 85 and 95 % but once in 200 times.
    assert 255 <= held <= 285


def test_one_item_has_no_alpha():
    moments = Moments(("a", "b"), 90, np.ones(2), np.eye(2))
    assert cronbach_alpha(moments, {"x": ["a"]})[["alpha", "low", "high"]].isna().all(axis=None)
    assert htmt(moments, {"x": ["a"], "z": ["b"]})["htmt"].isna().all()


def test_two_names_for_one_construct_are_not_distinct():
    rng = np.random.default_rng(2)
    one = rng.normal(size=(400, 1))
    items = pd.DataFrame(one + 0.9 * rng.normal(size=(400, 6)), columns=["b1", "b2", "b3", "c1", "c2", "c3"])
    constructs = {"betrayal": ["b1", "b2", "b3"], "hurt": ["c1", "c2", "c3"]}
    moments = moments_from_frame(items)
    with pytest.warns(RetaliationRiskWarning, match=r"RR623 .*'betrayal' and 'hurt' correlates at 1\.00"):
        fit = fit_factor_model(moments, constructs)
    assert not fornell_larcker(fit).iloc[0].distinct
    assert htmt(moments, constructs)["htmt"][0] > 0.9


def test_the_survey_has_five_constructs_and_no_method(moments, survey):
    assert fornell_larcker(fit_factor_model(moments, survey.constructs))["distinct"].all()
    table = compare_method_models(moments, survey.constructs).set_index("model")
    assert table["p_change"]["constructs"] < 1e-10
    assert table["df_change"].tolist()[1:] == [10, 1]
    assert table["p_change"]["constructs and method"] > 0.05
    assert table["method_variance"].isna().tolist() == [True, True, False]


def answers_with_method(rng, strength):
    """Four constructs that correlate, items of different strength, and something that moves every answer alike."""
    among = np.array([[1, -0.3, 0.2, 0], [-0.3, 1, -0.2, 0.1], [0.2, -0.2, 1, -0.3], [0, 0.1, -0.3, 1]])
    true = np.repeat(rng.normal(size=(1500, 4)) @ np.linalg.cholesky(among).T, 3, axis=1) * (
        [1.0, 0.8, 0.6] * 4
    )
    answers = true + strength * rng.normal(size=(1500, 1)) + 0.7 * rng.normal(size=(1500, 12))
    constructs = {name: [f"{name}{k}" for k in range(3)] for name in ("a", "b", "c", "d")}
    return pd.DataFrame(
        answers, columns=[item for group in constructs.values() for item in group]
    ), constructs


@pytest.mark.parametrize("strength", [0.0, 0.45])
def test_a_method_is_found_where_there_is_one(strength):
    frame, constructs = answers_with_method(np.random.default_rng(4), strength)
    row = (
        compare_method_models(moments_from_frame(frame), constructs)
        .set_index("model")
        .loc["constructs and method"]
    )
    assert (row.p_change < 1e-6) == (strength > 0)
    assert row.method_variance == pytest.approx((strength**2 / frame.var()).mean(), abs=0.05)


def test_a_marker_is_taken_out():
    table = adjust_for_marker(Moments(("a", "b"), 103, np.ones(2), np.array([[1, 0.4], [0.4, 1]])), 0.25)
    # (.4 - .25) / .75 = .2; t = .2 * sqrt(100 / .96).
    assert table["adjusted"][0] == pytest.approx(0.2)
    assert table["t"][0] == pytest.approx(0.2 * np.sqrt(100 / 0.96))
    with pytest.raises(ArgumentError, match=r"marker is -0.1; it must be in \[0, 1\)"):
        adjust_for_marker(Moments(("a", "b"), 103, np.ones(2), np.eye(2)), -0.1)


def test_what_is_no_loading_or_no_comparison(moments):
    with pytest.raises(ArgumentError, match=r"loading is 1.2; it must be in \[-1, 1\]"):
        composite_reliability([0.8, 1.2])
    with pytest.raises(ArgumentError, match="loading is missing"):
        average_variance_extracted([])
    with pytest.raises(ArgumentError, match="constructs are unfairness; there must be two or more"):
        compare_method_models(moments, {"unfairness": ["u1", "u2", "u3"]})
    with pytest.raises(ArgumentError, match=r"level is 95; it must be in \(0, 1\)"):
        cronbach_alpha(moments, {"unfairness": ["u1", "u2"]}, level=95)
