"""Replay: a stored model's risks, week by week after its training, walked day by day under every policy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from retaliation_risk._folders import fresh_folder
from retaliation_risk.artefacts import Artefact, check_scoring
from retaliation_risk.errors import GateError
from retaliation_risk.evaluate import Replay, missed_by, replay
from retaliation_risk.features import FEATURES
from retaliation_risk.histories import Feature, Histories, build_histories, weeks
from retaliation_risk.pipeline.config import Config
from retaliation_risk.pipeline.describing import artefact_facts
from retaliation_risk.policies import POLICIES
from retaliation_risk.run import pairs_at_risk, with_influence
from retaliation_risk.run.folder import write_csv, write_json
from retaliation_risk.tables import Tables

INFLUENCE_ONLY = "influence_only"


def replay_policies(
    tables: Tables,
    artefact: Artefact,
    out: Path,
    config: Config | None = None,
    *,
    progress: Callable[[str], object] = lambda step: None,
) -> dict[str, Any]:
    """Walk the calendar from the end of a model's training on, under every policy, with the same teams.

    Parameters
    ----------
    tables : Tables
        With at least two weeks after what the model learned from.
    artefact : Artefact
        Whose risks the policies use; asked anew each week of what was known then.
    out : Path
        Folder to make; must not exist: ``replay.csv`` (acts reached in time, their audience, leads, waits), ``served.csv``,
        ``missed.csv``, ``missed_by_influence.csv`` (whom influence alone would have missed, and which policies reached
        them), ``answers.csv``, ``replay.json``, ``metrics.json`` flat. The tables are those of
        :class:`retaliation_risk.evaluate.Replay`.
    config : Config, optional
        ``replay`` has teams, working days, cool-down and lead; of ``settings`` now and the bootstrap matter.
    progress : callable, optional
        Called with the name of each step.

    Returns
    -------
    dict
        As ``replay.json``.

    Raises
    ------
    GateError
        RR411 if the tables end before two weeks are over.
    """
    config = config or Config()
    settings, about = config.settings, artefact.manifest.about
    with fresh_folder(Path(out)) as folder:
        progress("sorting histories")
        histories = build_histories(tables, about.definitions)
        now = histories.now if settings.now is None else settings.now
        moments = weeks(about.window.known_by, now)
        if len(moments) < 2:
            raise GateError(
                "RR411",
                f"the model learned until {about.window.known_by.isoformat()} and the tables end {now.isoformat()}.",
            )
        progress(f"asking what was known in each of {len(moments)} weeks")
        frames = _frames(tables, histories, artefact, moments)
        progress("walking the calendar")
        found = replay(
            frames,
            histories.acts(about.outcome, known_by=now),
            capacity=config.replay.capacity,
            lead_days=config.replay.lead_days,
            horizon_days=max(round(about.horizon_days), config.replay.lead_days),
            n_bootstrap=settings.n_bootstrap,
            seed=settings.seed,
        )
        facts = _facts(found, artefact, moments, config)
        _write(folder, found, facts)
    return facts


def _frames(
    tables: Tables, histories: Histories, artefact: Artefact, moments: tuple[pd.Timestamp, ...]
) -> pd.DataFrame:
    """Rows of everybody at risk each week: what policies and teams look at, and the model's risk."""
    about = artefact.manifest.about
    ids, times = pairs_at_risk(histories, moments)
    rows = histories.as_of(ids, times, _needed(histories, about.features))
    X, _ = check_scoring(artefact.reference, rows)
    risk = artefact.model.predict_risk(X, about.horizon_days)
    segments = tables.query("SELECT customer_id, segment FROM customers")
    rows = with_influence(histories, rows.assign(risk=risk), about.outcome)
    return rows.merge(segments, on="customer_id", how="left", validate="many_to_one")


def _needed(histories: Histories, of_model: tuple[Feature, ...]) -> list[Feature]:
    """Return the model's features, then those of the dictionary that are on and that it does not have."""
    off, own = histories.switched_off(FEATURES), {feature.name for feature in of_model}
    return [*of_model, *(each for each in FEATURES if each.name not in off and each.name not in own)]


def _facts(
    found: Replay, artefact: Artefact, moments: tuple[pd.Timestamp, ...], config: Config
) -> dict[str, Any]:
    acts = found.acts[found.acts["policy"] == found.acts["policy"].iloc[0]] if len(found.acts) else found.acts
    return {
        "artefact": artefact_facts(artefact),
        "first": moments[0].isoformat(),
        "last": moments[-1].isoformat(),
        "weeks": len(moments),
        "n_acts": len(acts),
        "teams": [dict(team) for team in config.replay.teams],
        "working_days": list(config.replay.working_days),
        "cool_down_days": config.replay.cool_down_days,
        "lead_days": config.replay.lead_days,
        "uses_influence": {policy.name: policy.uses_influence for policy in POLICIES},
        "skipped": dict(found.skipped),
    }


def _write(folder: Path, found: Replay, facts: dict[str, Any]) -> None:
    for name, table in (("replay", found.scores), ("served", found.served), ("missed", found.missed)):
        write_csv(folder / f"{name}.csv", table)
    write_csv(folder / "answers.csv", found.answers)
    if INFLUENCE_ONLY in set(found.acts["policy"]):
        write_csv(folder / "missed_by_influence.csv", missed_by(found, INFLUENCE_ONLY))
    flat = {
        f"{policy}_{metric}{end}": float(number)
        for policy, metric, *numbers in found.scores[["policy", "metric", "value", "low", "high"]].itertuples(
            index=False, name=None
        )
        for end, number in zip(("", "_low", "_high"), numbers, strict=True)
        if number == number
    }
    write_json(folder / "metrics.json", {**flat, "n_acts": facts["n_acts"]})
    write_json(folder / "replay.json", facts)
