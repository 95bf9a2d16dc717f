"""Grégoire, Ghadami, Laporte, Sénécal and Larocque 2018: what revenge does to those who take it."""

from __future__ import annotations

from retaliation_risk.studies.contrasts import after_acting
from retaliation_risk.studies.frame import Claim, Estimate, Study
from retaliation_risk.studies.panel import Panel

_OFF = {"act_ratio": (1.0, 1.0)}
_READS = "acts after the first failed recovery of a year, by who had acted so before, equally prone"


def after_direct(panel: Panel) -> Estimate:
    """Later acts of who had acted directly, against who had not."""
    return after_acting(panel).contrast({"direct": 1.0})


def after_indirect(panel: Panel) -> Estimate:
    """Later acts of who had acted behind the firm's back, against who had not."""
    return after_acting(panel).contrast({"indirect": 1.0})


STUDY = Study(
    "gregoire_2018",
    "Grégoire, Ghadami, Laporte, Sénécal & Larocque 2018, Journal of the Academy of Marketing "
    "Science 46(6) 1052-1071",
    "A longitudinal field study and experiments.",
    (
        Claim(
            "A1-direct",
            "the more direct revenge, the larger the later fall of the desire for it",
            "sign",
            source="abstract",
            published=-1,
            test=after_direct,
            by_construction=("act_ratio",),
            off=_OFF,
            reads_as=_READS,
        ),
        Claim(
            "A1-indirect",
            "the more indirect revenge, the higher the later desire for it",
            "sign",
            source="abstract",
            published=1,
            test=after_indirect,
            by_construction=("act_ratio",),
            off=_OFF,
            reads_as=_READS,
        ),
        Claim(
            "A1-compensation",
            "full compensation or more works for those who took direct revenge",
            "sign",
            source="abstract",
            published=-1,
            why_not="no constant of the simulator lets earlier acts change what a compensation does",
        ),
    ),
    doi="10.1007/s11747-018-0597-2",
)
