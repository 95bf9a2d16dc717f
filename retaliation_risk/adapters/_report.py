"""What an import says about itself: a dict before it is a text."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from retaliation_risk.adapters._records import Stream
from retaliation_risk.tables import CONTRACT, Tables
from retaliation_risk.tables.contract import EVENT_TYPES

MAX_IDS = 20

REPORT = "import_report.json"

HISTORY, SNAPSHOT = "history", "snapshot"
"""Levels of an import: every change with its time; or only the end, which is known from the export on."""

LEVELS = {
    HISTORY: "history: every change of a ticket has the time at which it became known",
    SNAPSHOT: "snapshot: only what was true at opening can be used before the export; ratings and ends are known from it on",
}


@dataclass(frozen=True)
class Finding:
    """Rows that were left out or changed: why, how many, and up to 20 of their ids."""

    table: str
    about: str
    count: int
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImportReport:
    """What went in, what came out, and what a reader must know before using it.

    Attributes
    ----------
    adapter, file, sha256 : str
        The adapter's name, the source's name (never the folder it is in) and the hash of its bytes; of a folder, the hash
        of the lines ``<hash>  <file>``.
    rows_in, rows_out : dict of str to int
        Rows of the source, and of each canonical table made from it.
    unmapped : dict of str to dict of str to int
        Values kept under their own name because no mapping knows them: column, value, rows.
    left_out, changed : tuple of Finding
        Source rows that are in no table, and values that were not taken as they stood.
    share_with_history : float
        Share of tickets with at least one event.
    earliest_history : str
        Time of the earliest recorded change, ISO 8601, UTC.
    duplicates : int
        Source rows that repeat another row in every column read.
    midnight_share : float
        Share of change times at exactly 00:00; a high share means dates, not times.
    observed_to : str
        End of the span in which outcomes could be seen, ISO 8601, UTC.
    missing_tables : tuple of str
        Canonical tables this source cannot fill.
    notes : tuple of str
        Plain sentences about what the data are and are not.
    level : {"history", "snapshot"}
        Whether changes have their own times; see :data:`LEVELS`.
    missing_events : tuple of str
        Event types that no row of this source has.
    files : dict of str to str
        Hash of each file that was read.
    encodings : dict of str to str
        Encoding of each file that is not UTF-8.
    switched_off : tuple of dict
        What the missing tables and events switch off, as ``{"what": ..., "why": ...}``; the caller fills it.
    matching : dict
        How posts were joined to customers, in an import of outcomes: see docs/outcomes.md.
    """

    adapter: str
    file: str
    sha256: str
    rows_in: dict[str, int]
    rows_out: dict[str, int]
    unmapped: dict[str, dict[str, int]]
    left_out: tuple[Finding, ...]
    changed: tuple[Finding, ...]
    share_with_history: float
    earliest_history: str
    duplicates: int
    midnight_share: float
    observed_to: str
    missing_tables: tuple[str, ...]
    notes: tuple[str, ...]
    level: str = HISTORY
    missing_events: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    encodings: Mapping[str, str] = field(default_factory=dict)
    switched_off: tuple[Mapping[str, str], ...] = ()
    matching: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON takes it."""
        return dataclasses.asdict(self)


class Ask:
    """Short questions to a connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def row(self, sql: str) -> tuple[Any, ...]:
        """Return the first row that a query gives."""
        rows: list[tuple[Any, ...]] = self.connection.execute(sql).fetchall()
        return rows[0]

    def count(self, source: str) -> int:
        """Count rows of ``FROM ...``."""
        return int(self.row(f"SELECT count(*) {source}")[0])

    def share(self, part: str, whole: str) -> float:
        """Return how many rows of ``whole`` there are of ``part``; 0 where there are none at all."""
        return self.count(part) / max(self.count(whole), 1)

    def counts(self, column: str, source: str) -> dict[str, int]:
        """Count the rows of each value, sorted by value; what is missing is left out."""
        rows = self.connection.execute(
            f"SELECT {column}, count(*) {source} GROUP BY 1 HAVING {column} IS NOT NULL ORDER BY 1"
        ).fetchall()
        return {str(value): int(count) for value, count in rows}

    def findings(self, questions: Iterable[tuple[str, str, str, str]]) -> tuple[Finding, ...]:
        """One finding for each question that finds rows: table, what was found, id to show, ``FROM ...``."""
        found = []
        for table, about, key, source in questions:
            if count := self.count(source):
                ids = self.connection.execute(f"SELECT {key} {source} ORDER BY 1 LIMIT {MAX_IDS}").fetchall()
                found.append(Finding(table, about, count, tuple(str(row[0]) for row in ids)))
        return tuple(found)


def count_report(
    tables: Tables,
    *,
    adapter: str,
    path: Path,
    streams: Sequence[Stream],
    level: str,
    **said: Any,
) -> ImportReport:
    """Make the report of an import from its finished tables and the streams that were read.

    Parameters
    ----------
    tables : Tables
        What came out.
    adapter : str
    path : Path
        The source.
    streams : sequence of Stream
        What went in.
    level : {"history", "snapshot"}
    **said
        Whatever only the adapter knows: ``left_out``, ``changed``, ``unmapped``, ``duplicates``, ``notes``, and any other
        field of :class:`ImportReport` that is not to be counted here.
    """
    ask = Ask(tables.connection)
    files = {file.name: file for stream in streams for file in stream.files}
    counted = {
        "rows_in": {stream.name: stream.rows for stream in streams if stream.files},
        "rows_out": tables.rows(),
        "missing_tables": tuple(name for name in CONTRACT if name not in tables.names),
        "files": {name: file.sha256 for name, file in files.items()},
        "encodings": {
            n: f.encoding for n, f in files.items() if f.encoding not in ("", "utf-8", "utf-8-sig")
        },
        **_of_events(ask, tables.names),
        "observed_to": iso(_observed_to(ask, tables.names)),
        "left_out": (),
        "changed": (),
        "unmapped": {},
        "duplicates": 0,
        "notes": (),
    }
    return ImportReport(
        adapter=adapter,
        file=path.name,
        level=level,
        sha256=_one_hash(files[name].sha256 + "  " + name for name in sorted(files)),
        **{**counted, **said},
    )


def _of_events(ask: Ask, names: Sequence[str]) -> dict[str, Any]:
    """Say of the events how many tickets have any, since when, at midnight, and which never occur."""
    if "ticket_events" not in names:
        opened = iso(ask.row("SELECT min(opened_at) FROM tickets")[0])
        none = {"share_with_history": 0.0, "midnight_share": 0.0, "missing_events": EVENT_TYPES}
        return {**none, "earliest_history": opened}
    midnight = "FROM ticket_events WHERE occurred_at = date_trunc('day', occurred_at)"
    return {
        "share_with_history": ask.share(
            "FROM tickets SEMI JOIN ticket_events USING (ticket_id)", "FROM tickets"
        ),
        "earliest_history": iso(
            ask.row(
                "SELECT least(min(occurred_at), (SELECT min(opened_at) FROM tickets)) FROM ticket_events"
            )[0]
        ),
        "midnight_share": ask.share(midnight, "FROM ticket_events"),
        "missing_events": never_seen(ask),
    }


def never_seen(ask: Ask) -> tuple[str, ...]:
    """Return the event types that no row of ``ticket_events`` has."""
    found = ask.counts("event_type", "FROM ticket_events")
    return tuple(kind for kind in EVENT_TYPES if kind not in found)


def _observed_to(ask: Ask, names: Sequence[str]) -> datetime | None:
    """End of the observation spans; without any, the last thing known of any ticket."""
    events = ["(SELECT max(known_at) FROM ticket_events)"] if "ticket_events" in names else []
    last = f"SELECT greatest({', '.join(['max(opened_at)', *events])}) FROM tickets"
    (end,) = ask.row("SELECT max(observed_to) FROM observation" if "observation" in names else last)
    return end if isinstance(end, datetime) else None


def _one_hash(lines: Iterable[str]) -> str:
    """Return the only file's hash, or one of all of them."""
    lines = list(lines)
    return (
        lines[0].split("  ")[0]
        if len(lines) == 1
        else hashlib.sha256("\n".join([*lines, ""]).encode()).hexdigest()
    )


def iso(time: datetime | None) -> str:
    """Return a naive UTC time as ISO 8601; empty for none.

    Examples
    --------
    >>> iso(datetime(2025, 3, 1, 9))
    '2025-03-01T09:00:00Z'
    """
    return f"{time.isoformat()}Z" if time else ""


def imported_report(folder: Path) -> dict[str, Any]:
    """Return the import report beside the tables of a folder; empty where there is none."""
    report = Path(folder) / REPORT
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8")) if report.is_file() else {}
    return found


def import_notes(folder: Path) -> list[str]:
    """Return what the import said about the tables in a folder; nothing where there is no import report.

    Parameters
    ----------
    folder : Path
        A folder written by :func:`~retaliation_risk.adapters.import_tables`, or any other.
    """
    return [str(note) for note in imported_report(folder).get("notes", [])]


def report_text(report: ImportReport) -> str:
    """Render a report for reading in a terminal.

    Parameters
    ----------
    report : ImportReport

    Returns
    -------
    str
        Lines without a trailing newline.

    Examples
    --------
    >>> report = ImportReport(
    ...     adapter="servicenow", file="log.csv", sha256="0" * 64, rows_in={"rows": 3},
    ...     rows_out={"tickets": 1}, unmapped={}, changed=(),
    ...     left_out=(Finding("tickets", "no known caller", 1, ("INC1",)),),
    ...     share_with_history=1.0, earliest_history="2016-03-01T09:00:00Z", duplicates=0, midnight_share=0.0,
    ...     observed_to="2016-04-01T00:00:00Z", missing_tables=(), notes=("Times are UTC.",))
    >>> print(report_text(report))
    servicenow: log.csv (sha256 000000000000)
    level: history: every change of a ticket has the time at which it became known
    in: rows 3
    out: tickets 1
    left out: tickets: no known caller: 1 (INC1)
    tickets with history: 100.0 %, from 2016-03-01T09:00:00Z
    outcomes observed to: 2016-04-01T00:00:00Z
    duplicate rows: 0; change times at midnight: 0.00 %
    note: Times are UTC.
    """
    lines = [
        f"{report.adapter}: {report.file} (sha256 {report.sha256[:12]})",
        f"level: {LEVELS[report.level]}",
        f"in: {_counts(report.rows_in)}",
        *(f"encoding: {name} is {encoding}, not UTF-8" for name, encoding in report.encodings.items()),
        f"out: {_counts(report.rows_out)}",
        *(f"left out: {_finding(found)}" for found in report.left_out),
        *(f"changed: {_finding(found)}" for found in report.changed),
        *(f"kept as they are: {column} {_counts(values)}" for column, values in report.unmapped.items()),
        f"tickets with history: {report.share_with_history * 100:.1f} %, from {report.earliest_history}",
        f"outcomes observed to: {report.observed_to}",
        f"duplicate rows: {report.duplicates}; change times at midnight: {report.midnight_share * 100:.2f} %",
        *([f"missing tables: {', '.join(report.missing_tables)}"] if report.missing_tables else []),
        *([f"events that never occur: {', '.join(report.missing_events)}"] if report.missing_events else []),
        *(f"switched off: {off['what']}: {off['why']}" for off in report.switched_off),
        *_matching(report.matching),
        *(f"note: {note}" for note in report.notes),
    ]
    return "\n".join(lines)


def _matching(told: Mapping[str, Any]) -> Iterator[str]:
    """Say how posts were joined to customers, and what each field was worth."""
    if not told:
        return
    yield f"whose: {_counts(told['ways'])}; probable matches are joined from {told['confidence']} on"
    for name, worth in told["fields"].items():
        chances = "; ".join(f"{key} {worth[key]['value']:.3g} ({worth[key]['from']})" for key in ("m", "u"))
        yield f"field {name}: {chances}; agrees {worth['agrees']:+.1f} bits, disagrees {worth['disagrees']:+.1f}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _finding(found: Finding) -> str:
    more = ", ..." if found.count > len(found.ids) > 0 else ""
    ids = f" ({', '.join(found.ids)}{more})" if found.ids else ""
    return f"{found.table}: {found.about}: {found.count:,}{ids}"
