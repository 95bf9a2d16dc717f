"""How good risks and queues are: arrays in, numbers out; no tables, no models, no plots.

Every metric takes ``weight`` of shape (n,) and returns a float, or of shape (B, n) and returns an array of
shape (B,): one value for each of B weightings, which is what a bootstrap asks for.

Two families: at one horizon, from outcomes known there (``auroc``, ``brier``, ``calibration_slope``), and from
the follow-up itself, censored rows included (``concordance``, and all whose name ends in ``_at``).
"""

from retaliation_risk.metrics.answers import AnswersPerEvent, answers_per_event
from retaliation_risk.metrics.auc import auc_at, mean_auc
from retaliation_risk.metrics.calibration import (
    CalibrationCurve,
    calibration_curve,
    calibration_intercept,
    calibration_slope,
    wilson,
)
from retaliation_risk.metrics.classification import auprc, auroc, brier, scaled_brier
from retaliation_risk.metrics.delong import AurocDifference, auroc_covariance, compare_auroc
from retaliation_risk.metrics.drift import (
    bin_counts,
    psi,
    psi_by_chance,
    psi_p_value,
    quantile_edges,
    share_change,
)
from retaliation_risk.metrics.horizon import calibration_curve_at, calibration_slope_at, observed_expected
from retaliation_risk.metrics.multiple import holm, simultaneous_band
from retaliation_risk.metrics.policy import (
    events_reached,
    lift,
    net_benefit,
    precision,
    reach_averted,
    workload,
    workload_saved,
)
from retaliation_risk.metrics.power import events_needed, power_of
from retaliation_risk.metrics.prediction_error import brier_at, integrated_brier, scaled_brier_at
from retaliation_risk.metrics.survival import concordance, uno_concordance

__all__ = [
    "AnswersPerEvent",
    "AurocDifference",
    "CalibrationCurve",
    "answers_per_event",
    "auc_at",
    "auprc",
    "auroc",
    "auroc_covariance",
    "bin_counts",
    "brier",
    "brier_at",
    "calibration_curve",
    "calibration_curve_at",
    "calibration_intercept",
    "calibration_slope",
    "calibration_slope_at",
    "compare_auroc",
    "concordance",
    "events_needed",
    "events_reached",
    "holm",
    "integrated_brier",
    "lift",
    "mean_auc",
    "net_benefit",
    "observed_expected",
    "power_of",
    "precision",
    "psi",
    "psi_by_chance",
    "psi_p_value",
    "quantile_edges",
    "reach_averted",
    "scaled_brier",
    "scaled_brier_at",
    "share_change",
    "simultaneous_band",
    "uno_concordance",
    "wilson",
    "workload",
    "workload_saved",
]
