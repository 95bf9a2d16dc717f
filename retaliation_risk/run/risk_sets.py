"""The customers that each one who acted is compared with: how many, and what taking fewer than all saves and costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from retaliation_risk.errors import ArgumentError
from retaliation_risk.features import MODEL_FEATURES
from retaliation_risk.histories import Feature, Histories, count_at_risk, history_rows
from retaliation_risk.models import Model
from retaliation_risk.models.love_becomes_hate import COLUMNS
from retaliation_risk.run.landmarks import Landmarks
from retaliation_risk.run.settings import Settings

#: Rows that are asked for without a thought: everybody at risk at every act where that is no more.
MOST_ROWS = 50_000
#: Controls for each act, however many acts there are.
FEWEST_CONTROLS = 10
#: Rows that may be asked for by name (``controls="all"``): some ten gigabytes.
MOST_COHORT_ROWS = 30_000_000
#: Half of each set is drawn from customers who were let down: few are, and they are who acts.
COUNTER_MATCH = "failed_recoveries"


@dataclass(frozen=True)
class Plan:
    """How risk sets are made; ``controls`` is None for everybody at risk.

    Attributes
    ----------
    controls : int or None
    n_acts : int
    n_everybody : int
        Rows that everybody at risk at every act would make.
    """

    controls: int | None
    n_acts: int
    n_everybody: int


def plan(histories: Histories, settings: Settings, known_by: pd.Timestamp) -> Plan:
    """Choose the number of controls for the acts known by a moment.

    Raises
    ------
    ArgumentError
        RR111 where everybody was asked for and that is more than MOST_COHORT_ROWS rows.
    """
    at_risk = count_at_risk(histories, outcome=settings.outcome, until=known_by)
    n_acts, everybody = len(at_risk), int(at_risk.sum())
    if settings.controls == "all" and everybody > MOST_COHORT_ROWS:
        raise ArgumentError(
            "RR111",
            f"controls is 'all', which is {everybody:,} rows for {n_acts:,} acts; it must be at most "
            f"{MOST_COHORT_ROWS:,}: give a number, or auto.",
        )
    controls: int | None
    if not isinstance(settings.controls, str):
        controls = int(settings.controls)
    elif settings.controls == "all" or everybody <= MOST_ROWS:
        controls = None
    else:
        controls = max(FEWEST_CONTROLS, MOST_ROWS // n_acts - 1)
    return Plan(controls, n_acts, everybody)


def risk_sets_of(
    histories: Histories, known: Landmarks, settings: Settings, known_by: pd.Timestamp
) -> pd.DataFrame:
    """Return the risk sets of every act known by a moment, with the features that models learn from.

    Raises
    ------
    GateError
        RR401 if nobody acted while at risk.
    """
    chosen = plan(histories, settings, known_by)
    sampled = chosen.controls is not None and COUNTER_MATCH in histories.logs
    return history_rows(
        histories,
        _needed(known),
        outcome=settings.outcome,
        controls=chosen.controls,
        until=known_by,
        counter_match=COUNTER_MATCH if sampled else None,
        seed=settings.seed,
    )


def training_facts(
    histories: Histories, settings: Settings, known_by: pd.Timestamp, rows: int, model: Model | None
) -> dict[str, Any]:
    """Say what the risk sets were and what sampling saved and cost: the ``training`` of run.json."""
    chosen = plan(histories, settings, known_by)
    sampled = chosen.controls is not None
    return {
        "acts": chosen.n_acts,
        "controls": chosen.controls,
        "counter_match": COUNTER_MATCH if sampled and COUNTER_MATCH in histories.logs else None,
        "rows": rows,
        "rows_of_everybody": chosen.n_everybody,
        "efficiency": _efficiency(model),
        "efficiency_without_effects": chosen.controls / (chosen.controls + 1) if chosen.controls else 1.0,
    }


def _efficiency(model: Model | None) -> dict[str, float] | None:
    """Mean and least estimated efficiency of the coefficients; None for models that learn from landmarks alone."""
    found = getattr(model, "efficiency_", None)
    if found is None or not np.isfinite(found).any():
        return None
    return {"mean": float(np.nanmean(found)), "least": float(np.nanmin(found))}


def _needed(known: Landmarks) -> list[Feature]:
    """Return the features of the models and of the table on love and hate, with those that they are computed from."""
    declared = {feature.name: feature for feature in known.features}
    needed: set[str] = set()
    waiting = [name for name in (*MODEL_FEATURES, *COLUMNS) if name in declared]
    while waiting:
        name = waiting.pop()
        needed.add(name)
        inputs = getattr(declared[name].value, "names", ())
        waiting += [each for each in inputs if each not in needed]
    return [feature for feature in known.features if feature.name in needed]
