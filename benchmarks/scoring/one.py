"""One scoring, to be run in a process of its own."""

from __future__ import annotations

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pandas as pd

from retaliation_risk.artefacts import load_artefact
from retaliation_risk.pipeline import score


def ours(store: str, artefact: str) -> dict[str, object]:
    """Open the model, score the store, write Parquet: what ``retaliation-risk score`` does."""
    with TemporaryDirectory() as place:
        out = Path(place) / "out"
        found = score(Path(store), load_artefact(Path(artefact)), out, form="parquet")
        scores = duckdb.connect().execute(f"FROM '{out / 'scores.parquet'}' ORDER BY customer_id").df()
    return {"n": found["n_rows"], "risks": digest(scores["risk"].to_numpy())}


def pandas_whole(store: str, artefact: str) -> dict[str, object]:
    """Read the columns that the model needs into one frame, predict once, write Parquet: no check, no report."""
    opened = load_artefact(Path(artefact))
    names = list(opened.reference.names)
    files = sorted(Path(store, "features").glob("*.parquet"))
    frame = pd.concat([pd.read_parquet(path, columns=["customer_id", "moment", *names]) for path in files])
    frame = frame.sort_values(["customer_id", "moment"], ignore_index=True)
    scores = frame[["customer_id", "moment"]].assign(
        risk=opened.model.predict_risk(frame[names], opened.manifest.about.horizon_days)
    )
    with TemporaryDirectory() as place:
        scores.to_parquet(Path(place) / "scores.parquet")
    return {"n": len(scores), "risks": digest(scores["risk"].to_numpy())}


def digest(risk: np.ndarray) -> str:
    """Digest of the risks to twelve digits: sums over features may differ in the last bit between sizes of batch."""
    return hashlib.sha256(np.char.mod("%.12e", risk).tobytes()).hexdigest()
