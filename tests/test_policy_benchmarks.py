"""The benchmark of policies and the study of their intervals, small: engines agree, and the study judges what we ship."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.policies.data import draw as draw_predictions
from benchmarks.policies.intervals import BEGIN, END, PAGE, Found, draw, lines, markdown, statistics
from benchmarks.policies.one import numpy_loop, ours
from retaliation_risk._censoring import ipcw_weights
from retaliation_risk.evaluate import capacity_curve
from retaliation_risk.evaluate._bootstrap import _draws
from retaliation_risk.policies import InfluenceOnly, RiskOnly


def test_the_plain_loop_and_the_public_call_agree():
    predictions, shown = draw_predictions(400, 3)
    capacities = [20, 40, 150]
    one, other = (engine(predictions, shown, capacities, 25) for engine in (ours, numpy_loop))
    enough = ~np.isnan(one.reshape(other.shape))
    assert enough.mean() > 0.8
    np.testing.assert_allclose(one.reshape(other.shape)[enough], other[enough], atol=1e-12)


def test_the_study_judges_the_intervals_that_capacity_curve_gives():
    sample = draw("risk informs, 35 % lost", 500, seed=3)
    ipcw = ipcw_weights(sample.event, np.zeros_like(sample.event), sample.day, 30.0)
    moment = pd.Timestamp("2025-01-01")
    keys = {"customer_id": np.arange(500), "moment": moment}
    predictions = pd.DataFrame(
        keys
        | {"split": "2025-01-01", "event": sample.event, "duration_days": sample.day, "competing": False}
        | {"reach": np.nan, "weight": ipcw, "risk_line": sample.risk}
    )
    shown = pd.DataFrame(keys | {"influence": sample.influence})
    curve = capacity_curve(
        predictions, shown, (RiskOnly(), InfluenceOnly()), model="line", capacities=[10, 25, 50, 100, 200],
        n_bootstrap=40, seed=7,
    )  # fmt: skip
    weight = _draws(500, range(40), 7).T.astype(float)
    found = statistics(sample, weight, weight * ipcw[:, None])
    for name, metric in (
        ("events reached", "events_reached"),
        ("events reached minus influence-only", "events_reached_minus_influence_only"),
    ):
        mine = curve[(curve["policy"] == "risk_only") & (curve["metric"] == metric)]
        expected = np.quantile(found[name], [0.025, 0.975], axis=1).T
        np.testing.assert_allclose(mine[["low", "high"]], expected, atol=1e-12)


def test_censoring_loses_the_share_that_the_name_says():
    lost = draw("risk informs, 78 % lost", 50_000, seed=1)
    followed = draw("risk informs, 78 % lost", 50_000, seed=1, censored=False)
    assert ((lost.day < 30) & ~lost.event)[~followed.event].mean() == pytest.approx(0.777, abs=0.01)


def test_lines_count_and_the_page_has_their_place():
    held = [
        Found("w", "s", kind, seed < 3, 1.0) for seed in range(4) for kind in ("weights kept", "weights anew")
    ]
    assert [(line.kind, line.held) for line in lines(held)] == [
        ("weights kept", 0.75),
        ("weights anew", 0.75),
    ]
    assert "| w | s | 75.0 | 75.0 | 1.000 |" in markdown(lines(held))
    page = PAGE.read_text(encoding="utf-8")
    assert page.index(BEGIN) < page.index(END)
