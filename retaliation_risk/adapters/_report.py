"""What an import says about itself: a dict before it is a text."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from retaliation_risk.tables import Tables, tables_from_frames

MAX_IDS = 20


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
        The adapter's name, the source's file name (never its folder) and the hash of its bytes.
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
    switched_off : tuple of dict
        What the missing tables switch off, as ``{"what": ..., "why": ...}``; the caller fills it.
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
    switched_off: tuple[Mapping[str, str], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON takes it."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Imported:
    """Canonical tables as frames, and the report on how they were made."""

    frames: Mapping[str, pd.DataFrame]
    report: ImportReport

    def tables(self) -> Tables:
        """Check the frames against the contract and put them into one :class:`Tables`."""
        return tables_from_frames(self.frames)


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
        f"in: {_counts(report.rows_in)}",
        f"out: {_counts(report.rows_out)}",
        *(f"left out: {_finding(found)}" for found in report.left_out),
        *(f"changed: {_finding(found)}" for found in report.changed),
        *(f"kept as they are: {column} {_counts(values)}" for column, values in report.unmapped.items()),
        f"tickets with history: {report.share_with_history:.1%}, from {report.earliest_history}".replace(
            "%", " %"
        ),
        f"outcomes observed to: {report.observed_to}",
        f"duplicate rows: {report.duplicates}; change times at midnight: {report.midnight_share * 100:.2f} %",
        *([f"missing tables: {', '.join(report.missing_tables)}"] if report.missing_tables else []),
        *(f"switched off: {off['what']}: {off['why']}" for off in report.switched_off),
        *(f"note: {note}" for note in report.notes),
    ]
    return "\n".join(lines)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _finding(found: Finding) -> str:
    more = ", ..." if found.count > len(found.ids) > 0 else ""
    ids = f" ({', '.join(found.ids)}{more})" if found.ids else ""
    return f"{found.table}: {found.about}: {found.count:,}{ids}"
