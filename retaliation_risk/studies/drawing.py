"""One figure of all claims: how firmly each estimate lies where it was claimed to lie, as it is and switched off."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from retaliation_risk.plots import BLUE, GRID, INK, MUTED, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_RC: Any = {
    "svg.fonttype": "path",
    "svg.hashsalt": "retaliation-risk",
    "font.family": "DejaVu Sans",
    "font.size": 10,
}
_FARTHEST = 12.0


def firmness(table: pd.DataFrame) -> pd.DataFrame:
    """Measure each sign and order in half-widths of its interval, positive where claimed: above 1 it is borne out.

    Returns
    -------
    DataFrame
        ``claim``, ``here`` and ``off`` (NaN where there is no estimate), for claims of a sign or an order that have one.
    """
    rows = table[(table["kind"] != "number") & table["value"].notna()]
    parts = {"claim": rows["claim"].to_numpy()}
    for name, suffix in (("here", ""), ("off", "_off")):
        value, half = rows[f"value{suffix}"], (rows[f"high{suffix}"] - rows[f"low{suffix}"]) / 2
        toward = np.where(rows["published"] == 0, np.sign(value), rows["published"])
        parts[name] = (value * toward / half).to_numpy()
    return pd.DataFrame(parts)


def plot_claims(table: pd.DataFrame, ax: Axes) -> Axes:
    """Draw the firmness of each claim.

    Parameters
    ----------
    table : DataFrame
        As made by :func:`firmness`.
    ax : Axes
        Where to draw.

    Returns
    -------
    Axes
        ``ax``; filled circles the world as it is, hollow squares the world with the cause switched off. Right of the grey
        band the whole interval lies where it was claimed. Beyond 12 half-widths points stand at the edge.
    """
    place = np.arange(len(table))[::-1]
    ax.axvspan(-1, 1, color=GRID, alpha=0.5, lw=0)
    ax.axvline(0, color=MUTED, lw=1)
    ax.plot(
        table["off"].clip(-_FARTHEST, _FARTHEST),
        place,
        ls="",
        marker="s",
        color=ORANGE,
        markerfacecolor="none",
        label="switched off",
    )
    ax.plot(table["here"].clip(-_FARTHEST, _FARTHEST), place, ls="", marker="o", color=BLUE, label="as it is")
    ax.set_yticks(place, table["claim"].tolist())
    ax.set_ylim(-0.7, len(table) - 0.3)
    ax.set_xlim(-_FARTHEST - 0.5, _FARTHEST + 0.5)
    ax.set_xlabel("Half-widths of the 95 % interval from 0, in the claimed direction", color=INK)
    ax.grid(axis="y", color=GRID, lw=0.6)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.legend(loc="lower left", frameon=False)
    return ax


def draw_claims(table: pd.DataFrame) -> str:
    """Return the figure as SVG text, the same bytes for the same table; empty where no claim can be drawn."""
    rows = firmness(table)
    if rows.empty:
        return ""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_RC)
        figure = Figure(figsize=(6.4, 1.4 + 0.27 * len(rows)), layout="constrained")
        plot_claims(rows, figure.subplots())
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()
