"""Who the customers are: latent loyalty, tenure, orders and standing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from retaliation_risk.simulate.clock import (
    Bools,
    Floats,
    Ints,
    Objects,
    contact_key,
    ragged,
    take,
    text_ids,
    to_times,
)
from retaliation_risk.simulate.parameters import Parameters

YEAR = 365.0


@dataclass(frozen=True)
class People:
    """Latent and lasting facts, one entry per customer; times in days since the epoch.

    ``start`` is the day from which a customer is simulated, below 0 in a burn-in.
    """

    ids: Objects
    joined: Floats
    start: Floats
    loyalty: Floats
    frailty: Floats
    vigilante: Bools
    ticket_factor: Floats
    segment: Objects
    opt_out: Bools

    @property
    def recorded_from(self) -> Floats:
        """Day from which there are records: the start, or the beginning of the history after a burn-in."""
        return np.maximum(self.start, 0.0)


def draw_people(rng: np.random.Generator, n: int, p: Parameters, first: int = 0) -> People:
    """Draw ``n`` customers, numbered from ``first``; loyalty is standard normal, frailty has mean 1."""
    loyalty = rng.standard_normal(n)
    tenure = rng.exponential(p.earlier_tenure_days, n) * np.exp(p.tenure_loyalty * loyalty)
    during = rng.uniform(0.0, p.joined_until_share * p.history_days, n)
    joined = np.where(rng.random(n) < p.joined_before_share, -tenure, during)
    return People(
        ids=text_ids("C", n, first),
        joined=joined,
        start=np.maximum(joined, 0.0 - p.burn_in_days),
        loyalty=loyalty,
        frailty=np.exp(p.frailty_sd * rng.standard_normal(n) - p.frailty_sd**2 / 2),
        vigilante=rng.random(n) < p.vigilante_share,
        ticket_factor=rng.gamma(p.ticket_shape, 1 / p.ticket_shape, n),
        segment=take(p.segments, rng.choice(len(p.segments), n, p=p.segment_shares)),
        opt_out=rng.random(n) < p.opt_out_share,
    )


def customers_frame(people: People, gone: Floats) -> pd.DataFrame:
    """Make the customers table: all who had not left in the burn-in."""
    here = gone >= 0
    return pd.DataFrame(
        {
            "customer_id": people.ids[here],
            "first_seen_at": to_times(people.joined[here]),
            "contact_key": [contact_key(f"{one.lower()}@example.org") for one in people.ids[here]],
            "segment": people.segment[here],
            "profiling_opt_out": people.opt_out[here],
            "history_from": to_times(people.recorded_from[here]),
        }
    )


@dataclass(frozen=True)
class Orders:
    """Orders from a year before the history on (the earlier ones only earn standing)."""

    customer: Ints
    day: Floats
    amount: Floats


def draw_orders(rng: np.random.Generator, people: People, p: Parameters) -> Orders:
    """Poisson orders at a rate that rises with loyalty; log-normal amounts, a few refunds."""
    begin = np.maximum(people.joined, -YEAR)
    rate = p.orders_per_year / YEAR * np.exp(p.order_loyalty * people.loyalty)
    customer, _ = ragged(rng.poisson(rate * (p.history_days - begin)))
    day = begin[customer] + rng.random(len(customer)) * (p.history_days - begin[customer])
    amount = p.order_amount * np.exp(p.order_spread * rng.standard_normal(len(customer)))
    sign = np.where(rng.random(len(customer)) < p.refund_share, -1.0, 1.0)
    order = np.lexsort((day, customer))
    return Orders(customer[order], day[order], np.round(sign * amount, 2)[order])


def orders_frame(orders: Orders, people: People, gone: Floats) -> pd.DataFrame:
    """Make the orders table: recorded history only, nothing after the exit."""
    keep = (orders.day >= 0) & (orders.day < gone[orders.customer])
    return pd.DataFrame(
        {
            "customer_id": people.ids[orders.customer[keep]],
            "ordered_at": to_times(orders.day[keep]),
            "amount": orders.amount[keep],
        },
        copy=False,
    )


def loyalty_frame(orders: Orders, people: People, gone: Floats, p: Parameters) -> pd.DataFrame:
    """Make the loyalty table: a first row, then a row at each review that changes the tier.

    Points are the spend of the year before the review, cut at zero.
    """
    reviews = np.arange(0, p.history_days, p.tier_review_days, dtype=float)
    points = _points(orders, len(people.ids), reviews, p)
    at = np.broadcast_to(reviews, points.shape)
    joins_later = people.start[:, None] > at
    points = np.where(joins_later, 0.0, points)
    tier = np.searchsorted(np.array(p.tier_points), points, side="right")
    before = np.concatenate([np.full((len(tier), 1), -1), tier[:, :-1]], axis=1)
    changed = (tier != before) & (~joins_later | (before < 0))
    when = np.maximum(at, people.start[:, None])
    rows, column = np.nonzero(changed & (when < gone[:, None]))
    return pd.DataFrame(
        {
            "customer_id": people.ids[rows],
            "valid_from": to_times(when[rows, column]),
            "tier": tier[rows, column].astype(np.int64),
            "points": np.round(points[rows, column], 2),
        }
    )


def _points(orders: Orders, n: int, reviews: Floats, p: Parameters) -> Floats:
    """Spend in the year before each review, shape (n, n_reviews)."""
    back = int(np.ceil(YEAR / p.tier_review_days))
    periods = len(reviews) + back
    index = np.floor(orders.day / p.tier_review_days).astype(np.int64) + back
    inside = (index >= 0) & (index < periods)
    cell = orders.customer[inside] * periods + index[inside]
    spend = np.bincount(cell, orders.amount[inside], minlength=n * periods).reshape(n, periods)
    total = np.concatenate([np.zeros((n, 1)), np.cumsum(spend, axis=1)], axis=1)
    points: Floats = np.maximum(total[:, back:-1] - total[:, : len(reviews)], 0.0)
    return points
