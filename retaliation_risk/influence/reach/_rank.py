"""Correlations as functions of the rows' weights, which is what a bootstrap asks for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from retaliation_risk.influence.reach._newton import Floats


def rank_kernel(x: Floats, y: Floats) -> Callable[[Floats], float]:
    """Spearman's rank correlation as a function of the rows' weights; equal values share their middle rank.

    Values are ordered once; each weighting then costs one pass. NaN where x or y does not vary.

    Examples
    --------
    >>> round(rank_kernel(np.array([1.0, 2, 2, 9]), np.array([3.0, 1, 5, 8]))(np.ones(4)), 4)
    0.6325
    """
    order_x, order_y = (np.unique(values, return_inverse=True)[1].reshape(-1) for values in (x, y))

    def kernel(weight: Floats) -> float:
        return correlation(_middle_ranks(order_x, weight), _middle_ranks(order_y, weight), weight)

    return kernel


def _middle_ranks(order: npt.NDArray[np.int64], weight: Floats) -> Floats:
    each = np.bincount(order, weights=weight)
    ranks: Floats = (np.cumsum(each) - each / 2)[order]
    return ranks


def correlation(x: Floats, y: Floats, weight: Floats) -> float:
    """Pearson's correlation of weighted rows; NaN where x or y does not vary.

    Examples
    --------
    >>> round(correlation(np.array([1.0, 2, 9]), np.array([2.0, 4, 0]), np.array([3.0, 5, 0])), 6)
    1.0
    """
    total = weight.sum()
    if total == 0:
        return float("nan")
    x, y = x - weight @ x / total, y - weight @ y / total
    scale = np.sqrt((weight @ x**2) * (weight @ y**2))
    return float(weight @ (x * y) / scale) if scale > 0 else float("nan")
