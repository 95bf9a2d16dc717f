"""Standard errors of AUROC without resampling: DeLong's, in one sort, weighted and by customer.

The AUROC is a mean over pairs of an event and a non-event. Its error is found from each row's placement: the
share of the rows of the other kind that it is on the right side of. Placements come from running sums over the
sorted scores, so n rows take O(n log n) steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from retaliation_risk._validate import within
from retaliation_risk.metrics._arrays import BoolArray, FloatArray, IntArray, as_events, as_groups, as_numbers


@dataclass(frozen=True)
class AurocDifference:
    """What :func:`compare_auroc` found.

    Attributes
    ----------
    value : float
        AUROC of the one score minus that of the other, in [-1, 1].
    standard_error : float
        Of the difference, at least 0.
    low, high : float
        Its interval by the normal curve.
    p_value : float
        Two-sided, of no difference; 1 if the two order all rows alike.
    """

    value: float
    standard_error: float
    low: float
    high: float
    p_value: float


def auroc_covariance(
    event: ArrayLike,
    scores: Sequence[ArrayLike],
    *,
    weight: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
) -> tuple[FloatArray, FloatArray]:
    """AUROC of several scores on the same rows, and the covariance of their estimates.

    Parameters
    ----------
    event : array of bool, shape (n,)
    scores : sequence of k arrays of float, shape (n,)
        Higher means likelier. Only the order matters; ties count half; missing values are refused.
    weight : array of float, shape (n,), optional
        Weights from 0, taken as known. Those for censoring (IPCW) were estimated; in simulation the interval of a
        difference held as often as it says all the same (docs/metrics.md).
    cluster : array, shape (n,), optional
        The customer of each row. Rows of one customer may lean on each other in any way, customers may not.
        Without it every row stands alone.

    Returns
    -------
    auroc : array of float, shape (k,)
        In [0, 1]; NaN without events or without non-events.
    covariance : array of float, shape (k, k)
        NaN with fewer than two customers with an event, or fewer than two with a non-event.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson (1988), doi:10.2307/2531595; in one sort Sun and Xu (2014),
    doi:10.1109/LSP.2014.2337313; clusters Obuchowski (1997), doi:10.2307/2533958

    Notes
    -----
    With W and V the weights of all events and of all non-events, an event i adds ``w_i (P_i - AUROC) / W`` to
    the error, with P_i the weighted share of the non-events below it, and a non-event ``v_j (P_j - AUROC) / V``
    with P_j the share of the events above it. These are summed by customer and squared, those of events and of
    non-events each times I / (I - 1) for I customers who have any; without weights and clusters that is DeLong's
    formula, without weights Obuchowski's.

    Examples
    --------
    >>> event, risk, calls = [1, 1, 1, 0, 0, 0, 0], [9, 8, 3, 5, 2, 1, 1], [4, 1, 5, 3, 2, 2, 0]
    >>> auroc, covariance = auroc_covariance(event, [risk, calls])
    >>> auroc.round(3).tolist(), covariance.round(4).tolist()
    ([0.917, 0.75], [[0.0139, -0.0081], [-0.0081, 0.0694]])
    """
    hit = as_events(event)
    n = len(hit)
    weights = np.ones(n) if weight is None else as_numbers("weight", weight, n)
    customer = np.arange(n) if cluster is None else as_groups(cluster, n)
    parts = [_parts(hit, as_numbers("score", score, n), weights) for score in scores]
    hits, misses = (np.stack([_sum_by(customer, error * of) for _, error in parts]) for of in (hit, ~hit))
    some = weights > 0
    of_hits, of_misses, of_all = (
        _spread(len(np.unique(customer[some & kept]))) for kept in (hit, ~hit, np.ones(n, dtype=bool))
    )
    mixed = hits @ misses.T
    covariance = of_hits * hits @ hits.T + of_misses * misses @ misses.T + of_all * (mixed + mixed.T)
    return np.array([value for value, _ in parts]), covariance


def compare_auroc(
    event: ArrayLike,
    score: ArrayLike,
    other: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
) -> AurocDifference:
    """Paired difference in AUROC of two scores on the same rows, by DeLong.

    Parameters
    ----------
    event : array of bool, shape (n,)
    score, other : array of float, shape (n,)
        Higher means likelier; the difference is that of ``score`` minus that of ``other``.
    weight, cluster
        As in :func:`auroc_covariance`.
    level : float, default 0.95
        Of the interval, in (0, 1).

    Returns
    -------
    AurocDifference
        All but the value are NaN where the error is unknown.

    Examples
    --------
    >>> found = compare_auroc([1, 1, 1, 0, 0, 0, 0], [9, 8, 3, 5, 2, 1, 1], [4, 1, 5, 3, 2, 2, 0])
    >>> round(found.value, 3), round(found.standard_error, 3), round(found.p_value, 3)
    (0.167, 0.315, 0.597)
    """
    within("level", level, 0, 1)
    auroc, covariance = auroc_covariance(event, [score, other], weight=weight, cluster=cluster)
    return paired_difference(auroc, covariance, 0, 1, level)


def paired_difference(
    auroc: FloatArray, covariance: FloatArray, ahead: int, behind: int, level: float = 0.95
) -> AurocDifference:
    """Difference of two of the scores of :func:`auroc_covariance`, named by their places.

    Examples
    --------
    >>> paired_difference(np.array([0.8, 0.7]), np.diag([0.0009, 0.0016]), 0, 1).standard_error
    0.05
    """
    value = float(auroc[ahead] - auroc[behind])
    one, other = float(covariance[ahead, ahead]), float(covariance[behind, behind])
    variance = one + other - 2 * float(covariance[ahead, behind])
    # Of two scores that order all rows alike nothing but rounding is left.
    error = 0.0 if variance <= 1e-12 * (one + other) else float(np.sqrt(variance))
    margin = float(ndtri(0.5 + level / 2)) * error
    return AurocDifference(value, error, value - margin, value + margin, normal_p_value(value, error))


def normal_p_value(value: float, standard_error: float) -> float:
    """Two-sided p value of an estimate that is normal around 0 if there is nothing to find.

    Examples
    --------
    >>> round(normal_p_value(1.96, 1.0), 3), normal_p_value(0.0, 0.0)
    (0.05, 1.0)
    """
    if standard_error > 0:
        return float(2 * ndtr(-abs(value) / standard_error))
    return 1.0 if standard_error == 0 and value == 0 else float("nan")


def _parts(hit: BoolArray, score: FloatArray, weight: FloatArray) -> tuple[float, FloatArray]:
    """AUROC, and what each row adds to its error."""
    rank = np.unique(score, return_inverse=True)[1]
    hits, misses = weight * hit, weight * ~hit
    placed = np.where(hit, _below(rank, misses), 1.0 - _below(rank, hits))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = weight / np.where(hit, hits.sum(), misses.sum())
    value = float((share * placed)[hit].sum()) if hit.any() else float("nan")
    return value, share * (placed - value)


def _below(rank: IntArray, weight: FloatArray) -> FloatArray:
    """Share of all weight at lower ranks, and half of that at the same one."""
    here = np.bincount(rank, weight)
    upto = np.cumsum(here)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: FloatArray = ((upto - here / 2) / upto[-1:])[rank]
    return found


def _sum_by(customer: IntArray, values: FloatArray) -> FloatArray:
    found: FloatArray = np.bincount(customer, values).astype(np.float64)
    return found


def _spread(n: int) -> float:
    """Return what makes a mean of n squares stand for a variance; NaN below two."""
    return n / (n - 1) if n > 1 else float("nan")
