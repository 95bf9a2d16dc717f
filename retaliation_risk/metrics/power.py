"""How many events it takes to see an effect: what a minimum of data rests on."""

from __future__ import annotations

import math

from scipy.stats import norm

from retaliation_risk._validate import within
from retaliation_risk.errors import ArgumentError


def events_needed(hazard_ratio: float, share: float, *, power: float = 0.8, level: float = 0.95) -> int:
    """Events from which a hazard ratio between two groups is found.

    Parameters
    ----------
    hazard_ratio : float
        Of the smaller group against the rest, above 0 and not 1.
    share : float
        Share of customers at risk that are in the group, in (0, 1).
    power : float, default 0.8
        Chance of finding it, in [level's miss, 1).
    level : float, default 0.95
        Of the two-sided interval that must leave out 1.

    Returns
    -------
    int
        Number of events, at least 1; customers without an event do not count.

    References
    ----------
    Schoenfeld (1983), doi:10.2307/2531021

    Examples
    --------
    >>> events_needed(2.0, 0.5)
    66
    >>> events_needed(2.0, 0.1)
    182
    """
    within("power", power, 0.05, 0.9999)
    wanted = norm.ppf(0.5 + _level(level) / 2) + norm.ppf(power)
    return max(1, math.ceil(float(wanted / _signal(hazard_ratio, share)) ** 2))


def power_of(events: int, hazard_ratio: float, share: float, *, level: float = 0.95) -> float:
    """Chance that a hazard ratio between two groups is found with so many events; see :func:`events_needed`.

    Examples
    --------
    >>> round(power_of(66, 2.0, 0.5), 2), round(power_of(20, 2.0, 0.5), 2)
    (0.8, 0.34)
    """
    within("events", events, 0, math.inf)
    return float(
        norm.cdf(math.sqrt(events) * _signal(hazard_ratio, share) - norm.ppf(0.5 + _level(level) / 2))
    )


def _signal(hazard_ratio: float, share: float) -> float:
    """Root of the information that one event gives, times the effect."""
    if not (hazard_ratio > 0 and math.isfinite(hazard_ratio) and hazard_ratio != 1):
        raise ArgumentError(
            "RR111", f"hazard_ratio is {hazard_ratio!r}; it must be a number above 0 other than 1."
        )
    if not 0 < share < 1:
        raise ArgumentError("RR111", f"share is {share!r}; it must be in (0, 1).")
    return math.sqrt(share * (1 - share)) * abs(math.log(hazard_ratio))


def _level(level: float) -> float:
    return within("level", level, 0.5, 0.9999)
