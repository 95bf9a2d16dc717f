"""Which model a result is of."""

from __future__ import annotations

from typing import Any

from retaliation_risk.artefacts import Artefact


def artefact_facts(artefact: Artefact) -> dict[str, Any]:
    """Return what tells one stored model from another, as JSON values."""
    about = artefact.manifest.about
    return {
        "digest": artefact.digest,
        "model": about.model,
        "outcome": about.outcome,
        "horizon_days": about.horizon_days,
        "window": about.window.as_dict(),
    }
