"""What can be asked of a history: aggregates over one log, and expressions over other features.

A feature is a declaration, not a query. An aggregate names a log, an operation and a window; the compiled pass of
:mod:`retaliation_risk.histories.kernel` fills all of them at once. An expression is array arithmetic on top.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import CodeType
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from retaliation_risk._validate import positive
from retaliation_risk.errors import ArgumentError

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Aggregate:
    """One number per (customer, moment) from the rows of one log known before the moment.

    Parameters
    ----------
    log : str
        Name of the log, see :data:`retaliation_risk.histories.logs.LOGS`.
    column : str
        Value column the operation reads; rows without a value are passed over. Empty where the operation counts rows.
    where : str
        Flag a row must carry to be counted. Empty: every row.
    days : float or None
        Window in days: ``moment - days <= known_at < moment``. None: ever.
    """

    log: str
    column: str = ""
    where: str = ""
    days: float | None = None

    windowed: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.days is None:
            return
        positive("days", self.days)
        if not self.windowed:
            raise ArgumentError(
                "RR111", f"days is {self.days!r}; {type(self).__name__} looks at all rows ever."
            )

    @property
    def operation(self) -> str:
        """Lower-case name of the operation."""
        return type(self).__name__.lower()


class Count(Aggregate):
    """Number of rows; 0 without any."""


class Sum(Aggregate):
    """Sum of the column; 0 without any row."""


class Mean(Aggregate):
    """Mean of the column; missing without any row."""


class Last(Aggregate):
    """Value of the column in the latest row; missing without any row."""


class DaysSince(Aggregate):
    """Whole days elapsed since the latest row; missing without any row."""


class DaysSinceFirst(Aggregate):
    """Whole days elapsed since the first row ever; missing without any row."""

    windowed = False


class Streak(Aggregate):
    """Latest rows in an unbroken run that carry the flag ``where``; 0 if the latest row does not."""


class Spell(Aggregate):
    """Days since the running sum of the column last rose above zero; 0 while it is at or below zero."""

    windowed = False


class Area(Aggregate):
    """Integral of the running sum of the column over time, in days times the column's unit."""

    windowed = False


@dataclass(frozen=True)
class Decayed(Aggregate):
    """Sum of the column (or of rows) in which each row counts half after ``half_life_days``."""

    windowed = False
    half_life_days: float = 30.0

    def __post_init__(self) -> None:
        super().__post_init__()
        positive("half_life_days", self.half_life_days)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "log1p": np.log1p,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "minimum": np.minimum,
    "maximum": np.maximum,
    "where": np.where,
    "fill": lambda x, value: np.where(np.isnan(x), value, x),
}


@dataclass(frozen=True)
class Expression:
    """Arithmetic over other features, written as a formula.

    Names are features; allowed functions are log1p, sqrt, exp, minimum, maximum, where and ``fill(x, value)``, which
    replaces missing values.

    Examples
    --------
    >>> Expression("log1p(tenure_days / 365) * failed_recoveries_ever").names
    ('failed_recoveries_ever', 'tenure_days')
    >>> Expression("2 * a").evaluate({"a": np.array([1.0, 2.0])})
    array([2., 4.])
    """

    formula: str

    @cached_property
    def _tree(self) -> ast.Expression:
        try:
            return ast.parse(self.formula, mode="eval")
        except SyntaxError as error:
            raise ArgumentError(
                "RR111", f"formula {self.formula!r} is not an expression ({error.msg})."
            ) from error

    @cached_property
    def _code(self) -> CodeType:
        return compile(self._tree, f"<{self.formula}>", "eval")

    def __getstate__(self) -> dict[str, object]:
        """Leave out the compiled formula, which cannot be pickled."""
        return {"formula": self.formula}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the features it reads, sorted."""
        found = {node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name)}
        return tuple(sorted(found - _FUNCTIONS.keys()))

    def evaluate(self, values: Mapping[str, Array]) -> Array:
        """Value for each row; ``values`` holds one array per name."""
        scope = {"__builtins__": {}, **_FUNCTIONS, **{name: values[name] for name in self.names}}
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(
                eval(self._code, scope), dtype=np.float64
            )  # formulas are code of this package or its user


@dataclass(frozen=True)
class Feature:
    """One declared feature.

    Parameters
    ----------
    name : str
        Column name; the unit is in it where it is not a plain count.
    unit, about : str
        Unit, and one sentence of meaning.
    family : str
        relationship, contacts, deviations, experience, recovery, interactions, or your own.
    value : Aggregate or Expression
        How it is computed.
    phrase : str
        Sentence for the person on the phone with ``{value}`` in it; empty where it is no reason by itself.
    when : str
        Formula over features that must hold for the phrase to be true; empty where its number says it all.
    source : str
        The literature it comes from, where it does.
    sign : int
        1 where ``source`` fixes that the risk of retaliation rises with it, -1 where it falls; 0 where research is silent
        or contests it. Trees are held to it.
    """

    name: str
    unit: str
    about: str
    family: str
    value: Aggregate | Expression
    phrase: str = ""
    source: str = ""
    when: str = ""
    sign: int = 0
