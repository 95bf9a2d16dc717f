"""Relationship strength by failed recoveries: a truth made by hand, few acts, and the simulator's switch."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.errors import ArgumentError
from retaliation_risk.features import FEATURES
from retaliation_risk.histories import build_histories, history_rows
from retaliation_risk.models.love_becomes_hate import ADJUSTMENTS, COLUMNS, love_becomes_hate
from retaliation_risk.simulate import Parameters, simulate
from retaliation_risk.tables import tables_from_frames

TRUTH = (-0.4, 0.0, 0.3, 0.5)
SPREAD = 1.7


def sets_of(truth=TRUTH, n_sets=1500, seed=0):
    """Sets of six in which one standard deviation of strength adds ``truth`` to the log hazard, by class."""
    rng = np.random.default_rng(seed)
    shape = (n_sets, 6)
    strength, failures = rng.normal(2.0, SPREAD, shape), rng.choice(5, shape, p=[0.4, 0.25, 0.15, 0.1, 0.1])
    others = rng.exponential(1.0, (3, *shape))
    effect = np.array([*truth, truth[-1]])[failures] * (strength - 2) / SPREAD
    risk = np.exp(effect + 0.8 * np.minimum(failures, 3) + 0.2 * others.sum(axis=0))
    chosen = (risk / risk.sum(axis=1, keepdims=True)).cumsum(axis=1) > rng.random((n_sets, 1))
    place = np.arange(6) == chosen.argmax(axis=1)[:, None]
    columns = {
        "set": np.repeat(np.arange(n_sets), 6),
        "customer_id": [f"C{i}" for i in range(n_sets * 6)],
        "case": place.ravel(),
        "log_weight": 0.0,
        "relationship_strength": strength.ravel(),
        "failed_recoveries_ever": failures.ravel().astype(float),
    }
    return pd.DataFrame(columns | dict(zip(ADJUSTMENTS, others.reshape(3, -1), strict=True)))


def test_each_class_has_its_own_ratio_and_the_trend_is_found():
    table = love_becomes_hate(sets_of())
    assert table["group"].tolist() == ["0", "1", "2", "3+", "trend"]
    for row, truth in zip(table.itertuples(), TRUTH, strict=False):
        assert row.low < np.exp(truth) < row.high, row.group
    trend = table.iloc[-1]
    assert trend["low"] > 1
    # By least squares through the truth: 0.3 a class.
    assert np.log(trend["estimate"]) == pytest.approx(0.3, abs=0.08)
    assert table["n_events"].iloc[:4].sum() == table["n_events"].iloc[4] == 1500
    assert table["n_customers"].iloc[:4].sum() == 9000


def test_without_a_change_no_trend_is_found():
    found = [
        love_becomes_hate(sets_of((0.2,) * 4, n_sets=400, seed=s)).iloc[-1]["p_value"] for s in range(20)
    ]
    assert np.mean(np.array(found) < 0.05) <= 0.2


def test_a_class_with_few_acts_is_counted_and_has_no_interval():
    sets = sets_of()
    class_2 = sets["case"] & (sets["failed_recoveries_ever"] == 2)
    gone = sets[class_2]["set"].iloc[6:]
    kept = sets[~sets["set"].isin(gone)]
    table = love_becomes_hate(kept).set_index("group")
    assert table.loc["2", "n_events"] == 6
    assert table.loc["2", "n_customers"] > 800
    assert table.loc["2", ["estimate", "low", "high", "p_value"]].isna().all()
    # The other classes are as if customers of this one had not been in the sets.
    rest = love_becomes_hate(kept[kept["failed_recoveries_ever"] != 2]).set_index("group")
    columns = ["estimate", "low", "high"]
    pd.testing.assert_frame_equal(table.loc[["0", "1", "3+"], columns], rest.loc[["0", "1", "3+"], columns])
    assert love_becomes_hate(kept, fewest_events=6).notna()["estimate"].all()


def test_where_no_class_has_enough_there_are_counts_alone():
    table = love_becomes_hate(sets_of(n_sets=12))
    assert table[["estimate", "low", "high", "p_value"]].isna().all(axis=None)
    assert table["n_events"].tolist()[-1] == 12


def test_one_class_has_a_ratio_and_no_trend():
    sets = sets_of().assign(failed_recoveries_ever=0.0)
    table = love_becomes_hate(sets).set_index("group")
    assert np.isfinite(table.loc["0", "estimate"])
    assert table.loc[["1", "2", "3+", "trend"], "estimate"].isna().all()


def test_what_cannot_be_told_apart_gives_no_estimate():
    for same in ({"relationship_strength": 1.0}, {"complaint_stock": lambda frame: frame["grudge"]}):
        assert love_becomes_hate(sets_of().assign(**same))["estimate"].isna().all()


def test_columns_that_are_not_there_are_named():
    with pytest.raises(ArgumentError, match=r"RR101 .*risk_sets lack \['grudge'\]"):
        love_becomes_hate(sets_of().drop(columns="grudge"))


def trend_of(school, seed):
    """Every row of the table in a simulated world of twenty thousand."""
    world = simulate(20_000, seed=seed, parameters=Parameters(loyalty_school=school))
    needed = {*COLUMNS, "tickets_365d", "tenure_days", "purchase_stock"}
    features = [feature for feature in FEATURES if feature.name in needed]
    histories = build_histories(tables_from_frames(world.frames), features=features)
    sets = history_rows(histories, features, controls=40, counter_match="failed_recoveries")
    return love_becomes_hate(sets).set_index("group")


def test_the_order_is_found_where_the_switch_is_on():
    table = trend_of("amplifies_repeated", seed=1)
    assert table.loc["trend", "low"] > 1
    assert table.loc["0", "estimate"] < 1 < table.loc["3+", "low"]


@pytest.mark.parametrize("school", ["love_is_blind", "love_becomes_hate", "none"])
def test_and_not_where_it_is_off(school):
    table = trend_of(school, seed=1)
    assert table.loc["trend", "low"] < 1 < table.loc["trend", "high"]
    if school == "love_is_blind":
        assert (table["estimate"].iloc[:3] < 1.05).all()
    if school == "love_becomes_hate":
        assert (table["estimate"].iloc[:4] > 1).all()
