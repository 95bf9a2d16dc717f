"""Hutzinger and Weitzl 2023: love is blind at first, and turns as failures add up."""

from __future__ import annotations

from itertools import pairwise

from retaliation_risk.studies.contrasts import (
    CLASSES,
    after_failure,
    gestures_to_loyal,
    loyalty_by_failures,
    smallest,
)
from retaliation_risk.studies.frame import Claim, Estimate, Study
from retaliation_risk.studies.panel import Panel

#: Rate ratios per SD between 0.82 and 1.22 count as similar: our choice; the paper gives no bound.
SIMILAR = 0.2
_UNIT = "log rate ratio per SD of loyalty"
_READS = "acts in the 28 days after a complaint (no failed recovery in a year) or a failed recovery (the first, a later one)"


def loyalty_effect(panel: Panel, failures: str) -> Estimate:
    """Effect of loyalty on acts after ``0``, ``1`` or ``2+`` failed recoveries."""
    rates, n_acts = loyalty_by_failures(panel)
    return rates.contrast({f"loyalty at {failures}": 1.0}, n_acts[CLASSES.index(failures)])


def crossing(panel: Panel) -> Estimate:
    """Rise of that effect from each class of failures to the next; the less certain of the two."""
    rates, n_acts = loyalty_by_failures(panel)
    steps = [
        rates.contrast({f"loyalty at {more}": 1.0, f"loyalty at {less}": -1.0}, n_acts[[k, k + 1]].min())
        for k, (less, more) in enumerate(pairwise(CLASSES))
    ]
    return smallest(steps)


def gesture_at_first(panel: Panel) -> Estimate:
    """Acts after a first failed recovery with an apology or compensation before it, against one without."""
    return after_failure(panel).contrast({"gesture": 1.0})


def gesture_wanes(panel: Panel) -> Estimate:
    """Change of that effect from the first to the second and to later failed recoveries, per step."""
    return after_failure(panel).contrast({"gesture x later": 1.0})


def boomerang(panel: Panel) -> Estimate:
    """Effect of a gesture per SD of loyalty at a third or later failed recovery."""
    return gestures_to_loyal(panel).contrast({"gesture x loyalty": 1.0, "gesture x loyalty x third": 1.0})


STUDY = Study(
    "hutzinger_weitzl_2023",
    "Hutzinger & Weitzl 2023, Internet Research 33(7) 19-45",
    "An experiment (n = 316) and a survey of online complainants (n = 492), by the number of earlier "
    "independent failures.",
    (
        Claim(
            "H1-none",
            "without earlier failures, revenge is lower where the relationship is strong",
            "sign",
            source="abstract, table 6",
            published=-1,
            unit=_UNIT,
            test=lambda panel: loyalty_effect(panel, "0"),
            by_construction=("loyalty_school",),
            off={"loyalty_school": "none"},
            reads_as=_READS,
        ),
        Claim(
            "H1-few",
            "after few it is similar",
            "number",
            source="abstract, table 6",
            published=0.0,
            unit=_UNIT,
            test=lambda panel: loyalty_effect(panel, "1"),
            tolerance=SIMILAR,
            by_construction=("loyalty_school",),
            off={"loyalty_school": "love_becomes_hate"},
            reads_as=f"{_READS}; similar: the whole interval within ±{SIMILAR}, a choice of ours",
        ),
        Claim(
            "H1-several",
            "after several it is higher",
            "sign",
            source="abstract, table 6",
            published=1,
            unit=_UNIT,
            test=lambda panel: loyalty_effect(panel, "2+"),
            by_construction=("loyalty_school",),
            off={"loyalty_school": "love_is_blind"},
            reads_as=_READS,
        ),
        Claim(
            "H1-order",
            "the effect of the relationship rises from none to few to several",
            "order",
            source="abstract, table 6",
            published=1,
            unit=_UNIT,
            test=crossing,
            by_construction=("loyalty_school",),
            off={"loyalty_school": "none"},
            reads_as=_READS,
        ),
        Claim(
            "H2-helps",
            "an accommodating answer helps after no or few earlier failures",
            "sign",
            source="abstract",
            published=-1,
            test=gesture_at_first,
            by_construction=("gesture_log_ratio",),
            off={"gesture_log_ratio": (0.0, 0.0, 0.0)},
            reads_as="apology or compensation before the first failed recovery; the paper's answers come "
            "after the complaint online",
        ),
        Claim(
            "H2-wanes",
            "it helps less, the more failures there were",
            "order",
            source="abstract",
            published=1,
            unit="log rate ratio per failure",
            test=gesture_wanes,
            by_construction=("gesture_log_ratio",),
            off={"gesture_log_ratio": (-0.3, -0.3, -0.3)},
            reads_as="the same at the second and at later failed recoveries, in even steps",
        ),
        Claim(
            "H2-boomerang",
            "after several it makes revenge worse where the relationship is strong",
            "sign",
            source="abstract",
            published=1,
            unit=_UNIT,
            test=boomerang,
            reads_as="apology or compensation before a third or later failed recovery; acts after it, over 84 days",
            not_simulated="no constant of the simulator lets loyalty change what an apology or a compensation does",
        ),
    ),
)
