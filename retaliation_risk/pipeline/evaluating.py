"""Judging: every model of the settings by rolling origin, or a stored one at the moments after its training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from retaliation_risk._folders import fresh_folder
from retaliation_risk.artefacts import Artefact
from retaliation_risk.errors import GateError
from retaliation_risk.evaluate import calibration_table, evaluate
from retaliation_risk.histories import build_histories
from retaliation_risk.pipeline.config import Config
from retaliation_risk.pipeline.describing import artefact_facts
from retaliation_risk.pipeline.moments import judged_later
from retaliation_risk.run import Work, build_landmarks, judge, model_metrics
from retaliation_risk.run.folder import write_csv, write_json
from retaliation_risk.run.writing import write_scores
from retaliation_risk.tables import Tables

Progress = Callable[[str], object]


def evaluate_models(
    tables: Tables,
    out: Path,
    config: Config | None = None,
    *,
    store: Path | None = None,
    progress: Progress = lambda step: None,
) -> dict[str, Any]:
    """Train every model of the settings at each test moment on what was known by then, and judge it on what followed.

    Parameters
    ----------
    tables : Tables
    out : Path
        Folder to make; must not exist: ``scores.csv``, ``capacity.csv``, ``calibration.csv`` and ``served.csv`` as in a run
        folder, ``predictions.csv`` behind them, ``metrics.json`` flat, ``evaluation.json`` what they rest on.
    config : Config, optional
        Only ``settings`` matter.
    store : Path, optional
        Feature store to take the rows of landmarks from.
    progress : callable, optional
        Called with the name of each step.

    Returns
    -------
    dict
        As ``evaluation.json``.

    Raises
    ------
    GateError
        RR405 if there is no moment to judge at.
    """
    settings = (config or Config()).settings
    with fresh_folder(Path(out)) as folder:
        progress("sorting histories")
        histories = build_histories(tables, settings.definitions)
        progress("asking what was known at each moment")
        known = build_landmarks(histories, settings, store)
        if not known.test:
            raise GateError("RR405", f"there is no moment to judge at before {known.now.isoformat()}.")
        progress(f"training {len(settings.models)} models at {len(known.test)} moments")
        backtest = judge(histories, known, settings)
        progress("comparing")
        write_scores(folder, Work(tables, histories, settings, known, backtest, None, "", None))
        unfitted = backtest.fits[~backtest.fits["fitted"].astype(bool)]
        facts = {
            "settings": settings.as_dict() | {"seed": settings.seed},
            "moments": [moment.isoformat() for moment in known.test],
            "models": list(settings.models),
            "not_fitted": unfitted[["split", "model", "why"]].to_dict("records"),
        }
        write_csv(folder / "predictions.csv", backtest.predictions)
        write_json(folder / "evaluation.json", facts)
    return facts


def evaluate_artefact(
    tables: Tables,
    artefact: Artefact,
    out: Path,
    config: Config | None = None,
    *,
    progress: Progress = lambda step: None,
) -> dict[str, Any]:
    """Judge a stored model at the moments after what it learned from.

    Parameters
    ----------
    tables, out, config, progress
        As for :func:`evaluate_models`; ``metrics.json`` has the names of a training's.
    artefact : Artefact
        Judged at moments from the end of its window on, as far as a horizon has passed.

    Raises
    ------
    GateError
        RR411 if there is no such moment.
    """
    settings = (config or Config()).settings
    with fresh_folder(Path(out)) as folder:
        progress("scoring at later moments")
        predictions, rows = judged_later(tables, {"stored": artefact}, settings)
        progress("judging")
        scores = evaluate(
            predictions, rows, capacity=settings.capacity, horizon_days=artefact.manifest.about.horizon_days,
            n_bootstrap=settings.n_bootstrap, seed=settings.seed,
        )  # fmt: skip
        facts = {
            "artefact": artefact_facts(artefact),
            "moments": [moment.isoformat() for moment in predictions["moment"].unique()],
            "capacity": settings.capacity,
        }
        write_csv(folder / "scores.csv", scores)
        write_csv(folder / "calibration.csv", calibration_table(predictions))
        write_csv(folder / "predictions.csv", predictions)
        write_json(folder / "metrics.json", model_metrics(scores, "stored"))
        write_json(folder / "evaluation.json", facts)
    return facts
