r"""The log partial likelihood with Efron's or Breslow's ties, its gradient and its information.

At an event time with d tied deaths of mean weight w, the k-th of them (k = 0 .. d-1) faces the risk set in which
the tied deaths D count 1 - k/d (Efron) or 1 (Breslow):

.. math::
    \ell(\beta) = \sum_{deaths} w_i \eta_i - \sum_t \bar w_t \sum_k \log(S^0_t - \tfrac{k}{d} D^0_t).

The second derivative needs second moments of every risk set only through their sum over time, and that sum is
a weighted crossproduct of rows: each row weighs its risk times the hazard that it lived through. So a step
costs one product over rows for the first moments, one crossproduct, and arithmetic on event times.

References
----------
Cox (1972), doi:10.1111/j.2517-6161.1972.tb00899.x; Efron (1977), doi:10.1080/01621459.1977.10480613;
Breslow (1974), doi:10.2307/2529620; Andersen and Gill (1982), doi:10.1214/aos/1176345976.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from retaliation_risk.models.partial.risk import CANCELLED, RiskSets
from retaliation_risk.models.partial.rows import Floats
from retaliation_risk.models.partial.sums import BLOCK, linear, running, weighted_sum


@dataclass(frozen=True)
class Hazards:
    """Everything that depends on the coefficients and sums over event times; arrays of shape (m,) or (m, p).

    ``risk`` is weight times exp(linear predictor less ``shift``), so sums and hazards are on that scale:
    S0, S1 over the risk set, D0, D1 over the tied deaths. ``hazard`` is the step of the baseline hazard,
    ``spared`` the part of it that a tied death does not live through. ``inverse`` holds the sums over k of
    share ** 0, 1, 2 times the k-th step over its denominator.
    """

    sets: RiskSets
    eta: Floats
    risk: Floats
    shift: float
    S0: Floats
    S1: Floats
    D1: Floats
    hazard: Floats
    spared: Floats
    inverse: tuple[Floats, Floats, Floats]
    log_likelihood: float

    def lived(self, factor: Floats | None = None) -> Floats:
        """Hazard that each row lived through, each event time's step times ``factor``; shape (n_used,)."""
        return self._lived if factor is None else self._lived_times(factor)

    @cached_property
    def _lived(self) -> Floats:
        return self._lived_times(np.ones_like(self.hazard))

    def _lived_times(self, factor: Floats) -> Floats:
        lived = self.sets.up_to(self.hazard * factor, self.hazard)
        lived[self.sets.deaths] -= (self.spared * factor)[self.sets.group]
        return lived

    def gradient(self, factor: Floats | None = None) -> Floats:
        """Score vector; with a ``factor`` for each event time, that of the columns factor * Z."""
        sets = self.sets
        rest = -self.risk * self.lived(factor)
        weight = sets.weight[sets.deaths]
        rest[sets.deaths] += weight if factor is None else weight * factor[sets.group]
        return weighted_sum(rest, sets.Z)

    def information(self, factor: Floats | None = None) -> Floats:
        """Minus the second derivative, each event time's part times ``factor``; shape (p, p)."""
        return self._information if factor is None else self._information_times(factor)

    @cached_property
    def _information(self) -> Floats:
        return self._information_times(None)

    def _information_times(self, factor: Floats | None) -> Floats:
        sets = self.sets
        second = crossproduct(sets.Z, sets.Z, self.risk * self.lived(factor))
        one, some, more = self.inverse if factor is None else (part * factor for part in self.inverse)
        second -= crossproduct(self.S1, self.S1, one)
        if len(self.D1):
            mixed = crossproduct(self.S1, self.D1, some)
            second += mixed + mixed.T - crossproduct(self.D1, self.D1, more)
        return (second + second.T) / 2


def crossproduct(left: Floats, right: Floats, weight: Floats) -> Floats:
    """``left.T @ diag(weight) @ right`` in blocks of rows.

    Examples
    --------
    >>> crossproduct(np.array([[1.0], [2.0]]), np.array([[3.0], [4.0]]), np.array([1.0, 0.5])).tolist()
    [[7.0]]
    """
    total = np.zeros((left.shape[1], right.shape[1]))
    for low in range(0, len(left), BLOCK):
        part = slice(low, low + BLOCK)
        total += left[part].T @ (right[part] * weight[part, None])
    return total


def hazards(sets: RiskSets, beta: Floats) -> Hazards:
    """Add up all risk sets at the standardised coefficients ``beta``."""
    eta = linear(sets.Z, beta) + sets.offset
    shift = float(eta.max())
    eta -= shift
    risk = sets.weight * np.exp(eta)
    S0, S1 = _moments(sets, risk)
    faced, D1 = S0[sets.group], np.zeros((0, len(beta)))
    if sets.share.any():
        faced, D1 = faced - sets.share * sets.tied(risk)[sets.group], sets.tied(risk, sets.Z)
    mean_weight = sets.mean_weight[sets.group]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        # A risk set may underflow far from the maximum: the likelihood is not finite then, the step halved.
        step = mean_weight / faced
        fitted = float(sets.weight[sets.deaths] @ eta[sets.deaths] - mean_weight @ np.log(faced))
        one, some, more = (np.add.reduceat(step / faced * sets.share**k, sets.opens) for k in range(3))
        hazard, spared = (np.add.reduceat(part, sets.opens) for part in (step, step * sets.share))
    if not np.isfinite(one).all():
        fitted = np.nan
    return Hazards(sets, eta, risk, shift, S0, S1, D1, hazard, spared, (one, some, more), fitted)


def _moments(sets: RiskSets, risk: Floats) -> tuple[Floats, Floats]:
    """S0 and S1 of every risk set.

    Where late entry makes a running sum cancel, it is made from the other end, and where that cancels too, from
    the members.
    """
    S0, S1 = sets.at_risk(risk), sets.at_risk(risk, sets.Z)
    if sets.entry is None:
        return S0, S1
    peak = running(S0, sets.first, backward=True, what=np.maximum)
    if (CANCELLED * peak < S0).all():
        return S0, S1
    F0, F1 = sets.at_risk(risk, backward=False), sets.at_risk(risk, sets.Z, backward=False)
    other = running(F0, sets.first, what=np.maximum)
    better = other < peak
    S0[better], S1[better] = F0[better], F1[better]
    for time in np.flatnonzero(CANCELLED * np.minimum(peak, other) >= S0):
        members = sets.members(int(time))
        S0[time] = risk[members].sum()
        S1[time] = risk[members] @ sets.Z[members]
    return S0, S1
