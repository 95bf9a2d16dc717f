"""Rolling origin, scores with their intervals, curves and shares: by hand, and the statistician's test."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from retaliation_risk._censoring import ipcw_weights
from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.evaluate import (
    calibration_table,
    capacity_curve,
    evaluate,
    rolling_origin,
    who_is_served,
)
from retaliation_risk.evaluate._bootstrap import Statistics, with_intervals
from retaliation_risk.metrics import auroc, events_reached, reach_averted, workload_saved
from retaliation_risk.policies import POLICIES, FirstCome, InfluenceOnly, Oracle, RiskOnly, Rule

KEYS = ["customer_id", "moment"]
THREE = (RiskOnly(), InfluenceOnly(), FirstCome())
TOTALS = ["customers_with_event", "acts_with_audience", "people_reached_total"]
COLUMNS = [
    "split",
    "model",
    "policy",
    "metric",
    "horizon_days",
    "capacity",
    "value",
    "low",
    "high",
    "n",
    "n_events",
    "p_value",
    "p_holm",
    "family",
]


def synthetic(seed=0, *, n=300, moments=3, risk_slope=0.0, influence_slope=0.0, base=-2.5):
    """Predictions and policy columns; events follow risk, influence, or neither."""
    rng = np.random.default_rng(seed)
    parts = []
    for month in range(1, moments + 1):
        x, fame = rng.normal(size=(2, n))
        event = rng.random(n) < expit(base + risk_slope * x + influence_slope * fame)
        day = np.where(event, rng.uniform(0.5, 89.5, n), 90.0)
        lost = ~event & (rng.random(n) < 0.1)
        day = np.where(lost, rng.uniform(0.5, 89.5, n), day)
        left = ~event & ~lost & (rng.random(n) < 0.05)
        day = np.where(left, rng.uniform(0.5, 89.5, n), day)
        parts.append(
            pd.DataFrame(
                {
                    "split": f"2025-{month:02d}-01",
                    "customer_id": [f"c{i:04d}" for i in range(n)],
                    "moment": pd.Timestamp(2025, month, 1),
                    "event": event,
                    "duration_days": day,
                    "competing": left,
                    "reach": np.where(event, rng.lognormal(3, 1, n), np.nan),
                    "weight": ipcw_weights(event, left, day, 90),
                    "risk_m": expit(base + (risk_slope or 1.0) * x),
                    "influence": np.round(50 + 20 * fame).clip(1, 100),
                    "unresolved_days": np.where(rng.random(n) < 0.5, np.nan, rng.integers(0, 40, n)),
                    "segment": rng.choice(["home", "firm"], size=n),
                }
            )
        )
    frame = pd.concat(parts, ignore_index=True)
    shown = ["influence", "unresolved_days", "segment"]
    return frame.drop(columns=shown), frame[[*KEYS, *shown]]


def pick(scores, metric, policy="", split="all", model=None):
    kept = (scores["metric"] == metric) & (scores["policy"] == policy) & (scores["split"] == split)
    found = scores[kept if model is None else kept & (scores["model"] == model)]
    assert len(found) == 1
    return found.iloc[0]


# Rolling origin


class Spy:
    """Remembers what it was shown; its risk is the feature."""

    def __init__(self, seen):
        self.seen = seen

    def fit(self, X, y):
        self.seen.append((X, y))
        return self

    def predict_risk(self, X, horizon_days):
        return X["x"].to_numpy() / 100 * horizon_days


class Refuses:
    def fit(self, X, y):
        raise GateError("RR401", f"{int(y['event'].sum())} events.")

    def predict_risk(self, X, horizon_days):
        raise AssertionError


class Broken:
    def fit(self, X, y):
        raise ZeroDivisionError("a bug")


def months():
    moments = pd.date_range("2025-01-01", "2025-05-01", freq="MS")
    return pd.DataFrame(
        [(customer, moment, float(k)) for moment in moments for k, customer in enumerate("abc")],
        columns=[*KEYS, "x"],
    )


def outcomes_of(features, asked=None):
    def outcomes(known_by):
        if asked is not None:
            asked.append(known_by)
        # c retaliates ten days after each moment.
        due = features["moment"] + pd.Timedelta(days=10)
        event = (features["customer_id"] == "c") & (True if known_by is None else due < known_by)
        frame = features[KEYS].assign(event=event, duration_days=np.where(event, 10.0, 30.0))
        return frame.assign(competing=False, reach=np.where(event, 5.0, np.nan))

    return outcomes


def run(models, *, test_moments=("2025-04-01", "2025-05-01"), n_jobs=1, asked=None):
    features = months()
    return rolling_origin(
        features,
        outcomes_of(features, asked),
        models,
        horizon_days=30,
        test_moments=[pd.Timestamp(text) for text in test_moments],
        columns=["x"],
        n_jobs=n_jobs,
    )


def test_training_leaves_a_gap_of_the_horizon_and_knows_only_what_was_known():
    seen, asked = [], []
    found = run({"spy": lambda: Spy(seen)}, asked=asked)
    # By 1 April the gap ends on 2 March: January, February and 1 March are learned from.
    assert [len(X) for X, _ in seen] == [9, 12]
    assert seen[0][1]["moment"].max() == pd.Timestamp("2025-03-01")
    assert list(seen[0][0].columns) == ["x"]
    assert asked == [None, pd.Timestamp("2025-04-01"), pd.Timestamp("2025-05-01")]
    assert found.predictions["split"].tolist() == ["2025-04-01"] * 3 + ["2025-05-01"] * 3
    assert found.predictions["risk_spy"].tolist() == [0.0, 0.3, 0.6] * 2
    assert found.predictions["event"].tolist() == [False, False, True] * 2
    assert found.fits["n_events"].tolist() == [3, 4]


def test_two_moments_of_one_day_are_two_splits():
    features = months()
    noon = features[features["moment"] == "2025-04-01"].assign(moment=pd.Timestamp("2025-04-01T12:00"))
    both = pd.concat([features, noon], ignore_index=True)
    found = rolling_origin(
        both,
        outcomes_of(both),
        {"spy": lambda: Spy([])},
        horizon_days=30,
        test_moments=[pd.Timestamp("2025-04-01"), noon["moment"].iloc[0], pd.Timestamp("2025-05-01")],
        columns=["x"],
    )
    assert list(found.predictions["split"].unique()) == [
        "2025-04-01T00:00:00",
        "2025-04-01T12:00:00",
        "2025-05-01",
    ]


class ActsSpy(Spy):
    """Remembers the risk sets too."""

    learns_from_risk_sets = True

    def fit(self, X, y, risk_sets=None):
        self.seen.append(risk_sets)
        return self


def test_risk_sets_known_by_the_moment_go_to_the_models_that_learn_from_them():
    seen, asked = [], []

    def risk_sets(known_by):
        asked.append(known_by)
        return pd.DataFrame({"set": [0]})

    features, moments = months(), [pd.Timestamp("2025-04-01"), pd.Timestamp("2025-05-01")]
    given = {"horizon_days": 30, "test_moments": moments, "columns": ["x"], "risk_sets": risk_sets}
    rolling_origin(features, outcomes_of(features), {"spy": lambda: Spy([])}, **given)
    assert asked == []
    # Once a moment, however many models ask.
    twice = {"one": lambda: ActsSpy(seen), "other": lambda: ActsSpy(seen), "spy": lambda: Spy([])}
    rolling_origin(features, outcomes_of(features), twice, **given)
    assert asked == moments
    assert [len(sets) for sets in seen] == [1] * 4
    run({"one": lambda: ActsSpy(seen)})
    assert seen[4:] == [None, None]


def test_a_model_without_acts_to_learn_from_is_recorded_and_the_others_go_on():
    def nobody(known_by):
        raise GateError("RR401", "nobody acted.")

    features = months()
    models = {"acts": lambda: ActsSpy([]), "spy": lambda: Spy([])}
    found = rolling_origin(
        features,
        outcomes_of(features),
        models,
        horizon_days=30,
        test_moments=[pd.Timestamp("2025-04-01")],
        columns=["x"],
        risk_sets=nobody,
    )
    assert found.fits["fitted"].tolist() == [False, True]
    assert found.fits["why"][0].startswith("RR401 too few events: nobody acted.")


def test_the_day_of_the_gap_counts():
    seen = []
    run({"spy": lambda: Spy(seen)}, test_moments=["2025-03-01"])
    # 1 February + 30 days is 3 March, after the moment; only January is a whole horizon back.
    assert len(seen[0][0]) == 3


def test_a_model_that_cannot_be_fitted_is_recorded():
    found = run({"no": Refuses, "spy": lambda: Spy([])}, test_moments=["2025-01-01", "2025-04-01"])
    why = found.fits.set_index(["split", "model"])["why"]
    assert why["2025-01-01", "spy"].startswith("RR405 history too short")
    assert why["2025-04-01", "no"].startswith("RR401 too few events: 3 events.")
    assert why["2025-04-01", "spy"] == ""
    assert found.fits["fitted"].tolist() == [False, False, False, True]
    assert found.predictions["risk_no"].isna().all()


def test_a_bug_is_not_a_gate():
    with pytest.raises(ZeroDivisionError, match="a bug"):
        run({"broken": Broken})


def test_moments_in_parallel_give_the_same():
    one, two = (run({"spy": lambda: Spy([])}, n_jobs=n_jobs) for n_jobs in (1, 2))
    pd.testing.assert_frame_equal(one.predictions, two.predictions)
    pd.testing.assert_frame_equal(one.fits, two.fits)


def test_a_moment_without_customers_gives_no_rows():
    found = run({"spy": lambda: Spy([])}, test_moments=["2025-04-15"])
    assert found.predictions.empty
    assert found.fits["fitted"].tolist() == [True]
    assert {"split", "risk_spy", "weight"} <= set(found.predictions.columns)


def test_rolling_refusals():
    features = months()
    asking = {"horizon_days": 30, "test_moments": [pd.Timestamp("2025-04-01")]}
    with pytest.raises(ArgumentError, match=r"features lack \['y'\]"):
        rolling_origin(features, outcomes_of(features), {}, columns=["y"], **asking)
    with pytest.raises(ArgumentError, match="rows of features in their order"):
        rolling_origin(features, outcomes_of(features[::-1]), {}, columns=["x"], **asking)


# Scores


def test_scores_are_those_of_the_metrics():
    predictions, shown = synthetic(risk_slope=1.5)
    scores = evaluate(predictions, shown, THREE, capacity=20, horizon_days=90, n_bootstrap=20, seed=1)
    p = predictions
    assert scores.columns.tolist() == COLUMNS
    assert pick(scores, "auroc")["value"] == pytest.approx(auroc(p["event"], p["risk_m"], weight=p["weight"]))
    march = p["split"] == "2025-03-01"
    one = p[march]
    value = pick(scores, "auroc", split="2025-03-01")
    assert value["value"] == pytest.approx(auroc(one["event"], one["risk_m"], weight=one["weight"]))
    assert (value["n"], value["n_events"]) == (300, one["event"].sum())
    at = {"capacity": 20, "group": p["split"], "ipcw": p["weight"]}
    reached = pick(scores, "events_reached", "risk_only")
    assert reached["value"] == pytest.approx(events_reached(p["event"], p["risk_m"], **at))
    assert (reached["model"], reached["capacity"], reached["horizon_days"]) == ("m", 20, 90)
    averted = pick(scores, "reach_averted", "influence_only")
    assert averted["value"] == pytest.approx(reach_averted(p["reach"], shown["influence"], **at))
    assert averted["model"] == ""
    saved = pick(scores, "workload_saved", "risk_only")["value"]
    assert saved == pytest.approx(workload_saved(p["event"], p["risk_m"], shown["influence"], **at), abs=1e-6)
    difference = pick(scores, "events_reached_minus_influence_only", "risk_only")["value"]
    other = pick(scores, "events_reached", "influence_only")["value"]
    assert difference == pytest.approx(reached["value"] - other)


def test_every_row_has_its_counts_and_order():
    predictions, shown = synthetic(risk_slope=1)
    scores = evaluate(predictions, shown, THREE, capacity=20, horizon_days=90, n_bootstrap=30)
    assert scores[["n", "n_events"]].notna().all(axis=None)
    counted = scores["metric"].isin(TOTALS)
    pooled = scores[~counted & (scores["split"] == "all")]
    assert (pooled["low"] <= pooled["high"]).all()
    assert not (scores["low"] > scores["high"]).any()
    assert not scores.duplicated(["split", "model", "policy", "metric"]).any()
    assert set(scores["split"]) == {"all", "2025-01-01", "2025-02-01", "2025-03-01"}
    # risk_only and influence_only against two and one, first_come against one.
    pairs = scores[scores["metric"].str.contains("_minus_") & (scores["split"] == "all")]
    assert len(pairs) == 2 * (2 + 1 + 1)


def test_blind_to_row_order_and_repeatable():
    predictions, shown = synthetic(risk_slope=1, n=80)
    asking = {"capacity": 10, "horizon_days": 90, "n_bootstrap": 20, "seed": 4}
    first = evaluate(predictions, shown, THREE, **asking)
    again = evaluate(
        predictions.sample(frac=1, random_state=1), shown.sample(frac=1, random_state=2), THREE, **asking
    )
    pd.testing.assert_frame_equal(first, again)
    other = evaluate(predictions, shown, THREE, **(asking | {"seed": 5}))
    assert not other["low"].equals(first["low"])


def test_intervals_do_not_hang_on_memory(monkeypatch):
    predictions, shown = synthetic(risk_slope=1, n=80)
    asking = {"capacity": 10, "horizon_days": 90, "n_bootstrap": 20}
    first = evaluate(predictions, shown, THREE, **asking)
    monkeypatch.setattr("retaliation_risk.evaluate._bootstrap._BYTES", 8 * len(predictions) * 3)
    pd.testing.assert_frame_equal(first, evaluate(predictions, shown, THREE, **asking))


def test_without_events_all_is_there_and_nan():
    predictions, shown = synthetic(base=-40)
    scores = evaluate(predictions, shown, THREE, capacity=20, horizon_days=90, n_bootstrap=5)
    assert (scores["n_events"] == 0).all()
    undefined = scores[~scores["metric"].isin(["brier", "precision", *TOTALS])]
    assert undefined[["value", "low", "high"]].isna().all(axis=None)
    assert (scores["n"] > 0).all()


def test_one_moment_without_events_is_nan_beside_the_others():
    predictions, shown = synthetic(risk_slope=1)
    quiet = predictions["split"] == "2025-02-01"
    predictions.loc[quiet, "event"] = False
    scores = evaluate(predictions, shown, THREE, capacity=20, horizon_days=90, n_bootstrap=5)
    assert np.isnan(pick(scores, "events_reached", "risk_only", split="2025-02-01")["value"])
    assert np.isfinite(pick(scores, "events_reached", "risk_only")["value"])


def test_a_model_missing_at_a_moment_is_judged_on_the_others():
    predictions, shown = synthetic(risk_slope=1)
    predictions.loc[predictions["split"] == "2025-01-01", "risk_m"] = np.nan
    scores = evaluate(predictions, shown, THREE, capacity=20, horizon_days=90, n_bootstrap=5)
    assert pick(scores, "auroc")["n"] == 600
    assert pick(scores, "events_reached", "risk_only")["n"] == 600
    assert pick(scores, "events_reached", "influence_only")["n"] == 900
    later = predictions["split"] != "2025-01-01"
    p, s = predictions[later], shown[later.to_numpy()]
    at = {"capacity": 20, "group": p["split"], "ipcw": p["weight"]}
    expected = events_reached(p["event"], p["risk_m"], **at) - events_reached(
        p["event"], s["influence"], **at
    )
    found = pick(scores, "events_reached_minus_influence_only", "risk_only")
    assert (found["value"], found["n"]) == (pytest.approx(expected), 600)
    first = pick(scores, "auroc", split="2025-01-01")
    assert np.isnan(first["value"])
    assert first["n"] == 0


def test_policies_without_columns_are_left_out_and_the_oracle_is_the_ceiling():
    predictions, shown = synthetic(risk_slope=1)
    scores = evaluate(predictions, shown, POLICIES, capacity=40, horizon_days=90, n_bootstrap=0)
    reached = scores[(scores["metric"] == "events_reached") & (scores["split"] == "all")]
    able = {"first_come", "influence_only", "influence_if_open", "risk_only", "mixed_50", "oracle"}
    assert set(reached["policy"]) == able
    assert reached.set_index("policy")["value"].idxmax() == "oracle"
    assert scores[["low", "high"]].isna().all(axis=None)


def test_without_influence_there_is_nothing_to_save_against():
    predictions, shown = synthetic(risk_slope=1)
    shown["influence"] = np.nan
    scores = evaluate(predictions, shown, THREE, capacity=20, horizon_days=90, n_bootstrap=3)
    assert np.isnan(pick(scores, "workload_saved", "risk_only")["value"])
    assert not scores["metric"].str.contains("minus_influence").any()


def test_risk_only_is_run_for_each_model():
    predictions, shown = synthetic(risk_slope=1)
    predictions["risk_other"] = predictions["risk_m"].to_numpy()[::-1]
    scores = evaluate(predictions, shown, THREE, capacity=20, horizon_days=90, n_bootstrap=0)
    rows = scores[(scores["metric"] == "precision") & (scores["split"] == "all")]
    assert sorted(zip(rows["policy"], rows["model"], strict=True)) == [
        ("first_come", ""),
        ("influence_only", ""),
        ("risk_only", "m"),
        ("risk_only", "other"),
    ]


def test_no_rows_give_no_scores():
    predictions, shown = synthetic(n=20)
    none = predictions.iloc[:0]
    scores = evaluate(none, shown, THREE, capacity=5, horizon_days=90, n_bootstrap=3)
    assert scores.empty
    assert scores.columns.tolist() == COLUMNS
    assert capacity_curve(none, shown, THREE, model="m", capacities=[5]).empty
    assert calibration_table(none).empty
    assert who_is_served(none, shown, THREE, capacity=5, model="m").empty


def test_refusals():
    predictions, shown = synthetic(n=20)
    asking = {"capacity": 5, "horizon_days": 90}
    with pytest.raises(ArgumentError, match="capacity is 0"):
        evaluate(predictions, shown, THREE, capacity=0, horizon_days=90)
    with pytest.raises(ArgumentError, match=r"predictions lack \['weight'\]"):
        evaluate(predictions.drop(columns="weight"), shown, THREE, **asking)
    with pytest.raises(ArgumentError, match="repeat a customer and moment"):
        evaluate(predictions, pd.concat([shown, shown]), THREE, **asking)


def test_bootstrap_of_a_mean_has_its_standard_error():
    # 200 customers with two rows each: a mean over rows varies as one over customers.
    rng = np.random.default_rng(0)
    customer = np.repeat(np.arange(200), 2)
    values = rng.normal(size=200)[customer]
    mean = Statistics([{}], lambda weight: (values @ weight / weight.sum(axis=0))[None, :])
    found = with_intervals([mean], customer, n_bootstrap=2000, seed=1).iloc[0]
    expected = 2 * 1.96 * values.std() / np.sqrt(200)
    assert found["high"] - found["low"] == pytest.approx(expected, rel=0.06)


# The statistician's test


@pytest.mark.parametrize(
    ("slopes", "sign"),
    [
        ({"risk_slope": 1.5}, 1),
        ({"influence_slope": 1.5}, -1),
        ({}, 0),
    ],
    ids=["risk informs", "influence informs", "neither informs"],
)
def test_paired_difference_has_the_right_sign(slopes, sign):
    predictions, shown = synthetic(11, n=600, **slopes)
    scores = evaluate(
        predictions, shown, (RiskOnly(), InfluenceOnly()), capacity=60, horizon_days=90, n_bootstrap=300
    )
    for metric in ("events_reached", "reach_averted"):
        found = pick(scores, f"{metric}_minus_influence_only", "risk_only")
        assert int(found["low"] > 0) - int(found["high"] < 0) == sign, metric


def test_interval_covers_the_truth_about_as_often_as_it_says():
    asking = {"n": 400, "moments": 2, "risk_slope": 1.0}
    asked = {"capacity": 60, "horizon_days": 90}
    big = evaluate(*synthetic(99, n=100_000, moments=2, risk_slope=1.0), (RiskOnly(), InfluenceOnly()),
                   capacity=15_000, horizon_days=90, n_bootstrap=0)  # fmt: skip
    name = "events_reached_minus_influence_only"
    truth = pick(big, name, "risk_only")["value"]
    covered = 0
    for seed in range(60):
        scores = evaluate(*synthetic(seed, **asking), (RiskOnly(), InfluenceOnly()), n_bootstrap=200, **asked)
        found = pick(scores, name, "risk_only")
        covered += found["low"] <= truth <= found["high"]
    # 95 % of 60 is 57; below 51 (three standard errors) the interval would be too short.
    assert covered >= 51


def test_the_pair_is_tighter_than_its_parts():
    predictions, shown = synthetic(3, n=500, risk_slope=1.0)
    near = predictions.assign(risk_near=predictions["risk_m"] * 0.999)
    scores = evaluate(near, shown, (RiskOnly(),), capacity=50, horizon_days=90, n_bootstrap=100)
    one, other = (pick(scores, "events_reached", "risk_only", model=name) for name in ("m", "near"))
    # The same order of customers under the same resamples gives the very same interval.
    assert one[["value", "low", "high"]].tolist() == other[["value", "low", "high"]].tolist()


def test_a_handful_of_customers_gives_no_interval():
    predictions, shown = synthetic(risk_slope=1)
    quiet = predictions["split"] == "2025-02-01"
    nth = predictions["event"].astype(int).where(quiet, 0).cumsum()
    predictions.loc[quiet & (nth > 9), "event"] = False
    scores = evaluate(predictions, shown, THREE, capacity=20, horizon_days=90, n_bootstrap=30)
    for metric, policy in (("auroc", ""), ("events_reached", "risk_only"), ("precision", "risk_only")):
        few, many = (pick(scores, metric, policy, split=split) for split in ("2025-02-01", "2025-03-01"))
        assert few["n_events"] == 9
        assert np.isfinite(few["value"])
        assert np.isnan([few["low"], few["high"]]).all()
        assert np.isfinite(many["low"])


def test_what_ties_alone_tell_apart_gets_no_interval_and_no_claim():
    # Nobody who acts has an account or an open ticket: both queues reach them by ties only, 20 of 100 against 20 of 99.
    predictions, shown = synthetic(n=100)
    predictions["event"] = predictions["customer_id"] < "c0030"
    shown["influence"] = 1.0
    shown["unresolved_days"] = np.where(shown["customer_id"] == "c0099", 1.0, 0.0)
    asking = {"capacity": 20, "horizon_days": 90, "n_bootstrap": 30}
    scores = evaluate(predictions, shown, (InfluenceOnly(), FirstCome()), **asking)
    found = pick(scores, "events_reached_minus_influence_only", "first_come")
    assert -0.01 < found["value"] < 0
    assert np.isnan(found[["low", "high", "p_value"]].astype(float)).all()
    curve = capacity_curve(
        predictions, shown, (InfluenceOnly(), FirstCome()), model="", capacities=[20], n_bootstrap=30
    )
    differences = curve[curve["metric"] == "events_reached_minus_influence_only"]
    assert differences["low"].isna().all()
    assert np.isfinite(pick(scores, "events_reached", "first_come")["low"])


def test_none_reached_is_no_certainty():
    predictions, shown = synthetic(n=100)
    predictions["event"] = predictions["customer_id"] < "c0030"
    shown["influence"] = np.where(shown["customer_id"] < "c0030", 1.0, 50.0)
    scores = evaluate(
        predictions, shown, (InfluenceOnly(), Oracle()), capacity=20, horizon_days=90, n_bootstrap=30
    )
    none = pick(scores, "events_reached", "influence_only")
    assert none["value"] == 0
    assert np.isnan([none["low"], none["high"]]).all()


def test_one_customer_at_many_moments_is_one_customer():
    # The same nine customers retaliate at each moment: 27 events, and no interval.
    predictions, shown = synthetic(n=100)
    predictions["event"] = predictions["customer_id"] < "c0009"
    predictions["reach"] = np.where(predictions["event"], 5.0, np.nan)
    asking = {"capacity": 20, "horizon_days": 90, "n_bootstrap": 30}
    scores = evaluate(predictions, shown, THREE, **asking)
    reached = pick(scores, "events_reached", "risk_only")
    assert reached["n_events"] == 27
    assert np.isnan(reached["low"])
    assert [pick(scores, name)["value"] for name in TOTALS] == [9, 27, 135]
    assert [pick(scores, name, split="2025-01-01")["value"] for name in TOTALS] == [9, 9, 45]
    curve = capacity_curve(predictions, shown, THREE, model="m", capacities=[20], n_bootstrap=30)
    assert curve["low"].isna().all()


def test_few_acts_with_an_audience_give_no_interval_of_reach():
    predictions, shown = synthetic(risk_slope=1)
    seen = predictions["reach"].notna().cumsum() <= 9
    predictions["reach"] = predictions["reach"].where(seen)
    scores = evaluate(predictions, shown, THREE, capacity=20, horizon_days=90, n_bootstrap=30)
    assert pick(scores, "acts_with_audience")["value"] == 9
    assert np.isnan(pick(scores, "reach_averted_minus_influence_only", "risk_only")["low"])
    assert np.isfinite(pick(scores, "events_reached_minus_influence_only", "risk_only")["low"])


def test_models_are_compared_with_baselines_under_the_same_resamples():
    predictions, shown = synthetic(risk_slope=1.5)
    predictions["risk_prevalence"] = 0.1
    predictions["risk_rule"] = predictions["risk_m"] * 0.999
    predictions.loc[predictions["split"] == "2025-01-01", "risk_prevalence"] = np.nan
    scores = evaluate(predictions, shown, THREE, capacity=20, horizon_days=90, n_bootstrap=50)
    same = pick(scores, "auroc_minus_rule", model="m")
    assert [same["value"], same["low"], same["high"]] == [0, 0, 0]
    found = pick(scores, "auroc_minus_prevalence", model="m")
    later = predictions[predictions["split"] != "2025-01-01"]
    expected = auroc(later["event"], later["risk_m"], weight=later["weight"]) - 0.5
    assert (found["value"], found["n"]) == (pytest.approx(expected), 600)
    assert 0 < found["low"] < found["value"] < found["high"]
    assert not (scores["metric"] == "auroc_minus_kaplan_meier").any()
    assert scores[(scores["metric"] == "auroc_minus_rule") & (scores["model"] == "rule")].empty


def test_policies_are_compared_with_the_rule_and_the_reference_saves_nothing():
    predictions, shown = synthetic(risk_slope=1)
    names = set(Rule().needs)
    shown = shown.assign(**{name: np.arange(len(shown)) % 7.0 for name in names - set(shown)})
    policies = (*THREE, Rule())
    scores = evaluate(predictions, shown, policies, capacity=20, horizon_days=90, n_bootstrap=20)
    for metric in ("events_reached", "reach_averted"):
        mine, rule = (pick(scores, metric, name)["value"] for name in ("risk_only", "rule"))
        assert pick(scores, f"{metric}_minus_rule", "risk_only")["value"] == pytest.approx(mine - rule)
    assert not ((scores["metric"] == "events_reached_minus_rule") & (scores["policy"] == "rule")).any()
    saved = scores[(scores["metric"] == "workload_saved") & (scores["policy"] == "influence_only")]
    assert (saved["value"] == 0).all()


# Curves and shares


def test_capacity_curve_agrees_with_the_scores_and_rises():
    predictions, shown = synthetic(risk_slope=1)
    curve = capacity_curve(
        predictions, shown, (*THREE, Oracle()), model="m", capacities=[300, 20, 60], n_bootstrap=20
    )
    assert curve.columns.tolist() == [
        "policy", "capacity", "metric", "value", "low", "high", "band_low", "band_high",
    ]  # fmt: skip
    scores = evaluate(predictions, shown, THREE, capacity=20, horizon_days=90, n_bootstrap=0)
    at20 = curve[curve["capacity"] == 20].set_index(["policy", "metric"])["value"]
    for policy in ("risk_only", "influence_only"):
        for metric in ("events_reached", "reach_averted"):
            assert at20[policy, metric] == pytest.approx(pick(scores, metric, policy)["value"])
    difference = pick(scores, "events_reached_minus_influence_only", "risk_only")["value"]
    assert at20["risk_only", "events_reached_minus_influence_only"] == pytest.approx(difference)
    for (_, metric), line in curve.groupby(["policy", "metric"]):
        assert line["capacity"].tolist() == [20, 60, 300]
        # Where everybody is answered no two policies differ.
        limited = line[line["capacity"] < 300]
        assert (limited["low"] <= limited["high"]).all()
        if "_minus_" in metric:
            assert line["value"].iloc[-1] == pytest.approx(0)
        else:
            assert line["value"].is_monotonic_increasing
            assert line["value"].iloc[-1] == pytest.approx(1)


def test_capacity_curve_without_a_model():
    predictions, shown = synthetic(risk_slope=1, n=50)
    curve = capacity_curve(predictions, shown, THREE, model="", capacities=[5], n_bootstrap=0)
    assert set(curve["policy"]) == {"influence_only", "first_come"}


def test_calibration_table_by_hand():
    predictions, _ = synthetic(n=4, moments=1)
    predictions = predictions.assign(
        event=[False, True, False, True], weight=[1.0, 1.0, 0.0, 2.0], risk_m=[0.1, 0.1, 0.5, 0.9]
    )
    table = calibration_table(predictions, n_bins=2)
    assert table.columns.tolist() == ["model", "bin", "n", "predicted", "observed", "low", "high"]
    assert table["n"].tolist() == [2, 1]
    assert table["observed"].tolist() == [0.5, 1.0]
    assert table["predicted"].tolist() == pytest.approx([0.1, 0.9])


def test_who_is_served_by_hand():
    moment = pd.Timestamp("2025-01-01")
    predictions = pd.DataFrame(
        {
            "split": "2025-01-01", "customer_id": list("abcdef"), "moment": moment,
            "event": [True, True, False, True, False, False], "duration_days": 9.0, "competing": False,
            "reach": np.nan, "weight": 1.0, "risk_m": [0.9, 0.8, 0.1, 0.2, 0.1, 0.1],
        }
    )  # fmt: skip
    shown = predictions[KEYS].assign(
        influence=[1.0, np.nan, 90.0, 50.0, 70.0, np.nan], segment=["x", "x", "y", "y", "y", None]
    )
    table = who_is_served(predictions, shown, THREE, capacity=2, model="m")
    assert table.columns.tolist() == [
        "policy", "group_kind", "group", "share_of_queue", "share_of_customers", "n",
    ]  # fmt: skip
    cells = table.set_index(["policy", "group_kind", "group"])
    # Influence-only answers c and e; risk-only a and b.
    assert cells.loc[("influence_only", "influence quartile", "4 (most)"), "share_of_queue"] == 0.5
    assert cells.loc[("influence_only", "influence quartile", "no account"), "share_of_queue"] == 0
    assert cells.loc[("risk_only", "influence quartile", "no account"), "share_of_queue"] == 0.5
    assert cells.loc[("risk_only", "segment", "x"), "share_of_queue"] == 1
    assert cells.loc[("risk_only", "segment", "unknown"), "n"] == 1
    # a (1) and d (50) stand below the median of 1, 50, 70, 90; b has no account. None of them is reached.
    missed = cells.loc[("influence_only", "missed retaliators", "below-median influence")]
    assert (missed["n"], missed["share_of_customers"]) == (2, pytest.approx(2 / 3))
    assert np.isnan(missed["share_of_queue"])
    assert cells.loc[("risk_only", "missed retaliators", "below-median influence"), "n"] == 1
    assert cells.loc[("risk_only", "retaliators", "no account"), "share_of_queue"] == 0.5


def test_groups_of_whole_numbers_are_written_whole():
    predictions, shown = synthetic(n=30)
    shown = shown.assign(tier=np.where(np.arange(len(shown)) % 3 == 0, np.nan, 2.0))
    table = who_is_served(predictions, shown, THREE, capacity=5, model="m", groups=("tier",))
    assert set(table.loc[table["group_kind"] == "tier", "group"]) == {"2", "unknown"}


def test_shares_add_up():
    predictions, shown = synthetic(risk_slope=1)
    table = who_is_served(predictions, shown, THREE, capacity=25, model="m")
    sums = table.groupby(["policy", "group_kind"])[["share_of_queue", "share_of_customers"]].sum(min_count=1)
    np.testing.assert_allclose(sums["share_of_customers"], 1)
    np.testing.assert_allclose(sums["share_of_queue"].dropna(), 1)
