"""The table of coverage, for the terminal and for docs/studies_estimators.md."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.coverage.readout import monte_carlo
from benchmarks.estimators.study import CASES

BEGIN, END = "<!-- made by python -m benchmarks.estimators --save -->", "<!-- end -->"


def markdown(found: Sequence[Sequence[tuple[bool, float]]]) -> str:
    """Return one row per case, from one list of (held, width) per replication."""
    held = np.array([[one for one, _ in row] for row in found])
    width = np.array([[one for _, one in row] for row in found])
    n = len(found)
    parts = [
        f"{n:,} replications; coverage of 95 % intervals in %, one Monte-Carlo error at 95 % is "
        f"{100 * monte_carlo(0.95, n):.1f}. Width: the median of the intervals'.",
        "",
        "| estimate | setting | interval | coverage | ± | width | |",
        "|---|---|---|--:|--:|--:|---|",
    ]
    for case, share, wide in zip(CASES, held.mean(axis=0), np.median(width, axis=0), strict=True):
        parts.append(
            f"| {case.estimator} | {case.setting} | {case.errors} | {100 * share:.1f} "
            f"| {100 * monte_carlo(share, n):.1f} | {wide:.2f} | {verdict(share, n)} |"
        )
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
