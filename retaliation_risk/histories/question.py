"""What is asked of many customers at once, and where their tables are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from retaliation_risk.errors import ArgumentError
from retaliation_risk.histories.asked import logs_of, prepare, switched_off
from retaliation_risk.histories.declare import Feature
from retaliation_risk.histories.definitions import Definitions
from retaliation_risk.histories.histories import microseconds
from retaliation_risk.histories.logs import LOGS
from retaliation_risk.tables import CONTRACT, Tables
from retaliation_risk.tables.contract import COMPETING


@dataclass(frozen=True)
class Export:
    """A folder or database file of tables, and how it is read; see :func:`retaliation_risk.tables.read_tables`."""

    path: Path
    rename: Path | None = None
    now: datetime | None = None


Source = Path | Export | Tables
"""Where tables come from; tables in memory stay there, on top of any limit."""


@dataclass(frozen=True)
class Question:
    """What is asked of every shard.

    ``moments`` are microseconds of UTC, sorted: each is asked for every customer first seen before it, or for those of
    them ``at_risk``. None: the pairs of the staged table ``asked`` are.
    """

    features: tuple[Feature, ...]
    definitions: Definitions
    moments: tuple[int, ...] | None
    at_risk: bool = False

    def needs(self, names: Sequence[str]) -> tuple[str, ...]:
        """Tables that the features are made from, out of those present; raises RR403 if that is not enough."""
        for name, why in available(self.features, names)[1].items():
            raise ArgumentError("RR403", f"{name!r} cannot be computed: it {why}.")
        prepare(self.features)
        needed = {"customers", "tickets"}.union(*(LOGS[log].tables for log in logs_of(self.features)))
        if self.at_risk:
            needed |= set(_RISK) & set(names)
        return tuple(name for name in CONTRACT if name in needed)


def available(
    features: Sequence[Feature], names: Sequence[str]
) -> tuple[tuple[Feature, ...], dict[str, str]]:
    """Return the features that tables of these names can give, and why each of the others is switched off."""
    logs = {log.name for log in LOGS.values() if set(log.tables) <= set(names)}
    off = switched_off(features, logs)
    return tuple(feature for feature in features if feature.name not in off), off


def asked(
    features: Sequence[Feature],
    definitions: Definitions | None,
    moments: Sequence[object] | pd.DataFrame,
    at_risk: bool,
) -> Question:
    """Return what is asked; raise RR111 for a frame of moments together with ``at_risk``."""
    if at_risk and isinstance(moments, pd.DataFrame):
        raise ArgumentError(
            "RR111", "at_risk is True and moments name the customers; it must be one or the other."
        )
    return Question(tuple(features), definitions or Definitions(), asked_moments(moments), at_risk)


def asked_moments(moments: Sequence[object] | pd.DataFrame) -> tuple[int, ...] | None:
    """Return the moments, sorted and each once; None for a frame of pairs."""
    if isinstance(moments, pd.DataFrame):
        return None
    listed = [moments] if isinstance(moments, str | datetime) else list(moments)
    if not listed:
        raise ArgumentError("RR111", "moments is empty; give at least one moment.")
    return tuple(sorted({_moment(moment) for moment in listed}))


def _moment(moment: object) -> int:
    try:
        return int(microseconds([pd.Timestamp(moment)], 1)[0])  # type: ignore[arg-type]
    except (ValueError, TypeError) as error:
        raise ArgumentError("RR111", f"moments holds {moment!r}, which is no time.") from error


_RISK = {
    "outcomes": "NOT EXISTS (FROM outcomes WHERE outcomes.customer_id = customers.customer_id "
    f"AND outcome_type = '{COMPETING[0]}' AND known_at < moment)",
    "observation": "EXISTS (FROM observation WHERE observation.customer_id = customers.customer_id "
    "AND moment BETWEEN observed_from AND observed_to)",
}
"""Who is at risk, by the table that says so; beside opting out of profiling and the beginning of the record."""


def asked_sql(question: Question, pairs: str, names: Collection[str]) -> str:
    """Return the query for customer_id and moment of every row of the result; ``names`` are the tables there are."""
    if question.moments is None:
        return f"SELECT customer_id, moment FROM {pairs}"
    listed = ", ".join(f"make_timestamp({moment})" for moment in question.moments)
    wanted = ["first_seen_at < moment"]
    if question.at_risk:
        wanted += ["NOT coalesce(profiling_opt_out, false)", "coalesce(history_from <= moment, true)"]
        wanted += [clause for name, clause in _RISK.items() if name in names]
    return (
        f"SELECT customer_id, moment FROM customers, (SELECT unnest([{listed}]) AS moment) "
        f"WHERE {' AND '.join(wanted)}"
    )
