"""What capacity buys, and decision curves: plain loops over customers drawn, bands, and what is claimed of differences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.errors import ArgumentError
from retaliation_risk.evaluate import (
    capacity_curve,
    capacity_for_share,
    evaluate,
    net_benefit_curve,
    one_more_caught,
)
from retaliation_risk.evaluate._bootstrap import _draws
from retaliation_risk.metrics import compare_auroc, events_reached, holm, net_benefit, workload
from retaliation_risk.policies import FirstCome, InfluenceOnly, Oracle, RiskOnly
from tests.test_evaluate import THREE, pick, synthetic

TWO = (RiskOnly(), InfluenceOnly())
AT_20 = {"capacity": 20, "horizon_days": 90}


def drawn_rows(predictions, shown, number, seed=0):
    """The rows of customers as drawn: each row as often as its customer, and from which row each comes."""
    codes, ids = pd.factorize(predictions["customer_id"], sort=True)
    counts = _draws(len(ids), range(number, number + 1), seed)[0][codes]
    again = np.repeat(np.arange(len(predictions)), counts)
    return predictions.iloc[again], shown.iloc[again]


def test_a_draw_is_n_customers_with_replacement_whatever_else_is_drawn():
    alone = _draws(300, range(7, 8), seed=3)[0]
    assert alone.sum() == 300
    np.testing.assert_array_equal(alone, _draws(300, range(10), seed=3)[7])
    assert (alone != _draws(300, range(7, 8), seed=4)[0]).any()
    # Multinomial: a customer is left out with chance 1/e, and counts vary as much as they are on average.
    many = _draws(1000, range(200), seed=0)
    assert (many == 0).mean() == pytest.approx(np.exp(-1), abs=0.01)
    assert many.var() == pytest.approx(1, abs=0.02)


def test_draws_are_those_of_a_plain_loop_over_customers():
    predictions, shown = synthetic(risk_slope=1, n=60)
    capacities, n_bootstrap = [5, 15], 30
    curve = capacity_curve(
        predictions, shown, TWO, model="m", capacities=capacities, n_bootstrap=n_bootstrap, seed=0
    ).set_index(["policy", "metric", "capacity"])
    found = {}
    for number in range(n_bootstrap):
        p, s = drawn_rows(predictions, shown, number)
        for capacity in capacities:
            given = {"capacity": capacity, "group": p["split"], "ipcw": p["weight"]}
            one = events_reached(p["event"], p["risk_m"], **given)
            other = events_reached(p["event"], s["influence"], **given)
            found.setdefault(("risk_only", "events_reached", capacity), []).append(one)
            found.setdefault(("risk_only", "events_reached_minus_influence_only", capacity), []).append(
                one - other
            )
    for key, values in found.items():
        np.testing.assert_allclose(curve.loc[key, ["low", "high"]], np.quantile(values, [0.025, 0.975]))


def test_no_bit_hangs_on_blocks_or_threads(monkeypatch):
    predictions, shown = synthetic(risk_slope=1, n=150)
    policies = (*THREE, Oracle())
    calls = [
        lambda: capacity_curve(predictions, shown, policies, model="m", capacities=[5, 50], n_bootstrap=70),
        lambda: capacity_for_share(predictions, shown, policies, model="m", n_bootstrap=70),
        lambda: one_more_caught(predictions, shown, policies, model="m", capacity=20, n_bootstrap=70),
        lambda: evaluate(predictions.drop(columns="risk_m"), shown, policies, **AT_20, n_bootstrap=70),
    ]
    first = [call() for call in calls]
    monkeypatch.setattr("retaliation_risk.evaluate._bootstrap._BYTES", 8 * len(predictions))
    monkeypatch.setattr("retaliation_risk.evaluate._bootstrap._THREADS", 1)
    for before, call in zip(first, calls, strict=True):
        pd.testing.assert_frame_equal(before, call(), check_exact=True)


def test_the_curve_and_the_scores_have_the_same_draws():
    predictions, shown = synthetic(risk_slope=1)
    scores = evaluate(predictions, shown, TWO, **AT_20, n_bootstrap=40, seed=5)
    curve = capacity_curve(
        predictions, shown, TWO, model="m", capacities=[10, 20], n_bootstrap=40, seed=5
    ).set_index(["policy", "metric", "capacity"])
    for metric in ("events_reached", "reach_averted_minus_influence_only"):
        one, other = pick(scores, metric, "risk_only"), curve.loc["risk_only", metric, 20]
        assert one[["value", "low", "high"]].tolist() == other[["value", "low", "high"]].tolist()


def test_bands_are_wider_than_intervals_and_stay_inside():
    predictions, shown = synthetic(risk_slope=1)
    curve = capacity_curve(
        predictions, shown, (*THREE, Oracle()), model="m", capacities=range(10, 300, 20), n_bootstrap=200
    )
    assert (curve["band_low"] <= curve["low"]).all()
    assert (curve["band_high"] >= curve["high"]).all()
    assert curve["band_low"].min() >= -1
    shares = curve[~curve["metric"].str.contains("_minus_")]
    assert shares["band_low"].min() >= 0
    assert shares["band_high"].max() <= 1
    wide = (curve["band_high"] - curve["band_low"]).mean() / (curve["high"] - curve["low"]).mean()
    assert 1.2 < wide < 2


def test_capacity_for_half_is_the_first_that_reaches_it():
    predictions, shown = synthetic(risk_slope=1)
    found = capacity_for_share(predictions, shown, TWO, model="m", n_bootstrap=50)
    value = found.set_index(["policy", "metric"])["value"]
    half = int(value["risk_only", "capacity_for_share"])
    given = {"group": predictions["split"], "ipcw": predictions["weight"]}
    event, risk = predictions["event"], predictions["risk_m"]
    assert half == np.ceil(workload(event, risk, recall=0.5, **given) - 1e-6)
    reached = [events_reached(event, risk, capacity=capacity, **given) for capacity in (half - 1, half)]
    assert reached[0] < 0.5 <= reached[1] + 1e-9
    minus = value["risk_only", "capacity_for_share_minus_influence_only"]
    assert minus == half - value["influence_only", "capacity_for_share"]
    assert (found["low"] <= found["value"]).all()
    assert (found["value"] <= found["high"]).all()
    assert found[["n", "n_events"]].drop_duplicates().values.tolist() == [[900, event.sum()]]


def test_one_more_caught_by_hand_and_with_two_rays():
    moment = pd.Timestamp("2025-01-01")
    predictions = pd.DataFrame(
        {
            "split": "2025-01-01", "customer_id": list("abcdef"), "moment": moment, "duration_days": 9.0,
            "event": [True, True, False, True, False, False], "competing": False, "reach": np.nan, "weight": 1.0,
            "risk_m": [0.9, 0.8, 0.7, 0.2, 0.1, 0.1],
        }
    )  # fmt: skip
    shown = predictions[["customer_id", "moment"]].assign(influence=[1.0, 2.0, 90.0, 50.0, 70.0, 3.0])
    # With three answers risk-only catches a and b, influence-only d: one more per three.
    found = one_more_caught(predictions, shown, TWO, model="m", capacity=3, n_bootstrap=20).iloc[0]
    assert (found["value"], found["compared_with"], found["form"]) == (3, "influence_only", "")
    ahead, shown = synthetic(11, n=600, risk_slope=1.5)
    found = one_more_caught(ahead, shown, TWO, model="m", capacity=60, n_bootstrap=200).iloc[0]
    assert found["form"] == "between"
    assert 0 < found["low"] < found["value"] < found["high"]
    level, shown = synthetic(11, n=600)
    found = one_more_caught(level, shown, TWO, model="m", capacity=60, n_bootstrap=200).iloc[0]
    assert found["form"] == "outside"
    assert found["low"] < 0 < found["high"]
    assert "no difference cannot be ruled out" in found["reading"]


def test_nothing_to_compare_with_is_refused_and_no_rows_give_no_rows():
    predictions, shown = synthetic(n=20)
    with pytest.raises(ArgumentError, match="lack influence_only"):
        one_more_caught(predictions, shown, (RiskOnly(), FirstCome()), model="m", capacity=5)
    with pytest.raises(ArgumentError, match=r"share is 0\.0"):
        capacity_for_share(predictions, shown, TWO, model="m", share=0.0)
    none = predictions.iloc[:0]
    assert capacity_for_share(none, shown, TWO, model="m").empty
    assert one_more_caught(none, shown, TWO, model="m", capacity=5).empty


def test_decision_curves_are_net_benefits_of_the_metric():
    predictions, _ = synthetic(risk_slope=1)
    predictions.loc[predictions["split"] == "2025-01-01", "risk_m"] = np.nan
    curve = net_benefit_curve(predictions, thresholds=[0.05, 0.1, 0.3], n_bootstrap=60)
    cells = curve.set_index(["model", "metric", "threshold"])
    later = predictions[predictions["risk_m"].notna()]
    for t in (0.05, 0.1, 0.3):
        mine = net_benefit(later["event"], later["risk_m"], threshold=t, weight=later["weight"])
        everyone = net_benefit(later["event"], np.ones(len(later)), threshold=t, weight=later["weight"])
        assert cells.loc[("m", "net_benefit", t), "value"] == pytest.approx(mine)
        assert cells.loc[("m", "net_benefit_minus_default", t), "value"] == pytest.approx(
            mine - max(everyone, 0)
        )
    everybody = net_benefit(
        predictions["event"], np.ones(len(predictions)), threshold=0.1, weight=predictions["weight"]
    )
    found = cells.loc[("answer_all", "net_benefit", 0.1)]
    assert (found["value"], found["n"]) == (pytest.approx(everybody), 900)
    nobody = curve[curve["model"] == "answer_none"]
    assert (nobody["value"] == 0).all()
    assert nobody[["low", "high", "band_low"]].isna().all(axis=None)
    some = curve[curve["model"] != "answer_none"]
    assert (some["band_low"] <= some["low"]).all()
    assert (some["low"] <= some["high"]).all()
    with pytest.raises(ArgumentError, match=r"threshold is 1"):
        net_benefit_curve(predictions, thresholds=[1.0])


def test_differences_over_all_moments_claim_something_and_nothing_else_does():
    predictions, shown = synthetic(risk_slope=1.5)
    predictions["risk_rule"] = predictions["risk_m"] + np.random.default_rng(0).normal(0, 0.1, 900)
    predictions["risk_rule"] = predictions["risk_rule"].clip(0, 1)
    scores = evaluate(predictions, shown, (*THREE, Oracle()), **AT_20, n_bootstrap=100)
    difference = scores["metric"].str.contains("_minus_") & (scores["split"] == "all")
    claims = difference & (scores["policy"] != "oracle")
    assert scores["p_value"].notna().equals(claims)
    assert scores.loc[claims, "family"].isin(["models", "policies"]).all()
    assert (scores.loc[~claims, "family"] == "").all()
    for _, family in scores[claims].groupby("family"):
        np.testing.assert_array_equal(family["p_holm"], holm(family["p_value"]))
    one = pick(scores, "auroc_minus_rule", model="m")
    p = predictions
    by_hand = compare_auroc(
        p["event"], p["risk_m"], p["risk_rule"], weight=p["weight"], cluster=p["customer_id"]
    )
    assert one["p_value"] == pytest.approx(by_hand.p_value)
    strong = pick(scores, "events_reached_minus_influence_only", "risk_only", model="m")
    assert strong["p_value"] < 1e-3
    assert strong["low"] > 0
