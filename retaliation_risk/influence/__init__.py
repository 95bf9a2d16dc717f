"""Influence: scores from 1 to 100 of public accounts, whose account is whose, and how far one public act carries."""

from __future__ import annotations

from retaliation_risk.influence.coverage import compute_coverage
from retaliation_risk.influence.identity import (
    contact_key,
    count_matches,
    match_accounts,
    normalise_email,
    normalise_handle,
)
from retaliation_risk.influence.learned import Learned, PairBlend, PairLogit, PairTrees
from retaliation_risk.influence.reach import ReachModel, fit_reach
from retaliation_risk.influence.score import score_followers
from retaliation_risk.influence.scorers import RULES, FollowersScore, Rule, RulesScore, Scorer
from retaliation_risk.influence.signals import SIGNALS, Signal, compute_signals
from retaliation_risk.influence.soundness import compute_gaming, compute_stability

__all__ = [
    "RULES",
    "SIGNALS",
    "FollowersScore",
    "Learned",
    "PairBlend",
    "PairLogit",
    "PairTrees",
    "ReachModel",
    "Rule",
    "RulesScore",
    "Scorer",
    "Signal",
    "compute_coverage",
    "compute_gaming",
    "compute_signals",
    "compute_stability",
    "contact_key",
    "count_matches",
    "fit_reach",
    "match_accounts",
    "normalise_email",
    "normalise_handle",
    "score_followers",
]
