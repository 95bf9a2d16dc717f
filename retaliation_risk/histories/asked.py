"""What is asked of histories, made ready once for any number of customers and moments."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from retaliation_risk.errors import ArgumentError
from retaliation_risk.histories.declare import Aggregate, Expression, Feature
from retaliation_risk.histories.logs import spec_of
from retaliation_risk.histories.passes import Reading, reading_of


@dataclass(frozen=True)
class Asked:
    """Features, what has to be read of each log for them, and the formulas in the order in which they rest on each other."""

    features: tuple[Feature, ...]
    readings: tuple[Reading, ...]
    expressions: tuple[tuple[str, Expression], ...]


def prepare(features: Sequence[Feature]) -> Asked:
    """Make features ready to be asked for.

    Raises
    ------
    ArgumentError
        RR403, an unknown log, flag or column, or a formula over features that are not among these.
    """
    return _prepared(tuple(features))


@lru_cache(maxsize=32)
def _prepared(features: tuple[Feature, ...]) -> Asked:
    by_log: dict[str, dict[str, Aggregate]] = {}
    for feature in features:
        if isinstance(feature.value, Aggregate):
            by_log.setdefault(feature.value.log, {})[feature.name] = feature.value
    readings = tuple(reading_of(spec_of(log), aggregates) for log, aggregates in by_log.items())
    return Asked(features, readings, tuple(_in_order(features)))


def _in_order(features: Sequence[Feature]) -> Iterator[tuple[str, Expression]]:
    """Yield every formula after those that it reads."""
    known = {f.name for f in features if isinstance(f.value, Aggregate)}
    waiting = {f.name: f.value for f in features if isinstance(f.value, Expression)}
    while waiting:
        ready = [name for name, value in waiting.items() if known.issuperset(value.names)]
        if not ready:
            name, value = next(iter(waiting.items()))
            lacking = [each for each in value.names if each not in known]
            raise ArgumentError(
                "RR403", f"{name!r} uses {lacking}, which are not among the features asked for."
            )
        yield from ((name, waiting.pop(name)) for name in ready)
        known |= set(ready)


def switched_off(features: Sequence[Feature], logs: Collection[str]) -> dict[str, str]:
    """Name of each feature that cannot be had from these logs, with the reason."""
    off: dict[str, str] = {}
    for feature in features:
        if isinstance(feature.value, Aggregate) and feature.value.log not in logs:
            missing = [table for table in spec_of(feature.value.log).tables if table != "tickets"]
            off[feature.name] = f"needs the table {' and '.join(missing)}"
    for feature in features:
        if isinstance(feature.value, Expression) and (lost := [n for n in feature.value.names if n in off]):
            off[feature.name] = f"needs {', '.join(lost)}"
    return off


def logs_of(features: Sequence[Feature]) -> set[str]:
    """Names of the logs that the aggregates among the features read."""
    return {feature.value.log for feature in features if isinstance(feature.value, Aggregate)}
