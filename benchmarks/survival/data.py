"""Simulated rows with 10 covariates, written once and read by every engine from the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

COVARIATES = 10
EVENT_SHARE = 0.02


@dataclass(frozen=True)
class Case:
    """A kind of rows (right-censored or counting), the resolution of its times, and how many rows."""

    kind: str
    times: str
    rows: int

    @property
    def name(self) -> str:
        """As printed."""
        return f"{self.rows:.0e} {self.kind}, {self.times}".replace("e+0", "e")


def covariates(
    rng: np.random.Generator, rows: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Draw seven normal and three binary columns, and each row's true hazard ratio."""
    X = rng.normal(size=(rows, COVARIATES))
    X[:, 7:] = X[:, 7:] > 1
    truth = np.linspace(-0.3, 0.3, COVARIATES)
    return X, np.exp(X @ truth - 0.5 * truth @ truth)


def write(case: Case, folder: Path, seed: int = 1) -> Path:
    """Write start, stop, event and covariates, column after column, as doubles."""
    rng = np.random.default_rng(seed)
    X, rate = covariates(rng, case.rows)
    if case.kind == "right-censored":
        start, life = np.zeros(case.rows), rng.exponential(size=case.rows) / rate
        end = rng.exponential(2 * EVENT_SHARE, case.rows) * (0.5 + rng.random(case.rows)) / 2
        start_days, stop, event = start, np.minimum(life, end) * 30_000, life <= end
    else:
        start_days, length = rng.uniform(0, 700, case.rows), rng.exponential(60, case.rows) + 1
        life = rng.exponential(60 / EVENT_SHARE, case.rows) / rate
        stop, event = start_days + np.minimum(life, length), life <= length
    if case.times == "days":
        start_days = np.floor(start_days)
        stop = np.maximum(np.ceil(stop), start_days + 1)
    path = folder / f"{case.kind}-{case.times}-{case.rows}.bin"
    np.vstack([start_days, stop, event, X.T]).tofile(path)
    return path


def read(path: Path) -> tuple[npt.NDArray[np.float64], ...]:
    """Start, stop, event and covariates of a file, without a copy."""
    columns = np.fromfile(path).reshape(COVARIATES + 3, -1)
    return columns[0], columns[1], columns[2], columns[3:].T
