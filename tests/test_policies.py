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
    INFLUENCE_COLUMNS,
    POLICIES,
    BiggestSpender,
    Custom,
    ExpectedHarm,
    FirstCome,
    InfluenceIfOpen,
    InfluenceOnly,
    InfluenceTimesComplaint,
    Mixed,
    Oracle,
    RiskOnly,
    Rule,
    available,
    lots,
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
            "complaint_stock": [0.2, 0.0, 0.0, 1.0, 0.5, 0.9],
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
    assert len({policy.name for policy in POLICIES}) == len(POLICIES) == 11


def blocks(order, expected):
    """Cut an order into blocks as long as those expected, each sorted: within a block a lot decides."""
    ids = iter(order)
    return " ".join("".join(sorted(next(ids) for _ in block)) for block in expected.split())


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (FirstCome(), "c e a d bf"),  # 12, 4, 3, 0 days; then b and f who wait for nothing
        (InfluenceOnly(), "f b ad ce"),  # 90, 40, 1, 1; then c and e without an account
        (InfluenceIfOpen(), "a ce f b d"),  # a, c, e have something open, a alone an account; then 90, 40, 1
        (
            InfluenceTimesComplaint(),
            "b f a cde",
        ),  # 40 * .5; 90 * .2; 1 * .9; d never complained, c, e unknown
        (BiggestSpender(), "d c a f e b"),  # b unknown, after e's 0
        (RiskOnly(), "ce a d b f"),
        (Rule(), "ce a d bf"),  # c and e are loyal and let down (3 contacts each); d is not loyal yet
        (ExpectedHarm(), "f bce a d"),  # f 50; c and b 18; e .3 * median 60 = 18; a 4; d .5
        # Places by risk f1 b2 d3 a4 ce5.5, by influence ce1.5 ad3.5 b5 f6: sums a7.5, bcef7, d6.5, in halves of sixths.
        (Mixed(), "a bcef d"),
        (Mixed(weight=0.0), "ce a d b f"),
        (Mixed(weight=0.0, digits=1), "ce a f b d"),  # .3 .3 .1 and 0 0 0: then influence 90, 40, 1
        (Mixed(weight=1.0), "f b a d ce"),  # a and d both 1: the risk decides
        (Oracle(), "ae bcdf"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_order_by_hand(policy, expected):
    got = queue(customers(), policy, capacity=6)
    assert blocks(got["customer_id"], expected) == expected
    assert got["rank"].tolist() == [1, 2, 3, 4, 5, 6]


@given(
    seed=st.integers(0, 10**6), priority=st.lists(st.sampled_from([0.0, 1.0, 2.0]), min_size=6, max_size=6)
)
def test_a_lot_decides_between_equals_and_between_nobody_else(seed, priority):
    scored = customers().assign(risk=priority)
    got = queue(scored, RiskOnly(), capacity=6, seed=seed)
    assert got["priority"].is_monotonic_decreasing
    places = dict(zip(scored["customer_id"], lots(scored["customer_id"], seed), strict=True))
    for _, equal in got.groupby("priority"):
        assert equal["customer_id"].map(places).is_monotonic_increasing


def test_the_lot_favours_nobody():
    ids = pd.Series([f"C{k:04d}" for k in range(2000)])
    drawn = np.array([lots(ids, seed).argsort().argsort() for seed in range(200)])
    # The mean place of a customer over 200 seeds: 999.5, standard error 2000 / sqrt(12 * 200) = 41.
    assert abs(drawn.mean(axis=0) - 999.5).max() < 5 * 41
    old = drawn[:, :1000].mean()  # the ids given out first
    assert abs(old - 999.5) < 5


def test_a_policy_that_uses_influence_says_so_in_its_queue():
    for policy in POLICIES:
        assert policy.uses_influence == bool(set(policy.needs) & set(INFLUENCE_COLUMNS))
        got = queue(customers(), policy, capacity=3)
        assert got["uses_influence"].tolist() == [policy.uses_influence] * 3
    assert [policy.name for policy in POLICIES if policy.uses_influence] == [
        "influence_only", "influence_if_open", "influence_x_complaint", "expected_harm", "mixed_50",
    ]  # fmt: skip


def test_a_policy_of_ones_own():
    newest = Custom("newest", "Newest first.", ("tenure_days",), lambda scored: -scored["tenure_days"])
    assert "".join(queue(customers(), newest, capacity=6)["customer_id"]) == "dbceaf"
    assert available(customers(), [newest]) == {"newest": ""}
    assert not newest.uses_influence
    loud = Custom(
        "loud", "Followers by tickets.", ("influence", "tickets_90d"), lambda s: s.influence * s.tickets_90d
    )
    assert (
        blocks(queue(customers(), loud, capacity=6)["customer_id"], "a d bf ce") == "a d bf ce"
    )  # c, e unknown
    assert loud.uses_influence


def test_a_policy_cannot_hide_that_it_uses_influence():
    @dataclass(frozen=True)
    class Hidden(InfluenceOnly):
        name: ClassVar[str] = "hidden"
        uses_influence: ClassVar[bool] = False

    with pytest.raises(ArgumentError, match="policy hidden needs influence but its uses_influence is False"):
        queue(customers(), Hidden(), capacity=2)


def test_a_custom_formula_sees_only_what_it_asked_for():
    spy = Custom("spy", "Reads more than it says.", ("risk",), lambda scored: scored["influence"])
    with pytest.raises(KeyError, match="influence"):
        queue(customers(), spy, capacity=2)


@pytest.mark.parametrize("weight", [-0.1, 1.5])
def test_a_mix_is_a_share(weight):
    with pytest.raises(ArgumentError, match=f"weight is {weight}; it must be in"):
        Mixed(weight=weight)


def test_mixes_have_names_of_their_own():
    assert [Mixed(weight=share).name for share in (0.0, 0.25, 0.5)] == ["mixed_0", "mixed_25", "mixed_50"]


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
        uses_influence: ClassVar[bool] = True
        needs: ClassVar[tuple[str, ...]] = ("influence",)

        def priority(self, scored):
            return scored["influence"]

    with pytest.raises(ArgumentError, match="policy gaps leaves 2 priorities missing"):
        queue(customers(), Gaps(), capacity=2)
