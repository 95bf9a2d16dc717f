"""One metric by one engine, for a process of its own; the clock starts when the data are read and the code is warm."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.metrics.data import DAYS, FollowUp, read

Metric = Callable[[FollowUp, np.ndarray | None], Any]


def run(engine: str, metric: str, path: str, resamples: int = 0) -> dict[str, Any]:
    """Seconds of one call, and its values."""
    made = ENGINES[engine](metric)
    rows = read(path)
    n = len(rows.day)
    weight = np.random.default_rng(2).poisson(1.0, (resamples, n)).astype(float) if resamples else None
    warnings.simplefilter("ignore")
    small = FollowUp(rows.event[:50], rows.day[:50], rows.score[:50], rows.risk[:50])
    if engine == "ours":
        made(small, None if weight is None else weight[:, :50])
    began = time.perf_counter()
    values = made(rows, weight)
    return {"seconds": time.perf_counter() - began, "values": np.ravel(values).tolist()}


def loading() -> float:
    """Seconds to import our metrics and call the compiled one, for the first time in this process."""
    began = time.perf_counter()
    from retaliation_risk.metrics import concordance

    concordance([True, False], [1.0, 2.0], [2.0, 1.0])
    return time.perf_counter() - began


def ours(metric: str) -> Metric:
    from retaliation_risk import metrics

    return {
        "Harrell": lambda r, w: metrics.concordance(r.event, r.day, r.score, weight=w),
        "Uno": lambda r, w: metrics.uno_concordance(r.event, r.day, r.score, weight=w),
        "AUC": lambda r, w: metrics.auc_at(r.event, r.day, r.score, DAYS, weight=w),
        "Brier": lambda r, w: metrics.brier_at(r.event, r.day, r.risk, DAYS, weight=w),
    }[metric]


def scikit_survival(metric: str) -> Metric:
    from sksurv import metrics
    from sksurv.util import Surv

    def outcome(rows: FollowUp) -> Any:
        # It lets censorings count on their own day; half a day later they come after the events, as with us.
        tied = len(np.unique(rows.day)) < len(rows.day) / 2
        return Surv.from_arrays(rows.event, rows.day + 0.5 * ~rows.event if tied else rows.day)

    def with_outcome(call: Callable[[Any, FollowUp], Any]) -> Metric:
        return lambda rows, _: call(outcome(rows), rows)

    return {
        "Harrell": lambda r, _: metrics.concordance_index_censored(r.event, r.day, r.score)[0],
        "Uno": with_outcome(lambda y, r: metrics.concordance_index_ipcw(y, y, r.score)[0]),
        "AUC": with_outcome(lambda y, r: metrics.cumulative_dynamic_auc(y, y, r.score, DAYS)[0]),
        "Brier": with_outcome(lambda y, r: metrics.brier_score(y, y, 1 - r.risk, DAYS)[1]),
    }[metric]


def lifelines(metric: str) -> Metric:
    from lifelines.utils import concordance_index

    return {"Harrell": lambda r, _: concordance_index(r.day, -r.score, r.event)}[metric]


ENGINES = {"ours": ours, "scikit-survival": scikit_survival, "lifelines": lifelines}
