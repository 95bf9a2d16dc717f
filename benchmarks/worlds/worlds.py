"""Three worlds whose truth is known: histories decide, neither decides, influence decides."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from retaliation_risk.simulate import DEFAULTS, Parameters

CUSTOMERS = 2_000
CAPACITY = 100
HORIZON_DAYS = 60.0
TEST_MOMENTS = 6
BEGIN = pd.Timestamp("2024-01-01")
NOW = BEGIN + pd.Timedelta(days=DEFAULTS.history_days)

LARGE = 40_000
"""Customers of the world in which a policy's truth is read."""


@dataclass(frozen=True)
class World:
    """A world, which policy is truly ahead in it (empty: neither), and the constants that differ from the default."""

    name: str
    about: str
    ahead: str
    constants: dict[str, float]

    @property
    def parameters(self) -> Parameters:
        """All constants of the simulator."""
        return replace(DEFAULTS, **self.constants)


# base_per_year: so that 6 % of customers retaliate in a year, in all worlds alike (the surveys behind the simulator say 3 %
# and 9 %), which lets worlds of 2,000 customers hold enough acts. history_strength: so that neither policy is ahead when
# influence_effect is 0.5. Both found by benchmarks/worlds/calibrate.py on seeds of its own.
WORLDS = (
    World(
        "histories decide",
        "retaliation is independent of influence, as by default",
        "risk_only",
        {"base_per_year": 0.0152},
    ),
    World(
        "neither decides",
        "a weak tie of who acts to influence, and histories that say as little",
        "",
        {
            "base_per_year": 0.0504,
            "history_strength": 0.0735,
            "influence_effect": 0.5,
            "reach_log_slope": 0.0,
        },
    ),
    World(
        "influence decides",
        "influence says who acts and how far acts reach; complaints and failed recoveries say nothing",
        "influence_only",
        {"base_per_year": 0.0738, "history_strength": 0.0, "influence_effect": 1.5, "reach_log_slope": 0.6},
    ),
)
