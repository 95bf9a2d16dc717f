"""Reading a run folder: every file of it that is there, typed, and nothing else."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from retaliation_risk._cells import unquiet
from retaliation_risk._texts import json_of, toml_of
from retaliation_risk.errors import ArtefactError

SCHEMA_VERSION = "1"

# Columns of each table; those after the bar are numbers.
_TABLES = {
    "scores": "split model policy metric | horizon_days capacity value low high n n_events p_holm",
    "calibration": "model bin | n predicted observed low high",
    "effects": "model feature kind group unit about | estimate low high p_value n_events n_customers",
    "capacity": "policy metric | capacity value low high band_low band_high",
    "survival": "failed_recoveries | day survival low high at_risk",
    "incidence": "cause failed_recoveries | day incidence low high at_risk",
    "experiences": "customer_id ticket_id opened_at issue_key is_complaint happened failed is_open |",
    "served": "policy group_kind group | share_of_queue share_of_customers n",
    "needed": "policy metric | share value low high n n_events",
    "one_more": "policy compared_with form reading | capacity value low high n n_events",
    "decision": "model metric | threshold value low high band_low band_high n n_events",
}
_QUEUE = (
    "customer_id double_deviation reasons tickets uses_influence action action_rule action_why | "
    "rank priority risk influence calls tenure_days failed_recoveries"
)


@dataclass(frozen=True)
class RunFolder:
    """What a run folder holds; a file that is not there is an empty dict, list or table."""

    path: Path
    name: str
    run: dict[str, Any]
    validation: dict[str, Any]
    features: list[dict[str, Any]]
    tables: dict[str, pd.DataFrame]
    queues: dict[str, pd.DataFrame]
    actions: dict[str, str]


def read_folder(run_dir: Path) -> RunFolder:
    """Return what stands in ``run_dir``.

    Raises
    ------
    ArtefactError
        RR501: ``run.json`` is missing, a file cannot be read, or a table lacks columns.
    """
    run_dir = Path(run_dir)
    run = _json(run_dir / "run.json", {})
    if "schema_version" not in run:
        raise ArtefactError("RR501", f"{run_dir} has no run.json with a schema_version.")
    if (version := str(run.get("schema_version", SCHEMA_VERSION))) != SCHEMA_VERSION:
        raise ArtefactError(
            "RR501", f"{run_dir} has schema version {version}; this one reads {SCHEMA_VERSION}."
        )
    queues = sorted(run_dir.glob("queue_*.csv"))
    return RunFolder(
        path=run_dir,
        name=_name(run_dir),
        run=run,
        validation=_json(run_dir / "validation.json", {}),
        features=_json(run_dir / "features.json", []),
        tables={name: _table(run_dir / f"{name}.csv", columns) for name, columns in _TABLES.items()},
        actions=_actions(run_dir / "playbook.toml"),
        queues={path.stem.removeprefix("queue_"): _table(path, _QUEUE) for path in queues},
    )


def read_risks(folder: RunFolder) -> pd.DataFrame:
    """Return ``customer_id, risk, band`` of everybody scored; no rows where the run has no readouts.

    Raises
    ------
    ArtefactError
        RR501: ``readout.sqlite`` cannot be read.
    """
    path = folder.path / "readout.sqlite"
    if not path.exists():
        return pd.DataFrame(columns=["customer_id", "risk", "band"]).astype({"risk": float})
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            found = pd.read_sql_query("SELECT customer_id, risk, band FROM readout", connection)
    except (sqlite3.Error, pd.errors.DatabaseError) as error:
        raise ArtefactError("RR501", f"{path} is no readout ({error}).") from error
    return found.astype({"risk": float})


def earlier_run(folder: RunFolder) -> Path | None:
    """Return the latest run beside this one that is earlier and asked for the same outcome; None without one.

    Runs are ordered by the moment that they are about (``moments.now``); folders that are no runs are passed over.
    """
    now = _asked(folder.run)
    found = []
    for path in sorted(folder.path.resolve().parent.glob("[!.]*/run.json")):
        try:
            other = _asked(_json(path, {}))
        except ArtefactError:
            continue
        if other is not None and now is not None and other[0] < now[0] and other[1:] == now[1:]:
            found.append((other[0], path.parent))
    return max(found)[1] if found else None


def _asked(run: Any) -> tuple[str, str, float] | None:
    """Return a run's moment, outcome and horizon; None where run.json does not say, or is of another schema."""
    try:
        known = str(run["schema_version"]) == SCHEMA_VERSION
        asked = (
            str(run["moments"]["now"]),
            str(run["settings"]["outcome"]),
            float(run["settings"]["horizon_days"]),
        )
    except (KeyError, TypeError, ValueError):
        return None
    return asked if known else None


def _name(run_dir: Path) -> str:
    """Return the run's name, also while its folder still stands under its temporary one."""
    name = run_dir.resolve().name
    return re.sub(r"^\.(.+)\.partial-\d+$", r"\1", name)


def _json(path: Path, otherwise: Any) -> Any:
    """Return an object, or a list of objects, as ``otherwise`` is one; that where there is no file."""
    if not path.exists():
        return otherwise
    try:
        read = json_of(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ArtefactError("RR501", f"{path} is not JSON ({error}).") from error
    objects = read if isinstance(otherwise, list) else [read]
    if not isinstance(read, type(otherwise)) or not all(isinstance(each, dict) for each in objects):
        kind = "list of objects" if isinstance(otherwise, list) else "object"
        raise ArtefactError("RR501", f"{path} holds no {kind}.")
    return read


def _actions(path: Path) -> dict[str, str]:
    """Return each action of the playbook with its sentence."""
    if not path.exists():
        return {}
    try:
        found = dict(toml_of(path.read_bytes()).get("actions", {}))
    except (OSError, TypeError, ValueError) as error:
        raise ArtefactError("RR501", f"{path} is not TOML ({error}).") from error
    return {str(name): str(sentence) for name, sentence in found.items()}


def _table(path: Path, columns: str) -> pd.DataFrame:
    texts, numbers = (part.split() for part in columns.split("|"))
    if not path.exists() or path.stat().st_size == 0:
        return pd.DataFrame(columns=[*texts, *numbers])
    # All as text first: a customer or a segment may be called NA, and ids may look like numbers.
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise ArtefactError("RR501", f"{path} is not a table ({error}).") from error
    if missing := [name for name in [*texts, *numbers] if name not in frame]:
        raise ArtefactError("RR501", f"{path} lacks the columns {missing}.")
    words = frame[texts].apply(lambda column: column.map(unquiet))
    return frame.assign(
        **words, **{name: pd.to_numeric(frame[name], errors="coerce").astype(float) for name in numbers}
    )


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as JSON-able dicts; NaN becomes None, whole floats stay floats.

    Examples
    --------
    >>> records(pd.DataFrame({"a": [1.5, float("nan")]}))
    [{'a': 1.5}, {'a': None}]
    """
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(k): _plain(v) for k, v in row.items()} for row in plain.to_dict("records")]


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
