"""The gate before training: how many outcomes there are, and how many it takes."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from retaliation_risk._words import percent
from retaliation_risk.errors import GateError
from retaliation_risk.histories import Histories
from retaliation_risk.metrics import events_needed, power_of
from retaliation_risk.pipeline.config import Minimum
from retaliation_risk.run import Landmarks, Settings

#: Feature that says who was let down twice; its share among the rows is what the power calculation takes.
LET_DOWN = "double_deviations_ever"
#: A share nearer to 0 or 1 says that the group is hardly there; power is told for this one.
LEAST_SHARE = 0.01
MONTH_DAYS = 365.25 / 12
MOST_MONTHS = 120


def count_events(
    histories: Histories, known: Landmarks, settings: Settings, minimum: Minimum
) -> dict[str, Any]:
    """Count the outcomes known by now, and say what they suffice for.

    Returns
    -------
    dict
        ``n_events``, ``minimum``, ``missing`` (events still needed), ``per_month`` (so far), ``share_let_down`` (of
        customers at risk), ``hazard_ratio``, ``power`` (with these events), ``power_wanted``,
        ``events_for_power``.
    """
    acts = histories.acts(settings.outcome, known_by=known.now)
    share = _share(known.rows)
    wanted = events_needed(minimum.hazard_ratio, share, power=minimum.power)
    return {
        "n_events": len(acts),
        "minimum": minimum.events,
        "missing": max(minimum.events - len(acts), 0),
        "per_month": _per_month(acts["occurred_at"], known.now),
        "share_let_down": share,
        "hazard_ratio": minimum.hazard_ratio,
        "power": power_of(len(acts), minimum.hazard_ratio, share),
        "power_wanted": minimum.power,
        "events_for_power": wanted,
    }


def refuse_too_few(found: dict[str, Any], outcome: str) -> None:
    """Raise RR410 where there are fewer events than the minimum."""
    if found["missing"]:
        raise GateError("RR410", too_few(found, outcome))


def too_few(found: dict[str, Any], outcome: str) -> str:
    """Say how many events there are, how many more it takes, and what they could show."""
    more = found["events_for_power"] - found["n_events"]
    said = (
        f"{found['n_events']} events of {outcome!r} are known and training begins at {found['minimum']}: "
        f"{found['missing']} more are needed. With {found['n_events']} events a hazard ratio of "
        f"{found['hazard_ratio']:g} between the {percent(found['share_let_down'], 1)} of customers who were let down "
        f"twice and the rest is found with power {found['power']:.2f}; power {found['power_wanted']:g} takes "
        f"{found['events_for_power']}" + (f", {more} more" if more > 0 else "")
    )
    if found["per_month"]:
        months = math.ceil(found["missing"] / found["per_month"])
        when = f"in about {months} months" if months <= MOST_MONTHS else "in more than ten years"
        said += f". At {found['per_month']:.1f} a month so far, the minimum is reached {when}"
    return said + "."


def _share(rows: pd.DataFrame) -> float:
    """Share of customers at risk who were let down twice; a half where that is not known."""
    if LET_DOWN not in rows or rows.empty:
        return 0.5
    return min(max(float((rows[LET_DOWN] > 0).mean()), LEAST_SHARE), 1 - LEAST_SHARE)


def _per_month(occurred: pd.Series, now: pd.Timestamp) -> float:
    """Events in a month since the first; 0 without any."""
    if occurred.empty:
        return 0.0
    days = (now - occurred.min()) / pd.Timedelta(days=1)
    return float(len(occurred) / max(days, MONTH_DAYS) * MONTH_DAYS)
