"""Charts of models: calibration, effects, survival."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

from retaliation_risk.plots._style import (
    BLUE,
    COLOURS,
    INK,
    LINES,
    MARKERS,
    MUTED,
    frame,
    label_ends,
    nice_days,
    percent,
    ratio_ticks,
    row_beneath,
)


def plot_calibration(table: pd.DataFrame, ax: Axes, *, labels: Mapping[str, str] | None = None) -> Axes:
    """Draw observed against predicted risk, one point per bin, with intervals.

    Parameters
    ----------
    table : DataFrame
        ``model, bin, n, predicted, observed, low, high``; probabilities in [0, 1].
    ax : Axes
        Where to draw.
    labels : mapping, optional
        What to call each model.

    Returns
    -------
    Axes
        ``ax``; points on the diagonal are perfectly calibrated.
    """
    top = float(np.nanmax(table[["predicted", "observed", "high"]].to_numpy(float))) * 1.05
    ax.plot([0, top], [0, top], color=MUTED, lw=1, ls=(0, (4, 3)), zorder=1)
    ax.annotate(
        "dashed: predicted = observed", (0.99, 0.03), xycoords="axes fraction", ha="right", color=MUTED
    )
    for k, (model, rows) in enumerate(table.groupby("model", sort=False)):
        rows = rows.sort_values("predicted")
        colour = COLOURS[k % len(COLOURS)]
        ax.vlines(rows["predicted"], rows["low"], rows["high"], color=colour, lw=1.2, alpha=0.7)
        ax.plot(
            rows["predicted"],
            rows["observed"],
            color=colour,
            ls=LINES[k % len(LINES)],
            lw=1.2,
            marker=MARKERS[k % len(MARKERS)],
            markersize=5,
            label=(labels or {}).get(str(model), model),
        )
    if table["model"].nunique() > 1:
        ax.legend(frameon=False, loc="upper left", labelcolor=INK)
    frame(ax, "Predicted risk", "Observed share", grid="both")
    ax.set_xlim(0, top)
    ax.set_ylim(0, top)
    ax.xaxis.set_major_formatter(percent)
    ax.yaxis.set_major_formatter(percent)
    return ax


def plot_effects(effects: pd.DataFrame, ax: Axes, *, labels: Mapping[str, str] | None = None) -> Axes:
    """Draw a forest: one ratio and its interval per feature, largest first.

    Parameters
    ----------
    effects : DataFrame
        ``feature, kind, estimate, low, high`` of one model; ratios above 0, drawn on a log scale.
    ax : Axes
        Where to draw.
    labels : mapping, optional
        What to call each feature.

    Returns
    -------
    Axes
        ``ax``; filled points have intervals that exclude 1, hollow ones do not.
    """
    rows = effects.sort_values("estimate").reset_index(drop=True)
    clear = (rows["low"] > 1) | (rows["high"] < 1)
    ax.axvline(1, color=MUTED, lw=1)
    ax.hlines(rows.index, rows["low"], rows["high"], color=BLUE, lw=1.6)
    for known, fill in ((True, BLUE), (False, "#ffffff")):
        part = rows[clear == known]
        ax.plot(
            part["estimate"], part.index, ls="", marker="o", markersize=6, color=BLUE, markerfacecolor=fill
        )
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.set_xscale("log")
    ax.set_xlim(float(rows["low"].min()) / 1.1, float(rows["high"].max()) * 1.1)
    ax.xaxis.set_major_locator(ratio_ticks(ax.get_xlim()))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.set_yticks(rows.index, [(labels or {}).get(name, name) for name in rows["feature"]])
    kind = str(rows["kind"].iloc[0])
    frame(ax, f"{kind[:1].upper()}{kind[1:]} (1 = no difference)", "", grid="x")
    return ax


def plot_love_becomes_hate(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the hazard ratio of relationship strength after 0, 1, 2 and 3 or more failed recoveries.

    Parameters
    ----------
    table : DataFrame
        ``group, estimate, low, high, n_events``; ratios above 0, drawn on a log scale. Groups are the classes of failed
        recoveries; a row ``trend`` is not drawn, and a class without an estimate keeps its place.
    ax : Axes, optional
        Where to draw; a figure of its own by default.

    Returns
    -------
    Axes
        ``ax``; filled points have intervals that exclude 1, hollow ones do not. Beneath each class its acts.
    """
    ax = Figure(layout="constrained").subplots() if ax is None else ax
    rows = table[table["group"] != "trend"].reset_index(drop=True)
    clear = (rows["low"] > 1) | (rows["high"] < 1)
    ax.axhline(1, color=MUTED, lw=1)
    ax.plot(rows.index, rows["estimate"], color=BLUE, lw=1, ls=":")
    ax.vlines(rows.index, rows["low"], rows["high"], color=BLUE, lw=1.6)
    for known, fill in ((True, BLUE), (False, "#ffffff")):
        part = rows[clear == known]
        ax.plot(
            part.index, part["estimate"], ls="", marker="o", markersize=7, color=BLUE, markerfacecolor=fill
        )
    ax.set_xlim(-0.5, len(rows) - 0.5)
    ax.set_yscale("log")
    ax.set_ylim(float(np.nanmin(rows["low"])) / 1.15, float(np.nanmax(rows["high"])) * 1.15)
    ax.yaxis.set_major_locator(ratio_ticks(ax.get_ylim()))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    acts = [f"{k}\n{n:,.0f} acts" for k, n in zip(rows["group"], rows["n_events"], strict=True)]
    ax.set_xticks(rows.index, acts)
    frame(ax, "Failed recoveries before", "Hazard ratio of strength (1 = no difference)", grid="y")
    return ax


def plot_survival(survival: pd.DataFrame, ax: Axes, *, at_risk: str = "at risk") -> Axes:
    """Draw the share that has not retaliated yet, by failed recoveries, with the numbers at risk beneath.

    Parameters
    ----------
    survival : DataFrame
        ``failed_recoveries, day, survival, low, high, at_risk``; one curve per ``failed_recoveries``.
    ax : Axes
        Where to draw.
    at_risk : str, default "at risk"
        The heading of the numbers beneath.

    Returns
    -------
    Axes
        ``ax``.
    """
    days = nice_days(float(survival["day"].max()))
    ends: dict[str, tuple[float, float]] = {}
    for k, (count, rows) in enumerate(survival.groupby("failed_recoveries", sort=True)):
        rows = rows.sort_values("day")
        colour = COLOURS[k % len(COLOURS)]
        ax.step(rows["day"], rows["survival"], where="post", color=colour, ls=LINES[k % len(LINES)], lw=1.8)
        ax.fill_between(rows["day"], rows["low"], rows["high"], step="post", color=colour, alpha=0.12, lw=0)
        ends[f"{count} failed"] = (float(rows["day"].iloc[-1]), float(rows["survival"].iloc[-1]))
        where = np.clip(np.searchsorted(rows["day"], days, side="right") - 1, 0, None)
        row_beneath(ax, k, str(count), days, rows["at_risk"].to_numpy()[where], colour)
    ax.annotate(
        at_risk,
        (0, 0),
        xycoords="axes fraction",
        xytext=(-8, -44),
        textcoords="offset points",
        ha="right",
        va="top",
        color=MUTED,
    )
    label_ends(ax, ends, {})
    frame(ax, "Days", "Have not retaliated", grid="y")
    ax.set_xticks(days)
    ax.yaxis.set_major_formatter(percent)
    return ax
