"""The search for settings: what it may look at, what it may spend, and whether it finds what is there."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.evaluate import SPACES, search
from retaliation_risk.models import MODELS, Boosting, Logistic

HORIZON = 30.0
MOMENTS = pd.date_range("2025-01-01", periods=12, freq="30D")
UNTIL = MOMENTS[8]
ASKED = {"horizon_days": HORIZON, "moments": MOMENTS[4:8], "until": UNTIL, "columns": ["x", "noise"]}


def world(seed=0, n=400):
    """Features of n customers at twelve moments, and outcomes that are known a week after they happened."""
    rng = np.random.default_rng(seed)
    features = pd.DataFrame(
        {
            "customer_id": np.tile([f"C{i:03d}" for i in range(n)], len(MOMENTS)),
            "moment": np.repeat(MOMENTS, n),
            "x": rng.normal(size=n * len(MOMENTS)),
            "noise": rng.normal(size=n * len(MOMENTS)),
        }
    )
    hit = rng.random(len(features)) < 1 / (1 + np.exp(1.5 - 1.2 * features["x"]))
    days = np.where(hit, rng.uniform(0.5, 29.5, len(features)), HORIZON)

    def outcomes(known_by):
        learned = features["moment"] + pd.to_timedelta(days + 7, unit="D")
        event = hit if known_by is None else hit & (learned < known_by)
        return features[["customer_id", "moment"]].assign(
            event=event, duration_days=np.where(event, days, HORIZON), competing=False, reach=np.nan
        )

    return features, outcomes


def test_nothing_at_or_after_the_end_is_looked_at():
    features, outcomes = world()
    asked = []

    def spied(known_by):
        asked.append(known_by)
        return outcomes(known_by)

    found = search(features, spied, Logistic, {"penalizer": [1e-2, 1.0]}, **ASKED, n_bootstrap=20)
    assert max(asked) == UNTIL
    later = (features["moment"] + pd.Timedelta(days=HORIZON) > UNTIL).to_numpy()
    assert later.any()
    other = features.assign(
        x=np.where(later, 99.0, features["x"]), noise=np.where(later, -5.0, features["noise"])
    )

    def changed(known_by):
        frame = outcomes(known_by)
        return frame.assign(event=np.where(later, ~frame["event"], frame["event"]))

    again = search(other, changed, Logistic, {"penalizer": [1e-2, 1.0]}, **ASKED, n_bootstrap=20)
    pd.testing.assert_frame_equal(again.tried, found.tried)
    # What became known only after the end is no event of the search, though its row is judged.
    judged = outcomes(UNTIL)["event"] & features["moment"].isin(ASKED["moments"])
    assert found.tried["n_events"].unique().tolist() == [judged.sum()]
    assert judged.sum() < (outcomes(None)["event"] & features["moment"].isin(ASKED["moments"])).sum()


def test_a_moment_whose_horizon_reaches_beyond_the_end_is_refused():
    asked = ASKED | {"moments": MOMENTS[4:9]}
    with pytest.raises(ArgumentError, match=r"moments end with 2025-08-29.*whose 30 days reach beyond until"):
        search(*world(), Logistic, SPACES["logistic"], **asked)


def test_a_worse_start_is_left_and_a_better_one_kept():
    heavy = search(*world(), partial(Logistic, penalizer=10.0), {"penalizer": [1e-3]}, **ASKED)
    assert heavy.settings == {"penalizer": 1e-3}
    assert heavy.tried["chosen"].tolist() == [False, True]
    assert heavy.tried.loc[1, "high"] < 0
    light = search(*world(), partial(Logistic, penalizer=1e-3), {"penalizer": [10.0]}, **ASKED)
    assert light.settings == {}
    assert light.tried.loc[1, "low"] > 0
    assert light.tried.loc[0, ["difference", "low", "high"]].tolist() == [0, 0, 0]
    assert light.tried.loc[1, "difference"] == pytest.approx(-heavy.tried.loc[1, "difference"])


def test_differences_are_of_the_losses_and_lie_within_their_intervals():
    tried = search(*world(), Logistic, SPACES["logistic"], **ASKED, budget=24).tried
    np.testing.assert_allclose(tried["difference"], tried["log_loss"] - tried.loc[0, "log_loss"], atol=1e-12)
    assert (tried["low"] <= tried["difference"]).all()
    assert (tried["difference"] <= tried["high"]).all()
    assert tried["n"].unique().tolist() == [1600]
    assert (tried["fitted"] == 4).all()
    assert tried["log_loss"].idxmin() == tried["chosen"].idxmax()


def test_the_budget_is_kept_and_the_seed_decides():
    made = []

    def make(**settings):
        made.append(settings)
        return Logistic(**settings)

    found = search(*world(), make, SPACES["logistic"], **ASKED, budget=23, n_bootstrap=0)
    assert found.n_fits == 20 <= 23
    # Once more to read the model's own settings.
    assert len(made) == 21
    assert len(set(found.tried["settings"])) == 5
    again = search(*world(), Logistic, SPACES["logistic"], **ASKED, budget=23, n_bootstrap=0)
    pd.testing.assert_frame_equal(again.tried, found.tried)
    other = search(*world(), Logistic, SPACES["logistic"], **ASKED, budget=23, n_bootstrap=0, seed=1)
    assert set(other.tried["settings"]) != set(found.tried["settings"])
    every = search(*world(), Logistic, SPACES["logistic"], **ASKED, budget=1000, n_bootstrap=0)
    assert len(every.tried) == 15
    assert '{"penalizer": 0.0001, "l1_ratio": 0.0}' not in set(every.tried["settings"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"budget": 7}, "budget is below two candidates"),
        ({"moments": []}, "moments is empty"),
        ({"horizon_days": -1.0}, "horizon_days is -1.0"),
    ],
)
def test_impossible_searches_are_refused(change, words):
    with pytest.raises(ArgumentError, match=words):
        search(*world(n=20), Logistic, {"penalizer": [1.0]}, **(ASKED | change))


@pytest.mark.parametrize("space", [{}, {"penalizer": []}, {"penalizer": [1e-4]}])
def test_a_space_with_nothing_but_the_models_own_is_refused(space):
    with pytest.raises(ArgumentError, match="must hold a combination besides the model's own"):
        search(*world(n=20), Logistic, space, **ASKED)


class Picky:
    """Cannot be fitted to few rows; says a risk that is right when it can."""

    def __init__(self, most_rows=0):
        self.most_rows = most_rows

    def fit(self, X, y):
        if len(X) <= self.most_rows:
            raise GateError("RR401", f"{len(X)} rows are too few.")
        return self

    def predict_risk(self, X, horizon_days):
        return np.full(len(X), 0.25 if self.most_rows else 0.5)


def test_what_cannot_be_fitted_everywhere_is_not_chosen():
    found = search(*world(), Picky, {"most_rows": [2000, 100_000]}, **ASKED)
    assert found.settings == {}
    assert found.tried["fitted"].tolist() == [4, 2, 0]
    assert found.tried["log_loss"].isna().tolist() == [False, True, True]
    with pytest.raises(GateError, match="none of 2 candidates could be fitted at every moment"):
        search(*world(), partial(Picky, most_rows=10**6), {"most_rows": [10**7]}, **ASKED)


def test_without_events_there_is_nothing_to_choose_by():
    features, outcomes = world()
    with pytest.raises(GateError, match="RR401.*none of 1273 rows judged has an event"):
        search(features, lambda by: outcomes(by).assign(event=False), Picky, {"most_rows": [1]}, **ASKED)


@pytest.mark.parametrize("name", SPACES)
def test_spaces_are_of_settings_that_the_models_take(name):
    own = MODELS[name](HORIZON, 0).get_params()
    assert SPACES[name].keys() <= own.keys()
    assert all(len(set(values)) == len(values) > 1 for values in SPACES[name].values())
    json.dumps({key: list(values) for key, values in SPACES[name].items()})


def test_trees_are_searched_too():
    space = {"max_leaf_nodes": (2, 15), "learning_rate": (0.01, 0.1)}
    found = search(*world(), partial(Boosting, max_iter=30), space, **ASKED, budget=12, n_bootstrap=20)
    assert len(found.tried) == 3
    assert found.tried["log_loss"].notna().all()
