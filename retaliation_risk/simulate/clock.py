"""Days since the epoch, and how they become the times and ids of the tables."""

from __future__ import annotations

import hashlib
import hmac

import numpy as np
import numpy.typing as npt

EPOCH = np.datetime64("2024-01-01T00:00:00", "us")
SECONDS = 86_400
SPAN = 2**32  # more seconds than any history has: whole numbers number * SPAN + second sort alike
WIDE = 1e5  # more days than any history has: customer * WIDE + day sorts by customer, then by day
DEMO_KEY = b"retaliation-risk demonstration key"

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]
Times = npt.NDArray[np.datetime64]


def whole_seconds(days: Floats) -> Floats:
    """Cut days down to whole seconds, still in days.

    Examples
    --------
    >>> whole_seconds(np.array([0.00002])) * 86400
    array([1.])
    """
    return np.floor(days * SECONDS + 1e-6) / SECONDS


def to_times(days: Floats) -> Times:
    """Turn days since 2024-01-01 UTC into naive UTC times of whole seconds; NaN becomes NaT.

    Examples
    --------
    >>> to_times(np.array([0.5, np.nan]))
    array(['2024-01-01T12:00:00.000000', 'NaT'], dtype='datetime64[us]')
    """
    missing = np.isnan(days)
    seconds = np.floor(np.where(missing, 0.0, days) * SECONDS + 1e-6).astype(np.int64)
    times: Times = EPOCH + (seconds * 1_000_000).astype("timedelta64[us]")
    times[missing] = np.datetime64("NaT")
    return times


def to_days(times: npt.ArrayLike) -> Floats:
    """Turn naive UTC times into days since 2024-01-01.

    Examples
    --------
    >>> to_days(np.array(["2024-01-02T12:00"], dtype="datetime64[us]"))
    array([1.5])
    """
    days: Floats = (np.asarray(times, dtype="datetime64[us]") - EPOCH).astype(np.int64) / (SECONDS * 1e6)
    return days


def text_ids(letter: str, count: int, first: int = 0) -> Objects:
    """Ids as text, of equal length up to ten million; ``first`` is the number of the first.

    Examples
    --------
    >>> text_ids("C", 2).tolist()
    ['C0000000', 'C0000001']
    """
    return np.array([f"{letter}{number:07d}" for number in range(first, first + count)], dtype=object)


def contact_key(address: str) -> str:
    """Keyed hash of an invented address, under a key that is public because nothing here is secret.

    Examples
    --------
    >>> len(contact_key("c1@example.org"))
    64
    """
    return hmac.digest(DEMO_KEY, address.strip().lower().encode(), hashlib.sha256).hex()


def take(words: tuple[str, ...], index: npt.NDArray[np.integer]) -> Objects:
    """Words by index, as an object array."""
    taken: Objects = np.array(words, dtype=object)[index]
    return taken


def ragged(counts: Ints) -> tuple[Ints, Ints]:
    """Row of the owner and position within the owner, for ``counts`` items each.

    Examples
    --------
    >>> ragged(np.array([2, 0, 1]))
    (array([0, 0, 2]), array([0, 1, 0]))
    """
    owner = np.repeat(np.arange(len(counts)), counts)
    first = np.cumsum(counts) - counts
    return owner, np.arange(len(owner)) - first[owner]
