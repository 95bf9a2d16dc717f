"""Influence: a score from public followers, and how far one public act carries."""

from __future__ import annotations

from retaliation_risk.influence.reach import ReachModel, fit_reach
from retaliation_risk.influence.score import score_followers

__all__ = ["ReachModel", "fit_reach", "score_followers"]
