"""The figure of the results: for each form seconds against contacts, and memory, all on log axes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.histories.forms import FORMS
from benchmarks.histories.rows import Row

COLOURS = {
    "ours": "black",
    "DuckDB": "tab:orange",
    "polars": "tab:blue",
    "pandas": "tab:green",
    "featuretools": "tab:red",
}
LABELS = {"seconds": "seconds", "memory": "peak memory, MB"}


def draw(rows: Sequence[Row], path: Path) -> None:
    """Write the figure as SVG, the same bytes for the same rows."""
    forms = [form for name, form in FORMS.items() if any(row.form == name for row in rows)]
    figure = Figure(figsize=(9, 4 * len(forms)), layout="constrained")
    panels = figure.subplots(len(forms), 2, squeeze=False)
    for form, pair in zip(forms, panels, strict=True):
        mine = [row for row in rows if row.form == form.name]
        for panel, measure in zip(pair, LABELS, strict=True):
            _draw_panel(panel, mine, measure)
        pair[0].set_title(f"{form.title}\nParquet to Parquet, 2 cores", fontsize=10, loc="left")
        pair[0].legend(fontsize=8)
    with rc_context({"svg.hashsalt": "retaliation_risk"}):
        figure.savefig(path, format="svg", metadata={"Date": None})


def _draw_panel(panel: Axes, rows: Sequence[Row], measure: str) -> None:
    unit = "_mb" if measure == "memory" else ""
    ours = {row.size: getattr(row, f"{measure}_ours{unit}") for row in rows}
    panel.plot(*_points(ours), "o-", color="black", linewidth=2.5, label="ours, checked before")
    for peer in dict.fromkeys(row.peer for row in rows):
        found = {row.size: getattr(row, f"{measure}_peer{unit}") for row in rows if row.peer == peer}
        engine, _, way = peer.partition(", ")
        panel.plot(*_points(found), "s--" if way else "o-", color=COLOURS[engine], label=peer)
    panel.set(xscale="log", yscale="log", xlabel="contacts", ylabel=LABELS[measure])
    panel.grid(alpha=0.3)


def _points(found: dict[int, float | None]) -> tuple[list[int], list[float]]:
    """Sizes and values of the runs that came to an end, by size."""
    there = sorted((size, value) for size, value in found.items() if value is not None)
    return [size for size, _ in there], [value for _, value in there]
