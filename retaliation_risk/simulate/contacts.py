"""Tickets, and what becomes of each: contacts until it is solved or left, and failed recoveries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retaliation_risk.simulate.clock import Bools, Floats, Ints, ragged
from retaliation_risk.simulate.customers import YEAR, People
from retaliation_risk.simulate.parameters import Parameters

MODES = ("reopened", "follow_up", "repeat", "unanswered", "bad_csat", "escalated", "sla_breached")
NO_FAILURE = -1
REPEAT_DAYS = 30.0
BAD_CSAT = 0.4
GENERATIONS = 8


@dataclass(frozen=True)
class Tickets:
    """One entry per ticket; ``parent`` is -1 where there is none, ``mode`` indexes :data:`MODES` or is -1.

    ``extra`` counts further contacts, ``solved`` is the day of the (first) solution, NaN when it was left.
    """

    customer: Ints
    opened: Floats
    issue: Ints
    channel: Ints
    severity: Ints
    complaint: Bools
    parent: Ints
    mode: Ints
    extra: Ints
    length: Floats
    left: Bools
    apology: Bools
    compensation: Bools

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def solved(self) -> Floats:
        """Day of the first solution; NaN when the ticket was left unsolved."""
        return np.where(self.left, np.nan, self.opened + self.length)

    def take(self, index: Ints) -> Tickets:
        """These tickets in another order; parents are not renumbered."""
        return Tickets(**{name: getattr(self, name)[index] for name in self.__dataclass_fields__})


def draw_tickets(rng: np.random.Generator, people: People, p: Parameters) -> Tickets:
    """Draw first tickets at gamma-mixed rates, then the tickets that failed ones lead to."""
    span = p.history_days - people.start
    rate = p.tickets_per_year / YEAR * people.ticket_factor
    customer, _ = ragged(rng.poisson(rate * span))
    count = len(customer)
    waves = [
        _draw_wave(
            rng,
            p,
            customer,
            people.start[customer] + rng.random(count) * span[customer],
            rng.integers(len(p.issues), size=count),
            rng.random(count) < p.complaint_share,
            np.full(count, -1),
        )
    ]
    offset = 0
    for _ in range(GENERATIONS):
        wave = _next_wave(rng, waves[-1], offset, p)
        offset += len(waves[-1])
        if not len(wave):
            break
        waves.append(wave)
    names = Tickets.__dataclass_fields__
    joined = Tickets(**{name: np.concatenate([getattr(one, name) for one in waves]) for name in names})
    return _in_order_of_opening(joined)


def _in_order_of_opening(tickets: Tickets) -> Tickets:
    """Sort by day opened and renumber the parents."""
    order = np.lexsort((tickets.customer, tickets.opened))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    parent = np.where(tickets.parent < 0, -1, place[tickets.parent])
    renumbered = Tickets(**{**vars(tickets), "parent": parent})
    return renumbered.take(order)


def _draw_wave(
    rng: np.random.Generator,
    p: Parameters,
    customer: Ints,
    opened: Floats,
    issue: Ints,
    complaint: Bools,
    parent: Ints,
    severity: Ints | None = None,
) -> Tickets:
    """Draw what becomes of each of these tickets."""
    count = len(customer)
    drawn = 1 + rng.choice(5, count, p=p.severity_shares)
    grave = np.where(complaint, drawn, np.minimum(drawn, 2)) if severity is None else severity
    mode = _draw_modes(rng, complaint, grave, p)
    extra = _draw_extra(rng, complaint, p)
    gaps = rng.gamma(1.0 + extra, p.contact_gap_days) + 0.01
    return Tickets(
        customer=customer,
        opened=opened,
        issue=issue,
        complaint=complaint,
        parent=parent,
        severity=grave,
        channel=rng.choice(len(p.channels), count, p=p.channel_shares),
        mode=mode,
        extra=extra,
        length=gaps,
        left=(mode == MODES.index("sla_breached")) & (rng.random(count) < 0.5),
        apology=complaint & (rng.random(count) < p.apology_share),
        compensation=complaint & (rng.random(count) < p.compensation_share),
    )


def _draw_modes(rng: np.random.Generator, complaint: Bools, severity: Ints, p: Parameters) -> Ints:
    """How each ticket fails, or :data:`NO_FAILURE`."""
    odds = p.failed_share / (1 - p.failed_share) * np.exp(p.failed_severity * (severity - 3.0))
    failed = rng.random(len(complaint)) < np.where(complaint, odds / (1 + odds), p.question_failed_share)
    mode = rng.choice(len(MODES), len(complaint), p=p.failure_modes)
    return np.where(failed, mode, NO_FAILURE)


def _draw_extra(rng: np.random.Generator, complaint: Bools, p: Parameters) -> Ints:
    """Further contacts after the first: negative binomial for complaints and questions alike."""
    mean = np.where(complaint, p.contacts_extra, p.question_extra)
    return rng.poisson(mean * rng.gamma(p.contacts_shape, 1 / p.contacts_shape, len(complaint)))


def _next_wave(rng: np.random.Generator, last: Tickets, offset: int, p: Parameters) -> Tickets:
    """Draw the tickets that follow up or repeat those of the wave before (whose first number is ``offset``)."""
    follow = last.mode == MODES.index("follow_up")
    repeat = last.mode == MODES.index("repeat")
    opened = np.where(
        follow,
        last.opened + last.length + 6.0 + rng.exponential(6.0, len(last)),
        last.opened + rng.uniform(1.0, REPEAT_DAYS - 1.0, len(last)),
    )
    rows = np.flatnonzero((follow | repeat) & (opened < p.history_days))
    return _draw_wave(
        rng,
        p,
        last.customer[rows],
        opened[rows],
        last.issue[rows],
        last.complaint[rows],
        np.where(follow[rows], rows + offset, -1),
        last.severity[rows],
    )
