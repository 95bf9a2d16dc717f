"""Whether anybody beyond the floor sees an act: a logit in log followers, shrunk to the prior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from retaliation_risk.influence.reach._newton import Floats, maximum

Bools = npt.NDArray[np.bool_]

#: What one act tells about a slope at most: the variance of a yes-or-no outcome, p (1 - p), is at most 1/4.
_ONE_ACT = 0.25
#: A shift may lie twice as far from 0 as a slope from the prior's: a quarter of the weight.
SHIFT_PART = 0.25


@dataclass(frozen=True)
class Hurdle:
    """Chance that an act is seen beyond the floor.

    Attributes
    ----------
    intercept : float
        Log-odds at the centre of log1p(followers).
    slope : float
        Change of the log-odds per unit of log1p(followers).
    missing_shift : float
        Added to the intercept where followers are unknown.
    """

    intercept: float
    slope: float
    missing_shift: float

    def share_seen(self, design: Floats) -> Floats:
        """Chance of being seen, shape (n,), in (0, 1); ``design`` has columns one, centred log followers, unknown."""
        share: Floats = expit(design @ np.array([self.intercept, self.slope, self.missing_shift]))
        return share


def fit_hurdle(seen: Bools, design: Floats, prior: Hurdle, *, weight: float, level_weight: float) -> Hurdle:
    """Find the mode of the posterior.

    The prior's level counts as ``level_weight`` acts at the centre, of which its share was seen; so the log-odds stay finite
    where all acts were seen, or none. The slope is held by the information of ``weight`` acts of unit spread, the
    shift by that of a quarter as many.

    Examples
    --------
    >>> design = np.column_stack([np.ones(9), np.zeros(9), np.zeros(9)])
    >>> flat = Hurdle(0.0, 0.0, 0.0)
    >>> hurdle = fit_hurdle(np.ones(9, dtype=bool), design, flat, weight=20, level_weight=1)
    >>> round(float(hurdle.share_seen(design)[0]), 3)  # nine of nine, and half of one
    0.95
    """
    level = np.array([prior.intercept, prior.slope, prior.missing_shift])
    held = _ONE_ACT * weight * np.diag([0.0, 1.0, SHIFT_PART])
    rows = np.vstack([design, [[1.0, 0.0, 0.0]]])
    said = np.append(seen.astype(np.float64), expit(prior.intercept))
    count = np.append(np.ones(len(seen)), level_weight)

    def posterior(at: Floats) -> tuple[float, Floats, Floats]:
        odds = rows @ at
        share = expit(odds)
        value = count @ (said * odds - np.logaddexp(0, odds)) - 0.5 * (at - level) @ held @ (at - level)
        gradient = rows.T @ (count * (said - share)) - held @ (at - level)
        return float(value), gradient, -(rows.T * (count * share * (1 - share))) @ rows - held

    mean = (count @ said) / count.sum()
    start = np.array([logit(mean), prior.slope, 0.0])
    return Hurdle(*maximum(posterior, start).tolist())
