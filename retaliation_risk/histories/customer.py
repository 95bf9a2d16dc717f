"""The histories of one customer from rows in hand, without a database: what a service asks of whom it has just heard of.

The rows become the same typed arrays that :mod:`retaliation_risk.histories.facts` reads from tables, and from there on the
code is the same: so one customer alone is, bit by bit, what the customer is among all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from retaliation_risk.histories.asked import logs_of
from retaliation_risk.histories.build import Facts
from retaliation_risk.histories.declare import Feature
from retaliation_risk.histories.definitions import Definitions
from retaliation_risk.histories.experiences import TOLD
from retaliation_risk.histories.facts import PUBLIC_CHANNELS, Events, Ids, Int64, Tickets
from retaliation_risk.histories.follow_up import NEVER, Acts, Spans
from retaliation_risk.histories.histories import Histories
from retaliation_risk.histories.logs import KINDS_OF_OUTCOMES, KNOWN_AT, LOGS, Log, LogSpec
from retaliation_risk.tables.contract import COMPETING, CONTRACT, EVENT_TYPES

Row = tuple[Any, ...]
Rows = Mapping[str, Sequence[Row]]
"""Rows by canonical table, cells in the order of the contract's columns; times are whole microseconds of UTC since 1970."""

_AT = {table: {name: i for i, name in enumerate(declared.names)} for table, declared in CONTRACT.items()}


def customer_histories(
    rows: Rows,
    definitions: Definitions,
    features: Sequence[Feature],
    *,
    present: Collection[str],
    end: int,
) -> Histories:
    """Build the histories of one customer, which hold nobody else.

    Parameters
    ----------
    rows : Rows
        One row of ``customers``, and all rows of that customer in the other tables; checked, defaults filled in.
    definitions : Definitions
    features : sequence of Feature
        Build only the logs that these read, and those that experiences are told from.
    present : collection of str
        Tables that there are, of this customer or of others: what is missing switches features off.
    end : int
        End of observation in microseconds, where there is no table of it.

    Returns
    -------
    Histories
        Of a single customer, as :func:`retaliation_risk.histories.build_histories` makes them of many.
    """
    tickets, ids = _tickets(rows.get("tickets", ()))
    events = _events(rows.get("ticket_events", ()), {name: place for place, name in enumerate(ids)})
    wanted = {"customers", *TOLD, *logs_of(features)}
    logs = tuple(
        _log(spec, rows.get(spec.name, ()))
        for spec in LOGS.values()
        if spec.query and spec.name in wanted and spec.name in present
    )
    (customer,) = rows["customers"]
    facts = Facts(
        customer_ids=np.array([customer[0]], dtype=object),
        ticket_ids=_ids(ids),
        tickets=tickets,
        events=events,
        recorded=tuple(EVENT_TYPES[kind] for kind in np.unique(events.kind)),
        logs=logs,
        spans=_spans(customer, rows, present, end),
        definitions=definitions,
        present=present,
        wanted=wanted,
    )
    return facts.histories(0, 1, [events])


def _cells(table: str, column: str, rows: Sequence[Row]) -> list[Any]:
    at = _AT[table][column]
    return [row[at] for row in rows]


def _numbers(cells: Sequence[float | None]) -> npt.NDArray[np.float64]:
    return np.array([np.nan if cell is None else cell for cell in cells], dtype=np.float64)


def _codes(cells: Sequence[str | None]) -> npt.NDArray[np.int32]:
    """Give numbers to texts in the order they come in; -1 where there is none."""
    seen: dict[str, int] = {}
    return np.array([-1 if c is None else seen.setdefault(c, len(seen)) for c in cells], dtype=np.int32)


def _tickets(rows: Sequence[Row]) -> tuple[Tickets, list[str]]:
    """Return the tickets in the order of (opened, ticket_id), and their ids."""
    at = _AT["tickets"]
    rows = sorted(rows, key=lambda row: (row[at["opened_at"]], row[at["ticket_id"]]))
    cell: Callable[[str], list[Any]] = lambda column: _cells("tickets", column, rows)  # noqa: E731
    ids, parents, channels = cell("ticket_id"), cell("parent_ticket_id"), cell("channel")
    place = {name: i for i, name in enumerate(ids)}
    tickets = Tickets(
        starts=np.array([0, len(rows)], dtype=np.int64),
        customer=np.zeros(len(rows), dtype=np.int32),
        opened=np.array(cell("opened_at"), dtype=np.int64),
        complaint=np.array(cell("is_complaint"), dtype=np.bool_),
        severity=_numbers(cell("severity")),
        channel=_codes(channels),
        public=np.array([c is not None and c.lower() in PUBLIC_CHANNELS for c in channels], dtype=np.bool_),
        issue=_codes(cell("issue_key")),
        linked=np.array([parent is not None for parent in parents], dtype=np.bool_),
        parent=np.array([place.get(parent, -1) for parent in parents], dtype=np.int32),
    )
    return tickets, ids


def _ids(ids: Sequence[str]) -> Ids:
    ends = np.cumsum([len(name) for name in ids], dtype=np.int64)
    return Ids("".join(ids), ends, np.arange(len(ids), dtype=np.int64))


def _events(rows: Sequence[Row], place: Mapping[str, int]) -> Events:
    cell: Callable[[str], list[Any]] = lambda column: _cells("ticket_events", column, rows)  # noqa: E731
    return Events(
        ticket=np.array([place[name] for name in cell("ticket_id")], dtype=np.int32),
        kind=np.array([EVENT_TYPES.index(kind) for kind in cell("event_type")], dtype=np.int8),
        known=np.array(cell("known_at"), dtype=np.int64),
        occurred=np.array(cell("occurred_at"), dtype=np.int64),
        value=_numbers(cell("value")),
    )


def _log(spec: LogSpec, rows: Sequence[Row]) -> Log:
    """Return a log whose rows are the rows of a table; see :func:`retaliation_risk.histories.logs.read_logs`."""
    at = _AT[spec.name]
    if spec.name == "influence":
        rows = [row for row in rows if row[at["topic"]] is None]
    keys = [at[KNOWN_AT[spec.name]], *(at[name] for name in spec.order)]
    # What is missing comes first, as in the queries.
    rows = sorted(rows, key=lambda row: [(row[key] is not None, row[key] or 0) for key in keys])
    values = [_numbers(_cells(spec.name, column, rows)) for column, _ in spec.columns]
    return Log(
        spec=spec,
        starts=np.array([0, len(rows)], dtype=np.int64),
        known=np.array(_cells(spec.name, KNOWN_AT[spec.name], rows), dtype=np.int64),
        flags=_flags(spec, rows),
        values=np.vstack(values) if values else np.empty((0, len(rows))),
        tickets=np.empty(0, dtype=np.int64),
    )


def _flags(spec: LogSpec, rows: Sequence[Row]) -> npt.NDArray[np.uint64]:
    """Return the flags of outcomes, the only log of a table that has any."""
    if not spec.flags:
        return np.zeros(len(rows), dtype=np.uint64)
    kinds = [KINDS_OF_OUTCOMES[flag] for flag, _ in spec.flags]
    types = _cells(spec.name, "outcome_type", rows)
    bits = [sum(1 << i for i, kind in enumerate(kinds) if name in kind) for name in types]
    return np.array(bits, dtype=np.uint64)


def _spans(customer: Row, rows: Rows, present: Collection[str], end: int) -> Spans:
    at = _AT["customers"]
    acts = _acts(rows.get("outcomes", ())) if "outcomes" in present else {}
    exits = acts.get(COMPETING[0])
    seen = _observed(rows.get("observation", ()))
    if "observation" not in present:
        seen = [(customer[at["first_seen_at"]], end)]
    recorded = customer[at["history_from"]]
    return Spans(
        left_known_at=np.array([NEVER if exits is None else exits.known.min(initial=NEVER)], dtype=np.int64),
        opted_out=np.array([bool(customer[at["profiling_opt_out"]])]),
        history_from=np.array([-NEVER if recorded is None else recorded], dtype=np.int64),
        observed_starts=np.array([0, len(seen)], dtype=np.int64),
        observed_from=np.array([low for low, _ in seen], dtype=np.int64),
        observed_to=np.array([high for _, high in seen], dtype=np.int64),
        acts=acts,
    )


def _acts(rows: Sequence[Row]) -> dict[str, Acts]:
    at = _AT["outcomes"]
    kinds: dict[str, tuple[str, ...]] = {row[at["outcome_type"]]: (row[at["outcome_type"]],) for row in rows}
    kinds |= {"retaliation": KINDS_OF_OUTCOMES["retaliation"], COMPETING[0]: COMPETING}
    return {
        name: _acts_of([row for row in rows if row[at["outcome_type"]] in kind])
        for name, kind in kinds.items()
    }


def _acts_of(rows: Sequence[Row]) -> Acts:
    occurred: Int64 = np.array(_cells("outcomes", "occurred_at", rows), dtype=np.int64)
    known: Int64 = np.array(_cells("outcomes", "known_at", rows), dtype=np.int64)
    reach = _numbers(_cells("outcomes", "reach", rows))
    order = np.lexsort((reach, known, occurred))
    return Acts(np.array([0, len(rows)], dtype=np.int64), occurred[order], known[order], reach[order])


def _observed(rows: Sequence[Row]) -> list[tuple[int, int]]:
    """Spans in order; those that touch are one."""
    at = _AT["observation"]
    found: list[tuple[int, int]] = []
    for low, high in sorted((row[at["observed_from"]], row[at["observed_to"]]) for row in rows):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found
