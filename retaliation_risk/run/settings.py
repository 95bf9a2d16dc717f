"""What a run is asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from retaliation_risk._validate import one_of, positive, within
from retaliation_risk.errors import ArgumentError
from retaliation_risk.histories import Definitions
from retaliation_risk.models import MODELS

#: Models that a run trains and judges unless told otherwise: what any model must beat, and one of each kind.
COMPARED = ("prevalence", "kaplan_meier", "rule", "cox", "landmark_cox", "logistic", "boosting")

#: Words in place of a number of controls: as many as there is room for, and everybody at risk.
CONTROLS = ("auto", "all")

#: Ten years: no horizon is longer.
LONGEST_DAYS = 3650


@dataclass(frozen=True)
class Settings:
    """Settings of a run; printed in run.json and in the report.

    Parameters
    ----------
    outcome : str
        ``retaliation``, one outcome type, or one ticket event type such as ``reopened``.
    horizon_days : float
        How far ahead a risk looks.
    capacity : int
        Customers that the team can answer at each moment.
    model : str
        Model whose risk orders the queue, one of ``MODELS``; trained and judged even where ``compare`` does not name it.
    compare : tuple of str
        Models to train and judge, of ``MODELS``.
    controls : int, "auto" or "all"
        Customers that each one who acted is compared with, for models that learn at the moments of acts. ``"auto"``: all
        who were at risk where that makes few rows, else as many as there is room for; see
        :mod:`retaliation_risk.run.risk_sets`.
    every_days : float or None
        Distance between landmarks; None takes the horizon, or less where the history is short (twelve landmarks at least,
        a day apart at least).
    test_moments : int
        Most moments to judge at.
    n_bootstrap : int
        Draws of customers behind each interval.
    seed : int
        Of the bootstrap, of sampled controls and of models that draw; in [0, 4294967295].
    now : Timestamp or None
        Moment of the queue, UTC; None takes the last moment at which anything was observed.
    playbook : Path or None
        What is done for whom, as :func:`retaliation_risk.policies.read_playbook` reads it; None takes the shipped one.
    definitions : Definitions
        What counts as a failed recovery and as a second failure.
    """

    outcome: str = "retaliation"
    horizon_days: float = 30.0
    capacity: int = 50
    model: str = "cox"
    compare: tuple[str, ...] = COMPARED
    controls: int | str = "auto"
    every_days: float | None = None
    test_moments: int = 12
    n_bootstrap: int = 500
    seed: int = 0
    now: pd.Timestamp | None = None
    playbook: Path | None = None
    definitions: Definitions = field(default_factory=Definitions)

    def __post_init__(self) -> None:
        within("horizon_days", positive("horizon_days", self.horizon_days), 0, LONGEST_DAYS)
        positive("capacity", self.capacity)
        positive("test_moments", self.test_moments)
        positive("n_bootstrap", self.n_bootstrap)
        within("seed", self.seed, 0, 2**32 - 1)
        if self.every_days is not None:
            positive("every_days", self.every_days)
        for name in (self.model, *self.compare):
            one_of("model", name, tuple(MODELS))
        if isinstance(self.controls, str) and self.controls not in CONTROLS:
            raise ArgumentError(
                "RR111", f"controls is {self.controls!r}; it must be a number above 0, auto or all."
            )
        if not isinstance(self.controls, str):
            positive("controls", self.controls)

    @property
    def models(self) -> tuple[str, ...]:
        """Models to train and judge, each once: those compared, and the one that orders the queue."""
        return tuple(dict.fromkeys((*self.compare, self.model)))

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as JSON-able values."""
        return {
            "outcome": self.outcome,
            "horizon_days": self.horizon_days,
            "capacity": self.capacity,
            "model": self.model,
            "compare": list(self.models),
            "controls": self.controls,
            "every_days": self.every_days,
            "test_moments": self.test_moments,
            "n_bootstrap": self.n_bootstrap,
            "playbook": "shipped" if self.playbook is None else self.playbook.name,
            "definitions": self.definitions.as_dict(),
        }
