"""Survival curves of groups as a table, for looking at; no features, no prediction."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
import pandas as pd
from lifelines import KaplanMeierFitter


def survival_table(
    group: npt.ArrayLike, event: npt.ArrayLike, duration_days: npt.ArrayLike, days: npt.ArrayLike
) -> pd.DataFrame:
    """Kaplan-Meier survival of each group at the days asked.

    Parameters
    ----------
    group : array of str, shape (n,)
    event : array of bool, shape (n,)
        False counts as censored, exits included: the curve is that of a world in which nobody leaves.
    duration_days : array of float, shape (n,)
    days : array of float, shape (k,)

    Returns
    -------
    DataFrame
        ``group``, ``day``, ``survival``, ``low``, ``high`` (95 %, log-log), ``at_risk``; groups sorted.

    Examples
    --------
    >>> survival_table(["a"] * 4, [True, False, True, False], [1, 2, 3, 3], [0, 2, 3])[["survival", "at_risk"]]
       survival  at_risk
    0     1.000        4
    1     0.750        3
    2     0.375        2
    """
    group, event, duration = (
        np.asarray(group, dtype=str),
        np.asarray(event, dtype=bool),
        np.asarray(duration_days),
    )
    asked = np.asarray(days, dtype=np.float64)
    tables = []
    for name in np.unique(group):
        rows = group == name
        low, mid, high = _curve(duration[rows], event[rows], asked)
        at_risk = (duration[rows][None, :] >= asked[:, None]).sum(axis=1)
        columns = {"group": name, "day": asked, "survival": mid, "low": low, "high": high, "at_risk": at_risk}
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def _curve(
    duration: npt.NDArray[np.float64], event: npt.NDArray[np.bool_], days: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Lower limit, estimate and upper limit, shape (3, k)."""
    with warnings.catch_warnings():
        # lifelines warns of heavy censoring early on, which is how retaliation is: rare.
        warnings.simplefilter("ignore")
        fitted = KaplanMeierFitter().fit(duration, event)
    table = fitted.confidence_interval_survival_function_.assign(mid=fitted.survival_function_.iloc[:, 0])
    position = np.searchsorted(table.index.to_numpy(), days, side="right") - 1
    found: npt.NDArray[np.float64] = table.to_numpy()[np.maximum(position, 0)][:, [0, 2, 1]].T
    # Before the first event there is no interval to speak of.
    return np.where(np.isnan(found), found[1], found)
