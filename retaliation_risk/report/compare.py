"""How the policies compare: reached and reach apart, the capacity curves, who is missed."""

from __future__ import annotations

import pandas as pd

from retaliation_risk.evaluate import FEWEST_EVENTS
from retaliation_risk.report import alts, sentences, words
from retaliation_risk.report.blocks import Block, column, figure, metric_columns, section, table, wide
from retaliation_risk.report.folder import RunFolder, records
from retaliation_risk.report.setup import ALL, INFLUENCE, Setup, few, policy_scores, why_off
from retaliation_risk.report.small import MISSED, RETALIATORS, suppress

MAX_POINTS = 30

# Influence at its best, beside influence alone.
_BEST_CASES = ("influence_if_open", "influence_x_complaint", "mixed_50")

# What policies are compared with, in the order of the page.
_AGAINST = {
    INFLUENCE: "differences",
    "first_come": "differences_first_come",
    "rule": "differences_rule",
}


def policies(folder: RunFolder, setup: Setup) -> Block:
    """Return the comparison of policies: reached and reach apart, the capacity curves, who is missed."""
    scores = policy_scores(folder, setup)
    titled = {"title": words.POLICIES_WITHOUT_MODEL} if why_off(folder, "models") else {}
    if scores.empty:
        why = why_off(folder, "comparison") or "no policy was scored at this capacity"
        return section("policies", missing=[sentences.missing("scores.csv", why=why)], **titled)
    pooled = scores[scores["split"] == ALL]
    missed = _missed(folder, setup)
    return section(
        "policies",
        paragraphs=_said(folder, setup, pooled, missed, without_model=bool(titled)),
        figures=_figures(folder, setup, scores),
        tables=_tables(folder, setup, pooled, missed),
        missing=[] if len(folder.tables["capacity"]) else [sentences.missing("capacity.csv")],
        **titled,
    )


def _figures(folder: RunFolder, setup: Setup, scores: pd.DataFrame) -> list[Block]:
    made = (
        _curve(folder, setup, "events_reached", "capacity"),
        _curve(folder, setup, "reach_averted", "reach"),
        _differences(scores, setup),
    )
    return [each for each in made if each]


def _tables(folder: RunFolder, setup: Setup, pooled: pd.DataFrame, missed: list[Block]) -> list[Block]:
    values = [m for m in dict.fromkeys(pooled["metric"]) if "_minus_" not in m]
    columns: list[str | Block] = ["policy", *metric_columns(values), "n_events"]
    made = (
        table("policies", wide(pooled, "policy", values), columns, note=words.POLICY_METRICS_ARE),
        _needed(folder),
        _one_more(folder),
        *(_difference_table(pooled, name) for name in _AGAINST),
        table("missed", missed, _MISSED, note=sentences.suppressed(setup.min_cell)) if missed else None,
    )
    return [each for each in made if each]


def _said(
    folder: RunFolder, setup: Setup, pooled: pd.DataFrame, missed: list[Block], *, without_model: bool
) -> list[str]:
    """Say in sentences what the tables show."""
    there = set(pooled["policy"])
    said = [sentences.missed(row) for row in missed if _worth_saying(row)][:1]
    said += _not_reached(pooled, setup)
    said += _readings(folder, setup)
    said += [words.BEST_CASE] if there & set(_BEST_CASES) else []
    said += [words.RISKS_OF_THE_PAST] if without_model and "risk_only" in there else []
    base = sentences.audience_base(setup)
    return [*said, base] if base else said


def _worth_saying(row: Block) -> bool:
    """Whether enough retaliators are missed by influence first for their share to be told in a sentence."""
    shares = (row["missed"], row["all"])
    return row["policy"] == INFLUENCE and None not in shares and row["n_missed"] >= FEWEST_EVENTS


def _not_reached(pooled: pd.DataFrame, setup: Setup) -> list[str]:
    """Say what the run's own order would have missed, beside influence first."""
    reached = records(pooled[pooled["metric"] == "events_reached"])
    known = {row["policy"]: row for row in reached if row["value"] is not None}
    there = [known[name] for name in (setup.lead, INFLUENCE) if name in known]
    return [sentences.not_reached(there, setup)] if setup.lead in known else []


def _needed(folder: RunFolder) -> Block | None:
    """Return the capacity at which each policy reaches half of the retaliations; None where there is none."""
    rows = folder.tables["needed"]
    if rows["value"].notna().sum() == 0:
        return None
    against = f"capacity_for_share_minus_{INFLUENCE}"
    found = wide(rows, "policy", ["capacity_for_share", against])
    columns = [
        column("capacity_for_share", kind="count", interval=True, label=words.COLUMNS["needed"]),
        column(against, kind="number", interval=True, label=words.COLUMNS["less_than_influence"]),
    ]
    return table(
        "needed",
        sorted(found, key=lambda row: row["capacity_for_share"] or 0),
        ["policy", *columns, "n_events"],
    )


def _one_more(folder: RunFolder) -> Block | None:
    rows = folder.tables["one_more"]
    kept = rows[rows["reading"] != ""]
    return (
        table("one_more", records(kept[["policy", "reading"]]), ["policy", "reading"]) if len(kept) else None
    )


def _readings(folder: RunFolder, setup: Setup) -> list[str]:
    """Say what one more retaliation caught costs in answers, and how much capacity reaches half of them."""
    rows = folder.tables["one_more"]
    mine = records(rows[(rows["policy"] == setup.lead) & (rows["reading"] != "")])
    said = [sentences.one_more(mine[0])] if mine and not few(mine[0], setup) else []
    needed = folder.tables["needed"]
    half = {row["policy"]: row for row in records(needed[needed["metric"] == "capacity_for_share"])}
    if setup.lead in half and INFLUENCE in half and half[setup.lead]["value"] is not None:
        said.append(sentences.half(half[setup.lead], half[INFLUENCE], setup))
    return said


def _difference_table(pooled: pd.DataFrame, against: str) -> Block | None:
    """Return the paired differences to one policy; None where there are none."""
    metrics = [m for m in dict.fromkeys(pooled["metric"]) if m.endswith(f"_minus_{against}")]
    if not metrics:
        return None
    columns = [column(m, kind=_points(m), interval=True, label=_base(m)) for m in metrics]
    holm = f"events_reached_minus_{against}"
    p = {row["policy"]: row["p_holm"] for row in records(pooled[pooled["metric"] == holm])}
    rows = [
        row | {"p_holm": p.get(row["policy"])}
        for row in wide(pooled, "policy", metrics)
        if row["policy"] != against
    ]
    told = [column("p_holm", kind="p_value")] if any(value is not None for value in p.values()) else []
    return table(_AGAINST[against], rows, ["policy", *columns, *told], note=words.HOLM if told else "")


_MISSED: list[str | Block] = [
    "policy",
    "group",
    *(column(key, kind="percent") for key in ("reached", "all", "missed")),
    *(column(key, kind="count") for key in ("n_all", "n_missed")),
]


def _missed(folder: RunFolder, setup: Setup) -> list[Block]:
    """Return each influence group's share of the retaliators reached, of all, and of those missed."""
    out: dict[tuple[str, str], Block] = {}
    for row in suppress(folder.tables["served"], setup.min_cell):
        if row["group_kind"] not in RETALIATORS:
            continue
        blank = {"policy": row["policy"], "group": row["group"]}
        blank |= dict.fromkeys(("reached", "all", "missed", "n_all", "n_missed"))
        mine = out.setdefault((row["policy"], row["group"]), blank)
        if row["group_kind"] == MISSED:
            mine |= {"missed": row["share_of_customers"], "n_missed": row["n"]}
        else:
            mine |= {"reached": row["share_of_queue"], "all": row["share_of_customers"]}
            mine["n_all"] = row["n"]
    return sorted(
        out.values(), key=lambda row: (row["policy"], not row["group"].startswith("below"), row["group"])
    )


def _points(metric: str) -> str:
    base = words.METRICS.get(metric.split("_minus_", maxsplit=1)[0])
    return "per_hundred" if base and base.kind == "percent" else "number"


def _base(metric: str) -> str:
    return sentences.metric_name(metric.split("_minus_", maxsplit=1)[0])


def _curve(folder: RunFolder, setup: Setup, metric: str, name: str) -> Block | None:
    curve = folder.tables["capacity"]
    curve = curve[(curve["metric"] == metric) & curve["value"].notna()]
    if curve.empty:
        return None
    # The curve is read at any capacity, so its interval is the band that holds all of it.
    curve = curve.assign(low=curve["band_low"], high=curve["band_high"])
    levels = sorted(set(curve["capacity"]))
    step = -(-len(levels) // MAX_POINTS)
    kept = {*levels[::step], levels[-1], *([setup.capacity] if setup.capacity is not None else [])}
    rows = records(curve[curve["capacity"].isin(kept)].sort_values(["policy", "capacity"]))
    columns: list[str | Block] = ["policy", "capacity", column("value", interval=True)]
    return figure(name, alts.capacity(rows, setup.capacity), table(name, rows, columns)) | {
        "at": setup.capacity
    }


def _differences(scores: pd.DataFrame, setup: Setup) -> Block | None:
    minus = scores[
        (scores["metric"] == f"events_reached_minus_{INFLUENCE}") & (scores["policy"] == setup.lead)
    ]
    minus = minus[minus["value"].notna()]
    if minus.empty:
        return None
    # The pooled row last: the splits first, in time.
    rows = records(
        minus.assign(_all=minus["split"] == ALL).sort_values(["_all", "split"]).drop(columns="_all")
    )
    columns: list[str | Block] = [
        "split",
        column("value", kind="per_hundred", interval=True, label=words.COLUMNS["difference"]),
        "n",
        "n_events",
    ]
    return figure("differences", alts.differences(rows), table("differences", rows, columns))
