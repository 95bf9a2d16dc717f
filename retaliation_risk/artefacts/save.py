"""Storing a trained model: every file made in memory, sealed, written beside its place, opened once, then renamed."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import joblib

from retaliation_risk._folders import fresh_folder
from retaliation_risk.artefacts.about import About, plain
from retaliation_risk.artefacts.card import model_card
from retaliation_risk.artefacts.files import CARD, MANIFEST, MODEL_FILES, REFERENCE, seal, write_json
from retaliation_risk.artefacts.load import load_artefact
from retaliation_risk.artefacts.manifest import Manifest, versions
from retaliation_risk.artefacts.probe import probe
from retaliation_risk.artefacts.reference import Reference
from retaliation_risk.artefacts.trees import write_trees
from retaliation_risk.errors import ArgumentError, ArtefactError
from retaliation_risk.models import Boosting, Model


def save_artefact(
    folder: Path, model: Model, about: About, reference: Reference, *, allow_joblib: bool = False
) -> Manifest:
    """Store a trained model as a folder that :func:`load_artefact` opens.

    Linear, hazard and Cox models are written as JSON, boosted trees as a skops archive. The folder appears whole, after it
    was opened once, or not at all. It holds no time of its own: equal models are equal bytes.

    Parameters
    ----------
    folder : Path
        Must not exist.
    model : Model
        Fitted.
    about : About
        What it is: features, horizon, window, settings, metrics.
    reference : Reference
        What the training rows were like, as of :func:`build_reference`; its columns are the model's.
    allow_joblib : bool, default False
        Store a model that is neither as a pickle. Whoever can write to the folder can then run code where it is opened,
        and it opens only where joblib is allowed again.

    Returns
    -------
    Manifest
        As written.

    Raises
    ------
    ArgumentError
        RR108 if the folder exists; RR111 or RR403 if model, features and reference are not of the same columns.
    ArtefactError
        RR516 if the model could only be stored as a pickle.
    """
    columns = _columns(model, about, reference)
    storage, content = _stored(model, allow_joblib)
    manifest = Manifest(
        about=about,
        columns=columns,
        storage=storage,
        probe=probe(model, reference, about.horizon_days),
        files={},
        **versions(),
    )
    contents = {
        CARD: model_card(manifest, reference).encode(),
        MODEL_FILES[storage]: content,
        REFERENCE: write_json(reference.as_dict()),
    }
    manifest = replace(manifest, files={name: seal(contents[name]) for name in sorted(contents)})
    with fresh_folder(folder) as partial:
        for name, written in {**contents, MANIFEST: write_json(manifest.as_dict())}.items():
            (partial / name).write_bytes(written)
        load_artefact(partial, allow_joblib=allow_joblib)
    return manifest


def _columns(model: Model, about: About, reference: Reference) -> tuple[str, ...]:
    """Columns of the model, which must be those of the reference, and declared."""
    columns = tuple(map(str, getattr(model, "feature_names_in_", reference.names)))
    if sorted(columns) != sorted(reference.names):
        raise ArgumentError(
            "RR111", f"the model has columns {list(columns)}, the reference {list(reference.names)}."
        )
    if lost := sorted(set(columns) - {feature.name for feature in about.features}):
        raise ArgumentError("RR403", f"columns {lost} of the model are not among the features given.")
    return columns


def _stored(model: Model, allow_joblib: bool) -> tuple[str, bytes]:
    """How the model is stored, and the content of its file."""
    if (parameters := model.to_parameters()) is not None:
        settings = plain("settings", parameters["settings"])
        return "parameters", write_json({**parameters, "settings": settings})
    if isinstance(model, Boosting):
        return "skops", write_trees(model)
    if not allow_joblib:
        raise ArtefactError("RR516", f"A {type(model).__name__} like this can only be stored as a pickle.")
    pickled = io.BytesIO()
    joblib.dump(model, pickled)
    return "joblib", pickled.getvalue()
