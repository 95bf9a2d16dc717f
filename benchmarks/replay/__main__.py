"""What replaying costs and shows: ``python -m benchmarks.replay [--quick] [--save]``.

Prints the tables of docs/policies.md; ``--save`` writes them into it. The full size takes about two minutes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from benchmarks.replay.cost import cost
from benchmarks.replay.world import replayed
from retaliation_risk.evaluate import Replay

PAGE = Path(__file__).parents[2] / "docs" / "policies.md"
BEGIN, END = "<!-- made by python -m benchmarks.replay --save -->", "<!-- end -->"
SEED = 11
SHOWN = {
    "events_reached": ("acts reached in time", "percent"),
    "reach_in_time_share": ("their share of the audience", "percent"),
    "lead_days_median": ("median lead, days", "number"),
    "waits_answered": ("open matters answered", "percent"),
    "wait_days_median": ("their median wait, days", "number"),
}
QUICK, FULL = ((2000, 13),), ((10_000, 52), (100_000, 52))
LEADS = {
    "influence_only": "lead over influence only, points",
    "influence_x_complaint": "over influence x complaint",
}


def main() -> None:
    asked = _arguments()
    n, n_bootstrap, sizes = (1500, 50, QUICK) if asked.quick else (20_000, 1000, FULL)
    found = replayed(n, seed=SEED, answers=asked.answers, n_bootstrap=n_bootstrap)
    costs = pd.DataFrame([cost(customers, weeks) for customers, weeks in sizes])
    made = f"{world_table(found)}\n\n{missed_sentence(found)}\n\n{costs_table(costs)}"
    print(made)
    if asked.save:
        before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n\n{made}\n\n{END}{rest.split(END)[1]}", encoding="utf-8")


def world_table(found: Replay) -> str:
    """One row per policy, those that use influence marked."""
    heads = [*(head for head, _ in SHOWN.values()), *LEADS.values()]
    lines = [f"| policy | uses influence | {' | '.join(heads)} |", f"|---|---|{'--:|' * len(heads)}"]
    scores = found.scores.set_index(["policy", "metric"])
    for policy in dict.fromkeys(found.scores["policy"]):
        cells = [_cell(scores.loc[(policy, metric)], kind) for metric, (_, kind) in SHOWN.items()]
        leads = [(policy, f"events_reached_minus_{other}") for other in LEADS]
        cells += [_cell(scores.loc[lead], "percent") if lead in scores.index else "" for lead in leads]
        uses = "yes" if scores.loc[(policy, "answers"), "uses_influence"] else ""
        lines.append(f"| {policy} | {uses} | {' | '.join(cells)} |")
    return "\n".join(lines)


def missed_sentence(found: Replay) -> str:
    """Say how the acts that influence alone missed fall on the quartiles of influence."""
    rows = found.missed[
        (found.missed["policy"] == "influence_only") & (found.missed["metric"] == "share_missed")
    ]
    parts = [f"{row.influence_quartile} {row.n_missed} of {row.n}" for row in rows.itertuples()]
    return f"Acts that influence alone missed, by quartile of influence: {'; '.join(parts)}."


def costs_table(costs: pd.DataFrame) -> str:
    """One row per size."""
    head = "| customers | weeks | rows | answers | s | processor s | MB at most |\n|" + "--:|" * 7
    rows = [" | ".join(f"{x:,g}" if x < 100 else f"{x:,.0f}" for x in row) for row in costs.to_numpy()]
    return "\n".join([head, *(f"| {row} |" for row in rows)])


def _cell(row: pd.Series, kind: str) -> str:
    if pd.isna(row["value"]):
        return "-"
    values = [row["value"], row["low"], row["high"]]
    value, low, high = (f"{100 * x:.0f}" if kind == "percent" else f"{x:.0f}" for x in values)
    return value if pd.isna(row["low"]) else f"{value} ({low} to {high})"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, within seconds")
    parser.add_argument("--save", action="store_true", help="write the tables into docs/policies.md")
    parser.add_argument("--answers", type=int, default=20, help="answers on each working day")
    return parser.parse_args()


if __name__ == "__main__":
    main()
