"""Two models on the same customers at the same moments: each metric of both, and their paired difference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retaliation_risk._validate import positive
from retaliation_risk.errors import ArgumentError
from retaliation_risk.evaluate._bootstrap import Statistics, with_intervals
from retaliation_risk.evaluate._rows import RISK, Rows, read_rows
from retaliation_risk.metrics import auprc, auroc, brier, events_reached, reach_averted

FloatArray = NDArray[np.float64]
Metric = Callable[[FloatArray, FloatArray], FloatArray]

CONTEST = [
    "metric",
    "first",
    "second",
    "difference",
    "low",
    "high",
    "n",
    "n_events",
    "n_customers_with_event",
]


def contest(
    predictions: pd.DataFrame,
    first: str,
    second: str,
    *,
    capacity: int,
    n_bootstrap: int = 500,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare two models by a paired bootstrap over customers.

    Parameters
    ----------
    predictions : DataFrame
        As of :func:`rolling_origin`, with the risks of both; rows without one of them count for neither.
    first, second : str
        Names of the models.
    capacity : int
        Customers that can be answered at each moment, above 0.
    n_bootstrap : int, default 500
        Resamples of the customers; 0 leaves the intervals empty.
    seed : int, default 0
        Of the resamples.

    Returns
    -------
    DataFrame
        ``metric, first, second, difference, low, high, n, n_events, n_customers_with_event`` for auroc, auprc, brier,
        events_reached and reach_averted. ``difference`` is second less first, with its 95 % percentile interval; it is
        missing where fewer than ten customers with an event stand behind it.

    Raises
    ------
    ArgumentError
        RR111 if a model has no risk anywhere.

    Examples
    --------
    >>> moment = pd.Timestamp("2025-01-01")
    >>> predictions = pd.DataFrame({"split": "2025-01-01", "customer_id": list("abcd"), "moment": moment,
    ...     "event": [True, False, False, True], "duration_days": [9.0, 90.0, 90.0, 50.0], "competing": False,
    ...     "reach": [40.0, None, None, 60.0], "weight": 1.0,
    ...     "risk_old": [0.4, 0.1, 0.2, 0.1], "risk_new": [0.4, 0.1, 0.2, 0.3]})
    >>> found = contest(predictions, "old", "new", capacity=1, n_bootstrap=0)
    >>> found.set_index("metric").loc["auroc", ["first", "second", "difference"]].tolist()
    [0.625, 1.0, 0.375]
    """
    positive("capacity", capacity)
    rows = read_rows(predictions)
    if absent := [name for name in (first, second) if name not in rows.models]:
        raise ArgumentError(
            "RR111", f"predictions have no risk of {absent}; they have those of {rows.models}."
        )
    both = rows.frame[[RISK + first, RISK + second]].notna().all(axis=1)
    kept = Rows(rows.frame[both].reset_index(drop=True))
    found = with_intervals(
        [_statistics(kept, first, second, float(capacity))], kept.customer, n_bootstrap=n_bootstrap, seed=seed
    )
    return _wide(found)[CONTEST]


def _statistics(rows: Rows, first: str, second: str, capacity: float) -> Statistics:
    metrics = _metrics(rows, capacity)
    counts = {
        "n": len(rows.frame), "n_events": int(rows.event.sum()), "customers": rows.customers(rows.event)
    }  # fmt: skip
    labels = [
        counts | {"metric": metric, "side": side}
        for side in ("first", "second", "difference")
        for metric in metrics
    ]

    def kernel(weight: FloatArray) -> FloatArray:
        sides = [
            np.stack([one(rows.risk(name), weight.T) for one in metrics.values()]) for name in (first, second)
        ]
        return np.concatenate([*sides, sides[1] - sides[0]])

    return Statistics(labels, kernel)


def _metrics(rows: Rows, capacity: float) -> dict[str, Metric]:
    """Each metric as a function of the risks and of weights (B, n) of the rows."""
    queue: dict[str, Any] = {"capacity": capacity, "group": rows.group, "ipcw": rows.ipcw}

    def by_row(metric: Callable[..., Any]) -> Metric:
        return lambda risk, weight: np.atleast_1d(metric(rows.event, risk, weight=weight * rows.ipcw))

    def by_queue(metric: Callable[..., Any], gain: NDArray[Any]) -> Metric:
        return lambda risk, weight: np.atleast_1d(metric(gain, risk, weight=weight, **queue))

    return {
        "auroc": by_row(auroc),
        "auprc": by_row(auprc),
        "brier": by_row(brier),
        "events_reached": by_queue(events_reached, rows.event),
        "reach_averted": by_queue(reach_averted, rows.reach),
    }


def _wide(found: pd.DataFrame) -> pd.DataFrame:
    """One row for each metric, from one for each metric and side."""
    sides = {side: rows.reset_index(drop=True) for side, rows in found.groupby("side")}
    wide = sides["difference"].rename(columns={"value": "difference", "customers": "n_customers_with_event"})
    return wide.assign(first=sides["first"]["value"], second=sides["second"]["value"])
