"""Learn how far acts carry, from acts whose reach was recorded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from retaliation_risk._validate import positive, within
from retaliation_risk.errors import ArgumentError
from retaliation_risk.influence._counts import log_count
from retaliation_risk.influence.reach._newton import Floats
from retaliation_risk.influence.reach.body import Body, fit_body
from retaliation_risk.influence.reach.hurdle import Hurdle, fit_hurdle
from retaliation_risk.influence.reach.model import MOST, ReachModel, design_of
from retaliation_risk.influence.reach.tail import fit_tail

FEWEST_ACTS = 20
#: Acts of unit spread in log followers that the prior's slopes count as; a shift of 0 without an account counts as a
#: quarter of that: it may well be a factor of two.
PRIOR_WEIGHT = 20.0
#: Acts that the prior's level and spread count as.
LEVEL_WEIGHT = 1.0


def fit_reach(
    reach: npt.ArrayLike,
    followers: npt.ArrayLike,
    *,
    floor: float = 0.0,
    most: float = MOST,
    prior: ReachModel | None = None,
    weight: float = PRIOR_WEIGHT,
    level_weight: float = LEVEL_WEIGHT,
) -> ReachModel:
    """Learn how far one public act carries from acts whose reach was recorded.

    Slopes are shrunk towards the prior's with the weight of 20 acts of unit spread in log1p(followers), because a handful of
    acts with heavy tails would else set them; level and spread with that of one act. With fewer than 20 acts only the levels
    are learned. The tail is learned from 30 acts on that lie above its threshold (:func:`fit_tail`); with fewer it is the
    prior's, which by default has none.

    Parameters
    ----------
    reach : array of float, shape (n_acts,)
        People who saw each act, at least 0; acts with NaN are left out.
    followers : array of float, shape (n_acts,)
        Followers of the person who acted, known before the act; NaN where there is no account.
    floor : float, default 0.0
        An act that no more people saw counts as not seen; at least 0.
    most : float, default MOST
        Most people that one act counts for in means, above the floor; greater reaches are counted as this many.
    prior : ReachModel, optional
        What was believed: :meth:`ReachModel.prior` by default, or a model of another firm's acts.
    weight : float, default PRIOR_WEIGHT
        Acts of unit spread that the prior's slopes count as, above 0.
    level_weight : float, default LEVEL_WEIGHT
        Acts that the prior's levels and spread count as, above 0.

    Returns
    -------
    ReachModel

    Examples
    --------
    >>> followers = np.geomspace(10, 1e6, 100)
    >>> model = fit_reach(50 * (followers + 1) ** 0.5, followers)
    >>> round(model.body.slope, 2), round(model.r_squared, 2)
    (0.5, 1.0)
    """
    seen_by, accounts = _acts(reach, followers)
    seen_by = np.minimum(seen_by, positive("most", most))
    within("floor", floor, 0, most)
    believed = prior or ReachModel.prior()
    centre = _centre(accounts, believed)
    design = design_of(accounts, centre)
    seen, held = seen_by > floor, {"weight": weight, "level_weight": level_weight}
    hurdle, body = _moved(believed, centre)
    tail, excess = believed.tail, seen_by[seen] - floor
    if learned := len(seen_by) >= FEWEST_ACTS:
        tail = fit_tail(excess) or tail
        hurdle = fit_hurdle(seen, design, hurdle, **held)
        body = fit_body(excess, design[seen], tail.threshold if tail else np.inf, body, **held)
    else:
        hurdle, body = _levels(seen, excess, design, hurdle, body, level_weight)
    return ReachModel(
        hurdle=hurdle,
        body=body,
        tail=tail,
        centre=centre,
        floor=float(floor),
        quiet=float(seen_by[~seen].mean()) if (~seen).any() else 0.0,
        most=float(most),
        r_squared=explained(seen_by, accounts) if learned else float("nan"),
        n_acts=len(seen_by),
        n_seen=int(seen.sum()),
        learned=learned,
    )


def explained(reach: Floats, followers: Floats) -> float:
    """Share of the variance of log1p(reach) that a line in log1p(followers) explains; NaN if either is constant.

    Acts of people without an account are left out.

    Examples
    --------
    >>> round(explained(np.array([0.0, 3, 8, 1]), np.array([0.0, 3, 8, np.nan])), 6)
    1.0
    """
    known = ~np.isnan(followers)
    y, x = np.log1p(reach[known]), np.log1p(followers[known])
    if known.sum() < 2 or np.ptp(y) == 0 or np.ptp(x) == 0:
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1] ** 2)


def _acts(reach: npt.ArrayLike, followers: npt.ArrayLike) -> tuple[Floats, Floats]:
    seen, accounts = np.asarray(reach, dtype=np.float64), np.asarray(followers, dtype=np.float64)
    if seen.shape != accounts.shape or seen.ndim != 1:
        raise ArgumentError(
            "RR111", f"reach has shape {seen.shape}, followers {accounts.shape}; both must be (n,)."
        )
    log_count(seen, "reach")
    recorded = ~np.isnan(seen)
    return seen[recorded], accounts[recorded]


def _centre(followers: Floats, believed: ReachModel) -> float:
    x = log_count(followers, "followers")
    known = ~np.isnan(x)
    return float(x[known].mean()) if known.any() else believed.centre


def _moved(believed: ReachModel, centre: float) -> tuple[Hurdle, Body]:
    """Say the same beliefs at another centre."""
    by, hurdle, body = centre - believed.centre, believed.hurdle, believed.body
    return (
        replace(hurdle, intercept=hurdle.intercept + hurdle.slope * by),
        replace(body, intercept=body.intercept + body.slope * by),
    )


def _levels(
    seen: npt.NDArray[np.bool_],
    excess: Floats,
    design: Floats,
    hurdle: Hurdle,
    body: Body,
    level_weight: float,
) -> tuple[Hurdle, Body]:
    """Learn the two levels alone: anything else from so few acts would be noise."""
    # So many pseudo-acts that slopes and shift stay where they are.
    hurdle = fit_hurdle(seen, design, hurdle, weight=1e9, level_weight=level_weight)
    rest = np.log(excess) - (body.centre(design[seen]) - body.intercept)
    level = (rest.sum() + level_weight * body.intercept) / (len(rest) + level_weight)
    return hurdle, replace(body, intercept=float(level))
