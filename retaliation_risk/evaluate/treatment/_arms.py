"""Mean outcome of an arm: weighted, and doubly robust; each with what every row adds to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

EVERYBODY, ANSWERED = "everybody", "answered"
TARGETS = (EVERYBODY, ANSWERED)


@dataclass(frozen=True)
class Rows:
    """What the estimators read, all of shape (n,), rows without overlap left out.

    Attributes
    ----------
    event, answered : array of bool
    known : array of float
        Weight for rows lost from sight: 0 where the outcome is unknown.
    propensity : array of float
        Chance of being answered, inside (0, 1).
    chance : dict of bool to array of float
        Chance of the event if not answered and if answered, from the outcome models.
    customer : array of int
        From 0.
    covariates : array of float, shape (n, n_covariates)
    """

    event: Bools
    answered: Bools
    known: Floats
    propensity: Floats
    chance: dict[bool, Floats]
    customer: Ints
    covariates: Floats

    def taken(self, kept: Bools) -> Rows:
        """Return some of the rows."""
        return Rows(
            self.event[kept],
            self.answered[kept],
            self.known[kept],
            self.propensity[kept],
            {arm: chance[kept] for arm, chance in self.chance.items()},
            np.unique(self.customer[kept], return_inverse=True)[1],
            self.covariates[kept],
        )


@dataclass(frozen=True)
class Mean:
    """A share of customers who retaliate, and the influence of each row on it, shape (n,), mean 0."""

    value: float
    influence: Floats


def target_weights(rows: Rows, arm: bool, target: str) -> Floats:
    """Weights that make an arm look like the target, shape (n,), 0 outside the arm; lost rows not counted yet.

    For everybody 1 / chance of the arm; for the answered 1 where answered, and the odds of being answered elsewhere.
    """
    share = rows.propensity if arm else 1 - rows.propensity
    aim = np.ones(len(share)) if target == EVERYBODY else rows.propensity
    weight: Floats = np.where(rows.answered == arm, aim / share, 0.0)
    return weight


def weighted_mean(rows: Rows, arm: bool, target: str) -> Mean:
    """Weigh the arm's outcomes by inverse propensity, divided by the sum of the weights (Hajek).

    Constant factors, such as the arm's share in stabilised weights, fall out of the division. The propensity
    is taken as known, which for everybody's mean errs on the side of too wide an interval (Robins, Rotnitzky and Zhao 1994,
    doi:10.1080/01621459.1994.10476818).
    """
    return hajek(rows.event, target_weights(rows, arm, target) * rows.known)


def hajek(event: Bools, weight: Floats) -> Mean:
    """Weighted share of events and its influence function.

    Examples
    --------
    >>> hajek(np.array([True, False, False]), np.array([2.0, 1.0, 1.0])).value
    0.5
    """
    value = float(weight @ event / weight.sum())
    return Mean(value, weight * (event - value) / weight.mean())


def augmented_mean(rows: Rows, arm: bool, target: str) -> Mean:
    """Average the outcome model over the target, corrected by the weighted errors it makes in the arm.

    Right if either the propensity or the outcome model is (Bang and Robins 2005, doi:10.1111/j.1541-0420.2005.00377.x);
    cross-fitting lets both be learned from data.
    """
    aim = np.ones(len(rows.event)) if target == EVERYBODY else rows.answered.astype(np.float64)
    weight = target_weights(rows, arm, target) * rows.known
    error = rows.event - rows.chance[arm]
    level, correction = float(aim @ rows.chance[arm] / aim.sum()), float(weight @ error / weight.sum())
    influence = aim * (rows.chance[arm] - level) / aim.mean() + weight * (error - correction) / weight.mean()
    return Mean(level + correction, influence)


def clustered_error(influence: Floats, customer: Ints) -> float:
    """Give the standard error of a mean with these influences, rows of a customer taken together.

    Examples
    --------
    >>> round(clustered_error(np.array([1.0, -1.0, 1.0, -1.0]), np.array([0, 1, 2, 3])), 3)  # sd / root of 4
    0.577
    >>> clustered_error(np.array([1.0, -1.0, 1.0, -1.0]), np.array([0, 0, 1, 1]))
    0.0
    """
    sums = np.bincount(customer, weights=influence)
    return float(np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1)) / len(influence))
