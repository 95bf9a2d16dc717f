"""Drift: whether the customers of now, and what came of the last, are still like those the model learned from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from retaliation_risk._folders import fresh_folder
from retaliation_risk.artefacts import Artefact, Gate, drift, refuse_drift
from retaliation_risk.artefacts.drift import BEYOND_CHANCE, PAST_THE_GATE
from retaliation_risk.histories import Histories, build_histories
from retaliation_risk.pipeline.config import Config
from retaliation_risk.pipeline.describing import artefact_facts
from retaliation_risk.pipeline.moments import ipcw_by_moment, risks_of
from retaliation_risk.run import pairs_at_risk
from retaliation_risk.run.folder import write_csv, write_json
from retaliation_risk.tables import Tables


def watch_drift(
    tables: Tables,
    artefact: Artefact,
    out: Path,
    config: Config | None = None,
    *,
    progress: Callable[[str], object] = lambda step: None,
) -> dict[str, Any]:
    """Compare the customers at risk now with those of training, and outcomes of the last horizon with those learned from.

    Parameters
    ----------
    tables : Tables
    artefact : Artefact
    out : Path
        Folder to make; must not exist: ``drift.csv`` has a row for each feature, the risk and the label, ``drift.json`` what
        is past the gate, ``metrics.json`` the same flat.
    config : Config, optional
        ``drift`` is the gate; ``settings.now`` the moment.
    progress : callable, optional
        Called with the name of each step.

    Returns
    -------
    dict
        As ``drift.json``.

    Raises
    ------
    GateError
        RR522 if something is past the gate, after the folder is written.
    """
    config = config or Config()
    about = artefact.manifest.about
    with fresh_folder(Path(out)) as folder:
        progress("sorting histories")
        histories = build_histories(tables, about.definitions)
        now = histories.now if config.settings.now is None else config.settings.now
        progress("scoring the customers of now")
        rows, risk = risks_of(artefact, histories, *pairs_at_risk(histories, (now,)))
        found = drift(artefact.reference, rows, risk, gate=config.drift)
        label = _label_drift(histories, artefact, now, config.drift)
        table = found if label is None else pd.concat([found, label], ignore_index=True)
        facts = _facts(table, artefact, now, len(rows), label is not None)
        write_csv(folder / "drift.csv", table)
        write_json(folder / "metrics.json", _flat(table, facts))
        write_json(folder / "drift.json", facts)
    refuse_drift(table)
    return facts


def _label_drift(
    histories: Histories, artefact: Artefact, now: pd.Timestamp, gate: Gate
) -> pd.DataFrame | None:
    """Row on the share of events among those at risk a horizon ago; None where nobody was, or none was learned from."""
    about = artefact.manifest.about
    then = now - pd.Timedelta(days=about.horizon_days)
    ids, times = pairs_at_risk(histories, (then,))
    if artefact.reference.labels is None or not len(ids):
        return None
    y = histories.follow_up(ids, times, outcome=about.outcome, horizon_days=about.horizon_days, known_by=now)
    weight = ipcw_by_moment(y, about.horizon_days)
    if not weight.any():
        return None
    rows, risk = risks_of(artefact, histories, ids, times)
    found = drift(artefact.reference, rows, risk, label=y["event"], weight=weight, gate=gate)
    return found[found["kind"] == "label"]


def _facts(table: pd.DataFrame, artefact: Artefact, now: pd.Timestamp, n: int, label: bool) -> dict[str, Any]:
    def named(verdict: str) -> list[dict[Any, Any]]:
        return table.loc[table["verdict"] == verdict, ["name", "why"]].to_dict("records")

    return {
        "artefact": artefact_facts(artefact),
        "moment": now.isoformat(),
        "n_customers": n,
        "label_compared": label,
        "past_the_gate": named(PAST_THE_GATE),
        "beyond_chance": named(BEYOND_CHANCE),
    }


def _flat(table: pd.DataFrame, facts: dict[str, Any]) -> dict[str, float]:
    """PSI of each feature and of the risk, the largest of them, and how many are past the gate."""
    known = table[table["psi"].notna()]
    psi = {f"psi_{name}": float(value) for name, value in zip(known["name"], known["psi"], strict=True)}
    most = float(known["psi"].max()) if len(known) else np.nan
    rates = table.loc[table["kind"] == "label", "rate_change"]
    counts = {"n_past_the_gate": len(facts["past_the_gate"]), "n_beyond_chance": len(facts["beyond_chance"])}
    found = {**psi, "psi_max": most, **({"label_rate_change": float(rates.iloc[0])} if len(rates) else {})}
    return {
        **{name: value for name, value in found.items() if value == value},
        **counts,
        "n": facts["n_customers"],
    }
