"""Result tables drawn on axes that the caller made.

Each function takes one table of the run folder (see docs/design/0001-spine.md), computes no result, and
returns the Axes. Nothing here touches ``pyplot`` or any global style. Series differ in line style
and marker
as well as colour, and the ones that matter are labelled where they are, so that no chart depends on
colour.

Examples
--------
>>> import pandas as pd
>>> from matplotlib.figure import Figure
>>> curve = pd.DataFrame({"policy": ["risk_only"] * 2, "capacity": [10, 20], "metric": "events_reached",
...                       "value": [0.2, 0.4], "low": [0.1, 0.3], "high": [0.3, 0.5]})
>>> plot_capacity_curve(curve, Figure().subplots()).get_xlabel()
'Customers answered'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

INK, MUTED, GRID = "#24221f", "#5f5b53", "#d8d3c7"
BLUE, ORANGE, GREEN, PURPLE = "#0b5394", "#b3440e", "#1b7a5a", "#8a3f86"

_STYLES: dict[str, dict[str, Any]] = {
    "risk_only": {"color": BLUE, "linestyle": "-", "marker": "o", "linewidth": 2.2},
    "influence_only": {"color": ORANGE, "linestyle": "--", "marker": "s", "linewidth": 2.2},
    "rule": {"color": GREEN, "linestyle": "-.", "marker": "^", "linewidth": 1.6},
    "expected_harm": {"color": PURPLE, "linestyle": (0, (5, 1, 1, 1, 1, 1)), "marker": "D", "linewidth": 1.6},
    "most_contacts": {"color": MUTED, "linestyle": ":", "marker": "v", "linewidth": 1.4},
    "first_come": {"color": MUTED, "linestyle": (0, (6, 3)), "marker": "P", "linewidth": 1.4},
    "biggest_spender": {"color": MUTED, "linestyle": (0, (3, 1, 1, 1)), "marker": "X", "linewidth": 1.4},
    "oracle": {"color": INK, "linestyle": (0, (1, 1)), "marker": "*", "linewidth": 1.2},
}
_LINES = ("-", "--", "-.", ":", (0, (6, 3)), (0, (3, 1, 1, 1)))
_MARKERS = ("o", "s", "^", "D", "v", "P")
_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, MUTED, INK)


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
        style = _style(str(policy), k)
        name = (labels or {}).get(str(policy), str(policy))
        every = max(1, len(line) // 6)
        ax.plot(line["capacity"], line["value"], markersize=5, markevery=every, label=name, **style)
        if policy in ("risk_only", "influence_only"):
            low, high = line["low"].astype(float), line["high"].astype(float)
            ax.fill_between(line["capacity"], low, high, color=style["color"], alpha=0.13, lw=0)
    ax.set_xscale("log")
    if at is not None:
        ax.axvline(at, color=MUTED, lw=1, ls=(0, (2, 2)))
    _name_beside(ax)
    _frame(ax, "Customers answered", "Share reached", grid="y")
    ax.set_ylim(bottom=0)
    ax.xaxis.set_major_locator(_one_two_five(ax, at))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.yaxis.set_major_formatter(_percent)
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
    _name_beside(ax)
    _frame(ax, "Risk from which to answer", "Net benefit", grid="y")
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.2%}".replace(".00%", "%"))
    return ax


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
        colour = _COLOURS[k % len(_COLOURS)]
        ax.vlines(rows["predicted"], rows["low"], rows["high"], color=colour, lw=1.2, alpha=0.7)
        ax.plot(
            rows["predicted"],
            rows["observed"],
            color=colour,
            ls=_LINES[k % len(_LINES)],
            lw=1.2,
            marker=_MARKERS[k % len(_MARKERS)],
            markersize=5,
            label=(labels or {}).get(str(model), model),
        )
    if table["model"].nunique() > 1:
        ax.legend(frameon=False, loc="upper left", labelcolor=INK)
    _frame(ax, "Predicted risk", "Observed share", grid="both")
    ax.set_xlim(0, top)
    ax.set_ylim(0, top)
    ax.xaxis.set_major_formatter(_percent)
    ax.yaxis.set_major_formatter(_percent)
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
    ax.xaxis.set_major_locator(_ratio_ticks(ax.get_xlim()))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.set_yticks(rows.index, [(labels or {}).get(name, name) for name in rows["feature"]])
    kind = str(rows["kind"].iloc[0])
    _frame(ax, f"{kind[:1].upper()}{kind[1:]} (1 = no difference)", "", grid="x")
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
    ax.yaxis.set_major_locator(_ratio_ticks(ax.get_ylim()))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    acts = [f"{k}\n{n:,.0f} acts" for k, n in zip(rows["group"], rows["n_events"], strict=True)]
    ax.set_xticks(rows.index, acts)
    _frame(ax, "Failed recoveries before", "Hazard ratio of strength (1 = no difference)", grid="y")
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
    days = _nice_days(float(survival["day"].max()))
    ends: dict[str, tuple[float, float]] = {}
    for k, (count, rows) in enumerate(survival.groupby("failed_recoveries", sort=True)):
        rows = rows.sort_values("day")
        colour = _COLOURS[k % len(_COLOURS)]
        ax.step(rows["day"], rows["survival"], where="post", color=colour, ls=_LINES[k % len(_LINES)], lw=1.8)
        ax.fill_between(rows["day"], rows["low"], rows["high"], step="post", color=colour, alpha=0.12, lw=0)
        ends[f"{count} failed"] = (float(rows["day"].iloc[-1]), float(rows["survival"].iloc[-1]))
        where = np.clip(np.searchsorted(rows["day"], days, side="right") - 1, 0, None)
        _row_beneath(ax, k, str(count), days, rows["at_risk"].to_numpy()[where], colour)
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
    _label_ends(ax, ends, {})
    _frame(ax, "Days", "Have not retaliated", grid="y")
    ax.set_xticks(days)
    ax.yaxis.set_major_formatter(_percent)
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
        style = _style(str(policy), k)
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
    _frame(ax, "Share of the queue", "", grid="x")
    ax.set_xlim(left=0)
    ax.xaxis.set_major_formatter(_percent)
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
    _frame(ax, "Difference in points (0 = no difference)", "", grid="x")
    return ax


def _percent(value: float, _: float) -> str:
    return f"{100 * value:.3g} %"


def _style(policy: str, k: int) -> dict[str, Any]:
    spare = {
        "color": _COLOURS[k % 6],
        "linestyle": _LINES[k % 6],
        "marker": _MARKERS[k % 6],
        "linewidth": 1.4,
    }
    return _STYLES.get(policy, spare)


def _frame(ax: Axes, x: str, y: str, *, grid: Literal["x", "y", "both"]) -> None:
    ax.set_xlabel(x, color=INK)
    ax.set_ylabel(y, color=INK)
    ax.tick_params(colors=MUTED, labelcolor=INK, length=0)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color(GRID)
    ax.grid(axis=grid, color=GRID, lw=0.6)
    ax.set_axisbelow(True)


def _name_beside(ax: Axes) -> None:
    """Name the lines at the right, in the order in which they lie in the middle of the chart."""
    handles = [line for line in ax.get_lines() if not str(line.get_label()).startswith("_")]
    names = [str(handle.get_label()) for handle in handles]
    middle = [float(np.median(np.asarray(handle.get_ydata(), dtype=float))) for handle in handles]
    order = sorted(range(len(names)), key=lambda k: -middle[k])
    ax.legend(
        [handles[k] for k in order],
        [names[k] for k in order],
        frameon=False,
        labelcolor=INK,
        loc="center left",
        bbox_to_anchor=(1.01, 0.5),
        handlelength=3.2,
    )


def _one_two_five(ax: Axes, at: float | None) -> FixedLocator:
    low, high = ax.get_xlim()
    ticks = {step * 10.0**power for power in range(7) for step in (1, 2, 5)} | ({at} if at else set())
    # A round number too close to the marked one would be printed over it.
    near = {t for t in ticks if at and t != at and 0.75 < t / at < 1.35}
    return FixedLocator(sorted(t for t in ticks - near if low <= t <= high))


def _label_ends(ax: Axes, ends: Mapping[str, tuple[float, float]], labels: Mapping[str, str]) -> None:
    """Write each name beside its line's end, pushed apart where lines end close together."""
    low, high = ax.get_ylim()
    gap = (high - low) * 0.062
    order = sorted(ends, key=lambda name: ends[name][1])
    y = -np.inf
    for name in order:
        y = max(ends[name][1], y + gap)
        x = max(end for end, _ in ends.values())
        ax.annotate(
            labels.get(name, name),
            (x, y),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=INK,
            annotation_clip=False,
        )


def _row_beneath(ax: Axes, k: int, name: str, days: Any, counts: Any, colour: str) -> None:
    depth = -58 - 14 * k
    ax.annotate(
        name,
        (0, 0),
        xycoords="axes fraction",
        xytext=(-8, depth),
        textcoords="offset points",
        ha="right",
        va="top",
        color=colour,
        annotation_clip=False,
    )
    for day, count in zip(days, counts, strict=True):
        ax.annotate(
            f"{count:,.0f}",
            (day, 0),
            xycoords=("data", "axes fraction"),
            xytext=(0, depth),
            textcoords="offset points",
            ha="center",
            va="top",
            color=INK,
            annotation_clip=False,
        )


def _nice_days(last: float) -> Any:
    steps = (1, 2, 5, 7, 10, 15, 30, 60, 90, 180, 365, 730)
    step = next((s for s in steps if last / s <= 7), 1460)
    return np.arange(0, last + 1e-9, step)


def _ratio_ticks(limits: tuple[float, float]) -> Any:
    low, high = limits
    ticks = [t for t in (0.1, 0.2, 0.5, 0.7, 1, 1.4, 2, 3, 5, 10, 20, 50) if low <= t <= high]
    return FixedLocator(ticks)
