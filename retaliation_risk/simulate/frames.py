"""What was drawn, as tables: what a firm would have recorded by the end, and the truth behind it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from retaliation_risk.simulate.clock import Bools, Floats, Objects, take, text_ids, to_days, to_times
from retaliation_risk.simulate.contacts import Tickets
from retaliation_risk.simulate.customers import People
from retaliation_risk.simulate.events import Events
from retaliation_risk.simulate.influence import Accounts
from retaliation_risk.simulate.outcomes import OUTCOMES, Acts, Failures
from retaliation_risk.simulate.parameters import Parameters
from retaliation_risk.simulate.truth import Hazards
from retaliation_risk.tables.contract import ACTOR_TYPES, EVENT_TYPES


def tickets_frames(
    tickets: Tickets, events: Events, people: People, gone: Floats, p: Parameters, first: int = 0
) -> dict[str, pd.DataFrame]:
    """Make tickets and ticket_events: nothing of the burn-in, nothing after the exit, nothing learned after the end.

    Tickets are numbered from ``first``.
    """
    stop = gone[tickets.customer]
    recorded = tickets.opened >= 0
    kept = recorded & (tickets.opened < stop)
    ids = text_ids("T", len(tickets), first)
    happened = kept[events.ticket] & (events.day < stop[events.ticket]) & (events.known <= p.history_days)
    known_parent = (tickets.parent >= 0) & recorded[tickets.parent]
    parent = np.where(known_parent, ids[tickets.parent], np.array(None, dtype=object))
    return {
        "tickets": pd.DataFrame(
            {
                "ticket_id": ids[kept],
                "customer_id": people.ids[tickets.customer[kept]],
                "opened_at": to_times(tickets.opened[kept]),
                "channel": take(p.channels, tickets.channel[kept]),
                "issue_key": take(p.issues, tickets.issue[kept]),
                "parent_ticket_id": parent[kept],
                "is_complaint": tickets.complaint[kept],
                "severity": tickets.severity[kept].astype(np.int64),
            },
            copy=False,
        ),
        "ticket_events": _events_frame(ids, events, happened),
    }


def _events_frame(ids: Objects, events: Events, kept: Bools) -> pd.DataFrame:
    """Make the ticket_events table from the kept events."""
    return pd.DataFrame(
        {
            "ticket_id": ids[events.ticket[kept]],
            "occurred_at": to_times(events.day[kept]),
            "event_type": take(EVENT_TYPES, events.kind[kept]),
            "known_at": to_times(events.known[kept]),
            "actor_type": take(ACTOR_TYPES, events.actor[kept]),
            "value": events.value[kept],
        },
        copy=False,  # else pandas copies every column once more
    )


def acts_frame(acts: Acts, people: People, reach: Floats, p: Parameters) -> pd.DataFrame:
    """List all acts, with whether the tables hold them: not of the burn-in, and known by the end."""
    return pd.DataFrame(
        {
            "customer_id": people.ids[acts.customer],
            "occurred_at": to_times(acts.day),
            "outcome_type": take(OUTCOMES, acts.kind),
            "known_at": to_times(acts.known),
            "reach": reach,
            "factor": acts.factor,
            "exported": (acts.day >= 0) & (acts.known <= p.history_days),
        }
    )


def failures_frame(failures: Failures, people: People, gone: Floats) -> pd.DataFrame:
    """List the failed recoveries of complaints that happened before the customer left."""
    kept = failures.day < gone[failures.customer]
    return pd.DataFrame(
        {
            "customer_id": people.ids[failures.customer[kept]],
            "occurred_at": to_times(failures.day[kept]),
            "severity": failures.severity[kept],
            "number": failures.number[kept],
            "gesture": failures.gesture[kept],
            "controllable": failures.controllable[kept],
            "greedy": failures.greedy[kept],
        }
    )


def outcomes_frame(
    acts: pd.DataFrame, people: People, left: Floats, known: Floats, p: Parameters
) -> pd.DataFrame:
    """Make the outcomes table: acts and exits of which the firm had learned by the end."""
    rows = np.flatnonzero((left >= 0) & (known <= p.history_days))
    exits = pd.DataFrame(
        {
            "customer_id": people.ids[rows],
            "occurred_at": to_times(left[rows]),
            "outcome_type": np.full(len(rows), "switching", dtype=object),
            "known_at": to_times(known[rows]),
            "reach": np.full(len(rows), np.nan),
        }
    )
    seen = acts.loc[acts["exported"], list(exits)]
    both = pd.concat([seen, exits], ignore_index=True) if len(exits) else seen
    return both.sort_values(["customer_id", "occurred_at"], kind="stable", ignore_index=True)


def observation_frame(people: People, gone: Floats, p: Parameters) -> pd.DataFrame:
    """Make the observation table: from joining to the end, for those who left too: an exit is an outcome, not blindness."""
    here = gone >= 0
    return pd.DataFrame(
        {
            "customer_id": people.ids[here],
            "observed_from": to_times(people.recorded_from[here]),
            "observed_to": to_times(np.full(int(here.sum()), float(p.history_days))),
        }
    )


def truth_frame(
    people: People, accounts: Accounts, base: Floats, left: Floats, p: Parameters
) -> pd.DataFrame:
    """Make the truth: one row per customer with what holds at all times, and the time of exit if any."""
    return pd.DataFrame(
        {
            "customer_id": people.ids,
            "loyalty": people.loyalty,
            "frailty": people.frailty,
            "schema": np.where(people.vigilante, "vigilante", "reparation").astype(object),
            "ticket_factor": people.ticket_factor,
            "base_per_day": base,
            "half_life_days": p.revenge_half_life_days * np.exp(p.half_life_loyalty * people.loyalty),
            "has_account": accounts.has,
            "log_followers_sd": np.where(accounts.has, accounts.standing, np.nan),
            "left_at": to_times(np.where(left < p.history_days, left, np.nan)),
        }
    )


def jumps_frame(hazards: Hazards) -> pd.DataFrame:
    """List the jumps of the hazard of retaliation.

    From one jump to the next the hazard per day is ``base_per_day + factor * excess_per_day * 2 ** (-days since the jump /
    half_life_days)``: base and half-life are in the truth of the customer, the factor in the truth of the last act before,
    1 without one.
    """
    rate = hazards.retaliation
    return pd.DataFrame(
        {
            "customer_id": hazards.ids[rate.customer],
            "occurred_at": to_times(rate.day),
            "excess_per_day": rate.excess,
        }
    )


def risk_frame(hazards: Hazards, moment: np.datetime64, horizon_days: float) -> pd.DataFrame:
    """List the true risk, as :meth:`Simulated.true_risk` gives it, of all who are there at the moment."""
    everybody = np.arange(len(hazards.ids))
    day = np.full(len(everybody), to_days(moment))
    risk = hazards.true_risk(everybody, day, horizon_days)
    there = ~np.isnan(risk)
    ids, true_risk = hazards.ids[there], risk[there]
    return pd.DataFrame(
        {"customer_id": ids, "moment": moment, "horizon_days": horizon_days, "true_risk": true_risk}
    )
