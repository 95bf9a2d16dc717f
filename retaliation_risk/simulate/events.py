"""The events of each ticket in valid order, and the moment at which its recovery failed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retaliation_risk.simulate.clock import SECONDS, SPAN, Floats, Ints, ragged, whole_seconds
from retaliation_risk.simulate.contacts import BAD_CSAT, MODES, NO_FAILURE, REPEAT_DAYS, REPLY_DAYS, Tickets
from retaliation_risk.simulate.parameters import Parameters
from retaliation_risk.tables.contract import ACTOR_TYPES, EVENT_TYPES

_Part = tuple[Ints, Floats, str, str, Floats | float, Floats | float]


@dataclass(frozen=True)
class Events:
    """One entry per ticket event, sorted by ticket and day; ``kind`` and ``actor`` index its words."""

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
        *_gestures(rng, tickets, p),
        *_endings(rng, tickets, p),
        *_trouble(rng, tickets, p),
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
    order = np.argsort(ticket * SPAN + np.rint(day * SECONDS).astype(np.int64), kind="stable")
    known = whole_seconds(day + delay)
    return Events(ticket[order], day[order], kind[order], actor[order], value[order], known[order])


def _exchange(rng: np.random.Generator, tickets: Tickets, p: Parameters) -> list[_Part]:
    """Messages in and out, and who was assigned; the gaps between contacts share out the ticket's length."""
    owner, position = ragged(tickets.extra + 1)
    cut = np.sort(owner + rng.random(len(owner))) - owner  # sorted within each ticket
    cut[position == 0] = 0.0
    after = np.append(cut[1:], 0.0)
    after[np.append(position[1:] == 0, True)] = 1.0
    reply = cut + rng.uniform(*p.reply_share, len(owner)) * (after - cut)
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


def _gestures(rng: np.random.Generator, tickets: Tickets, p: Parameters) -> list[_Part]:
    """Apologies and compensations, on the way to the solution."""
    sorry, paid = np.flatnonzero(tickets.apology), np.flatnonzero(tickets.compensation)
    amount = np.round(
        p.compensation_amount * np.exp(p.compensation_spread * rng.standard_normal(len(paid))), 2
    )
    return [
        (
            sorry,
            tickets.opened[sorry] + rng.uniform(*p.trouble_share, len(sorry)) * tickets.length[sorry],
            "apology",
            "agent",
            np.nan,
            0.0,
        ),
        (
            paid,
            tickets.opened[paid] + rng.uniform(*p.trouble_share, len(paid)) * tickets.length[paid],
            "compensation",
            "agent",
            amount,
            0.0,
        ),
    ]


def _endings(rng: np.random.Generator, tickets: Tickets, p: Parameters) -> list[_Part]:
    """Solutions, reopenings and closings; tickets that were left are closed by the system after two weeks."""
    done = np.flatnonzero(~tickets.left)
    back = np.flatnonzero(tickets.mode == MODES.index("reopened"))
    again = tickets.solved[back] + rng.exponential(p.reopened_days, len(back))
    waits = rng.uniform(
        0.1, 0.7 * REPLY_DAYS, (2, len(back))
    )  # answered in time: that message is no new evidence
    end = np.where(
        tickets.left, tickets.opened + tickets.length + p.closed_days[1], tickets.solved + p.closed_days[0]
    )
    end[back] = again + waits.sum(axis=0) + p.closed_days[0]
    every = np.arange(len(tickets))
    return [
        (done, tickets.solved[done], "solved", "agent", np.nan, 0.0),
        (back, again, "message_in", "customer", np.nan, 0.0),
        (back, again, "reopened", "system", np.nan, 0.0),
        (back, again + waits[0], "message_out", "agent", np.nan, 0.0),
        (back, again + waits.sum(axis=0), "solved", "agent", np.nan, 0.0),
        (every, end, "closed", "system", np.nan, 0.0),
    ]


def _trouble(rng: np.random.Generator, tickets: Tickets, p: Parameters) -> list[_Part]:
    """Escalations, breaches of the service level, and messages after the solution that nobody answers."""
    raised = np.flatnonzero(tickets.mode == MODES.index("escalated"))
    late = np.flatnonzero(tickets.mode == MODES.index("sla_breached"))
    unheard = np.flatnonzero(tickets.mode == MODES.index("unanswered"))
    return [
        (
            raised,
            tickets.opened[raised] + rng.uniform(*p.trouble_share, len(raised)) * tickets.length[raised],
            "escalated",
            "agent",
            np.nan,
            0.0,
        ),
        (
            late,
            tickets.opened[late] + rng.uniform(*p.trouble_share, len(late)) * tickets.length[late],
            "sla_breached",
            "system",
            np.nan,
            0.0,
        ),
        (
            unheard,
            tickets.solved[unheard] + rng.uniform(p.least_wait_days, p.unanswered_days, len(unheard)),
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
    draw = rng.beta(*p.csat_shape, len(rows))
    low = bad[rows] | ((tickets.mode[rows] != NO_FAILURE) & (rng.random(len(rows)) < p.csat_bad_share))
    answer = np.where(low, (BAD_CSAT - 0.01) * (1 - draw), BAD_CSAT + (1 - BAD_CSAT) * draw)
    value = np.asarray(np.round(answer, 2), dtype=np.float64)
    day = tickets.solved[rows] + rng.uniform(0.0, p.csat_wait_days, len(rows))
    delay = rng.exponential(p.csat_delay_days, len(rows))
    return [(rows, day, "csat_rated", "customer", value, delay)]


def first_failures(tickets: Tickets, events: Events) -> Floats:
    """Day at which each ticket's recovery first failed, NaN if it never did.

    By the default definition: reopened, escalated, service level breached, satisfaction below 0.4, a message
    after the solution not answered in two days, a follow-up, or another ticket on the same issue in 30 days.
    """
    first = np.full(len(tickets), np.inf)
    told, unheard = _evidence(tickets, events)
    np.minimum.at(first, events.ticket[told], events.day[told])
    np.minimum.at(first, events.ticket[unheard], events.day[unheard] + REPLY_DAYS)
    children = np.flatnonzero(tickets.parent >= 0)
    np.minimum.at(first, tickets.parent[children], tickets.opened[children])
    earlier, later = _repeats(tickets)
    np.minimum.at(first, earlier, tickets.opened[later])
    return np.where(np.isinf(first), np.nan, whole_seconds(first))


def _evidence(tickets: Tickets, events: Events) -> tuple[Ints, Ints]:
    """Rows of the events that are evidence at once, and of the messages that will not be answered."""
    kinds = [EVENT_TYPES.index(name) for name in ("reopened", "escalated", "sla_breached")]
    rated = (events.kind == EVENT_TYPES.index("csat_rated")) & (events.value < BAD_CSAT)
    after = events.day > np.nan_to_num(tickets.solved[events.ticket], nan=np.inf)
    unheard = tickets.mode[events.ticket] == MODES.index("unanswered")
    message = unheard & after & (events.kind == EVENT_TYPES.index("message_in"))
    return np.flatnonzero(np.isin(events.kind, kinds) | rated), np.flatnonzero(message)


def _repeats(tickets: Tickets) -> tuple[Ints, Ints]:
    """Pairs (earlier, later) of neighbouring tickets of a customer on one issue within 30 days."""
    order = np.lexsort((tickets.opened, tickets.issue, tickets.customer))
    earlier, later = order[:-1], order[1:]
    same = (tickets.customer[earlier] == tickets.customer[later]) & (
        tickets.issue[earlier] == tickets.issue[later]
    )
    near = tickets.opened[later] - tickets.opened[earlier] <= REPEAT_DAYS
    return earlier[same & near], later[same & near]
