"""What changed since an earlier run: who entered and left the queue, how risks, what is reached and effects moved."""

from __future__ import annotations

from typing import Any

import pandas as pd

from retaliation_risk.report import stories, words
from retaliation_risk.report.answer import METRIC
from retaliation_risk.report.blocks import Block, column, flat, section, table
from retaliation_risk.report.drivers import chosen_effects
from retaliation_risk.report.folder import RunFolder, read_risks, records
from retaliation_risk.report.queue import at_capacity, named, shown_policy
from retaliation_risk.report.setup import ALL, Setup, pick, policy_scores, read_setup

#: Customers listed of those who entered, and of those who left.
MAX_MOVED = 50
_LEVELS = ("high", "raised", "usual")


def since(folder: RunFolder, setup: Setup, before: RunFolder | None) -> Block:
    """Return what changed since ``before``; a line that says so where there is no earlier run.

    Besides the keys of every section it has ``before``: the name of the earlier run, or None.
    """
    if before is None:
        return section("since", paragraphs=[stories.no_earlier_run()]) | {"before": None}
    then = read_setup(before, show_contacts=setup.show_contacts, min_cell=setup.min_cell)
    risks = _risks(folder, before)
    moved, effects = _moved(folder, setup, before, then, risks), _effects(folder, setup, before)
    levels = _levels(risks)
    paragraphs = [
        stories.since(_about(before), _about(folder)),
        *_other_settings(folder, before),
        *_queue_sentence(folder, setup, before, then),
        *_risk_sentence(risks),
        *_values(folder, setup, before, then),
        *_effects_sentence(effects),
    ]
    tables = [*moved, table("risk_levels", levels, ["level", *_counts("before", "now")])]
    return section(
        "since",
        paragraphs=paragraphs,
        tables=[made for made in tables if made["rows"]],
        folded=[_effects_table(effects)] if effects else [],
    ) | {"before": before.name}


def _about(folder: RunFolder) -> Block:
    return {"run": folder.name, "now": (folder.run.get("moments") or {}).get("now")}


def _other_settings(folder: RunFolder, before: RunFolder) -> list[str]:
    """Name the settings that differ, and warn."""
    now, then = (
        {row["setting"]: row["value"] for row in flat(f.run.get("settings") or {})} for f in (folder, before)
    )
    other = [name for name in {**then, **now} if now.get(name) != then.get(name)]
    return [stories.other_settings(other)] if other else []


def _fronts(
    folder: RunFolder, setup: Setup, before: RunFolder, then: Setup
) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Return both queues of the policy that is shown; None where one run lacks it."""
    policy = shown_policy(folder, setup)
    if policy is None or policy not in before.queues:
        return None
    return at_capacity(folder, setup, policy), at_capacity(before, then, policy)


def _queue_sentence(folder: RunFolder, setup: Setup, before: RunFolder, then: Setup) -> list[str]:
    if (fronts := _fronts(folder, setup, before, then)) is None:
        return [words.OTHER_QUEUE]
    now, old = (set(front["customer_id"]) for front in fronts)
    return [stories.moved_queue(len(now - old), len(old - now), len(now & old))]


def _moved(
    folder: RunFolder, setup: Setup, before: RunFolder, then: Setup, risks: pd.DataFrame
) -> list[Block]:
    """Return the customers who are new in the queue, and those who are no longer in it, in the order of their ranks."""
    if (fronts := _fronts(folder, setup, before, then)) is None:
        return []
    now, old = fronts
    entered = _listed(now[~now["customer_id"].isin(old["customer_id"])], risks, setup)
    left = _listed(old[~old["customer_id"].isin(now["customer_id"])], risks, setup)
    shown: list[str | Block] = ["customer"]
    if any(row[key] is not None for row in (*entered, *left) for key in _RISKS):
        shown += [column(key, kind="percent") for key in _RISKS]
    note = words.FIRST_MOVED
    return [
        table("entered", entered, ["rank", *shown], note=note if len(entered) == MAX_MOVED else ""),
        table(
            "left",
            left,
            [column("rank", label=words.COLUMNS["rank_before"]), *shown],
            note=note if len(left) == MAX_MOVED else "",
        ),
    ]


_RISKS = ("risk", "risk_before")


def _listed(front: pd.DataFrame, risks: pd.DataFrame, setup: Setup) -> list[Block]:
    told = front[["rank", "customer_id"]].head(MAX_MOVED).merge(risks, on="customer_id", how="left")
    return [
        {"rank": row["rank"], "customer": named(row["customer_id"], setup)}
        | {"risk": row["risk_now"], "risk_before": row["risk_before"]}
        for row in records(told)
    ]


def _risks(folder: RunFolder, before: RunFolder) -> pd.DataFrame:
    """Return each customer's risk and level in both runs: missing where one did not score the customer."""
    return read_risks(folder).merge(
        read_risks(before), on="customer_id", how="outer", suffixes=("_now", "_before")
    )


def _risk_sentence(risks: pd.DataFrame) -> list[str]:
    old, now = (risks[f"risk_{end}"].mean() for end in ("before", "now"))
    return [] if pd.isna(old) or pd.isna(now) else [stories.moved_risk(float(old), float(now))]


def _levels(risks: pd.DataFrame) -> list[Block]:
    """Count the customers at each level of risk, then and now; no rows where neither run had a model."""
    counted = {end: risks[f"band_{end}"].value_counts() for end in ("before", "now")}
    if not any(len(found) for found in counted.values()):
        return []
    return [
        {"level": words.LEVELS[level], **{end: float(found.get(level, 0)) for end, found in counted.items()}}
        for level in _LEVELS
    ]


def _counts(*keys: str) -> list[Block]:
    return [column(key, kind="count") for key in keys]


def _values(folder: RunFolder, setup: Setup, before: RunFolder, then: Setup) -> list[str]:
    """Say how what the two policies reach moved."""
    scores = [policy_scores(run, asked) for run, asked in ((before, then), (folder, setup))]
    said = []
    for policy in filter(None, (setup.lead, setup.against)):
        old, now = (pick(found, split=ALL, policy=policy, metric=METRIC) for found in scores)
        if old and now and None not in (old["value"], now["value"]):
            said.append(stories.moved_value(policy, METRIC, old, now))
    return said


def _effects(folder: RunFolder, setup: Setup, before: RunFolder) -> list[Block]:
    """Return the effects that both runs have, of one model and kind, the largest move first."""
    now, old = chosen_effects(folder, setup.model), chosen_effects(before, setup.model)
    both = old.merge(now, on=["model", "kind", "feature", "unit"], suffixes=("_then", "_now"))
    both = both.assign(_move=(both["estimate_now"] / both["estimate_then"]).map(_size))
    return [
        {"feature": row["feature"], "unit": row["unit"]}
        | {f"before{end}": row[f"{name}_then"] for name, end in _ENDS}
        | {f"now{end}": row[f"{name}_now"] for name, end in _ENDS}
        for row in records(both.sort_values(["_move", "feature"], ascending=[False, True]))
    ]


_ENDS = (("estimate", ""), ("low", "_low"), ("high", "_high"))


def _size(ratio: float) -> float:
    return max(ratio, 1 / ratio)


def _effects_sentence(effects: list[Block]) -> list[str]:
    apart = [row["feature"] for row in effects if not row["before_low"] <= row["now"] <= row["before_high"]]
    return [stories.moved_effects(apart, len(effects))] if effects else []


def _effects_table(effects: list[Block]) -> Block:
    columns: list[Any] = [column(key, kind="ratio", interval=True) for key in ("before", "now")]
    return table("moved_effects", effects, ["feature", *columns, "unit"])
