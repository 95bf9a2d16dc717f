"""The first section: the answer in one sentence, with its interval."""

from __future__ import annotations

from typing import Any

from retaliation_risk.evaluate import FEWEST_EVENTS
from retaliation_risk.report import modelling, sentences, words
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
REACH = "reach_averted"
RULE = "rule"


def answer(folder: RunFolder, setup: Setup) -> Block:
    """Return the answer.

    Besides the keys of every section it has ``verdict`` (on the events reached: ``lead``, ``against``,
    ``undecided``, ``few``, ``unjudged``, ``no_influence`` or ``nothing``), ``verdict_reach`` (on their
    audience: ``lead``, ``against``, ``undecided``, ``few``, ``unjudged`` or ``nothing``), ``sentence``,
    ``sentence_reach``, ``numbers`` and ``beats_baselines`` (None where there is no model, or too few events
    to judge it).
    """
    scores = policy_scores(folder, setup)
    pooled = scores[scores["split"] == ALL]
    beats, judged = judge_model(folder, setup)
    said = _nothing(sentences.no_answer())
    before = _before(folder, setup)
    if setup.lead and setup.against == INFLUENCE:
        said = _compared(pooled, setup)
    elif setup.lead:
        said = _listed(pooled, setup)
        before.append(sentences.influence_off(why_off(folder, "influence") or "no influence data"))
    after = [said["sentence_reach"]]
    if setup.lead and said["numbers"]:
        after += [sentences.verdict(said["verdict"], said["verdict_reach"], setup), _rule(pooled, setup)]
    meaning = words.RANKING_IS.get(ranking_metric(folder) or "", "") if judged else ""
    reached = words.REACHED if said["numbers"] else ""
    paragraphs = [*before, *after, *judged, meaning, *_sample(said["numbers"], setup), reached]
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
        return _nothing(sentences.no_answer())
    if not lead["n_events"]:
        return _nothing(sentences.no_events(setup))
    difference = pick(pooled, policy=setup.lead, metric=f"{METRIC}_minus_{INFLUENCE}")
    written = {"kind": sentences.points(lead, against, difference)}
    numbers = [_key_number(lead, setup) | written, _key_number(against, setup) | written]
    kind = "unjudged"
    if difference is not None:
        numbers.append(_key_number(difference, setup) | {**words.DIFFERENCE, **written})
        kind = "few" if few(lead, setup) else _sign(difference)
    sentence = sentences.headline(setup, lead, against, difference)
    found = {"verdict": kind, "sentence": sentence, "numbers": numbers}
    reached = _audience(pooled, setup)
    return found | reached | {"numbers": [*numbers, *reached["numbers"]]}


def _nothing(sentence: str) -> dict[str, Any]:
    found = {"verdict": "nothing", "verdict_reach": "nothing", "sentence": sentence}
    return found | {"sentence_reach": "", "numbers": []}


def _audience(pooled: Any, setup: Setup) -> dict[str, Any]:
    """Compare the audience of those reached: the other half of the question."""
    nothing = {"verdict_reach": "nothing", "sentence_reach": "", "numbers": []}
    lead, against = (pick(pooled, policy=name, metric=REACH) for name in (setup.lead, INFLUENCE))
    difference = pick(pooled, policy=setup.lead, metric=f"{REACH}_minus_{INFLUENCE}")
    if lead is None or against is None or difference is None:
        return nothing
    if setup.acts_seen == 0 or difference["value"] is None:
        return nothing | {"sentence_reach": sentences.no_audience(setup)}
    kind = _sign(difference)
    if few(lead, setup) or (setup.acts_seen is not None and setup.acts_seen < FEWEST_EVENTS):
        kind = "few"
    number = _key_number(difference, setup) | words.DIFFERENCE_ON_AUDIENCE
    sentence = sentences.audience(setup, lead, against, difference, kind)
    return {"verdict_reach": kind, "sentence_reach": sentence, "numbers": [number]}


def _rule(pooled: Any, setup: Setup) -> str:
    """Say how the lead compares with the rule, which needs no model."""
    rule = pick(pooled, policy=RULE, metric=METRIC)
    lead = pick(pooled, policy=setup.lead, metric=METRIC)
    difference = pick(pooled, policy=setup.lead, metric=f"{METRIC}_minus_{RULE}")
    if lead is None or rule is None or difference is None or difference["value"] is None:
        return ""
    kind = "few" if few(difference, setup) else _sign(difference)
    return sentences.against_rule(setup, lead, rule, difference, kind)


def _listed(pooled: Any, setup: Setup) -> dict[str, Any]:
    lead = pick(pooled, policy=setup.lead, metric=METRIC)
    others = [r for p in ALTERNATIVES if (r := pick(pooled, policy=p, metric=METRIC)) is not None]
    if lead is None:
        return _nothing(sentences.no_answer())
    if not lead["n_events"]:
        return _nothing(sentences.no_events(setup))
    return {
        "verdict": "few" if few(lead, setup) else "no_influence",
        "sentence": sentences.without_influence(setup, lead, others),
        "numbers": [_key_number(row, setup) for row in (lead, *others[:2])],
        "verdict_reach": "nothing",
        "sentence_reach": "",
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


def ranking_metric(folder: RunFolder) -> str | None:
    """Return the metric that models are judged by; None where none of them was scored."""
    scores = folder.tables["scores"]
    there = set(scores.loc[(scores["split"] == ALL) & (scores["policy"] == ""), "metric"])
    return next((metric for metric in words.RANKING if metric in there), None)


def judge_model(folder: RunFolder, setup: Setup) -> tuple[bool | None, list[str]]:
    """Say whether the chosen model ranks better than every baseline, by its interval; nothing where there is none now."""
    if why_off(folder, "models"):
        return None, []
    scores = folder.tables["scores"]
    pooled = scores[(scores["split"] == ALL) & (scores["policy"] == "")]
    metric = ranking_metric(folder)
    rows = {row["model"]: row for row in records(pooled[pooled["metric"] == metric])} if metric else {}
    mine = rows.get(setup.model)
    rivals = [rows[name] for name in words.BASELINES if name in rows and name != setup.model]
    if mine is None or not rivals or metric is None or mine["value"] is None:
        return None, []
    if few(mine, setup):
        return None, [modelling.few_to_rank(setup.model, metric, mine, setup)]
    if mine["low"] is None:
        return None, []
    minus = {r["metric"]: r for r in records(pooled[pooled["model"] == setup.model])}
    paired = {row["model"]: minus.get(f"{metric}_minus_{row['model']}") for row in rivals}
    ahead = [name for name, row in paired.items() if row is not None and not (row["low"] or 0) > 0]
    # A run without paired differences: the baselines' values against the model's own interval.
    ahead += [
        row["model"]
        for row in rivals
        if paired[row["model"]] is None and row["value"] is not None and row["value"] >= mine["low"]
    ]
    if ahead:
        return False, [modelling.not_better(setup.model, metric, ahead, _others(pooled, metric, rivals))]
    known = [(name, row) for name, row in paired.items() if row is not None and row["value"] is not None]
    nearest = min(known, key=lambda pair: pair[1]["value"], default=None)
    return True, [modelling.better(setup.model, metric, mine, nearest)]


def _others(pooled: Any, metric: str, rivals: list[dict[str, Any]]) -> list[str]:
    """Return the models that beat every baseline under the same resamples."""
    wanted = {f"{metric}_minus_{row['model']}" for row in rivals}
    ahead = pooled[pooled["metric"].isin(wanted) & (pooled["low"] > 0)].groupby("model")["metric"].nunique()
    return [str(name) for name, n in ahead.items() if n == len(wanted) and name not in words.BASELINES]
