"""The feature dictionary, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from retaliation_risk.features.families import FEATURES
from retaliation_risk.histories import LOGS, Aggregate, Decayed, Expression, Feature

#: How a sign is written.
SIGN = {-1: "-", 0: "", 1: "+"}


def dictionary(
    features: Sequence[Feature] = FEATURES, switched_off: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Return one JSON-able entry per feature: name, unit, about, family, how it is computed, and whether it is on.

    Examples
    --------
    >>> entry = dictionary()[0]
    >>> entry["name"], entry["value"]
    ('tenure_days', 'dayssincefirst(customers), ever')
    """
    off = switched_off or {}
    return [
        {
            "name": feature.name,
            "unit": feature.unit,
            "about": feature.about,
            "family": feature.family,
            "value": describe(feature.value),
            "tables": sorted(_tables(feature, {f.name: f for f in features})),
            "source": feature.source,
            "sign": feature.sign,
            "on": feature.name not in off,
            "why_off": off.get(feature.name, ""),
        }
        for feature in features
    ]


def markdown_table(features: Sequence[Feature] = FEATURES) -> str:
    """Return the dictionary as a Markdown table, family by family; docs/features.md is made of it."""
    lines = ["| feature | unit | meaning | computed as | sign | after |", "|---|---|---|---|:-:|---|"]
    for entry in dictionary(features):
        value = entry["value"].replace("|", "\\|")
        lines.append(
            f"| {entry['name']} | {entry['unit']} | {entry['about']} | `{value}` | {SIGN[entry['sign']]} |"
            f" {entry['source']} |"
        )
    return "\n".join(lines) + "\n"


def describe(value: Aggregate | Expression) -> str:
    """How a feature is computed, in a line.

    Examples
    --------
    >>> from retaliation_risk.histories import Sum
    >>> describe(Sum("orders", "amount", days=365))
    'sum(orders.amount), 365 days'
    """
    if isinstance(value, Expression):
        return value.formula
    column = f".{value.column}" if value.column else ""
    where = f" where {value.where}" if value.where else ""
    window = "ever" if value.days is None else f"{value.days:g} days"
    if isinstance(value, Decayed):
        window = f"half-life {value.half_life_days:g} days"
    return f"{value.operation}({value.log}{column}{where}), {window}"


def _tables(feature: Feature, named: Mapping[str, Feature]) -> set[str]:
    if isinstance(feature.value, Aggregate):
        return set(LOGS[feature.value.log].tables)
    return {table for name in feature.value.names if name in named for table in _tables(named[name], named)}
