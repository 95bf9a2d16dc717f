"""What every policy has, and how it treats what is not known."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import pandas as pd

#: Columns made from public accounts. A policy that needs one of them uses influence, and says so.
INFLUENCE_COLUMNS = ("influence", "expected_reach", "followers", "bought_score")


class Policy(Protocol):
    """What every policy has; ``needs`` are the columns of ``scored`` without which it cannot be run."""

    @property
    def name(self) -> str:
        """Short name, used in tables."""

    @property
    def about(self) -> str:
        """One sentence for a reader of the report."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns that must be there and not missing everywhere."""

    @property
    def uses_influence(self) -> bool:
        """Whether somebody's public account can change the order; shown wherever the queue is."""

    def priority(self, scored: pd.DataFrame) -> pd.Series[float]:
        """Higher is answered earlier; one number per row, none missing, ties allowed."""


def unknown_last(values: pd.Series) -> pd.Series[float]:
    """Fill what is unknown with a number below everything known: 0, or lower where 0 itself is known.

    Examples
    --------
    >>> unknown_last(pd.Series([3.0, None, 0.0])).tolist()
    [3.0, -1.0, 0.0]
    """
    known = values.astype(float)
    lowest = known.min()
    return known.fillna(0.0 if np.isnan(lowest) else min(0.0, float(lowest) - 1.0))
