"""The mean number of acts of a customer, by Nelson and Aalen, with errors robust to how acts cluster."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from retaliation_risk.errors import ArgumentError
from retaliation_risk.models._outcomes import within_reach
from retaliation_risk.models._spells import Spells, quadratic, read_spells, squared_sums
from retaliation_risk.models.partial.rows import Floats
from retaliation_risk.models.recurrent._frame import check_frame, clock


def mean_cumulative_events(
    frame: pd.DataFrame,
    days: npt.ArrayLike | None = None,
    *,
    weight: str | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate the mean number of acts of a customer up to each day (Nelson-Aalen for recurrent events).

    Parameters
    ----------
    frame : DataFrame
        Counting-process rows; no covariates are read.
    days : array of float, shape (k,), optional
        Days to read the curve at; every day with an act without.
    weight : str, optional
        Column of case weights above 0.
    level : float, default 0.95
        Of the interval, in (0, 1); symmetric on the log scale.

    Returns
    -------
    DataFrame
        ``day``, ``mean``, ``standard_error``, ``low``, ``high``. The error is robust: acts of one customer may depend on one
        another, so nothing is assumed of how they cluster. Before the first act the limits are NaN.

    Raises
    ------
    ArgumentError
        RR101 for missing columns; RR111 for rows that cannot be used.
    GateError
        RR401 when nothing happened; RR405 for a day beyond the last one seen.

    Notes
    -----
    The mean is that of customers who stay: those who leave are taken as censored.

    References
    ----------
    Lawless and Nadeau (1995), Technometrics 37, 158-168; Lin, Wei, Yang and Ying (2000), doi:10.1111/1467-9868.00259.

    Examples
    --------
    >>> frame = pd.DataFrame({"customer_id": list("aab"), "start_days": [0.0, 2, 0], "stop_days": [2.0, 6, 7],
    ...     "event": [True, True, False]})
    >>> mean_cumulative_events(frame)[["day", "mean", "standard_error"]]
       day  mean  standard_error
    0  2.0   0.5        0.353553
    1  6.0   1.0        0.707107
    """
    check_frame(frame, [] if weight is None else [weight])
    if not 0 < level < 1:
        raise ArgumentError("RR111", f"level is {level!r}; it must be above 0 and below 1.")
    spells = read_spells(
        clock(frame, "stop_days"),
        frame["event"].to_numpy(),
        start=clock(frame, "start_days"),
        weight=None if weight is None else frame[weight].to_numpy(),
        cluster=frame["customer_id"].to_numpy(),
    )
    asked = np.unique(spells.stop[spells.event]) if days is None else np.atleast_1d(np.asarray(days, float))
    for day in asked:
        within_reach(float(spells.times[-1]), float(day))
    place = np.searchsorted(spells.times, asked, side="right")
    mean, error = (np.append(0.0, curve)[place] for curve in _mean(spells))
    with np.errstate(invalid="ignore", divide="ignore"):
        width = np.exp(norm.ppf(0.5 + level / 2) * error / mean)
    return pd.DataFrame(
        {"day": asked, "mean": mean, "standard_error": error, "low": mean / width, "high": mean * width}
    )


def _mean(spells: Spells) -> tuple[Floats, Floats]:
    """Mean number of events and its standard error at every time.

    A row's influence is the sum over its time at risk of (dN - dA) / Y. A cluster carries what its rows have
    gathered, and its weight at risk, which goes on gathering minus the sum of dA / Y.
    """
    at_risk = spells.at_risk(spells.weight)
    step = spells.ending(spells.weight * spells.event) / at_risk
    grown = np.cumsum(step / at_risk)
    n, at = len(spells.stop), spells.leaves
    coming = np.stack([np.append(0.0, grown)[spells.enters], np.ones(n)], axis=1)
    going = np.stack([spells.event / at_risk[at] - grown[at], -np.ones(n)], axis=1)
    changes = np.concatenate([coming, going]) * np.tile(spells.weight, 2)[:, None]
    sums = squared_sums(spells, np.append(spells.enters, at), np.tile(np.arange(n), 2), changes)
    return np.cumsum(step), quadratic(np.stack([np.ones_like(grown), -grown], axis=1), sums)
