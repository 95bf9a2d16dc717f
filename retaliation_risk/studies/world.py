"""The simulated customers that studies look at, with any constant switched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from retaliation_risk.histories import build_histories
from retaliation_risk.simulate import Parameters, simulate
from retaliation_risk.studies.panel import Panel, build_panel
from retaliation_risk.tables import tables_from_frames

#: Ten times the simulator's base rate: 20,000 customers then act as often as 200,000 would. All ratios stay as they are.
DESIGN: Mapping[str, Any] = {"base_per_year": 10 * Parameters().base_per_year}


def simulated_panel(n_customers: int, *, seed: int, switched: Mapping[str, Any] | None = None) -> Panel:
    """Simulate customers, record them as a firm would, and lay the records out.

    Loyalty and proneness to retaliate are told as by a questionnaire without error; all else is read from the tables.

    Parameters
    ----------
    n_customers : int
        Above 0.
    seed : int
    switched : mapping, optional
        Constants of the simulator to change.
    """
    world = simulate(n_customers, seed=seed, parameters=Parameters(**{**DESIGN, **(switched or {})}))
    histories = build_histories(tables_from_frames(world.frames))
    truth = world.truth.set_index("customer_id").loc[histories.customer_ids]
    return build_panel(
        histories, loyalty=truth["loyalty"].to_numpy(), proneness=np.log(truth["frailty"].to_numpy())
    )
