"""Paired bootstrap over customers: one weighting of customers for all rows, models and policies at once."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_BYTES = 64_000_000  # of one matrix of weights; a few of that size are alive at a time
_LEVEL = 0.95
#: Customers with an event below which a percentile interval is far too narrow to be given.
FEWEST_EVENTS = 10


@dataclass(frozen=True)
class Statistics:
    """Labels of some statistics, and the kernel that turns weights (n, B) into their values (labels, B)."""

    labels: list[dict[str, Any]]
    kernel: Callable[[FloatArray], FloatArray]


def with_intervals(
    statistics: Sequence[Statistics], customer: IntArray, *, n_bootstrap: int, seed: int
) -> pd.DataFrame:
    """Evaluate all statistics on the rows, and their percentile intervals over resampled customers.

    A resample in which a statistic is undefined says nothing about it and is left out; a statistic that is
    undefined on the rows themselves has no interval. Nor has one whose label says, under ``customers``, that
    fewer than ``FEWEST_EVENTS`` customers with an event stand behind it.
    """
    labels = [label for group in statistics for label in group.labels]
    value = _values(statistics, np.ones((len(customer), 1)))[:, 0]
    resampled = [_values(statistics, weight) for weight in _resamples(customer, n_bootstrap, seed)]
    low, high = _percentiles(np.concatenate([np.empty((len(labels), 0)), *resampled], axis=1))
    few = np.array([label.get("customers", np.inf) < FEWEST_EVENTS for label in labels], dtype=bool)
    undefined = np.isnan(value) | few
    low[undefined], high[undefined] = np.nan, np.nan
    return pd.DataFrame(labels).assign(value=value, low=low, high=high)


def _values(statistics: Sequence[Statistics], weight: FloatArray) -> FloatArray:
    if not statistics:
        return np.empty((0, weight.shape[1]))
    return np.concatenate([group.kernel(weight) for group in statistics])


def _resamples(customer: IntArray, n_bootstrap: int, seed: int) -> Iterator[FloatArray]:
    """Count how often each row's customer was drawn, (n, B), some resamples at a time to bound memory."""
    rng = np.random.default_rng(seed)
    n_customers = int(customer.max(initial=-1)) + 1
    at_once = int(np.clip(_BYTES / (8 * max(len(customer), 1)), 1, 64))
    # Which customers are drawn must not hang on how many resamples fit into memory: one draw after the
    # other.
    for start in range(0, n_bootstrap, at_once):
        size = min(at_once, n_bootstrap - start)
        drawn = np.empty((n_customers, size))
        for column in range(size):
            picks = rng.integers(n_customers, size=n_customers)
            drawn[:, column] = np.bincount(picks, minlength=n_customers)
        yield drawn[customer]


def _percentiles(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    if not values.size:
        return np.full(len(values), np.nan), np.full(len(values), np.nan)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="All-NaN slice encountered")
        low, high = np.nanquantile(values, [0.5 - _LEVEL / 2, 0.5 + _LEVEL / 2], axis=1)
    return low, high
