"""From models and policies to tables of scores: rolling origin, paired bootstrap, who is served.

Every statistic stands in a tidy table with its interval and its number of events. What cannot be computed
(no events) is NaN and stays in the table; so is an interval from fewer than ten customers with an event.
"""

from retaliation_risk.evaluate._bootstrap import FEWEST_EVENTS
from retaliation_risk.evaluate.capacity import capacity_curve, capacity_for_share, one_more_caught
from retaliation_risk.evaluate.contest import contest
from retaliation_risk.evaluate.decision import net_benefit_curve
from retaliation_risk.evaluate.referral import Referral, compare_referrals
from retaliation_risk.evaluate.replay import Replay, missed_by, replay
from retaliation_risk.evaluate.rolling import Backtest, learned, rolling_origin
from retaliation_risk.evaluate.scores import evaluate
from retaliation_risk.evaluate.search import SPACES, Search, search
from retaliation_risk.evaluate.shares import calibration_table, who_is_served
from retaliation_risk.evaluate.treatment import AnswerEffect, e_value, effect_of_answers

__all__ = [
    "FEWEST_EVENTS",
    "SPACES",
    "AnswerEffect",
    "Backtest",
    "Referral",
    "Replay",
    "Search",
    "calibration_table",
    "capacity_curve",
    "capacity_for_share",
    "compare_referrals",
    "contest",
    "e_value",
    "effect_of_answers",
    "evaluate",
    "learned",
    "missed_by",
    "net_benefit_curve",
    "one_more_caught",
    "replay",
    "rolling_origin",
    "search",
    "who_is_served",
]
