"""What follows over the horizon, as curves: who has not retaliated yet, and who left before saying anything."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from retaliation_risk.errors import GateError
from retaliation_risk.models.competing import aalen_johansen, incidence_table
from retaliation_risk.models.curves import survival_table
from retaliation_risk.run.folder import write_csv

#: Codes of the causes that compete, as :func:`aalen_johansen` counts them.
CAUSES = {1: "retaliation", 2: "leaving"}
#: Everybody, beside the classes of failed recoveries.
EVERYBODY = "all"
#: Points of each curve beside day 0.
STEPS = 30


def write_curves(folder: Path, rows: pd.DataFrame, y: pd.DataFrame, horizon_days: float) -> None:
    """Write survival.csv and incidence.csv from landmark rows and their outcome frame; nothing without rows."""
    if rows.empty:
        return
    failed, days = _classes(rows), np.linspace(0, horizon_days, STEPS + 1)
    survival = survival_table(failed, y["event"], y["duration_days"], days)
    write_csv(folder / "survival.csv", survival.rename(columns={"group": "failed_recoveries"}))
    incidence = incidence_by_class(failed, y, days)
    if not incidence.empty:
        write_csv(folder / "incidence.csv", incidence)


def incidence_by_class(failed: pd.Series, y: pd.DataFrame, days: np.ndarray) -> pd.DataFrame:
    """Return the share that has retaliated, and the share that has left, by day and class of failed recoveries.

    Parameters
    ----------
    failed : Series of str, shape (n,)
        Class of each row of ``y``.
    y : DataFrame
        An outcome frame.
    days : array, shape (k,)
        Days from 0 on; those beyond the last one seen in a class are left out of it.

    Returns
    -------
    DataFrame
        ``cause`` (retaliation, leaving), ``failed_recoveries`` (a class, or ``all``), ``day``, ``incidence``, ``low``,
        ``high`` (95 %, by customer), ``at_risk``; classes in which neither happened are left out.
    """
    groups = {EVERYBODY: np.full(len(failed), True)}
    groups |= {str(name): (failed == name).to_numpy() for name in np.unique(failed)}
    tables = [_incidence(y[mine], days).assign(failed_recoveries=name) for name, mine in groups.items()]
    columns = ["cause", "failed_recoveries", "day", "incidence", "low", "high", "at_risk"]
    return pd.concat(tables, ignore_index=True).reindex(columns=columns)


def _incidence(y: pd.DataFrame, days: np.ndarray) -> pd.DataFrame:
    """Return the curves of one class; no rows where nothing happened in it."""
    cause = y["event"].astype(int) + 2 * y["competing"].astype(int)
    try:
        found = aalen_johansen(y["duration_days"], cause, cluster=y["customer_id"])
    except GateError:
        return pd.DataFrame()
    table = incidence_table(found, days[days <= found.time[-1]])
    return table.assign(cause=table["cause"].map(CAUSES))


def _classes(rows: pd.DataFrame) -> pd.Series:
    ever = rows["failed_recoveries_ever"].clip(upper=3).astype(int)
    return ever.map({0: "0", 1: "1", 2: "2", 3: "3+"})
