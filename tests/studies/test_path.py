"""Path models: by hand, against lavaan, against plain loops, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retaliation_risk.errors import ArgumentError, DataError, RetaliationRiskWarning
from retaliation_risk.studies.estimators import (
    compare_fits,
    explained_variance,
    fit_indices,
    fit_path_model,
    indirect_effects,
    path_estimates,
    standardized_estimates,
)
from retaliation_risk.studies.estimators._structure import imply, slopes
from retaliation_risk.studies.moments import Moments, moments_from_frame, moments_of
from retaliation_risk.studies.published import BETRAYAL_REPLICATION
from retaliation_risk.studies.survey import item_moments, scale_moments

CHAIN = "betrayal ~ unfairness + quality; revenge ~ betrayal + quality; avoidance ~ betrayal"
MEASUREMENT = """
    unfairness =~ u1 + u2 + u3
    quality =~ q1 + q2 + q3
    betrayal =~ b1 + b2 + b3
    revenge =~ r1 + r2 + r3
    avoidance =~ a1 + a2 + a3
"""
ITEMS = [letter + digit for letter in "uqbra" for digit in "123"]
RESPONSES = "Exit ~ Commit; Neglect ~ Commit; Voice ~ Commit; Loyalty ~ Commit"
# Models of tests/golden/path.R, and whose moments they are of.
MODELS = {
    "responses": (RESPONSES, "replication"),
    "two_kinds": (
        "destructive =~ Exit + Neglect; constructive =~ Voice + Loyalty; destructive ~ Commit; constructive ~ Commit",
        "replication",
    ),
    "chain": (CHAIN, "scales"),
    "chain_wishart": (CHAIN, "scales"),
    "chain_in_full": (
        "betrayal ~ unfairness + quality; revenge ~ betrayal + quality; avoidance ~ betrayal + revenge + unfairness",
        "scales",
    ),
    "measurement": (MEASUREMENT, "items"),
    "latent": (MEASUREMENT + CHAIN, "items"),
    "one_factor": (f"common =~ {' + '.join(ITEMS)}", "items"),
    "method": (
        f"{MEASUREMENT} method =~ {' + '.join(f'1*{item}' for item in ITEMS)};"
        "method ~~ 0*unfairness + 0*quality + 0*betrayal + 0*revenge + 0*avoidance",
        "items",
    ),
    "mixed": (
        "betrayal =~ b1 + b2 + b3; revenge =~ r1 + NA*r2 + 0.9*r3; betrayal ~ u1 + u2; revenge ~ betrayal + u1; r1 ~~ b1",
        "items",
    ),
    "second_order": (
        "betrayal =~ b1 + b2 + b3; revenge =~ r1 + r2 + r3; avoidance =~ a1 + a2 + a3;"
        "grudge =~ revenge + betrayal + avoidance; grudge ~ u1",
        "items",
    ),
    "exogenous": (
        "quality =~ q1 + q2 + q3; unfairness =~ NA*u1 + u2 + u3; unfairness ~~ 1*unfairness;"
        "b1 ~ quality + unfairness + r1; a1 ~ b1 + r1",
        "items",
    ),
    "alike": ("betrayal ~ p*unfairness + p*quality; revenge ~ betrayal; unfairness ~~ quality", "scales"),
}
LAVAAN = {
    "chi2": "chisq",
    "df": "df",
    "p": "pvalue",
    "chi2_baseline": "baseline.chisq",
    "df_baseline": "baseline.df",
    "parameters": "npar",
    "cfi": "cfi",
    "tli": "tli",
    "rmsea": "rmsea",
    "p_rmsea_below_05": "rmsea.pvalue",
    "srmr": "srmr",
    "log_likelihood": "logl",
    "aic": "aic",
    "bic": "bic",
}


@pytest.fixture(scope="module")
def moments(survey):
    return {
        "items": item_moments(survey),
        "scales": scale_moments(survey),
        "replication": BETRAYAL_REPLICATION,
    }


@pytest.fixture(params=MODELS)
def case(request, moments, golden):
    text, whose = MODELS[request.param]
    likelihood = "wishart" if request.param.endswith("wishart") else "normal"
    if request.param == "method":
        with pytest.warns(RetaliationRiskWarning, match="RR623 .*'method' is -0.05"):
            fit = fit_path_model(text, moments[whose], likelihood=likelihood)
    else:
        fit = fit_path_model(text, moments[whose], likelihood=likelihood)
    return fit, golden[request.param]


def of_lavaan(found, column):
    """A column of lavaan's by our terms; what it writes as 0 for want of an error is missing here."""
    rows = zip(found["left"].split(), found["op"].split(), found["right"].split(), found[column], strict=True)
    values = {}
    for left, op, right, value in rows:
        if op != ":=":
            values[f"{left} {op} {right}"] = values[f"{right} {op} {left}"] = (
                np.nan if value is None else value
            )
    return values


def test_estimates_and_errors_equal_lavaan(case):
    fit, found = case
    table = path_estimates(fit).set_index("term")
    assert len(table) == sum(op != ":=" for op in found["op"].split())
    expected = of_lavaan(found, "estimate")
    np.testing.assert_allclose(
        table["estimate"], [expected[term] for term in table.index], rtol=1e-7, atol=1e-7
    )
    expected = of_lavaan(found, "se")
    np.testing.assert_allclose(
        table["se"].fillna(0), [expected[term] for term in table.index], rtol=1e-7, atol=1e-9
    )


def test_standardised_estimates_and_errors_equal_lavaan(case):
    fit, found = case
    table = standardized_estimates(fit).set_index("term")
    for ours, theirs in (("estimate", "standardized"), ("se", "standardized_se")):
        expected = of_lavaan(found, theirs)
        values = np.array([expected[term] for term in table.index])
        # Of what has a variance below 0 there are no standard deviations; an error of 0 is none.
        real = ~table.index.str.startswith("method")
        known = real & np.isfinite(values) & ~((ours == "se") & (np.abs(values) < 1e-9))
        np.testing.assert_allclose(table[ours][known], values[known], rtol=1e-6, atol=1e-8)
        assert ours == "estimate" or table[ours][real & ~known].isna().all()


def test_fit_equals_lavaan(case):
    fit, found = case
    table = fit_indices(fit).set_index("index")
    for ours, theirs in LAVAAN.items():
        value = found["fit"][theirs][0]
        expected = np.nan if value is None else value
        np.testing.assert_allclose(table["value"][ours], expected, rtol=1e-8, atol=1e-8, err_msg=ours)
    # lavaan ends its search for the bounds at a looser tolerance.
    bounds = [found["fit"][f"rmsea.ci.{side}"][0] for side in ("lower", "upper")]
    np.testing.assert_allclose(table.loc["rmsea", ["low", "high"]].to_numpy(float), bounds, atol=1e-6)


def test_explained_variance_equals_lavaan(case):
    fit, found = case
    ours = explained_variance(fit).set_index("variable")["r2"]
    theirs = dict(zip(found["r2_of"].split(), found["r2"], strict=True))
    assert set(ours.index) == set(theirs)
    known = [name for name in ours.index if theirs[name] is not None]
    np.testing.assert_allclose(ours[known], [theirs[name] for name in known], rtol=1e-7, atol=1e-9)


def test_the_replication_is_the_one_that_r_had(golden):
    theirs = golden["moments"]
    assert BETRAYAL_REPLICATION.names == tuple(theirs["names"].split())
    assert [BETRAYAL_REPLICATION.n] == theirs["n"]
    np.testing.assert_array_equal(BETRAYAL_REPLICATION.sds, theirs["sd"])
    np.testing.assert_array_equal(BETRAYAL_REPLICATION.correlations, theirs["r"])


def test_commitment_goes_with_less_destruction_and_more_construction():
    table = path_estimates(fit_path_model(RESPONSES, BETRAYAL_REPLICATION)).set_index("term")
    assert (table["high"][["Exit ~ Commit", "Neglect ~ Commit"]] < 0).all()
    assert (table["low"][["Voice ~ Commit", "Loyalty ~ Commit"]] > 0).all()


def test_regression_by_hand():
    # Slopes solve [1 .5; .5 1] b = [.6; .6]: .4 each. What is left is 1 - .4 * .6 * 2 = .52, the errors' variance
    # .52 / 50 times the inverse's diagonal 1 / (1 - .25): slopes are divided by n, not by n - 3.
    given = moments_of({"n": 50, "sd": {"a": 1, "b": 1, "y": 1}, "r": [[0.5], [0.6, 0.6]]})
    table = path_estimates(fit_path_model("y ~ a + b", given)).set_index("term")
    assert table["estimate"]["y ~ a"] == pytest.approx(0.4)
    assert table["estimate"]["y ~~ y"] == pytest.approx(0.52 * 49 / 50)
    assert table["se"]["y ~ b"] == pytest.approx(np.sqrt(0.52 / 50 / 0.75))
    assert table["se"]["y ~~ y"] == pytest.approx(0.52 * 49 / 50 * np.sqrt(2 / 50))
    assert table[["se", "z", "p", "low", "high"]].loc["a ~~ b"].isna().all()


def test_a_model_without_anything_free_is_a_test_of_its_numbers():
    given = moments_of({"n": 50, "sd": {"a": 1, "y": 1}, "r": [[0.6]]})
    fit = fit_path_model("y ~ 0.5*a; y ~~ 1*y", given)
    # Of y given a: 49/50 (1 - 2 * .5 * .6 + .25) around the slope .5; the sample's own rest is 49/50 (1 - .36).
    left = 0.98 * (1 - 0.6 + 0.25)
    assert fit.degrees_of_freedom == 2
    assert fit.discrepancy == pytest.approx(left - 1 - np.log(0.98 * (1 - 0.36)))
    assert path_estimates(fit)["se"].isna().all()


def test_printed_moments_give_what_their_data_give():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(rng.normal(size=(200, 3)) @ rng.normal(size=(3, 3)), columns=["a", "b", "y"])
    whole = moments_from_frame(frame)
    printed = moments_of(
        {
            "n": 200,
            "sd": dict(zip(whole.names, whole.sds, strict=True)),
            "r": {
                f"{b}-{a}": whole.correlations[i, j]
                for i, a in enumerate("aby")
                for j, b in enumerate("aby")
                if i < j
            },
        }
    )
    one, other = (path_estimates(fit_path_model("y ~ a; a ~ b", moments)) for moments in (whole, printed))
    pd.testing.assert_frame_equal(one, other)


def test_a_change_of_unit_changes_units_only(moments):
    given = moments["items"]
    scale = np.geomspace(0.01, 1000, len(given.names))
    grown = Moments(given.names, given.n, given.sds * scale, given.correlations)
    before, after = (fit_path_model(MEASUREMENT + CHAIN, one) for one in (given, grown))
    assert after.discrepancy == pytest.approx(before.discrepancy, abs=1e-10)
    columns = ["estimate", "se", "p"]
    np.testing.assert_allclose(
        standardized_estimates(after)[columns], standardized_estimates(before)[columns], rtol=1e-5, atol=1e-8
    )


def test_slopes_of_covariances_are_their_differences(moments):
    fit = fit_path_model(MODELS["mixed"][0], moments["items"])
    for k in range(fit.structure.n_parameters):
        step = np.zeros(fit.structure.n_parameters)
        step[k] = 1e-6
        ahead, behind = (imply(fit.structure, fit.parameters + side * step).total for side in (1, -1))
        np.testing.assert_allclose(slopes(fit.structure, fit.implied)[k], (ahead - behind) / 2e-6, atol=1e-7)


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.integers(3, 5))
def test_a_full_path_model_is_least_squares(seed, p):
    values = np.random.default_rng(seed).normal(size=(60, p)) @ np.random.default_rng(seed + 1).normal(
        size=(p, p)
    )
    names = [f"v{i}" for i in range(p)]
    frame = pd.DataFrame(values, columns=names)
    lines = [f"{names[i]} ~ {' + '.join(names[:i])}" for i in range(1, p)]
    fit = fit_path_model("\n".join(lines), moments_from_frame(frame))
    assert fit.degrees_of_freedom == 0
    assert fit.weight * fit.discrepancy == pytest.approx(0, abs=1e-7)
    table = path_estimates(fit).set_index("term")["estimate"]
    centred = values - values.mean(axis=0)
    for i in range(1, p):
        slope = np.linalg.lstsq(centred[:, :i], centred[:, i], rcond=None)[0]
        np.testing.assert_allclose(
            [table[f"{names[i]} ~ {names[j]}"] for j in range(i)], slope, rtol=1e-6, atol=1e-8
        )


@settings(max_examples=40)
@given(
    st.lists(st.floats(0.4, 0.95), min_size=6, max_size=6),
    st.lists(st.sampled_from([-1, 1]), min_size=6, max_size=6),
    st.floats(-0.8, 0.8),
    st.floats(-3, 3),
)
def test_the_truth_is_found_in_its_own_covariances(sizes, signs, slope, scale):
    loads = np.zeros((6, 2))
    loads[:3, 0], loads[3:, 1] = np.array(sizes[:3]) * signs[:3], np.array(sizes[3:]) * signs[3:]
    r = loads @ np.array([[1, slope], [slope, 1]]) @ loads.T
    np.fill_diagonal(r, 1)
    names = tuple(f"{letter}{k}" for letter in "xy" for k in range(3))
    sds = 10.0 ** (scale * np.linspace(-1, 1, 6))
    fit = fit_path_model("X =~ x0 + x1 + x2; Y =~ y0 + y1 + y2; Y ~ X", Moments(names, 300, sds, r))
    assert fit.discrepancy == pytest.approx(0, abs=1e-10)
    table = standardized_estimates(fit).set_index("term")["estimate"]
    # The first item gives its factor its sign.
    assert table["Y ~ X"] == pytest.approx(slope * signs[0] * signs[3], abs=1e-5)
    np.testing.assert_allclose([table[f"X =~ x{k}"] for k in range(3)], loads[:3, 0] * signs[0], atol=1e-5)


def test_indirect_effects_equal_lavaan(moments, golden):
    for name, cause, effect, theirs in (
        ("chain", "unfairness", "revenge", {"indirect": "by_betrayal"}),
        ("chain", "quality", "revenge", {"indirect": "quality_by_betrayal"}),
        (
            "chain_in_full",
            "unfairness",
            "avoidance",
            {
                "unfairness -> betrayal -> revenge -> avoidance": "long",
                "unfairness -> betrayal -> avoidance": "short",
                "indirect": "indirect",
                "total": "total",
            },
        ),
    ):
        fit = fit_path_model(MODELS[name][0], moments["scales"])
        ours = indirect_effects(fit, cause, effect, draws=100).set_index("term")
        found = golden[name]
        named = dict(
            zip(found["left"].split(), zip(found["estimate"], found["se"], strict=True), strict=True)
        )
        for term, label in theirs.items():
            np.testing.assert_allclose(
                ours.loc[term, ["estimate", "se"]].astype(float), named[label], rtol=1e-7
            )


def test_draws_of_a_skewed_product_hold_the_middle(moments):
    fit = fit_path_model(CHAIN, moments["scales"])
    table = indirect_effects(fit, "unfairness", "revenge", seed=3).set_index("term")
    again = indirect_effects(fit, "unfairness", "revenge", seed=3).set_index("term")
    pd.testing.assert_frame_equal(table, again)
    row = table.loc["indirect"]
    assert row.mc_low < row.estimate < row.mc_high
    # The product of two positive slopes leans to the right.
    assert row.mc_high - row.estimate > row.estimate - row.mc_low


def test_what_cannot_be_asked_of_ways(moments):
    fit = fit_path_model(CHAIN, moments["scales"])
    with pytest.raises(ArgumentError, match="cause is 'blame'; it must be one of betrayal"):
        indirect_effects(fit, "blame", "revenge")
    with pytest.raises(ArgumentError, match="no way of arrows leads from 'revenge' to 'quality'"):
        indirect_effects(fit, "revenge", "quality")
    with pytest.raises(ArgumentError, match="draws is 5"):
        indirect_effects(fit, "quality", "revenge", draws=5)


def test_a_narrower_model_is_tested_against_the_wider(moments):
    wide = fit_path_model(CHAIN, moments["scales"])
    narrow = fit_path_model(
        CHAIN.replace("revenge ~ betrayal + quality", "revenge ~ betrayal + 0*quality"), moments["scales"]
    )
    row = compare_fits(narrow, wide).iloc[0]
    assert row.df == 1
    assert row.chi2 == pytest.approx(narrow.weight * (narrow.discrepancy - wide.discrepancy))
    # The likelihood ratio and z² are nearly the same test.
    z = path_estimates(wide).set_index("term")["z"]["revenge ~ quality"]
    assert row.chi2 == pytest.approx(z**2, rel=0.1)
    with pytest.raises(ArgumentError, match="wide has 1 degrees of freedom more"):
        compare_fits(wide, narrow)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the model is empty"),
        ("revenge <- betrayal", "has the line 'revenge <- betrayal'"),
        ("revenge ~ 1", "has the line 'revenge ~ 1'"),
        ("revenge ~ betrayal; revenge ~ betrayal", "has 'revenge ~ betrayal' twice"),
        ("revenge ~~ betrayal; betrayal ~~ revenge", "has 'betrayal ~~ revenge' twice"),
        ("revenge ~ betrayal; betrayal ~ revenge", "lead back to 'betrayal'"),
    ],
)
def test_models_that_cannot_be_read(text, said, moments):
    with pytest.raises(ArgumentError, match=said):
        fit_path_model(text, moments["scales"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("revenge ~ anger", "RR111 .*no variable 'anger'; it must be one of unfairness, quality"),
        ("f =~ unfairness + quality", "RR622 .*4 free parameters .* 3 variances and covariances"),
        ("f =~ NA*unfairness + quality + betrayal + revenge", r"RR622 .*do not tell .*'f ~~ f' apart"),
    ],
)
def test_models_that_the_moments_do_not_decide(text, said, moments):
    with pytest.raises((ArgumentError, DataError), match=said):
        fit_path_model(text, moments["scales"])


def test_variables_that_are_sums_of_others_are_refused():
    r = np.array([[1, 0, np.sqrt(0.5)], [0, 1, np.sqrt(0.5)], [np.sqrt(0.5), np.sqrt(0.5), 1]])
    given = Moments(("a", "b", "sum"), 100, np.ones(3), r)
    with pytest.raises(DataError, match="RR622 .*the correlations are singular"):
        fit_path_model("sum ~ a + b", given)


def test_an_improper_solution_is_warned_of():
    # One factor cannot explain r13 = .1 where r12 = r23 = .7: variances of .02, .02 and one of .51 * .51 / .1 > 1.
    given = moments_of({"n": 100, "sd": {"a": 1, "b": 1, "c": 1}, "r": [[0.7], [0.2, 0.7]]})
    with pytest.warns(RetaliationRiskWarning, match="RR623 improper solution: the variance left of 'b'"):
        fit_path_model("f =~ a + b + c", given)
