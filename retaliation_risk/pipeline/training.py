"""Training: tables in, a folder with a model out that was judged before it was stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from retaliation_risk._folders import fresh_folder
from retaliation_risk.evaluate import evaluate
from retaliation_risk.histories import build_histories
from retaliation_risk.pipeline.config import Config
from retaliation_risk.pipeline.minimum import count_events, refuse_too_few
from retaliation_risk.run import (
    Work,
    build_landmarks,
    final_model,
    judge,
    known_acts,
    model_metrics,
    save_model,
)
from retaliation_risk.run.folder import write_csv, write_json
from retaliation_risk.tables import Tables


def train(
    tables: Tables,
    out: Path,
    config: Config | None = None,
    *,
    store: Path | None = None,
    provenance: Sequence[str] = (),
    progress: Callable[[str], object] = lambda step: None,
) -> dict[str, Any]:
    """Train the model of the settings on everything known by now, judge it by rolling origin, and store it.

    Parameters
    ----------
    tables : Tables
        Checked tables.
    out : Path
        Folder to make; must not exist. ``model/`` is the artefact, ``metrics.json`` how it was judged, ``scores.csv`` the
        same at each moment, ``train.json`` what it learned from.
    config : Config, optional
        The defaults without. Only ``settings`` and ``minimum`` matter.
    store : Path, optional
        Feature store to take the rows of landmarks from; its moments are the landmarks then.
    provenance : sequence of str, optional
        What the import said about the data.
    progress : callable, optional
        Called with the name of each step.

    Returns
    -------
    dict
        As ``train.json``: model, digest of the artefact, window, counts of events and what they suffice for, metrics.

    Raises
    ------
    GateError
        RR410 if there are fewer events than the minimum; RR401, RR405 and others if the model cannot be fitted. Nothing is
        written then.
    """
    config = config or Config()
    settings = replace(config.settings, compare=(config.settings.model,))
    with fresh_folder(Path(out)) as folder:
        progress("sorting histories")
        histories = build_histories(tables, settings.definitions)
        progress("asking what was known at each moment")
        known = build_landmarks(histories, settings, store)
        events = count_events(histories, known, settings, config.minimum)
        refuse_too_few(events, settings.outcome)
        progress(f"judging {settings.model} at {len(known.test)} moments")
        backtest = judge(histories, known, settings)
        progress("training on everything known by now")
        acts = known_acts(histories, known, settings)
        model = final_model(histories, known, settings, acts)
        scores = evaluate(
            backtest.predictions, known.rows, capacity=settings.capacity, horizon_days=settings.horizon_days,
            n_bootstrap=settings.n_bootstrap, seed=settings.seed,
        )  # fmt: skip
        metrics = model_metrics(scores, settings.model)
        work = Work(tables, histories, settings, known, backtest, model, "", acts)
        manifest = save_model(folder / "model", model, work, metrics)
        facts = {
            "model": settings.model,
            "outcome": settings.outcome,
            "horizon_days": settings.horizon_days,
            "window": manifest.about.window.as_dict(),
            "test_moments": [moment.isoformat() for moment in known.test],
            "events": events,
            "inputs": [asdict(source) for source in tables.sources],
            "provenance": list(provenance),
            "settings": settings.as_dict() | {"seed": settings.seed},
            "metrics": metrics,
        }
        write_csv(folder / "scores.csv", scores)
        write_json(folder / "metrics.json", metrics | {"n_training_events": events["n_events"]})
        write_json(folder / "train.json", facts)
    return facts
