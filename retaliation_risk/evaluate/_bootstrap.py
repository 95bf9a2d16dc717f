"""Paired bootstrap over customers: one weighting of customers for all rows, models and policies at once.

All rows of a customer, at all moments, move together. Draw k of a seed is the same whatever else is asked: how many
draws there are, how many at a time fit into memory, and how many threads work at them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import joblib
import numba
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retaliation_risk.metrics.multiple import simultaneous_band

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Counts = NDArray[np.uint16]

_BYTES = 64_000_000  # of one matrix of weights; a few of that size are alive at a time in each thread
_THREADS = 8  # at most: each holds its own weights
_LEVEL = 0.95
#: Customers with an event below which a percentile interval is far too narrow to be given.
FEWEST_EVENTS = 10
#: Events answered, or answered by one policy and not by another, below which ties alone may be at work.
FEWEST_TOLD = 1


@dataclass(frozen=True)
class Statistics:
    """Labels of some statistics, and the kernel that turns weights into their values, shape (labels, B).

    It takes the weights of the rows, shape (n, B), or if ``by_customer`` how often each customer was drawn, shape
    (B, customers): a walk down a queue needs no more.
    """

    labels: list[dict[str, Any]]
    kernel: Callable[[Any], FloatArray]
    by_customer: bool = False


@dataclass(frozen=True)
class Resampled:
    """Statistics on the rows, shape (k,), and in each draw, shape (k, B), with their labels."""

    labels: list[dict[str, Any]]
    value: FloatArray
    draws: FloatArray


def with_intervals(
    statistics: Sequence[Statistics], customer: IntArray, *, n_bootstrap: int, seed: int
) -> pd.DataFrame:
    """Evaluate all statistics on the rows, and their percentile intervals over resampled customers."""
    return add_intervals(resample(statistics, customer, n_bootstrap=n_bootstrap, seed=seed))


def resample(
    statistics: Sequence[Statistics], customer: IntArray, *, n_bootstrap: int, seed: int
) -> Resampled:
    """Evaluate all statistics on the rows and under resampled customers, some draws at a time to bound memory."""
    labels = [label for group in statistics for label in group.labels]
    n_customers = int(customer.max(initial=-1)) + 1
    value = _values(statistics, np.ones((1, n_customers), dtype=np.uint16), customer)[:, 0]
    at_once = int(np.clip(_BYTES / (8 * max(len(customer), 1)), 1, 64))

    def block(first: int) -> FloatArray:
        draws = _draws(n_customers, range(first, min(first + at_once, n_bootstrap)), seed)
        return _values(statistics, draws, customer)

    with ThreadPoolExecutor(min(joblib.cpu_count(), _THREADS)) as threads:
        found = list(threads.map(block, range(0, n_bootstrap, at_once)))
    return Resampled(labels, value, np.concatenate([np.empty((len(labels), 0)), *found], axis=1))


def add_intervals(found: Resampled) -> pd.DataFrame:
    """Labels with ``value``, percentile interval ``low`` to ``high``, and ``standard_error`` of the draws.

    A draw in which a statistic is undefined says nothing about it and is left out; a statistic that is undefined
    on the rows themselves has no interval. Nor has one

    - whose label says, under ``customers``, that fewer than ``FEWEST_EVENTS`` customers with an event stand behind it;
    - whose label says, under ``told``, that less than one event in all tells what it says: resampling cannot show what
      was never seen, and ties at the edge of capacity, a fraction of each event, are repeated by every draw.
    """
    low, high = _percentiles(found.draws)
    error = standard_error(found.draws)
    unsure = undefined(found)
    low[unsure], high[unsure], error[unsure] = np.nan, np.nan, np.nan
    return pd.DataFrame(found.labels).assign(value=found.value, low=low, high=high, standard_error=error)


def with_bands(found: Resampled, width: int, *, shares: bool) -> pd.DataFrame:
    """Intervals of each point and, as ``band_low`` and ``band_high``, bands over each curve of ``width`` points in a row.

    Bands are nowhere narrower than the intervals; of ``shares``, and of their differences, they stay among possible values.
    """
    table = add_intervals(found)
    band = np.full((2, len(table)), np.nan)
    for start in range(0, len(table), width):
        curve = slice(start, start + width)
        minus = "_minus_" in found.labels[start]["metric"]
        make = share_band if shares and not minus else simultaneous_band
        band[:, curve] = make(found.value[curve], found.draws[curve])
    band[:, undefined(found)] = np.nan
    if shares:
        band = band.clip(-1.0, 1.0)
    if table.empty:
        return table
    return table.assign(
        band_low=np.minimum(band[0], table["low"]), band_high=np.maximum(band[1], table["high"])
    )


def share_band(value: FloatArray, draws: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Band over a curve of shares, made on the scale of arcsin(sqrt(share)), where a share near 0 varies as any other.

    With few events the standard error of a small share is small just where the share came out too small; on its own scale
    the band held whole curves 88 times in 100 (docs/metrics.md).
    """
    low, high = simultaneous_band(_evened(value), _evened(draws))
    ends = [np.sin(np.clip(end, 0.0, np.pi / 2)) ** 2 for end in (low, high)]
    return ends[0], ends[1]


def _evened(share: FloatArray) -> FloatArray:
    found: FloatArray = np.arcsin(np.sqrt(np.clip(share, 0.0, 1.0)))
    return found


def undefined(found: Resampled) -> NDArray[np.bool_]:
    """Statistics that have no interval, shape (k,)."""
    few = [
        label.get("customers", np.inf) < FEWEST_EVENTS or label.get("told", np.inf) < FEWEST_TOLD
        for label in found.labels
    ]
    none: NDArray[np.bool_] = np.isnan(found.value) | np.array(few, dtype=bool)
    return none


def standard_error(draws: FloatArray) -> FloatArray:
    """Return the standard deviation of the draws of each statistic, shape (k,); NaN with fewer than two."""
    there = ~np.isnan(draws)
    n = there.sum(axis=1)
    mean = np.divide(np.nansum(draws, axis=1), n, out=np.full(len(draws), np.nan), where=n > 1)
    squares = np.nansum((draws - mean[:, None]) ** 2, axis=1)
    found: FloatArray = np.sqrt(np.divide(squares, n - 1, out=np.full(len(draws), np.nan), where=n > 1))
    return found


def _values(statistics: Sequence[Statistics], draws: Counts, customer: IntArray) -> FloatArray:
    """Evaluate every statistic under the draws; weights of rows are made only if one asks for them."""
    if not statistics:
        return np.empty((0, len(draws)))
    rows = None
    if not all(group.by_customer for group in statistics):
        rows = np.ascontiguousarray(draws.T, dtype=np.float64)[customer]
    return np.concatenate([group.kernel(draws if group.by_customer else rows) for group in statistics])


def _draws(n_customers: int, numbers: range, seed: int) -> Counts:
    """Count how often each customer was drawn in the draws with these numbers, shape (B, customers)."""
    found = np.zeros((len(numbers), n_customers), dtype=np.uint16)
    for row, number in zip(found, numbers, strict=True):
        rng = np.random.default_rng((seed, number))
        _count(rng.integers(n_customers, size=n_customers, dtype=np.uint32), row)
    return found


@numba.njit(cache=True, nogil=True)
def _count(picks, counts):  # type: ignore[no-untyped-def]
    """Add one to the count of each pick."""
    for pick in picks:
        counts[pick] += 1


def _percentiles(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    if not values.size:
        return np.full(len(values), np.nan), np.full(len(values), np.nan)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="All-NaN slice encountered")
        low, high = np.nanquantile(values, [0.5 - _LEVEL / 2, 0.5 + _LEVEL / 2], axis=1)
    return low, high
