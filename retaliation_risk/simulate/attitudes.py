"""What customers make of a failed recovery: whom they blame, and what they buy no more. By default neither matters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from retaliation_risk.simulate.customers import Orders, People
from retaliation_risk.simulate.outcomes import Failures
from retaliation_risk.simulate.parameters import Parameters


def attribute(rng: np.random.Generator, failures: Failures, p: Parameters) -> Failures:
    """Draw for each failed recovery whether the customer thinks that the firm could have helped it, or was greedy."""
    could, greedy = rng.random((2, len(failures.day)))
    return replace(failures, controllable=could < p.controllable_share, greedy=greedy < p.greed_share)


def forgo_orders(
    rng: np.random.Generator, orders: Orders, people: People, failures: Failures, p: Parameters
) -> Orders:
    """Leave out orders that customers who avoid the firm do not make.

    Avoidance rises from 0 at the first failed recovery towards ``avoidance_share``, faster for the loyal.
    """
    if not p.avoidance_share or not len(failures.day):
        return orders
    first = np.minimum(np.searchsorted(failures.customer, orders.customer), len(failures.day) - 1)
    since = np.where(failures.customer[first] == orders.customer, orders.day - failures.day[first], 0.0)
    pace = np.exp(p.avoidance_loyalty * people.loyalty[orders.customer]) / p.avoidance_days
    avoiding = p.avoidance_share * -np.expm1(-pace * np.maximum(since, 0.0))
    kept = rng.random(len(orders.day)) >= avoiding
    return Orders(orders.customer[kept], orders.day[kept], orders.amount[kept])
