"""The parts that sections are made of: sections, tables and figures, all plain dicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from retaliation_risk.report import words
from retaliation_risk.report.folder import records
from retaliation_risk.report.sentences import metric_name

Block = dict[str, Any]

# How a column is written where it has not been said otherwise.
_KINDS = {
    **dict.fromkeys(("value", "risk", "predicted", "observed", "survival", "incidence"), "percent"),
    **dict.fromkeys(("share_of_queue", "share_of_customers"), "percent"),
    **dict.fromkeys(
        ("n", "n_events", "n_censored", "capacity", "rank", "calls", "tenure_days", "day"), "count"
    ),
    **dict.fromkeys(("failed_recoveries", "at_risk", "rows", "count", "influence"), "count"),
    **dict.fromkeys(("estimate",), "ratio"),
}


def section(name: str, **parts: Any) -> Block:
    """Return a section; ``parts`` are those named below, each a list."""
    empty: Block = {key: [] for key in ("paragraphs", "figures", "tables", "folded", "lists", "missing")}
    return {"id": name, "title": words.SECTIONS[name], **empty, **parts}


def column(key: str, *, kind: str | None = None, interval: bool = False, label: str | None = None) -> Block:
    """Return a column of a table; with ``interval``, its low and high are shown too."""
    return {
        "key": key,
        "label": label or words.COLUMNS.get(key, metric_name(key)),
        "kind": kind or _KINDS.get(key, "text"),
        "interval": interval,
    }


def table(
    name: str,
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str | Block],
    *,
    note: str = "",
    beneath: str = "",
) -> Block:
    """Return a table; an interval column named ``value``, ``estimate``... reads ``low`` and ``high``.

    ``beneath`` names what stands under each row, across all columns: a list of lines.
    """
    made = [column(c) if isinstance(c, str) else c for c in columns]
    return {
        "id": name,
        "caption": words.CAPTIONS.get(name, words.FIGURES.get(name, name)),
        "columns": made,
        "rows": [dict(row) for row in rows],
        "note": note,
        "beneath": beneath,
    }


def figure(name: str, alt: str, data: Block) -> Block:
    """Return a figure: drawn from ``data["rows"]``, which also stands behind it as a table."""
    return {"name": name, "title": words.FIGURES[name], "alt": alt, "how": words.HOW[name], "data": data}


def wide(scores: pd.DataFrame, by: str, metrics: Sequence[str]) -> list[Block]:
    """Return one row per ``by``: each metric with its low and high, None where absent."""
    out: dict[str, Block] = {}
    blank = {f"{m}{end}": None for m in metrics for end in ("", "_low", "_high")}
    for row in records(scores[scores["metric"].isin(metrics)]):
        mine = out.setdefault(row[by], {by: row[by], **blank, "n": row["n"], "n_events": row["n_events"]})
        for source, end in (("value", ""), ("low", "_low"), ("high", "_high")):
            mine[f"{row['metric']}{end}"] = row[source]
    return list(out.values())


def metric_columns(metrics: Iterable[str]) -> list[Block]:
    """Return the columns of a :func:`wide` table."""
    kinds = {m: words.METRICS[m].kind if m in words.METRICS else "number" for m in metrics}
    return [column(m, kind=kind, interval=True, label=metric_name(m)) for m, kind in kinds.items()]


def flat(value: Any, prefix: str = "") -> list[Block]:
    """Return nested settings as rows of ``setting`` and ``value``.

    Examples
    --------
    >>> flat({"a": {"b": 1}, "c": [2, 3]})
    [{'setting': 'a.b', 'value': 1}, {'setting': 'c', 'value': [2, 3]}]
    """
    if not isinstance(value, dict):
        return [{"setting": prefix, "value": value}]
    return [
        row for key, item in value.items() for row in flat(item, f"{prefix}.{key}" if prefix else str(key))
    ]
