"""From tables to a run folder: the whole line on one page."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from retaliation_risk._version import __version__
from retaliation_risk.errors import GateError
from retaliation_risk.evaluate import (
    Rolled,
    calibration_table,
    capacity_curve,
    evaluate,
    rolling_origin,
    who_is_served,
)
from retaliation_risk.features import FEATURES, MODEL_FEATURES, dictionary
from retaliation_risk.histories import Histories, build_histories
from retaliation_risk.models import MODELS, Model
from retaliation_risk.models.curves import survival_table
from retaliation_risk.policies import POLICIES, available
from retaliation_risk.run.folder import whole_or_nothing, write_csv, write_json
from retaliation_risk.run.landmarks import Landmarks, build_landmarks
from retaliation_risk.run.notes import notes, switched_off
from retaliation_risk.run.readout import add_reasons, build_queues, write_readouts
from retaliation_risk.run.settings import Settings
from retaliation_risk.tables import Tables

SCHEMA_VERSION = 1
LIBRARIES = ("duckdb", "lifelines", "numpy", "pandas", "scikit-learn", "scipy", "statsmodels")


def run(
    tables: Tables,
    out: Path,
    settings: Settings | None = None,
    *,
    truth: dict[str, Any] | None = None,
    finish: Callable[[Path], object] | None = None,
    progress: Callable[[str], object] = lambda step: None,
) -> Path:
    """Learn, compare and write the run folder, whole or not at all.

    Parameters
    ----------
    tables : Tables
        Checked tables.
    out : Path
        Folder to make; must not exist.
    settings : Settings, optional
    truth : dict, optional
        What the simulator knows; printed in the report.
    finish : callable, optional
        Called with the folder before it takes its name: the report.
    progress : callable, optional
        Called with the name of each step.

    Returns
    -------
    Path
        ``out``.

    Raises
    ------
    DataError
        RR108 if ``out`` exists.
    ArgumentError
        RR404 if the outcome is not recorded in these tables.
    """
    settings = settings or Settings()
    with whole_or_nothing(Path(out)) as folder:
        progress("sorting histories")
        histories = build_histories(tables, settings.definitions)
        progress("asking what was known at each moment")
        known = build_landmarks(histories, settings)
        progress(f"training {len(MODELS)} models at {len(known.test)} moments")
        rolled = judge(histories, known, settings)
        progress("comparing policies")
        _write_scores(folder, tables, known, rolled, settings)
        progress("scoring everybody now")
        model, why_no_model = final_model(histories, known, settings)
        _write_now(folder, tables, histories, known, model, settings)
        _write_facts(folder, tables, histories, known, rolled, settings, why_no_model, truth)
        if finish is not None:
            progress("writing the report")
            finish(folder)
    return Path(out)


def columns_of(known: Landmarks) -> list[str]:
    """Features that the models look at: those of MODEL_FEATURES that are on."""
    return [name for name in MODEL_FEATURES if name not in known.off]


def judge(histories: Histories, known: Landmarks, settings: Settings) -> Rolled:
    """Train every model at every test moment on what was known by then, and predict."""
    rows = known.rows[known.rows["moment"] < known.now].reset_index(drop=True)

    def outcomes(known_by: pd.Timestamp | None) -> pd.DataFrame:
        return histories.follow_up(
            rows["customer_id"],
            rows["moment"],
            outcome=settings.outcome,
            horizon_days=settings.horizon_days,
            known_by=known_by,
        )

    return rolling_origin(
        rows,
        outcomes,
        {name: _factory(name, settings) for name in MODELS},
        horizon_days=settings.horizon_days,
        test_moments=known.test,
        columns=columns_of(known),
    )


def _factory(name: str, settings: Settings) -> Callable[[], Model]:
    return lambda: MODELS[name](settings.horizon_days, settings.seed)


def final_model(histories: Histories, known: Landmarks, settings: Settings) -> tuple[Model | None, str]:
    """Fit the chosen model on everything known by now; None and the reason where that cannot be."""
    rows = known.rows[known.rows["moment"] < known.now]
    if rows.empty:
        return None, "the history is shorter than one horizon"
    y = histories.follow_up(
        rows["customer_id"],
        rows["moment"],
        outcome=settings.outcome,
        horizon_days=settings.horizon_days,
        known_by=known.now,
    )
    try:
        return _factory(settings.model, settings)().fit(rows[columns_of(known)].reset_index(drop=True), y), ""
    except GateError as error:
        return None, str(error)


def scored_rows(known: Landmarks, rolled: Rolled, model: str) -> pd.DataFrame:
    """Return the judged rows with all that a policy may see; ``risk`` only where the chosen model was fitted."""
    judged = rolled.predictions
    columns = [name for name in known.rows if name not in judged or name in ("customer_id", "moment")]
    scored = judged.merge(known.rows[columns], on=["customer_id", "moment"], how="left", validate="one_to_one")
    risk = f"risk_{model}"
    return scored.assign(true_event=scored["event"], **({"risk": scored[risk]} if risk in scored else {}))


def _write_scores(folder: Path, tables: Tables, known: Landmarks, rolled: Rolled, settings: Settings) -> None:
    """Write scores, capacity curve, calibration and who is served, where there was something to judge."""
    if not known.test:
        return
    scored = scored_rows(known, rolled, settings.model)
    cannot = available(scored)
    policies = [policy for policy in POLICIES if not cannot[policy.name]]
    how = {"n_bootstrap": settings.n_bootstrap, "seed": settings.seed, "model": settings.model}
    horizon = settings.horizon_days
    write_csv(folder / "scores.csv", evaluate(scored, policies, settings.capacity, horizon_days=horizon, **how))
    capacities = sorted({max(1, round(settings.capacity * share)) for share in (0.2, 0.5, 1, 2, 4, 8)})
    write_csv(folder / "capacity.csv", capacity_curve(scored, policies, capacities, horizon_days=horizon, **how))
    write_csv(folder / "calibration.csv", calibration_table(scored, n_bootstrap=settings.n_bootstrap, seed=settings.seed))
    write_csv(folder / "served.csv", who_is_served(_with_groups(scored, tables), policies, settings.capacity))


def _with_groups(scored: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Add the customer's segment, which no model and no policy sees."""
    segments = tables.query("SELECT customer_id, segment FROM customers")
    return scored.merge(segments, on="customer_id", how="left", validate="many_to_one")


def _write_now(
    folder: Path, tables: Tables, histories: Histories, known: Landmarks, model: Model | None, settings: Settings
) -> None:
    """Write queues, readouts, effects and the model, as of now."""
    now = known.rows[known.rows["moment"] == known.now].reset_index(drop=True)
    scored = now.assign(risk=np.nan, reasons=[[] for _ in range(len(now))])
    base_rate = None
    if model is not None:
        columns = columns_of(known)
        scored["risk"] = model.predict_risk(now[columns], settings.horizon_days)
        base_rate = float(scored["risk"].mean())
        scored = add_reasons(scored, model, columns, known.features)
        _write_model(folder, model, known, settings)
    policies = [policy for policy in POLICIES if policy.name != "oracle"]
    for name, front in build_queues(histories, scored, policies, settings.capacity, known.features).items():
        write_csv(folder / f"queue_{name}.csv", front)
    keys = tables.query("SELECT customer_id, contact_key FROM customers")
    write_readouts(folder / "readout.sqlite", scored, base_rate, settings.model if model else "rule", keys)


def _write_model(folder: Path, model: Model, known: Landmarks, settings: Settings) -> None:
    (folder / "model").mkdir()
    parameters = model.to_parameters()
    manifest = {
        "format_version": 1,
        "model": settings.model,
        "features": columns_of(known),
        "horizon_days": settings.horizon_days,
        "outcome": settings.outcome,
        "trained_by": known.now.isoformat(),
        "parameters": "parameters.json" if parameters is not None else None,
        "retaliation_risk": __version__,
    }
    write_json(folder / "model" / "manifest.json", manifest)
    if parameters is not None:
        write_json(folder / "model" / "parameters.json", parameters)
    effects = getattr(model, "effects_", None)
    if effects is not None:
        about = {feature.name: feature.about for feature in FEATURES}
        table = effects.assign(model=settings.model, about=effects["feature"].map(about))
        names = ["model", "feature", "kind", "unit", "estimate", "low", "high", "p_value", "about"]
        write_csv(folder / "effects.csv", table[names].sort_values("p_value", kind="stable"))


def _write_facts(
    folder: Path,
    tables: Tables,
    histories: Histories,
    known: Landmarks,
    rolled: Rolled,
    settings: Settings,
    why_no_model: str,
    truth: dict[str, Any] | None,
) -> None:
    """Write run.json, validation.json, features.json and the survival curves."""
    rows = known.rows[known.rows["moment"] < known.now].reset_index(drop=True)
    y = histories.follow_up(
        rows["customer_id"], rows["moment"], outcome=settings.outcome, horizon_days=settings.horizon_days
    )
    _write_survival(folder, rows, y, settings.horizon_days)
    cannot = available(scored_rows(known, rolled, settings.model)) if known.test else {}
    unfitted = {name: why for name, why in rolled.unfitted.items() if why}
    write_json(
        folder / "run.json",
        {
            "schema_version": SCHEMA_VERSION,
            "versions": _versions(),
            "seed": settings.seed,
            "settings": settings.as_dict(),
            "moments": {
                "train": _dates(known.moments),
                "test": _dates(known.test),
                "now": known.now.isoformat(),
            },
            "inputs": [asdict(source) for source in tables.sources],
            "tables": {name: int(tables.query(f"SELECT count(*) AS n FROM {name}")["n"][0]) for name in tables.names},
            "n_customers": len(histories.customer_ids),
            "n_events": len(histories.acts(settings.outcome)),
            "switched_off": switched_off(tables, known, {n: w for n, w in cannot.items() if w}, why_no_model, unfitted),
            "notes": notes(tables, known, settings),
            "truth": truth,
        },
    )
    write_json(
        folder / "validation.json",
        {
            "problems": [problem.as_dict() for problem in tables.warnings],
            "splits": _splits(rolled.predictions),
            "models": {name: {"fitted": not unfitted.get(name), "why": unfitted.get(name, "")} for name in MODELS},
        },
    )
    write_json(folder / "features.json", dictionary(FEATURES, known.off))


def _write_survival(folder: Path, rows: pd.DataFrame, y: pd.DataFrame, horizon_days: float) -> None:
    if rows.empty:
        return
    failed = rows["failed_recoveries_ever"].clip(upper=3).astype(int).map({0: "0", 1: "1", 2: "2", 3: "3+"})
    days = np.linspace(0, horizon_days, 31)
    table = survival_table(failed, y["event"], y["duration_days"], days)
    write_csv(folder / "survival.csv", table.rename(columns={"group": "failed_recoveries"}))


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


def _dates(moments: Sequence[pd.Timestamp]) -> list[str]:
    return [moment.isoformat() for moment in moments]


def _versions() -> dict[str, str]:
    libraries = {name: version(name) for name in LIBRARIES}
    return {"retaliation-risk": __version__, "python": platform.python_version(), **libraries}
