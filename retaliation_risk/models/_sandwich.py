"""Cluster-robust covariance of a Cox model from its score residuals, in one pass over the sorted rows.

lifelines computes the same residuals with a loop that grows with the square of the rows (hours at 50,000),
so only its fit is used and the sandwich is made here.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def score_residuals(Z: Floats, duration: Floats, event: Bools, coefficients: Floats) -> Floats:
    """Each row's share of the score of the Efron partial likelihood, shape (n, n_features).

    At a time with d deaths the k-th of them (k = 0 .. d-1) is compared with a risk set in which each of the
    d deaths counts 1 - k/d. The columns sum to the gradient, so to 0 where no penalty holds the fit back.

    References
    ----------
    Lin and Wei (1989), doi:10.1080/01621459.1989.10478874; Therneau and Grambsch (2000), section 4.6.
    """
    # Times ascending, deaths first within a time: the risk set of a time is then a tail of the rows.
    order = np.lexsort((~event, duration))
    Z, t, dead = Z[order], duration[order], event[order]
    relative = np.exp(Z @ coefficients)
    weighted = relative[:, None] * Z
    tail0 = np.cumsum(relative[::-1])[::-1]
    tail1 = np.cumsum(weighted[::-1], axis=0)[::-1]

    deaths = np.flatnonzero(dead)
    first, group, count = np.unique(t[deaths], return_index=True, return_inverse=True, return_counts=True)[1:]
    share = (np.arange(len(deaths)) - first[group]) / count[group]
    own0 = np.add.reduceat(relative[deaths], first)
    own1 = np.add.reduceat(weighted[deaths], first, axis=0)
    start = np.searchsorted(t, t[deaths[first]], side="left")
    total = tail0[start][group] - share * own0[group]
    mean = (tail1[start][group] - share[:, None] * own1[group]) / total[:, None]

    hazard = np.add.reduceat(1 / total, first)
    moment = np.add.reduceat(mean / total[:, None], first, axis=0)
    # What a death is spared at its own time, because it counts only 1 - k/d there.
    spared = np.add.reduceat(share / total, first)
    spared_moment = np.add.reduceat(share[:, None] * mean / total[:, None], first, axis=0)

    last = np.searchsorted(t[deaths[first]], t, side="right")
    reached0 = np.concatenate([[0.0], np.cumsum(hazard)])[last]
    reached1 = np.vstack([np.zeros(Z.shape[1]), np.cumsum(moment, axis=0)])[last]
    scores = -relative[:, None] * (Z * reached0[:, None] - reached1)
    mean_at_death = (np.add.reduceat(mean, first, axis=0) / count[:, None])[group]
    back = relative[deaths, None] * (Z[deaths] * spared[group][:, None] - spared_moment[group])
    scores[deaths] += Z[deaths] - mean_at_death + back
    out: Floats = np.empty_like(scores)
    out[order] = scores
    return out


def cluster_covariance(residuals: Floats, cluster: npt.NDArray[np.int64], covariance: Floats) -> Floats:
    """Sandwich: ``covariance`` around the crossproduct of residuals summed within clusters.

    Examples
    --------
    >>> cluster_covariance(np.array([[1.0], [1.0], [-2.0]]), np.array([0, 0, 1]), np.array([[0.5]])).tolist()
    [[2.0]]
    """
    sums = np.zeros((int(cluster.max()) + 1, residuals.shape[1]))
    np.add.at(sums, cluster, residuals)
    sandwich = covariance @ (sums.T @ sums) @ covariance
    return np.asarray((sandwich + sandwich.T) / 2)
