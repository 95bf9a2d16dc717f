"""Champion against challenger: on the same customers at the same moments, none of which either learned from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from retaliation_risk._folders import fresh_folder
from retaliation_risk._words import counted
from retaliation_risk.artefacts import Artefact
from retaliation_risk.errors import GateError
from retaliation_risk.evaluate import FEWEST_EVENTS, contest
from retaliation_risk.pipeline.config import CONTESTS, Config, Contest
from retaliation_risk.pipeline.describing import artefact_facts
from retaliation_risk.pipeline.moments import judged_later
from retaliation_risk.run.folder import write_csv, write_json
from retaliation_risk.tables import Tables

SIDES = ("champion", "challenger")


def compare(
    tables: Tables,
    champion: Artefact,
    challenger: Artefact,
    out: Path,
    config: Config | None = None,
    *,
    progress: Callable[[str], object] = lambda step: None,
) -> dict[str, Any]:
    """Say whether the challenger is better, and write why; a paired bootstrap over customers decides.

    Parameters
    ----------
    tables : Tables
        Checked tables, with at least a horizon after what either model learned from.
    champion, challenger : Artefact
        Of the same outcome and horizon.
    out : Path
        Folder to make; must not exist: ``comparison.csv`` has every metric of both and the difference, ``metrics.json`` the
        same flat, ``comparison.json`` the verdict and what it rests on.
    config : Config, optional
        ``contest`` says by what and by how much; of ``settings`` capacity, moments and the bootstrap matter.
    progress : callable, optional
        Called with the name of each step.

    Returns
    -------
    dict
        As ``comparison.json``.

    Raises
    ------
    GateError
        RR523 if the challenger is not better, after the folder is written; RR411 if there is nothing to compare on, and
        nothing is written.
    """
    config = config or Config()
    settings = config.settings
    with fresh_folder(Path(out)) as folder:
        progress("scoring both at later moments")
        predictions, _ = judged_later(tables, dict(zip(SIDES, (champion, challenger), strict=True)), settings)
        progress("comparing")
        table = contest(
            predictions,
            *SIDES,
            capacity=settings.capacity,
            n_bootstrap=settings.n_bootstrap,
            seed=settings.seed,
        )
        table = table.rename(columns={"first": "champion", "second": "challenger"})
        verdict = judge_contest(table, config.contest)
        facts = {
            **verdict,
            "capacity": settings.capacity,
            "moments": [moment.isoformat() for moment in predictions["moment"].unique()],
            **{name: artefact_facts(one) for name, one in zip(SIDES, (champion, challenger), strict=True)},
        }
        write_csv(folder / "comparison.csv", table)
        write_json(folder / "metrics.json", _flat(table) | {"better": int(verdict["better"])})
        write_json(folder / "comparison.json", facts)
    if not verdict["better"]:
        raise GateError("RR523", verdict["sentence"])
    return facts


def judge_contest(table: pd.DataFrame, rule: Contest) -> dict[str, Any]:
    """Say whether the challenger is better by the rule, in a sentence with its interval.

    Examples
    --------
    >>> table = pd.DataFrame({"metric": ["auroc"], "champion": 0.8, "challenger": 0.84, "difference": 0.04,
    ...     "low": 0.01, "high": 0.07, "n": 900, "n_events": 40, "n_customers_with_event": 38})
    >>> judge_contest(table, Contest())["sentence"]
    'auroc of the challenger is 0.84 against 0.8: a difference of +0.04 [+0.01, +0.07], on 40 events.'
    """
    row = table[table["metric"] == rule.metric].iloc[0]
    surely = row["low"] if CONTESTS[rule.metric] else -row["high"]
    counts = {name: int(row[name]) for name in ("n", "n_events", "n_customers_with_event")}
    return {
        "better": bool(surely > rule.margin),
        "metric": rule.metric,
        "margin": rule.margin,
        "difference": float(row["difference"]),
        "low": float(row["low"]),
        "high": float(row["high"]),
        **counts,
        "sentence": _told(row, rule.metric),
    }


def _told(row: pd.Series, metric: str) -> str:
    """Say the difference with its interval, or why there is none of either."""
    on = f"{counted(row['n_customers_with_event'], 'customers')} {_behind(metric)}"
    if pd.isna(row["difference"]):
        return f"{metric} is not defined for both sides, on {on}: nothing is shown."
    told = (
        f"{metric} of the challenger is {row['challenger']:.4g} against {row['champion']:.4g}: a difference of "
        f"{row['difference']:+.3g}"
    )
    if row["n_customers_with_event"] < FEWEST_EVENTS:
        return f"{told}, on {on}; {FEWEST_EVENTS} are needed for an interval."
    if pd.isna(row["low"]):
        return f"{told}, on {on}, without an interval: it is not defined in some resamples."
    return f"{told} [{row['low']:+.3g}, {row['high']:+.3g}], on {counted(row['n_events'], 'events')}."


def _behind(metric: str) -> str:
    return "with an act that somebody saw" if metric == "reach_averted" else "with an event"


def _flat(table: pd.DataFrame) -> dict[str, float]:
    """One number for each metric of each side, and for the difference with its interval; undefined ones left out."""
    found: dict[str, float] = {}
    for row in table.to_dict("records"):
        name = row["metric"]
        named = {f"{side}_{name}": row[side] for side in SIDES} | {f"difference_{name}": row["difference"]}
        named |= {f"difference_{name}_{end}": row[end] for end in ("low", "high")}
        found |= {key: float(value) for key, value in named.items() if value == value}
    return {**found, "n": int(table["n"].iloc[0]), "n_events": int(table["n_events"].iloc[0])}
