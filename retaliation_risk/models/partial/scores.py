"""Each row's share of the score, and the sandwich made of their sums within clusters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from retaliation_risk.models.partial.exact import Conditional, conditional
from retaliation_risk.models.partial.likelihood import Hazards, hazards
from retaliation_risk.models.partial.risk import RiskSets
from retaliation_risk.models.partial.rows import Floats, Ints, Rows

Likelihood = Hazards | Conditional

# A member this sure to be the case was compared with nobody.
_ALONE = 1e-12


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


def expected_events(at: Likelihood) -> Floats:
    """Events each row should have had by the model, shape (n_used,); in a sampled set, its chance to be a case."""
    return at.chance if isinstance(at, Conditional) else np.exp(at.eta) * at.lived()


def score_variance(at: Likelihood, sets: RiskSets, rows: Rows) -> Floats:
    """Variance of the score from its sums within clusters, shape (p, p): the middle of the sandwich.

    References
    ----------
    Lin and Wei (1989), doi:10.1080/01621459.1989.10478874.
    """
    assert rows.cluster is not None
    if rows.sampled:
        return _sampled_variance(at, sets, rows)
    return cluster_variance(at, sets, rows.cluster)


def _sampled_variance(at: Likelihood, sets: RiskSets, rows: Rows) -> Floats:
    """Variance within sets, by their own sums, and between sets, by what a cluster's rows of different sets share.

    Somebody of a set had to be the case, so its members' residuals lean against each other; summed by customer alone they
    lose 1 / (m + 1) of the variance of a set with m controls. docs/method.md has the argument.
    """
    assert rows.cluster is not None
    factor = _in_cohort(at, sets)
    pair = np.unique(rows.cluster * len(rows.strata) + rows.stratum, return_inverse=True)[1].astype(np.int64)
    shared = cluster_variance(at, sets, rows.cluster, factor) - cluster_variance(at, sets, pair, factor)
    within = cluster_variance(at, sets, rows.stratum)
    total = within + shared
    # A difference may fall below 0 in small samples; sets that seem to undo each other are then taken as independent.
    return total if np.linalg.eigvalsh(total)[0] > 0 else within + _positive(shared)


def _in_cohort(at: Likelihood, sets: RiskSets) -> Floats:
    """How many times a row counts between sets, so that a customer's terms add up to those in the whole cohort.

    Over 1 less its chance to be the case: a case is then compared with the others of its set, and a control, who is only
    drawn now and then, also stands for the times as a case. In sets of several cases their share is that chance.
    """
    cases, size = (np.bincount(sets.last, part)[sets.last] for part in (sets.event, None))
    alone = 1 - np.where(cases == 1, expected_events(at), cases / size)
    return np.where(alone > _ALONE, 1 / np.maximum(alone, _ALONE), 0.0)


def cluster_variance(at: Likelihood, sets: RiskSets, cluster: Ints, factor: Floats | None = None) -> Floats:
    """Crossproduct of weighted score residuals, each times its ``factor``, summed within clusters (of all rows)."""
    column, of = score_columns(at, sets), cluster[sets.rows]
    weight = sets.weight if factor is None else sets.weight * factor
    n = int(cluster.max()) + 1
    sums = np.empty((n, sets.Z.shape[1]))
    for j in range(sets.Z.shape[1]):
        sums[:, j] = np.bincount(of, weight * column(j), n)
    return np.asarray(sums.T @ sums)


def _positive(matrix: Floats) -> Floats:
    """Set eigenvalues below 0 to 0."""
    values, vectors = np.linalg.eigh(matrix)
    positive: Floats = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return positive
