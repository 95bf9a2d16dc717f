"""How good risks and queues are: arrays in, numbers out; no tables, no models, no plots.

Every metric takes ``weight`` of shape (n,) and returns a float, or of shape (B, n) and returns an array of
shape (B,): one value for each of B weightings, which is what a bootstrap asks for.
"""

from retaliation_risk.metrics.calibration import (
    CalibrationCurve,
    calibration_curve,
    calibration_intercept,
    calibration_slope,
    wilson,
)
from retaliation_risk.metrics.classification import auprc, auroc, brier, scaled_brier
from retaliation_risk.metrics.policy import (
    events_reached,
    lift,
    net_benefit,
    precision,
    reach_averted,
    workload,
    workload_saved,
)
from retaliation_risk.metrics.survival import concordance

__all__ = [
    "CalibrationCurve",
    "auprc",
    "auroc",
    "brier",
    "calibration_curve",
    "calibration_intercept",
    "calibration_slope",
    "concordance",
    "events_reached",
    "lift",
    "net_benefit",
    "precision",
    "reach_averted",
    "scaled_brier",
    "wilson",
    "workload",
    "workload_saved",
]
