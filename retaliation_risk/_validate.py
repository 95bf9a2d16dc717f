"""Checks of arguments that more than one module needs; each names the value and the allowed range."""

from __future__ import annotations

import math

from retaliation_risk.errors import ArgumentError


def positive(name: str, value: float) -> float:
    """Return ``value``, or raise if it is not a finite number above 0.

    Examples
    --------
    >>> positive("horizon_days", 30)
    30
    """
    if not (isinstance(value, int | float) and math.isfinite(value) and value > 0):
        raise ArgumentError("RR111", f"{name} is {value!r}; it must be a number above 0.")
    return value


def within(name: str, value: float, low: float, high: float) -> float:
    """Return ``value``, or raise if it is outside [low, high].

    Examples
    --------
    >>> within("share", 0.5, 0, 1)
    0.5
    """
    if not low <= value <= high:
        raise ArgumentError("RR111", f"{name} is {value!r}; it must be in [{low}, {high}].")
    return value


def one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    """Return ``value``, or raise if it is not among ``allowed``.

    Examples
    --------
    >>> one_of("ties", "efron", ("efron", "breslow"))
    'efron'
    """
    if value not in allowed:
        raise ArgumentError("RR111", f"{name} is {value!r}; it must be one of {', '.join(allowed)}.")
    return value
