"""The compiled pass against a plain loop over rows, operation by operation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retaliation_risk.errors import ArgumentError
from retaliation_risk.histories import (
    Area,
    Count,
    DaysSince,
    DaysSinceFirst,
    Decayed,
    Expression,
    Last,
    Mean,
    Spell,
    Streak,
    Sum,
)
from retaliation_risk.histories.logs import Log, LogSpec
from retaliation_risk.histories.passes import fill, reading_of
from tests.histories import oracle

DAY = oracle.DAY
SPEC = LogSpec("facts", "", (), "", flags=(("even", ""), ("odd", "")), columns=(("x", ""), ("level", "")))
AGGREGATES = [
    Count("facts"),
    Count("facts", where="even", days=7),
    Count("facts", column="x", days=0.5),
    Sum("facts", "x"),
    Sum("facts", "x", where="odd", days=3),
    Mean("facts", "x", days=7),
    Mean("facts", "x", where="even"),
    Last("facts", "x"),
    Last("facts", "x", where="odd", days=7),
    DaysSince("facts"),
    DaysSince("facts", where="even", days=7),
    DaysSinceFirst("facts"),
    DaysSinceFirst("facts", where="odd"),
    Streak("facts", where="even"),
    Streak("facts", where="even", days=3),
    Decayed("facts", half_life_days=5),
    Decayed("facts", "x", where="odd", half_life_days=5),
    Spell("facts", "level"),
    Area("facts", "level"),
]

# Times on a coarse grid (so that ties, and facts exactly at a moment or at a window's edge, are common) and off it.
times = st.one_of(
    st.integers(-20, 40).map(lambda n: n * DAY // 2),
    st.integers(-10 * DAY, 20 * DAY),
    st.integers(-2, 2),
)
rows = st.fixed_dictionaries(
    {
        "known": times,
        "flags": st.sets(st.sampled_from(["even", "odd"])),
        "values": st.fixed_dictionaries(
            {
                "x": st.one_of(st.just(math.nan), st.floats(-1e9, 1e9), st.floats(0, 1)),
                "level": st.sampled_from([-1.0, 1.0, math.nan]),
            }
        ),
    }
)
customers = st.lists(st.lists(rows, max_size=12), min_size=1, max_size=5)


def build_log(histories):
    """A log in memory from one list of rows per customer."""
    flat = [row for history in histories for row in sorted(history, key=lambda row: row["known"])]
    bits = {"even": 1, "odd": 2}
    return Log(
        spec=SPEC,
        starts=np.cumsum([0, *map(len, histories)]).astype(np.int64),
        known=np.array([row["known"] for row in flat], dtype=np.int64),
        flags=np.array([sum(bits[flag] for flag in row["flags"]) for row in flat], dtype=np.uint64),
        values=np.array([[row["values"][c] for row in flat] for c in ("x", "level")]).reshape(2, len(flat)),
        tickets=np.empty(0, dtype=np.int64),
    )


def ask(log, codes, moments, aggregates=AGGREGATES):
    codes, moments = np.array(codes, dtype=np.int64), np.array(moments, dtype=np.int64)
    order = np.lexsort((moments, codes))
    named = {str(i): aggregate for i, aggregate in enumerate(aggregates)}
    found = fill(log, reading_of(SPEC, named), codes[order], moments[order], order)
    return np.array([found[name] for name in named])


@settings(max_examples=300)
@given(customers, st.lists(st.tuples(st.integers(0, 4), times), min_size=1, max_size=12))
def test_every_operation_equals_a_plain_loop(histories, requests):
    requests = [(code % len(histories), moment) for code, moment in requests]
    got = ask(build_log(histories), *zip(*requests, strict=True))
    for column, (code, moment) in enumerate(requests):
        past = sorted(histories[code], key=lambda row: row["known"])
        for row, aggregate in enumerate(AGGREGATES):
            want = oracle.value(aggregate, past, moment)
            assert got[row, column] == pytest.approx(want, rel=1e-12, abs=1e-12, nan_ok=True), aggregate


@settings(max_examples=100)
@given(customers, times, st.lists(rows, max_size=4))
def test_nothing_known_at_or_after_the_moment_matters(histories, moment, later):
    future = [{**row, "known": moment + abs(row["known"])} for row in later]
    changed = [[row for row in history if row["known"] < moment] + future for history in histories]
    codes, moments = range(len(histories)), [moment] * len(histories)
    np.testing.assert_array_equal(
        ask(build_log(histories), codes, moments), ask(build_log(changed), codes, moments)
    )


@settings(max_examples=100)
@given(customers, st.lists(times, min_size=1, max_size=6))
def test_a_customer_alone_and_a_moment_alone_give_what_they_give_among_all(histories, moments):
    codes = np.repeat(np.arange(len(histories)), len(moments))
    asked = np.tile(moments, len(histories))
    among_all = ask(build_log(histories), codes, asked)
    for column, (code, moment) in enumerate(zip(codes, asked, strict=True)):
        alone = ask(build_log([histories[code]]), [0], [moment])
        np.testing.assert_array_equal(among_all[:, column], alone[:, 0])


def test_the_edges_of_a_window_by_hand():
    # Known at day 0, 7 and 7 + 1 microsecond; asked at day 7 and a microsecond later.
    log = build_log(
        [
            [
                {"known": t, "flags": set(), "values": {"x": 1.0, "level": 1.0}}
                for t in (0, 7 * DAY, 7 * DAY + 1)
            ]
        ]
    )
    week = [Count("facts", days=7), Count("facts"), DaysSince("facts")]
    got = ask(log, [0, 0, 0], [7 * DAY, 7 * DAY + 1, 7 * DAY + 2], week)
    # At day 7 the fact of day 0 is exactly a window old and counts; the one known at the moment is the future.
    # A microsecond later the first has left the window and the second has come in.
    np.testing.assert_array_equal(got, [[1, 1, 2], [1, 2, 3], [7, 0, 0]])


def test_a_small_sum_survives_a_large_past():
    past = [1e16, 1.0, 1e-3]
    log = build_log(
        [
            [
                {"known": i * 10 * DAY, "flags": set(), "values": {"x": x, "level": 1.0}}
                for i, x in enumerate(past)
            ]
        ]
    )
    assert ask(log, [0], [20 * DAY + 1], [Sum("facts", "x", days=5)])[0, 0] == pytest.approx(1e-3, rel=1e-12)


def test_a_customer_without_rows():
    got = ask(build_log([[]]), [0], [5])[:, 0]
    zero = {"count", "sum", "streak", "decayed", "spell", "area"}
    for number, aggregate in zip(got, AGGREGATES, strict=True):
        assert number == 0 if aggregate.operation in zero else math.isnan(number)


@pytest.mark.parametrize("operation", [Spell, Area, DaysSinceFirst, Decayed])
def test_operations_over_all_rows_refuse_a_window(operation):
    with pytest.raises(ArgumentError, match="looks at all rows ever"):
        operation("facts", days=3)


def test_a_formula_that_is_none_is_refused():
    with pytest.raises(ArgumentError, match="'a \\+' is not an expression"):
        _ = Expression("a +").names


def test_a_window_must_be_positive():
    with pytest.raises(ArgumentError, match="days is -1; it must be a number above 0"):
        Count("facts", days=-1)
