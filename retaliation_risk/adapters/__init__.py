"""Helpdesk exports to canonical tables: one adapter per vendor, each with ``detect`` and ``read``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from retaliation_risk._folders import fresh_folder
from retaliation_risk._validate import one_of
from retaliation_risk.adapters import servicenow
from retaliation_risk.adapters._report import Finding, Imported, ImportReport, report_text
from retaliation_risk.tables.write import write_files

__all__ = [
    "ADAPTERS",
    "Adapter",
    "Finding",
    "ImportReport",
    "Imported",
    "detect",
    "import_notes",
    "import_tables",
    "report_text",
]


_REPORT = "import_report.json"


@dataclass(frozen=True)
class Adapter:
    """One vendor: does a file look like its export, and what tables does the file hold."""

    about: str
    detect: Callable[[Path], bool]
    read: Callable[..., Imported]


ADAPTERS: dict[str, Adapter] = {
    "servicenow": Adapter("ServiceNow incident audit log (csv, csv.gz)", servicenow.detect, servicenow.read),
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
    kind: str, path: Path, out: Path, *, rename: Mapping[str, str] | None = None
) -> ImportReport:
    """Write a vendor's export as canonical parquet tables with ``import_report.json`` beside them.

    The folder appears whole or not at all, and an existing one is never touched.

    Parameters
    ----------
    kind : str
        A key of :data:`ADAPTERS`.
    path : Path
        The export.
    out : Path
        The folder to make.
    rename : mapping of str to str, optional
        The vendor's column names that are others in the file: the vendor's to yours.

    Returns
    -------
    ImportReport
        What ``import_report.json`` holds.

    Raises
    ------
    ArgumentError
        If ``out`` exists (RR108) or ``kind`` is unknown (RR111).
    DataError
        If the export cannot be used.
    """
    one_of("kind", kind, tuple(ADAPTERS))
    with fresh_folder(out) as partial:
        imported = ADAPTERS[kind].read(Path(path), rename=rename)
        write_files(imported.tables(), partial, "parquet")
        text = json.dumps(imported.report.to_dict(), indent=2, ensure_ascii=False)
        (partial / _REPORT).write_text(text + "\n", encoding="utf-8")
    return imported.report


def import_notes(folder: Path) -> list[str]:
    """Return what the import said about the tables in a folder; nothing where there is no import report.

    Parameters
    ----------
    folder : Path
        A folder written by :func:`import_tables`, or any other.
    """
    report = Path(folder) / _REPORT
    if not report.is_file():
        return []
    return [str(note) for note in json.loads(report.read_text(encoding="utf-8"))["notes"]]
