"""How the files of a run folder are written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from retaliation_risk._cells import quiet_frame


def write_json(path: Path, value: Any) -> None:
    """Write a value as JSON, keys in the order given, one final newline."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n", encoding="utf-8")


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV: numbers to ten digits, text so that no spreadsheet runs it (:mod:`retaliation_risk._cells`)."""
    quiet_frame(table).to_csv(path, index=False, float_format="%.10g", lineterminator="\n")
