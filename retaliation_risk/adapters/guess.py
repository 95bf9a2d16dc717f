"""A first mapping of an unknown file, with the reason for each line; what the file cannot tell is left to fill in (``?``).

Nothing here is taken for true: the draft is for a person to read, correct and confirm. It shows no text of customers, only
values of columns with few of them, such as states.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from retaliation_risk.adapters._adapter import import_database
from retaliation_risk.adapters._forms import columns_of
from retaliation_risk.adapters._guess_profile import Profile, profile_columns
from retaliation_risk.adapters._guess_roles import Guess, guess_roles, word_map
from retaliation_risk.adapters._guess_times import earliest, has_zone, time_format
from retaliation_risk.adapters._guess_words import CHANNELS, PRIORITIES, RATINGS, STATUSES
from retaliation_risk.adapters._mapping_file import UNFILLED
from retaliation_risk.adapters._records import Stream, callable_names, records
from retaliation_risk.errors import DataError

_TABLE = "file"
_EVENTS = {"solved_at": "solved", "closed_at": "closed", "reopened_at": "reopened", "escalated_at": "escalated",
           "first_reply_at": "message_out"}  # fmt: skip
_SCALES = ((0.0, 1.0), (1.0, 5.0), (1.0, 7.0), (1.0, 10.0), (0.0, 10.0), (0.0, 100.0))


@dataclass(frozen=True)
class Draft:
    """A drafted mapping.

    Attributes
    ----------
    text : str
        TOML with a comment on each line that was guessed.
    guesses : tuple of Guess
        The columns that have a role.
    unused : tuple of str
        The columns that have none.
    """

    text: str
    guesses: tuple[Guess, ...]
    unused: tuple[str, ...]

    @property
    def unfilled(self) -> int:
        """Number of lines to fill in."""
        return sum(f'"{UNFILLED}"' in line for line in self.text.splitlines() if not line.startswith("#"))

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON takes it."""
        return {
            "mapping": self.text,
            "guesses": [
                {"role": g.role, "column": g.column.name, "confidence": g.confidence, "why": g.why}
                for g in self.guesses
            ],
            "unused": list(self.unused),
            "unfilled": self.unfilled,
        }


def draft_mapping(path: Path, *, zone: str | None = None, memory: str | None = None) -> Draft:
    """Draft the mapping of a file with one row per ticket.

    Parameters
    ----------
    path : Path
        CSV, JSON or Parquet.
    zone : str, optional
        Zone of times that carry none, such as ``Europe/Berlin``: no file tells it.
    memory : str, optional
        The most that DuckDB may hold, such as ``"2GB"``.

    Returns
    -------
    Draft

    Raises
    ------
    DataError
        RR107, RR102 and RR103 for files that cannot be used; RR153 for one without rows or columns.
    """
    path = Path(path)
    there = columns_of(path)
    columns = callable_names(there)
    with TemporaryDirectory(prefix="guess-") as scratch, import_database(Path(scratch), memory) as connection:
        if not columns:
            raise DataError(
                "RR153",
                f"{path.name} has no columns that can be seen (messages of a tap have a stream each).",
            )
        stream = records(connection, _TABLE, path, "tickets", columns, main=True)
        if not stream.rows:
            raise DataError("RR153", f"{path.name} has no rows.")
        profiles = profile_columns(connection, _TABLE, columns)
        found = guess_roles(profiles, lambda times: earliest(connection, _TABLE, times))
        used = {guess.column.name for guess in found.values()}
        unused = tuple(name for name in there if name not in used)
        text = "\n".join(_lines(connection, path, stream, found, profiles, zone, unused)) + "\n"
    return Draft(text, tuple(found.values()), unused)


def _lines(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    stream: Stream,
    found: Mapping[str, Guess],
    profiles: list[Profile],
    zone: str | None,
    unused: Sequence[str],
) -> Iterator[str]:
    (source,) = stream.files
    encoding = f", {source.encoding}" if source.encoding else ""
    yield f"# Drafted from {path.name}: {stream.rows:,} rows{encoding}."
    yield f"# Read each line; what is {_text(UNFILLED)} must be filled in before the import, or its line removed."
    formats = _formats(connection, found)
    yield from _top_lines(connection, found, formats, profiles, zone)
    yield from _ticket_lines(found)
    yield from _customer_lines(found, formats)
    yield from _event_lines(found, formats)
    if unused:
        yield f"\n# Not used: {', '.join(map(_text, unused))}"


def _formats(connection: duckdb.DuckDBPyConnection, found: Mapping[str, Guess]) -> dict[str, tuple[str, str]]:
    """Return how the times of each role are written, and why; what is as undecided as the opening goes with it."""
    times = {role: guess.column for role, guess in found.items() if role.endswith("_at")}
    if "opened_at" not in times:
        return {role: time_format(connection, _TABLE, column, []) for role, column in times.items()}
    later = [column for role, column in times.items() if role not in ("opened_at", "first_seen_at")]
    main, why = time_format(connection, _TABLE, times["opened_at"], later)
    return {
        role: (main, why)
        if role == "opened_at"
        or main in column.formats
        or set(column.formats) == set(times["opened_at"].formats)
        else time_format(connection, _TABLE, column, [])
        for role, column in times.items()
    }


def _top_lines(
    connection: duckdb.DuckDBPyConnection,
    found: Mapping[str, Guess],
    formats: Mapping[str, tuple[str, str]],
    profiles: list[Profile],
    zone: str | None,
) -> Iterator[str]:
    opened = found.get("opened_at")
    if opened is not None:
        written, why = formats["opened_at"]
        zoned = written != UNFILLED and has_zone(connection, _TABLE, opened.column, written)
        yield (
            'zone = "UTC"  # the times say their zone themselves'
            if zoned
            else f"zone = {_text(zone or UNFILLED)}  # the times carry no zone; such as Europe/Berlin, or UTC"
        )
        yield f"time_format = {_text(written)}  # {why}"
    if any(profile.shares["comma"] for profile in profiles if profile.values):
        yield 'decimal = ","  # numbers such as 4,5'


def _ticket_lines(found: Mapping[str, Guess]) -> Iterator[str]:
    yield "\n[tickets]"
    for name in ("ticket_id", "customer_id", "opened_at"):
        if name == "customer_id" and name not in found and "email" in found:
            address = found["email"].column.name
            yield f"customer_id = {_text(address)}  # low: only the address says who it is; needs a secret"
        elif name in found:
            yield _line(name, found[name])
        else:
            yield f"{name} = {_text(UNFILLED)}  # no column was found for it"
    if issue := [found[role] for role in ("category", "product") if role in found]:
        columns = ", ".join(_text(guess.column.name) for guess in issue)
        why = "; ".join(map(_why, issue))
        yield f"issue_key = [{columns}]  # {why}; equal values must mean the same issue"
    if "parent_ticket_id" in found:
        yield _line("parent_ticket_id", found["parent_ticket_id"])
    yield from _choice_lines("tickets.channel", found.get("channel"), CHANNELS)
    yield from _choice_lines("tickets.severity", found.get("severity"), PRIORITIES, "1 is mild, 5 is grave.")


def _customer_lines(found: Mapping[str, Guess], formats: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    if not {"email", "segment", "first_seen_at"} & set(found):
        return
    yield "\n[customers]"
    if "email" in found:
        yield _line("email", found["email"]) + "; never stored, only a keyed hash of it"
    if "segment" in found:
        yield _line("segment", found["segment"])
    if "first_seen_at" in found:
        yield f"first_seen_at = {_time(found['first_seen_at'], formats)}  # {_why(found['first_seen_at'])}"


def _event_lines(found: Mapping[str, Guess], formats: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """Yield what later states tell; ``known = "export"``, since a file of tickets keeps only the last of each."""
    timed = [role for role in _EVENTS if role in found]
    for role in timed:
        yield f'\n[[events]]\nevent = "{_EVENTS[role]}"  # {_why(found[role])}'
        yield f"at = {_time(found[role], formats)}"
        if role == "first_reply_at":
            yield 'actor_type = "agent"'
        yield 'known = "export"  # "then" only if the file keeps every change'
    words = _without([_EVENTS[role] for role in timed])
    about = 'A state that has a time of its own above means nothing here (""), and so does one that is still open.'
    yield from _choice_lines("[events]", found.get("status"), words, about)
    if "csat" in found:
        yield f'\n[[events]]\nevent = "csat_rated"  # {_why(found["csat"])}'
        yield from _rating_lines(found["csat"].column)


def _without(timed: list[str]) -> dict[str, tuple[str, ...]]:
    """Return the words for states, those of events with a time of their own meaning nothing."""
    nothing = [word for event in ("", *timed) for word in STATUSES.get(event, ())]
    return {**{event: words for event, words in STATUSES.items() if event not in timed}, "": tuple(nothing)}


def _rating_lines(column: Profile) -> Iterator[str]:
    if column.shares["number"] + column.shares["comma"] == 1:
        reached = next((scale for scale in _SCALES if scale == (column.low, column.high)), None)
        scale = f"[{reached[0]:g}, {reached[1]:g}]" if reached else _text(UNFILLED)
        value = f"{{ column = {_text(column.name)}, scale = {scale} }}"
        yield f"value = {value}  # worst and best; the values go from {column.low:g} to {column.high:g}"
        return
    yield f"[events.value]  # 0 is the worst, 1 the best\ncolumn = {_text(column.name)}"
    yield from _value_lines("events.value", column, RATINGS)


def _choice_lines(
    place: str, guess: Guess | None, words: Mapping[Any, tuple[str, ...]], *about: str
) -> Iterator[str]:
    if guess is not None:
        yield from ("", *(f"# {line}" for line in about))
        yield f"[{place}]\ncolumn = {_text(guess.column.name)}  # {_why(guess)}"
        groups = words is CHANNELS  # A channel that is not known keeps its name: it decides nothing.
        yield from _value_lines(place.strip("[]"), guess.column, words, keep=groups)


def _value_lines(
    place: str, column: Profile, words: Mapping[Any, tuple[str, ...]], *, keep: bool = False
) -> Iterator[str]:
    yield f"[{place}.values]"
    for value, meaning in word_map(column.values, words).items():
        unknown = value.lower() if keep else UNFILLED
        told = unknown if meaning is None else meaning
        yield f"{_text(value)} = {_text(told) if isinstance(told, str) else told}  # {column.values[value]:,} rows"


def _time(guess: Guess, formats: Mapping[str, tuple[str, str]]) -> str:
    """Return a column of times; with its format, where it is not that of the opening."""
    own, main = formats[guess.role][0], formats.get("opened_at", ("", ""))[0]
    column = _text(guess.column.name)
    return column if own == main else f"{{ column = {column}, format = {_text(own)} }}"


def _line(name: str, guess: Guess) -> str:
    return f"{name} = {_text(guess.column.name)}  # {_why(guess)}"


def _why(guess: Guess) -> str:
    return f"{guess.confidence}: {guess.why}"


def _text(text: str) -> str:
    """Return a TOML string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
