"""What a run has in hand when it starts to write."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from retaliation_risk.evaluate import Backtest
from retaliation_risk.features import MODEL_FEATURES
from retaliation_risk.histories import Histories
from retaliation_risk.models import Model
from retaliation_risk.run.landmarks import Landmarks
from retaliation_risk.run.settings import Settings
from retaliation_risk.tables import Tables


@dataclass(frozen=True)
class Work:
    """Inputs and results of one run.

    ``model`` is None where none could be fitted, and ``why_not`` says why; ``acts`` are the risk sets known by now, None
    where nobody acted. ``recorded`` is False where the tables have no place for the outcome: nobody acted, as far as they
    say, but that means nothing.
    """

    tables: Tables
    histories: Histories
    settings: Settings
    known: Landmarks
    backtest: Backtest
    model: Model | None
    why_not: str
    acts: pd.DataFrame | None
    recorded: bool = True


def columns_of(known: Landmarks) -> list[str]:
    """Return the features that the models look at: those of MODEL_FEATURES that are on."""
    return [name for name in MODEL_FEATURES if name not in known.off]


def landmark_rows(known: Landmarks) -> pd.DataFrame:
    """Return the rows of all moments but now: those with a whole horizon behind them."""
    return known.rows[known.rows["moment"] < known.now].reset_index(drop=True)


def outcomes_of(
    histories: Histories, rows: pd.DataFrame, settings: Settings, known_by: pd.Timestamp | None = None
) -> pd.DataFrame:
    """Return the outcome frame of the rows, as it was known by a moment or as it is known at the end."""
    return histories.follow_up(
        rows["customer_id"],
        rows["moment"],
        outcome=settings.outcome,
        horizon_days=settings.horizon_days,
        known_by=known_by,
    )
