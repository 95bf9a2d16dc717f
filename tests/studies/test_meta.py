"""Meta-analysis: metafor's numbers, what must hold of any, and what the sixteen laboratories' summary allows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from retaliation_risk.errors import ArgumentError, DataError
from retaliation_risk.studies.estimators.meta import (
    effects_from_counts,
    effects_from_d,
    effects_from_odds_ratios,
    effects_from_r,
    meta_analysis,
)

from .golden import close, numbers

HOW = {
    "fixed": ("fixed", False),
    "dl": ("dl", False),
    "reml": ("reml", False),
    "dl_knapp": ("dl", True),
    "reml_knapp": ("reml", True),
}


def effects(name):
    given = {key: np.array(values) for key, values in numbers("meta")["input"].items()}
    return {
        "correlations": lambda: effects_from_r(given["r"], given["n"]),
        "differences": lambda: effects_from_d(given["d"], given["n1"], given["n2"]),
        "odds": lambda: effects_from_counts(given["events1"], given["m1"], given["events2"], given["m2"]),
        "alike": lambda: effects_from_r(given["equal"], given["n"][:4]),
    }[name]()


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("name", ["correlations", "differences", "odds", "alike"])
def test_effects_means_and_spreads_are_those_of_metafor(name, how):
    theirs = numbers("meta")[name]
    table = effects(name)
    close(table["estimate"], theirs["estimate"])
    close(table["variance"], theirs["variance"])
    tau2, hartung_knapp = HOW[how]
    found = meta_analysis(table, tau2=tau2, hartung_knapp=hartung_knapp)
    row = found.table.iloc[0]
    ours = [row["estimate"], row["se"], row["statistic"], row["p"], row["low"], row["high"]]
    close(ours, theirs[how][:6], rtol=1e-7)
    close([found.q, found.q_p], theirs[how][6:8])
    close([found.i2, found.tau2], theirs[how][8:10], rtol=1e-7)
    if how != "fixed":
        close(found.prediction, theirs[how][10:], rtol=1e-7)
    else:
        assert np.isnan(found.prediction).all()
    assert found.q_df == len(table) - 1
    assert row["n"] == table["n"].sum()


@example([(0.0, 1.0)] * 4 + [(1.0, 0.125)])  # Fisher's scoring swings.
@given(st.lists(st.tuples(st.floats(-2, 2), st.floats(0.01, 1)), min_size=2, max_size=12))
def test_reml_is_where_its_likelihood_is_highest(studies):
    y, v = np.array(studies).T

    def deviance(tau2):
        w = 1 / (v + tau2)
        return -np.log(w).sum() + np.log(w.sum()) + np.sum(w * (y - np.average(y, weights=w)) ** 2)

    found = meta_analysis(pd.DataFrame({"estimate": y, "variance": v, "n": 10}))
    others = np.r_[np.linspace(0, 20, 200), found.tau2 * np.linspace(0.9, 1.1, 21)]
    assert deviance(found.tau2) <= min(map(deviance, others)) + 1e-9
    assert found.weights.sum() == pytest.approx(1)
    assert min(y) - 1e-9 <= found.table["estimate"].iloc[0] <= max(y) + 1e-9


def test_printed_odds_ratios_are_the_counts_again():
    counts = effects_from_counts([20, 31], [100, 90], [10, 15], [100, 88])
    reach = 1.959963984540054 * np.sqrt(counts["variance"])
    ratio, low, high = (np.exp(counts["estimate"] + k * reach) for k in (0, -1, 1))
    close(effects_from_odds_ratios(ratio, low, high, [200, 178])["variance"], counts["variance"])


def test_the_summary_of_the_sixteen_laboratories_as_far_as_it_goes():
    """Printed: fixed effect -0.049, SE 0.049, N = 1,690, 16 laboratories; the first study d -0.599, n = 89.

    The laboratories' own values are not printed, so the mean cannot be had again. Its error can: with halves of equal
    size a fixed effect's variance is near 4 / N however N is split among laboratories.
    """
    for sizes in ([1690 // 16] * 15 + [1690 - 15 * (1690 // 16)], [60] * 10 + [182] * 5 + [180]):
        n = np.array(sizes)
        labs = effects_from_d([-0.049] * 16, n / 2, n / 2, corrected=False)
        row = meta_analysis(labs, tau2="fixed").table.iloc[0]
        assert row["n"] == 1690
        assert row["se"] == pytest.approx(0.049, abs=0.0005)
        assert row["low"] < 0 < row["high"]
    first = effects_from_d([-0.599], [45], [44], corrected=False).iloc[0]
    apart = (first["estimate"] + 0.049) / np.sqrt(first["variance"] + 0.049**2)
    assert apart == pytest.approx(-2.48, abs=0.01)


def test_new_studies_fall_into_the_prediction_interval():
    rng, held = np.random.default_rng(5), 0
    for _ in range(300):
        truth = 0.3 + 0.2 * rng.normal(size=21)
        table = effects_from_r(np.tanh(truth[:20] + rng.normal(size=20) / np.sqrt(97)), [100] * 20)
        low, high = meta_analysis(table).prediction
        held += low < truth[20] < high
    assert 270 <= held <= 297


@pytest.mark.parametrize(
    ("words", "make"),
    [
        (r"RR111 .*r of study 2 is 1; it must be in \(-1, 1\)", lambda: effects_from_r([0.1, 1.0], [9, 9])),
        ("RR111 .*n of study 1 is 3; it must be at least 4", lambda: effects_from_r([0.1], [3])),
        ("RR111 .*lengths differ: {'r': 1, 'n': 2}", lambda: effects_from_r([0.1], [9, 9])),
        ("RR111 .*r of study 1 is nan", lambda: effects_from_r([np.nan], [9])),
        ("RR111 .*n2 of study 1 is 1", lambda: effects_from_d([0.1], [9], [1])),
        ("RR111 .*neither none nor all", lambda: effects_from_counts([0], [9], [0], [9])),
        ("RR111 .*between 0 and n", lambda: effects_from_counts([10], [9], [1], [9])),
        ("RR111 .*above 0 and below", lambda: effects_from_odds_ratios([1.0], [2.0], [3.0], [9])),
        ("RR111 .*2 names for 1 studies", lambda: effects_from_r([0.1], [9], studies=["a", "b"])),
    ],
)
def test_effects_that_cannot_be_are_refused(words, make):
    with pytest.raises(ArgumentError, match=words):
        make()


def test_analyses_that_cannot_be_are_refused():
    one = effects_from_r([0.1], [30])
    with pytest.raises(DataError, match="RR642 .*1 studies; at least 2"):
        meta_analysis(one)
    both = pd.concat([one, one.assign(variance=0.0)])
    with pytest.raises(ArgumentError, match="RR111 .*variance of study 2 is 0"):
        meta_analysis(both)
    with pytest.raises(DataError, match="RR640 .*'estimate'"):
        meta_analysis(both.assign(estimate=np.nan))
    with pytest.raises(ArgumentError, match="RR111 .*error of random effects"):
        meta_analysis(pd.concat([one, one]), tau2="fixed", hartung_knapp=True)
