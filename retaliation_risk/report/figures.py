"""The charts of the report as SVG: same summary, same bytes; dark where the page is dark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from retaliation_risk import plots
from retaliation_risk.plots.svg import draw_svg
from retaliation_risk.report import words
from retaliation_risk.report.formats import localise, show, written_for
from retaliation_risk.report.sentences import policy_name

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
    with written_for(summary["locale"]):
        return {made["name"]: _svg(made) for section in summary["sections"] for made in section["figures"]}


def _svg(made: dict[str, Any]) -> str:
    rows = pd.DataFrame(made["data"]["rows"])

    def draw(ax: Axes) -> None:
        _DRAW[made["name"]](rows, ax, made)
        _localise(ax)

    return _themed(draw_svg(draw, width=5.8, height=_height(made["name"], rows)))


def _localise(ax: Axes) -> None:
    """Put the marks of the locale into the numbers of ticks and labels."""
    for axis in (ax.xaxis, ax.yaxis):
        given = axis.get_major_formatter()
        if isinstance(given, FuncFormatter):
            axis.set_major_formatter(_localised(given))
    for text in ax.texts:
        text.set_text(localise(text.get_text()))


def _localised(given: FuncFormatter) -> Callable[[float, float], str]:
    return lambda value, place: localise(given(value, int(place)))


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
    moments = {split: show(split, "date") for split in rows["split"]}
    plots.plot_differences(rows, ax, labels=moments | {"all": words.POOLED})


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
