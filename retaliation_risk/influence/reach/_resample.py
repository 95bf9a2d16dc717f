"""Whom to draw: customers with all their rows, as often as chance says."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Customers with an act below which a percentile interval is far too narrow to be given.
FEWEST_CUSTOMERS = 10


def codes_of(customer: npt.ArrayLike | None, n: int) -> Ints:
    """Give each row its customer's number, from 0; without customers each row is one of its own."""
    if customer is None:
        return np.arange(n)
    _, codes = np.unique(np.asarray(customer), return_inverse=True)
    return codes.reshape(-1)


def resampled_weights(codes: Ints, n_bootstrap: int, seed: int) -> Iterator[Floats]:
    """How often each row's customer was drawn, shape (n,), once per resample.

    Examples
    --------
    >>> next(resampled_weights(np.array([0, 0, 1]), 1, seed=1)).tolist()
    [1.0, 1.0, 1.0]
    """
    rng = np.random.default_rng(seed)
    n_customers = int(codes.max(initial=-1)) + 1
    for _ in range(n_bootstrap):
        picks = rng.integers(n_customers, size=n_customers)
        yield np.bincount(picks, minlength=n_customers).astype(np.float64)[codes]


def interval(draws: npt.ArrayLike, level: float) -> tuple[Floats, Floats]:
    """Percentile interval along the first axis; draws in which a value is undefined say nothing about it."""
    values = np.asarray(draws, dtype=np.float64)
    if not len(values):
        nothing = np.full(values.shape[1:], np.nan)
        return nothing, nothing
    never = np.isnan(values).all(axis=0)
    low, high = np.nanquantile(np.where(never, 0.0, values), [0.5 - level / 2, 0.5 + level / 2], axis=0)
    return np.where(never, np.nan, low), np.where(never, np.nan, high)
