"""Conditions of a playbook's rules: one column each, and what it may hold. What is unknown fulfils none but ``known``."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk.errors import ArgumentError

BoolArray = npt.NDArray[np.bool_]
Value = str | float | bool

_WITHIN: Mapping[str, Callable[[Any, Any], bool]] = {
    "at_least": operator.ge,
    "above": operator.gt,
    "at_most": operator.le,
    "below": operator.lt,
}

#: Holds several values per customer: a condition on it holds if one of its values is among them.
REASONS = "reasons"
LIMITS = tuple(_WITHIN)


@dataclass(frozen=True)
class Condition:
    """What one column must hold.

    Attributes
    ----------
    column : str
    at_least, above, at_most, below : float, optional
        Limits of a number.
    values : tuple, optional
        One of these.
    known : bool, optional
        Whether there must be a value, or must be none.

    Examples
    --------
    >>> Condition("risk", at_least=0.1, below=0.5).holds(pd.DataFrame({"risk": [0.1, 0.5, None]})).tolist()
    [True, False, False]
    """

    column: str
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    values: tuple[Value, ...] | None = None
    known: bool | None = None

    @property
    def limits(self) -> dict[str, float]:
        """The limits there are, by name."""
        return {name: limit for name in LIMITS if (limit := getattr(self, name)) is not None}

    def holds(self, scored: pd.DataFrame) -> BoolArray:
        """Say for each row whether the condition holds, shape (n,)."""
        if self.column == REASONS:
            return _given(scored[REASONS], set(self.values or ()))
        column = scored[self.column]
        if self.known is not None:
            return (column.notna() == self.known).to_numpy(bool)
        if self.values is not None:
            return column.isin(list(self.values)).to_numpy(bool)
        return _inside(self, _numbers(column))

    def holds_for(self, value: Any) -> bool:
        """Say whether the condition holds for one value; None and NaN are missing.

        Examples
        --------
        >>> Condition("risk", at_least=0.1).holds_for(0.1), Condition("risk", at_least=0.1).holds_for(None)
        (True, False)
        """
        if self.column == REASONS:
            return bool(set(self.values or ()) & _features(value))
        there = value is not None and value == value
        if self.known is not None:
            return there == self.known
        if self.values is not None:
            return there and value in self.values
        return there and all(
            _WITHIN[name](_number(self.column, value), limit) for name, limit in self.limits.items()
        )

    def can_hold(self) -> bool:
        """Say whether any value at all fulfils the condition."""
        if self.values is not None or self.known is not None:
            return self.values != ()
        low, high = _ends(self)
        return low < high or (low == high and bool(_inside(self, np.array([low[0]]))[0]))


def is_part(one: Condition, other: Condition) -> bool:
    """Say whether whatever fulfils ``one`` fulfils ``other``; both are of the same column.

    Examples
    --------
    >>> is_part(Condition("risk", above=0.5), Condition("risk", at_least=0.5))
    True
    """
    if other.known is not None or one.known is not None:
        return other.known is not None and other.known == (one.known is not False)
    if one.values is not None:
        return all(_fits(other, value) for value in one.values)
    if other.values is not None:
        return False
    (low, high), (lowest, highest) = _ends(one), _ends(other)
    return low >= lowest and high <= highest


def are_apart(one: Condition, other: Condition) -> bool:
    """Say whether nothing fulfils both; both are of the same column.

    Examples
    --------
    >>> are_apart(Condition("risk", below=0.5), Condition("risk", at_least=0.5))
    True
    """
    if one.column == REASONS:
        return False
    if not (one.can_hold() and other.can_hold()):
        return True
    if one.known is not None or other.known is not None:
        return (one.known is not False) != (other.known is not False)
    if one.values is not None:
        return not any(_fits(other, value) for value in one.values)
    if other.values is not None:
        return are_apart(other, one)
    (low, high), (lowest, highest) = _ends(one), _ends(other)
    return max(low, lowest) > min(high, highest)


def _fits(condition: Condition, value: Value) -> bool:
    if condition.values is not None:
        return value in condition.values
    return not isinstance(value, str) and bool(_inside(condition, np.array([float(value)]))[0])


def _ends(condition: Condition) -> tuple[tuple[float, int], tuple[float, int]]:
    """Find the ends of an interval; the second number puts an open end a shade inside a closed one."""
    limits = condition.limits
    low = max((limits.get("at_least", -math.inf), 0), (limits.get("above", -math.inf), 1))
    high = min((limits.get("at_most", math.inf), 0), (limits.get("below", math.inf), -1))
    return low, high


def _inside(condition: Condition, numbers: npt.NDArray[np.float64]) -> BoolArray:
    """Compare; what is missing is never inside."""
    found = ~np.isnan(numbers)
    if condition.at_least is not None:
        found &= numbers >= condition.at_least
    if condition.above is not None:
        found &= numbers > condition.above
    if condition.at_most is not None:
        found &= numbers <= condition.at_most
    if condition.below is not None:
        found &= numbers < condition.below
    return found


def _numbers(column: pd.Series) -> npt.NDArray[np.float64]:
    try:
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise _no_number(column.name, column.dropna().iloc[0]) from error


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise _no_number(name, value) from error


def _no_number(name: object, value: Any) -> ArgumentError:
    return ArgumentError("RR111", f"column {name} holds {value!r}, but a rule compares it with a number.")


def _given(reasons: pd.Series, asked: set[Value]) -> BoolArray:
    """Whether one of the features asked for is among the reasons: names, or objects that have a ``feature``."""
    return np.array([bool(asked & _features(given)) for given in reasons], dtype=bool)


def _features(given: Sequence[Any]) -> set[str]:
    return {getattr(reason, "feature", reason) for reason in given}
