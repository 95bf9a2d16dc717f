"""Queues: by hand, against a plain loop, and properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retaliation_risk.errors import ArgumentError
from retaliation_risk.metrics import (
    events_reached,
    lift,
    net_benefit,
    precision,
    reach_averted,
    workload,
    workload_saved,
)

AT_CAPACITY = pytest.mark.parametrize("metric", [events_reached, reach_averted, precision, lift])

EVENT = [True, False, True, False, True, False]
PRIORITY = [9, 8, 5, 5, 5, 1]


def test_six_rows_by_hand():
    # Three tie at 5 for the third place: each has a third of it.
    assert events_reached(EVENT, PRIORITY, capacity=3) == pytest.approx((1 + 2 / 3) / 3)
    assert precision(EVENT, PRIORITY, capacity=3) == pytest.approx((1 + 2 / 3) / 3)
    assert lift(EVENT, PRIORITY, capacity=3) == pytest.approx((1 + 2 / 3) / 3 / 0.5)
    # Reach 70 stands first, 30 is one of the three.
    assert reach_averted([70, 0, 30, 0, 0, np.nan], PRIORITY, capacity=3) == pytest.approx(0.8)


def test_moments_have_their_own_capacity():
    group = ["jan", "jan", "jan", "feb", "feb", "feb"]
    # January: 9, 8 | 5 (event 1 of 2 reached). February: 5, 5 tie for one place, and 1: half of its event.
    assert events_reached(EVENT, PRIORITY, capacity=[1, 2], group=group) == pytest.approx((1 + 0.5) / 3)
    assert events_reached(EVENT, PRIORITY, capacity=2, group=group) == pytest.approx((1 + 1) / 3)


def test_lost_from_sight_take_places_but_count_nothing():
    ipcw = [0, 2, 1, 1, 1, 1]
    assert events_reached(EVENT, PRIORITY, capacity=2, ipcw=ipcw) == 0
    assert precision([False, True, True, False, True, False], PRIORITY, capacity=2, ipcw=ipcw) == 1


def test_workload_by_hand():
    assert workload(EVENT, PRIORITY, recall=1 / 3) == pytest.approx(1)
    # Two thirds of 3 events: 1 + 2k/3 = 2 at k = 1.5 of the three who tie, who begin after two.
    assert workload(EVENT, PRIORITY, recall=2 / 3) == pytest.approx(3.5)
    assert workload(EVENT, PRIORITY, recall=1) == pytest.approx(5)
    assert workload(EVENT, PRIORITY, recall=0) == pytest.approx(0, abs=1e-6)


def test_workload_saved_by_hand():
    # The reference reaches both events with four answers, the priority with two.
    event = [True, True, False, False, False]
    assert workload_saved(event, [5, 4, 3, 2, 1], [2, 3, 4, 5, 1], capacity=4) == pytest.approx(0.5)
    # The other way round: the reference reaches both with two answers, the priority needs four.
    assert workload_saved(event, [2, 3, 4, 5, 1], [5, 4, 3, 2, 1], capacity=2) == pytest.approx(-1)
    assert np.isnan(workload_saved(event, [5, 4, 3, 2, 1], [1, 1, 2, 3, 4], capacity=1))
    # At full capacity the reference still needs four answers only, and against itself it saves nothing.
    assert workload_saved(event, [5, 4, 3, 2, 1], [2, 3, 4, 5, 1], capacity=5) == pytest.approx(0.5)
    for capacity in (2, 3, 4, 5):
        assert workload_saved(event, [5, 3, 4, 2, 1], [5, 3, 4, 2, 1], capacity=capacity) == 0


def test_net_benefit_by_hand():
    # At 20 %: two answered, one event; a needless answer costs 0.25: (1 - 0.25) / 4.
    event, risk = [True, False, False, True], [0.5, 0.2, 0.1, 0.1]
    assert net_benefit(event, risk, threshold=0.2) == pytest.approx(0.75 / 4)
    assert net_benefit([True, False], [0.1, 0.1], threshold=0.9) == 0


@AT_CAPACITY
def test_undefined_is_nan(metric):
    empty = [0, 0, 0]
    if metric is not precision:
        assert np.isnan(metric(empty, [1, 2, 3], capacity=1))
    assert np.isnan(metric([1, 0, 0], [1, 2, 3], capacity=1, weight=[0, 0, 0]))


@AT_CAPACITY
def test_refusals(metric):
    with pytest.raises(ArgumentError, match="capacity is 0"):
        metric([1, 0], [1, 2], capacity=0)
    with pytest.raises(ArgumentError, match=r"capacity has shape \(3,\); it must be \(\) or \(1,\)"):
        metric([1, 0], [1, 2], capacity=[1, 2, 3])
    with pytest.raises(ArgumentError, match="priority has missing or infinite"):
        metric([1, 0], [1, np.nan], capacity=1)


def test_other_refusals():
    with pytest.raises(ArgumentError, match=r"recall is 1\.2"):
        workload([1, 0], [1, 2], recall=1.2)
    with pytest.raises(ArgumentError, match=r"threshold is 1\.0"):
        net_benefit([1, 0], [0.1, 0.2], threshold=1.0)
    with pytest.raises(ArgumentError, match="reach must be numbers from 0"):
        reach_averted([-1, 0], [1, 2], capacity=1)


ROWS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 5), st.integers(1, 3), st.integers(0, 2)), min_size=2, max_size=25
).filter(lambda rows: any(row[0] for row in rows))


def columns(rows):
    event, priority, times, group = map(np.array, zip(*rows, strict=True))
    return event, priority, times, group


def plain(event, priority, group, capacity):
    """Walk down each queue, sharing the last places among those who tie."""
    reached = 0.0
    for moment in np.unique(group):
        left = float(capacity)
        for level in sorted(set(priority[group == moment]), reverse=True):
            here = (group == moment) & (priority == level)
            share = min(1.0, max(left, 0.0) / here.sum())
            reached += share * event[here].sum()
            left -= here.sum()
    return reached / event.sum()


@settings(max_examples=80)
@given(rows=ROWS, capacity=st.integers(1, 12))
def test_equals_a_walk_down_the_queue_and_weight_two_is_twice(rows, capacity):
    event, priority, times, group = columns(rows)
    expected = plain(*(np.repeat(values, times) for values in (event, priority, group)), capacity)
    got = events_reached(event, priority, capacity=capacity, group=group, weight=np.stack([times, times]))
    np.testing.assert_allclose(got, [expected] * 2)


@AT_CAPACITY
@settings(max_examples=30)
@given(rows=ROWS, seed=st.integers(0, 99))
def test_blind_to_row_order_and_monotone_transforms(metric, rows, seed):
    event, priority, times, group = columns(rows)
    order = np.random.default_rng(seed).permutation(len(event))
    value = metric(event, priority, capacity=2, group=group, weight=times)
    other = metric(
        event[order], np.exp(priority[order]) - 9, capacity=2, group=group[order], weight=times[order]
    )
    np.testing.assert_allclose(other, value)


@settings(max_examples=30)
@given(rows=ROWS, capacity=st.integers(1, 30))
def test_constant_priority_is_chance_and_full_capacity_reaches_all(rows, capacity):
    event, priority, _, group = columns(rows)
    n = len(event)
    constant = np.full(n, 3.0)
    assert events_reached(event, constant, capacity=capacity) == pytest.approx(min(1, capacity / n))
    assert precision(event, constant, capacity=capacity) == pytest.approx(event.mean())
    assert lift(event, constant, capacity=capacity) == pytest.approx(1)
    assert workload(event, constant, recall=0.5) == pytest.approx(n / 2, rel=1e-6)
    assert events_reached(event, priority, capacity=n, group=group) == pytest.approx(1)
    assert reach_averted(event * 7.0, priority, capacity=n, group=group) == pytest.approx(1)


@settings(max_examples=30)
@given(rows=ROWS, recall=st.floats(0.05, 1))
def test_workload_is_the_inverse_of_events_reached(rows, recall):
    event, priority, times, group = columns(rows)
    needed = workload(event, priority, recall=recall, group=group, weight=times)
    found = events_reached(event, priority, capacity=max(needed, 1e-9), group=group, weight=times)
    assert found == pytest.approx(recall, rel=1e-5)


def test_weights_that_move_the_edge_far_beyond_the_front():
    rng = np.random.default_rng(2)
    event, priority = rng.random(3000) < 0.1, rng.permutation(3000).astype(float)
    weight = np.full(3000, 0.01)
    weight[priority < 500] = 1.0
    order = np.argsort(-priority)
    inside = np.cumsum(weight[order]) <= 40
    expected = (weight * event)[order][inside].sum() / (weight * event).sum()
    got = events_reached(event, priority, capacity=40, weight=weight)
    assert got == pytest.approx(expected, abs=0.02)


@AT_CAPACITY
def test_no_rows_are_undefined(metric):
    assert np.isnan(metric([], [], capacity=3))
    assert np.isnan(workload([], [], recall=0.5))
