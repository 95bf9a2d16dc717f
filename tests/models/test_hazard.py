"""The discrete-time hazard against a plain loop, the life table, a general optimiser and a known truth."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.models import Cox, Hazard, KaplanMeier, from_parameters
from retaliation_risk.models._periods import period_edges, person_periods, sample_periods

from .conftest import HORIZON, simulate

TIMES = np.array([0.0, 3, 7, 20, 60])


def outcomes(duration, event, competing=False):
    return pd.DataFrame(
        {
            "customer_id": np.arange(len(duration)),
            "moment": pd.Timestamp("2026-01-01"),
            "event": event,
            "duration_days": np.asarray(duration, dtype=float),
            "competing": competing,
        }
    )


def by_loop(duration, event, edges):
    """Row, period, event and weight, written as one would say it."""
    found = []
    for i, (days, happened) in enumerate(zip(duration, event, strict=True)):
        for k in range(len(edges) - 1):
            if days <= edges[k]:
                break
            inside = days <= edges[k + 1]
            cut_short = days < edges[k + 1] and not happened
            found.append((i, k, bool(inside and happened), 0.5 if cut_short else 1.0))
    return found


followed = st.lists(
    st.tuples(st.sampled_from([0.5, 1, 2.5, 7, 7.5, 14, 20, 29, 30]), st.booleans()), min_size=1
)


@given(followed, st.sampled_from([0.5, 1.0, 7.0, 13.0, 30.0, 99.0]))
def test_person_periods_are_those_of_a_plain_loop(rows, period_days):
    duration, event = np.array([d for d, _ in rows]), np.array([e for _, e in rows])
    edges = period_edges(duration.max(), period_days)
    found = person_periods(duration, event, edges)
    ours = list(
        zip(
            found.row.tolist(),
            found.period.tolist(),
            found.event.tolist(),
            found.weight.tolist(),
            strict=True,
        )
    )
    assert ours == by_loop(duration, event, edges)


def life_table(duration, event, edges):
    """Survival at each edge: one less the deaths over those at risk, who count half when censored inside."""
    survival = [1.0]
    for low, high in itertools.pairwise(edges):
        inside = (duration > low) & (duration <= high)
        deaths = (inside & event).sum()
        lost = (inside & ~event & (duration < high)).sum()
        survival.append(survival[-1] * (1 - deaths / ((duration > low).sum() - lost / 2)))
    return np.array(survival)


def balanced(duration, event):
    """Each outcome once for either value of a feature: its effect is 0 and only the periods speak."""
    X = pd.DataFrame({"side": np.repeat([-1.0, 1.0], len(duration))})
    return X, outcomes(np.tile(duration, 2), np.tile(event, 2))


def test_with_periods_alone_it_is_the_life_table():
    rng = np.random.default_rng(0)
    duration = np.minimum(np.ceil(rng.exponential(20, 300) * 2) / 2, 45.0)
    event = (rng.random(300) < 0.6) & (duration < 45)
    X, y = balanced(duration, event)
    model = Hazard(period_days=7, ridge=0).fit(X, y)
    found = model.predict_survival(X, model.edges_)
    np.testing.assert_allclose(found, np.tile(life_table(duration, event, model.edges_), (600, 1)), rtol=1e-9)


def test_censored_at_the_ends_of_periods_it_is_kaplan_meier():
    rng = np.random.default_rng(1)
    duration = rng.integers(1, 8, 200).astype(float)
    event = rng.random(200) < 0.4
    X, y = balanced(duration, event)
    expected = KaplanMeier().fit(X, y).predict_survival(X, np.arange(8.0))
    for ridge, tolerance in ((0, 1e-9), (4, 1e-6)):
        model = Hazard(period_days=1, ridge=ridge).fit(X, y)
        np.testing.assert_allclose(model.predict_survival(X, np.arange(8.0)), expected, rtol=tolerance)


def test_the_fit_is_the_top_of_the_penalised_likelihood():
    X, y = simulate(400, seed=7)
    model = Hazard(period_days=20, ridge=4).fit(X, y)
    Z = model.design_.matrix(X)
    rows = by_loop(y["duration_days"], y["event"], model.edges_)
    i, k, event, weight = (np.array(column) for column in zip(*rows, strict=True))

    def loss(parameters):
        beta, levels = parameters[:3], parameters[3:]
        odds = Z[i] @ beta + levels[k]
        return -(weight * (event * odds - np.logaddexp(0, odds))).sum() + 4 / 2 * beta @ beta

    best = minimize(loss, np.r_[np.zeros(3), np.full(3, -3.0)], method="BFGS", options={"gtol": 1e-7})
    np.testing.assert_allclose(np.r_[model.coefficients_, model.levels_], best.x, atol=2e-4)


def test_short_periods_give_the_answer_of_cox():
    X, y = simulate(3000, seed=9)
    hazard, cox = Hazard(period_days=2).fit(X, y), Cox().fit(X, y)
    np.testing.assert_allclose(hazard.coefficients_, cox.coefficients_, atol=0.03)
    np.testing.assert_allclose(hazard.predict_survival(X, TIMES), cox.predict_survival(X, TIMES), atol=0.03)


@pytest.mark.parametrize("classifier", [None, HistGradientBoostingClassifier(max_iter=20)])
def test_survival_is_the_product_and_constant_hazard_fills_the_periods(landmark, classifier):
    X, y = landmark
    model = Hazard(period_days=7, classifier=classifier).fit(X, y)
    hazard = model.predict_hazard(X)
    assert hazard.shape == (len(X), 9)
    assert ((hazard >= 0) & (hazard <= 1)).all()
    at_edges = model.predict_survival(X, model.edges_)
    np.testing.assert_allclose(at_edges[:, 1:], np.cumprod(1 - hazard, axis=1), rtol=1e-12)
    halfway = model.predict_survival(X, [3.5, 58.0])
    np.testing.assert_allclose(halfway[:, 0], np.sqrt(at_edges[:, 1]), rtol=1e-12)
    # The last period is (56, 60].
    np.testing.assert_allclose(halfway[:, 1], np.sqrt(at_edges[:, -2] * at_edges[:, -1]), rtol=1e-12)
    assert (np.diff(model.predict_survival(X, TIMES), axis=1) <= 0).all()


def test_a_period_without_events_has_no_hazard():
    X = pd.DataFrame({"calls": [1.0, 0, 2, 1, 3, 0]})
    model = Hazard(period_days=10).fit(
        X, outcomes([5, 25, 25, 30, 30, 30], [True, True, False, False, False, True])
    )
    assert np.isnan(model.levels_).tolist() == [False, True, False]
    assert (model.predict_hazard(X)[:, 1] == 0).all()


def test_competing_exits_count_as_lost_from_sight(landmark):
    X, y = landmark
    expected = Hazard().fit(X, y.assign(competing=False)).predict_risk(X, HORIZON)
    np.testing.assert_array_equal(Hazard().fit(X, y).predict_risk(X, HORIZON), expected)


def test_a_classifier_of_ones_own_sees_features_and_period(landmark):
    X, y = landmark
    model = Hazard(classifier=LogisticRegression()).fit(X, y)
    assert model.classifier_.n_features_in_ == len(model.design_.used) + 1
    assert model.to_parameters() is None
    assert not hasattr(model.classifier, "coef_")
    truth = Hazard().fit(X, y).predict_risk(X, HORIZON)
    assert np.corrcoef(model.predict_risk(X, HORIZON), truth)[0, 1] > 0.99


def test_a_sample_of_the_quiet_periods_stands_for_all():
    X, y = simulate(20_000, seed=12)
    y = y.assign(event=y["event"] & (np.arange(20_000) % 10 == 0))
    full, part = Hazard().fit(X, y), Hazard(max_rows=20_000).fit(X, y)
    assert full.n_periods_ > 100_000
    assert part.n_periods_ == 20_000
    np.testing.assert_allclose(part.coefficients_, full.coefficients_, atol=0.06)
    assert part.predict_risk(X, 60).mean() == pytest.approx(full.predict_risk(X, 60).mean(), rel=0.01)
    again = Hazard(max_rows=20_000).fit(X, y)
    np.testing.assert_array_equal(again.coefficients_, part.coefficients_)
    other = Hazard(max_rows=20_000, seed=1).fit(X, y)
    assert (other.coefficients_ != part.coefficients_).all()


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(0, 5))
def test_a_sample_weighs_what_all_weigh(extra, seed):
    rng = np.random.default_rng(seed)
    duration, event = rng.integers(1, 40, 100).astype(float), rng.random(100) < 0.1
    periods = person_periods(duration, event, period_edges(duration.max(), 1.0))
    sample = sample_periods(periods, int(event.sum()) + extra, seed)
    assert len(sample.row) == event.sum() + extra
    assert sample.event.sum() == event.sum()
    # Weights are 1/2 or 1 before, so that the sum is right up to that factor.
    whole = (~periods.event).sum()
    assert whole / 2 <= sample.weight[~sample.event].sum() <= whole * (1 + 1e-12)


def test_wrong_settings_name_value_and_cure(landmark):
    X, y = landmark
    n_events = int(y["event"].sum())
    with pytest.raises(
        ArgumentError, match=f"max_rows is 10; it must be above the number of events, {n_events}"
    ):
        Hazard(max_rows=10).fit(X, y)
    with pytest.raises(ArgumentError, match="period_days is 0; it must be a number above 0"):
        Hazard(period_days=0).fit(X, y)
    with pytest.raises(ArgumentError, match="ridge is -1"):
        Hazard(ridge=-1).fit(X, y)
    with pytest.raises(GateError, match="RR401.*all of 1500 person-periods hold an event"):
        Hazard(period_days=99).fit(X, y.assign(event=True, competing=False))


def test_parameters_survive_json_to_the_last_bit(landmark):
    model = Hazard(period_days=3).fit(*landmark)
    back = from_parameters(json.loads(json.dumps(model.to_parameters(), allow_nan=False)))
    np.testing.assert_array_equal(
        back.predict_survival(landmark[0], TIMES), model.predict_survival(landmark[0], TIMES)
    )
    pd.testing.assert_frame_equal(back.effects_, model.effects_)
