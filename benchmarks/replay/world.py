"""An invented world, trained on its first part and replayed week by week over its last half year."""

from __future__ import annotations

import numpy as np
import pandas as pd

from retaliation_risk.evaluate import Replay, replay
from retaliation_risk.features import FEATURES, INFLUENCE, MODEL_FEATURES
from retaliation_risk.histories import Histories, build_histories
from retaliation_risk.influence import score_followers
from retaliation_risk.models import Logistic
from retaliation_risk.policies import POLICIES, Capacity, Policy, Team
from retaliation_risk.simulate import simulate
from retaliation_risk.tables import tables_from_frames

HORIZON_DAYS = 30
WEEKS = 26
LANDMARKS = 18
COLUMNS = [feature.name for feature in FEATURES if feature.name in MODEL_FEATURES]
OTHERS = (
    "spend_365d",
    "tickets_90d",
    "complaint_stock",
    "unresolved_days",
    "failed_recoveries_ever",
    "tenure_days",
    "tier",
)


def replayed(n_customers: int, *, seed: int, answers: int, n_bootstrap: int) -> Replay:
    """Simulate, train before the last half year, and replay it with one team.

    ``expected_harm`` is left out: its reach is another model's matter.
    """
    world = simulate(n_customers, seed=seed)
    histories = build_histories(tables_from_frames(world.frames))
    first = histories.now - pd.Timedelta(days=7 * WEEKS)
    moments = pd.date_range(first.normalize(), periods=WEEKS, freq="7D")
    past = pd.date_range(
        end=first - pd.Timedelta(days=HORIZON_DAYS), periods=LANDMARKS, freq=f"{HORIZON_DAYS}D"
    )
    frames = known_at(histories, moments)
    model = trained(histories, known_at(histories, past), first)
    segments = world.frames["customers"][["customer_id", "segment"]]
    frames = frames.assign(risk=model.predict_risk(frames[COLUMNS], HORIZON_DAYS)).merge(
        segments, on="customer_id"
    )
    policies: list[Policy] = [policy for policy in POLICIES if policy.name != "expected_harm"]
    capacity = Capacity((Team("service", answers),))
    acts = histories.acts("retaliation")
    return replay(
        frames, acts, policies, capacity=capacity, n_bootstrap=n_bootstrap, until=histories.now.date()
    )


def known_at(histories: Histories, moments: pd.DatetimeIndex) -> pd.DataFrame:
    """Ask for every customer at risk at each moment, with influence among those at hand."""
    ids = [histories.at_risk(moment) for moment in moments]
    times = np.repeat(np.array(moments, dtype="datetime64[us]"), [len(at_risk) for at_risk in ids])
    rows = histories.as_of(np.concatenate(ids), times, [*FEATURES, INFLUENCE[0]])
    influence = rows.groupby("moment")[INFLUENCE[0].name].transform(score_followers)
    kept = ["customer_id", "moment", *dict.fromkeys((*COLUMNS, *OTHERS))]
    return rows[kept].assign(influence=influence)


def trained(histories: Histories, rows: pd.DataFrame, known_by: pd.Timestamp) -> Logistic:
    """Fit on landmarks whose whole horizon lies before the replay, with what was known then."""
    y = histories.follow_up(
        rows["customer_id"],
        rows["moment"],
        outcome="retaliation",
        horizon_days=HORIZON_DAYS,
        known_by=known_by,
    )
    return Logistic(horizon_days=HORIZON_DAYS).fit(rows[COLUMNS], y)
