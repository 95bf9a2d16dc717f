"""Opening a stored model: everything that can be checked is checked before anything is made of it."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib

from retaliation_risk.artefacts.files import (
    MANIFEST,
    MODEL_FILES,
    REFERENCE,
    read_files,
    read_json,
    read_manifest,
)
from retaliation_risk.artefacts.manifest import Manifest, check_head, check_versions, manifest_of
from retaliation_risk.artefacts.probe import check_probe
from retaliation_risk.artefacts.reference import Reference
from retaliation_risk.artefacts.trees import read_trees
from retaliation_risk.errors import ArtefactError, RetaliationRiskError, RetaliationRiskWarning
from retaliation_risk.models import Model, from_parameters

#: What arrays of parameters hold; a name such as ``<U999999999`` would ask for memory without end.
DTYPES = ("bool", "float64", "int64", "object")


@dataclass(frozen=True)
class Artefact:
    """A trained model that was stored and opened again.

    Parameters
    ----------
    model : Model
        Predicts exactly what it predicted when it was stored.
    manifest : Manifest
        What it is and what made it.
    reference : Reference
        What its training rows were like.
    digest : str
        sha256 of the manifest, which holds those of all other files: one number for the whole folder.
    """

    model: Model
    manifest: Manifest
    reference: Reference
    digest: str


def load_artefact(folder: Path, *, digest: str | None = None, allow_joblib: bool = False) -> Artefact:
    """Open a folder that :func:`save_artefact` wrote, or say why not.

    In this order: the manifest is of this kind and of a known format and has its keys; its digest is the one expected;
    every file it lists is there, plain, of its size and checksum, and no other is; the versions fit; a pickle is
    allowed. Only then is the model read: JSON into classes of this package, a skops archive into those of
    :data:`retaliation_risk.artefacts.trees.PARTS`. At last it must predict what it predicted when it was stored.

    Checksums tell damage, not malice: who can write to the folder can seal it anew. What such a folder holds still runs no
    code, but it may predict anything. Keep the ``digest`` elsewhere to know that it is yours.

    Parameters
    ----------
    folder : Path
    digest : str, optional
        Open only the folder with this digest.
    allow_joblib : bool, default False
        Open a pickle too. It can run any code of whoever wrote it, and a warning (RR520) says so.

    Raises
    ------
    ArtefactError
        RR510 to RR519; exit code 5. Nothing of the folder has been run, but a pickle that was allowed.
    """
    folder = Path(folder)
    written = read_manifest(folder)
    found = read_json(MANIFEST, written, "RR510")
    check_head(found)
    sealed = hashlib.sha256(written).hexdigest()
    if digest is not None and digest != sealed:
        raise ArtefactError("RR519", f"{str(folder)!r} has digest {sealed}, not {digest}.")
    storage = found["storage"]
    contents = read_files(folder, storage, found["files"])
    check_versions(found)
    if storage == "joblib" and not allow_joblib:
        raise ArtefactError(
            "RR516", f"{str(folder)!r} holds {MODEL_FILES[storage]}, and joblib is not allowed."
        )
    manifest = manifest_of(found)
    reference = Reference.from_dict(read_json(REFERENCE, contents[REFERENCE], "RR515"))
    model = _model(storage, contents[MODEL_FILES[storage]])
    _check_columns(model, manifest, reference)
    check_probe(model, reference, manifest.about.horizon_days, manifest.probe)
    return Artefact(model, manifest, reference, sealed)


def _model(storage: str, content: bytes) -> Model:
    if storage == "skops":
        return read_trees(content)
    if storage == "parameters":
        return _from_json(read_json(MODEL_FILES[storage], content, "RR515"))
    warnings.warn(RetaliationRiskWarning("RR520", f"{MODEL_FILES[storage]} is being opened."), stacklevel=3)
    model: Model = joblib.load(io.BytesIO(content))
    return model


def _from_json(parameters: Mapping[str, Any]) -> Model:
    """Build a model of this package; classes are looked up in a table of its own, never by name in a module."""
    try:
        if odd := sorted(set(_dtypes(parameters)) - set(DTYPES)):
            raise ArtefactError("RR515", f"parameters.json holds arrays of {odd}.")
        return from_parameters(parameters)
    except RetaliationRiskError as error:
        code = "RR514" if error.code == "RR501" and "state" in parameters else "RR515"
        raise ArtefactError(code, error.found) from error
    # Parameters that were made up can fail anywhere in a model, in any way.
    except Exception as error:
        raise ArtefactError("RR515", f"parameters.json ({type(error).__name__}: {error}).") from error


def _dtypes(value: Any) -> list[str]:
    """Every dtype that parameters ask for."""
    if isinstance(value, list):
        return [name for item in value for name in _dtypes(item)]
    if not isinstance(value, dict):
        return []
    own = [str(value["dtype"])] if "dtype" in value else []
    return own + [name for item in value.values() for name in _dtypes(item)]


def _check_columns(model: Model, manifest: Manifest, reference: Reference) -> None:
    """Model, manifest and reference must speak of the same columns, and the manifest must declare them."""
    declared = {feature.name for feature in manifest.about.features}
    of_model = tuple(map(str, getattr(model, "feature_names_in_", manifest.columns)))
    agree = sorted(of_model) == sorted(manifest.columns) == sorted(reference.names)
    if not agree or not set(manifest.columns) <= declared:
        raise ArtefactError(
            "RR515",
            f"The model has columns {list(of_model)}, the manifest {list(manifest.columns)} and the reference "
            f"{list(reference.names)}; the manifest declares {sorted(declared)}.",
        )
