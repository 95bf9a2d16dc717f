"""Rows of the contract as tuples: what an entry of the log holds, and several of them made one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from retaliation_risk.histories.logs import KNOWN_AT
from retaliation_risk.serve.log import Entry
from retaliation_risk.tables import CONTRACT

Row = tuple[Any, ...]
AT = {table: {name: i for i, name in enumerate(declared.names)} for table, declared in CONTRACT.items()}
"""Where each column of a table stands in its rows."""
_KNOWN = {**KNOWN_AT, "tickets": "opened_at", "ticket_events": "known_at"}


def row_of(entry: Entry) -> Row:
    """Return the row that an entry holds, cells in contract order."""
    values = entry.values()
    return tuple(values.get(name) for name in CONTRACT[entry.kind].names)


def known_at(table: str, row: Row) -> int | None:
    """Return when a row became known; None for a span of observation, which is no news."""
    name = _KNOWN.get(table)
    return None if name is None else row[AT[table][name]]


def merged(rows: Sequence[Row]) -> Row:
    """Return one row of several, later ones over earlier ones; an empty cell changes nothing.

    Examples
    --------
    >>> merged([("C1", 5, None), ("C1", None, "k")])
    ('C1', 5, 'k')
    """
    return tuple(
        next((cell for cell in reversed(cells) if cell is not None), None)
        for cells in zip(*rows, strict=True)
    )


def opted_out(cell: bool | None, said: Iterable[tuple[int, bool]], until: int) -> bool | None:
    """Return whether somebody has opted out of profiling: the latest word holds, and of two at once the opting out.

    A cell of the tables has no time of its own. That it says true may have become known as late as the tables reach; that it
    says false may be nobody's word at all, so any word of the log goes before it.

    Parameters
    ----------
    cell : bool or None
        What the tables say.
    said : iterable of (int, bool)
        What the log says, each with the microsecond at which it became known.
    until : int
        Microseconds: the end of the tables.

    Examples
    --------
    >>> opted_out(True, [(5, False)], until=7), opted_out(True, [(9, False)], until=7)
    (True, False)
    >>> opted_out(False, [(5, True)], until=7), opted_out(None, [(5, True), (5, False)], until=7)
    (True, True)
    """
    words = [*said, (until, True)] if cell else list(said)
    return max(words)[1] if words else cell


def new_rows(given: Iterable[Row], there: Iterable[Row]) -> list[Row]:
    """Return the rows that are not there yet; of equal rows as many as there are more of."""
    left = Counter(there)
    found = []
    for row in given:
        if left[row] > 0:
            left[row] -= 1
        else:
            found.append(row)
    return found
