"""Colours, lines and labels that all charts share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.ticker import FixedLocator

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, MUTED, GRID = "#24221f", "#5f5b53", "#d8d3c7"
BLUE, ORANGE, GREEN, PURPLE = "#0b5394", "#b3440e", "#1b7a5a", "#8a3f86"

STYLES: dict[str, dict[str, Any]] = {
    "risk_only": {"color": BLUE, "linestyle": "-", "marker": "o", "linewidth": 2.2},
    "influence_only": {"color": ORANGE, "linestyle": "--", "marker": "s", "linewidth": 2.2},
    "rule": {"color": GREEN, "linestyle": "-.", "marker": "^", "linewidth": 1.6},
    "expected_harm": {"color": PURPLE, "linestyle": (0, (5, 1, 1, 1, 1, 1)), "marker": "D", "linewidth": 1.6},
    "most_contacts": {"color": MUTED, "linestyle": ":", "marker": "v", "linewidth": 1.4},
    "first_come": {"color": MUTED, "linestyle": (0, (6, 3)), "marker": "P", "linewidth": 1.4},
    "biggest_spender": {"color": MUTED, "linestyle": (0, (3, 1, 1, 1)), "marker": "X", "linewidth": 1.4},
    "oracle": {"color": INK, "linestyle": (0, (1, 1)), "marker": "*", "linewidth": 1.2},
}
LINES = ("-", "--", "-.", ":", (0, (6, 3)), (0, (3, 1, 1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P")
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, MUTED, INK)


def percent(value: float, _: float) -> str:
    return f"{100 * value:.3g} %"


def style_of(policy: str, k: int) -> dict[str, Any]:
    spare = {
        "color": COLOURS[k % 6],
        "linestyle": LINES[k % 6],
        "marker": MARKERS[k % 6],
        "linewidth": 1.4,
    }
    return STYLES.get(policy, spare)


def frame(ax: Axes, x: str, y: str, *, grid: Literal["x", "y", "both"]) -> None:
    ax.set_xlabel(x, color=INK)
    ax.set_ylabel(y, color=INK)
    ax.tick_params(colors=MUTED, labelcolor=INK, length=0)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color(GRID)
    ax.grid(axis=grid, color=GRID, lw=0.6)
    ax.set_axisbelow(True)


def name_beside(ax: Axes) -> None:
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


def one_two_five(ax: Axes, at: float | None) -> FixedLocator:
    low, high = ax.get_xlim()
    ticks = {step * 10.0**power for power in range(7) for step in (1, 2, 5)} | ({at} if at else set())
    # A round number too close to the marked one would be printed over it.
    near = {t for t in ticks if at and t != at and 0.75 < t / at < 1.35}
    return FixedLocator(sorted(t for t in ticks - near if low <= t <= high))


def label_ends(ax: Axes, ends: Mapping[str, tuple[float, float]], labels: Mapping[str, str]) -> None:
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


def row_beneath(ax: Axes, k: int, name: str, days: Any, counts: Any, colour: str) -> None:
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


def nice_days(last: float) -> Any:
    steps = (1, 2, 5, 7, 10, 15, 30, 60, 90, 180, 365, 730)
    step = next((s for s in steps if last / s <= 7), 1460)
    return np.arange(0, last + 1e-9, step)


def ratio_ticks(limits: tuple[float, float]) -> Any:
    low, high = limits
    ticks = [t for t in (0.1, 0.2, 0.5, 0.7, 1, 1.4, 2, 3, 5, 10, 20, 50) if low <= t <= high]
    return FixedLocator(ticks)
