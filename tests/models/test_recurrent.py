"""Recurrent events by hand, by properties, and with a known truth; test_recurrent_golden.py compares with R."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.features import FEATURES
from retaliation_risk.histories import build_histories, build_intervals
from retaliation_risk.models.partial import baseline, cumulative_hazard, fit_partial, fit_rows
from retaliation_risk.models.recurrent import (
    KINDS,
    earlier_events,
    fit_recurrent,
    mean_cumulative_events,
    recurrent_rows,
)
from retaliation_risk.simulate import simulate
from retaliation_risk.tables import tables_from_frames


def by_hand():
    """One customer who acts on days 2, 6 and 9 and has a change in between; one who is seen from day 1 to 8."""
    return pd.DataFrame(
        {
            "customer_id": ["C1", "C1", "C1", "C1", "C1", "C2"],
            "start_days": [0.0, 2, 4, 6, 9, 1],
            "stop_days": [2.0, 4, 6, 9, 11, 8],
            "event": [True, False, True, True, False, False],
            "calls": [0.0, 1, 3, 3, 4, 1],
        }
    )


def poisson(n, seed, *, spread=0.5, days=100.0, effect=0.7):
    """Customers with a constant rate of acts each, some far above others; x multiplies it by exp(effect)."""
    rng = np.random.default_rng(seed)
    x, patience = rng.integers(0, 2, n), rng.gamma(1 / spread, spread, n)
    rows = []
    for customer in range(n):
        rate = 0.02 * patience[customer] * np.exp(effect * x[customer])
        times = np.sort(rng.uniform(0, days, rng.poisson(rate * days)))
        ends = np.append(times, days)
        for start, stop in zip(np.append(0.0, times), ends, strict=True):
            rows.append((f"C{customer}", start, stop, stop < days, float(x[customer])))
    return pd.DataFrame(rows, columns=["customer_id", "start_days", "stop_days", "event", "x"])


@st.composite
def histories(draw):
    """Up to 6 customers on whole days with acts and changes, all followed for the same 12 days."""
    rows = []
    for customer in range(draw(st.integers(2, 6))):
        cuts = sorted(draw(st.sets(st.integers(1, 11), max_size=4)))
        for start, stop in zip([0, *cuts], [*cuts, 12], strict=True):
            acts = draw(st.booleans()) or (customer == 0 and stop == 12)
            rows.append((f"C{customer}", float(start), float(stop), acts))
    return pd.DataFrame(rows, columns=["customer_id", "start_days", "stop_days", "event"])


def test_earlier_events_count_within_the_customer_in_any_order_of_rows():
    frame = by_hand()
    assert earlier_events(frame).tolist() == [0, 1, 1, 2, 3, 0]
    turned = frame.iloc[::-1]
    pd.testing.assert_series_equal(earlier_events(turned).sort_index(), earlier_events(frame))


def test_clock_and_strata_by_hand():
    frame = by_hand()
    total = recurrent_rows(frame, ["calls"], kind="pwp_total", max_stratum=2)
    np.testing.assert_array_equal(total.start, frame["start_days"])
    assert total.strata[total.stratum].tolist() == [1, 2, 2, 2, 2, 1]
    gap = recurrent_rows(frame, ["calls"], kind="pwp_gap")
    # Acts on days 2, 6 and 9 set the clock to 0; until the first it counts from the beginning.
    assert gap.start.tolist() == [0, 0, 2, 0, 0, 1]
    assert gap.stop.tolist() == [2, 2, 4, 3, 2, 8]
    assert gap.strata[gap.stratum].tolist() == [1, 2, 2, 3, 4, 1]
    plain = recurrent_rows(frame, ["calls"])
    assert len(plain.strata) == 1
    assert plain.cluster.tolist() == [0, 0, 0, 0, 0, 1]


def test_gaps_that_are_equal_are_tied_though_subtraction_rounds():
    frame = pd.DataFrame(
        {
            "customer_id": ["C1", "C1", "C2", "C2"],
            "start_days": [0.0, 0.1, 0.0, 1000.2],
            "stop_days": [0.1, 0.1 + 0.7, 1000.2, 1000.2 + 0.7],
            "event": True,
            "calls": [1.0, 2, 3, 4],
        }
    )
    gap = recurrent_rows(frame, ["calls"], kind="pwp_gap")
    assert frame["stop_days"][3] - frame["start_days"][3] != frame["stop_days"][1] - frame["start_days"][1]
    assert gap.stop[3] == gap.stop[1]


@pytest.mark.parametrize("kind", KINDS)
def test_order_and_cuts_of_rows_change_nothing(kind):
    frame = poisson(60, seed=4)
    fit = fit_recurrent(frame, ["x"], kind=kind)
    middle = frame[["start_days", "stop_days"]].mean(axis=1)
    halves = [frame.assign(stop_days=middle, event=False), frame.assign(start_days=middle)]
    cut = pd.concat(halves).sample(frac=1, random_state=0)
    again = fit_recurrent(cut, ["x"], kind=kind)
    np.testing.assert_allclose(again.coefficients, fit.coefficients, rtol=1e-9)
    np.testing.assert_allclose(again.robust, fit.robust, rtol=1e-8)


def test_with_one_act_at_most_all_kinds_are_cox():
    frame = poisson(80, seed=5).drop_duplicates("customer_id")
    fits = [fit_recurrent(frame, ["x"], kind=kind) for kind in KINDS]
    plain = fit_partial(
        frame[["x"]], stop=frame["stop_days"], event=frame["event"], cluster=frame["customer_id"]
    )
    for fit in fits:
        np.testing.assert_allclose(fit.coefficients, plain.coefficients, rtol=1e-10)
        np.testing.assert_allclose(fit.robust, plain.robust, rtol=1e-10)


def test_a_known_effect_is_found_and_robust_errors_know_that_customers_differ():
    frame = poisson(1500, seed=6, spread=1.0)
    fit = fit_recurrent(frame, ["x"])
    assert abs(fit.coefficients[0] - 0.7) < 2 * fit.standard_errors[0]
    # A customer's acts are not as many independent facts: the error that takes them so is too small.
    assert fit.standard_errors[0] > 1.3 * np.sqrt(fit.covariance[0, 0])
    assert fit.n_clusters == 1500


def test_expected_acts_of_andersen_gill_are_those_that_happened():
    frame = poisson(400, seed=7)
    rows = recurrent_rows(frame, ["x"])
    fit = fit_rows(rows)
    base = baseline(fit, rows)
    expected = cumulative_hazard(fit, base, [[0.0], [1.0]], [100.0])[:, 0]
    customers = frame.groupby("customer_id").agg(x=("x", "first"), acts=("event", "sum"))
    np.testing.assert_allclose(expected, customers.groupby("x")["acts"].mean(), rtol=0.02)


@given(histories())
def test_with_nobody_lost_the_mean_is_the_mean(frame):
    found = mean_cumulative_events(frame)
    acts = frame[frame["event"]]
    for row in found.itertuples():
        counts = acts[acts["stop_days"] <= row.day].groupby("customer_id").size()
        counts = counts.reindex(frame["customer_id"].unique(), fill_value=0)
        assert row.mean == pytest.approx(counts.mean(), abs=1e-12)
        error = counts.std(ddof=0) / np.sqrt(len(counts))
        assert row.standard_error == pytest.approx(error, abs=1e-12)


@settings(max_examples=30)
@given(histories(), st.lists(st.integers(1, 12), min_size=6, max_size=6))
def test_errors_of_the_mean_are_derivatives_by_the_weights(frame, ends):
    """The infinitesimal jackknife, done the long way: change each customer's weight a little and estimate again."""
    number = frame["customer_id"].str[1:].astype(int)
    seen = frame[frame["start_days"] < np.take(ends, number)].assign(weight=1.0 + number % 3)
    if not seen["event"].any():
        return
    found = mean_cumulative_events(seen, weight="weight")
    square = np.zeros(len(found))
    for customer in seen["customer_id"].unique():
        up, down = (
            mean_cumulative_events(
                seen.assign(weight=seen["weight"] * np.where(seen["customer_id"] == customer, 1 + h, 1)),
                weight="weight",
            )["mean"]
            for h in (1e-5, -1e-5)
        )
        square += ((up - down) / 2e-5) ** 2
    np.testing.assert_allclose(found["standard_error"], np.sqrt(square), atol=1e-7)


def test_the_mean_is_a_step_function_with_an_interval_around_it():
    frame = by_hand()
    found = mean_cumulative_events(frame, [0.5, 2, 6, 7.5, 9])
    # Two at risk on days 2 and 6, one on day 9.
    np.testing.assert_allclose(found["mean"], [0, 0.5, 1, 1, 2])
    assert found["low"].isna().tolist() == [True, False, False, False, False]
    later = found[1:]
    assert ((later["low"] < later["mean"]) & (later["mean"] < later["high"])).all()
    wide = mean_cumulative_events(frame, [6], level=0.99)
    assert wide["low"][0] < found["low"][2]
    assert wide["high"][0] > found["high"][2]
    with pytest.raises(GateError, match=r"RR405 .*12 days were asked.* up to 11 days"):
        mean_cumulative_events(frame, [12])


def test_rows_of_build_intervals_go_straight_in():
    frames = simulate(400, seed=2).frames
    features = [f for f in FEATURES if f.name in ("failed_recoveries_ever", "tickets_30d")]
    rows = build_intervals(
        build_histories(tables_from_frames(frames)), features, outcome="reopened", recurrent=True
    )
    assert rows["event"].sum() >= 10
    names = [feature.name for feature in features]
    for kind in KINDS:
        fit = fit_recurrent(rows, names, kind=kind, max_stratum=None if kind == "andersen_gill" else 2)
        assert fit.n_events == rows["event"].sum()
        assert np.isfinite(fit.standard_errors).all()
    assert mean_cumulative_events(rows)["mean"].is_monotonic_increasing


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"start_days": [0.0, 2, 4, 9, 9, 1]},
            r"row 3 of customer 'C1', 9 to 9 days, does not end after it begins",
        ),
        ({"start_days": [-1.0, 2, 4, 6, 9, 1]}, r"row 0 of customer 'C1', -1 to 2 days, begins below 0"),
        (
            {"start_days": [0.0, 2, 3, 6, 9, 1]},
            r"1 of 6 rows .*row 2 of customer 'C1', 3 to 6 days, begins before",
        ),
        ({"stop_days": [2.0, 4, 6, 9, np.nan, 8]}, r"missing values in \['stop_days'\]"),
        ({"event": [0, 0, 2, 1, 0, 0]}, r"event is 2 in a row; it must be true or false"),
        ({"calls": "many"}, r"columns \['calls'\] are not numbers"),
        ({"calls": [0.0, 1, np.nan, 3, 4, 1]}, r"column 'calls' is nan in row 2"),
    ],
)
def test_rows_that_cannot_be_used_are_refused_by_name(change, words):
    with pytest.raises(ArgumentError, match=rf"RR111 .*{words}"):
        fit_recurrent(by_hand().assign(**change), ["calls"])


def test_arguments_that_cannot_be_meant_are_refused():
    frame = by_hand()
    with pytest.raises(
        ArgumentError, match=r"RR111 .*kind is 'pwp'; it must be one of andersen_gill, pwp_total"
    ):
        fit_recurrent(frame, ["calls"], kind="pwp")
    with pytest.raises(ArgumentError, match=r"RR111 .*max_stratum is 3; andersen_gill has one hazard"):
        fit_recurrent(frame, ["calls"], max_stratum=3)
    with pytest.raises(ArgumentError, match=r"RR111 .*max_stratum is 0; it must be a whole number from 1"):
        fit_recurrent(frame, ["calls"], kind="pwp_gap", max_stratum=0)
    with pytest.raises(ArgumentError, match=r"RR101 .*frame lacks \['tenure_days'\]"):
        fit_recurrent(frame, ["calls", "tenure_days"])
    with pytest.raises(ArgumentError, match=r"RR111 .*frame has 0 rows"):
        earlier_events(frame.iloc[:0])
    with pytest.raises(ArgumentError, match=r"RR111 .*level is 95"):
        mean_cumulative_events(frame, level=95)


def test_no_acts_are_a_gate():
    with pytest.raises(GateError, match="RR401 .*6 rows hold 0 events"):
        fit_recurrent(by_hand().assign(event=False), ["calls"])
    with pytest.raises(GateError, match="RR401 .*6 rows hold 0 events"):
        mean_cumulative_events(by_hand().assign(event=False))
