"""Which files of a folder hold which table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from retaliation_risk.errors import Problem
from retaliation_risk.tables._feeds import SUFFIXES
from retaliation_risk.tables._renames import Renames
from retaliation_risk.tables.contract import CONTRACT

_PART = r"[-_.]?(part[-_.]?)?\d[\w.-]*"


def table_files(folder: Path, renames: Renames) -> tuple[dict[str, list[Path]], list[Problem]]:
    """Return the files of each table found, and what is missing, delivered twice or left unread.

    A table is one file (``tickets.csv``), several parts (``tickets-0001.parquet``) or a folder of parts
    (``tickets/*.parquet``). Hidden and ``.partial`` files are ignored.
    """
    files: dict[str, list[Path]] = {}
    problems: list[Problem] = []
    for name, table in CONTRACT.items():
        forms = _forms(folder, renames.table(name))
        if len(forms) > 1:
            delivered = sorted(form[0].relative_to(folder).as_posix() for form in forms)
            problems.append(Problem("RR112", name, f"it is delivered in more than one form: {delivered}"))
        elif forms:
            files[name] = forms[0]
        elif table.required or name in renames.tables:
            problems.append(missing_table(name, renames, [path.name for path in sorted(folder.iterdir())]))
    return files, problems + _unread(folder, renames)


def missing_table(name: str, renames: Renames, found: list[str]) -> Problem:
    """Return RR105, with what there is instead."""
    return Problem("RR105", name, f"no table {renames.table(name)!r}; found {found[:20]}")


def _forms(folder: Path, name: str) -> list[list[Path]]:
    """Return every way in which the folder delivers the table: whole files, parts, a sub-folder of parts."""
    data = list(_data_files(folder))
    whole = [[path] for path in data if name in (path.name, _stem(path))]
    parts = [path for path in data if re.fullmatch(re.escape(name) + _PART, _stem(path))]
    inside = list(_data_files(folder / name)) if (folder / name).is_dir() else []
    return [form for form in (*whole, parts, inside) if form]


def _data_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        ignored = path.name.startswith((".", "_")) or ".partial" in path.name
        if not ignored and path.is_file() and path.name.endswith(SUFFIXES):
            yield path


def _stem(path: Path) -> str:
    suffix = next(suffix for suffix in (".csv.gz", *SUFFIXES) if path.name.endswith(suffix))
    return path.name.removesuffix(suffix)


def _unread(folder: Path, renames: Renames) -> list[Problem]:
    read = {path for name in CONTRACT for form in _forms(folder, renames.table(name)) for path in form}
    left = tuple(path.name for path in _data_files(folder) if path not in read)
    return [Problem("RR305", folder.name, "data files are not read", len(left), left[:20])] if left else []
