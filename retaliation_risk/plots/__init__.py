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

from retaliation_risk.plots._style import BLUE, GREEN, GRID, INK, MUTED, ORANGE, PURPLE
from retaliation_risk.plots.models import (
    plot_calibration,
    plot_effects,
    plot_love_becomes_hate,
    plot_survival,
)
from retaliation_risk.plots.policies import (
    plot_capacity_curve,
    plot_decision_curve,
    plot_differences,
    plot_served,
)
from retaliation_risk.plots.time import plot_exit_or_voice, plot_over_time

__all__ = [
    "BLUE",
    "GREEN",
    "GRID",
    "INK",
    "MUTED",
    "ORANGE",
    "PURPLE",
    "plot_calibration",
    "plot_capacity_curve",
    "plot_decision_curve",
    "plot_differences",
    "plot_effects",
    "plot_exit_or_voice",
    "plot_love_becomes_hate",
    "plot_over_time",
    "plot_served",
    "plot_survival",
]
