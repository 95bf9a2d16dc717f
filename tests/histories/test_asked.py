"""What is asked is made ready once: each log is read once, and each formula after those that it rests on."""

import pandas as pd
import pytest

from retaliation_risk.errors import ArgumentError
from retaliation_risk.histories import Count, Expression, Feature, build_histories, prepare


def feature(name, value):
    return Feature(name, "tickets", "A feature.", "contacts", value)


CALLS = feature("calls", Count("tickets"))
RECENT = feature("recent", Count("tickets", days=30))
ORDERS = feature("orders", Count("orders"))
TWICE = feature("twice", Expression("2 * once"))
ONCE = feature("once", Expression("calls + orders"))


def test_each_log_is_read_once_and_formulas_follow_what_they_rest_on():
    asked = prepare([TWICE, CALLS, ORDERS, ONCE, RECENT])
    assert [(reading.log, reading.names) for reading in asked.readings] == [
        ("tickets", ("calls", "recent")),
        ("orders", ("orders",)),
    ]
    assert [name for name, _ in asked.expressions] == ["once", "twice"]


@pytest.mark.parametrize(
    ("features", "lacking"),
    [
        ([TWICE, CALLS], r"'twice' uses \['once'\]"),
        ([ONCE, CALLS], r"'once' uses \['orders'\]"),
        ([feature("a", Expression("b")), feature("b", Expression("a"))], r"'a' uses \['b'\]"),
    ],
)
def test_a_formula_over_what_is_not_asked_for_is_refused(features, lacking):
    with pytest.raises(ArgumentError, match=f"RR403 .*{lacking}"):
        prepare(features)


def test_what_is_ready_gives_what_as_of_gives(small_tables):
    histories = build_histories(small_tables)
    features = [TWICE, CALLS, ORDERS, ONCE, RECENT]
    moment = pd.Timestamp("2025-04-01")
    expected = histories.as_of(histories.customer_ids, moment, features)
    codes = pd.RangeIndex(len(histories.customer_ids)).to_numpy()
    times = pd.DatetimeIndex([moment] * len(codes)).as_unit("us").asi8
    found = histories.values_of(codes, times, prepare(features))
    assert {name: found[name].tolist() for name in found} == {
        each.name: expected[each.name].tolist() for each in features
    }
    assert expected["twice"].tolist() == [8.0, 2.0]


def test_one_customer_is_found_and_a_stranger_is_named(small_tables):
    histories = build_histories(small_tables)
    assert [histories.code(name) for name in histories.customer_ids] == [0, 1]
    with pytest.raises(ArgumentError, match=r"RR402 .*'C9'"):
        histories.code("C9")
