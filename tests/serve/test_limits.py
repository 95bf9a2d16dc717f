"""Budgets: a window that moves, and callers who are forgotten when theirs is empty."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retaliation_risk.serve import limits
from retaliation_risk.serve.limits import Budget


@pytest.fixture
def clock(monkeypatch):
    """The time, in a list that a test writes to."""
    now = [1000.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: now[0])
    return now


def test_who_is_refused_is_told_when_to_come_again_and_then_passes(clock):
    budget = Budget("2/minute")
    assert budget.spend("ana") == 0
    clock[0] += 30
    assert budget.spend("ana") == 0
    clock[0] += 1
    assert budget.spend("ana") == 29
    clock[0] += 28.5
    assert budget.spend("ana") == 1
    clock[0] += 0.5
    assert budget.spend("ana") == 0
    assert budget.spend("ana") == 30


def test_a_refusal_spends_nothing(clock):
    budget = Budget("1/minute")
    assert [budget.spend("ana") > 0 for _ in range(5)] == [False, True, True, True, True]
    clock[0] += 60
    assert budget.spend("ana") == 0


@given(st.lists(st.floats(0, 40), max_size=40), st.integers(1, 5))
def test_no_window_holds_more_than_the_rate_and_none_is_refused_below_it(gaps, most):
    now, passed = [0.0], []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits.time, "monotonic", lambda: now[0])
        budget = Budget(f"{most}/minute")
        for gap in gaps:
            now[0] += gap
            within = sum(time > now[0] - 60 for time in passed)
            refused = budget.spend("ana")
            assert (refused == 0) == (within < most)
            if not refused:
                passed.append(now[0])


def test_callers_who_do_not_come_again_do_not_fill_the_memory(clock):
    budget = Budget("5/minute")
    for number in range(20_000):
        clock[0] += 0.1
        budget.spend(f"caller {number}")
    # Six hundred have a window that is not empty.
    assert len(budget._times) <= 2 * limits._SWEEP
