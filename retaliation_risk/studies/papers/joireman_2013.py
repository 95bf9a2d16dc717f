"""Joireman, Grégoire, Devezer and Tripp 2013: when customers want revenge, and when they would be reconciled."""

from __future__ import annotations

from retaliation_risk.studies.contrasts import after_failure
from retaliation_risk.studies.frame import Claim, Estimate, Study
from retaliation_risk.studies.panel import Panel


def graver_failures(panel: Panel) -> Estimate:
    """Acts after a failed recovery, per point of severity."""
    return after_failure(panel).contrast({"severity": 1.0})


STUDY = Study(
    "joireman_2013",
    "Joireman, Grégoire, Devezer & Tripp 2013, Journal of Retailing 89(3) 315-337",
    "Structural equations and experiments: severity, blame and fairness, an inferred motive, anger, "
    "revenge or reconciliation.",
    (
        Claim(
            "J1",
            "graver failures lead, by motive and anger, to more desire for revenge",
            "sign",
            source="abstract",
            published=1,
            unit="log rate ratio per point of severity",
            test=graver_failures,
            by_construction=("severity_log_ratio",),
            off={"severity_log_ratio": 0.0},
            reads_as="acts in the 84 days after a failed recovery; the whole effect, not its path",
        ),
        Claim(
            "J2",
            "an inferred negative motive leads to anger, and that to the desire for revenge",
            "order",
            source="abstract",
            unit="path",
            why_not="motive and anger are not simulated and not among the tables; no correlations were seen",
        ),
        Claim(
            "J3",
            "compensation and apology together turn the inferred motive",
            "order",
            source="abstract",
            unit="difference of means",
            why_not="the simulator does not tell the two gestures apart in what they do, and motive is not "
            "simulated",
        ),
    ),
)
