"""What drives the risk: effects, how long customers stay quiet, and who leaves instead of saying anything."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from retaliation_risk.report import alts, sentences, stories, words
from retaliation_risk.report.blocks import Block, column, figure, section, table
from retaliation_risk.report.folder import RunFolder, records
from retaliation_risk.report.setup import Setup, why_off
from retaliation_risk.report.strength import MODEL, strength

MAX_EFFECTS = 20
MAX_DAYS = 50
# The rows of incidence.csv about all customers, beside those of each class.
EVERYBODY = "all"


def drivers(folder: RunFolder, setup: Setup) -> Block:
    """Return effects with their intervals, survival by failed recoveries, and leaving beside retaliating."""
    effects, survival, exits = _effects(folder, setup), _survival(folder, setup), _exit_or_voice(folder)
    turned, said = strength(folder)
    paragraphs = [words.EFFECTS_ARE] if effects else []
    if effects and (folder.run.get("training") or {}).get("efficiency"):
        paragraphs.append(words.AT_ACTS)
    ends = _by_class(folder, setup)
    told = stories.exit_or_voice(ends) if exits else ""
    return section(
        "drivers",
        paragraphs=[*paragraphs, *(text for text in (said, told) if text)],
        figures=[made for made in (effects, turned, survival, exits) if made],
        tables=[_class_table(ends)] if exits else [],
        missing=_missing(folder, effects=effects, survival=survival, exits=exits),
    )


def _missing(folder: RunFolder, **made: Block | None) -> list[str]:
    """Say of each part that could not be made why; those without their table for the same reason in one sentence."""
    said: list[str] = []
    lacking: dict[str, list[str]] = {}
    for (name, part), file in zip(made.items(), ("effects", "survival", "incidence"), strict=True):
        if part is not None:
            continue
        why = why_off(folder, "models") if name == "effects" else why_off(folder, "comparison")
        if len(folder.tables[file]) and not why:
            said.append(_WHY[name])
        else:
            lacking.setdefault(why, []).append(f"{file}.csv")
    return [*(sentences.missing(*files, why=why) for why, files in lacking.items()), *said]


# Why there is no figure where its table is there.
_WHY = {"effects": words.NO_INTERVALS, "survival": words.TOO_FEW, "exits": words.NO_EXITS}


def chosen_effects(folder: RunFolder, model: str) -> pd.DataFrame:
    """Return the effects of a model that have intervals; those of the first that has any, where it has none (trees)."""
    effects = folder.tables["effects"]
    effects = effects[effects["model"] != MODEL]
    told = model if model in set(effects["model"]) else next(iter(effects["model"]), "")
    mine = effects[(effects["model"] == told) & (effects[["estimate", "low", "high"]] > 0).all(axis=1)]
    return mine[mine["kind"] == mine["kind"].iloc[0]] if len(mine) else mine


def _effects(folder: RunFolder, setup: Setup) -> Block | None:
    mine = chosen_effects(folder, setup.model)
    if mine.empty:
        return None
    strength = np.abs(np.log(mine["estimate"].to_numpy(dtype=float)))
    mine = mine.assign(_s=strength).sort_values(["_s", "feature"], ascending=[False, True]).drop(columns="_s")
    rows = records(mine.head(MAX_EFFECTS))
    label = str(mine["kind"].iloc[0]).capitalize()
    data = table(
        "effects", rows, ["feature", column("estimate", interval=True, label=label), "unit", "about", "model"]
    )
    return figure("effects", alts.effects(rows), data)


def _survival(folder: RunFolder, setup: Setup) -> Block | None:
    survival = folder.tables["survival"].dropna(subset=["day", "survival"])
    survival = _large(survival, setup)
    if survival.empty:
        return None
    rows = records(pd.concat([_thinned(part) for _, part in _by(survival, "failed_recoveries")]))
    columns: list[str | Block] = ["failed_recoveries", "day", column("survival", interval=True), "at_risk"]
    return figure("survival", alts.survival(rows), table("survival", rows, columns))


def _exit_or_voice(folder: RunFolder) -> Block | None:
    """Return the share of everybody that has left, and that has retaliated, by day; None where nobody left."""
    incidence = folder.tables["incidence"]
    mine = incidence[incidence["failed_recoveries"] == EVERYBODY].dropna(subset=["day", "incidence"])
    if set(mine["cause"]) != set(words.CAUSES):
        return None
    rows = records(pd.concat([_thinned(part) for _, part in _by(mine, "cause")]))
    columns: list[str | Block] = ["cause", "day", column("incidence", interval=True), "at_risk"]
    return figure("exit_or_voice", alts.exit_or_voice(rows), table("exit_or_voice", rows, columns))


def _by_class(folder: RunFolder, setup: Setup) -> list[Block]:
    """Return for everybody and each class what share has left and has retaliated by its last day."""
    incidence = _large(folder.tables["incidence"], setup)
    out: dict[str, Block] = {}
    for row in records(incidence.sort_values("day", kind="stable")):
        mine = out.setdefault(row["failed_recoveries"], {"failed_recoveries": row["failed_recoveries"]})
        mine.setdefault("n", row["at_risk"])
        mine["day"] = row["day"]
        for source, end in (("incidence", ""), ("low", "_low"), ("high", "_high")):
            mine[f"{row['cause']}{end}"] = row[source]
    blank = {f"{cause}{end}": None for cause in words.CAUSES for end in ("", "_low", "_high")}
    return [blank | row for _, row in sorted(out.items(), key=lambda item: (item[0] != EVERYBODY, item[0]))]


def _class_table(rows: list[Block]) -> Block:
    causes = (
        column(cause, kind="percent", interval=True, label=told) for cause, told in words.CAUSES.items()
    )
    return table("by_class", rows, ["failed_recoveries", *causes, "day", "n"])


def _large(curves: pd.DataFrame, setup: Setup) -> pd.DataFrame:
    """Return the curves of those classes that begin with enough customers to speak of."""
    start = curves.groupby("failed_recoveries")["at_risk"].transform("max")
    return curves[start >= setup.min_cell]


def _by(curves: pd.DataFrame, key: str) -> Iterable[tuple[object, pd.DataFrame]]:
    return curves.sort_values([key, "day"]).groupby(key)


def _thinned(curve: pd.DataFrame) -> pd.DataFrame:
    """Return at most MAX_DAYS points of a curve, and its last."""
    step = -(-len(curve) // MAX_DAYS)
    last = len(curve) - 1
    return curve.iloc[[*range(0, last, step), last]]
