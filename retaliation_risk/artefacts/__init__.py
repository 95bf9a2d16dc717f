"""Artefacts: a trained model as a folder that is trusted after it was checked, or refused with the reason.

:func:`save_artefact` writes one and :func:`load_artefact` opens it; :func:`check_scoring` is the door for rows to score, and
:func:`drift` says how they differ from those of training. :func:`log_run` puts a finished run and its model into MLflow.
What is in the folder, and why: docs/artefacts.md.
"""

from retaliation_risk.artefacts.about import About, Window, declared
from retaliation_risk.artefacts.drift import Gate, drift, refuse_drift
from retaliation_risk.artefacts.load import Artefact, load_artefact
from retaliation_risk.artefacts.manifest import Manifest
from retaliation_risk.artefacts.mlflow import Logged, log_artefact, log_run
from retaliation_risk.artefacts.reference import Labels, Reference, Spread, build_reference
from retaliation_risk.artefacts.save import save_artefact
from retaliation_risk.artefacts.scoring import Coercion, Oddities, ScoringReport, add_reports, check_scoring

__all__ = [
    "About",
    "Artefact",
    "Coercion",
    "Gate",
    "Labels",
    "Logged",
    "Manifest",
    "Oddities",
    "Reference",
    "ScoringReport",
    "Spread",
    "Window",
    "add_reports",
    "build_reference",
    "check_scoring",
    "declared",
    "drift",
    "load_artefact",
    "log_artefact",
    "log_run",
    "refuse_drift",
    "save_artefact",
]
