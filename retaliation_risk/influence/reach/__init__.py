"""How many people see one public act, given the followers of whoever acts: weakly tied, heavy-tailed.

An act is seen or not (a hurdle); what is seen has a log-normal body, and above a threshold the tail of a
generalised Pareto. Followers move the first two a little. What comes of it are an expected reach, the chance
of more than a given reach, and what the next act may do, each with an interval. See docs/reach.md.
"""

from __future__ import annotations

from retaliation_risk.influence.reach.body import Body
from retaliation_risk.influence.reach.diagnostics import mean_excess_table, qq_table, top_share
from retaliation_risk.influence.reach.fit import fit_reach
from retaliation_risk.influence.reach.followers import followers_say, followers_sentence
from retaliation_risk.influence.reach.hurdle import Hurdle
from retaliation_risk.influence.reach.model import ReachModel
from retaliation_risk.influence.reach.tail import Tail, fit_excess, fit_tail
from retaliation_risk.influence.reach.uncertainty import ReachDraws, bootstrap_reach

__all__ = [
    "Body",
    "Hurdle",
    "ReachDraws",
    "ReachModel",
    "Tail",
    "bootstrap_reach",
    "fit_excess",
    "fit_reach",
    "fit_tail",
    "followers_say",
    "followers_sentence",
    "mean_excess_table",
    "qq_table",
    "top_share",
]
