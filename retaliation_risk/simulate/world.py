"""Put the parts of the invented world together."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from retaliation_risk._validate import positive, within
from retaliation_risk.simulate.attitudes import attribute, forgo_orders
from retaliation_risk.simulate.clock import whole_seconds
from retaliation_risk.simulate.contacts import draw_tickets
from retaliation_risk.simulate.customers import (
    customers_frame,
    draw_orders,
    draw_people,
    loyalty_frame,
    orders_frame,
)
from retaliation_risk.simulate.events import draw_events, first_failures
from retaliation_risk.simulate.frames import (
    acts_frame,
    failures_frame,
    observation_frame,
    outcomes_frame,
    tickets_frames,
    truth_frame,
)
from retaliation_risk.simulate.influence import draw_accounts, draw_reach, influence_frame
from retaliation_risk.simulate.outcomes import (
    draw_acts,
    draw_exits,
    exit_hazard,
    find_failures,
    retaliation_hazard,
)
from retaliation_risk.simulate.parameters import DEFAULTS, Parameters
from retaliation_risk.simulate.summary import count_world, truth_summary
from retaliation_risk.simulate.truth import Hazards, Simulated

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
    "attributions",
    "avoidance",
)


TICKETS_OF_A_BLOCK = 10_000_000
"""More tickets than a block has: by this much their numbers are apart from block to block."""


@dataclass(frozen=True)
class Block:
    """A part of a large world: its number, and the number of its first customer. The first is a world of its own."""

    number: int = 0
    first: int = 0


def _generators(seed: int, block: int = 0) -> dict[str, np.random.Generator]:
    """One generator per stage, so that a switch in one stage leaves the draws of the others alone."""
    key = (block,) if block else ()
    return {
        name: np.random.default_rng(np.random.SeedSequence([seed, number], spawn_key=key))
        for number, name in enumerate(_STAGES)
    }


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
    n = int(positive("n_customers", n_customers))
    return simulate_block(n, int(within("seed", seed, 0, math.inf)), parameters)


def simulate_block(n: int, seed: int, p: Parameters, block: Block = Block()) -> Simulated:
    """Invent ``n`` customers of one block: in the first one the world that :func:`simulate` makes of the same seed."""
    rng = _generators(seed, block.number)
    people = draw_people(rng["people"], n, p, block.first)
    accounts = draw_accounts(rng["accounts"], n, p)
    tickets = draw_tickets(rng["tickets"], people, p)
    events = draw_events(rng["events"], tickets, p)
    found = find_failures(tickets, events, first_failures(tickets, events), p)
    failures = attribute(rng["attributions"], found, p)
    leaving = exit_hazard(people, failures, p)
    left = draw_exits(rng["exits"], leaving, people)
    gone = np.minimum(left, float(p.history_days))
    angry = retaliation_hazard(people, accounts, tickets, failures, p)
    acts = draw_acts(rng["acts"], angry, people, gone, p)
    hazards = Hazards(people.ids, people.start, gone, angry, leaving, acts)
    known = whole_seconds(left + rng["reports"].exponential(p.exit_delay_days, n))
    told = acts_frame(acts, people, draw_reach(rng["reach"], acts.direct, acts.customer, accounts, p), p)
    orders = forgo_orders(rng["avoidance"], draw_orders(rng["orders"], people, p), people, failures, p)
    ticket_number = block.number * TICKETS_OF_A_BLOCK
    frames = {
        "customers": customers_frame(people, gone),
        **tickets_frames(tickets, events, people, gone, p, ticket_number),
        "orders": orders_frame(orders, people, gone),
        "loyalty": loyalty_frame(orders, people, gone, p),
        "outcomes": outcomes_frame(told, people, left, known, p),
        "influence": influence_frame(rng["influence"], accounts, people, gone, p),
        "observation": observation_frame(people, gone, p),
    }
    truth = truth_frame(people, accounts, angry.base, left, p)
    counts = count_world(hazards, failures, p)
    told_failures = failures_frame(failures, people, gone)
    return Simulated(frames, truth, told, told_failures, truth_summary(counts, seed, p), hazards, counts)
