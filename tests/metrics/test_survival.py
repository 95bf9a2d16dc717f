"""Concordance of Harrell and of Uno: by hand, against plain double loops, R survival and scikit-survival."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines.utils import concordance_index
from sksurv.metrics import concordance_index_censored, concordance_index_ipcw
from sksurv.util import Surv

from retaliation_risk.errors import ArgumentError
from retaliation_risk.metrics import _pairs, auroc, concordance, uno_concordance
from retaliation_risk.models import partial

GOLDEN = Path(__file__).parents[1] / "golden"
BOTH = pytest.mark.parametrize("metric", [concordance, uno_concordance])


def plain(event, day, risk, weight, start=None, value=None):
    """The definition, pair by pair; ``value`` is what a pair of each event counts."""
    start = np.full(len(day), -np.inf) if start is None else start
    value = np.ones(len(day)) if value is None else value
    good = pairs = 0.0
    for i in np.flatnonzero(event):
        for j in range(len(event)):
            after = day[j] > day[i] or (day[j] == day[i] and not event[j])
            if after and start[j] < day[i]:
                count = weight[i] * weight[j] * value[i]
                pairs += count
                good += count * ((risk[i] > risk[j]) + (risk[i] == risk[j]) / 2)
    return good / pairs if pairs else np.nan


def followed(event, day, weight, start=None):
    """G(t-) at the day of each row: censorings before it, each among those at risk and not ended that day."""
    start = np.full(len(day), -np.inf) if start is None else start
    share = np.ones(len(day))
    for last in np.unique(day[~event]):
        lost = weight[(day == last) & ~event].sum()
        at_risk = lost + weight[(day > last) & (start < last)].sum()
        if lost > 0:
            share[day > last] *= 1 - lost / at_risk
    return share


def uno_value(event, day, weight, start=None, tau=np.inf):
    share = followed(event, day, weight, start)
    return np.where((share > 0) & (day < tau), 1 / np.where(share > 0, share, 1) ** 2, 0)


def sample(n, seed=0, *, ties=False, share=0.4):
    """Exponential times and censorings; with ties whole days and one digit of risk."""
    rng = np.random.default_rng(seed)
    life, end = rng.exponential(30, size=n), rng.exponential(30 * share / (1 - share), size=n)
    day, risk = np.minimum(life, end), rng.normal(size=n) - life / 60
    if ties:
        day, risk = np.ceil(day / 5), np.round(risk, 1)
    return life <= end, day, risk


def test_six_rows_by_hand():
    day = [1, 2, 2, 3, 4, 4]
    event = [True, True, False, False, True, False]
    risk = [5, 1, 2, 9, 3, 3]
    # Day 1 (risk 5) against five others: beats 1, 2, 3, 3, loses to 9: 4 of 5.
    # Day 2 (risk 1) against 2 (censored the same day), 9, 3, 3: 0 of 4.
    # Day 4 (risk 3) against 3 (censored the same day): a tie, 0.5 of 1.
    assert concordance(event, day, risk) == pytest.approx(4.5 / 10)
    # Censored: one of 4 on day 2 (the event that day is gone), one of 3 on day 3, one after the event of day 4.
    # So G is 1 on days 1 and 2 and 3/4 * 2/3 = 1/2 before day 4: its pair counts four times.
    assert uno_concordance(event, day, risk) == pytest.approx((4 + 0.5 * 4) / (5 + 4 + 4))
    assert uno_concordance(event, day, risk, tau_days=4) == pytest.approx(4 / 9)
    # If the row of risk 9 enters after day 1, it is at risk on day 2 only: 4 of 4, 0 of 4, 0.5 of 1.
    assert concordance(event, day, risk, start_days=[0, 0, 0, 1, 0, 0]) == pytest.approx(4.5 / 9)


ROW = st.tuples(
    st.booleans(), st.integers(1, 9), st.integers(0, 5), st.sampled_from([0, 1, 2, 0.3]), st.integers(1, 9)
)
ROWS = st.lists(ROW, min_size=1, max_size=30)


def columns(rows):
    event, day, risk, weight, age = map(np.array, zip(*rows, strict=True))
    return event.astype(bool), day, risk, weight.astype(float), day - age


@settings(max_examples=200)
@given(rows=ROWS)
def test_equals_the_definition(rows):
    event, day, risk, weight, start = columns(rows)
    one = np.ones(len(day))
    expected = plain(event, day, risk, weight)
    np.testing.assert_allclose(concordance(event, day, risk, weight=weight), expected)
    expected = plain(event, day, risk, one)
    np.testing.assert_allclose(concordance(event, day, np.exp(risk)), expected)
    expected = [plain(event, day, risk, w, start) for w in (weight, one)]
    found = concordance(event, day, risk, start_days=start, weight=[weight, one])
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@settings(max_examples=200)
@given(rows=ROWS, tau=st.sampled_from([None, 3, 5.5]))
def test_uno_equals_the_definition(rows, tau):
    event, day, risk, weight, start = columns(rows)
    one, upto = np.ones(len(day)), np.inf if tau is None else tau
    for late in (None, start):
        expected = [
            plain(event, day, risk, w, late, uno_value(event, day, w, late, upto)) for w in (weight, one)
        ]
        found = uno_concordance(event, day, risk, tau_days=tau, start_days=late, weight=[weight, one])
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@BOTH
@settings(max_examples=50)
@given(rows=ROWS, seed=st.integers(0, 99))
def test_blind_to_row_order_and_weight_two_is_twice(metric, rows, seed):
    event, day, risk, weight, start = columns(rows)
    times = np.ceil(weight).astype(int)
    value = metric(event, day, risk, start_days=start, weight=times)
    order = np.random.default_rng(seed).permutation(len(day))
    shuffled = metric(event[order], day[order], risk[order], start_days=start[order], weight=times[order])
    repeated = [np.repeat(a, times) for a in (event, day, risk, start)]
    twice = metric(*repeated[:3], start_days=repeated[3])
    np.testing.assert_allclose([shuffled, twice], value, atol=1e-12)


@pytest.mark.parametrize("ties", [False, True])
def test_equals_scikit_survival(ties):
    event, day, risk = sample(700, ties=ties)
    expected = concordance_index_censored(event, day, risk)[0]
    assert concordance(event, day, risk) == pytest.approx(expected, rel=1e-12)
    assert concordance(event, day, risk) == pytest.approx(concordance_index(day, -risk, event), rel=1e-12)
    day = np.minimum(day, 20)  # as in an outcome frame: most are followed to the horizon
    event &= day < 20
    expected = concordance_index_censored(event, day, risk)[0]
    several = concordance(event, day, risk, weight=np.ones((3, 700)))
    np.testing.assert_allclose(several, [expected] * 3, rtol=1e-12)


@pytest.mark.parametrize("tau", [None, 4])
@pytest.mark.parametrize("ties", [False, True])
def test_uno_equals_scikit_survival(ties, tau):
    event, day, risk = sample(700, seed=1, ties=ties)
    # The peer counts censorings of the day itself in G. Half a unit later they come after the events, as here.
    outcome = Surv.from_arrays(event, day + 0.5 * (~event if ties else 0))
    expected = concordance_index_ipcw(outcome, outcome, risk, tau=tau)[0]
    assert uno_concordance(event, day, risk, tau_days=tau) == pytest.approx(expected, rel=1e-9)


def test_uno_goes_on_where_scikit_survival_stops():
    # An event on the last day with somebody censored that day: G is 0 after it, but not before.
    event, day, risk = np.array([True, False, True, False]), np.array([1, 2, 3, 3]), [4, 1, 3, 2]
    outcome = Surv.from_arrays(event, day)
    with pytest.raises(ValueError, match="censoring survival function is zero"):
        concordance_index_ipcw(outcome, outcome, np.array(risk))
    # All 3 pairs of day 1, and the one of day 3, which counts (3 / 2)**2.
    assert uno_concordance(event, day, risk) == 1.0
    assert uno_concordance(event, day, [4, 1, 2, 3]) == pytest.approx(3 / (3 + 2.25))


def test_uno_with_late_entry_ends_where_nobody_stays():
    # The only one at risk on day 1 is censored, so G is 0 from then on: no event has a weight.
    event, day, start = [False, True, False], [1, 3, 4], [0, 1, 1]
    assert np.isnan(uno_concordance(event, day, [1, 2, 1], start_days=start))
    # One more who entered at 0 and stays leaves G at 1/2.
    assert uno_concordance([*event, False], [*day, 9], [1, 2, 1, 3], start_days=[*start, 0]) == 0.5


def test_equals_r_survival():
    golden = json.loads((GOLDEN / "concordance.json").read_text())
    rows = pd.read_csv(GOLDEN / "cox_simulated.csv")
    event, risk, weight = rows["event"] == 1, rows["x1"].round(1), rows["weight"]
    found = {
        "harrell": concordance(event, rows["stop"], risk, weight=weight),
        "harrell_late": concordance(event, rows["stop"], risk, start_days=rows["start"], weight=weight),
        "harrell_continuous": concordance(event, rows["end"], risk, start_days=rows["begin"], weight=weight),
        "uno": uno_concordance(event, rows["stop"], risk, weight=weight),
        "uno_upto_20": uno_concordance(event, rows["stop"], risk, tau_days=21, weight=weight),
    }
    for name, value in found.items():
        assert value == pytest.approx(golden[name][0], rel=1e-12), name


def test_late_entry_equals_the_concordance_of_models():
    event, day, risk = sample(500, seed=2, ties=True)
    start = day - np.random.default_rng(3).integers(1, 6, size=500)
    expected = partial.concordance(risk, stop=day, event=event, start=start).concordance
    assert concordance(event, day, risk, start_days=start) == pytest.approx(expected, rel=1e-12)


def test_many_weightings_are_walked_in_blocks(monkeypatch):
    event, day, risk = sample(300, seed=4, ties=True)
    weight = np.random.default_rng(5).poisson(1, size=(7, 300))
    expected = [concordance(event, day, risk, weight=row) for row in weight]
    monkeypatch.setattr(_pairs, "_NARROW", 3)
    monkeypatch.setattr(_pairs, "_NUMBERS", 1)
    np.testing.assert_allclose(concordance(event, day, risk, weight=weight), expected, rtol=1e-13)


def test_uno_is_harrell_if_nobody_is_censored_before_an_event():
    event, day, risk = sample(200, seed=6)
    day, event = np.where(event, day, 999), event
    assert uno_concordance(event, day, risk) == pytest.approx(concordance(event, day, risk), rel=1e-13)


def test_uno_does_not_depend_on_who_was_censored_when():
    # Early on the risk orders well, later not at all: Harrell's C grows with censoring, Uno's stays.
    rng = np.random.default_rng(7)
    life = rng.exponential(size=60_000)
    risk = np.where(life < 0.5, -life, -0.5) + rng.normal(size=len(life)) / 4
    truth = concordance(life < 1.5, np.minimum(life, 1.5), risk)
    end = np.minimum(rng.exponential(0.7, size=len(life)), 2)
    event, day = life <= end, np.minimum(life, end)
    assert uno_concordance(event, day, risk, tau_days=1.5) == pytest.approx(truth, abs=0.01)
    assert concordance(event & (day < 1.5), np.minimum(day, 1.5), risk) > truth + 0.03


def test_one_event_time_is_auroc():
    rng = np.random.default_rng(6)
    event, risk = rng.random(80) < 0.2, rng.random(80)
    assert concordance(event, np.where(event, 1, 9), risk) == pytest.approx(auroc(event, risk))


@BOTH
def test_undefined_is_nan(metric):
    assert np.isnan(metric([False, False], [1, 2], [1, 2]))
    assert np.isnan(metric([True, True], [2, 2], [1, 2]))
    assert np.isnan(metric([True], [2], [1]))
    assert np.isnan(metric([True, False], [1, 2], [1, 2], weight=[0, 1]))
    assert np.isnan(metric([], [], []))
    assert np.isnan(metric([True, False], [3, 4], [2, 1], start_days=[0, 3]))  # nobody at risk together


@BOTH
def test_constant_is_chance(metric):
    assert metric([True, False, True], [1, 2, 3], [4, 4, 4]) == 0.5


@BOTH
def test_refusals(metric):
    with pytest.raises(ArgumentError, match="RR111.*duration_days has missing or infinite values"):
        metric([True], [np.nan], [1])
    with pytest.raises(ArgumentError, match="RR111.*risk has missing or infinite values"):
        metric([True], [1], [np.inf])
    with pytest.raises(ArgumentError, match="start_days is 5 and duration_days 5 in row 1; a row must start"):
        metric([True, False], [4, 5], [1, 2], start_days=[0, 5])
    with pytest.raises(ArgumentError, match=r"start_days has shape \(1,\); it must be \(2,\)"):
        metric([True, False], [4, 5], [1, 2], start_days=[0])


def test_refusal_of_tau():
    with pytest.raises(ArgumentError, match="tau_days is 0; it must be a number above 0"):
        uno_concordance([True], [1], [1], tau_days=0)
