"""Whom to call first, now: the run's order of risk, put right by what the log has said since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np

from retaliation_risk.serve.answers import QueueRow
from retaliation_risk.serve.live import Known, Live
from retaliation_risk.serve.readout import action_of
from retaliation_risk.serve.rows import moment_of
from retaliation_risk.serve.spoken import Spoken
from retaliation_risk.serve.told import Told, tell, values_of, why_untold

ROWS = 50
"""Rows of the queue where nobody asks for more or fewer."""


@dataclass(frozen=True)
class Chosen:
    """Who stands in the queue, first to last, with what is known of each and the moment it is told as of."""

    customers: tuple[str, ...]
    known: tuple[Known, ...]
    moments: tuple[int, ...]


def choose(live: Live, now: int, limit: int) -> Chosen:
    """Choose the first ``limit`` as of ``now``, in microseconds; hold the lock of ``live``, which keeps the risks."""
    known = {each: live.of(each) for each in candidates(live, limit, now)}
    moments = {each: one.moment(now) for each, one in known.items()}
    first = in_order(live, known_risks(live, known, moments), now, limit)
    return Chosen(tuple(first), tuple(known[each] for each in first), tuple(moments[each] for each in first))


def candidates(live: Live, limit: int, now: int) -> list[str]:
    """Return everybody who may be among the first ``limit``: those of whom the log speaks, and the run's first.

    Who has no event since the run keeps the risk that the run told; but of whom the tables now forbid to tell one, as newer
    tables than the run's may, is left out.
    """
    base = live.base
    wanted = limit + len(live.told) + len(live.forgotten) + len(live.spoken)
    able = (
        str(base.histories.customer_ids[code])
        for code in base.likeliest
        if not np.isnan(base.risk[code]) and not why_untold(Known(base.histories, code, 0), now)
    )
    return [each for each in dict.fromkeys([*live.told, *islice(able, wanted)]) if live.knows(each)]


def in_order(live: Live, risks: dict[str, float | None], now: int, limit: int) -> list[str]:
    """Return the first ``limit`` by risk, who is snoozed after all others; nobody without a risk.

    Equals stand in the order of their ids.
    """
    able = [(each, risk) for each, risk in risks.items() if risk is not None]

    def place(pair: tuple[str, float]) -> tuple[bool, float, str]:
        return _spoken(live, pair[0]).snoozed_until > now, -pair[1], pair[0]

    return [each for each, _ in sorted(able, key=place)[:limit]]


def rows_of(live: Live, chosen: Chosen) -> list[QueueRow]:
    """Return the rows of the queue, with what people said of them; computed together, as readouts one by one would be."""
    base, known, times = live.base, chosen.known, chosen.moments
    matrix = values_of(base, known, times)
    rows = zip(chosen.customers, matrix.tolist(), tell(base, known, times, matrix), strict=True)
    return [
        _row(live, rank, customer, dict(zip(base.names, values, strict=True)), told)
        for rank, (customer, values, told) in enumerate(rows, start=1)
    ]


def _row(live: Live, rank: int, customer_id: str, values: Mapping[str, float], told: Told) -> QueueRow:
    said = _spoken(live, customer_id)
    action, _ = action_of(live.base, values, told, live.base.influence_of(customer_id))
    return QueueRow(
        rank=rank,
        customer_id=customer_id,
        risk=told.risk,
        band=told.band,
        calls=int(values["tickets_ever"]),
        failed_recoveries=int(values["failed_recoveries_ever"]),
        reasons=tuple(reason.sentence for reason in told.reasons),
        action=action,
        changed=customer_id in live.told,
        acknowledged_at=moment_of(said.acknowledged_at) if said.acknowledged_at else None,
        snoozed_until=moment_of(said.snoozed_until) if said.snoozed_until else None,
        disagreed=said.disagreed,
    )


def _spoken(live: Live, customer_id: str) -> Spoken:
    return live.spoken.get(customer_id, Spoken())


def known_risks(
    live: Live, asked: Mapping[str, Known], moments: Mapping[str, int]
) -> dict[str, float | None]:
    """Return the risk of each: the run's where nothing has happened since, else as computed, once after each event."""
    new = [each for each in asked if each in live.told and each not in live.risks]
    known, times = [asked[each] for each in new], [moments[each] for each in new]
    told = tell(live.base, known, times, values_of(live.base, known, times))
    live.risks.update({each: one.risk for each, one in zip(new, told, strict=True)})
    return {each: live.risks[each] if each in live.told else live.base.risk_of(each) for each in asked}
