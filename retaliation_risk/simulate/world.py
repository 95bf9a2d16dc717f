"""Put the parts of the invented world together and write down what is true of it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from retaliation_risk._validate import positive, within
from retaliation_risk.simulate.clock import (
    Bools,
    Floats,
    Ints,
    take,
    text_ids,
    to_times,
    whole_seconds,
)
from retaliation_risk.simulate.contacts import Tickets, draw_tickets
from retaliation_risk.simulate.customers import (
    People,
    customers_frame,
    draw_orders,
    draw_people,
    loyalty_frame,
    orders_frame,
)
from retaliation_risk.simulate.events import Events, draw_events, first_failures
from retaliation_risk.simulate.influence import Accounts, draw_accounts, draw_reach, influence_frame
from retaliation_risk.simulate.outcomes import (
    OUTCOMES,
    Acts,
    Failures,
    draw_acts,
    draw_exits,
    exit_hazard,
    find_failures,
    retaliation_hazard,
)
from retaliation_risk.simulate.parameters import DEFAULTS, Parameters
from retaliation_risk.simulate.summary import truth_summary
from retaliation_risk.simulate.truth import Hazards, Simulated
from retaliation_risk.tables.contract import ACTOR_TYPES, EVENT_TYPES

_STAGES = (
    "people",
    "accounts",
    "orders",
    "tickets",
    "events",
    "exits",
    "acts",
    "reach",
    "influence",
    "reports",
)


def _generators(seed: int) -> dict[str, np.random.Generator]:
    """One generator per stage, so that a switch in one stage leaves the draws of the others alone."""
    return {name: np.random.default_rng([seed, number]) for number, name in enumerate(_STAGES)}


def simulate(n_customers: int = 4000, *, seed: int = 0, parameters: Parameters = DEFAULTS) -> Simulated:
    """Invent customers, their histories and what they did, with the truth kept.

    Parameters
    ----------
    n_customers : int, default 4000
        Above 0.
    seed : int, default 0
        The same seed gives the same tables; at least 0.
    parameters : Parameters
        Every constant of the world, each with its source.

    Returns
    -------
    Simulated

    Examples
    --------
    >>> world = simulate(100, seed=3)
    >>> list(world.frames)
    ['customers', 'tickets', 'ticket_events', 'orders', 'loyalty', 'outcomes', 'influence', 'observation']
    >>> len(world.frames["customers"])
    100
    """
    n, p = int(positive("n_customers", n_customers)), parameters
    rng = _generators(int(within("seed", seed, 0, math.inf)))
    people = draw_people(rng["people"], n, p)
    accounts = draw_accounts(rng["accounts"], n, p)
    tickets = draw_tickets(rng["tickets"], people, p)
    events = draw_events(rng["events"], tickets, p)
    failures = find_failures(tickets, events, first_failures(tickets, events), p)
    leaving = exit_hazard(people, failures, p)
    left = draw_exits(rng["exits"], leaving, people)
    gone = np.minimum(left, float(p.history_days))
    angry = retaliation_hazard(people, accounts, tickets, failures, p)
    acts = draw_acts(rng["acts"], angry, people, gone, p)
    hazards = Hazards(people.ids, people.start, gone, angry, leaving, acts)
    known = whole_seconds(left + rng["reports"].exponential(p.exit_delay_days, n))
    told = acts_frame(acts, people, draw_reach(rng["reach"], acts.direct, acts.customer, accounts, p), p)
    orders = draw_orders(rng["orders"], people, p)
    frames = {
        "customers": customers_frame(people),
        **tickets_frames(tickets, events, people, gone, p),
        "orders": orders_frame(orders, people, gone),
        "loyalty": loyalty_frame(orders, people, gone, p),
        "outcomes": outcomes_frame(told, people, left, known, p),
        "influence": influence_frame(rng["influence"], accounts, people, gone, p),
        "observation": observation_frame(people, p),
    }
    truth = truth_frame(people, accounts, angry.base, left, p)
    summary = truth_summary(hazards, failures, told, seed, p)
    return Simulated(frames, truth, told, failures_frame(failures, people, gone), summary, hazards)


def tickets_frames(
    tickets: Tickets, events: Events, people: People, gone: Floats, p: Parameters
) -> dict[str, pd.DataFrame]:
    """Make tickets and ticket_events: nothing after the exit, nothing learned after the end."""
    stop = gone[tickets.customer]
    kept = tickets.opened < stop
    ids = text_ids("T", len(tickets))
    happened = kept[events.ticket] & (events.day < stop[events.ticket]) & (events.known <= p.history_days)
    parent = np.where(tickets.parent >= 0, ids[tickets.parent], np.array(None, dtype=object))
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
            }
        ),
        "ticket_events": _events_frame(ids, events, happened),
    }


def _events_frame(ids: np.ndarray, events: Events, kept: Bools) -> pd.DataFrame:
    """Make the ticket_events table from the kept events."""
    return pd.DataFrame(
        {
            "ticket_id": ids[events.ticket[kept]],
            "occurred_at": to_times(events.day[kept]),
            "event_type": take(EVENT_TYPES, events.kind[kept]),
            "known_at": to_times(events.known[kept]),
            "actor_type": take(ACTOR_TYPES, events.actor[kept]),
            "value": events.value[kept],
        }
    )


def acts_frame(acts: Acts, people: People, reach: Floats, p: Parameters) -> pd.DataFrame:
    """List all acts, with whether the firm had learned of them by the end."""
    return pd.DataFrame(
        {
            "customer_id": people.ids[acts.customer],
            "occurred_at": to_times(acts.day),
            "outcome_type": take(OUTCOMES, acts.kind),
            "known_at": to_times(acts.known),
            "reach": reach,
            "exported": acts.known <= p.history_days,
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
        }
    )


def outcomes_frame(
    acts: pd.DataFrame, people: People, left: Floats, known: Floats, p: Parameters
) -> pd.DataFrame:
    """Make the outcomes table: acts and exits of which the firm had learned by the end."""
    rows = _known_exits(known, p)
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


def _known_exits(known: Floats, p: Parameters) -> Ints:
    """Rows of customers whose exit the firm had learned of by the end."""
    return np.flatnonzero(known <= p.history_days)


def observation_frame(people: People, p: Parameters) -> pd.DataFrame:
    """Make the observation table: from joining to the end, for those who left too: an exit is an outcome, not blindness."""
    return pd.DataFrame(
        {
            "customer_id": people.ids,
            "observed_from": to_times(people.start),
            "observed_to": to_times(np.full(len(people.ids), float(p.history_days))),
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
