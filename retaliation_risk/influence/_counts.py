"""Counts of people as logarithms, checked; and values spread over 1 to 100 by rank."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from retaliation_risk.errors import ArgumentError

Floats = npt.NDArray[np.float64]

LOWEST, HIGHEST = 1.0, 100.0


def as_counts(values: npt.ArrayLike, name: str) -> Floats:
    """Return the values as floats; NaN stays NaN, negative and infinite ones are refused (RR111)."""
    counts = np.asarray(values, dtype=np.float64)
    if wrong := int(((counts < 0) | np.isinf(counts)).sum()):
        raise ArgumentError(
            "RR111", f"{wrong} values of {name} are below 0 or infinite (least: {np.nanmin(counts):g})."
        )
    return counts


def log_count(values: npt.ArrayLike, name: str) -> Floats:
    """Return log1p of the values; NaN stays NaN, negative and infinite ones are refused.

    Examples
    --------
    >>> log_count([0, np.nan], "followers").tolist()
    [0.0, nan]
    """
    return np.log1p(as_counts(values, name))


def rank_scale(asked: Floats, among: Floats) -> Floats:
    """Rank of each value among the sorted values ``among``, spread evenly over 1 to 100; NaN stays NaN.

    Ties are equal, values outside have the edge, and with fewer than two to compare with everyone known has the
    middle.

    Examples
    --------
    >>> rank_scale(np.array([5.0, np.nan, 2.0, 9.0]), np.array([1.0, 2.0, 3.0])).tolist()
    [100.0, nan, 50.5, 100.0]
    """
    score = np.full(asked.shape, np.nan)
    known = ~np.isnan(asked)
    if len(among) < 2:
        score[known] = (LOWEST + HIGHEST) / 2
        return score
    # Ranks start at 0; the middle of the positions that equal accounts take up.
    left, right = (np.searchsorted(among, asked[known], side) for side in ("left", "right"))
    share = np.clip((left + right - 1) / 2 / (len(among) - 1), 0, 1)
    score[known] = LOWEST + (HIGHEST - LOWEST) * share
    return score
