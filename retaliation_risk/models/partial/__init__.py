"""Cox's partial likelihood on numpy and scipy: see docs/method.md for the derivation, by hand on six rows."""

from __future__ import annotations

from retaliation_risk.models.partial.curves import (
    Baseline,
    baseline,
    cumulative_hazard,
    survival_curves,
)
from retaliation_risk.models.partial.fit import ChiSquare, CoxFit, fit_partial, fit_rows
from retaliation_risk.models.partial.intervals import Curves, survival_intervals
from retaliation_risk.models.partial.pairs import (
    Concordance,
    concordance,
    fit_concordance,
    rows_concordance,
)
from retaliation_risk.models.partial.proportional import ProportionalHazards, proportional_hazards_test
from retaliation_risk.models.partial.residuals import (
    Schoenfeld,
    deviance_residuals,
    dfbeta_residuals,
    martingale_residuals,
    schoenfeld_residuals,
    score_residuals,
)
from retaliation_risk.models.partial.rows import Rows, partial_rows
from retaliation_risk.models.partial.sampled import sampled_baseline

__all__ = [
    "Baseline",
    "ChiSquare",
    "Concordance",
    "CoxFit",
    "Curves",
    "ProportionalHazards",
    "Rows",
    "Schoenfeld",
    "baseline",
    "concordance",
    "cumulative_hazard",
    "deviance_residuals",
    "dfbeta_residuals",
    "fit_concordance",
    "fit_partial",
    "fit_rows",
    "martingale_residuals",
    "partial_rows",
    "proportional_hazards_test",
    "rows_concordance",
    "sampled_baseline",
    "schoenfeld_residuals",
    "score_residuals",
    "survival_curves",
    "survival_intervals",
]
