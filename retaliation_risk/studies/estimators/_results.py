"""The one table of results: term, estimate, se, z, p, low, high."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, ndtri

from retaliation_risk.errors import ArgumentError

Floats = npt.NDArray[np.float64]


def half_width(level: float) -> float:
    """Count the standard errors on each side of an interval by the normal curve; RR111 unless ``level`` is in (0, 1).

    Examples
    --------
    >>> round(half_width(0.95), 3)
    1.96
    """
    if not 0 < level < 1:
        raise ArgumentError("RR111", f"level is {level!r}; it must be in (0, 1).")
    return float(ndtri(0.5 + level / 2))


def tidy(terms: Sequence[str], estimates: Floats, errors: Floats, level: float) -> pd.DataFrame:
    """Table of estimates, shape (t,), with z and two-sided p of 0 and intervals by the normal curve.

    Examples
    --------
    >>> tidy(["a ~ b"], np.array([2.0]), np.array([1.0]), 0.95).round(3)
        term  estimate   se    z      p   low  high
    0  a ~ b       2.0  1.0  2.0  0.046  0.04  3.96
    """
    margin = half_width(level) * errors
    with np.errstate(divide="ignore", invalid="ignore"):
        z = estimates / errors
    return pd.DataFrame(
        {
            "term": list(terms),
            "estimate": estimates,
            "se": errors,
            "z": z,
            "p": 2 * ndtr(-np.abs(z)),
            "low": estimates - margin,
            "high": estimates + margin,
        }
    )
