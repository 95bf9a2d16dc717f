"""From tables to a run folder: the whole line on one page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from retaliation_risk._folders import fresh_folder
from retaliation_risk._words import counted
from retaliation_risk.errors import GateError
from retaliation_risk.evaluate import FEWEST_EVENTS, Backtest, learned, rolling_origin
from retaliation_risk.histories import Histories, build_histories
from retaliation_risk.models import MODELS, Model
from retaliation_risk.run.landmarks import Landmarks, build_landmarks
from retaliation_risk.run.model import model_metrics
from retaliation_risk.run.notes import UNRECORDED
from retaliation_risk.run.risk_sets import risk_sets_of
from retaliation_risk.run.settings import Settings
from retaliation_risk.run.work import Work, columns_of, landmark_rows, outcomes_of
from retaliation_risk.run.writing import write_facts, write_now, write_scores
from retaliation_risk.tables import Tables


def run(
    tables: Tables,
    out: Path,
    settings: Settings | None = None,
    *,
    truth: dict[str, Any] | None = None,
    provenance: Sequence[str] = (),
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
        What is asked; the defaults without.
    truth : dict, optional
        What the simulator knows; printed in the report.
    provenance : sequence of str, optional
        What the import said about the data; printed in the report.
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
    ArgumentError
        RR108 if ``out`` exists; RR404 if the outcome is not recorded in these tables (without any table of outcomes,
        ``retaliation`` is no error: nothing is learned or judged, and the queue follows the rule).
    """
    settings = settings or Settings()
    with fresh_folder(Path(out)) as folder:
        progress("sorting histories")
        recorded = has_place_for(settings.outcome, tables)
        histories = build_histories(tables, settings.definitions)
        if not recorded:
            histories = histories.without_acts(settings.outcome)
        progress("asking what was known at each moment")
        known = build_landmarks(histories, settings)
        if not recorded:
            known = replace(known, test=())
        progress(
            f"training {counted(len(settings.models), 'models')} at {counted(len(known.test), 'moments')}"
        )
        backtest = judge(histories, known, settings)
        progress("scoring everybody now")
        acts = known_acts(histories, known, settings)
        model, why_not = _fitted_or_why_not(histories, known, settings, acts)
        why_not = why_not if recorded else UNRECORDED
        work = Work(tables, histories, settings, known, backtest, model, why_not, acts, recorded)
        progress("comparing policies")
        scores = write_scores(folder, work)
        progress("writing queues and the model")
        write_now(folder, work, model_metrics(scores, settings.model))
        write_facts(folder, work, truth, provenance)
        if finish is not None:
            progress("writing the report")
            finish(folder)
    return Path(out)


def has_place_for(outcome: str, tables: Tables) -> bool:
    """Say whether the tables could hold the outcome: without a table of outcomes, no retaliation can be on record."""
    return outcome != "retaliation" or "outcomes" in tables.names


def judge(histories: Histories, known: Landmarks, settings: Settings) -> Backtest:
    """Train each model at every test moment on what was known by then, and predict."""
    rows = landmark_rows(known)
    return rolling_origin(
        rows,
        lambda known_by: outcomes_of(histories, rows, settings, known_by),
        {name: _unfitted(name, settings) for name in settings.models},
        horizon_days=settings.horizon_days,
        test_moments=known.test,
        columns=columns_of(known),
        risk_sets=lambda known_by: risk_sets_of(histories, known, settings, known_by),
    )


def known_acts(histories: Histories, known: Landmarks, settings: Settings) -> pd.DataFrame | None:
    """Return the risk sets of the acts known by now; None if there are none."""
    try:
        return risk_sets_of(histories, known, settings, known.now)
    except GateError:
        return None


def final_model(
    histories: Histories, known: Landmarks, settings: Settings, acts: pd.DataFrame | None
) -> Model:
    """Fit the chosen model on everything known by now.

    Raises
    ------
    GateError
        RR405 if the history is shorter than one horizon; RR401 and others if the model cannot be fitted.
    """
    rows = landmark_rows(known)
    if rows.empty:
        raise GateError("RR405", "the history is shorter than one horizon.")
    y = outcomes_of(histories, rows, settings, known.now)
    model = _unfitted(settings.model, settings)()
    learned(model, rows[columns_of(known)], y, lambda: acts)
    # A model that has not seen a whole horizon gives no risk over one.
    model.predict_risk(rows[columns_of(known)].head(1), settings.horizon_days)
    return model


def _fitted_or_why_not(
    histories: Histories, known: Landmarks, settings: Settings, acts: pd.DataFrame | None
) -> tuple[Model | None, str]:
    """Fit the chosen model; None and the reason where that cannot be, or where it would rest on a handful of customers."""
    acted = histories.acts(settings.outcome, known_by=known.now)["customer_id"].nunique()
    if acted < FEWEST_EVENTS:
        return (
            None,
            f"RR401 too few events: {counted(acted, 'customers')} acted, and a model begins at {FEWEST_EVENTS}",
        )
    try:
        return final_model(histories, known, settings, acts), ""
    except GateError as error:
        return None, str(error)


def _unfitted(name: str, settings: Settings) -> Callable[[], Model]:
    def make() -> Model:
        return MODELS[name](settings.horizon_days, settings.seed)

    return make
