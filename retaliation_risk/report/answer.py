"""The first section: the answer in one sentence, with its interval."""

from __future__ import annotations

from typing import Any

from retaliation_risk.report import sentences, words
from retaliation_risk.report.blocks import Block, section
from retaliation_risk.report.folder import RunFolder, records
from retaliation_risk.report.setup import (
    ALL,
    ALTERNATIVES,
    INFLUENCE,
    Setup,
    few,
    pick,
    policy_scores,
    why_off,
)

METRIC = "events_reached"


def answer(folder: RunFolder, setup: Setup) -> Block:
    """Return the answer.

    Besides the keys of every section it has ``verdict`` (``lead``, ``against``, ``undecided``,
    ``few``, ``unjudged``, ``no_influence`` or ``nothing``), ``sentence``, ``numbers`` and
    ``beats_baselines`` (None where there is no model, or too few events to judge it).
    """
    scores = policy_scores(folder, setup)
    pooled = scores[scores["split"] == ALL]
    beats, judged = judge_model(folder, setup)
    said: dict[str, Any] = {"verdict": "nothing", "sentence": sentences.no_answer(), "numbers": []}
    before = _before(folder, setup)
    if setup.lead and setup.against == INFLUENCE:
        said = _compared(pooled, setup)
    elif setup.lead:
        said = _listed(pooled, setup)
        before.append(sentences.influence_off(why_off(folder, "influence") or "no influence data"))
    after = [sentences.verdict(said["verdict"], setup)] if setup.lead else []
    paragraphs = [*before, *after, *judged, *_sample(said["numbers"], setup), words.REACHED]
    return section("answer", paragraphs=[p for p in paragraphs if p]) | said | {"beats_baselines": beats}


def _before(folder: RunFolder, setup: Setup) -> list[str]:
    if setup.lead == "risk_only":
        return []
    if any(name.startswith("risk") for name in folder.queues) and not why_off(folder, "models"):
        return [sentences.not_judged()]
    fitted = folder.validation.get("models") or {}
    reasons = sorted({str(m.get("why")) for m in fitted.values() if not m.get("fitted") and m.get("why")})
    why = why_off(folder, "models") or "; ".join(reasons) or "the run holds no scores of one"
    return [sentences.no_model(why)]


def _compared(pooled: Any, setup: Setup) -> dict[str, Any]:
    lead = pick(pooled, policy=setup.lead, metric=METRIC)
    against = pick(pooled, policy=INFLUENCE, metric=METRIC)
    if lead is None or against is None:
        return {"verdict": "nothing", "sentence": sentences.no_answer(), "numbers": []}
    if not lead["n_events"]:
        return {"verdict": "nothing", "sentence": sentences.no_events(setup), "numbers": []}
    difference = pick(pooled, policy=setup.lead, metric=f"{METRIC}_minus_{INFLUENCE}")
    numbers = [_key_number(lead, setup), _key_number(against, setup)]
    kind = "unjudged"
    if difference is not None:
        numbers.append(_key_number(difference, setup) | {"label": "difference", "unit": "points"})
        kind = "few" if few(lead) else _sign(difference)
    sentence = sentences.headline(setup, lead, against, difference)
    return {"verdict": kind, "sentence": sentence, "numbers": numbers}


def _listed(pooled: Any, setup: Setup) -> dict[str, Any]:
    lead = pick(pooled, policy=setup.lead, metric=METRIC)
    others = [r for p in ALTERNATIVES if (r := pick(pooled, policy=p, metric=METRIC)) is not None]
    if lead is None:
        return {"verdict": "nothing", "sentence": sentences.no_answer(), "numbers": []}
    if not lead["n_events"]:
        return {"verdict": "nothing", "sentence": sentences.no_events(setup), "numbers": []}
    return {
        "verdict": "few" if few(lead) else "no_influence",
        "sentence": sentences.without_influence(setup, lead, others),
        "numbers": [_key_number(row, setup) for row in (lead, *others[:2])],
    }


def _sign(difference: dict[str, Any]) -> str:
    low, high = difference["low"], difference["high"]
    if low is None or high is None or low <= 0 <= high:
        return "undecided"
    return "lead" if low > 0 else "against"


def _key_number(row: dict[str, Any], setup: Setup) -> dict[str, Any]:
    keep = {key: row[key] for key in ("policy", "metric", "value", "low", "high", "n", "n_events")}
    return {
        "label": sentences.policy_name(row["policy"]),
        "kind": "per_hundred",
        "unit": f"of 100 {setup.events}",
        **keep,
    }


def _sample(numbers: list[dict[str, Any]], setup: Setup) -> list[str]:
    if not numbers:
        return []
    return [sentences.sample(numbers[0]["n"], numbers[0]["n_events"], setup)]


def judge_model(folder: RunFolder, setup: Setup) -> tuple[bool | None, list[str]]:
    """Say whether the chosen model ranks better than every baseline, by its interval."""
    scores = folder.tables["scores"]
    pooled = scores[(scores["split"] == ALL) & (scores["policy"] == "")]
    metric = next((m for m in words.RANKING if m in set(pooled["metric"])), None)
    rows = {row["model"]: row for row in records(pooled[pooled["metric"] == metric])} if metric else {}
    mine = rows.get(setup.model)
    rivals = [rows[name] for name in words.BASELINES if name in rows and name != setup.model]
    if mine is None or not rivals or metric is None or mine["value"] is None:
        return None, []
    if few(mine):
        return None, [sentences.few_to_rank(setup.model, metric, mine, setup)]
    if mine["low"] is None:
        return None, []
    ahead = [row["model"] for row in rivals if row["value"] is not None and row["value"] >= mine["low"]]
    if ahead:
        best = max(row["value"] for row in rivals if row["value"] is not None)
        others = [m for m, r in rows.items() if m not in words.BASELINES and (r["low"] or 0) > best]
        return False, [sentences.not_better(setup.model, metric, ahead, others)]
    return True, [sentences.better(setup.model, metric, mine)]
