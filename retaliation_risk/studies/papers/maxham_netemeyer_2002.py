"""Maxham and Netemeyer 2002: two failures, two recoveries, and no paradox after the second."""

from __future__ import annotations

from retaliation_risk.studies.contrasts import smallest, two_failures
from retaliation_risk.studies.frame import Claim, Estimate, Study
from retaliation_risk.studies.panel import Panel

_NO_SWITCH = {"failure_ratio": (1.0, 1.0, 1.0)}
_RATED = "satisfaction, word of mouth and intent are not asked; acts in the 90 days after the second complaint are counted"


def _contrast(panel: Panel, more: str, less: str) -> Estimate:
    """Log rate ratio of acts between two sequences; ``SS`` is what the others are compared with."""
    rates, n_acts = two_failures(panel)
    weights = {name: sign for name, sign in ((more, 1.0), (less, -1.0)) if name != "SS"}
    return rates.contrast(weights, min(n_acts[more], n_acts[less]))


def lowest_after_two(panel: Panel) -> Estimate:
    """Acts after U,U against each other sequence; the least certain of the three."""
    return smallest([_contrast(panel, "UU", other) for other in ("SS", "SU", "US")])


def ending_well(panel: Panel) -> Estimate:
    """Acts after S then U, against U then S."""
    return _contrast(panel, "SU", "US")


def second_recovery(panel: Panel) -> Estimate:
    """Acts after a second recovery that failed against one that held, after either first; the less certain of the two."""
    return smallest([_contrast(panel, "SU", "SS"), _contrast(panel, "UU", "US")])


STUDY = Study(
    "maxham_netemeyer_2002",
    "Maxham & Netemeyer 2002, Journal of Marketing 66(4) 57-71",
    "Repeated measures in the field over 20 months: complainants with two failures and two "
    "recoveries, each satisfying (S) or not (U).",
    (
        Claim(
            "MN1",
            "after two satisfying recoveries ratings are not above those before the second failure",
            "order",
            source="abstract",
            published=-1,
            why_not="no ratings are simulated between tickets, and no constant lets a good recovery leave a "
            "customer better "
            "than before: the claim could not fail",
        ),
        Claim(
            "MN2",
            "ratings are lowest after two unsatisfying recoveries",
            "order",
            source="abstract",
            published=1,
            test=lowest_after_two,
            by_construction=("failure_ratio",),
            off=_NO_SWITCH,
            reads_as=f"{_RATED}: most after U,U",
        ),
        Claim(
            "MN3",
            "unsatisfying then satisfying ends higher than satisfying then unsatisfying",
            "order",
            source="abstract",
            published=1,
            test=ending_well,
            by_construction=("failure_ratio", "revenge_half_life_days"),
            off=_NO_SWITCH,
            reads_as=f"{_RATED}: fewer after U,S than after S,U",
        ),
        Claim(
            "MN4",
            "the second recovery matters whatever the first was",
            "order",
            source="abstract",
            published=1,
            test=second_recovery,
            by_construction=("failure_ratio",),
            off=_NO_SWITCH,
            reads_as=f"{_RATED}: fewer where the second recovery held",
        ),
        Claim(
            "MN5",
            "blame rises more from the first failure to the second after an unsatisfying recovery",
            "order",
            source="abstract",
            why_not="whether the firm could have helped it is drawn for each failed recovery without regard to "
            "earlier ones, and is not among the tables",
        ),
        Claim(
            "MN6",
            "severity and expectations rise more after a satisfying recovery",
            "order",
            source="abstract",
            why_not="severity is drawn for each complaint without regard to earlier ones, and expectations "
            "are not simulated",
        ),
        Claim(
            "MN7",
            "similar failures, and failures close in time, weaken the recovery",
            "order",
            source="abstract",
            why_not="what a ticket is about changes nothing in the simulated hazard, and no constant ties "
            "the working of a "
            "recovery to the time between failures",
        ),
    ),
    doi="10.1509/jmkg.66.4.57.18512",
)
