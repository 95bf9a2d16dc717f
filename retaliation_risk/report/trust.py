"""Whether the scores can be trusted, and who is served worse."""

from __future__ import annotations

from retaliation_risk.report import alts, modelling, sentences, words
from retaliation_risk.report.answer import judge_model, ranking_metric
from retaliation_risk.report.blocks import Block, column, figure, metric_columns, section, table, wide
from retaliation_risk.report.folder import RunFolder, records
from retaliation_risk.report.setup import ALL, Setup, few, pick, why_off
from retaliation_risk.report.small import RETALIATORS, suppress


def trust(folder: RunFolder, setup: Setup) -> Block:
    """Return calibration, performance per split and against baselines, samples, and what is missing."""
    if why := why_off(folder, "models"):
        kept = [t for t in _samples(folder) if any(row.get("why", "") != why for row in t["rows"])]
        return section("trust", tables=kept, missing=[sentences.no_judgement(why)])
    figures, missing = [], []
    if (made := _calibration(folder, setup)) is not None:
        figures.append(made)
    else:
        missing.append(sentences.missing("calibration.csv", why=why_off(folder, "models")))
    figures += [made for made in (_over_time(folder, setup), _decision(folder, setup)) if made]
    tables = [t for t in (*_performance(folder, setup), *_samples(folder)) if t["rows"]]
    if not folder.validation:
        missing.append(sentences.missing("validation.json"))
    _, judged = judge_model(folder, setup)
    slope = pick(folder.tables["scores"], split=ALL, model=setup.model, policy="", metric="calibration_slope")
    if slope is not None and slope["value"] is not None and (few(slope, setup) or slope["low"] is not None):
        judged = [*judged, modelling.calibrated(setup.model, slope, few=few(slope, setup))]
    return section("trust", paragraphs=judged, figures=figures, tables=tables, missing=missing)


def _over_time(folder: RunFolder, setup: Setup) -> Block | None:
    """Return how the chosen model ranks at each test moment; None for fewer than two of them."""
    metric, scores = ranking_metric(folder), folder.tables["scores"]
    mine = scores[(scores["model"] == setup.model) & (scores["policy"] == "") & (scores["metric"] == metric)]
    mine = mine[(mine["split"] != ALL) & mine["value"].notna()].sort_values("split")
    if metric is None or len(mine) < 2:
        return None
    rows = records(mine[["split", "value", "low", "high", "n", "n_events"]])
    shown = column("value", kind="ratio", interval=True, label=sentences.metric_name(metric))
    data = table("over_time", rows, ["split", shown, "n", "n_events"])
    more = {"metric": sentences.metric_name(metric), "chance": words.CHANCE.get(metric)}
    return figure("over_time", alts.over_time(rows, metric), data) | more


def _decision(folder: RunFolder, setup: Setup) -> Block | None:
    """Return the net benefit of the chosen model beside answering all and none, per 1,000 customers."""
    curve = folder.tables["decision"]
    shown = [setup.model, "answer_all", "answer_none"]
    mine = curve[(curve["metric"] == "net_benefit") & curve["model"].isin(shown) & curve["value"].notna()]
    if setup.model not in set(mine["model"]):
        return None
    scaled = mine.assign(**{name: mine[name] * 1000 for name in ("value", "band_low", "band_high")})
    rows = records(scaled.assign(low=scaled["band_low"], high=scaled["band_high"]))
    columns: list[str | Block] = [
        "model", column("threshold", kind="percent"), column("value", kind="number", interval=True)
    ]  # fmt: skip
    return figure("decision", alts.decision(rows, setup.model), table("decision", rows, columns))


def _calibration(folder: RunFolder, setup: Setup) -> Block | None:
    table_ = folder.tables["calibration"]
    model = setup.model if setup.model in set(table_["model"]) else next(iter(table_["model"]), "")
    mine = table_[(table_["model"] == model) & table_[["predicted", "observed"]].notna().all(axis=1)]
    if mine.empty:
        return None
    rows = records(mine.sort_values("predicted"))
    columns: list[str | Block] = ["bin", "predicted", column("observed", interval=True), "n"]
    return figure("calibration", alts.calibration(rows), table("calibration", rows, columns))


def _performance(folder: RunFolder, setup: Setup) -> list[Block]:
    scores = folder.tables["scores"]
    mine = scores[(scores["policy"] == "") & (scores["model"] != "")]
    every = list(dict.fromkeys(mine["metric"]))
    metrics, minus = ([m for m in every if ("_minus_" in m) == told] for told in (False, True))
    pooled = wide(mine[mine["split"] == ALL], "model", metrics)
    by_split = wide(mine[(mine["model"] == setup.model) & (mine["split"] != ALL)], "split", metrics)
    columns = metric_columns(metrics)
    return [
        table("performance", pooled, ["model", *columns, "n", "n_events"], note=words.METRICS_ARE),
        table(
            "baselines",
            wide(mine[mine["split"] == ALL], "model", minus),
            ["model", *(column(m, kind="ratio", interval=True, label=modelling.minus(m)) for m in minus)],
        ),
        table("by_split", by_split, ["split", *columns, "n", "n_events"]),
    ]


def _samples(folder: RunFolder) -> list[Block]:
    found = folder.validation
    models = [
        {"model": name, "why": "", **dict(state)} for name, state in (found.get("models") or {}).items()
    ]
    off = folder.run.get("switched_off") or []
    return [
        table("sizes", found.get("splits") or [], ["split", "n", "n_events", "n_censored"]),
        table("models", models, ["model", "fitted", "why"]),
        table("switched_off", off, ["what", "why"]),
        table("problems", map(_problem, found.get("problems") or []), ["code", "table", "found", "count"]),
    ]


def _problem(problem: Block) -> Block:
    # Examples are ids of customers and tickets: they stay in the run folder.
    return {key: problem.get(key) for key in ("code", "table", "found", "count")}


def served(folder: RunFolder, setup: Setup) -> Block:
    """Return each group's share of each queue, small groups hidden."""
    if folder.tables["served"].empty:
        return section("served", missing=[sentences.missing("served.csv", why=why_off(folder, "comparison"))])
    rows = suppress(folder.tables["served"], setup.min_cell)
    pair = [p for p in (setup.lead, setup.against) if p]
    rows = [row for row in rows if row["group_kind"] not in RETALIATORS]
    drawn = [r for r in rows if r["policy"] in pair and r["share_of_queue"] is not None]
    columns: list[str | Block] = ["policy", "group_kind", "group", "share_of_queue", "share_of_customers"]
    columns.append(column("n", label=words.COLUMNS["customers"]))
    figures = [figure("served", alts.served(drawn), table("served", drawn, columns))] if drawn else []
    every = table("served", rows, columns, note=sentences.suppressed(setup.min_cell))
    said = sentences.quarter(_least_influential(drawn))
    return section("served", paragraphs=[said] if said else [], figures=figures, folded=[every])


def _least_influential(rows: list[Block]) -> list[Block]:
    mine = [r for r in rows if "influence" in r["group_kind"] and r["share_of_customers"] is not None]
    lowest = min((r["group"] for r in mine), default="")
    return [r for r in mine if r["group"] == lowest]
