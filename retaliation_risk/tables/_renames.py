"""Rename files: a small TOML that maps canonical names to the export's own.

::

    [tickets]
    table = "zendesk_tickets"       # the file or database table that holds the tickets
    opened_at = "Created at"        # canonical = yours
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retaliation_risk._texts import toml_of
from retaliation_risk.errors import DataError
from retaliation_risk.tables.contract import CONTRACT


@dataclass(frozen=True)
class Renames:
    """Canonical to the export's own: names of tables, and per table names of columns."""

    tables: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def table(self, name: str) -> str:
        """Return what the export calls a table."""
        return self.tables.get(name, name)

    def of(self, name: str) -> Mapping[str, str]:
        """Return the column renames of a table."""
        return self.columns.get(name, {})


def read_renames(path: Path | None) -> Renames:
    """Return the renames of a file, or none; raise RR107 or RR106 with everything wrong in it."""
    if path is None:
        return Renames()
    if not path.is_file():
        raise DataError("RR107", f"rename file {str(path)!r} does not exist.")
    try:
        sections = toml_of(path.read_bytes())
    except ValueError as error:
        raise DataError("RR106", f"{path.name} is not TOML: {error}.") from error
    if wrong := [words for name, section in sections.items() for words in _wrong(name, section)]:
        raise DataError("RR106", f"{path.name}: {'; '.join(wrong)}.")
    return Renames(
        tables={name: section["table"] for name, section in sections.items() if "table" in section},
        columns={
            name: {k: v for k, v in section.items() if k != "table"} for name, section in sections.items()
        },
    )


def _wrong(name: str, section: Any) -> list[str]:
    if name not in CONTRACT:
        return [f"[{name}] is not a table; tables are {', '.join(CONTRACT)}"]
    if not isinstance(section, dict):
        return [f"{name} = {section!r} is not a section"]
    known = (*CONTRACT[name].names, "table")
    strange = [
        f"{name}.{key} is not a column; columns are {', '.join(known[:-1])}"
        for key in section
        if key not in known
    ]
    values = [
        f"{name}.{key} is {v!r}, not a name in quotes"
        for key, v in section.items()
        if not (isinstance(v, str) and v)
    ]
    return strange + values
