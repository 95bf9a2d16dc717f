"""Why a customer is at risk, in words for the person on the phone.

Contributions come from a model (log-hazard or log-odds against the reference customer); here they become
at most a few sentences. Only what pushes risk up is said, and nothing that is unknown is given as a reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk._validate import positive
from retaliation_risk.errors import ArgumentError
from retaliation_risk.histories import Expression

Floats = npt.NDArray[np.float64]

#: Multiples of the base rate from which on a risk is called high, and raised.
HIGH = 3.0
RAISED = 1.5

_SCALE = re.compile(r"^\S+ to \S+$")
_ONE = re.compile(r"(?<![\w.,])1 ((?:\w+ )??)(\w{3,}?)(ies|s)\b( were\b)?")


class FeatureLike(Protocol):
    """What is read of a declared feature."""

    @property
    def unit(self) -> str:
        """Unit of the value."""
        ...

    @property
    def about(self) -> str:
        """One sentence of meaning."""
        ...

    @property
    def family(self) -> str:
        """Family; interactions are never quoted as numbers."""
        ...

    @property
    def phrase(self) -> str:
        """``str.format`` template, with or without ``{value}``; may be empty."""
        ...

    @property
    def when(self) -> str:
        """Formula over features that must hold for the phrase to be true; may be empty."""
        ...


@dataclass(frozen=True)
class Reason:
    """One thing that raises a customer's risk above the reference customer's.

    Attributes
    ----------
    feature : str
        Name of the feature.
    sentence : str
        Plain English.
    contribution : float
        Above 0, on the scale of the model: log-hazard or log-odds.
    value : float
        The customer's value, in the feature's own unit.
    """

    feature: str
    sentence: str
    contribution: float
    value: float


def reasons(
    contributions: pd.DataFrame | Mapping[str, Floats],
    values: pd.DataFrame | Mapping[str, Floats],
    features: Mapping[str, FeatureLike],
    top: int = 3,
    *,
    typical: Mapping[str, float] | None = None,
) -> list[list[Reason]]:
    """Give the strongest reasons of each customer, strongest first.

    Parameters
    ----------
    contributions : DataFrame, shape (n_customers, n_features), or mapping of str to array, shape (n_customers,)
        From a model's ``contributions`` or ``explained_risk``.
    values : DataFrame, shape (n_customers, at least n_features), or mapping of str to array, shape (n_customers,)
        The features they were computed from and those that conditions look at, rows in the same order.
    features : mapping of str to feature
        The declared features by name.
    top : int
        Most reasons for one customer, above 0.
    typical : mapping of str to float, optional
        What is usual, such as a model's ``typical_`` (training medians). Adds "(typical: 0)"; without it
        nothing is compared, since the customers at hand may be one alone.

    Returns
    -------
    list of list of Reason
        One list for each customer; empty where nothing known pushes risk up. A phrase that states something
        without its number ("A loyal customer, let down") is used only above the typical value, or above 0.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> calls = SimpleNamespace(unit="tickets", about="Tickets ever.", family="contacts",
    ...     phrase="{value:.0f} contacts in all", when="")
    >>> part, value = pd.DataFrame({"calls": [0.7, -0.2]}), pd.DataFrame({"calls": [4.0, 1.0]})
    >>> [[r.sentence for r in row] for row in reasons(part, value, {"calls": calls}, typical={"calls": 1})]
    [['4 contacts in all (typical: 1)'], []]
    """
    positive("top", top)
    names = [str(name) for name in contributions]
    part = np.stack([np.asarray(contributions[name], dtype=np.float64) for name in names], axis=1)
    if unknown := [name for name in names if name not in features]:
        raise ArgumentError("RR403", f"features lacks {unknown}, which have contributions.")
    named = {name: features[name] for name in names}
    table = _columns(values, [*names, *_looked_at(named.values())], len(part))
    value = np.stack([table[name] for name in names], axis=1)
    usual = np.array([np.nan if typical is None else typical.get(name, np.nan) for name in names])
    chosen = _strongest(part, _sayable(part, table, usual, named), top)

    @cache
    def sentence(column: int, number: float) -> str:
        return say(features[names[column]], number, None if np.isnan(usual[column]) else float(usual[column]))

    return [
        [Reason(names[j], sentence(j, v), c, v) for j, c, v in zip(js, cs, vs, strict=True) if j >= 0]
        for js, cs, vs in zip(
            chosen.tolist(),
            np.take_along_axis(part, chosen, axis=1).tolist(),
            np.take_along_axis(value, chosen, axis=1).tolist(),
            strict=True,
        )
    ]


def say(feature: FeatureLike, value: float, typical: float | None = None) -> str:
    """Put one value of one feature into words.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> feature = SimpleNamespace(unit="0 to 1", about="Last satisfaction given.", family="", phrase="")
    >>> say(feature, 0.25, typical=0.8)
    'Last satisfaction given: 0.2 on a scale of 0 to 1 (typical: 0.8)'
    """
    if _states(feature):
        return feature.phrase or feature.about.rstrip(".")
    if feature.family == "interactions":
        return feature.about.rstrip(".")
    # "The last 0 recoveries all failed" would be nonsense: what is not there is said plainly.
    there = abs(value) >= 0.5
    text = feature.phrase.format(value=value) if feature.phrase and there else _plain(feature, value)
    return singular(text) + ("" if typical is None else f" (typical: {_number(typical)})")


def band(risk: npt.ArrayLike, prevalence: float) -> npt.NDArray[np.str_]:
    """Sort risks into words by their multiple of the base rate.

    Parameters
    ----------
    risk : array of float, shape (n,)
        In [0, 1], no missing values.
    prevalence : float
        Base rate over the same horizon, in (0, 1].

    Returns
    -------
    array of str, shape (n,)
        ``"high"`` from 3 times the base rate on, ``"raised"`` from 1.5 times on, else ``"usual"``. The
        limits are conventions for reading, not decisions: the queue is cut by capacity.

    Examples
    --------
    >>> band([0.01, 0.03, 0.2], prevalence=0.02).tolist()
    ['usual', 'raised', 'high']
    """
    positive("prevalence", prevalence)
    risks = np.asarray(risk, dtype=np.float64)
    if not ((risks >= 0) & (risks <= 1)).all():
        raise ArgumentError("RR111", "risk holds values outside [0, 1] or missing; it must be in [0, 1].")
    multiple = risks / prevalence
    # A share of a share misses its multiple by rounding alone (0.03 / 0.02 is below 1.5).
    return np.select(
        [multiple >= HIGH - 1e-9, multiple >= RAISED - 1e-9], ["high", "raised"], default="usual"
    )


def _columns(values: pd.DataFrame | Mapping[str, Floats], names: Sequence[str], n: int) -> dict[str, Floats]:
    """Return the columns of these names, each of length ``n``."""
    if lacking := [name for name in dict.fromkeys(names) if name not in values]:
        raise ArgumentError("RR101", f"values lacks {lacking}, which have contributions or conditions.")
    columns = {name: np.asarray(values[name], dtype=np.float64) for name in names}
    if wrong := {len(column) for column in columns.values()} - {n}:
        raise ArgumentError(
            "RR111", f"contributions has {n} rows, values {wrong.pop()}; they must be the same."
        )
    return columns


@cache
def _condition(formula: str) -> Expression:
    """Return a condition as an expression; each is read once."""
    return Expression(formula)


def _looked_at(features: Iterable[FeatureLike]) -> list[str]:
    """Return the features that the conditions of phrases look at."""
    return [name for feature in features if feature.when for name in _condition(feature.when).names]


def _sayable(
    part: Floats, table: Mapping[str, Floats], usual: Floats, named: Mapping[str, FeatureLike]
) -> npt.NDArray[np.bool_]:
    """Whether a contribution pushes risk up, and its sentence is one and would be true."""
    found = part > 0
    for column, (name, feature) in enumerate(named.items()):
        if found[:, column].any():
            found[:, column] &= _true(feature, table[name], float(usual[column]), table)
    return found


def _true(
    feature: FeatureLike, value: Floats, usual: float, table: Mapping[str, Floats]
) -> npt.NDArray[np.bool_]:
    """Whether the phrase holds for each customer; never without a phrase."""
    if not feature.phrase:
        return np.zeros(len(value), dtype=bool)
    if feature.when:
        holds: npt.NDArray[np.bool_] = _condition(feature.when).evaluate(table) > 0
        return holds
    # That something did not happen ("let down 0 times") is no reason; nor is a bare claim of what is usual.
    least = (0.0 if np.isnan(usual) else usual) if _states(feature) else 0.5
    return np.asarray(value > least if _states(feature) else np.abs(value) >= least, dtype=bool)


def _strongest(part: Floats, sayable: npt.NDArray[np.bool_], top: int) -> npt.NDArray[np.int64]:
    """Columns of the largest sayable contributions, shape (n, at most top); -1 where there are fewer."""
    strength = np.where(sayable, part, -np.inf)
    columns = np.argsort(-strength, axis=1, kind="stable")[:, :top]
    return np.where(np.take_along_axis(sayable, columns, axis=1), columns, -1)


def _states(feature: FeatureLike) -> bool:
    return bool(feature.phrase) and "{value" not in feature.phrase


def _plain(feature: FeatureLike, value: float) -> str:
    about, number = feature.about.rstrip("."), _number(value)
    if _SCALE.match(feature.unit):
        return f"{about}: {number} on a scale of {feature.unit}"
    counted = feature.unit.endswith("s") and " " not in feature.unit
    said = about.lower().startswith(feature.unit.lower())
    return f"{about}: {number} {feature.unit}" if counted and not said else f"{about}: {number}"


def _number(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() or abs(value) >= 10 else f"{value:.1f}"


def singular(text: str) -> str:
    """Return a text with nouns after a 1 in the singular.

    Examples
    --------
    >>> singular("1 failed recoveries in 11 days")
    '1 failed recovery in 11 days'
    """

    def one(match: re.Match[str]) -> str:
        ending = "y" if match[3] == "ies" else ""
        return f"1 {match[1]}{match[2]}{ending}{' was' if match[4] else ''}"

    return _ONE.sub(one, text)
