"""The table of coverage, for the terminal and for docs/studies_estimators.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.coverage.readout import monte_carlo
from benchmarks.estimators.study import CASES

BEGIN, END = "<!-- made by python -m benchmarks.estimators --save -->", "<!-- end -->"


def rows(found: Sequence[Sequence[tuple[bool, float]]]) -> list[dict[str, Any]]:
    """One row per case, from one list of (held, width) per replication."""
    held = np.array([[one for one, _ in row] for row in found])
    width = np.array([[one for _, one in row] for row in found])
    n = len(found)
    return [
        {
            "estimate": case.estimator,
            "setting": case.setting,
            "interval": case.errors,
            "replications": n,
            "coverage": float(share),
            "error": float(monte_carlo(share, n)),
            "width": float(wide),
            "verdict": verdict(share, n),
        }
        for case, share, wide in zip(CASES, held.mean(axis=0), np.median(width, axis=0), strict=True)
    ]


def markdown(table: Sequence[dict[str, Any]]) -> str:
    """Return the rows as a table."""
    n = table[0]["replications"]
    parts = [
        f"{n:,} replications; coverage of 95 % intervals in %, one Monte-Carlo error at 95 % is "
        f"{100 * monte_carlo(0.95, n):.1f}. Width: the median of the intervals'.",
        "",
        "| estimate | setting | interval | coverage | ± | width | |",
        "|---|---|---|--:|--:|--:|---|",
    ]
    parts += [
        f"| {row['estimate']} | {row['setting']} | {row['interval']} | {100 * row['coverage']:.1f} "
        f"| {100 * row['error']:.1f} | {row['width']:.2f} | {row['verdict']} |"
        for row in table
    ]
    return "\n".join(parts)


def verdict(share: float, replications: int) -> str:
    """Say whether a coverage lies within three Monte-Carlo errors of 95 %."""
    gap = share - 0.95
    if abs(gap) <= 3 * monte_carlo(0.95, replications):
        return "holds"
    return "too narrow" if gap < 0 else "too wide"


def into(page: str, table: str) -> str:
    """Return the page with the table between its markers."""
    head, rest = page.split(BEGIN)
    return f"{head}{BEGIN}\n\n{table}\n\n{END}{rest.split(END, 1)[1]}"
