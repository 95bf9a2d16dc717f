"""Grégoire and Fisher 2006: love is blind, or becomes hate, by who was in control."""

from __future__ import annotations

from retaliation_risk.studies.frame import Claim, Study

STUDY = Study(
    "gregoire_fisher_2006",
    "Grégoire & Fisher 2006, Marketing Letters 17(1) 31-46",
    "A survey; partial least squares with a latent product of relationship quality (RQ) and controllability.",
    (
        Claim(
            "F2",
            "RQ lowers the desire to retaliate where the firm had little control, and raises it "
            "where it had much",
            "order",
            source="abstract",
            unit="change of a path",
            why_not="what the firm could have helped is a switch of the simulator that is off "
            "(controllable_log_ratio) and not among the tables, and no test of it is written; no correlations "
            "were seen to start from. H1 tests the same crossing with earlier failures in its place",
        ),
    ),
    doi="10.1007/s11002-006-3796-4",
)
