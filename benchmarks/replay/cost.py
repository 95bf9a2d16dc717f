"""How long replaying takes: made-up rows, all columns at random."""

from __future__ import annotations

import resource
import time

import numpy as np
import pandas as pd

from retaliation_risk.evaluate import replay
from retaliation_risk.policies import (
    BiggestSpender,
    Capacity,
    ExpectedHarm,
    FirstCome,
    InfluenceOnly,
    MostContacts,
    Oracle,
    RiskOnly,
    Rule,
    Team,
)

EIGHT = (
    FirstCome(), MostContacts(), BiggestSpender(), InfluenceOnly(), Rule(), RiskOnly(), ExpectedHarm(), Oracle(),
)  # fmt: skip
N_ACTS = 3000


def cost(n: int, weeks: int, *, seed: int = 0) -> dict[str, float]:
    """Replay ``n`` customers over so many weeks under eight policies and two teams, with 200 resamples."""
    frames, acts = made_up(n, weeks, seed)
    wall, cpu = time.perf_counter(), time.process_time()
    teams = (Team("gold desk", max(n // 2000, 1), only={"tier": (3.0,)}), Team("service", max(n // 500, 1)))
    found = replay(frames, acts, EIGHT, capacity=Capacity(teams), n_bootstrap=200)
    return {
        "customers": n,
        "weeks": weeks,
        "rows": len(frames),
        "answers": len(found.answers),
        "seconds": round(time.perf_counter() - wall, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "mb_peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def made_up(n: int, weeks: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw rows with what eight policies need, and acts that hang on nothing."""
    rng = np.random.default_rng(seed)
    ids, size = np.array([f"C{k:07d}" for k in range(n)], dtype=object), n * weeks
    influence = np.where(rng.random(n) < 0.6, np.nan, rng.uniform(1, 100, n))
    frames = pd.DataFrame(
        {
            "customer_id": np.tile(ids, weeks),
            "moment": np.repeat(pd.date_range("2024-01-01", periods=weeks, freq="7D"), n),
            "risk": rng.beta(1, 60, size),
            "influence": np.tile(influence, weeks),
            "expected_reach": np.tile(rng.lognormal(3, 1, n), weeks),
            "unresolved_days": np.where(rng.random(size) < 0.1, rng.exponential(6, size), 0.0),
            "tickets_90d": rng.poisson(1.0, size).astype(float),
            "spend_365d": rng.lognormal(3, 1, size),
            "failed_recoveries_ever": rng.poisson(0.3, size).astype(float),
            "tenure_days": rng.uniform(0, 2000, size),
            "segment": np.tile(rng.choice(np.array(["a", "b", "c"], dtype=object), n), weeks),
            "tier": np.tile(rng.integers(0, 4, n).astype(float), weeks),
        }
    )
    days = pd.to_timedelta(rng.uniform(0, 7 * weeks, N_ACTS), unit="D")
    acts = pd.DataFrame(
        {
            "customer_id": rng.choice(ids, N_ACTS),
            "occurred_at": pd.Timestamp("2024-01-01") + days,
            "reach": rng.lognormal(3, 2, N_ACTS),
        }
    )
    return frames, acts
