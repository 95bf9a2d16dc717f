"""The mapping file: which column of any export is what. Read and checked here, used by :mod:`mapping`.

::

    zone = "Europe/Berlin"                 # of times that carry none
    time_format = "%d.%m.%Y %H:%M"         # or "iso", "epoch", "epoch_ms"; a list where there are several

    [tickets]                              # a canonical table; canonical column = "yours"
    ticket_id = "Ticket No"
    customer_id = "Customer"
    opened_at = "Created"
    issue_key = ["Category", "Product"]    # joined

    [tickets.channel]                      # the same with more to say about it
    column = "Source"
    values = { "Telefon" = "phone", "E-Mail" = "email" }

    [[events]]                             # columns of the tickets' file that tell of an event
    event = "solved"
    at = "Solved at"
    known = "export"                       # or "then", where the file keeps every change

    [[events]]
    column = "Status"
    values = { "Resolved" = "solved", "Open" = "" }
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, create_model, model_validator

from retaliation_risk.errors import DataError
from retaliation_risk.tables.contract import CONTRACT, EVENT_TYPES

Shape = TypeVar("Shape", bound=BaseModel)

UNFILLED = "?"
"""What :mod:`guess` writes where it cannot tell; no import takes it."""

UNITS = {"milliseconds": 0.001, "seconds": 1, "minutes": 60, "hours": 3600, "days": 86400, "hh:mm:ss": 1}
"""Seconds in each unit of a duration."""


class Cell(BaseModel):
    """Where the value of a canonical column comes from: a column (or several, joined) or a constant, and how it is read."""

    model_config = ConfigDict(extra="forbid", strict=True)

    column: str | list[str] | None = None
    constant: str | int | float | bool | None = None
    values: dict[str, str | int | float | bool] | None = None
    format: str | list[str] | None = None
    zone: str | None = None
    decimal: Literal[".", ","] | None = None
    scale: tuple[float, float] | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, told: Any) -> Any:
        """Take a name or a list of names for the column itself, and a TOML list for the scale's pair."""
        if isinstance(told, str | list):
            return {"column": told}
        if isinstance(told, dict) and isinstance(told.get("scale"), list):
            return {**told, "scale": tuple(told["scale"])}
        return told

    @property
    def columns(self) -> list[str]:
        """The columns it is made of."""
        return [self.column] if isinstance(self.column, str) else self.column or []


class Event(Cell):
    """An event that columns of the tickets' file tell of, at a time (``at``) or some time after opening (``after``).

    Its type is ``event``, or what ``values`` makes of ``column``: there ``""`` stands for no event. With neither ``at`` nor
    ``after`` it happened at some time up to the export.
    """

    event: Literal[EVENT_TYPES] | None = None  # type: ignore[valid-type]
    at: Cell | None = None
    after: str | None = None
    unit: Literal[tuple(UNITS)] = "hours"  # type: ignore[valid-type]
    known: Literal["then", "export"] = "export"
    value: Cell | None = None
    actor_type: str | None = None

    @property
    def columns(self) -> list[str]:
        """The columns it is made of."""
        cells = [cell for cell in (self.at, self.value) if cell is not None]
        return [
            *super().columns,
            *([self.after] if self.after else []),
            *(n for c in cells for n in c.columns),
        ]


class Written(BaseModel):
    """How times and numbers are written where a cell does not say so itself, and when the export was made."""

    model_config = ConfigDict(extra="forbid", strict=True)

    zone: str = "UTC"
    time_format: str | list[str] = "iso"
    decimal: Literal[".", ","] = "."
    exported_at: datetime | None = None


class Mapping(Written):
    """What is common to the whole file; a section per canonical table is added by :func:`shape`."""

    events: list[Event] = []

    def section(self, table: str) -> dict[str, Cell]:
        """Return the mapped columns of a canonical table."""
        found = getattr(self, table)
        cells = (
            {name: getattr(found, name) for name in type(found).model_fields if name != "file"}
            if found
            else {}
        )
        return {name: cell for name, cell in cells.items() if cell is not None}

    def file(self, table: str) -> str | None:
        """Return the name of the stream that a table has for itself, if any."""
        return getattr(getattr(self, table), "file", None)


def read_mapping(path: Path) -> Mapping:
    """Read and check a mapping file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Mapping

    Raises
    ------
    DataError
        RR107 if there is no such file, RR150 with everything wrong in it, RR151 with every line not filled in.
    """
    return read_shape(path, shape(), known=_known, lacking=_lacking)


def read_shape(
    path: Path,
    shape: type[Shape],
    *,
    known: Callable[[list[str]], list[str]],
    lacking: Callable[[Shape], Iterator[str]],
) -> Shape:
    """Read a TOML file of a shape.

    Parameters
    ----------
    path : Path
    shape : type
        A pydantic model.
    known : callable
        The keys that may stand at a place of the file, to name the nearest one.
    lacking : callable
        Yields what the shape alone does not find: sentences.

    Raises
    ------
    DataError
        As :func:`read_mapping`.
    """
    if not Path(path).is_file():
        raise DataError("RR107", f"mapping file {str(path)!r} does not exist.")
    try:
        told = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError("RR150", f"{path.name} is not TOML: {error}.") from error
    if unfilled := list(_unfilled(told)):
        raise DataError("RR151", f"{path.name} does not say {', '.join(unfilled)}.")
    try:
        found = shape(**told)
    except ValidationError as error:
        wrong = " ".join(_told(problem, known) for problem in error.errors())
        raise DataError("RR150", f"{path.name}: {wrong}") from None
    if missing := list(lacking(found)):
        raise DataError("RR150", f"{path.name}: {' '.join(missing)}")
    return found


@cache
def shape() -> type[Mapping]:
    """Return the file as one type: :class:`Mapping` with a section for each table of the contract."""
    sections: dict[str, Any] = {}
    for name, table in CONTRACT.items():
        own: dict[str, Any] = {"email": (Cell | None, None)} if name == "customers" else {}
        columns: dict[str, Any] = dict.fromkeys(table.names, (Cell | None, None))
        strict = ConfigDict(extra="forbid", strict=True)
        section = create_model(name, __config__=strict, file=(str | None, None), **columns, **own)
        sections[name] = (section | None, None)
    return create_model("mapping", __base__=Mapping, **sections)


def _unfilled(told: Any, place: str = "") -> Iterator[str]:
    """Name each key whose value is still ``?``, in the order of the file."""
    if told == UNFILLED or (isinstance(told, list) and UNFILLED in told):
        yield place
    elif isinstance(told, dict):
        for key, value in told.items():
            yield from _unfilled(value, f"{place}.{key}" if place else key)
    elif isinstance(told, list):
        for number, value in enumerate(told, start=1):
            yield from _unfilled(value, f"{place}[{number}]")


def _lacking(found: Mapping) -> Iterator[str]:
    """Say what a mapping cannot do without, or says twice."""
    section = found.section("tickets")
    lacking = [name for name in ("ticket_id", "customer_id", "opened_at") if name not in section]
    if lacking:
        yield f"[tickets] does not say {', '.join(lacking)}."
    for number, event in enumerate(found.events, start=1):
        yield from (f"events[{number}] {wrong}" for wrong in _wrong_event(event))
    told = found.section("ticket_events")
    if told and ("event_type" not in told or not told["event_type"].columns):
        yield "[ticket_events] does not say in which column the event_type is."
    for name in CONTRACT:
        if name not in ("tickets", "customers") and found.section(name) and found.file(name) is None:
            yield f"[{name}] does not say in which file it is (file = ...)."


def _wrong_event(event: Event) -> Iterator[str]:
    if (event.event is None) == (event.column is None or event.values is None):
        yield "needs either event, or column with values."
    if event.event and not (event.at or event.after or event.value):
        yield "needs at, after or value: else every ticket would have the event."
    if event.at is not None and event.after is not None:
        yield "has both at and after."


def _told(problem: Any, known: Callable[[list[str]], list[str]]) -> str:
    """Say in words what pydantic found; an unknown key with the nearest known one."""
    place = [str(part) for part in problem["loc"]]
    key = ".".join(place)
    if problem["type"] != "extra_forbidden":
        return f"{key} is {problem['input']!r}: {problem['msg'][0].lower()}{problem['msg'][1:]}."
    keys = known(place[:-1])
    near = difflib.get_close_matches(place[-1], keys, n=1, cutoff=0.5)
    return f"there is no {key!r}; " + (
        f"did you mean {near[0]!r}?" if near else f"there are {', '.join(keys)}."
    )


def _known(place: list[str]) -> list[str]:
    """Return the keys that may stand at a place of the file."""
    if not place:
        return list(shape().model_fields)
    if place[0] == "events" and len(place) == 2:
        return list(Event.model_fields)
    if len(place) == 1:
        own = ("email",) if place[0] == "customers" else ()
        return ["file", *CONTRACT[place[0]].names, *own]
    return list(Cell.model_fields)
