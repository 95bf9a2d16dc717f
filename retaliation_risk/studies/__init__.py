"""Papers as code: what each claims, how that is tested on histories, and the verdict, with failures told."""

from __future__ import annotations

from retaliation_risk.studies.find import find_studies
from retaliation_risk.studies.frame import Claim, Estimate, Study, verdict
from retaliation_risk.studies.panel import Panel, build_panel
from retaliation_risk.studies.papers import PAPERS, STUDIES
from retaliation_risk.studies.running import run_on_panel, run_studies
from retaliation_risk.studies.summary import summarise
from retaliation_risk.studies.world import simulated_panel
from retaliation_risk.studies.writing import write_own, write_simulated

__all__ = [
    "PAPERS",
    "STUDIES",
    "Claim",
    "Estimate",
    "Panel",
    "Study",
    "build_panel",
    "find_studies",
    "run_on_panel",
    "run_studies",
    "simulated_panel",
    "summarise",
    "verdict",
    "write_own",
    "write_simulated",
]
