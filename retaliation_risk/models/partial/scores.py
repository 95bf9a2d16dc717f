"""Each row's share of the score, and the sandwich made of their sums within clusters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from retaliation_risk.models.partial.exact import Conditional, conditional
from retaliation_risk.models.partial.likelihood import Hazards, hazards
from retaliation_risk.models.partial.risk import RiskSets
from retaliation_risk.models.partial.rows import Floats, Ints

Likelihood = Hazards | Conditional


def likelihood_at(sets: RiskSets, beta: Floats, ties: str) -> Likelihood:
    """Likelihood of the rows at the standardised coefficients; ``ties`` as in :class:`CoxFit`."""
    return conditional(sets, beta) if ties == "exact" else hazards(sets, beta)


def score_columns(at: Likelihood, sets: RiskSets) -> Callable[[int], Floats]:
    """Make the function that gives one column of the score residuals, shape (n_used,), per standardised unit.

    Columns sum (with weights) to the gradient. Rows that have no event carry minus their risk times what they
    lived through; rows that have one are compared with the mean of those at risk.

    References
    ----------
    Therneau, Grambsch and Fleming (1990), doi:10.1093/biomet/77.1.147; Lin and Wei (1989),
    doi:10.1080/01621459.1989.10478874.
    """
    return _conditional(at, sets) if isinstance(at, Conditional) else _partial(at)


def _partial(at: Hazards) -> Callable[[int], Floats]:
    sets = at.sets
    one, some, more = at.inverse
    lived, ratio = at.lived(), np.exp(at.eta)
    per_death = 1 / (sets.mean_weight * np.diff(sets.opens, append=len(sets.deaths)))

    def column(j: int) -> Floats:
        z, s = sets.Z[:, j], at.S1[:, j]
        d = at.D1[:, j] if len(at.D1) else np.zeros_like(s)
        moment = sets.up_to(s * one - d * some, at.hazard)
        moment[sets.deaths] -= (s * some - d * more)[sets.group]
        scores = ratio * (moment - z * lived)
        mean = (s * at.hazard - d * at.spared) * per_death
        scores[sets.deaths] += z[sets.deaths] - mean[sets.group]
        return scores

    return column


def _conditional(at: Conditional, sets: RiskSets) -> Callable[[int], Floats]:
    cases = np.bincount(sets.last, sets.event)

    def column(j: int) -> Floats:
        z = sets.Z[:, j]
        mean = np.bincount(sets.last, at.chance * z) / cases
        scores: Floats = (sets.event - at.chance) * (z - mean[sets.last])
        return scores

    return column


def cluster_sums(at: Likelihood, sets: RiskSets, cluster: Ints) -> Floats:
    """Weighted score residuals summed within clusters, shape (n_clusters, p); ``cluster`` is of all rows."""
    column = score_columns(at, sets)
    of, n = cluster[sets.rows], int(cluster.max()) + 1
    sums = [np.bincount(of, sets.weight * column(j), n) for j in range(sets.Z.shape[1])]
    return np.stack(sums, axis=1)
