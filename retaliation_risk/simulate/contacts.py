"""Tickets, and what becomes of each: contacts until it is solved or left, and failed recoveries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retaliation_risk.simulate.clock import Bools, Floats, Ints, ragged
from retaliation_risk.simulate.customers import YEAR, People
from retaliation_risk.simulate.parameters import Parameters

MODES = ("reopened", "follow_up", "repeat", "unanswered", "bad_csat", "escalated", "sla_breached")
NO_FAILURE = -1
# The default definition of a failed recovery, to which the simulator keeps: what fails here is found there.
REPEAT_DAYS = 30.0
REPLY_DAYS = 2.0
BAD_CSAT = 0.4
GENERATIONS = 8  # follow-ups of follow-ups; longer chains are cut


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
        """Put the tickets in another order; parents are not renumbered."""
        return Tickets(**{name: getattr(self, name)[index] for name in self.__dataclass_fields__})


@dataclass(frozen=True)
class Openings:
    """Tickets as they are opened, before anything has become of them."""

    customer: Ints
    opened: Floats
    issue: Ints
    complaint: Bools
    severity: Ints
    parent: Ints


def draw_tickets(rng: np.random.Generator, people: People, p: Parameters) -> Tickets:
    """Draw first tickets at gamma-mixed rates, then the tickets that failed ones lead to."""
    waves = [_draw_wave(rng, _first_openings(rng, people, p), p)]
    offset = 0
    for _ in range(GENERATIONS):
        openings = _next_openings(rng, waves[-1], offset, p)
        if not len(openings.customer):
            break
        offset += len(waves[-1])
        waves.append(_draw_wave(rng, openings, p))
    names = Tickets.__dataclass_fields__
    joined = Tickets(**{name: np.concatenate([getattr(one, name) for one in waves]) for name in names})
    return _in_order_of_opening(joined)


def _first_openings(rng: np.random.Generator, people: People, p: Parameters) -> Openings:
    """Open first tickets, evenly over each customer's time."""
    span = p.history_days - people.start
    customer, _ = ragged(rng.poisson(p.tickets_per_year / YEAR * people.ticket_factor * span))
    count = len(customer)
    complaint = rng.random(count) < p.complaint_share
    severity = 1 + rng.choice(5, count, p=p.severity_shares)
    return Openings(
        customer=customer,
        opened=people.start[customer] + rng.random(count) * span[customer],
        issue=rng.integers(len(p.issues), size=count),
        complaint=complaint,
        severity=np.where(complaint, severity, np.minimum(severity, p.question_severity)),
        parent=np.full(count, -1),
    )


def _next_openings(rng: np.random.Generator, last: Tickets, offset: int, p: Parameters) -> Openings:
    """Open the tickets that follow up or repeat those of the wave before, which starts at ``offset``."""
    follow = last.mode == MODES.index("follow_up")
    repeat = last.mode == MODES.index("repeat")
    after = last.length + p.closed_days[0] + rng.exponential(p.follow_up_days, len(last))
    opened = last.opened + np.where(follow, after, rng.uniform(1.0, REPEAT_DAYS, len(last)))
    rows = np.flatnonzero((follow | repeat) & (opened < p.history_days))
    return Openings(
        customer=last.customer[rows],
        opened=opened[rows],
        issue=last.issue[rows],
        complaint=last.complaint[rows],
        severity=last.severity[rows],
        parent=np.where(follow[rows], rows + offset, -1),
    )


def _draw_wave(rng: np.random.Generator, openings: Openings, p: Parameters) -> Tickets:
    """Draw what becomes of each of these tickets."""
    count, complaint = len(openings.customer), openings.complaint
    mode = _draw_modes(rng, complaint, openings.severity, p)
    extra = _draw_extra(rng, complaint, p)
    return Tickets(
        **vars(openings),
        channel=rng.choice(len(p.channels), count, p=p.channel_shares),
        mode=mode,
        extra=extra,
        length=rng.gamma(1.0 + extra, p.contact_gap_days) + p.least_wait_days,
        left=(mode == MODES.index("sla_breached")) & (rng.random(count) < p.left_share),
        apology=complaint & (rng.random(count) < p.apology_share),
        compensation=complaint & (rng.random(count) < p.compensation_share),
    )


def _in_order_of_opening(tickets: Tickets) -> Tickets:
    """Sort by day opened and renumber the parents."""
    order = np.lexsort((tickets.customer, tickets.opened))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    parent = np.where(tickets.parent < 0, -1, place[tickets.parent])
    renumbered = Tickets(**{**vars(tickets), "parent": parent})
    return renumbered.take(order)


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
