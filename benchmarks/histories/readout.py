"""One customer with 5,000 events, asked for every feature of a run: ``python -m benchmarks.histories.readout``.

The histories are in memory, as in a service; what is measured is ``as_of`` of one customer at one moment.
"""

from __future__ import annotations

import json
import time

import numpy as np
import pandas as pd

from retaliation_risk.features import FEATURES
from retaliation_risk.histories import Histories, build_histories
from retaliation_risk.tables import tables_from_frames
from retaliation_risk.tables.contract import EVENT_TYPES

EVENTS, TICKETS, CALLS = 5_000, 1_000, 2_000


def heavy() -> Histories:
    """Return the histories of one customer with 1,000 tickets and 5,000 events, and one with neither."""
    random = np.random.default_rng(0)
    first = pd.Timestamp("2020-01-01T09:00")
    opened = first + pd.to_timedelta(np.sort(random.integers(1, 1_500 * 86_400, TICKETS)), unit="s")
    ticket = random.integers(0, TICKETS, EVENTS)
    kind = random.choice(EVENT_TYPES, EVENTS)
    happened = opened[ticket] + pd.to_timedelta(random.integers(1, 30 * 86_400, EVENTS), unit="s")
    tickets = pd.DataFrame(
        {
            "ticket_id": [f"T{i}" for i in range(TICKETS)],
            "customer_id": "C1",
            "opened_at": opened,
            "channel": random.choice(["phone", "email"], TICKETS),
            "issue_key": random.choice(["late", "broken", "bill"], TICKETS),
            "severity": random.integers(1, 6, TICKETS),
        }
    )
    events = pd.DataFrame(
        {
            "ticket_id": tickets["ticket_id"].to_numpy()[ticket],
            "occurred_at": happened,
            "event_type": kind,
            "value": np.where(np.isin(kind, ["csat_rated", "compensation"]), random.random(EVENTS), np.nan),
        }
    )
    customers = pd.DataFrame({"customer_id": ["C1", "C2"], "first_seen_at": first})
    return build_histories(
        tables_from_frames({"customers": customers, "tickets": tickets, "ticket_events": events})
    )


def run() -> dict[str, float]:
    """Return the number of features, and milliseconds: the median call and the slowest of a hundred."""
    histories = heavy()
    off = histories.switched_off(FEATURES)
    features = [feature for feature in FEATURES if feature.name not in off]
    moment = pd.Timestamp("2024-06-01")
    histories.as_of(["C1"], moment, features)
    taken = []
    for _ in range(CALLS):
        start = time.perf_counter()
        histories.as_of(["C1"], moment, features)
        taken.append(1000 * (time.perf_counter() - start))
    return {
        "features": len(features),
        "median_ms": round(float(np.median(taken)), 3),
        "p99_ms": round(float(np.quantile(taken, 0.99)), 3),
    }


if __name__ == "__main__":
    print(json.dumps(run()))
