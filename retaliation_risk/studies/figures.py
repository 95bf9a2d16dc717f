"""Figures of studies: result tables drawn on axes that the caller made, as in :mod:`retaliation_risk.plots`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from retaliation_risk.plots._style import BLUE, GREEN, GRID, INK, MUTED, ORANGE, frame

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_LINES: tuple[dict[str, Any], ...] = (
    {"color": ORANGE, "linestyle": "--"},
    {"color": MUTED, "linestyle": ":"},
    {"color": BLUE, "linestyle": "-"},
    {"color": GREEN, "linestyle": "-."},
)

#: The band of a slope, by whether it differs from 0.
_BANDS: dict[bool, dict[str, Any]] = {
    True: {"color": BLUE, "alpha": 0.22, "lw": 0},
    False: {"facecolor": "none", "edgecolor": GRID, "hatch": "///", "lw": 0},
}


def plot_simple_slopes(
    slopes: pd.DataFrame, regions: pd.DataFrame, ax: Axes, *, moderator: str, predictor: str
) -> Axes:
    """Draw the slope of the predictor along the moderator, and where it differs from 0.

    Parameters
    ----------
    slopes : DataFrame
        Of ``simple_slopes`` at many values: ``at, estimate, low, high``.
    regions : DataFrame
        The table of ``johnson_neyman``: ``low, high, sign, share``.
    ax : Axes
        Where to draw.
    moderator, predictor : str
        What to call them.

    Returns
    -------
    Axes
        ``ax``; the band is dark where the slope differs from 0 and hatched where it does not. Edges of regions are marked.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> slopes = pd.DataFrame({"at": [0.0, 1, 2], "estimate": [0.0, 1, 2], "low": [-1.0, 0, 1], "high": [1.0, 2, 3]})
    >>> regions = pd.DataFrame({"low": [-np.inf, 1.0], "high": [1.0, np.inf], "sign": [0, 1], "share": [0.5, 0.5]})
    >>> plot_simple_slopes(slopes, regions, Figure().subplots(), moderator="quality", predictor="blame").get_ylabel()
    'Slope of blame'
    """
    rows = slopes.sort_values("at")
    at, low, high = (rows[name].to_numpy(float) for name in ("at", "low", "high"))
    ax.axhline(0, color=MUTED, lw=1)
    for start, end, sign in regions[["low", "high", "sign"]].itertuples(index=False):
        left, right = np.clip([start, end], at[0], at[-1])
        if left < right:
            # The band is cut exactly at the region's edges, between the values drawn.
            x = np.r_[left, at[(at > left) & (at < right)], right]
            ax.fill_between(x, np.interp(x, at, low), np.interp(x, at, high), **_BANDS[bool(sign)])
            _mark(ax, right if right < at[-1] else None)
    ax.plot(at, rows["estimate"], color=BLUE, lw=2.2)
    frame(ax, moderator, f"Slope of {predictor}", grid="y")
    ax.set_xlim(at[0], at[-1])
    return ax


def _mark(ax: Axes, x: float | None) -> None:
    if x is not None:
        ax.axvline(x, color=INK, lw=1, ls=(0, (2, 2)))
        ax.annotate(f"{x:.3g}", (x, 1.01), xycoords=("data", "axes fraction"), ha="center", color=INK)


def plot_growth(curves: pd.DataFrame, ax: Axes, *, time: str, outcome: str, strength: str) -> Axes:
    """Draw the expected outcome in time, one line per strength of the relationship.

    Parameters
    ----------
    curves : DataFrame
        Of ``growth_curves``: ``at, time, estimate, low, high``; up to four strengths.
    ax : Axes
        Where to draw.
    time, outcome, strength : str
        What to call them.

    Returns
    -------
    Axes
        ``ax``; each line has its interval and is named at its end.
    """
    for style, (at, line) in zip(_LINES, curves.groupby("at"), strict=False):
        ax.fill_between(line["time"], line["low"], line["high"], color=style["color"], alpha=0.12, lw=0)
        ax.plot(line["time"], line["estimate"], lw=2, **style)
        end = line.iloc[-1]
        ax.annotate(
            f"{strength} {at:.2g}",
            (end["time"], end["estimate"]),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=INK,
            annotation_clip=False,
        )
    frame(ax, time, outcome, grid="y")
    ax.set_xlim(curves["time"].min(), curves["time"].max())
    return ax


def plot_forest(effects: pd.DataFrame, mean: pd.DataFrame, ax: Axes, *, label: str = "Effect") -> Axes:
    """Draw each study with its interval, and their mean beneath.

    Parameters
    ----------
    effects : DataFrame
        ``study, estimate, variance, n``, as ``effects_from_r`` and its like make.
    mean : DataFrame
        The table of ``meta_analysis``.
    ax : Axes
        Where to draw.
    label : str, default "Effect"
        Of the horizontal axis: which effect it is.

    Returns
    -------
    Axes
        ``ax``; the area of a square goes with the precision of its study, intervals are at 95 % by the normal curve.
    """
    y = np.arange(len(effects), 0, -1)
    reach = 1.959964 * np.sqrt(effects["variance"].to_numpy())
    precision = 1 / effects["variance"].to_numpy()
    ax.axvline(0, color=MUTED, lw=1)
    ax.hlines(y, effects["estimate"] - reach, effects["estimate"] + reach, color=MUTED, lw=1.2)
    ax.scatter(effects["estimate"], y, s=90 * precision / precision.max(), marker="s", color=MUTED, zorder=3)
    one = mean.iloc[0]
    ax.fill(
        [one["low"], one["estimate"], one["high"], one["estimate"]], [0, 0.25, 0, -0.25], color=BLUE, lw=0
    )
    ax.set_yticks(
        [*y, 0],
        [
            *(f"{name} (n = {n})" for name, n in zip(effects["study"], effects["n"], strict=True)),
            str(one["term"]),
        ],
    )
    ax.set_ylim(-0.7, len(effects) + 0.6)
    frame(ax, label, "", grid="x")
    return ax
