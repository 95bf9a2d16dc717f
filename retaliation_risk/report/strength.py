"""What a strong relationship does, by how often the customer was let down: the figure and its sentence."""

from __future__ import annotations

from retaliation_risk.report import alts, modelling, words
from retaliation_risk.report.blocks import Block, column, figure, table
from retaliation_risk.report.folder import RunFolder, records

MODEL, TREND = "love_becomes_hate", "trend"


def strength(folder: RunFolder) -> tuple[Block | None, str]:
    """Return the figure, and what it says in a sentence; None and nothing where no class has enough acts."""
    effects = folder.tables["effects"]
    every = records(effects[effects["model"] == MODEL])
    classes = [row for row in every if row["group"] != TREND]
    told = [row for row in classes if row["estimate"] is not None]
    if not told:
        return None, ""
    columns: list[str | Block] = [
        column("group", label=words.COLUMNS["failed_recoveries"]),
        column("estimate", interval=True, label=words.COLUMNS["strength"]),
        column("p_value", kind="p_value"),
        column("n_events", kind="count"),
        column("n_customers", kind="count"),
    ]
    made = figure(
        MODEL, alts.love_becomes_hate(classes), table(MODEL, every, columns, note=words.STRENGTH_IS)
    )
    trend = next((row for row in every if row["group"] == TREND and row["estimate"] is not None), None)
    return made, modelling.turned(told[0], told[-1], trend) if trend else ""
