"""Do high scorers refer more: worlds in which they do, do not, and do less; missing accounts; too few referrals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from retaliation_risk.errors import ArgumentError, DataError
from retaliation_risk.evaluate.referral import _is_top, compare_referrals


def firm(tie=0.0, n=4000, seed=0, mean=0.3):
    """Customers whose referrals hang on their score by ``tie``; those without an account refer most."""
    rng = np.random.default_rng(seed)
    score = rng.uniform(1, 100, n).round()
    account = rng.random(n) < 0.6
    rate = np.where(account, mean * np.exp(tie * (score - 50) / 50), 2 * mean)
    return pd.DataFrame(
        {
            "customer_id": np.arange(n),
            "influence": np.where(account, score, np.nan),
            "referrals": rng.poisson(rate * rng.gamma(0.5, 2, n)),
        }
    )


@pytest.mark.parametrize(
    ("tie", "words"),
    [(1.0, "refers more customers"), (0.0, "It cannot be told whether"), (-1.0, "refers fewer customers")],
)
def test_it_can_come_out_three_ways(tie, words):
    referral = compare_referrals(firm(tie), n_bootstrap=200)
    assert words in referral.sentence()
    sides = referral.comparisons.eval("(low > chance) * 1 - (high < chance) * 1")
    assert sides.tolist() == [np.sign(tie)] * 3


def test_values_are_those_of_plain_pandas():
    customers = firm(0.5)
    customers.loc[:99, "referrals"] = np.nan
    counted = customers[customers["referrals"].notna()]
    able = counted[counted["influence"].notna()]
    edge = able["influence"].sort_values(ascending=False).iloc[int(np.ceil(len(able) / 4)) - 1]
    top, rest = (
        able.loc[here, "referrals"] for here in (able["influence"] >= edge, able["influence"] < edge)
    )
    referral = compare_referrals(customers, n_bootstrap=0)
    assert referral.groups["n"].tolist() == [len(top), len(rest), len(counted) - len(able)]
    assert referral.groups["referrals_per_customer"].tolist() == pytest.approx(
        [top.mean(), rest.mean(), counted.loc[counted["influence"].isna(), "referrals"].mean()]
    )
    assert referral.comparisons["value"].tolist() == pytest.approx(
        [
            top.mean() - rest.mean(),
            top.mean() / rest.mean(),
            spearmanr(able["influence"], able["referrals"])[0],
        ]
    )


def test_no_account_is_a_group_of_its_own_and_moves_no_comparison():
    customers = firm(0.5)
    with_them, without = (
        compare_referrals(frame, n_bootstrap=0) for frame in (customers, customers.dropna())
    )
    pd.testing.assert_series_equal(with_them.comparisons["value"], without.comparisons["value"])
    assert with_them.groups["group"].tolist() == ["top quartile", "the rest", "no account"]
    assert without.groups["n"].tolist()[2] == 0


def test_the_interval_holds_the_truth():
    held = 0
    for seed in range(20):
        comparisons = compare_referrals(firm(0.0, n=1500, seed=seed), n_bootstrap=100).comparisons
        held += comparisons.eval("low <= chance <= high").sum()
    assert held >= 0.85 * 60


@given(st.lists(st.integers(0, 6), min_size=1, max_size=40))
def test_ties_at_the_edge_stand_together(scores):
    score = np.array(scores, dtype=float)
    top = _is_top(score, np.ones(len(score)))
    assert top.mean() >= 0.25
    assert score[top].min() > score[~top].max(initial=-1)
    # Without its least value the top would be less than a quarter.
    assert (score > score[top].min()).mean() < 0.25


def test_few_referrals_give_no_verdict():
    customers = firm()
    customers["referrals"] = (np.arange(len(customers)) % 900 == 0) * 1.0
    referral = compare_referrals(customers, n_bootstrap=50)
    assert referral.comparisons[["low", "high"]].isna().all(axis=None)
    assert referral.sentence().startswith("Too few of 2,")


def test_nobody_with_a_score_or_nobody_who_refers_is_said_in_numbers_that_are_missing():
    nobody = compare_referrals(firm().assign(influence=np.nan), n_bootstrap=5)
    assert nobody.comparisons["value"].isna().all()
    silent = compare_referrals(firm().assign(referrals=0), n_bootstrap=5).comparisons.set_index("measure")
    assert silent.loc["mean_difference", "value"] == 0
    assert silent.loc[["rate_ratio", "rank_correlation"], "value"].isna().all()


def test_what_cannot_be_used_is_named():
    with pytest.raises(DataError, match=r"RR101 .*columns \['referrals'\] are missing"):
        compare_referrals(firm().drop(columns="referrals"))
    with pytest.raises(DataError, match="RR205 .*1 rows repeat a customer_id"):
        compare_referrals(pd.concat([firm(), firm().head(1)]))
    with pytest.raises(ArgumentError, match="1 values of referrals are below 0 or infinite"):
        compare_referrals(pd.DataFrame({"customer_id": ["a"], "influence": [1.0], "referrals": [-1.0]}))
