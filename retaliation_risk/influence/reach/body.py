"""What acts that are seen reach, below the tail: a log-normal regression on log followers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, ndtr

from retaliation_risk.influence.reach._newton import Floats, maximum
from retaliation_risk.influence.reach.hurdle import SHIFT_PART

_LOG_ROOT_2_PI = 0.5 * np.log(2 * np.pi)


@dataclass(frozen=True)
class Body:
    """Normal regression of the log of the reach beyond the floor.

    Attributes
    ----------
    intercept : float
        Mean log at the centre of log1p(followers).
    slope : float
        Change of the mean log per unit of log1p(followers).
    missing_shift : float
        Added to the intercept where followers are unknown.
    spread : float
        Standard deviation of the log around its mean, above 0.
    """

    intercept: float
    slope: float
    missing_shift: float
    spread: float

    def centre(self, design: Floats) -> Floats:
        """Mean log, shape (n,); ``design`` has columns one, centred log followers, unknown."""
        found: Floats = design @ np.array([self.intercept, self.slope, self.missing_shift])
        return found

    def share_above(self, excess: float | Floats, design: Floats) -> Floats:
        """Chance of more than ``excess`` people beyond the floor, shape (n,); 1 where ``excess`` is 0."""
        with np.errstate(divide="ignore"):
            share: Floats = ndtr((self.centre(design) - np.log(excess)) / self.spread)
        return share

    def mean_up_to(self, excess: float, design: Floats) -> Floats:
        """Mean of the reach beyond the floor with 0 in place of what is above ``excess``, shape (n,)."""
        centre, variance = self.centre(design), self.spread**2
        # In logs: with a wide spread the mean overflows where the part of it up to the excess does not.
        log_within = log_ndtr((np.log(excess) - centre - variance) / self.spread)
        found: Floats = np.exp(centre + variance / 2 + log_within)
        return found


def fit_body(
    excess: Floats, design: Floats, threshold: float, prior: Body, *, weight: float, level_weight: float
) -> Body:
    """Find the mode of the posterior; acts above ``threshold`` say only that they are above it.

    Their sizes belong to the tail. The likelihood of the two together is the product of this one (a regression censored at
    the threshold, concave in (coefficients / spread, 1 / spread): Olsen 1978, doi:10.2307/1911445) and that of the
    tail, so each can be fitted by itself. The prior's slope counts as ``weight`` acts of unit spread in log followers, a
    shift of 0 as a quarter as many; its level and spread as ``level_weight`` acts.

    Parameters
    ----------
    excess : array of float, shape (n,)
        Reach beyond the floor, above 0.
    design : array of float, shape (n, 3)
        One, centred log followers (0 where unknown), unknown.
    threshold : float
        Above 0, or infinite: no tail.
    prior : Body
        What was believed, at the same centre.
    weight, level_weight : float
        Above 0.

    Examples
    --------
    >>> design = np.column_stack([np.ones(4), [-1, -1, 1, 1], np.zeros(4)])
    >>> prior = Body(0.0, 0.3, 0.0, 1.0)
    >>> body = fit_body(np.exp([1.0, 2, 3, 4]), design, np.inf, prior, weight=4, level_weight=1)
    >>> round(body.slope, 3)  # (sum xy + 4 * 0.3) / (sum xx + 4) = (4 + 1.2) / 8
    0.65
    """
    above = excess > threshold
    inside = np.column_stack([-design[~above], np.log(excess[~above])])
    believed = _beliefs(prior, weight, level_weight)
    quadratic = inside.T @ inside + believed.T @ believed
    beyond = np.column_stack([-design[above], np.full(above.sum(), np.log(threshold))])
    count = len(inside) + level_weight

    def posterior(at: Floats) -> tuple[float, Floats, Floats]:
        if at[3] <= 0:
            return -np.inf, at, quadratic
        z = beyond @ at
        log_share = log_ndtr(-z)
        ratio = np.exp(-0.5 * z**2 - _LOG_ROOT_2_PI - log_share)
        value = count * np.log(at[3]) - 0.5 * at @ quadratic @ at + log_share.sum()
        gradient = -quadratic @ at - beyond.T @ ratio
        hessian = -quadratic - (beyond.T * (ratio * (ratio - z))) @ beyond
        gradient[3] += count / at[3]
        hessian[3, 3] -= count / at[3] ** 2
        return float(value), gradient, hessian

    level, slope, shift, precision = maximum(posterior, _start(np.minimum(excess, threshold), prior)).tolist()
    return Body(level / precision, slope / precision, shift / precision, spread=1 / precision)


def _beliefs(prior: Body, weight: float, level_weight: float) -> Floats:
    """Write the prior as rows like those of acts: level, slope, shift, spread."""
    return np.array(
        [
            [-np.sqrt(level_weight), 0, 0, np.sqrt(level_weight) * prior.intercept],
            [0, -np.sqrt(weight), 0, np.sqrt(weight) * prior.slope],
            [0, 0, -np.sqrt(SHIFT_PART * weight), 0],
            [0, 0, 0, np.sqrt(level_weight) * prior.spread],
        ]
    )


def _start(excess: Floats, prior: Body) -> Floats:
    logs = np.log(excess) if len(excess) else np.array([prior.intercept])
    spread = max(float(logs.std()), 0.1 * prior.spread)
    return np.array([float(logs.mean()) / spread, 0.0, 0.0, 1 / spread])
