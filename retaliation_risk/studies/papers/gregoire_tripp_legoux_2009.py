"""Grégoire, Tripp and Legoux 2009: revenge fades, avoidance grows, and both hold longer where love was strong."""

from __future__ import annotations

from retaliation_risk.studies.contrasts import after_failure, gestures_to_loyal
from retaliation_risk.studies.frame import Claim, Estimate, Study
from retaliation_risk.studies.panel import Panel

_LONG_DAYS = 168.0


def revenge_fades(panel: Panel) -> Estimate:
    """Change of the rate of acts per month since a failed recovery, at mean loyalty."""
    return after_failure(panel).contrast({"months": 1.0})


def revenge_fades_by_loyalty(panel: Panel) -> Estimate:
    """How much that change is less per SD of loyalty."""
    return after_failure(panel).contrast({"months x loyalty": 1.0})


def avoidance_grows(panel: Panel) -> Estimate:
    """Change of the rate of leaving per month since a failed recovery, at mean loyalty."""
    return after_failure(panel, "exits", days=_LONG_DAYS).contrast({"months": 1.0})


def avoidance_grows_by_loyalty(panel: Panel) -> Estimate:
    """How much that change is more per SD of loyalty."""
    return after_failure(panel, "exits", days=_LONG_DAYS).contrast({"months x loyalty": 1.0})


def recovery_moves_the_loyal(panel: Panel) -> Estimate:
    """How much more a gesture lowers acts per SD of loyalty, at the first and second failed recovery."""
    return gestures_to_loyal(panel).contrast({"gesture x loyalty": 1.0})


STUDY = Study(
    "gregoire_tripp_legoux_2009",
    "Grégoire, Tripp & Legoux 2009, Journal of Marketing 73(6) 18-32",
    "Online complainers of two sites asked again over two months, and an experiment; growth models.",
    (
        Claim(
            "G1",
            "the desire for revenge falls with time",
            "sign",
            source="abstract",
            published=-1,
            unit="log rate ratio per month",
            test=revenge_fades,
            by_construction=("revenge_half_life_days",),
            off={"revenge_half_life_days": 1e6},
            reads_as="acts after a failed recovery, over 84 days",
        ),
        Claim(
            "G2",
            "the desire for avoidance grows with time",
            "sign",
            source="abstract",
            published=1,
            unit="log rate ratio per month",
            test=avoidance_grows,
            reads_as="leaving after a failed recovery, over 168 days; whether it fades (Knox & van Oest) or "
            "grows is contested, and the "
            "simulator's exit_half_life_days takes the former side; avoidance as orders not made is a switch that is "
            "off (avoidance_share) and not what is tested",
        ),
        Claim(
            "G3",
            "revenge falls more slowly where the relationship is strong",
            "sign",
            source="abstract",
            published=1,
            unit="log rate ratio per month and SD of loyalty",
            test=revenge_fades_by_loyalty,
            by_construction=("half_life_loyalty",),
            off={"half_life_loyalty": 0.0},
            reads_as="acts after a failed recovery, over 84 days",
        ),
        Claim(
            "G4",
            "avoidance grows faster where the relationship is strong",
            "sign",
            source="abstract",
            published=1,
            unit="log rate ratio per month and SD of loyalty",
            test=avoidance_grows_by_loyalty,
            reads_as="leaving after a failed recovery, over 168 days",
            not_simulated="no constant lets loyalty change how leaving develops; avoidance_loyalty does so for orders, "
            "which this test does not read",
        ),
        Claim(
            "G5",
            "customers with a strong relationship are moved more by any recovery",
            "sign",
            source="abstract",
            published=-1,
            test=recovery_moves_the_loyal,
            unit="log rate ratio per SD of loyalty",
            reads_as="apology or compensation before the recovery failed; acts after it, over 84 days",
            not_simulated="no constant of the simulator lets loyalty change what an apology or a compensation does",
        ),
    ),
    doi="10.1509/jmkg.73.6.18",
)
