"""Every policy: its contract; and what is particular to each, by hand."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retaliation_risk.errors import ArgumentError
from retaliation_risk.policies import (
    POLICIES,
    BiggestSpender,
    ExpectedHarm,
    FirstCome,
    InfluenceOnly,
    Oracle,
    RiskOnly,
    Rule,
    available,
    queue,
)

POLICY = pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)


def customers():
    nan = np.nan
    return pd.DataFrame(
        {
            "customer_id": ["f", "e", "d", "c", "b", "a"],
            "risk": [0.01, 0.30, 0.05, 0.30, 0.02, 0.10],
            "influence": [90.0, nan, 1.0, nan, 40.0, 1.0],
            "expected_reach": [5000.0, nan, 10.0, 60.0, 900.0, 40.0],
            "unresolved_days": [nan, 4.0, 0.0, 12.0, nan, 3.0],
            "tickets_90d": [0, 3, 1, 3, 0, 9],
            "spend_365d": [10.0, 0.0, 500.0, 80.0, nan, 20.0],
            "failed_recoveries_ever": [0, 2, 2, 3, 0, 1],
            "tenure_days": [900, 400, 30, 365, 100, 700],
            "true_event": [False, True, False, False, False, True],
        },
        index=[5, 7, 1, 2, 9, 4],
    )


@POLICY
def test_contract(policy):
    scored = customers()
    before = scored.copy()
    priority = policy.priority(scored)
    assert priority.index.equals(scored.index)
    assert priority.dtype == float
    assert np.isfinite(priority).all()
    assert policy.name.islower()
    assert policy.about.endswith(".")
    pd.testing.assert_frame_equal(scored, before)


@POLICY
def test_reads_only_what_it_needs(policy):
    scored = customers()
    pd.testing.assert_series_equal(
        policy.priority(scored[list(policy.needs)]), policy.priority(scored), check_names=False
    )


@POLICY
def test_frozen(policy):
    with pytest.raises((FrozenInstanceError, AttributeError), match="assign"):
        policy.name = "other"


def test_names_are_unique():
    assert len({policy.name for policy in POLICIES}) == len(POLICIES) == 8


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (FirstCome(), "ceadbf"),  # 12, 4, 3, 0 days; then b and f who wait for nothing, by id
        (InfluenceOnly(), "fbadce"),  # 90, 40, 1, 1; then c and e without an account, by id
        (BiggestSpender(), "dcafeb"),  # b unknown, after e's 0
        (RiskOnly(), "ceadbf"),
        (Rule(), "ceadbf"),  # c and e are loyal and let down (3 contacts each); d is not loyal yet
        (ExpectedHarm(), "fbcead"),  # f 50; c and b 18; e .3 * median 60 = 18; a 4; d .5
        (Oracle(), "aebcdf"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_order_by_hand(policy, expected):
    got = queue(customers(), policy, capacity=6)
    if isinstance(policy, ExpectedHarm):  # three of 18 tie but for rounding
        assert got["customer_id"].iloc[0] == "f"
        assert set(got["customer_id"].iloc[1:4]) == set("bce")
    else:
        assert "".join(got["customer_id"]) == expected
    assert got["rank"].tolist() == [1, 2, 3, 4, 5, 6]


def test_unknown_influence_is_below_a_known_one_of_1():
    priority = InfluenceOnly().priority(customers())
    assert priority[7] == priority[2] < priority[1] == 1.0


def test_rule_takes_the_median_tenure_if_asked():
    # median of 900, 400, 30, 365, 100, 700 is 382.5: c (365) is no longer loyal, e (400) is.
    assert queue(customers(), Rule(tenure_days=None), capacity=1)["customer_id"].tolist() == ["e"]


def test_rule_counts_no_history_as_not_let_down():
    scored = customers().assign(failed_recoveries_ever=np.nan)
    assert Rule().priority(scored).tolist() == scored["tickets_90d"].tolist()


def test_queue_cuts_at_capacity_and_keeps_the_columns():
    got = queue(customers(), RiskOnly(), capacity=2)
    assert got.columns[:3].tolist() == ["rank", "customer_id", "priority"]
    assert set(customers().columns) <= set(got.columns)
    assert len(got) == 2
    assert len(queue(customers(), RiskOnly(), capacity=99)) == 6


@POLICY
@settings(max_examples=10)
@given(order=st.permutations(range(6)))
def test_queue_is_blind_to_row_order(policy, order):
    pd.testing.assert_frame_equal(
        queue(customers().iloc[order], policy, capacity=4), queue(customers(), policy, capacity=4)
    )


def test_available_says_why_not():
    scored = customers().drop(columns=["unresolved_days"]).assign(influence=np.nan, expected_reach=np.nan)
    why = available(scored)
    assert why["first_come"] == "column unresolved_days is not there"
    assert why["influence_only"] == "influence is missing everywhere"
    assert why["expected_harm"] == "expected_reach is missing everywhere"
    assert why["rule"] == why["risk_only"] == ""
    assert list(why) == [policy.name for policy in POLICIES]


def test_refusals():
    with pytest.raises(ArgumentError, match="risk_only cannot be run: column risk is not there"):
        queue(customers().drop(columns="risk"), RiskOnly(), capacity=2)
    with pytest.raises(ArgumentError, match="capacity is 0"):
        queue(customers(), RiskOnly(), capacity=0)


def test_a_policy_that_leaves_gaps_is_refused():
    @dataclass(frozen=True)
    class Gaps:
        name: ClassVar[str] = "gaps"
        about: ClassVar[str] = "Leaves gaps."
        needs: ClassVar[tuple[str, ...]] = ("influence",)

        def priority(self, scored):
            return scored["influence"]

    with pytest.raises(ArgumentError, match="policy gaps leaves 2 priorities missing"):
        queue(customers(), Gaps(), capacity=2)
