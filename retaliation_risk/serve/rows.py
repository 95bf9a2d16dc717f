"""One row from outside, made a row of the contract or refused in words: the checks of the tables' door, a row at a time.

Columns, kinds and limits are those of :data:`retaliation_risk.tables.CONTRACT`; a test holds the two doors together.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from retaliation_risk.errors import ContractError, Problem
from retaliation_risk.tables import CONTRACT
from retaliation_risk.tables._cast import FALSE_WORDS, ISO_8601, TRUE_WORDS
from retaliation_risk.tables.check import ORDERS
from retaliation_risk.tables.contract import DEFAULTS, Column, Table

Row = tuple[Any, ...]

LONGEST = 500
"""Characters of a text cell, at most: longer ones are no ids, keys or words."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TIME = re.compile(ISO_8601)
_KINDS = {
    "id": "a text",
    "str": "a text",
    "time": "a time",
    "float": "a number",
    "int": "a whole number",
    "bool": "true or false",
}


def microseconds(moment: datetime) -> int:
    """Whole microseconds of UTC since 1970; a moment without a zone is UTC.

    Examples
    --------
    >>> microseconds(datetime(1970, 1, 1, 0, 0, 1))
    1000000
    """
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH) // _MICROSECOND


def moment_of(time: int) -> datetime:
    """Return the moment, in UTC, of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=time)


def holds_address(text: str) -> bool:
    """Say whether a text may hold an e-mail address: every one with an @ in it counts, in whichever width it is written.

    Examples
    --------
    >>> holds_address("write to ana@example.org"), holds_address("ana@localhost"), holds_address("C-1042")
    (True, True, False)
    """
    return "@" in unicodedata.normalize("NFKC", text)


def read_row(table: str, given: Mapping[str, Any], *, latest: int | None = None, part: bool = False) -> Row:
    """Return a row of the contract, or raise with all that is wrong with it.

    Parameters
    ----------
    table : str
        One of :data:`CONTRACT`.
    given : mapping of str to value
        Cells as JSON holds them: texts, numbers, true and false, null; times as ISO 8601 texts, UTC where no zone is given.
    latest : int, optional
        Microseconds; a later time is refused.
    part : bool, default False
        Whether required cells may be missing, all but the first: a change of a row that is there.

    Returns
    -------
    tuple
        Cells in the order of the contract's columns, as :data:`retaliation_risk.histories.customer.Row` has them.

    Raises
    ------
    ContractError
        RR101, RR201, RR202, RR203, RR206, RR207, RR209, RR210, RR701 or RR702, a line for each.
    """
    declared = CONTRACT[table]
    cells = {column.name: _read(table, column, given.get(column.name)) for column in declared.columns}
    unread = [cell for cell in cells.values() if isinstance(cell, Problem)]
    row = {name: None if isinstance(cell, Problem) else cell for name, cell in cells.items()}
    required = [c.name for c in declared.columns if c.required]
    empty = [name for name in (required[:1] if part else required) if cells[name] is None]
    if not part:
        row = _filled(row)
    problems = [
        *_unknown(declared, given),
        *unread,
        *(Problem("RR202", table, f"{name} is empty") for name in empty),
        *_outside(declared, row, latest),
    ]
    if problems:
        raise ContractError(problems)
    return tuple(row.values())


def _read(table: str, column: Column, value: Any) -> Any:
    """Return the cell as the column's kind, None where it is empty, or what is wrong with it."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and holds_address(value):
        return Problem("RR702", table, f"{column.name} holds what looks like an e-mail address")
    try:
        found = _READERS[column.kind](value)
    except (ValueError, TypeError, OverflowError):
        return Problem(
            "RR201", table, f"{column.name} cannot be read as {_KINDS[column.kind]}: {shown(value)}"
        )
    return found


def shown(value: Any) -> str:
    """Return a value as a message shows it: not too long, and without an address."""
    text = repr(value)
    return "(an address)" if holds_address(text) else text if len(text) <= 60 else text[:60] + "..."


def _unknown(declared: Table, given: Mapping[str, Any]) -> Iterator[Problem]:
    if odd := [str(name) for name in given if name not in declared.names]:
        said = ", ".join(map(shown, odd[:5]))
        yield Problem("RR701", declared.name, f"it has no column {said}; it has {', '.join(declared.names)}")


def _filled(row: dict[str, Any]) -> dict[str, Any]:
    """Fill empty cells that count as another column of the row, or as a constant."""
    for name, default in DEFAULTS.items():
        if name in row and row[name] is None:
            row[name] = row.get(default, default == "true")
    return row


def _outside(declared: Table, row: Mapping[str, Any], latest: int | None) -> Iterator[Problem]:
    """Find what is not allowed, out of range, in the future, or in the wrong order."""
    for column in declared.columns:
        value = row[column.name]
        if value is None:
            continue
        if column.allowed and value not in column.allowed:
            said = f"{column.name} is {shown(value)}, none of {', '.join(column.allowed)}"
            yield Problem("RR206", declared.name, said)
        if _beyond(column, value):
            yield Problem(
                "RR209", declared.name, f"{column.name} is {value}, outside its range ({column.about})"
            )
        if column.kind == "time" and latest is not None and value > latest and column.name not in _ENDS:
            said = f"{column.name} is {iso(value)}, after now ({iso(latest)})"
            yield Problem("RR207", declared.name, said)
    for later, earlier, code in ORDERS:
        if later in row and None not in (row[later], row[earlier]) and row[later] < row[earlier]:
            said = f"{later} {iso(row[later])} lies before {earlier} {iso(row[earlier])}"
            yield Problem(code, declared.name, said)


_ENDS = ("observed_to",)
"""Times that may lie ahead: how long somebody will be watched is known beforehand."""


def iso(time: int) -> str:
    """Return microseconds since 1970 as an ISO 8601 text that ends in ``Z``.

    Examples
    --------
    >>> iso(0)
    '1970-01-01T00:00:00Z'
    """
    return moment_of(time).isoformat().replace("+00:00", "Z")


def _beyond(column: Column, value: Any) -> bool:
    low = column.low is not None and value < column.low
    return low or (column.high is not None and value > column.high)


def _text(value: Any) -> str:
    """Return text, or a whole number as text; whatever no store can hold, or is too long for an id, is refused."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError
    found = str(value)
    found.encode()
    if "\x00" in found or len(found) > LONGEST:
        raise ValueError
    return found


def _time(value: Any) -> int:
    found = value.strip() if isinstance(value, str) else ""
    if not _TIME.fullmatch(found):
        raise ValueError
    time = microseconds(
        datetime.fromisoformat(found.replace("UTC", "Z").replace(" Z", "Z").replace(" +", "+"))
    )
    moment_of(time)  # raises where only its zone keeps a time within the years 1 to 9999
    return time


def _float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    found = float(value)
    if not math.isfinite(found) or (isinstance(value, str) and "_" in value):
        raise ValueError
    return found


def _int(value: Any) -> int:
    found = _float(value)
    if found != int(found) or abs(found) >= 2**53:
        raise ValueError
    return int(found)


def _bool(value: Any) -> bool:
    word = str(value).strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise ValueError


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "id": _text,
    "str": _text,
    "time": _time,
    "float": _float,
    "int": _int,
    "bool": _bool,
}
