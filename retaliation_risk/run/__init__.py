"""A run: tables in, a run folder out, whole or not at all."""

from retaliation_risk.run.landmarks import Landmarks, build_landmarks, pairs_at_risk, with_influence
from retaliation_risk.run.model import model_metrics, run_metrics, save_model
from retaliation_risk.run.run import final_model, judge, known_acts, run
from retaliation_risk.run.settings import COMPARED, Settings
from retaliation_risk.run.work import Work

__all__ = [
    "COMPARED",
    "Landmarks",
    "Settings",
    "Work",
    "build_landmarks",
    "final_model",
    "judge",
    "known_acts",
    "model_metrics",
    "pairs_at_risk",
    "run",
    "run_metrics",
    "save_model",
    "with_influence",
]
