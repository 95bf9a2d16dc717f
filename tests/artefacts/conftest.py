"""Models of every kind, stored and ready to be tampered with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.artefacts import About, Window, build_reference, save_artefact
from retaliation_risk.artefacts.files import seal
from retaliation_risk.histories import Count, DaysSinceFirst, Expression, Feature
from retaliation_risk.models import MODELS
from tests.models.conftest import HORIZON, simulate

FEATURES = (
    Feature("failed_recoveries_ever", "tickets", "Failed recoveries known ever.", "deviations",
            Count("failed_recoveries"), "Let down {value:.0f} times in all", when="failed_recoveries_ever >= 1"),
    Feature("tenure_days", "days", "Days since the relationship began.", "relationship", DaysSinceFirst("customers")),
    Feature("calls", "tickets", "Tickets opened in the last 90 days.", "contacts", Count("tickets", days=90)),
    Feature("always_one", "", "One, for everybody.", "own", Expression("1 + 0 * fill(calls, 0)")),
)  # fmt: skip
METRICS = {
    "auroc": 0.71,
    "auroc_low": 0.65,
    "auroc_high": 0.77,
    "brier": np.float64(0.1),
    "uno": float("nan"),
}


def about(model="cox", **changes):
    window = Window(*map(pd.Timestamp, ["2025-01-01", "2025-09-28", "2025-12-01"]))
    told = {"features": FEATURES, "horizon_days": HORIZON, "outcome": "retaliation", "window": window}
    return About(model=model, **{**told, "settings": {"seed": 0}, "metrics": METRICS, **changes})


@pytest.fixture(scope="session")
def rows():
    return simulate(1500, seed=1)


@pytest.fixture(scope="session")
def models(rows):
    return {name: make(HORIZON, 0).fit(*rows) for name, make in MODELS.items()}


def reference_of(model, rows):
    X, y = rows
    known = (y["event"] | y["competing"] | (y["duration_days"] >= HORIZON)).to_numpy(dtype=float)
    return build_reference(
        X, model.predict_risk(X, HORIZON), y["customer_id"], label=y["event"], weight=known
    )


@pytest.fixture
def stored(tmp_path, models, rows):
    """Store a model by its name and return the folder."""

    def store(name: str, out: str = "model") -> Path:
        save_artefact(tmp_path / out, models[name], about(name), reference_of(models[name], rows))
        return tmp_path / out

    return store


def manifest_in(folder):
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def reseal(folder, change=lambda manifest: None):
    """Do what somebody with ill will would do: change the manifest, and seal every file anew."""
    manifest = manifest_in(folder)
    manifest["files"] = {
        name: seal((folder / name).read_bytes()) if (folder / name).is_file() else sealed
        for name, sealed in manifest["files"].items()
    }
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
