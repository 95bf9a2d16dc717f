"""What every section needs to know of a run: its settings, and which two policies are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from retaliation_risk.evaluate import FEWEST_EVENTS
from retaliation_risk.histories import Definitions
from retaliation_risk.report.folder import RunFolder, records
from retaliation_risk.report.sentences import events, per

ALL = "all"
LEADS = ("risk_only", "rule")
INFLUENCE = "influence_only"
ALTERNATIVES = ("most_contacts", "first_come", "biggest_spender")


@dataclass(frozen=True)
class Setup:
    """What the report compares; ``lead`` and ``against`` are None where nothing was scored.

    ``retaliators`` are the customers with an event at some test moment, ``acts_seen`` the events with an
    audience and ``people`` its size; None in runs that do not count them.
    """

    capacity: float | None
    period: str
    model: str
    lead: str | None
    against: str | None
    moments: int
    events: str
    show_contacts: bool
    min_cell: int
    definitions: Definitions
    retaliators: float | None = None
    acts_seen: float | None = None
    people: float | None = None
    fewest: int = FEWEST_EVENTS


def read_setup(folder: RunFolder, *, show_contacts: bool, min_cell: int) -> Setup:
    """Return the comparison that ``folder`` allows."""
    settings = folder.run.get("settings") or {}
    moments = folder.run.get("moments") or {}
    tests = list(moments.get("test") or [])
    capacity = settings.get("capacity")
    scored = set(at_capacity(folder.tables["scores"], capacity)["policy"])
    # Without a model now, nobody can be ordered by risk, whatever was judged before.
    leads = LEADS[1:] if why_off(folder, "models") else LEADS
    lead = next((policy for policy in leads if policy in scored), None)
    known = [p for p in (INFLUENCE, *ALTERNATIVES) if p in scored and p != lead]
    return Setup(
        capacity=None if capacity is None else float(capacity),
        period=per(_gap_days(tests) or _gap_days(list(moments.get("landmarks") or []))),
        model=str(settings.get("model") or ""),
        lead=lead,
        against=known[0] if known else None,
        moments=len(tests),
        events=events(str(settings.get("outcome") or "retaliation")),
        show_contacts=show_contacts,
        min_cell=min_cell,
        definitions=Definitions.from_dict(settings.get("definitions") or {}),
        retaliators=_total(folder, "customers_with_event"),
        acts_seen=_total(folder, "acts_with_audience"),
        people=_total(folder, "people_reached_total"),
    )


def _total(folder: RunFolder, metric: str) -> float | None:
    """Return a count of what all else rests on, from the rows of the scores without model and policy."""
    found = pick(folder.tables["scores"], split=ALL, model="", policy="", metric=metric)
    return None if found is None else found["value"]


def at_capacity(scores: pd.DataFrame, capacity: Any) -> pd.DataFrame:
    """Return the policy rows of ``scores`` at the run's capacity."""
    rows = scores[scores["policy"] != ""]
    return rows if capacity is None else rows[rows["capacity"] == float(capacity)]


def policy_scores(folder: RunFolder, setup: Setup) -> pd.DataFrame:
    """Return one row per split, policy and metric at capacity, by the chosen model where several."""
    rows = at_capacity(folder.tables["scores"], setup.capacity)
    chosen = (rows["model"] == setup.model).to_numpy()
    order = rows.assign(_other=~chosen).sort_values("_other", kind="stable")
    return order.drop_duplicates(["split", "policy", "metric"]).drop(columns="_other").sort_index()


def pick(scores: pd.DataFrame, **equal: str | None) -> dict[str, Any] | None:
    """Return the first row whose columns equal ``equal``, or None."""
    for name, value in equal.items():
        scores = scores[scores[name] == value]
    found = records(scores.head(1))
    return found[0] if found else None


def few(row: dict[str, Any], setup: Setup) -> bool:
    """Say whether a row rests on too few events, or on those of too few customers, for a verdict."""
    events = row.get("n_events") or 0
    return min(events, events if setup.retaliators is None else setup.retaliators) < FEWEST_EVENTS


def why_off(folder: RunFolder, what: str) -> str:
    """Return why ``what`` is switched off, or nothing."""
    why = {str(e.get("what", "")): str(e.get("why", "")) for e in folder.run.get("switched_off") or []}
    return why.get(what, "")


def _gap_days(moments: list[str]) -> float | None:
    if len(moments) < 2:
        return None
    days = np.array([str(m)[:10] for m in sorted(moments)], dtype="datetime64[D]")
    return float(np.median(np.diff(days).astype(float)))
