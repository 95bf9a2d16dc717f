"""The few acts that spread: a generalised Pareto above a threshold that the acts themselves choose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import genpareto

from retaliation_risk.errors import ArgumentError
from retaliation_risk.influence.reach._newton import Floats

#: Shares of the acts seen that may make the tail, and the fewest acts that may.
SHARES = (0.25, 0.2, 0.15, 0.1, 0.075, 0.05, 0.025, 0.01)
FEWEST_ABOVE = 30
#: Below a shape of -1/2 the usual errors do not hold (Smith 1985, doi:10.1093/biomet/72.1.67), and no reach has so short a
#: tail.
LEAST_SHAPE = -0.5

# Search over log(1 + greatest excess * shape / scale), from the least shape on: 0 is the exponential, and 30 a tail over
# more than thirteen powers of ten.
_LEAST, _GREATEST, _STEPS = -30.0, 30.0, 50
_NEAR = 1e-9


@dataclass(frozen=True)
class Tail:
    """Generalised Pareto of what lies beyond the threshold.

    Attributes
    ----------
    threshold : float
        Reach beyond the floor above which the tail holds, above 0.
    scale : float
        People, above 0.
    shape : float
        0 is exponential; the mean is infinite from 1 on, the variance from 1/2 on.
    n_above : int
        Acts above the threshold.
    distance : float
        Kolmogorov-Smirnov distance between them and the fit, in [0, 1].
    """

    threshold: float
    scale: float
    shape: float
    n_above: int
    distance: float

    @property
    def mean_is_infinite(self) -> bool:
        """Whether no average of acts would ever settle."""
        return self.shape >= 1

    def share_above(self, excess: float | Floats) -> Floats:
        """Chance of more than ``excess`` people beyond the threshold, given that it was passed."""
        share: Floats = np.asarray(genpareto.sf(excess, self.shape, scale=self.scale))
        return share

    def mean_up_to(self, excess: float) -> float:
        """Mean of the lesser of ``excess`` and what lies beyond the threshold: finite whatever the shape.

        The area under the survival curve from 0 to ``excess``.

        Examples
        --------
        >>> Tail(10.0, 2.0, 0.5, 40, 0.0).mean_up_to(1e12)  # scale / (1 - shape) without a limit
        3.99999...
        >>> round(Tail(10.0, 2.0, 1.0, 40, 0.0).mean_up_to(1e6), 1)  # without a limit infinite
        26.2
        """
        if abs(self.shape) < _NEAR:
            return float(-self.scale * np.expm1(-excess / self.scale))
        if self.shape < 0 and excess >= -self.scale / self.shape:
            return self.scale / (1 - self.shape)
        grown = np.log1p(self.shape * excess / self.scale)
        if abs(1 - self.shape) < _NEAR:
            return float(self.scale * grown)
        return float(-self.scale * np.expm1(grown * (1 - 1 / self.shape)) / (1 - self.shape))


def fit_excess(excess: Floats) -> tuple[float, float]:
    """Fit a generalised Pareto from 0 by maximum likelihood.

    For a given shape / scale the best shape is a mean, which leaves one number to search (Grimshaw 1993,
    doi:10.1080/00401706.1993.10485040).

    Parameters
    ----------
    excess : array of float, shape (n,)
        Above 0, not all equal.

    Returns
    -------
    scale, shape : float
        The scale above 0, the shape from -1/2 on.

    Raises
    ------
    ArgumentError
        If ``excess`` has fewer than two different values or one not above 0.

    Examples
    --------
    >>> scale, shape = fit_excess(genpareto.ppf((np.arange(5000) + 0.5) / 5000, 0.4, scale=3))
    >>> round(scale, 1), round(shape, 2)
    (3.0, 0.4)
    """
    if len(excess) < 2 or not (excess > 0).all() or excess.min() == excess.max():
        raise ArgumentError("RR111", f"{len(excess)} excesses; they must be above 0 and not all equal.")
    unit = float(excess.max())
    scaled = excess / unit
    grid = np.linspace(_lowest(scaled), _GREATEST, _STEPS)
    best = int(np.argmin([_loss(at, scaled) for at in grid]))
    edges = grid[max(best - 1, 0)], grid[min(best + 1, _STEPS - 1)]
    at = float(minimize_scalar(_loss, bounds=edges, args=(scaled,), method="bounded").x)
    scale, shape = _at(at, scaled)
    return scale * unit, shape


def _at(at: float, excess: Floats) -> tuple[float, float]:
    """Scale and shape at one place of the search; the largest excess is 1."""
    slope = float(np.expm1(at))
    if abs(slope) < _NEAR:
        return float(excess.mean()), 0.0
    shape = float(np.log1p(slope * excess).mean())
    return shape / slope, shape


def _loss(at: float, excess: Floats) -> float:
    """Mean negative log-likelihood: log(scale) + shape + 1."""
    scale, shape = _at(at, excess)
    return float(np.log(scale) + shape + 1)


def _lowest(excess: Floats) -> float:
    """Where the search starts: the shape grows along it, and is the least one there."""
    if _at(_LEAST, excess)[1] > LEAST_SHAPE:
        return _LEAST
    return float(brentq(lambda at: _at(at, excess)[1] - LEAST_SHAPE, _LEAST, 0.0))


def fit_tail(excess: Floats) -> Tail | None:
    """Choose the threshold whose tail lies closest to a generalised Pareto, and fit it there.

    The thresholds tried leave a quarter, a fifth, ... of the acts above (``SHARES``), and at least 30. Among them the one
    with the least Kolmogorov-Smirnov distance wins, the lower one if equal: the rule of Clauset, Shalizi and Newman (2009,
    doi:10.1137/070710111), for another tail.

    Parameters
    ----------
    excess : array of float, shape (n,)
        Reach beyond the floor of the acts that were seen, above 0.

    Returns
    -------
    Tail or None
        None if no threshold leaves 30 acts above, not all alike: fewer than 120 acts, or many equal ones.

    Examples
    --------
    >>> tail = fit_tail(genpareto.ppf((np.arange(400) + 0.5) / 400, 0.5))
    >>> tail.n_above >= 30, abs(tail.shape - 0.5) < 0.1
    (True, True)
    >>> fit_tail(np.arange(1.0, 100.0)) is None
    True
    """
    order = np.sort(excess)
    tails = []
    for threshold in sorted({_threshold(order, share) for share in SHARES}):
        beyond = order[order > threshold] - threshold
        if len(beyond) >= FEWEST_ABOVE and beyond[0] < beyond[-1]:
            scale, shape = fit_excess(beyond)
            tails.append(Tail(threshold, scale, shape, len(beyond), _distance(beyond, scale, shape)))
    return min(tails, key=lambda tail: tail.distance, default=None)


def _threshold(order: Floats, share: float) -> float:
    """Find the value that a share of all acts lies above, were none of them equal."""
    if len(order) == 0:
        return float("inf")
    return float(order[max(len(order) - 1 - int(share * len(order)), 0)])


def _distance(order: Floats, scale: float, shape: float) -> float:
    said = genpareto.cdf(order, shape, scale=scale)
    n = len(order)
    return float(max((np.arange(1, n + 1) / n - said).max(), (said - np.arange(n) / n).max()))
