"""Competing risks by hand, by properties, and with a known truth; test_competing_golden.py compares with R."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.metrics import auroc
from retaliation_risk.models import LandmarkCox
from retaliation_risk.models.competing import (
    ExitOrVoice,
    aalen_johansen,
    fine_gray_rows,
    fit_fine_gray,
    incidence_table,
)
from retaliation_risk.models.competing.exit_or_voice import cumulative_incidence
from retaliation_risk.models.partial import fit_partial

from .conftest import HORIZON, simulate

# Six customers: voice on days 1, 2 and 4, exit on days 2 and 5, one lost from sight on day 3.
STOP = [1.0, 2, 2, 3, 4, 5]
CAUSE = [1, 2, 1, 0, 1, 2]


@st.composite
def spells(draw, late=False):
    """Up to 12 rows with ties, at least one event, weights, and customers with several rows."""
    n = draw(st.integers(2, 12))
    start = draw(st.lists(st.integers(0, 4), min_size=n, max_size=n)) if late else [0] * n
    length = draw(st.lists(st.integers(1, 6), min_size=n, max_size=n))
    cause = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n).filter(any))
    weight = draw(st.lists(st.sampled_from([0.5, 1.0, 2.0, 3.5]), min_size=n, max_size=n))
    cluster = draw(st.lists(st.integers(0, 4), min_size=n, max_size=n))
    rows = {"stop": np.add(start, length), "cause": cause, "weight": weight, "cluster": cluster}
    return rows | ({"start": start} if late else {})


def test_incidence_by_hand():
    found = aalen_johansen(STOP, CAUSE)
    assert found.causes.tolist() == [1, 2]
    assert found.time.tolist() == [1, 2, 3, 4, 5]
    assert found.at_risk.tolist() == [6, 5, 3, 2, 1]
    assert found.events.tolist() == [[1, 0], [1, 1], [0, 0], [1, 0], [0, 1]]
    # Day 1: 1/6. Day 2: of the 5/6 left, 1/5 each. Day 4: of the 1/2 left, 1/2. Day 5: the 1/4 left.
    np.testing.assert_allclose(found.incidence[:, 0], [1 / 6, 1 / 3, 1 / 3, 7 / 12, 7 / 12])
    np.testing.assert_allclose(found.incidence[:, 1], [0, 1 / 6, 1 / 6, 1 / 6, 5 / 12])
    np.testing.assert_allclose(found.survival, [5 / 6, 1 / 2, 1 / 2, 1 / 4, 0], atol=1e-15)
    # Until somebody is lost from sight the error is that of a share.
    np.testing.assert_allclose(found.standard_error[1], [np.sqrt(2 / 9 / 6), np.sqrt(5 / 36 / 6)])
    assert found.survival_error[-1] == 0


@given(spells(late=True))
def test_incidences_and_survival_add_up_to_one(rows):
    found = aalen_johansen(**rows)
    np.testing.assert_allclose(found.survival + found.incidence.sum(axis=1), 1, atol=1e-12)
    assert (np.diff(found.incidence, axis=0) >= -1e-15).all()
    assert (found.survival >= 0).all()


@given(spells())
def test_without_censoring_incidence_is_the_share(rows):
    kept = np.array(rows["cause"]) > 0
    stop, cause, weight = (np.array(rows[name])[kept] for name in ("stop", "cause", "weight"))
    found = aalen_johansen(stop, cause, weight=weight)
    for k, kind in enumerate(found.causes):
        happened = (stop[:, None] <= found.time) & (cause == kind)[:, None]
        share = weight @ happened / weight.sum()
        np.testing.assert_allclose(found.incidence[:, k], share, atol=1e-12)
        error = np.sqrt(weight**2 @ (happened - share) ** 2) / weight.sum()
        np.testing.assert_allclose(found.standard_error[:, k], error, atol=1e-12)


@settings(max_examples=50)
@given(spells(late=True))
def test_errors_are_derivatives_by_the_weights_summed_within_clusters(rows):
    """The infinitesimal jackknife, done the long way: change each weight a little and estimate again."""
    found = aalen_johansen(**rows)
    own, cluster = np.array(rows["weight"]), np.array(rows["cluster"])
    squares = np.zeros((len(found.time), 1 + len(found.causes)))
    for label in np.unique(cluster):
        # All weights of a cluster times 1 + h: the derivative by h is the sum of weight times derivative.
        up, down = (
            aalen_johansen(**rows | {"weight": own * np.where(cluster == label, 1 + h, 1)})
            for h in (1e-5, -1e-5)
        )
        change = np.column_stack([up.survival - down.survival, up.incidence - down.incidence]) / 2e-5
        squares += change**2
    errors = np.column_stack([found.survival_error, found.standard_error])
    np.testing.assert_allclose(errors, np.sqrt(squares), atol=1e-7)


@given(st.lists(st.floats(0.01, 10), min_size=1, max_size=8))
def test_when_all_at_risk_end_at_once_nobody_is_left_whatever_they_weigh(weight):
    n = len(weight)
    # Those who enter later find a survival of 0, not of a rounding error that they could carry on.
    found = aalen_johansen(
        [5] * n + [9], [1] * n + [2], start=[0] * n + [6], weight=[*weight, 1.0], cluster=range(n + 1)
    )
    assert found.survival.tolist() == [0, 0]
    np.testing.assert_allclose(found.incidence, [[1, 0], [1, 0]])
    assert found.survival_error.tolist() == [0, 0]


@given(spells(late=True))
def test_the_order_of_rows_changes_nothing(rows):
    turned = {name: np.array(values)[::-1] for name, values in rows.items()}
    one, other = aalen_johansen(**rows), aalen_johansen(**turned)
    np.testing.assert_allclose(one.incidence, other.incidence, atol=1e-14)
    np.testing.assert_allclose(one.standard_error, other.standard_error, atol=1e-12)


def test_intervals_lie_in_zero_to_one_and_widen_with_the_level():
    for interval in ("log", "log-log", "plain"):
        narrow = aalen_johansen(STOP, CAUSE, interval=interval, level=0.5)
        wide = aalen_johansen(STOP, CAUSE, interval=interval)
        known = np.isfinite(wide.low)
        assert (wide.low[known] < narrow.low[known]).all() or interval == "plain"
        for found in (narrow, wide):
            assert (found.low[known] >= 0).all()
            assert (found.high[known] <= 1).all()
            assert (found.low[known] <= found.incidence[known]).all()
            assert (found.incidence[known] <= found.high[known]).all()


def test_a_day_is_read_as_the_step_before_it():
    table = incidence_table(aalen_johansen(STOP, CAUSE), [0.5, 2, 3.9])
    np.testing.assert_allclose(table.query("cause == 1")["incidence"], [0, 1 / 3, 1 / 3])
    assert table.query("cause == 2")["at_risk"].tolist() == [6, 5, 2]
    with pytest.raises(GateError, match=r"RR405 .*6 days were asked.* up to 5 days"):
        incidence_table(aalen_johansen(STOP, CAUSE), [6])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stop": [1, 2, -2, 3, 4, 5]}, r"RR111 .*stop is -2\.0 in row 2"),
        ({"start": [0, 0, 2, 0, 0, 0]}, r"RR111 .*start is 2\.0 and stop 2\.0 in row 2"),
        ({"cause": [1, 2, 0.5, 0, 1, 2]}, r"RR111 .*cause is 0\.5 in row 2; it must be 0 \(none\), 1, 2"),
        ({"cause": ["voice"] * 6}, r"RR111 .*cause is 'voice' in row 0"),
        ({"cause": []}, r"RR111 .*cause has shape \(0,\)"),
        ({"stop": [1, 2]}, r"RR111 .*stop has shape \(2,\); cause has 6 rows"),
        ({"weight": [0, 1, 1, 1, 1, 1]}, r"RR111 .*weight is 0\.0 in row 0"),
        ({"interval": "loglog"}, r"RR111 .*interval is 'loglog'; it must be one of log, log-log, plain"),
        ({"level": 95}, r"RR111 .*level is 95; it must be above 0 and below 1"),
    ],
)
def test_rows_that_cannot_be_used_are_refused_by_name(change, words):
    with pytest.raises(ArgumentError, match=words):
        aalen_johansen(**{"stop": STOP, "cause": CAUSE} | change)


def test_no_events_are_a_gate():
    with pytest.raises(GateError, match="RR401 .*6 rows hold 0 events"):
        aalen_johansen(STOP, [0] * 6)
    with pytest.raises(GateError, match="RR401 .*cause 3 has 0 events; events by cause are 1: 3, 2: 2"):
        fine_gray_rows(STOP, CAUSE, of=3)


def test_covariates_of_other_rows_are_refused():
    with pytest.raises(ArgumentError, match="RR111 .*X has 7 rows and cause has 6"):
        fit_fine_gray(np.ones((7, 1)), stop=STOP, cause=CAUSE)


def test_fine_gray_weights_by_hand():
    rows = fine_gray_rows(STOP, CAUSE)
    # The exit on day 2 goes on to day 3, when one of three is lost, and then with 2/3 of its weight. That on day 5
    # comes after the last voice, so nothing follows.
    assert rows.row.tolist() == [0, 1, 1, 2, 3, 4, 5]
    assert rows.stop.tolist() == [1, 3, 5, 2, 3, 4, 5]
    np.testing.assert_allclose(rows.weight, [1, 1, 2 / 3, 1, 1, 1, 1])
    assert rows.event.tolist() == [True, False, False, True, False, True, False]


@settings(max_examples=50)
@given(spells(late=True))
def test_fine_gray_without_other_causes_leaves_the_rows_alone(rows):
    cause = np.minimum(rows["cause"], 1)
    found = fine_gray_rows(rows["stop"], cause, start=rows["start"], weight=rows["weight"])
    np.testing.assert_array_equal(found.row, np.arange(len(cause)))
    np.testing.assert_array_equal(found.start, rows["start"])
    np.testing.assert_array_equal(found.stop, rows["stop"])
    np.testing.assert_array_equal(found.event, cause == 1)
    np.testing.assert_array_equal(found.weight, rows["weight"])


def test_fine_gray_without_other_causes_is_cox():
    X, y = simulate(300, seed=8)
    columns, names = X[["failed_recoveries_ever", "calls"]].to_numpy(), ["failed_recoveries_ever", "calls"]
    fine = fit_fine_gray(columns, stop=y["duration_days"], cause=y["event"], names=names)
    plain = fit_partial(columns, stop=y["duration_days"], event=y["event"], names=names, cluster=y.index)
    np.testing.assert_allclose(fine.coefficients, plain.coefficients, rtol=1e-10)
    np.testing.assert_allclose(fine.robust, plain.robust, rtol=1e-10)


def test_fine_gray_without_censoring_keeps_leavers_to_the_end():
    X, y = simulate(300, seed=9)
    known = (y["event"] | y["competing"]).to_numpy()
    x, left = X.loc[known, ["calls"]].to_numpy(), y["competing"].to_numpy()[known]
    stop = y["duration_days"].to_numpy()[known]
    fine = fit_fine_gray(x, stop=stop, cause=1 + left)
    stay = fit_partial(x, stop=np.where(left, HORIZON, stop), event=~left)
    np.testing.assert_allclose(fine.coefficients, stay.coefficients, rtol=1e-10)


def test_what_only_makes_customers_leave_lowers_the_share_who_retaliate_not_their_hazard():
    rng = np.random.default_rng(1)
    leaver = rng.integers(0, 2, 4000)
    voice, lost = rng.exponential(100, 4000), rng.exponential(200, 4000)
    leave = rng.exponential(100 / np.exp(leaver))
    stop = np.minimum.reduce([voice, leave, lost])
    cause = np.select([stop == voice, stop == leave], [1, 2], 0)
    # Whole days keep the expansion small.
    X, stop = leaver[:, None], np.ceil(stop)
    hazard = fit_partial(X, stop=stop, event=cause == 1, cluster=np.arange(4000))
    share = fit_fine_gray(X, stop=stop, cause=cause)
    assert abs(hazard.coefficients[0]) < 2 * hazard.standard_errors[0]
    assert share.coefficients[0] < -5 * share.standard_errors[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"start": [0, 3], "stop": [2, 5]}, r"row 1 \(3 to 5\) does not begin where row 0 \(0 to 2\)"),
        ({"start": [0, 1], "stop": [2, 5]}, r"row 1 \(1 to 5\) does not begin where row 0"),
        (
            {"start": [0, 2], "stop": [2, 5], "cause": [2, 1]},
            r"row 1 .* follows the end, by a cause, of row 0",
        ),
    ],
)
def test_rows_of_a_customer_must_follow_one_another(change, words):
    with pytest.raises(ArgumentError, match=rf"RR111 .*{words}"):
        fine_gray_rows(**{"cause": [0, 1], "customer": ["C1", "C1"]} | change)


def test_weights_that_are_lost_for_good_are_refused():
    # On day 2 the only one still seen is lost; whoever enters later cannot stand for the exit of day 1.
    rows = {"start": [0, 0, 3], "stop": [1, 2, 5], "cause": [2, 0, 1]}
    with pytest.raises(ArgumentError, match=r"RR111 .*near time .* all rows at risk were censored"):
        fine_gray_rows(**rows)


@pytest.fixture(scope="module")
def model(landmark):
    return ExitOrVoice().fit(*landmark)


def test_without_exits_the_risk_is_that_of_cox(landmark):
    X, y = landmark
    y = y.assign(competing=False)
    both, cox = ExitOrVoice().fit(X, y), LandmarkCox().fit(X, y)
    times = np.array([0.0, 1, 17.3, HORIZON])
    np.testing.assert_allclose(
        both.predict_survival(X, times), cox.predict_survival(X, times), rtol=0, atol=1e-12
    )
    assert (both.predict_incidence(X, times)["exit"] == 0).all()
    assert set(both.effects_["cause"]) == {"voice"}
    np.testing.assert_allclose(both.effects_["estimate"], cox.effects_["estimate"], rtol=1e-12)


def test_the_voice_hazard_is_that_of_cox_with_exits_too(landmark, model):
    cox = LandmarkCox().fit(*landmark)
    np.testing.assert_allclose(model.coefficients_[0], cox.coefficients_, rtol=1e-12)
    pd.testing.assert_frame_equal(model.contributions(landmark[0]), cox.contributions(landmark[0]))
    # Some leave first, so fewer retaliate than would if nobody could leave.
    assert (model.predict_risk(landmark[0], HORIZON) < cox.predict_risk(landmark[0], HORIZON)).all()


def test_incidences_rise_and_never_exceed_one_together(landmark, model):
    found = model.predict_incidence(landmark[0], np.linspace(0, HORIZON, 7))
    assert set(found) == {"voice", "exit"}
    for incidence in found.values():
        assert incidence.shape == (1500, 7)
        assert (incidence[:, 0] == 0).all()
        assert (np.diff(incidence, axis=1) >= 0).all()
    assert (found["voice"] + found["exit"] <= 1 + 1e-12).all()
    risk = model.predict_risk(landmark[0], HORIZON)
    np.testing.assert_allclose(risk, found["voice"][:, -1], atol=1e-15)


@given(
    st.lists(st.tuples(st.floats(0, 2), st.floats(0, 2)), min_size=1, max_size=8),
    st.lists(st.floats(0, 1e300), min_size=2, max_size=2),
)
def test_incidences_and_those_who_stay_add_up_to_one_however_large_the_hazard(steps, relative):
    cumulative = np.cumsum([(0.0, 0.0), *steps], axis=0).T
    hazard = np.vstack([np.arange(cumulative.shape[1]), cumulative])
    found = np.stack([cumulative_incidence(np.array([relative]), hazard, hazard[0], k) for k in (0, 1)])
    stay = np.exp(-np.minimum(np.array(relative) @ cumulative, 800))
    np.testing.assert_allclose(found.sum(axis=0)[0], 1 - stay, atol=1e-12)
    assert (found >= 0).all()


def test_mean_incidences_are_those_of_aalen_and_johansen(landmark, model):
    X, y = landmark
    times = np.array([15.0, 30, 60])
    curves = incidence_table(
        aalen_johansen(y["duration_days"], y["event"] + 2 * y["competing"]), times
    ).pivot(index="day", columns="cause", values="incidence")
    found = model.predict_incidence(X, times)
    np.testing.assert_allclose(found["voice"].mean(axis=0), curves[1], atol=0.01)
    np.testing.assert_allclose(found["exit"].mean(axis=0), curves[2], atol=0.01)


def test_known_effects_lie_in_their_intervals():
    X, y = simulate(6000, seed=12)
    X = X.assign(tenure_days=X["tenure_days"].fillna(600))
    effects = ExitOrVoice().fit(X, y).effects_.set_index(["cause", "feature"])
    # Leaving depends on nothing in the simulated world.
    truth = {("voice", "failed_recoveries_ever"): 0.7, ("voice", "calls"): -0.1, ("exit", "calls"): 0.0}
    for (cause, name), beta in truth.items():
        row = effects.loc[(cause, name)]
        assert row["low"] < np.exp(beta * row["scale"]) < row["high"]
        assert row["kind"] == f"hazard ratio of {cause}"
    assert effects.loc["voice", "p_value"].max() < 0.01 < effects.loc["exit", "p_value"].min()


def leavers(n, seed):
    """A world in which each failure makes customers retaliate twice as fast, and leave more than three times as fast."""
    rng = np.random.default_rng(seed)
    failures = rng.poisson(0.8, n).astype(float)
    voice = rng.exponential(1 / (0.002 * np.exp(0.7 * failures)))
    leave = rng.exponential(30 / np.exp(1.2 * failures))
    lost = rng.exponential(150, n)
    first = np.minimum.reduce([voice, leave, lost, np.full(n, HORIZON)])
    y = pd.DataFrame({"customer_id": np.arange(n), "moment": pd.Timestamp("2025-01-01")})
    y = y.assign(event=first == voice, duration_days=first, competing=first == leave)
    retaliates = (voice <= HORIZON) & (voice < leave)
    return pd.DataFrame({"failures": failures}), y, retaliates


def test_where_the_let_down_leave_first_the_risk_is_the_share_who_do_retaliate():
    X, y, _ = leavers(8000, seed=1)
    new, _, retaliates = leavers(20000, seed=2)
    risk = ExitOrVoice().fit(X, y).predict_risk(new, HORIZON)
    nobody_leaves = LandmarkCox().fit(X, y).predict_risk(new, HORIZON)
    assert risk.mean() == pytest.approx(retaliates.mean(), rel=0.1)
    assert nobody_leaves.mean() > 4 * retaliates.mean()
    # Who is let down most has the highest hazard and the least time: the order turns round.
    assert auroc(retaliates, risk) > 0.55 > 0.45 > auroc(retaliates, nobody_leaves)


def test_parameters_survive_json_to_the_last_bit(landmark, model):
    parameters = json.loads(json.dumps(model.to_parameters(), allow_nan=False))
    back = ExitOrVoice.from_parameters(parameters)
    times = np.array([10.0, HORIZON])
    for cause, incidence in model.predict_incidence(landmark[0], times).items():
        np.testing.assert_array_equal(back.predict_incidence(landmark[0], times)[cause], incidence)
    pd.testing.assert_frame_equal(back.effects_, model.effects_)


def test_one_customer_gives_what_many_blocks_give(landmark, model, monkeypatch):
    whole = model.predict_risk(landmark[0], HORIZON)
    monkeypatch.setattr("retaliation_risk.models.competing.exit_or_voice._CELLS", 1)
    np.testing.assert_allclose(model.predict_risk(landmark[0].head(20), HORIZON), whole[:20], rtol=1e-13)


def test_exits_without_retaliation_and_times_never_seen_are_gates(landmark, model):
    X, y = landmark
    with pytest.raises(GateError, match=r"RR401 .*0 events and \d+ competing exits"):
        ExitOrVoice().fit(X, y.assign(event=False))
    with pytest.raises(GateError, match=r"RR405 .*61 days were asked"):
        model.predict_incidence(X, np.array([61.0]))
    with pytest.raises(ArgumentError, match=r"RR111 .*at least 0"):
        model.predict_incidence(X, np.array([-1.0]))
