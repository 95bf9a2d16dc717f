"""Finished runs and artefacts in MLflow, for teams that keep their models there. Needs the extra ``mlflow``.

Where things go is told to MLflow in its own ways: ``MLFLOW_TRACKING_URI`` or ``mlflow.set_tracking_uri``, an experiment, an
active run. Without an active run, each call makes a run of its own. MLflow is imported only when one of these is called.

What is logged names no customer: the files of :data:`FILES`, settings, metrics, and the artefact. The model is logged as
code, a script of ours that opens the artefact; nothing is pickled.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retaliation_risk.artefacts.files import read_json
from retaliation_risk.artefacts.load import Artefact, load_artefact
from retaliation_risk.artefacts.manifest import Manifest
from retaliation_risk.artefacts.probe import probe_rows
from retaliation_risk.artefacts.scoring import KNOWN_AT
from retaliation_risk.errors import ArgumentError, ArtefactError

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

#: Files of a run or a training that are about all customers and name none. Queues, readouts and the report name some; so
#: does validation.json, by the ids that stand there as examples.
FILES = (
    "run.json",
    "train.json",
    "features.json",
    "metrics.json",
    "scores.csv",
    "capacity.csv",
    "calibration.csv",
    "served.csv",
    "effects.csv",
    "survival.csv",
)

#: Where a run or a training keeps its artefact.
MODEL = "model"

#: What MLflow stores beside the artefact and runs to open it.
SCRIPT = Path(__file__).with_name("_pyfunc_model.py")

#: Keys of rows that the door compares; MLflow drops what its signature does not name before the door can see it.
_TIMES = ("moment", "as_of", "known_at")


@dataclass(frozen=True)
class Logged:
    """What was logged, and where to find it again.

    Parameters
    ----------
    run_id : str
        Of the MLflow run.
    model_uri : str or None
        For ``mlflow.pyfunc.load_model``; None for a run that has no model.
    digest : str or None
        Of the artefact. Keep it where the tracking store is not, to know later that the model is yours.
    """

    run_id: str
    model_uri: str | None
    digest: str | None


def log_run(
    folder: Path,
    *,
    run_name: str | None = None,
    also: Sequence[str] = (),
    registered_model_name: str | None = None,
) -> Logged:
    """Log a finished run: its settings as parameters, metrics.json as metrics, its files, and its model.

    The model goes in as by :func:`log_artefact`. Everything is read, and the artefact opened, before anything is logged.

    Parameters
    ----------
    folder : Path
        Of a run or a training: it has run.json, or a model in ``model/``, or both.
    run_name : str, optional
        Of the MLflow run; the folder's name without. An active run keeps its own.
    also : sequence of str, optional
        More files of the folder to log, such as ``report.html``. They may name customers to everybody who reads the store.
    registered_model_name : str, optional
        Name in MLflow's model registry under which the model becomes the next version.

    Returns
    -------
    Logged

    Raises
    ------
    ArgumentError
        RR113 where MLflow is not installed; RR107 for a file of ``also`` that is not there.
    ArtefactError
        RR501 if the folder is none; RR510 to RR519 if its model must not be opened.
    """
    require_mlflow()
    import mlflow

    folder = Path(folder)
    facts, metrics = _object(folder / "run.json"), _object(folder / "metrics.json")
    files = [*(name for name in FILES if (folder / name).exists()), *also]
    if lost := [name for name in files if not (folder / name).is_file()]:
        raise ArgumentError("RR107", f"{str(folder)!r} has no {lost}.")
    artefact = load_artefact(folder / MODEL) if (folder / MODEL).exists() else None
    if facts is None and artefact is None:
        raise ArtefactError("RR501", f"{str(folder)!r} has neither run.json nor {MODEL}/.")
    with _mlflow_run(run_name or folder.resolve().name) as run_id:
        mlflow.log_params(as_params(_settings(facts, artefact)))
        mlflow.log_metrics(as_metrics(metrics or {}))
        for name in files:
            mlflow.log_artifact(str(folder / name))
        uri = _log_model(folder / MODEL, artefact, registered_model_name) if artefact else None
    return Logged(run_id, uri, artefact.digest if artefact else None)


def log_artefact(
    folder: Path, *, run_name: str | None = None, registered_model_name: str | None = None
) -> Logged:
    """Log an artefact with its settings and metrics, and as a model that ``mlflow.pyfunc.load_model`` opens.

    MLflow stores the folder as it is, beside a script that opens it by ``load_artefact``, digest and checksums included, and
    predicts through ``check_scoring``: the risks are those of the artefact to the last bit.

    Parameters
    ----------
    folder : Path
        As of :func:`retaliation_risk.artefacts.save_artefact`.
    run_name : str, optional
        Of the MLflow run; the folder's name without. An active run keeps its own.
    registered_model_name : str, optional
        Name in MLflow's model registry under which the model becomes the next version.

    Returns
    -------
    Logged

    Raises
    ------
    ArgumentError
        RR113 where MLflow is not installed.
    ArtefactError
        RR510 to RR519 if the artefact must not be opened; RR516 for a pickle, which is never logged.
    """
    require_mlflow()
    import mlflow

    folder = Path(folder)
    artefact = load_artefact(folder)
    with _mlflow_run(run_name or folder.resolve().name) as run_id:
        mlflow.log_params(as_params(_settings(None, artefact)))
        mlflow.log_metrics(as_metrics(artefact.manifest.about.metrics))
        uri = _log_model(folder, artefact, registered_model_name)
    return Logged(run_id, uri, artefact.digest)


def signature_of(manifest: Manifest) -> ModelSignature:
    """Return what MLflow holds rows to: features as double, ids as text, times as datetime; out comes ``risk``, a double.

    Whole numbers would be declared long, and a long cannot be missing: one empty cell would make a night's scoring fail. No
    column is required of MLflow, so that it is the door that refuses, and says what is missing. Times that the door compares
    are declared because MLflow drops what is not.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    times = (*_TIMES, *(f"{name}{KNOWN_AT}" for name in manifest.columns))
    kinds = {
        "customer_id": "string",
        **dict.fromkeys(manifest.columns, "double"),
        **dict.fromkeys(times, "datetime"),
    }
    inputs = Schema([ColSpec(kind, name, required=False) for name, kind in kinds.items()])
    return ModelSignature(inputs=inputs, outputs=Schema([ColSpec("double", "risk")]))


def as_params(settings: Mapping[str, Any], before: str = "") -> dict[str, str]:
    """Return settings as flat texts: text as it is, all else as JSON; names within names are joined by a point.

    Examples
    --------
    >>> as_params({"outcome": "retaliation", "compare": ["cox", "rule"], "definitions": {"repeat_days": 30}})
    {'outcome': 'retaliation', 'compare': '["cox", "rule"]', 'definitions.repeat_days': '30'}
    """
    flat: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            flat |= as_params(value, f"{before}{name}.")
        else:
            flat[f"{before}{name}"] = value if isinstance(value, str) else json.dumps(value)
    return flat


def as_metrics(found: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers among flat values; what is undefined, or no number, is left out.

    Examples
    --------
    >>> as_metrics({"auroc": 0.71, "n": 300, "uno": None, "brier": float("nan"), "model": "cox", "gate": True})
    {'auroc': 0.71, 'n': 300.0}
    """
    numbers = {name: value for name, value in found.items() if type(value) in (int, float)}
    return {name: float(value) for name, value in numbers.items() if math.isfinite(value)}


def require_mlflow() -> None:
    """Raise RR113 where MLflow is not installed."""
    try:
        import mlflow  # noqa: F401
    except ImportError as error:
        raise ArgumentError(
            "RR113", f"{error.name!r} is not installed; it comes with the extra 'mlflow'."
        ) from error


def _log_model(folder: Path, artefact: Artefact, registered_model_name: str | None) -> str:
    """Log the artefact as a model of the active run, and return its address."""
    import mlflow

    manifest = artefact.manifest
    mlflow.set_tags(
        {"retaliation_risk.version": manifest.package, "retaliation_risk.digest": artefact.digest}
    )
    info = mlflow.pyfunc.log_model(
        name=MODEL,
        python_model=str(SCRIPT),
        artifacts={"artefact": str(folder)},
        model_config={"digest": artefact.digest},
        signature=signature_of(manifest),
        input_example=probe_rows(artefact.reference),
        # Said, not guessed: MLflow would open the model in another process to see what it imports.
        pip_requirements=_requirements(manifest),
        registered_model_name=registered_model_name,
    )
    return str(info.model_uri)


def _requirements(manifest: Manifest) -> list[str]:
    """Versions that wrote the artefact, as pip reads them."""
    versions = {"retaliation-risk": manifest.package, **manifest.libraries}
    return [f"{name}=={version}" for name, version in versions.items()]


@contextmanager
def _mlflow_run(name: str) -> Iterator[str]:
    """Yield the id of the active run, or of a new one that ends with the block."""
    import mlflow

    if (active := mlflow.active_run()) is not None:
        yield active.info.run_id
        return
    with mlflow.start_run(run_name=name) as run:
        yield run.info.run_id


def _settings(facts: Mapping[str, Any] | None, artefact: Artefact | None) -> dict[str, Any]:
    """Return the settings of a run, or else those that its model was trained with."""
    if facts is not None or artefact is None:
        found = facts or {}
        return {**found.get("settings", {}), "seed": found.get("seed")}
    about = artefact.manifest.about
    told = {"model": about.model, "outcome": about.outcome, "horizon_days": about.horizon_days}
    return {**told, **about.settings}


def _object(path: Path) -> dict[str, Any] | None:
    """Return the object that a JSON file of a run holds; None without the file."""
    return read_json(path.name, path.read_bytes(), "RR501") if path.is_file() else None
