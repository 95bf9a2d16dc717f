"""Acts of retaliation and exits, drawn from hazards that jump at failed recoveries and decay."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from retaliation_risk.simulate.clock import WIDE, Bools, Floats, Ints, whole_seconds
from retaliation_risk.simulate.contacts import Tickets
from retaliation_risk.simulate.customers import YEAR, People
from retaliation_risk.simulate.events import Events
from retaliation_risk.simulate.hazard import Decaying
from retaliation_risk.simulate.influence import Accounts
from retaliation_risk.simulate.parameters import Parameters
from retaliation_risk.tables.contract import DIRECT, EVENT_TYPES, INDIRECT

OUTCOMES = INDIRECT + DIRECT
_MOST_ACTS = 1000  # never reached: what is left of the desire is finite and act_limits bounds the factor


@dataclass(frozen=True)
class Failures:
    """Failed recoveries of complaints, sorted by customer and day.

    ``number`` counts the failed recoveries in memory, itself too; ``gesture`` says whether the
    firm had apologised or compensated on the ticket before; ``controllable`` and ``greedy`` what the customer thinks of
    the firm's part in it.
    """

    customer: Ints
    day: Floats
    severity: Ints
    gesture: Bools
    number: Ints
    controllable: Bools
    greedy: Bools


def find_failures(tickets: Tickets, events: Events, failed: Floats, p: Parameters) -> Failures:
    """Find the failed recoveries of complaint tickets, given the day each ticket's recovery failed."""
    kinds = [EVENT_TYPES.index("apology"), EVENT_TYPES.index("compensation")]
    before = np.isin(events.kind, kinds) & (events.day < failed[events.ticket])
    gesture = np.zeros(len(tickets), dtype=bool)
    gesture[events.ticket[before]] = True
    rows = np.flatnonzero(tickets.complaint & ~np.isnan(failed))
    rows = rows[np.lexsort((failed[rows], tickets.customer[rows]))]
    customer, day, severity = tickets.customer[rows], failed[rows], tickets.severity[rows]
    nothing = np.zeros(len(rows), np.int64)
    alone = Failures(customer, day, severity, gesture[rows], nothing, nothing > 0, nothing > 0)
    return replace(alone, number=1 + count_failures(alone, customer, day, p.memory_days))


def count_failures(failures: Failures, customer: Ints, day: Floats, memory_days: float) -> Ints:
    """Count the customer's failed recoveries in the ``memory_days`` strictly before ``day``."""
    key = failures.customer * WIDE + failures.day
    low = np.searchsorted(key, customer * WIDE + (day - memory_days))
    return np.asarray(np.searchsorted(key, customer * WIDE + day) - low, dtype=np.int64)


def retaliation_hazard(
    people: People, accounts: Accounts, tickets: Tickets, failures: Failures, p: Parameters
) -> Decaying:
    """Build the true hazard of retaliation: it jumps at complaints and failed recoveries, and decays.

    Just after a jump one SD of loyalty adds ``loyalty_log_ratio`` to the log hazard, by the number of failed
    recoveries in memory. A jump never lowers what an earlier one has left. Of each jump ``history_strength`` is at
    work.
    """
    shift = p.influence_effect * accounts.standing - np.where(accounts.has, p.influence_effect**2 / 2, 0.0)
    person = p.base_per_year / YEAR * people.frailty * np.exp(shift)
    quiet = np.exp(p.loyalty_log_ratio[0] * people.loyalty)
    decay = np.log(2) / p.revenge_half_life_days * np.exp(-p.half_life_loyalty * people.loyalty)
    who, day, level = _jumps(people, tickets, failures, p)
    fresh = person[who] * np.maximum(p.history_strength * (level - quiet[who]), 1e-9)
    peak = pd.Series(np.log(fresh) + decay[who] * day).groupby(who).cummax().to_numpy()
    return Decaying(person * quiet, decay, who, day, np.exp(peak - decay[who] * day))


def _jumps(
    people: People, tickets: Tickets, failures: Failures, p: Parameters
) -> tuple[Ints, Floats, Floats]:
    """Find each jump: customer, day and level (against no complaint, at mean loyalty), sorted."""
    rows = np.flatnonzero(tickets.complaint)
    opened = whole_seconds(tickets.opened[rows])
    earlier = count_failures(failures, tickets.customer[rows], opened, p.memory_days)
    who = np.concatenate([tickets.customer[rows], failures.customer])
    day = np.concatenate([opened, failures.day])
    severity = np.concatenate([tickets.severity[rows], failures.severity])
    number = np.concatenate([earlier, failures.number])
    times = np.minimum(failures.number, 3) - 1
    gesture = np.array(p.gesture_log_ratio)[times] * failures.gesture
    failed = np.log(np.array(p.failure_ratio)[times]) + gesture + _blame(failures, people, p)
    log_ratio = np.concatenate([np.zeros(len(rows)), failed])
    loyalty = np.array(p.loyalty_log_ratio)[np.minimum(number, 2)] * people.loyalty[who]
    level = p.complaint_ratio * np.exp(log_ratio + loyalty + p.severity_log_ratio * (severity - 3.0))
    order = np.lexsort((level, day, who))
    return who[order], day[order], level[order]


def _blame(failures: Failures, people: People, p: Parameters) -> Floats:
    """Log ratio that a failed recovery owes to what the customer thinks of the firm's part in it."""
    mean, slope = p.controllable_log_ratio
    sign = np.where(failures.controllable, 1.0, -1.0)
    blame: Floats = sign * (mean + slope * people.loyalty[failures.customer])
    return blame + p.greed_log_ratio * failures.greedy


def exit_hazard(people: People, failures: Failures, p: Parameters) -> Decaying:
    """Build the hazard of leaving: lower for the loyal, raised for a time by failed recoveries."""
    base = p.exit_per_year / YEAR * np.exp(p.exit_loyalty * people.loyalty)
    times = np.minimum(failures.number, 3) - 1
    excess = base[failures.customer] * (np.array(p.exit_ratio)[times] - 1.0)
    decay = np.full(len(base), np.log(2) / p.exit_half_life_days)
    return Decaying(base, decay, failures.customer, failures.day, np.maximum(excess, 1e-12))


def draw_exits(rng: np.random.Generator, hazard: Decaying, people: People) -> Floats:
    """Day each customer leaves; infinite or after the history for most."""
    every = np.arange(len(people.start))
    return whole_seconds(hazard.next_event(rng, every, people.start, np.ones(len(every))))


@dataclass(frozen=True)
class Acts:
    """Acts of retaliation, sorted by customer and day.

    ``factor`` multiplies the desire for revenge (the excess hazard) from the act on, until the next act.
    """

    customer: Ints
    day: Floats
    kind: Ints
    factor: Floats
    known: Floats

    @property
    def direct(self) -> Bools:
        """Which acts were aimed at the firm itself."""
        return self.kind >= len(INDIRECT)


def draw_acts(
    rng: np.random.Generator, hazard: Decaying, people: People, stop: Floats, p: Parameters
) -> Acts:
    """Draw each customer's acts one after another, each changing the desire that is left."""
    who = np.arange(len(people.start))
    now, factor = people.start, np.ones(len(who))
    rounds: list[tuple[Ints, Floats, Ints, Floats]] = []
    for _ in range(_MOST_ACTS):
        day = whole_seconds(hazard.next_event(rng, who, now, factor))
        acts = (day < stop[who]) & (day > now)
        who, now, factor = who[acts], day[acts], factor[acts]
        if not len(who):
            break
        kind = _draw_kinds(rng, people.vigilante[who], p)
        change = np.where(kind >= len(INDIRECT), p.act_ratio[0], p.act_ratio[1])
        factor = np.clip(factor * change, *p.act_limits)
        rounds.append((who, now, kind, factor))
    return _in_order(rng, rounds, p)


def _draw_kinds(rng: np.random.Generator, vigilante: Bools, p: Parameters) -> Ints:
    """Draw what the customer does, as an index into :data:`OUTCOMES`."""
    count = len(vigilante)
    direct = rng.random(count) < np.where(vigilante, p.direct_share[0], p.direct_share[1])
    hidden = rng.choice(len(INDIRECT), count, p=p.indirect_kinds)
    open_ = rng.choice(len(DIRECT), count, p=p.direct_kinds)
    return np.where(direct, len(INDIRECT) + open_, hidden)


def _in_order(
    rng: np.random.Generator, rounds: list[tuple[Ints, Floats, Ints, Floats]], p: Parameters
) -> Acts:
    """Join the rounds, sort by customer and day, and say when the firm learned of each act."""
    empty = (np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64), np.zeros(0))
    columns = [np.concatenate(parts) for parts in zip(empty, *rounds, strict=True)]
    order = np.lexsort((columns[1], columns[0]))
    customer, day, kind, factor = (column[order] for column in columns)
    mean = np.where(kind >= len(INDIRECT), p.act_delay_days[0], p.act_delay_days[1])
    later = rng.random(len(day)) >= p.known_at_once_share
    return Acts(
        customer, day, kind, factor, whole_seconds(day + later * rng.exponential(1.0, len(day)) * mean)
    )
