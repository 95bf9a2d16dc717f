"""What a firm would do with its tables: ask what was known of each customer at each moment, train, predict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.worlds.worlds import BEGIN, HORIZON_DAYS, NOW, TEST_MOMENTS
from retaliation_risk.evaluate import rolling_origin
from retaliation_risk.features import FEATURES, INFLUENCE, MODEL_FEATURES
from retaliation_risk.histories import Histories, build_histories, landmarks
from retaliation_risk.influence import score_followers
from retaliation_risk.models import Logistic
from retaliation_risk.simulate import Simulated
from retaliation_risk.tables import tables_from_frames

MOMENTS, TESTS = landmarks(
    BEGIN, NOW, horizon_days=HORIZON_DAYS, every_days=HORIZON_DAYS, n_test=TEST_MOMENTS
)


@dataclass(frozen=True)
class Known:
    """One row per customer at risk and moment: keys, features and influence; ``columns`` is what a model sees."""

    histories: Histories
    rows: pd.DataFrame
    columns: list[str]

    def outcomes(self, known_by: pd.Timestamp | None = None) -> pd.DataFrame:
        """Return the outcome frame of the rows."""
        customers, moments = self.rows["customer_id"], self.rows["moment"]
        return self.histories.follow_up(
            customers, moments, outcome="retaliation", horizon_days=HORIZON_DAYS, known_by=known_by
        )

    @property
    def shown(self) -> pd.DataFrame:
        """What policies see besides the risk."""
        return self.rows[["customer_id", "moment", "influence"]]


def known_at(world: Simulated, moments: tuple[pd.Timestamp, ...]) -> Known:
    """Ask the histories of a world for every customer at risk at these moments."""
    histories = build_histories(tables_from_frames(world.frames))
    off = histories.switched_off(FEATURES)
    at_risk = [histories.at_risk(moment) for moment in moments]
    times = np.repeat(np.array(moments, dtype="datetime64[us]"), [len(ids) for ids in at_risk])
    asked = [feature for feature in FEATURES if feature.name not in off]
    rows = histories.as_of(np.concatenate(at_risk), times, [*asked, INFLUENCE[0]])
    influence = rows.groupby("moment")[INFLUENCE[0].name].transform(score_followers)
    columns = [name for name in MODEL_FEATURES if name not in off]
    return Known(histories, rows[["customer_id", "moment", *columns]].assign(influence=influence), columns)


def predicted(known: Known) -> tuple[pd.DataFrame, list[Logistic]]:
    """Train and predict by rolling origin; the predictions, and the model of each test moment in order of time."""
    models: list[Logistic] = []

    def unfitted() -> Logistic:
        models.append(Logistic(horizon_days=HORIZON_DAYS))
        return models[-1]

    backtest = rolling_origin(
        known.rows,
        known.outcomes,
        {"logistic": unfitted},
        horizon_days=HORIZON_DAYS,
        test_moments=TESTS,
        columns=known.columns,
    )
    return backtest.predictions, models
