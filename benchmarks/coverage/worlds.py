"""Customers whose true coefficients are known, and the rows and sampled risk sets that a study would have of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from retaliation_risk.histories.at_risk import RiskSpans
from retaliation_risk.histories.risk_sets import sample_sets
from retaliation_risk.models.partial import Rows, partial_rows

Floats = npt.NDArray[np.float64]

NAMES = ("strength", "failed", "contacts", "member")
TRUTH = np.array([0.4, 0.6, 0.25, -0.5])
DAYS = 90.0
"""How long customers are followed; a baseline rate is per this many days."""

MOMENT, PROFILE = 60.0, np.array([0.5, 1.0, 0.0, 0.0])
"""Where, and for whom, the survival is asked."""

SHAPE = 1.3
PIECES = 6


@dataclass(frozen=True)
class World:
    """Rows (start, stop] of customers; ``hazard`` is the true cumulative one of :data:`PROFILE` at :data:`MOMENT`."""

    X: Floats
    start: Floats
    stop: Floats
    event: npt.NDArray[np.bool_]
    customer: npt.NDArray[np.int64]
    hazard: float


def independent(rng: np.random.Generator, n: int, rate: float) -> World:
    """One row per customer from day 0 on, at most one event, rising hazard; some leave before the end."""
    strength = rng.normal(size=n)
    failed = rng.random(n) < 1 / (1 + np.exp(1.4 - 0.8 * strength))
    X = np.column_stack([strength, failed, rng.exponential(size=n) - 1, rng.random(n) < 0.4])
    life = DAYS * (rng.exponential(size=n) / (rate * np.exp(X @ TRUTH))) ** (1 / SHAPE)
    end = np.minimum(rng.uniform(DAYS / 2, 1.4 * DAYS, n), DAYS)
    hazard = rate * (MOMENT / DAYS) ** SHAPE * np.exp(PROFILE @ TRUTH)
    return World(X, np.zeros(n), np.minimum(life, end), life <= end, np.arange(n), float(hazard))


def histories(rng: np.random.Generator, n: int, rate: float, spread: float) -> World:
    """Six rows per customer with covariates that change at midnight, late entry and events that recur.

    Each customer's rate has a factor of mean 1 and variance ``spread``, which no covariate shows: with it, the events
    of one customer depend on each other, while the hazard ratios of all customers together stay the truth.
    """
    entry = np.maximum(rng.uniform(-DAYS / 3, DAYS / 3, n), 0)
    cuts = np.round(np.linspace(entry, DAYS, PIECES + 1))
    start, stop = cuts[:-1].T.ravel(), cuts[1:].T.ravel()
    strength, member = np.repeat([rng.normal(size=n), rng.random(n) < 0.4], PIECES, axis=1)
    failed = rng.random(n * PIECES) < 1 / (1 + np.exp(1.4 - 0.8 * strength))
    X = np.column_stack([strength, failed, rng.exponential(size=n * PIECES) - 1, member])
    factor = rng.gamma(1 / spread, spread, n) if spread else np.ones(n)
    mean = np.repeat(factor, PIECES) * rate * np.exp(X @ TRUTH) * (stop - start) / DAYS
    customer = np.repeat(np.arange(n), PIECES)
    hazard = rate * MOMENT / DAYS * np.exp(PROFILE @ TRUTH)
    return _cut(World(X, start, stop, mean > 0, customer, float(hazard)), rng.poisson(mean), rng)


def _cut(whole: World, events: npt.NDArray[np.int64], rng: np.random.Generator) -> World:
    """Cut each row at its events, at uniform times; the last piece ends without one."""
    row = np.repeat(np.arange(len(events)), events)
    moment = rng.uniform(whole.start[row], whole.stop[row])
    row, stop = np.append(row, np.arange(len(events))), np.append(moment, whole.stop)
    event = np.arange(len(row)) < len(moment)
    order = np.lexsort((stop, row))
    row, stop, event = row[order], stop[order], event[order]
    first = np.diff(row, prepend=-1) != 0
    start = np.where(first, whole.start[row], np.roll(stop, 1))
    return replace(whole, X=whole.X[row], start=start, stop=stop, event=event, customer=whole.customer[row])


def by_day(world: World) -> World:
    """Return the rows in whole days, each ending on the day it ended in; rows within one day are no longer rows."""
    start, stop = np.ceil(world.start), np.ceil(world.stop)
    # An event counts on its day even where the row began on the same one.
    start = np.where(world.event, np.minimum(start, stop - 1), start)
    keep = start < stop
    parts = {"X": world.X, "event": world.event, "customer": world.customer}
    return replace(
        world, start=start[keep], stop=stop[keep], **{name: part[keep] for name, part in parts.items()}
    )


def all_rows(world: World) -> Rows:
    """Take every row of the world, clustered by customer."""
    return partial_rows(
        world.X,
        names=NAMES,
        start=world.start,
        stop=world.stop,
        event=world.event,
        cluster=world.customer,
    )


def sampled_rows(world: World, controls: int, *, matched: bool, seed: int) -> tuple[Rows, Floats]:
    """Draw sampled risk sets as :func:`build_risk_sets` does, and say when each row's was drawn.

    ``matched``: half of each set is drawn among those with a failure, half among those without (counter-matching).
    """
    ticks = [np.round(time * 1e6).astype(np.int64) for time in (world.start, world.stop)]
    spans = RiskSpans(np.arange(len(world.event)), *ticks)
    failed = world.X[:, 1] > 0
    strata = (spans.take(~failed), spans.take(failed)) if matched else (spans,)
    cases = np.flatnonzero(world.event)
    found = sample_sets(strata, cases, ticks[1][cases], controls, seed)
    rows = partial_rows(
        world.X[found["code"]],
        names=NAMES,
        event=found["case"],
        sets=found["set"],
        offset=found["log_weight"],
        cluster=world.customer[found["code"]],
    )
    return rows, world.stop[cases][found["set"]]
