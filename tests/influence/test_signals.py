"""Profiles as they are known at a moment."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retaliation_risk.errors import ArgumentError, DataError
from retaliation_risk.influence import SIGNALS, compute_signals
from retaliation_risk.influence.signals import HALF_LIFE_DAYS
from retaliation_risk.tables.contract import CONTRACT

NAMES = [signal.name for signal in SIGNALS]
count = st.one_of(st.none(), st.integers(0, 1000).map(float))
flag = st.sampled_from([None, True, False])
observation = st.fixed_dictionaries(
    {
        "customer_id": st.sampled_from(["C1", "C2", "C3"]),
        "age_days": st.integers(1, 400).map(float),
        "topic": st.sampled_from([None, "beer", "trains"]),
        "is_private": flag,
        "consent": flag,
        "followers": count,
        "posts": count,
        "shares": count,
        "clicks": count,
    }
)
observations = st.lists(observation, min_size=1, max_size=12)


def frame_of(rows):
    """A frame whose flags are true, false or missing."""
    return pd.DataFrame(rows).astype({"is_private": "boolean", "consent": "boolean", "topic": object})


def agreed(rows, customer):
    """The latest word of a customer, by a walk over rows; of two at once the refusal."""
    said = [
        (row["age_days"], row["consent"])
        for row in rows
        if row["customer_id"] == customer and row["consent"] is not None
    ]
    return bool(said) and min(said)[1]


def level(rows, customer, topic, name):
    """One signal by hand: mean with weights that halve, then faded."""
    signal = next(signal for signal in SIGNALS if signal.name == name)
    seen = [
        (row["age_days"], row[name])
        for row in rows
        if (row["customer_id"], row["topic"]) == (customer, topic)
        and row[name] is not None
        and (agreed(rows, customer) or not (row["is_private"] or signal.private))
    ]
    if not seen:
        return np.nan
    weights = [0.5 ** (age / HALF_LIFE_DAYS) for age, _ in seen]
    mean = sum(w * value for w, (_, value) in zip(weights, seen, strict=True)) / sum(weights)
    return mean * 0.5 ** (min(age for age, _ in seen) / HALF_LIFE_DAYS) if signal.fades else mean


@settings(max_examples=30)
@given(observations)
def test_equals_a_plain_walk_over_the_rows(rows):
    found = compute_signals(frame_of(rows))
    assert set(zip(found["customer_id"], found["topic"], strict=True)) == {
        (row["customer_id"], row["topic"] or "") for row in rows
    }
    for one in found.itertuples():
        for name in ("followers", "posts", "shares", "clicks"):
            expected = level(rows, one.customer_id, one.topic or None, name)
            if name == "followers" and one.topic and np.isnan(expected):
                expected = level(rows, one.customer_id, None, name)
            np.testing.assert_allclose(getattr(one, name), expected, rtol=1e-9)


@settings(max_examples=30)
@given(observations, st.randoms(use_true_random=False))
def test_the_order_of_rows_means_nothing(rows, shuffler):
    turned = list(rows)
    shuffler.shuffle(turned)
    here, there = (compute_signals(frame_of(some)) for some in (rows, turned))
    pd.testing.assert_frame_equal(here, there, rtol=1e-9)


@settings(max_examples=30)
@given(observations)
def test_without_consent_private_values_could_be_anything(rows):
    """Nothing that is private changes a profile of a customer who has not agreed."""
    silent = [row | {"consent": None} for row in rows]
    other = [
        row
        | {
            "clicks": None if row["clicks"] is None else 999.0,
            "shares": 5.0 if row["is_private"] else row["shares"],
        }
        for row in silent
    ]
    here, there = (compute_signals(frame_of(some)).drop(columns="withheld") for some in (silent, other))
    pd.testing.assert_frame_equal(here, there)
    assert here["clicks"].isna().all()


def test_consent_withdrawn_closes_what_was_open():
    seen = pd.DataFrame(
        {
            "customer_id": ["C1", "C1", "C2"],
            "age_days": [50.0, 10.0, 5.0],
            "clicks": [7.0, np.nan, 3.0],
            "consent": pd.array([True, False, True], dtype="boolean"),
        }
    )
    found = compute_signals(seen).set_index("customer_id")
    assert np.isnan(found.loc["C1", "clicks"])
    assert found["withheld"].to_dict() == {"C1": True, "C2": False}
    assert found.loc["C2", "clicks"] == pytest.approx(3 * 0.5 ** (5 / 90))


def test_who_has_no_account_has_a_row_and_no_number():
    seen = pd.DataFrame({"customer_id": ["C1"], "age_days": [1.0], "followers": [3.0]})
    found = compute_signals(seen, customers=pd.Series(["C1", "Buffett"])).set_index("customer_id")
    assert found.loc["Buffett", NAMES].isna().all()
    assert found.loc["Buffett", "observations"] == 0
    assert found.loc["C1", "followers"] == 3


def test_a_half_life_of_its_own():
    seen = pd.DataFrame({"customer_id": ["C1"], "age_days": [30.0], "shares": [8.0], "replies": [8.0]})
    found = compute_signals(seen, half_lives={"shares": 10.0})
    assert found.loc[0, "shares"] == pytest.approx(1.0)
    assert found.loc[0, "replies"] == pytest.approx(8 * 0.5 ** (1 / 3))


def test_who_starts_conversations_and_who_gets_people_to_act():
    seen = pd.DataFrame(
        {
            "customer_id": ["C1", "C2"], "age_days": [45.0, 45.0], "posts": [10.0, 0.0], "threads_started": [4.0, 0.0],
            "shares": [20.0, 3.0], "replies": [10.0, np.nan],
        }
    )  # fmt: skip
    found = compute_signals(seen)
    np.testing.assert_allclose(found["starts_threads"], [0.4, np.nan])
    np.testing.assert_allclose(found["action_per_post"], [3.0, np.nan])


@pytest.mark.parametrize("age", [0.0, -3.0, np.nan])
def test_what_is_known_at_the_moment_or_later_is_refused(age):
    seen = pd.DataFrame({"customer_id": ["C1", "C1"], "age_days": [1.0, age], "followers": [1.0, 2.0]})
    with pytest.raises(DataError, match="RR521 known too late: 1 observations"):
        compute_signals(seen)


def test_what_cannot_be_read_is_refused():
    seen = pd.DataFrame({"customer_id": ["C1"], "age_days": [1.0], "followers": [-1.0]})
    with pytest.raises(DataError, match=r"RR209 .*followers must be at least 0 and finite; the least is -1"):
        compute_signals(seen)
    with pytest.raises(DataError, match=r"RR101 .*lack the columns \['age_days'\]"):
        compute_signals(seen.drop(columns="age_days"))
    with pytest.raises(ArgumentError, match=r"half_lives names \['likes'\]"):
        compute_signals(seen.assign(followers=1.0), half_lives={"likes": 3})
    with pytest.raises(ArgumentError, match=r"half_lives\['shares'\] is 0"):
        compute_signals(seen.assign(followers=1.0), half_lives={"shares": 0})


def test_every_signal_is_a_column_of_the_table():
    declared = {column.name: column for column in CONTRACT["influence"].columns}
    assert set(NAMES) <= set(declared)
    assert all("private" in declared[signal.name].about for signal in SIGNALS if signal.private)


def test_nobody_observed_is_an_empty_table():
    seen = pd.DataFrame({"customer_id": pd.Series(dtype=object), "age_days": pd.Series(dtype=float)})
    assert compute_signals(seen).empty
    assert len(compute_signals(seen, customers=pd.Series(["C1"]))) == 1
