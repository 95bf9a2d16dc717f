"""Whom to call first, now: the run's order of risk, put right by what the log has said since."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from retaliation_risk.serve.answers import QueueRow, Readout
from retaliation_risk.serve.live import Known, Live
from retaliation_risk.serve.rows import moment_of
from retaliation_risk.serve.spoken import Spoken


def candidates(live: Live, limit: int) -> list[str]:
    """Return everybody who may be among the first ``limit``: those of whom the log speaks, and the run's first.

    Who has no event since the run keeps the risk that the run told.
    """
    risk = live.base.risk
    wanted = limit + len(live.told) + len(live.forgotten) + len(live.spoken)
    first = np.argsort(np.where(np.isnan(risk), np.inf, -risk), kind="stable")[:wanted]
    ids = live.base.histories.customer_ids
    listed = [str(ids[code]) for code in first if not np.isnan(risk[code])]
    return [each for each in dict.fromkeys([*live.told, *listed]) if live.knows(each)]


def in_order(live: Live, risks: dict[str, float | None], now: int, limit: int) -> list[str]:
    """Return the first ``limit`` by risk, who is snoozed after all others; nobody without a risk.

    Equals stand in the order of their ids.
    """
    able = [(each, risk) for each, risk in risks.items() if risk is not None]

    def place(pair: tuple[str, float]) -> tuple[bool, float, str]:
        return _spoken(live, pair[0]).snoozed_until > now, -pair[1], pair[0]

    return [each for each, _ in sorted(able, key=place)[:limit]]


def rows_of(live: Live, readouts: Sequence[Readout]) -> list[QueueRow]:
    """Return the rows of the queue, with what people said of them."""
    return [_row(rank, each, live) for rank, each in enumerate(readouts, start=1)]


def _row(rank: int, readout: Readout, live: Live) -> QueueRow:
    said = _spoken(live, readout.customer_id)
    return QueueRow(
        rank=rank,
        customer_id=readout.customer_id,
        risk=readout.risk,
        band=readout.band,
        calls=readout.history.calls,
        failed_recoveries=readout.history.failed_recoveries,
        reasons=tuple(reason.sentence for reason in readout.reasons),
        action=readout.action,
        changed=readout.customer_id in live.told,
        acknowledged_at=moment_of(said.acknowledged_at) if said.acknowledged_at else None,
        snoozed_until=moment_of(said.snoozed_until) if said.snoozed_until else None,
        disagreed=said.disagreed,
    )


def _spoken(live: Live, customer_id: str) -> Spoken:
    return live.spoken.get(customer_id, Spoken())


def known_risks(
    live: Live, asked: Mapping[str, Known], compute: Callable[[Known], float | None]
) -> dict[str, float | None]:
    """Return the risk of each: the run's where nothing has happened since, else as computed, once after each event."""
    for customer_id, known in asked.items():
        if customer_id in live.told and customer_id not in live.risks:
            live.risks[customer_id] = compute(known)
    return {each: live.risks[each] if each in live.told else live.base.risk_of(each) for each in asked}
