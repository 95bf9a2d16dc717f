"""Grégoire and Fisher 2008: best customers can become the worst enemies, by way of betrayal."""

from __future__ import annotations

from retaliation_risk.studies.contrasts import loyalty_by_failures
from retaliation_risk.studies.frame import Claim, Estimate, Study
from retaliation_risk.studies.panel import Panel


def loyal_and_let_down(panel: Panel) -> Estimate:
    """Change of the loyalty effect on acts, from no failed recovery to two or more."""
    rates, n_acts = loyalty_by_failures(panel)
    return rates.contrast({"loyalty at 2+": 1.0, "loyalty at 0": -1.0}, min(n_acts[0], n_acts[2]))


STUDY = Study(
    "gregoire_fisher_2008",
    "Grégoire & Fisher 2008, Journal of the Academy of Marketing Science 36(2) 247-261",
    "A national sample of airline passengers who complained to an agency after a failed recovery; "
    "moderated regressions.",
    (
        Claim(
            "F1",
            "relationship quality amplifies what unfairness does to betrayal, and so to retaliation",
            "order",
            source="abstract",
            published=1,
            test=loyal_and_let_down,
            by_construction=("loyalty_school",),
            off={"loyalty_school": "none"},
            reads_as="betrayal is not recorded; acts are, and failed recoveries stand for unfairness",
        ),
        Claim(
            "F1-path",
            "betrayal carries it on to demands for reparation and to retaliation",
            "order",
            source="abstract",
            unit="path",
            why_not="neither betrayal nor demands are simulated, and no correlations were seen to start from",
        ),
    ),
    doi="10.1007/s11747-007-0054-0",
)
