"""Landmark rows with a known truth, shared by the tests of models."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

HORIZON = 60.0


def simulate(n: int, seed: int, censoring_days: float = 150.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Exponential durations from three features; some leave first, some are lost, customers repeat."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "failed_recoveries_ever": rng.poisson(0.8, n).astype(float),
            "tenure_days": rng.gamma(2, 300, n),
            "calls": rng.poisson(3, n).astype(float),
            "always_one": 1.0,
        }
    )
    log_hazard = 0.7 * X["failed_recoveries_ever"] + 0.001 * X["tenure_days"] - 0.1 * X["calls"]
    t = rng.exponential(1 / (0.001 * np.exp(log_hazard)))
    leave, lost = rng.exponential(600, n), rng.exponential(censoring_days, n)
    first = np.minimum.reduce([t, leave, lost, np.full(n, HORIZON)])
    X.loc[rng.random(n) < 0.1, "tenure_days"] = np.nan
    y = pd.DataFrame(
        {
            "customer_id": [f"C{i % (n // 2):05d}" for i in range(n)],
            "moment": pd.Timestamp("2025-01-01") + pd.to_timedelta(30 * (np.arange(n) * 10 // n), unit="D"),
            "event": first == t,
            "duration_days": first,
            "competing": first == leave,
            "reach": np.nan,
        }
    )
    return X, y


@pytest.fixture(scope="session")
def landmark() -> tuple[pd.DataFrame, pd.DataFrame]:
    return simulate(1500, seed=1)
