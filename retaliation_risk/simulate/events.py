"""The events of each ticket in valid order, and the moment at which its recovery failed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retaliation_risk.simulate.clock import Bools, Floats, Ints, ragged, whole_seconds
from retaliation_risk.simulate.contacts import BAD_CSAT, MODES, NO_FAILURE, REPEAT_DAYS, Tickets
from retaliation_risk.simulate.parameters import Parameters
from retaliation_risk.tables.contract import ACTOR_TYPES, EVENT_TYPES

_Part = tuple[Ints, Floats, str, str, Floats | float, Floats | float]


@dataclass(frozen=True)
class Events:
    """One entry per ticket event, sorted by ticket and day; ``kind`` and ``actor`` index the contract's words."""

    ticket: Ints
    day: Floats
    kind: Ints
    actor: Ints
    value: Floats
    known: Floats


def draw_events(rng: np.random.Generator, tickets: Tickets, p: Parameters) -> Events:
    """Draw everything that happens to the tickets, from opening to closing."""
    parts = [
        *_exchange(rng, tickets, p),
        *_gestures(rng, tickets),
        *_endings(rng, tickets),
        *_trouble(rng, tickets),
        *_surveys(rng, tickets, p),
    ]
    return _gather(parts)


def _gather(parts: list[_Part]) -> Events:
    """Put the parts together, sorted by ticket and day; at equal times in the order given."""
    sizes = [len(part[0]) for part in parts]
    ticket = np.concatenate([part[0] for part in parts])
    day = whole_seconds(np.concatenate([part[1] for part in parts]))
    kind = np.repeat([EVENT_TYPES.index(part[2]) for part in parts], sizes)
    actor = np.repeat([ACTOR_TYPES.index(part[3]) for part in parts], sizes)
    value = np.concatenate([np.broadcast_to(part[4], size) for part, size in zip(parts, sizes, strict=True)])
    delay = np.concatenate([np.broadcast_to(part[5], size) for part, size in zip(parts, sizes, strict=True)])
    order = np.lexsort((day, ticket))
    columns = (ticket, day, kind, actor, value, whole_seconds(day + delay))
    return Events(*(column[order] for column in columns))


def _exchange(rng: np.random.Generator, tickets: Tickets, p: Parameters) -> list[_Part]:
    """Messages in and out, and who was assigned; the gaps between contacts share out the ticket's length."""
    owner, position = ragged(tickets.extra + 1)
    cut = np.sort(owner + rng.random(len(owner))) - owner  # sorted within each ticket
    cut[position == 0] = 0.0
    after = np.append(cut[1:], 0.0)
    after[np.append(position[1:] == 0, True)] = 1.0
    reply = cut + rng.uniform(0.2, 0.8, len(owner)) * (after - cut)
    opened, length = tickets.opened[owner], tickets.length[owner]
    answered = ~tickets.left[owner] | (after < 1.0)
    first = np.flatnonzero(position == 0)
    counts = np.array(p.handoff_counts, dtype=float)
    hands, _ = ragged(rng.choice(len(counts), len(tickets), p=counts / counts.sum()))
    moved = tickets.opened[hands] + rng.random(len(hands)) * tickets.length[hands]
    nothing = np.nan
    return [
        (owner, opened + cut * length, "message_in", "customer", nothing, 0.0),
        (
            owner[first],
            tickets.opened + reply[first] / 2 * tickets.length,
            "assigned",
            "system",
            nothing,
            0.0,
        ),
        (hands, moved, "assigned", "agent", nothing, 0.0),
        (owner[answered], (opened + reply * length)[answered], "message_out", "agent", nothing, 0.0),
    ]


def _gestures(rng: np.random.Generator, tickets: Tickets) -> list[_Part]:
    """Apologies and compensations, on the way to the solution."""
    sorry, paid = np.flatnonzero(tickets.apology), np.flatnonzero(tickets.compensation)
    amount = np.round(np.exp(2.5 + 0.6 * rng.standard_normal(len(paid))), 2)
    return [
        (
            sorry,
            tickets.opened[sorry] + rng.uniform(0.3, 0.9, len(sorry)) * tickets.length[sorry],
            "apology",
            "agent",
            np.nan,
            0.0,
        ),
        (
            paid,
            tickets.opened[paid] + rng.uniform(0.5, 0.95, len(paid)) * tickets.length[paid],
            "compensation",
            "agent",
            amount,
            0.0,
        ),
    ]


def _endings(rng: np.random.Generator, tickets: Tickets) -> list[_Part]:
    """Solutions, reopenings and closings; tickets that were left are closed by the system after two weeks."""
    done = np.flatnonzero(~tickets.left)
    back = np.flatnonzero(tickets.mode == MODES.index("reopened"))
    again = tickets.solved[back] + 0.2 + rng.exponential(3.0, len(back))
    hours = rng.uniform(0.1, 1.5, (2, len(back)))
    end = np.where(tickets.left, tickets.opened + tickets.length + 14.0, tickets.solved + 6.0)
    end[back] = again + hours.sum(axis=0) + 6.0
    every = np.arange(len(tickets))
    return [
        (done, tickets.solved[done], "solved", "agent", np.nan, 0.0),
        (back, again, "message_in", "customer", np.nan, 0.0),
        (back, again, "reopened", "system", np.nan, 0.0),
        (back, again + hours[0], "message_out", "agent", np.nan, 0.0),
        (back, again + hours.sum(axis=0), "solved", "agent", np.nan, 0.0),
        (every, end, "closed", "system", np.nan, 0.0),
    ]


def _trouble(rng: np.random.Generator, tickets: Tickets) -> list[_Part]:
    """Escalations, breaches of the service level, and messages after the solution that nobody answers."""
    raised = np.flatnonzero(tickets.mode == MODES.index("escalated"))
    late = np.flatnonzero(tickets.mode == MODES.index("sla_breached"))
    unheard = np.flatnonzero(tickets.mode == MODES.index("unanswered"))
    return [
        (
            raised,
            tickets.opened[raised] + rng.uniform(0.3, 0.95, len(raised)) * tickets.length[raised],
            "escalated",
            "agent",
            np.nan,
            0.0,
        ),
        (
            late,
            tickets.opened[late] + rng.uniform(0.3, 0.95, len(late)) * tickets.length[late],
            "sla_breached",
            "system",
            np.nan,
            0.0,
        ),
        (
            unheard,
            tickets.solved[unheard] + rng.uniform(0.1, 5.0, len(unheard)),
            "message_in",
            "customer",
            np.nan,
            0.0,
        ),
    ]


def _surveys(rng: np.random.Generator, tickets: Tickets, p: Parameters) -> list[_Part]:
    """Answers to the satisfaction survey, known late; bad ones only where the recovery failed."""
    bad = tickets.mode == MODES.index("bad_csat")
    asked = ~tickets.left & (bad | (rng.random(len(tickets)) < p.csat_share))
    rows = np.flatnonzero(asked)
    draw = rng.beta(3.0, 1.5, len(rows))
    low = bad[rows] | ((tickets.mode[rows] != NO_FAILURE) & (rng.random(len(rows)) < 0.6))
    value = np.round(np.where(low, (BAD_CSAT - 0.01) * (1 - draw), BAD_CSAT + (1 - BAD_CSAT) * draw), 2)
    day = tickets.solved[rows] + rng.uniform(0.05, 4.0, len(rows))
    delay = rng.exponential(p.csat_delay_days, len(rows))
    return [(rows, day, "csat_rated", "customer", value, delay)]


def first_failures(tickets: Tickets, events: Events) -> Floats:
    """Day at which each ticket's recovery first failed, NaN if it never did.

    By the default definition: reopened, escalated, service level breached, satisfaction below 0.4, a message after
    the solution that is never answered, a follow-up, or another ticket on the same issue within 30 days.
    """
    first = np.full(len(tickets), np.inf)
    rows = np.flatnonzero(_evidence(tickets, events))
    np.minimum.at(first, events.ticket[rows], events.day[rows])
    children = np.flatnonzero(tickets.parent >= 0)
    np.minimum.at(first, tickets.parent[children], tickets.opened[children])
    earlier, later = _repeats(tickets)
    np.minimum.at(first, earlier, tickets.opened[later])
    return np.where(np.isinf(first), np.nan, whole_seconds(first))


def _evidence(tickets: Tickets, events: Events) -> Bools:
    """Which events are evidence of a failed recovery by themselves."""
    kinds = [EVENT_TYPES.index(name) for name in ("reopened", "escalated", "sla_breached")]
    rated = (events.kind == EVENT_TYPES.index("csat_rated")) & (events.value < BAD_CSAT)
    after = events.day > np.nan_to_num(tickets.solved[events.ticket], nan=np.inf)
    unheard = tickets.mode[events.ticket] == MODES.index("unanswered")
    message = unheard & after & (events.kind == EVENT_TYPES.index("message_in"))
    evidence: Bools = np.isin(events.kind, kinds) | rated | message
    return evidence


def _repeats(tickets: Tickets) -> tuple[Ints, Ints]:
    """Pairs (earlier, later) of neighbouring tickets of a customer on one issue within 30 days."""
    order = np.lexsort((tickets.opened, tickets.issue, tickets.customer))
    earlier, later = order[:-1], order[1:]
    same = (tickets.customer[earlier] == tickets.customer[later]) & (
        tickets.issue[earlier] == tickets.issue[later]
    )
    near = tickets.opened[later] - tickets.opened[earlier] <= REPEAT_DAYS
    return earlier[same & near], later[same & near]
