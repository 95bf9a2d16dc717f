"""The files of a run folder, each from the work in hand."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from retaliation_risk._version import __version__
from retaliation_risk.evaluate import (
    FEWEST_EVENTS,
    calibration_table,
    capacity_curve,
    capacity_for_share,
    evaluate,
    net_benefit_curve,
    one_more_caught,
    who_is_served,
)
from retaliation_risk.evaluate.scores import SCORES
from retaliation_risk.features import FEATURES, dictionary
from retaliation_risk.models.love_becomes_hate import COLUMNS, love_becomes_hate
from retaliation_risk.policies import POLICIES, available, playbook_toml, read_playbook
from retaliation_risk.run.curves import write_curves
from retaliation_risk.run.experiences import build_experiences
from retaliation_risk.run.folder import write_csv, write_json
from retaliation_risk.run.model import run_metrics, save_model
from retaliation_risk.run.notes import notes, switched_off
from retaliation_risk.run.readout import (
    add_actions,
    add_reasons,
    build_queues,
    without_reasons,
    write_readouts,
)
from retaliation_risk.run.risk_sets import training_facts
from retaliation_risk.run.settings import Settings
from retaliation_risk.run.work import Work, columns_of, landmark_rows, outcomes_of

SCHEMA_VERSION = 1
LIBRARIES = ("duckdb", "lifelines", "numpy", "pandas", "scikit-learn", "scipy", "statsmodels")
EFFECTS = [
    "model", "feature", "kind", "group", "unit", "estimate", "low", "high", "p_value", "n_events", "n_customers", "about",
]  # fmt: skip
LOVE_AND_HATE = "love_becomes_hate"
#: Share of the retaliations that a capacity is found for.
HALF = 0.5
#: Thresholds of the decision curves, as multiples of the share of events: there answering everybody stops being worth it.
THRESHOLDS = (0.25, 0.5, 1, 2, 4, 8, 16)
SHARES_OF_CAPACITY = (0.2, 0.5, 1, 2, 4, 8)


def write_scores(folder: Path, work: Work) -> pd.DataFrame:
    """Write scores, capacity curve, calibration and who is served, and return the scores; none without test moments."""
    if not work.known.test:
        write_json(folder / "metrics.json", {})
        return pd.DataFrame(columns=SCORES)
    predictions, settings = work.backtest.predictions, work.settings
    # The segment is for the section on who is served; no model and no policy looks at it.
    seen = work.known.rows.merge(_segments(work), on="customer_id", how="left", validate="many_to_one")
    drawn: dict[str, Any] = {"n_bootstrap": settings.n_bootstrap, "seed": settings.seed}
    capacities = sorted({max(1, round(settings.capacity * share)) for share in SHARES_OF_CAPACITY})
    scores = evaluate(
        predictions, seen, capacity=settings.capacity, horizon_days=settings.horizon_days, **drawn
    )
    curve = capacity_curve(predictions, seen, model=settings.model, capacities=capacities, **drawn)
    write_csv(folder / "scores.csv", scores)
    write_csv(folder / "capacity.csv", curve)
    write_csv(folder / "calibration.csv", calibration_table(predictions))
    served = who_is_served(predictions, seen, capacity=settings.capacity, model=settings.model)
    write_csv(folder / "served.csv", served)
    _write_decisions(folder, predictions, seen, settings, drawn)
    write_json(folder / "metrics.json", run_metrics(scores, settings.model))
    return scores


def _write_decisions(
    folder: Path, predictions: pd.DataFrame, seen: pd.DataFrame, settings: Settings, drawn: dict[str, Any]
) -> None:
    """Write how much capacity is enough, what one more event costs in answers, and the decision curves."""
    half = capacity_for_share(predictions, seen, model=settings.model, share=HALF, **drawn)
    write_csv(folder / "needed.csv", half)
    if not available(seen)["influence_only"]:
        caught = one_more_caught(predictions, seen, model=settings.model, capacity=settings.capacity, **drawn)
        write_csv(folder / "one_more.csv", caught)
    rate = float(predictions.loc[predictions["weight"] > 0, "event"].mean())
    if rate > 0:
        thresholds = [min(rate * factor, 0.99) for factor in THRESHOLDS]
        write_csv(folder / "decision.csv", net_benefit_curve(predictions, thresholds=thresholds, **drawn))


def _segments(work: Work) -> pd.DataFrame:
    return work.tables.query("SELECT customer_id, segment FROM customers")


def write_now(folder: Path, work: Work, metrics: Mapping[str, float]) -> None:
    """Write queues with experiences, readouts, effects and the model with the metrics it was judged by, as of now."""
    known, settings, model = work.known, work.settings, work.model
    now = known.rows[known.rows["moment"] == known.now].reset_index(drop=True)
    playbook = read_playbook(settings.playbook)
    # The playbook may ask for the segment; no model and no policy looks at it.
    now = now.merge(_segments(work), on="customer_id", how="left", validate="many_to_one")
    scored = without_reasons(now.assign(risk=np.nan))
    base_rate = None
    if model is not None:
        columns = columns_of(known)
        scored["risk"] = model.predict_risk(now[columns], settings.horizon_days)
        base_rate = float(scored["risk"].mean()) if len(scored) else None
        scored = add_reasons(scored, model, columns, known.features)
        save_model(folder / "model", model, work, metrics)
    scored = add_actions(scored, base_rate, playbook)
    (folder / "playbook.toml").write_text(playbook_toml(playbook), encoding="utf-8")
    _write_effects(folder, work)
    policies = [policy for policy in POLICIES if policy.name != "oracle"]
    queues = build_queues(work.histories, scored, policies, settings.capacity, known.features)
    for name, front in queues.items():
        write_csv(folder / f"queue_{name}.csv", front)
    told = build_experiences(work.histories, work.tables, queues.values(), known.now)
    write_csv(folder / "experiences.csv", told)
    keys = work.tables.query("SELECT customer_id, contact_key FROM customers")
    used = settings.model if model else "rule"
    write_readouts(folder / "readout.sqlite", scored, used, keys, playbook.actions)


def _write_effects(folder: Path, work: Work) -> None:
    """Write the model's effects, then what relationship strength does by how often customers were let down."""
    tables = []
    if (effects := getattr(work.model, "effects_", None)) is not None:
        uncounted = {"group": "", "n_events": np.nan, "n_customers": np.nan}
        effects = effects.sort_values("p_value", kind="stable")
        tables.append(effects.assign(model=work.settings.model, **uncounted))
    if work.acts is not None and set(COLUMNS) <= set(work.acts):
        turned = love_becomes_hate(work.acts, fewest_events=FEWEST_EVENTS)
        tables.append(turned.assign(model=LOVE_AND_HATE, unit="per standard deviation"))
    if tables:
        about = {feature.name: feature.about for feature in FEATURES}
        table = pd.concat(tables, ignore_index=True)
        write_csv(folder / "effects.csv", table.assign(about=table["feature"].map(about))[EFFECTS])


def write_facts(folder: Path, work: Work, truth: dict[str, Any] | None, provenance: Sequence[str]) -> None:
    """Write run.json, validation.json, features.json and the curves of what followed."""
    rows = landmark_rows(work.known)
    y = outcomes_of(work.histories, rows, work.settings)
    if work.recorded:
        write_curves(folder, rows, y, work.settings.horizon_days)
    models = _models(work)
    unfitted = {name: found["why"] for name, found in models.items() if work.known.test and found["why"]}
    facts = {
        "schema_version": SCHEMA_VERSION,
        "versions": _versions(),
        "seed": work.settings.seed,
        "settings": work.settings.as_dict(),
        "moments": _moments(work),
        "inputs": [asdict(source) for source in work.tables.sources],
        "tables": _rows_of(work),
        "n_customers": len(work.histories.customer_ids),
        "n_events": len(work.histories.acts(work.settings.outcome)) if work.recorded else None,
        "training": _training(work),
        "switched_off": switched_off(work.tables, work.known, _cannot(work), work.why_not, unfitted),
        "notes": [*provenance, *notes(rows, y, work.known, work.settings)],
        "truth": truth,
    }
    validation = {
        "problems": [problem.as_dict() for problem in work.tables.warnings],
        "splits": _splits(work.backtest.predictions),
        "models": models,
    }
    write_json(folder / "run.json", facts)
    write_json(folder / "validation.json", validation)
    write_json(folder / "features.json", dictionary(FEATURES, work.known.off))


def _models(work: Work) -> dict[str, dict[str, Any]]:
    """Say of each model whether it could be fitted at any test moment, and at how many it could not, and why."""
    if not work.known.test:
        return {
            name: {"fitted": False, "why": work.why_not or "there is no moment to judge at (RR405)"}
            for name in work.settings.models
        }
    found = {}
    for name, fits in work.backtest.fits.groupby("model", sort=False):
        failed = fits[~fits["fitted"].astype(bool)]
        where = f"at {len(failed)} of {len(fits)} test moments, last at {failed['split'].max()}: "
        why = where + str(failed["why"].iloc[-1]) if len(failed) else ""
        found[str(name)] = {"fitted": len(failed) < len(fits), "why": why}
    return found


def _training(work: Work) -> dict[str, Any] | None:
    """Facts on the risk sets of the final model; None where nobody acted."""
    if work.acts is None:
        return None
    return training_facts(work.histories, work.settings, work.known.now, len(work.acts), work.model)


def _cannot(work: Work) -> dict[str, str]:
    """Policies that cannot be run on these columns, with the reason."""
    found = available(work.known.rows.assign(risk=1.0, true_event=False))
    return {name: why for name, why in found.items() if why}


def _rows_of(work: Work) -> dict[str, int]:
    count = "SELECT count(*) AS n FROM {}"
    return {name: int(work.tables.query(count.format(name))["n"][0]) for name in work.tables.names}


def _moments(work: Work) -> dict[str, Any]:
    known = work.known
    return {
        "landmarks": [moment.isoformat() for moment in known.moments],
        "test": [moment.isoformat() for moment in known.test],
        "now": known.now.isoformat(),
    }


def _splits(predictions: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            "split": split,
            "n": len(rows),
            "n_events": int(rows["event"].sum()),
            "n_censored": int((rows["weight"] == 0).sum()),
        }
        for split, rows in predictions.groupby("split")
    ]


def _versions() -> dict[str, str]:
    libraries = {name: version(name) for name in LIBRARIES}
    return {"retaliation-risk": __version__, "python": platform.python_version(), **libraries}
