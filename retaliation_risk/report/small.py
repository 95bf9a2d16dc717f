"""Groups so small that a share would speak of single customers."""

from __future__ import annotations

import pandas as pd

from retaliation_risk.report.blocks import Block
from retaliation_risk.report.folder import records

# Kinds of group of served.csv that are about events, not about the queue: those reached, and those missed.
REACHED, MISSED = "retaliators", "missed retaliators"
RETALIATORS = (REACHED, MISSED)


def suppress(frame: pd.DataFrame, min_cell: int) -> list[Block]:
    """Return the rows of ``served.csv`` with small groups blanked.

    Shares of a policy and kind of group add up to 1, so where one group is hidden the next smallest
    is hidden too. Of retaliators the number reached can be worked out (all less those missed): where it is
    small in some group, and not none, that policy's shares of those reached are hidden.
    """
    rows = records(frame)
    hidden: set[int] = {k for k, row in enumerate(rows) if row["n"] is None or row["n"] < min_cell}
    kinds: dict[tuple[str, str], list[int]] = {}
    for k, row in enumerate(rows):
        kinds.setdefault((row["policy"], row["group_kind"]), []).append(k)
    for places in kinds.values():
        left = [k for k in places if k not in hidden]
        if len(places) - len(left) == 1 and left:
            hidden.add(min(left, key=lambda k: rows[k]["n"]))
    blank = {"share_of_queue": None, "share_of_customers": None, "n": None}
    found = [row | blank if k in hidden else row for k, row in enumerate(rows)]
    few = _few_reached(rows, min_cell)
    return [
        row | {"share_of_queue": None} if row["group_kind"] == REACHED and row["policy"] in few else row
        for row in found
    ]


def _few_reached(rows: list[Block], min_cell: int) -> set[str]:
    """Return the policies that reach a few retaliators of some group."""
    missed = {(r["policy"], r["group"]): r["n"] or 0 for r in rows if r["group_kind"] == MISSED}
    kept = [r for r in rows if r["group_kind"] == REACHED and r["n"] is not None and r["share_of_queue"]]
    return {r["policy"] for r in kept if r["n"] - missed.get((r["policy"], r["group"]), 0) < min_cell}
