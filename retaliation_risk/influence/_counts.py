"""Counts of people as logarithms, checked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from retaliation_risk.errors import ArgumentError

Floats = npt.NDArray[np.float64]


def log_count(values: npt.ArrayLike, name: str) -> Floats:
    """Return log1p of the values; NaN stays NaN, negative and infinite ones are refused.

    Examples
    --------
    >>> log_count([0, np.nan], "followers").tolist()
    [0.0, nan]
    """
    counts = np.asarray(values, dtype=np.float64)
    if wrong := int(((counts < 0) | np.isinf(counts)).sum()):
        raise ArgumentError(
            "RR111", f"{wrong} values of {name} are below 0 or infinite (least: {np.nanmin(counts):g})."
        )
    return np.log1p(counts)
