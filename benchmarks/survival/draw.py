"""The figure of the results: processor seconds and memory against rows, one column of panels per kind of case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

COLORS = {
    "R coxph": "C0",
    "lifelines": "C1",
    "lifelines time-varying": "C3",
    "statsmodels": "C2",
    "scikit-survival": "C4",
}


def draw(rows: Sequence[Any], path: Path) -> None:
    """Write the figure as SVG, the same bytes for the same rows."""
    cases = list(dict.fromkeys((row.kind, row.times) for row in rows))
    figure = Figure(figsize=(3 * len(cases), 5.5), layout="constrained")
    panels = figure.subplots(2, len(cases), sharex=True, sharey="row", squeeze=False)
    for column, (kind, times) in zip(panels.T, cases, strict=True):
        mine = [row for row in rows if (row.kind, row.times) == (kind, times)]
        for panel, name in zip(column, ("cpu_{}", "memory_{}_mb"), strict=True):
            _lines(panel, mine, name)
        column[0].set_title(f"{kind}, {times}", fontsize=10)
        column[1].set_xlabel("rows")
    panels[0, 0].set_ylabel("processor seconds")
    panels[1, 0].set_ylabel("peak memory, MB")
    handles = {line.get_label(): line for panel in panels[0] for line in panel.get_lines()}
    figure.legend(
        handles.values(), handles.keys(), loc="outside lower center", ncols=len(handles), fontsize=8
    )
    figure.suptitle("Cox fit of 10 covariates, about 2 % events, each in a process of its own", fontsize=10)
    with rc_context({"svg.hashsalt": "retaliation_risk"}):
        figure.savefig(path, format="svg", metadata={"Date": None})


def _lines(panel: Any, rows: Sequence[Any], name: str) -> None:
    ours = {row.size: getattr(row, name.format("ours")) for row in rows}
    panel.plot(*zip(*sorted(ours.items()), strict=True), "o-", color="black", linewidth=2.5, label="ours")
    for peer, color in COLORS.items():
        found = {row.size: getattr(row, name.format("peer")) for row in rows if row.peer == peer}
        points = sorted((size, value) for size, value in found.items() if value is not None)
        if points:
            panel.plot(*zip(*points, strict=True), "o-", color=color, label=peer)
    panel.set(xscale="log", yscale="log")
    panel.grid(alpha=0.3)
