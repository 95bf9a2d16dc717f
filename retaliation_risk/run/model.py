"""The trained model of a run as an artefact, and its scores as flat numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from retaliation_risk._censoring import ipcw_weights
from retaliation_risk.artefacts import (
    About,
    Manifest,
    Reference,
    Window,
    build_reference,
    declared,
    save_artefact,
)
from retaliation_risk.features import FEATURES
from retaliation_risk.models import Model
from retaliation_risk.run.work import Work, columns_of, landmark_rows, outcomes_of

#: The policy that orders customers by the model's risk alone.
OWN_POLICY = "risk_only"


def save_model(folder: Path, model: Model, work: Work, metrics: Mapping[str, float]) -> Manifest:
    """Store the model as an artefact, with what it learned from, what its rows were like, and how it was judged."""
    rows = landmark_rows(work.known)
    columns = columns_of(work.known)
    about = About(
        model=work.settings.model,
        features=declared(FEATURES, columns),
        horizon_days=work.settings.horizon_days,
        outcome=work.settings.outcome,
        window=Window(rows["moment"].min(), rows["moment"].max(), work.known.now),
        definitions=work.settings.definitions,
        settings=work.settings.as_dict(),
        metrics=metrics,
    )
    return save_artefact(folder, model, about, _reference(model, rows, columns, work))


def _reference(model: Model, rows: pd.DataFrame, columns: list[str], work: Work) -> Reference:
    settings = work.settings
    y = outcomes_of(work.histories, rows, settings, work.known.now)
    return build_reference(
        rows[columns],
        model.predict_risk(rows[columns], settings.horizon_days),
        rows["customer_id"],
        label=y["event"],
        weight=ipcw_weights(y["event"], y["competing"], y["duration_days"], settings.horizon_days),
    )


def model_metrics(scores: pd.DataFrame, model: str) -> dict[str, float]:
    """Return the scores of one model, over all test moments, as flat numbers.

    Its own metrics stand under their names, those of the queue by its risk alone too; an interval as ``<metric>_low`` and
    ``<metric>_high``.

    Examples
    --------
    >>> scores = pd.DataFrame({"split": "all", "model": "cox", "policy": "", "metric": ["auroc"], "value": [0.8],
    ...     "low": [0.7], "high": [0.9], "n": 100, "n_events": 9})
    >>> model_metrics(scores, "cox")
    {'n': 100, 'n_events': 9, 'auroc': 0.8, 'auroc_low': 0.7, 'auroc_high': 0.9}
    """
    own = scores[(scores["model"] == model) & scores["policy"].isin(["", OWN_POLICY])]
    own = own[own["split"] == "all"]
    if own.empty:
        return {}
    counts = {name: int(own[name].iloc[0]) for name in ("n", "n_events")}
    return {**counts, **_flat(own.assign(name=own["metric"]))}


def run_metrics(scores: pd.DataFrame, model: str) -> dict[str, float]:
    """Return the pooled scores of every model and policy as flat numbers: ``<model or policy>_<metric>``.

    Policies that use a risk stand there with that of ``model``.
    """
    pooled = scores[scores["split"] == "all"]
    pooled = pooled[(pooled["policy"] == "") | pooled["model"].isin(["", model])]
    subject = pooled["policy"].where(pooled["policy"] != "", pooled["model"])
    name = (subject + "_" + pooled["metric"]).str.removeprefix("_")
    return _flat(pooled.assign(name=name))


def _flat(scores: pd.DataFrame) -> dict[str, float]:
    """One number for each value, low and high; what is undefined is left out."""
    found: dict[str, float] = {}
    for name, *numbers in scores[["name", "value", "low", "high"]].itertuples(index=False, name=None):
        for end, number in zip(("", "_low", "_high"), numbers, strict=True):
            if not math.isnan(number):
                found[f"{name}{end}"] = float(number)
    return found
