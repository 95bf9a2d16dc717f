"""The charts of the report as SVG: same summary, same bytes; dark where the page is dark."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from retaliation_risk import plots
from retaliation_risk.report import words
from retaliation_risk.report.sentences import policy_name
from retaliation_risk.report.svg import compact

_RC: Any = {
    "svg.fonttype": "path",
    "svg.hashsalt": "retaliation-risk",
    "font.family": "DejaVu Sans",
    "font.size": 10.5,
    "path.simplify": True,
}
# What each colour of plots.py becomes where the reader prefers a dark page.
_DARK = {
    plots.INK: "#ecebe6",
    plots.MUTED: "#b3aea3",
    plots.GRID: "#45433e",
    plots.BLUE: "#86bdf5",
    plots.ORANGE: "#f2a176",
    plots.GREEN: "#74cfa8",
    plots.PURPLE: "#dba0d6",
    "#ffffff": "#1d1e21",
}


def draw_figures(summary: dict[str, Any]) -> dict[str, str]:
    """Return every figure of ``summary`` as SVG text, by its name."""
    return {made["name"]: _svg(made) for section in summary["sections"] for made in section["figures"]}


def _svg(made: dict[str, Any]) -> str:
    rows = pd.DataFrame(made["data"]["rows"])
    width, height = 5.8, _height(made["name"], rows)
    # Own Figure and Axes: no state of pyplot, and none left behind.
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_RC)
        figure = Figure(figsize=(width, height), layout="constrained")
        _DRAW[made["name"]](rows, figure.subplots(), made)
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return compact(_themed(out.getvalue()))


def _themed(svg: str) -> str:
    """Add the dark colours as a style inside; readers that ignore it show the light ones."""
    rules = "".join(
        f'[style*="{what}: {light}"]{{{what}:{dark}!important}}'
        for light, dark in _DARK.items()
        for what in ("fill", "stroke")
    )
    style = f"<style>@media screen and (prefers-color-scheme:dark){{{rules}}}</style>"
    head, end, rest = svg.partition("<defs>")
    return f"{head}{style}{end}{rest}"


def _height(name: str, rows: pd.DataFrame) -> float:
    if name in ("effects", "differences"):
        return 1.1 + 0.32 * len(rows)
    if name == "served":
        return 1.5 + 0.36 * len(rows[["group_kind", "group"]].drop_duplicates())
    return {"survival": 4.6, "calibration": 4.4}.get(name, 3.9)


def _names(rows: pd.DataFrame) -> dict[str, str]:
    return {policy: policy_name(policy) for policy in rows["policy"].unique()}


def _models(rows: pd.DataFrame) -> dict[str, str]:
    return {model: words.MODELS.get(model, model) for model in rows["model"].unique()}


def _curve(rows: pd.DataFrame, ax: Axes, made: dict[str, Any]) -> None:
    metric = rows["metric"].iloc[0]
    plots.plot_capacity_curve(rows, ax, metric=metric, at=made["at"], labels=_names(rows))


def _differences(rows: pd.DataFrame, ax: Axes, made: dict[str, Any]) -> None:
    del made
    plots.plot_differences(rows, ax, labels={"all": words.POOLED})


def _served(rows: pd.DataFrame, ax: Axes, made: dict[str, Any]) -> None:
    del made
    plots.plot_served(rows.assign(group=rows["group"].str.slice(0, 32)), ax, labels=_names(rows))


_Draw = Callable[[pd.DataFrame, Axes, dict[str, Any]], object]
_DRAW: dict[str, _Draw] = {
    "capacity": _curve,
    "reach": _curve,
    "differences": _differences,
    "effects": lambda rows, ax, made: plots.plot_effects(rows, ax),
    "love_becomes_hate": lambda rows, ax, made: plots.plot_love_becomes_hate(rows, ax),
    "survival": lambda rows, ax, made: plots.plot_survival(rows, ax),
    "decision": lambda rows, ax, made: plots.plot_decision_curve(rows, ax, labels=_models(rows)),
    "exit_or_voice": lambda rows, ax, made: plots.plot_exit_or_voice(rows, ax, labels=words.CAUSES),
    "over_time": lambda rows, ax, made: plots.plot_over_time(
        rows, ax, name=made["metric"], chance=made["chance"]
    ),
    "calibration": lambda rows, ax, made: plots.plot_calibration(rows, ax),
    "served": _served,
}
