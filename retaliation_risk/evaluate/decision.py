"""Decision curves: what it is worth to answer all whose risk is above a threshold, rather than everybody or nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from retaliation_risk._validate import within
from retaliation_risk.evaluate._bootstrap import Counts, Statistics, resample, with_bands
from retaliation_risk.evaluate._rows import Rows, read_rows
from retaliation_risk.metrics._arrays import ratio

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

DECISIONS = [
    "model", "metric", "threshold", "value", "low", "high", "band_low", "band_high", "n", "n_events",
]  # fmt: skip
ANSWER_ALL, ANSWER_NONE = "answer_all", "answer_none"


def net_benefit_curve(
    predictions: pd.DataFrame, *, thresholds: Sequence[float], n_bootstrap: int = 200, seed: int = 0
) -> pd.DataFrame:
    """Compute the net benefit of each model, and of answering all or none, at several thresholds of risk.

    Parameters
    ----------
    predictions : DataFrame
        The predictions frame of :func:`rolling_origin`.
    thresholds : sequence of float
        Risks from which an answer is worth it, in [0, 1); see :func:`~retaliation_risk.metrics.net_benefit`. Those
        of use lie around the share of events, which is where answering all stops being worth it.
    n_bootstrap : int, default 200
        Resamples of the customers; 0 leaves the intervals empty.
    seed : int, default 0
        Of the resamples.

    Returns
    -------
    DataFrame
        ``model, metric, threshold, value, low, high, band_low, band_high, n, n_events``, all moments pooled. Metric
        ``net_benefit`` is per customer, higher is better; besides the models there are ``answer_all``, and
        ``answer_none`` with 0 and no interval. ``net_benefit_minus_default`` is what a model adds, on the rows where
        it has a risk, to the better of answering all and none. ``low`` and ``high`` are pointwise percentiles,
        ``band_low`` and ``band_high`` hold the whole curve over the thresholds given; none with fewer than 10
        customers with an event.

    References
    ----------
    Vickers and Elkin (2006), doi:10.1177/0272989X06295361

    Examples
    --------
    >>> moment = pd.Timestamp("2025-01-01")
    >>> predictions = pd.DataFrame({"split": "2025-01-01", "customer_id": list("abcd"), "moment": moment,
    ...     "event": [True, False, False, True], "duration_days": [9.0, 90.0, 90.0, 50.0], "competing": False,
    ...     "reach": [40.0, None, None, 60.0], "weight": 1.0, "risk_cox": [0.6, 0.1, 0.2, 0.3]})
    >>> curve = net_benefit_curve(predictions, thresholds=[0.2, 0.5], n_bootstrap=0)
    >>> curve[curve["metric"] == "net_benefit"][["model", "threshold", "value"]].round(4).values.tolist()
    [['cox', 0.2, 0.4375], ['cox', 0.5, 0.25], ['answer_all', 0.2, 0.375], ['answer_all', 0.5, 0.0],
     ['answer_none', 0.2, 0.0], ['answer_none', 0.5, 0.0]]
    """
    rows = read_rows(predictions)
    at = np.array([within("threshold", t, 0, np.nextafter(1, 0)) for t in sorted(set(thresholds))])
    everybody = np.ones(len(rows.event), dtype=bool)
    statistics = [_model(rows, model, at) for model in rows.models]
    statistics += [
        _default(rows, ANSWER_ALL, everybody, at),
        # Nothing is estimated of answering nobody.
        Statistics(
            [label | {"customers": 0} for label in _labels(rows, ANSWER_NONE, "net_benefit", everybody, at)],
            lambda draws: np.zeros((len(at), len(draws))),
            by_customer=True,
        ),
    ]
    found = resample(statistics, rows.customer, n_bootstrap=n_bootstrap, seed=seed)
    return with_bands(found, len(at), shares=False).reindex(columns=DECISIONS)


def _model(rows: Rows, model: str, at: FloatArray) -> Statistics:
    """Net benefit of a model and what it adds to the better default, on the rows where it has a risk."""
    risk = rows.risk(model)
    kept = ~np.isnan(risk)
    mine, everyone = _benefit(rows, kept, risk, at), _benefit(rows, kept, np.ones(len(risk)), at)

    def kernel(draws: Counts) -> FloatArray:
        found = mine(draws)
        return np.concatenate([found, found - np.maximum(everyone(draws), 0.0)])

    labels = _labels(rows, model, "net_benefit", kept, at)
    return Statistics(
        [*labels, *_labels(rows, model, "net_benefit_minus_default", kept, at)], kernel, by_customer=True
    )


def _default(rows: Rows, name: str, kept: BoolArray, at: FloatArray) -> Statistics:
    benefit = _benefit(rows, kept, np.ones(len(kept)), at)
    return Statistics(_labels(rows, name, "net_benefit", kept, at), benefit, by_customer=True)


def _benefit(rows: Rows, kept: BoolArray, risk: FloatArray, at: FloatArray) -> Any:
    """Prepare the net benefit at each threshold: draws (B, customers) to shape (thresholds, B)."""
    # Each row stands in the bin of the highest threshold that it reaches; the first bin reaches none.
    bins = np.searchsorted(at, np.where(kept, risk, -1.0), "right")
    shape = len(at) + 1, int(rows.customer.max(initial=-1)) + 1
    hits, misses = (
        sparse.csr_array((rows.ipcw[of], (bins[of], rows.customer[of])), shape=shape)
        for of in (kept & rows.event, kept & ~rows.event)
    )
    price = (at / (1 - at))[:, None]

    def benefit(draws: Counts) -> FloatArray:
        weight = np.ascontiguousarray(draws.T, dtype=np.float64)
        above, needless = (np.cumsum((sums @ weight)[::-1], axis=0)[::-1] for sums in (hits, misses))
        return ratio(above[1:] - price * needless[1:], above[:1] + needless[:1])

    return benefit


def _labels(rows: Rows, model: str, metric: str, kept: BoolArray, at: FloatArray) -> list[dict[str, Any]]:
    hit = kept & rows.event
    counts = {"n": int(kept.sum()), "n_events": int(hit.sum()), "customers": rows.customers(hit)}
    return [{"model": model, "metric": metric, "threshold": float(t)} | counts for t in at]
