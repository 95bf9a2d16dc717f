"""What the customer went through with us: each ticket in a line, as it was known just before the moment."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from retaliation_risk.histories import EVIDENCE, Histories
from retaliation_risk.histories.log import Log
from retaliation_risk.serve.answers import Experience, History
from retaliation_risk.serve.live import Known
from retaliation_risk.serve.rows import moment_of

SHOWN = 20
"""Tickets told one by one, the latest first; the counts are of all."""


def history_of(known: Known, moment: int, values: Mapping[str, float]) -> History:
    """Return the history of a customer, from the features at the moment and the logs behind them.

    Parameters
    ----------
    known : Known
    moment : int
        Microseconds.
    values : mapping of str to float
        Features at the moment.
    """
    tenure, opened = values["tenure_days"], values.get("open_tickets")
    return History(
        tenure_days=None if np.isnan(tenure) else tenure,
        calls=int(values["tickets_ever"]),
        open_tickets=None if opened is None else int(opened),
        failed_recoveries=int(values["failed_recoveries_ever"]),
        double_deviation=values["double_deviations_180d"] > 0,
        experiences=experiences(known.histories, known.code, moment),
    )


def experiences(histories: Histories, code: int, moment: int) -> tuple[Experience, ...]:
    """Return the customer's tickets, the latest first, at most :data:`SHOWN` of them."""
    tickets = _rows(histories.logs["tickets"], code, moment)
    states = _last(histories.logs.get("open_tickets"), code, moment)
    failures = _last(histories.logs.get("failed_recoveries"), code, moment)
    doubles = set(_last(histories.logs.get("double_deviations"), code, moment))
    return tuple(_experience(histories, row, states, failures, doubles) for row in reversed(tickets[-SHOWN:]))


def _experience(
    histories: Histories, row: int, states: Mapping[int, int], failures: Mapping[int, int], doubles: set[int]
) -> Experience:
    log = histories.logs["tickets"]
    ticket = int(log.tickets[row])
    is_open = ticket in states and histories.logs["open_tickets"].values[0, states[ticket]] > 0
    parts = ["reported a failure" if log.flags[row] & np.uint64(log.mask("complaint")) else "got in touch"]
    if ticket in failures:
        parts.append(f"not made good: {_evidence(histories.logs['failed_recoveries'], failures[ticket])}")
    if ticket in doubles:
        parts.append("a double deviation")
    if is_open:
        parts.append("still open")
    return Experience(
        ticket_id=histories.ticket_ids[ticket],
        opened_at=moment_of(int(log.known[row])),
        line="; ".join(parts),
        open=bool(is_open),
        failed=ticket in failures,
    )


def _rows(log: Log, code: int, moment: int) -> list[int]:
    """Return the rows of a customer known before the moment."""
    low, high = int(log.starts[code]), int(log.starts[code + 1])
    return list(range(low, low + int(np.searchsorted(log.known[low:high], moment))))


def _last(log: Log | None, code: int, moment: int) -> dict[int, int]:
    """Return the last row of each ticket known before the moment; nothing where there is no such log."""
    return {} if log is None else {int(log.tickets[row]): row for row in _rows(log, code, moment)}


def _evidence(log: Log, row: int) -> str:
    """Return in words by which evidence a recovery failed."""
    named = [kind for kind in EVIDENCE if log.flags[row] & np.uint64(log.mask(kind))]
    return EVIDENCE[named[0]] if named else "its recovery failed"
