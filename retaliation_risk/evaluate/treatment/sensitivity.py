"""What an unseen cause would have to be like to explain an effect away."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from retaliation_risk.errors import ArgumentError
from retaliation_risk.evaluate.treatment._arms import EVERYBODY, Mean, Rows, hajek, target_weights

Floats = npt.NDArray[np.float64]

_HALVINGS = 40
_GREATEST = 1e6


def e_value(risk_ratio: float) -> float:
    """Give the least strength of a hidden cause that could explain a risk ratio away.

    The cause would have to raise both the chance of being answered and that of retaliating by this risk ratio, beyond the
    covariates (VanderWeele and Ding 2017, doi:10.7326/M16-2607).

    Parameters
    ----------
    risk_ratio : float
        Above 0; one below 1 is turned around first.

    Returns
    -------
    float
        From 1 (nothing is needed) up; NaN of NaN.

    Examples
    --------
    >>> round(e_value(3.9), 2), round(e_value(0.8), 2)
    (7.26, 1.81)
    """
    if risk_ratio <= 0:
        raise ArgumentError("RR111", f"risk_ratio is {risk_ratio!r}; it must be above 0.")
    ratio = max(risk_ratio, 1 / risk_ratio)
    return float(ratio + np.sqrt(ratio * (ratio - 1)))


def hidden_bounds(rows: Rows, limit: float, target: str) -> tuple[tuple[Mean, Mean], tuple[Mean, Mean]]:
    """Bound the share of retaliations if not answered, and if answered, under hidden confounding.

    Marginal sensitivity model (Tan 2006, doi:10.1198/016214506000000023): within customers alike in covariates the odds of
    being answered may differ by up to a factor ``limit`` from those estimated. The extremes of the weighted mean are
    found as in Zhao, Small and Bhattacharya (2019, doi:10.1111/rssb.12327): events get the greatest weight allowed and the
    others the least, or the other way round.

    Parameters
    ----------
    rows : Rows
    limit : float
        Lambda, from 1: none hidden.
    target : str
        ``"everybody"`` or ``"answered"``.

    Returns
    -------
    (low, high) if not answered, (low, high) if answered
        Each a mean with its influences, at the worst weights.
    """
    if not limit >= 1:
        raise ArgumentError("RR111", f"limit is {limit!r}; it must be at least 1.")
    return _ends(rows, False, limit, target), _ends(rows, True, limit, target)


def _ends(rows: Rows, arm: bool, limit: float, target: str) -> tuple[Mean, Mean]:
    weight = target_weights(rows, arm, target)
    in_arm = (weight > 0).astype(np.float64)
    # 1 / chance = 1 + odds of the other arm: what is hidden moves the odds alone. Among the answered themselves nothing is
    # weighed; those not answered are weighed by the odds, with no 1.
    fixed = in_arm if target == EVERYBODY or arm else np.zeros(len(weight))
    odds = weight - fixed
    raised = (fixed + limit * odds) * rows.known
    lowered = (fixed + odds / limit) * rows.known
    low = hajek(rows.event, np.where(rows.event, lowered, raised))
    high = hajek(rows.event, np.where(rows.event, raised, lowered))
    return low, high


def tipping_point(rows: Rows, target: str) -> float:
    """Find the least hidden confounding at which no effect at all is possible.

    Parameters
    ----------
    rows : Rows
    target : str
        Whose effect.

    Returns
    -------
    float
        Lambda, from 1, to within a thousandth of itself; infinite if a million is not enough.
    """
    if _holds_zero(rows, 1.0, target):
        return 1.0
    if not _holds_zero(rows, _GREATEST, target):
        return float("inf")
    low, high = 0.0, np.log(_GREATEST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if _holds_zero(rows, float(np.exp(middle)), target) else (middle, high)
    return float(np.exp(high))


def _holds_zero(rows: Rows, limit: float, target: str) -> bool:
    (low, high), (low_answered, high_answered) = hidden_bounds(rows, limit, target)
    bottom, top = low.value - high_answered.value, high.value - low_answered.value
    return bottom <= 0 <= top
