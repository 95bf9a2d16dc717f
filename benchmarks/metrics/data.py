"""Simulated follow-up with risks, written once and read by every engine from the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

END = 730.0
DAYS = np.linspace(60, 600, 10)
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """A metric, the resolution of its times, how many rows, and how many resamples at once (0: the rows alone)."""

    metric: str
    times: str
    rows: int
    resamples: int = 0


@dataclass(frozen=True)
class FollowUp:
    """Whether and when the event came, a score, and the risk by each of ``DAYS``, shape (rows, 10)."""

    event: npt.NDArray[np.bool_]
    day: Floats
    score: Floats
    risk: Floats


def write(times: str, rows: int, folder: Path, seed: int = 1) -> Path:
    """Write a file of doubles unless it is there; a quarter has the event, the others are censored by day 730."""
    path = folder / f"{times}-{rows}.bin"
    if path.exists():
        return path
    rng = np.random.default_rng(seed)
    line = rng.normal(-7.6, 0.8, rows)
    life, end = rng.exponential(size=rows) / np.exp(line), np.minimum(rng.exponential(1000, rows), END)
    score = np.round(line + rng.normal(0, 0.5, rows), 4)
    day = np.minimum(life, end)
    np.stack([life <= end, np.ceil(day) if times == "days" else day, score]).tofile(path)
    return path


def read(path: str) -> FollowUp:
    """Return the columns of a file, and the risks by each day that its score tells."""
    event, day, score = np.fromfile(path).reshape(3, -1)
    return FollowUp(event == 1, day, score, -np.expm1(-np.exp(score)[:, None] * DAYS))
