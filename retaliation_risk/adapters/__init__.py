"""Helpdesk exports to canonical tables: one adapter per vendor, each with ``detect`` and ``read``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from retaliation_risk._cells import quiet_frame
from retaliation_risk._folders import fresh_folder
from retaliation_risk._validate import one_of
from retaliation_risk.adapters import (
    _adapter,
    _report,
    freshdesk,
    hubspot,
    intercom,
    jira,
    mapping,
    outcomes,
    salesforce,
    servicenow,
    zendesk,
)
from retaliation_risk.adapters._adapter import Adapter, Imported, Options
from retaliation_risk.adapters._report import Finding, ImportReport, report_text
from retaliation_risk.adapters._report import import_notes as import_notes
from retaliation_risk.adapters.guess import Draft, draft_mapping
from retaliation_risk.errors import ArgumentError
from retaliation_risk.tables.contract import EVENT_TYPES
from retaliation_risk.tables.write import write_files

__all__ = [
    "ADAPTERS",
    "Adapter",
    "Draft",
    "Finding",
    "ImportReport",
    "Imported",
    "Options",
    "SwitchedOff",
    "detect",
    "draft_mapping",
    "import_notes",
    "import_tables",
    "report_text",
]


SwitchedOff = Callable[[tuple[str, ...], tuple[str, ...]], Sequence[Mapping[str, str]]]
"""From the tables and the event types of known time to what cannot be had from them, as ``{"what": ..., "why": ...}``."""

ADAPTERS: dict[str, Adapter] = {
    "freshdesk": Adapter(
        "Freshdesk (API streams, or the CSV of the interface)", freshdesk.detect, freshdesk.read
    ),
    "hubspot": Adapter("HubSpot (API streams, or the CSV of the interface)", hubspot.detect, hubspot.read),
    "intercom": Adapter("Intercom (conversations and parts of the API)", intercom.detect, intercom.read),
    "jira": Adapter("Jira Service Management (API streams, or the CSV of issues)", jira.detect, jira.read),
    "salesforce": Adapter(
        "Salesforce Service Cloud (a folder of objects: Case, CaseHistory, ...)",
        salesforce.detect,
        salesforce.read,
    ),
    "servicenow": Adapter("ServiceNow incident audit log (csv, csv.gz)", servicenow.detect, servicenow.read),
    "zendesk": Adapter(
        "Zendesk Support (API streams, or the CSV of the interface)", zendesk.detect, zendesk.read
    ),
    "mapping": Adapter("any CSV, JSON or Parquet export, by a mapping file", mapping.detect, mapping.read),
    "outcomes": Adapter(
        "reviews, posts, chargebacks and the like, joined to customers by a mapping file",
        outcomes.detect,
        outcomes.read,
    ),
}


def detect(path: Path) -> str | None:
    """Name the adapter whose export a file looks like.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str or None
        A key of :data:`ADAPTERS`, or None if no adapter knows the file.

    Examples
    --------
    >>> detect(Path("no-such-file.csv")) is None
    True
    """
    return next((name for name, adapter in ADAPTERS.items() if adapter.detect(Path(path))), None)


def import_tables(
    kind: str,
    path: Path,
    out: Path,
    options: Options = _adapter.DEFAULT,
    *,
    memory: str | None = None,
    switched_off: SwitchedOff | None = None,
) -> ImportReport:
    """Write a vendor's export as canonical parquet tables with ``import_report.json`` beside them.

    The folder appears whole or not at all, and an existing one is never touched. What is made on the way is on disk, beside
    the folder.

    Parameters
    ----------
    kind : str
        A key of :data:`ADAPTERS`.
    path : Path
        The export: a file, or a folder of files.
    out : Path
        The folder to make.
    options : Options
        What the adapter is told beside the path.
    memory : str, optional
        The most that DuckDB may hold, such as ``"2GB"``.
    switched_off : callable, optional
        Says what the tables and events of the import cannot give, for the report.

    Returns
    -------
    ImportReport
        What ``import_report.json`` holds.

    Raises
    ------
    ArgumentError
        If ``out`` exists (RR108), or ``kind`` is unknown or the export looks like that of another (RR111).
    DataError
        If the export cannot be used.
    """
    one_of("kind", kind, tuple(ADAPTERS))
    _refuse_another(kind, Path(path))
    with fresh_folder(out) as partial:
        with _adapter.import_database(partial, memory) as connection:
            imported = ADAPTERS[kind].read(Path(path), connection, options)
            options.tell("writing the tables")
            write_files(imported.tables, partial, "parquet")
            _write_beside(imported, partial)
        report = _with_switched_off(imported, switched_off)
        text = json.dumps(report.to_dict(), indent=2, ensure_ascii=False)
        (partial / _report.REPORT).write_text(text + "\n", encoding="utf-8")
    return report


def _refuse_another(kind: str, path: Path) -> None:
    """Refuse an export that another adapter knows and this one does not: read as this one's it would mean something else."""
    if kind != "mapping" and not ADAPTERS[kind].detect(path) and (found := detect(path)):
        raise ArgumentError("RR111", f"kind is {kind!r}, but {path.name} looks like an export of {found}.")


def _with_switched_off(imported: Imported, switched_off: SwitchedOff | None) -> ImportReport:
    """Complete the report; of a snapshot, no event is known in time."""
    report = imported.report
    if switched_off is None:
        return report
    of_known_time = EVENT_TYPES if report.level == _report.HISTORY else ()
    events = tuple(kind for kind in of_known_time if kind not in report.missing_events)
    return replace(report, switched_off=tuple(switched_off(imported.tables.names, events)))


def _write_beside(imported: Imported, folder: Path) -> None:
    for name, frame in imported.beside.items():
        (folder / name).parent.mkdir(exist_ok=True)
        quiet_frame(frame).to_csv(folder / name, index=False)
