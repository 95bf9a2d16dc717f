"""Moments to learn from and moments to judge at."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd


def landmarks(
    first: pd.Timestamp, now: pd.Timestamp, *, horizon_days: float, every_days: float, n_test: int
) -> tuple[tuple[pd.Timestamp, ...], tuple[pd.Timestamp, ...]]:
    """Return all moments whose horizon has passed by ``now``, and the latest of them to judge at, both in order.

    A moment can be judged at when at least one other lies a whole horizon before it, so that a model can be trained on
    outcomes that had all happened by then.

    Parameters
    ----------
    first, now : Timestamp
        Beginning and end of what is known.
    horizon_days, every_days : float
        How far ahead a risk looks, and the distance between moments; above 0.
    n_test : int
        Most moments to judge at.

    Examples
    --------
    >>> first, now = pd.Timestamp("2025-01-01"), pd.Timestamp("2025-04-11")
    >>> every, test = landmarks(first, now, horizon_days=30, every_days=30, n_test=1)
    >>> [str(moment.date()) for moment in every], [str(moment.date()) for moment in test]
    (['2025-01-11', '2025-02-10', '2025-03-12'], ['2025-03-12'])
    """
    horizon, step = pd.Timedelta(days=horizon_days), pd.Timedelta(days=every_days)
    moments: list[pd.Timestamp] = []
    moment = now - horizon
    while moment > first:
        moments.insert(0, moment)
        moment -= step
    return tuple(moments), judged(moments, horizon_days=horizon_days, n_test=n_test)


def judged(moments: Sequence[pd.Timestamp], *, horizon_days: float, n_test: int) -> tuple[pd.Timestamp, ...]:
    """Return the latest of these moments, in order, that at least one other lies a whole horizon before.

    Examples
    --------
    >>> moments = pd.date_range("2025-01-01", periods=4, freq="20D")
    >>> [str(moment.date()) for moment in judged(moments, horizon_days=30, n_test=5)]
    ['2025-02-10', '2025-03-02']
    """
    able = [moment for moment in moments if moments[0] + pd.Timedelta(days=horizon_days) <= moment]
    return tuple(able[-n_test:])


def later_landmarks(
    since: pd.Timestamp, now: pd.Timestamp, *, horizon_days: float, every_days: float, n_test: int
) -> tuple[pd.Timestamp, ...]:
    """Return the latest moments, in order, at or after ``since`` whose horizon has passed by ``now``.

    Examples
    --------
    >>> since, now = pd.Timestamp("2025-01-01"), pd.Timestamp("2025-03-12")
    >>> later = later_landmarks(since, now, horizon_days=30, every_days=20, n_test=9)
    >>> [str(moment.date()) for moment in later]
    ['2025-01-01', '2025-01-21', '2025-02-10']
    """
    # A model that knew nothing from ``since`` on may be judged at that very moment.
    before, steps = (
        since - pd.Timedelta(microseconds=1),
        {"horizon_days": horizon_days, "every_days": every_days},
    )
    return landmarks(before, now, **steps, n_test=n_test)[0][-n_test:]


def weeks(since: pd.Timestamp, now: pd.Timestamp) -> tuple[pd.Timestamp, ...]:
    """Return moments a week apart, from ``since`` on, each with a whole week before ``now``.

    Examples
    --------
    >>> [str(moment.date()) for moment in weeks(pd.Timestamp("2025-01-01"), pd.Timestamp("2025-01-17"))]
    ['2025-01-01', '2025-01-08']
    """
    week = pd.Timedelta(days=7)
    return tuple(since + k * week for k in range(max(int((now - since) // week), 0)))
