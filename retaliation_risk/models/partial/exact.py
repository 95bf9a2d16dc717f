r"""The exact conditional likelihood of sampled risk sets: which members are the cases, given how many.

For a set with d cases the likelihood is the product of the cases' risks over the sum of that product over all
subsets of d members. The sum is an elementary symmetric polynomial; it and its derivatives come from adding
the members one by one. With one case per set it is the partial likelihood within sets.

References
----------
Gail, Lubin and Rubinstein (1981), doi:10.1093/biomet/68.3.703; Thomas (1977), doi:10.2307/2345182;
Langholz and Goldstein (1996), doi:10.1214/ss/1032209663.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from retaliation_risk.models.partial.risk import RiskSets
from retaliation_risk.models.partial.rows import Floats, Ints
from retaliation_risk.models.partial.sums import linear

_CELLS = 2_000_000


@dataclass(frozen=True)
class Conditional:
    """Likelihood, gradient, information and, given how many cases a set has, each row's chance to be one."""

    log_likelihood: float
    score: Floats
    second: Floats
    chance: Floats

    def gradient(self) -> Floats:
        """Score vector."""
        return self.score

    def information(self) -> Floats:
        """Minus the second derivative."""
        return self.second


def conditional(sets: RiskSets, beta: Floats) -> Conditional:
    """Add up all sets at the standardised coefficients ``beta``; sets of one shape are computed together."""
    eta = linear(sets.Z, beta) + sets.offset
    p = sets.Z.shape[1]
    fitted, score, second, chance = 0.0, np.zeros(p), np.zeros((p, p)), sets.event.astype(np.float64)
    for members, cases in _shapes(sets):
        weight = sets.weight[members[:, 0]]
        own = eta[members]
        # The scale of each set does not matter; the d largest risks multiply to 1 so that nothing overflows.
        own = own - np.sort(own, axis=1)[:, -cases:].mean(axis=1, keepdims=True)
        Z, case = sets.Z[members], sets.event[members]
        total, first, last = _polynomial(np.exp(own), Z, cases)
        mean = first / total[:, None]
        fitted += float(weight @ ((own * case).sum(axis=1) - np.log(total)))
        score += weight @ ((Z * case[:, :, None]).sum(axis=1) - mean)
        second += np.einsum("g,gij->ij", weight / total, last) - (mean * weight[:, None]).T @ mean
        chance[members] = _chances(np.exp(own), cases)
    return Conditional(fitted, score, second, chance)


def _shapes(sets: RiskSets) -> Iterator[tuple[Ints, int]]:
    """Members (n_sets, size) of sets with equal size and number of cases, in blocks."""
    order = np.argsort(sets.last, kind="stable")
    size = np.bincount(sets.last)
    begins = np.cumsum(size) - size
    cases = np.diff(sets.opens, append=len(sets.deaths))
    shapes, shape = np.unique(np.stack([size, cases], axis=1), axis=0, return_inverse=True)
    for number, (members, d) in enumerate(shapes.tolist()):
        if members == d:
            continue  # All are cases: nothing was compared.
        chosen = np.flatnonzero(shape.ravel() == number)
        block = max(1, _CELLS // ((d + 1) * sets.Z.shape[1] ** 2 + members))
        for low in range(0, len(chosen), block):
            yield order[begins[chosen[low : low + block], None] + np.arange(members)], d


def _polynomial(risk: Floats, Z: Floats, d: int) -> tuple[Floats, Floats, Floats]:
    """Sum over subsets of d members of the product of their risks, and its first and second derivative."""
    n_sets, size, p = Z.shape
    total = np.zeros((n_sets, d + 1))
    total[:, 0] = 1.0
    first = np.zeros((n_sets, d + 1, p))
    second = np.zeros((n_sets, d + 1, p, p))
    for i in range(size):
        r, z = risk[:, i], Z[:, i]
        # From large subsets to small, so that each member is taken once.
        for k in range(min(i + 1, d), 0, -1):
            cross = z[:, :, None] * first[:, k - 1, None, :]
            square = z[:, :, None] * z[:, None, :] * total[:, k - 1, None, None]
            second[:, k] += r[:, None, None] * (second[:, k - 1] + cross + cross.transpose(0, 2, 1) + square)
            first[:, k] += r[:, None] * (first[:, k - 1] + z * total[:, k - 1, None])
            total[:, k] += r * total[:, k - 1]
    return total[:, d], first[:, d], second[:, d]


def _chances(risk: Floats, d: int) -> Floats:
    """Chance of each member to be among the d cases, shape (n_sets, size)."""
    n_sets, size = risk.shape
    ahead = np.zeros((size + 1, n_sets, d + 1))
    behind = np.zeros((size + 1, n_sets, d + 1))
    ahead[0, :, 0] = behind[size, :, 0] = 1.0
    for i in range(size):
        ahead[i + 1] = ahead[i]
        ahead[i + 1, :, 1:] += risk[:, i, None] * ahead[i, :, :-1]
        j = size - 1 - i
        behind[j] = behind[j + 1]
        behind[j, :, 1:] += risk[:, j, None] * behind[j + 1, :, :-1]
    without = np.einsum("igk,igk->gi", ahead[:size, :, :d], behind[1:, :, d - 1 :: -1][:, :, :d])
    chances: Floats = risk * without / ahead[size, :, d][:, None]
    return chances
