"""Charts of policies: what they reach, what it is worth, whom they serve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import NullLocator

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

from retaliation_risk.plots._style import (
    BLUE,
    GREEN,
    GRID,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    frame,
    name_beside,
    one_two_five,
    percent,
    style_of,
)


def plot_capacity_curve(
    curve: pd.DataFrame,
    ax: Axes,
    *,
    metric: str = "events_reached",
    at: float | None = None,
    labels: Mapping[str, str] | None = None,
) -> Axes:
    """Draw how much each policy reaches, against how many customers can be answered.

    Parameters
    ----------
    curve : DataFrame
        ``policy, capacity, metric, value, low, high``; values are shares in [0, 1].
    ax : Axes
        Where to draw.
    metric : str, default "events_reached"
        Which rows of ``curve`` to draw.
    at : float, optional
        A capacity to mark with a vertical line: yours.
    labels : mapping, optional
        What to call each policy; its own name by default.

    Returns
    -------
    Axes
        ``ax``: one line per policy, named beside the chart from best to worst; the intervals of
        risk only and influence only are shaded. Capacities are on a log scale.
    """
    rows = curve[curve["metric"] == metric].sort_values("capacity")
    for k, (policy, line) in enumerate(rows.groupby("policy", sort=False)):
        style = style_of(str(policy), k)
        name = (labels or {}).get(str(policy), str(policy))
        every = max(1, len(line) // 6)
        ax.plot(line["capacity"], line["value"], markersize=5, markevery=every, label=name, **style)
        if policy in ("risk_only", "influence_only"):
            low, high = line["low"].astype(float), line["high"].astype(float)
            ax.fill_between(line["capacity"], low, high, color=style["color"], alpha=0.13, lw=0)
    ax.set_xscale("log")
    if at is not None:
        ax.axvline(at, color=MUTED, lw=1, ls=(0, (2, 2)))
    name_beside(ax)
    frame(ax, "Customers answered", "Share reached", grid="y")
    ax.set_ylim(bottom=0)
    ax.xaxis.set_major_locator(one_two_five(ax, at))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.yaxis.set_major_formatter(percent)
    return ax


def plot_decision_curve(curve: pd.DataFrame, ax: Axes, *, labels: Mapping[str, str] | None = None) -> Axes:
    """Draw what it is worth to answer all above a risk, beside answering everybody and nobody.

    Parameters
    ----------
    curve : DataFrame
        ``model, threshold, value, low, high``: rows of one metric of :func:`~retaliation_risk.evaluate.net_benefit_curve`.
    ax : Axes
        Where to draw.
    labels : mapping, optional
        What to call each line; its own name by default.

    Returns
    -------
    Axes
        ``ax``: one line per model, named beside the chart; intervals of all but answering everybody and nobody are
        shaded. Thresholds are on a log scale.
    """
    for k, (model, line) in enumerate(curve.sort_values("threshold").groupby("model", sort=False)):
        plain = str(model) in ("answer_all", "answer_none")
        colour = MUTED if plain else (BLUE, ORANGE, GREEN, PURPLE)[k % 4]
        name = (labels or {}).get(str(model), str(model))
        style = "--" if model == "answer_all" else ":" if plain else "-"
        ax.plot(line["threshold"], line["value"], color=colour, ls=style, lw=1.6, label=name)
        if not plain:
            low, high = line["low"].astype(float), line["high"].astype(float)
            ax.fill_between(line["threshold"], low, high, color=colour, alpha=0.13, lw=0)
    ax.set_xscale("log")
    # Answering everybody falls without end: what lies far below nothing is of no use.
    top = float(curve["value"].max())
    ax.set_ylim(bottom=-max(top, 1e-12))
    name_beside(ax)
    frame(ax, "Risk from which to answer", "Net benefit", grid="y")
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(percent)
    return ax


def plot_served(served: pd.DataFrame, ax: Axes, *, labels: Mapping[str, str] | None = None) -> Axes:
    """Draw each group's share of each queue against its share of customers.

    Parameters
    ----------
    served : DataFrame
        ``policy, group_kind, group, share_of_queue, share_of_customers``; NaN is not drawn.
    ax : Axes
        Where to draw.
    labels : mapping, optional
        What to call each policy.

    Returns
    -------
    Axes
        ``ax``; a bar for the share of customers, a marker per policy.
    """
    groups = list(dict.fromkeys(zip(served["group_kind"], served["group"], strict=True)))
    place = {group: len(groups) - 1 - k for k, group in enumerate(groups)}
    y = np.array([place[g] for g in zip(served["group_kind"], served["group"], strict=True)], dtype=float)
    ax.barh(y, served["share_of_customers"], height=0.62, color=GRID, zorder=0, label="share of customers")
    for k, policy in enumerate(dict.fromkeys(served["policy"])):
        mine = (served["policy"] == policy).to_numpy()
        style = style_of(str(policy), k)
        ax.plot(
            served["share_of_queue"][mine],
            y[mine],
            ls="",
            marker=style["marker"],
            color=style["color"],
            markersize=7,
            label=(labels or {}).get(str(policy), policy),
        )
    ax.set_yticks(list(place.values()), [f"{kind}: {group}" for kind, group in groups])
    # One bar per group carries the label; repeated policies would repeat it.
    handles, names = ax.get_legend_handles_labels()
    once = dict(zip(names, handles, strict=True))
    ax.legend(
        once.values(),
        once.keys(),
        frameon=False,
        labelcolor=INK,
        loc="lower center",
        bbox_to_anchor=(0.4, 1),
        ncols=2,
    )
    frame(ax, "Share of the queue", "", grid="x")
    ax.set_xlim(left=0)
    ax.xaxis.set_major_formatter(percent)
    return ax


def plot_differences(scores: pd.DataFrame, ax: Axes, *, labels: Mapping[str, str] | None = None) -> Axes:
    """Draw paired differences with their intervals, one row per policy, or per split of a single policy.

    Parameters
    ----------
    scores : DataFrame
        Rows of the scores table whose metric is a difference: ``split, policy, value, low, high``.
    ax : Axes
        Where to draw.
    labels : mapping, optional
        What to call each policy or split.

    Returns
    -------
    Axes
        ``ax``; filled points have intervals that exclude 0, hollow ones do not, crosses have none.
    """
    rows = scores.reset_index(drop=True).astype({"value": float, "low": float, "high": float})
    by = "policy" if rows["policy"].nunique() > 1 else "split"
    y = np.arange(len(rows))[::-1]
    clear = ((rows["low"] > 0) | (rows["high"] < 0)).to_numpy()
    known = rows[["low", "high"]].notna().all(axis=1).to_numpy()
    ax.axvline(0, color=MUTED, lw=1)
    ax.hlines(y[known], rows["low"][known], rows["high"][known], color=BLUE, lw=1.6)
    for mine, fill, marker in (
        (clear, BLUE, "o"),
        (known & ~clear, "#ffffff", "o"),
        (~known, BLUE, "x"),
    ):
        ax.plot(
            rows["value"][mine], y[mine], ls="", marker=marker, markersize=6, color=BLUE, markerfacecolor=fill
        )
    ax.set_yticks(y, [(labels or {}).get(name, name) for name in rows[by]])
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:+.0f}" if abs(value) > 1e-9 else "0")
    frame(ax, "Difference in points (0 = no difference)", "", grid="x")
    return ax
