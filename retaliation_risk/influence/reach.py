"""How many people see one public act, given the followers of whoever acts: weakly tied, heavy-tailed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from retaliation_risk.errors import ArgumentError
from retaliation_risk.influence._counts import log_count

Floats = npt.NDArray[np.float64]

FEWEST_ACTS = 20
#: Log-log slope before data: reach grows slower than followers. An assumption, not an estimate; single
#: cascades are predicted unreliably anyway (Bakshy et al. 2011, doi:10.1145/1935826.1935845).
PRIOR_SLOPE = 0.3
PRIOR_SPREAD = 1.5
PRIOR_WEIGHT = 20.0


@dataclass(frozen=True)
class ReachModel:
    """Log-normal regression of log1p(reach) on log1p(followers); make it with :func:`fit_reach`.

    Attributes
    ----------
    intercept : float
        Mean log1p(reach) at the centre of log1p(followers).
    slope : float
        Change in log1p(reach) per unit of log1p(followers), shrunk.
    centre : float
        Mean log1p(followers) of the acts learned from.
    missing_shift : float
        Added to the intercept where followers are unknown, shrunk towards 0.
    smearing : float
        Mean of exp(residual): turns the exponent of a mean log into a mean.
    r_squared : float
        Share of the variance of log1p(reach) explained in training, NaN when nothing could be learned.
    n_acts : int
        Acts with recorded reach.
    learned : bool
        False when there were fewer than 20 acts, so that slope, spread and shift are the prior's.
    """

    intercept: float
    slope: float
    centre: float
    missing_shift: float
    smearing: float
    r_squared: float
    n_acts: int
    learned: bool

    def expected_reach(self, followers: npt.ArrayLike) -> Floats:
        """Mean number of people who see one act, shape (n,), at least 0; NaN followers are allowed."""
        log_reach = self.intercept + _effect(followers, self.centre, self.slope, self.missing_shift)
        reach: Floats = np.maximum(np.exp(log_reach) * self.smearing - 1, 0)
        return reach

    def to_parameters(self) -> dict[str, Any]:
        """Fields as JSON; NaN becomes None."""
        fields = dataclasses.asdict(self)
        return {name: None if value != value else value for name, value in fields.items()}

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_parameters` wrote."""
        share = parameters["r_squared"]
        return cls(**dict(parameters) | {"r_squared": float("nan") if share is None else float(share)})


def fit_reach(reach: npt.ArrayLike, followers: npt.ArrayLike) -> ReachModel:
    """Learn how far one public act carries from acts whose reach was recorded.

    The slope is shrunk towards 0.3 with the weight of 20 acts of unit spread in log1p(followers), because a
    handful of acts with heavy tails would else set it. With fewer than 20 acts the slope is 0.3 and the
    spread of log reach 1.5.

    Parameters
    ----------
    reach : array of float, shape (n_acts,)
        People who saw each act, at least 0; acts with NaN are left out.
    followers : array of float, shape (n_acts,)
        Followers of the person who acted, known before the act; NaN where there is no account.

    Examples
    --------
    >>> followers = np.geomspace(10, 1e6, 100)
    >>> model = fit_reach(50 * (followers + 1) ** 0.5 - 1, followers)
    >>> round(model.slope, 2), round(model.r_squared, 2)
    (0.5, 1.0)

    References
    ----------
    Duan (1983), smearing: doi:10.1080/01621459.1983.10478017.
    """
    y, x = _acts(reach, followers)
    known = ~np.isnan(x)
    learned = len(y) >= FEWEST_ACTS
    centre = float(x[known].mean()) if known.any() else 0.0
    slope = _slope(x[known] - centre, y[known]) if learned else PRIOR_SLOPE
    # Centred followers: the mean of known acts does not depend on the slope.
    base = y[known] if known.any() else y
    intercept = float(base.mean()) if len(base) else 0.0
    gap = float((y[~known] - intercept).sum()) if learned and known.any() else 0.0
    shift = gap / (float((~known).sum()) + PRIOR_WEIGHT)
    residual = y - intercept - np.where(known, slope * (np.where(known, x, centre) - centre), shift)
    smearing = float(np.exp(residual).mean()) if learned else float(np.exp(PRIOR_SPREAD**2 / 2))
    return ReachModel(
        intercept, slope, centre, shift, smearing, _r_squared(y, residual, learned), len(y), learned
    )


def _acts(reach: npt.ArrayLike, followers: npt.ArrayLike) -> tuple[Floats, Floats]:
    seen, accounts = np.asarray(reach, dtype=np.float64), np.asarray(followers, dtype=np.float64)
    if seen.shape != accounts.shape or seen.ndim != 1:
        raise ArgumentError(
            "RR111", f"reach has shape {seen.shape}, followers {accounts.shape}; both must be (n,)."
        )
    recorded = ~np.isnan(seen)
    return log_count(seen, "reach")[recorded], log_count(accounts, "followers")[recorded]


def _slope(x: Floats, y: Floats) -> float:
    return float((x @ y + PRIOR_WEIGHT * PRIOR_SLOPE) / (x @ x + PRIOR_WEIGHT))


def _effect(followers: npt.ArrayLike, centre: float, slope: float, missing_shift: float) -> Floats:
    x = log_count(followers, "followers")
    return np.where(np.isnan(x), missing_shift, slope * (x - centre))


def _r_squared(y: Floats, residual: Floats, learned: bool) -> float:
    total = float(((y - y.mean()) ** 2).sum()) if learned else 0.0
    return 1 - float((residual**2).sum()) / total if total > 0 else float("nan")
