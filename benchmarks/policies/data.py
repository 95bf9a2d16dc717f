"""Simulated predictions with the columns that the policies compared need: events are rare and priorities tie."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit

from retaliation_risk.policies import (
    BiggestSpender,
    ExpectedHarm,
    FirstCome,
    InfluenceOnly,
    MostContacts,
    Oracle,
    RiskOnly,
    Rule,
)

POLICIES = (
    FirstCome(), MostContacts(), BiggestSpender(), InfluenceOnly(), Rule(), RiskOnly(), ExpectedHarm(), Oracle(),
)  # fmt: skip
SHARES = (0.002, 0.005, 0.01, 0.02, 0.04, 0.08)
"""Capacities, as shares of the customers."""


def draw(customers: int, moments: int, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return predictions of one model, about one event in a hundred rows, and what else the policies see."""
    rng = np.random.default_rng(seed)
    parts = [_moment(customers, pd.Timestamp(2025, 1 + month, 1), rng) for month in range(moments)]
    frame = pd.concat(parts, ignore_index=True)
    shown = ["customer_id", "moment", *(name for policy in POLICIES for name in policy.needs)]
    shown = [name for name in dict.fromkeys(shown) if name in frame.columns and name != "risk"]
    return frame.drop(columns=[name for name in shown if name not in ("customer_id", "moment")]), frame[shown]


def _moment(n: int, moment: pd.Timestamp, rng: np.random.Generator) -> pd.DataFrame:
    line = rng.normal(-5, 1, n)
    event, lost = rng.random(n) < expit(line), rng.random(n) < 0.05
    return pd.DataFrame(
        {
            "split": str(moment.date()),
            "customer_id": np.arange(n),
            "moment": moment,
            "event": event & ~lost,
            "duration_days": np.where(event | lost, 10.0, 30.0),
            "competing": False,
            "reach": np.where(event, rng.lognormal(3, 1, n), np.nan),
            "weight": np.where(lost, 0.0, 1 / 0.95),
            "risk_cox": expit(line + rng.normal(size=n)),
            "influence": np.where(rng.random(n) < 0.4, np.nan, rng.normal(50, 15, n).round().clip(1, 100)),
            "expected_reach": rng.lognormal(3, 1, n),
            "unresolved_days": np.where(rng.random(n) < 0.7, np.nan, rng.integers(0, 40, n)),
            "tickets_90d": rng.poisson(0.5, n),
            "spend_365d": rng.lognormal(4, 1, n).round(2),
            "failed_recoveries_ever": rng.poisson(0.3, n),
            "tenure_days": rng.integers(0, 3000, n),
        }
    )
