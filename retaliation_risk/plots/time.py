"""Charts along time: how a model ranks moment by moment, and who leaves beside who retaliates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

from retaliation_risk.plots._style import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    frame,
    label_ends,
    nice_days,
    percent,
    row_beneath,
)

_CAUSES = {"leaving": (ORANGE, "--"), "retaliation": (BLUE, "-")}


def plot_over_time(
    scores: pd.DataFrame, ax: Axes, *, name: str = "Value", chance: float | None = 0.5
) -> Axes:
    """Draw one metric of one model at each test moment, with its events beneath.

    Parameters
    ----------
    scores : DataFrame
        ``split, value, low, high, n_events``, in the order of time; intervals may be missing.
    ax : Axes
        Where to draw.
    name : str, default "Value"
        What the metric is called.
    chance : float or None, default 0.5
        What chance gives, drawn as a line.

    Returns
    -------
    Axes
        ``ax``; filled points have an interval, crosses do not.
    """
    rows = scores.reset_index(drop=True).astype({"value": float, "low": float, "high": float})
    known = rows[["low", "high"]].notna().all(axis=1)
    if chance is not None:
        ax.axhline(chance, color=MUTED, lw=1, ls=(0, (4, 3)))
    ax.plot(rows.index, rows["value"], color=BLUE, lw=1, ls=":")
    ax.vlines(rows.index[known], rows["low"][known], rows["high"][known], color=BLUE, lw=1.6)
    for mine, marker in ((known, "o"), (~known, "x")):
        ax.plot(rows.index[mine], rows["value"][mine], ls="", marker=marker, markersize=6, color=BLUE)
    ax.set_xlim(-0.5, len(rows) - 0.5)
    ax.set_xticks(
        rows.index,
        [f"{split} ({n:,.0f})" for split, n in zip(rows["split"], rows["n_events"], strict=True)],
        rotation=40,
        ha="right",
    )
    frame(ax, "Test moment (events after it)", name, grid="y")
    return ax


def plot_exit_or_voice(
    incidence: pd.DataFrame, ax: Axes, *, labels: Mapping[str, str] | None = None, at_risk: str = "at risk"
) -> Axes:
    """Draw the share of customers that has left and that has retaliated, with the numbers at risk beneath.

    Parameters
    ----------
    incidence : DataFrame
        ``cause, day, incidence, low, high, at_risk`` of one group; causes are leaving and retaliation.
    ax : Axes
        Where to draw.
    labels : mapping, optional
        What to call each cause.
    at_risk : str, default "at risk"
        The heading of the numbers beneath.

    Returns
    -------
    Axes
        ``ax``; the two causes differ in their line.
    """
    days = nice_days(float(incidence["day"].max()))
    ends: dict[str, tuple[float, float]] = {}
    for cause, rows in incidence.groupby("cause", sort=True):
        rows = rows.sort_values("day").astype({"low": float, "high": float})
        colour, style = _CAUSES.get(str(cause), (INK, ":"))
        ax.step(rows["day"], rows["incidence"], where="post", color=colour, ls=style, lw=1.8)
        ax.fill_between(rows["day"], rows["low"], rows["high"], step="post", color=colour, alpha=0.12, lw=0)
        ends[str(cause)] = (float(rows["day"].iloc[-1]), float(rows["incidence"].iloc[-1]))
    # Both causes are of the same customers: one row of numbers at risk is enough.
    risk = incidence.drop_duplicates("day").sort_values("day")
    where = np.searchsorted(risk["day"], days, side="right") - 1
    row_beneath(ax, 0, at_risk, days, risk["at_risk"].to_numpy()[where], MUTED)
    ax.set_ylim(bottom=0)
    label_ends(ax, ends, labels or {})
    frame(ax, "Days", "Share of customers", grid="y")
    ax.set_xticks(days)
    ax.yaxis.set_major_formatter(percent)
    return ax
