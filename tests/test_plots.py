from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from retaliation_risk import plots


@pytest.fixture
def ax():
    return Figure().subplots()


def curve() -> pd.DataFrame:
    rows = [
        (p, c, "events_reached", v * c / 20, v * c / 20 - 0.1, v * c / 20 + 0.1)
        for p, v in (("risk_only", 0.6), ("influence_only", 0.2), ("own", 0.3))
        for c in (10, 20)
    ]
    return pd.DataFrame(rows, columns=["policy", "capacity", "metric", "value", "low", "high"])


def test_capacity_curve_draws_the_table_as_it_is(ax):
    assert plots.plot_capacity_curve(curve(), ax, at=10, labels={"risk_only": "Risk first"}) is ax
    line = next(line for line in ax.get_lines() if line.get_label() == "Risk first")
    assert line.get_ydata().tolist() == [0.3, 0.6]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["Risk first", "own", "influence_only"]


def test_no_two_policies_share_line_style_or_marker(ax):
    names = [
        "risk_only",
        "influence_only",
        "rule",
        "expected_harm",
        "most_contacts",
        "first_come",
        "biggest_spender",
        "oracle",
    ]
    styles = [plots._style.style_of(name, k) for k, name in enumerate(names)]
    assert len({str(s["linestyle"]) for s in styles}) == len({s["marker"] for s in styles}) == len(names)


def test_effects_fill_only_clear_points(ax):
    effects = pd.DataFrame(
        {
            "feature": ["a", "b"],
            "kind": "hazard ratio",
            "estimate": [2.0, 1.1],
            "low": [1.5, 0.9],
            "high": [2.5, 1.3],
        }
    )
    plots.plot_effects(effects, ax)
    clear, unclear = ax.get_lines()[1:]
    assert (clear.get_xdata().tolist(), unclear.get_xdata().tolist()) == ([2.0], [1.1])
    assert unclear.get_markerfacecolor() == "#ffffff"


def test_calibration_keeps_every_bin(ax):
    table = pd.DataFrame(
        {
            "model": "cox",
            "bin": range(3),
            "n": 10,
            "predicted": [0.1, 0.2, 0.3],
            "observed": [0.1, 0.25, 0.2],
            "low": 0.0,
            "high": 0.4,
        }
    )
    plots.plot_calibration(table, ax)
    assert ax.get_lines()[1].get_ydata().tolist() == [0.1, 0.25, 0.2]


def test_survival_writes_numbers_at_risk(ax):
    survival = pd.DataFrame(
        {
            "failed_recoveries": ["0"] * 3 + ["3+"] * 3,
            "day": [0, 30, 60] * 2,
            "survival": [1, 0.9, 0.8, 1, 0.7, 0.5],
            "low": 0.4,
            "high": 1.0,
            "at_risk": [10, 9, 8, 7, 6, 1234],
        }
    )
    plots.plot_survival(survival, ax)
    said = {text.get_text() for text in ax.texts}
    assert {"10", "7", "1,234", "0 failed", "3+ failed", "at risk"} <= said


def test_served_leaves_out_suppressed_cells(ax):
    served = pd.DataFrame(
        {
            "policy": ["risk_only", "influence_only"] * 2,
            "group_kind": "segment",
            "group": ["a", "a", "b", "b"],
            "share_of_queue": [0.4, 0.1, np.nan, np.nan],
            "share_of_customers": [0.5, 0.5, np.nan, np.nan],
        }
    )
    plots.plot_served(served, ax)
    assert np.nansum([line.get_xdata() for line in ax.get_lines()]) == pytest.approx(0.5)


def test_differences_name_splits_or_policies(ax):
    scores = pd.DataFrame(
        {
            "split": ["2026-01-01", "all"],
            "policy": "risk_only",
            "value": [0.1, 0.2],
            "low": [-0.1, 0.1],
            "high": [0.3, 0.3],
        }
    )
    plots.plot_differences(scores, ax, labels={"all": "together"})
    assert [t.get_text() for t in ax.get_yticklabels()] == ["2026-01-01", "together"]
    many = scores.assign(policy=["risk_only", "rule"], split="all")
    plots.plot_differences(many, ax)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["risk_only", "rule"]


def test_a_difference_without_an_interval_is_a_cross(ax):
    scores = pd.DataFrame(
        {
            "split": ["2026-01-01", "2026-02-01", "all"],
            "policy": "risk_only",
            "value": [1.0, -0.1, 0.2],
            "low": [None, None, 0.1],
            "high": [None, None, 0.3],
        }
    )
    plots.plot_differences(scores, ax)
    points = {line.get_marker(): list(line.get_xdata()) for line in ax.get_lines() if len(line.get_xdata())}
    assert points["x"] == [1.0, -0.1]
    filled = [line for line in ax.get_lines() if line.get_marker() == "o" and len(line.get_xdata())]
    assert [list(line.get_xdata()) for line in filled] == [[0.2]]


@pytest.mark.parametrize("low", [None, np.nan])
def test_a_curve_without_intervals_is_a_line(ax, low):
    curve = pd.DataFrame({"policy": "risk_only", "capacity": [10, 20], "metric": "events_reached"})
    plots.plot_capacity_curve(curve.assign(value=[0.2, 0.4], low=low, high=low), ax)
    assert ax.get_lines()[0].get_ydata().tolist() == [0.2, 0.4]


def test_plots_do_not_touch_pyplot():
    code = "".join(path.read_text() for path in Path(plots.__file__).parent.glob("*.py"))
    assert "pyplot" not in code.replace("``pyplot``", "")
    assert "matplotlib.backends.backend_tkagg" not in sys.modules


def test_love_becomes_hate_has_a_place_for_each_class_and_none_for_the_trend():
    nan = float("nan")
    table = pd.DataFrame(
        [
            ("0", 0.8, 0.66, 0.97, 41),
            ("1", nan, nan, nan, 7),
            ("2", 1.2, 0.95, 1.5, 30),
            ("3+", 1.6, 1.2, 2.1, 52),
            ("trend", 1.3, 1.1, 1.4, 130),
        ],
        columns=["group", "estimate", "low", "high", "n_events"],
    )
    ax = plots.plot_love_becomes_hate(table)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == [
        "0\n41 acts", "1\n7 acts", "2\n30 acts", "3+\n52 acts",
    ]  # fmt: skip
    points = [line for line in ax.get_lines() if line.get_marker() == "o"]
    filled, hollow = (line.get_ydata().tolist() for line in points)
    assert filled == [0.8, 1.6]
    assert hollow[-1] == 1.2
    assert ax.get_yscale() == "log"
