"""Grégoire, Laufer and Tripp 2010: greed moves revenge most, and power opens the direct way."""

from __future__ import annotations

from retaliation_risk.studies.frame import Claim, Study

STUDY = Study(
    "gregoire_laufer_tripp_2010",
    "Grégoire, Laufer & Tripp 2010, Journal of the Academy of Marketing Science 38 738-758",
    "Two field studies, of online complaining and in stages after a failure; structural equations.",
    (
        Claim(
            "L1",
            "perceived greed moves the desire for revenge more than fairness and blame do",
            "order",
            source="abstract",
            unit="path",
            why_not="greed is a switch of the simulator that is off (greed_log_ratio), fairness is not simulated, "
            "none is among the tables, and the sizes of greed and blame were chosen: no order between them could "
            "be found; no correlations were seen",
        ),
        Claim(
            "L2",
            "perceived power matters for direct acts only",
            "order",
            source="abstract",
            unit="path",
            why_not="power is not simulated: direct acts follow the schema of a person, which nothing moves",
        ),
    ),
    doi="10.1007/s11747-009-0186-5",
)
