"""The tables of docs/simulator.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.churn.readout import table
from benchmarks.simulate.rates import Rate
from benchmarks.simulate.structure import ELEMENTS, Element
from retaliation_risk.simulate import declaration

_TABLES = (
    "customers",
    "tickets",
    "ticket_events",
    "orders",
    "loyalty",
    "outcomes",
    "influence",
    "observation",
)


def times_table(runs: Sequence[dict[str, Any]]) -> str:
    """Return one row per run, and the rows of the tables of the largest."""
    rows = [
        (
            run["way"], f"{run['customers']:,}", run["jobs"], f"{run['seconds']:.0f}", f"{run['cpu_seconds']:.0f}",
            f"{run['peak_mb'] / 1000:.2f}", f"{run['written_mb']:,.0f}", run["load"],
        )
        for run in runs
    ]  # fmt: skip
    head = ["way", "customers", "processes", "seconds", "processor seconds", "peak GB", "MB written", "load"]
    largest = max(runs, key=lambda run: run["customers"])
    counted = [(name, f"{largest['rows'][name]:,}") for name in _TABLES]
    title = f"Rows of {largest['customers']:,} customers over five years:"
    return f"{table(head, rows)}\n\n{title}\n\n{table(['table', 'rows'], counted)}"


def rates_table(found: Sequence[Rate]) -> str:
    """Return one row per rate."""
    rows = [
        (
            one.quantity, one.source, ", ".join(f"{value:g}" for value in one.published), _ours(one),
            one.verdict, one.set_by, one.why,
        )
        for one in found
    ]  # fmt: skip
    head = ["quantity", "source", "published", "here (95 % interval; n)", "verdict", "set by", "note"]
    return table(head, rows)


def structure_table() -> str:
    """Return one row per structural element, with the constants' values as they are declared."""
    rows = [(one.name, one.state, _constants(one), one.missing) for one in ELEMENTS]
    return table(["element", "state", "constants", "what is missing"], rows)


def into(page: str, name: str, made: str) -> str:
    """Put a table between the markers of its name."""
    begin, end = f"<!-- {name}: made by python -m benchmarks.simulate --save -->", f"<!-- end {name} -->"
    before, rest = page.split(begin)
    return f"{before}{begin}\n\n{made}\n\n{end}{rest.split(end)[1]}"


def _ours(one: Rate) -> str:
    if np.isnan(one.ours):
        return ""
    return f"{one.ours:.3f} ({one.low:.3f} to {one.high:.3f}; {one.n:,})"


def _constants(element: Element) -> str:
    declared = {one["name"]: one for one in declaration()}
    return "; ".join(_constant(declared[name]) for name in element.constants)


def _constant(one: dict[str, Any]) -> str:
    value = one["value"]
    words = ", ".join(map(str, value)) if isinstance(value, tuple) else value
    return f"`{one['name']}` {words} ({one['tag']})"
