"""Power by simulation against closed forms, and a search that ends near them."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import nct, norm, ttest_ind
from scipy.stats import t as student

from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.studies.estimators.moderation import Moderated, fit_moderation
from retaliation_risk.studies.estimators.power import power_by_simulation, sample_size_for


def two_groups(effect):
    def make(n, rng):
        return rng.normal(size=n // 2) + effect, rng.normal(size=n - n // 2)

    return make


def t_test(groups):
    """The pooled t test, without what a library adds to it: it runs thousands of times here."""
    sizes, means = [len(one) for one in groups], [one.mean() for one in groups]
    df = sum(sizes) - 2
    pooled = sum(one.var() * len(one) for one in groups) / df
    return 2 * student.sf(abs(means[0] - means[1]) / np.sqrt(pooled * (1 / sizes[0] + 1 / sizes[1])), df)


def test_the_t_test_of_these_tests_is_scipys():
    groups = two_groups(0.5)(31, np.random.default_rng(0))
    assert t_test(groups) == pytest.approx(ttest_ind(*groups).pvalue)


def closed_form(n, effect):
    """Power of the two-sided t test at 5 %, by the noncentral t."""
    df, shift = n - 2, effect / np.sqrt(1 / (n // 2) + 1 / (n - n // 2))
    edge = student.ppf(0.975, df)
    return nct.sf(edge, df, shift) + nct.cdf(-edge, df, shift)


@pytest.mark.parametrize(("n", "effect"), [(40, 0.0), (60, 0.5), (128, 0.5)])
def test_the_power_of_a_t_test_is_its_closed_form(n, effect):
    found = power_by_simulation(two_groups(effect), t_test, n, draws=800, seed=1)
    truth = closed_form(n, effect)
    assert abs(found.power - truth) < 4 * np.sqrt(truth * (1 - truth) / 800)
    assert found.low < found.power < found.high
    assert found.failed == 0


def test_the_power_of_an_interaction_is_near_the_normal_curves():
    def make(n, rng):
        rows = pd.DataFrame(rng.normal(size=(n, 2)), columns=["x", "w"])
        return rows.assign(y=0.3 * rows["x"] * rows["w"] + rng.normal(size=n))

    def test(rows):
        return fit_moderation(rows, Moderated("y", "x", "w")).coefficients.table()["p"].iloc[3]

    found = power_by_simulation(make, test, 100, draws=200, seed=2)
    assert found.power == pytest.approx(norm.sf(1.96 - 0.3 * np.sqrt(100)), abs=0.1)


def test_the_size_found_is_near_the_closed_form():
    truth = next(n for n in range(20, 400) if closed_form(n, 0.6) >= 0.8)
    found = sample_size_for(two_groups(0.6), t_test, draws=300, seed=3)
    assert abs(found.n - truth) < 16
    assert found.too_few < truth
    assert found.enough is None or found.enough > truth - 16
    assert found.tried["n"].is_monotonic_increasing
    assert found.tried.set_index("n").loc[found.n, "power"] >= 0.8


def test_the_same_seed_draws_the_same_studies_whatever_was_tried_before():
    alone = power_by_simulation(two_groups(0.6), t_test, 40, draws=100, seed=3)
    search = sample_size_for(two_groups(0.6), t_test, draws=100, seed=3).tried.set_index("n")
    assert search.loc[40, "power"] == alone.power
    others = {power_by_simulation(two_groups(0.6), t_test, 40, draws=50, seed=k).power for k in range(4, 9)}
    assert len(others) > 1


def test_studies_that_fail_are_counted_and_find_nothing():
    def sometimes(groups):
        if groups[0][0] > 0:
            raise GateError("RR409", "made up.")
        return np.nan if groups[1][0] > 0 else 0.0

    found = power_by_simulation(two_groups(0.0), sometimes, 10, draws=400)
    assert found.power == pytest.approx(0.25, abs=0.1)
    assert found.failed == pytest.approx(300, abs=40)
    assert found.power == pytest.approx(1 - found.failed / 400)


def test_errors_that_are_not_ours_are_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        power_by_simulation(two_groups(0.0), lambda _: 1 / 0, 10, draws=10)


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("RR111 .*n is 1", lambda: power_by_simulation(two_groups(0), t_test, 1)),
        ("RR111 .*draws is 5", lambda: power_by_simulation(two_groups(0), t_test, 9, draws=5)),
        ("RR111 .*test gave 7", lambda: power_by_simulation(two_groups(0), lambda _: 7, 9, draws=10)),
        (
            "RR111 .*power is .* at 60, below 0.8",
            lambda: sample_size_for(two_groups(0.1), t_test, largest=60, draws=50),
        ),
        ("RR111 .*power is 1;", lambda: sample_size_for(two_groups(0.1), t_test, power=1)),
    ],
)
def test_questions_without_an_answer_are_refused(words, call):
    with pytest.raises(ArgumentError, match=words):
        call()
