"""Whom to answer first, by whom, and what to do then.

A policy turns what is known of the customers at one moment into a priority; it sees a table and never a
model. Policies differ in what they use, not in how they are judged: the same capacity, moments and outcomes
(``metrics/policy.py``, ``evaluate/replay.py``). A capacity says who is answered by which team on a day, a
playbook what is done for them. To be reached early is not yet to be won back: a claim of that kind needs
data on treatment.
"""

from retaliation_risk.policies._conditions import Condition
from retaliation_risk.policies._playbook_file import parse_playbook, playbook_toml, read_playbook
from retaliation_risk.policies._playbook_review import review_playbook
from retaliation_risk.policies.capacity import (
    ASSIGNED,
    PERIODS,
    WEEKDAYS,
    Capacity,
    State,
    Team,
    assign,
    pick,
    places,
)
from retaliation_risk.policies.contract import INFLUENCE_COLUMNS, Policy
from retaliation_risk.policies.mixed import Custom, InfluenceIfOpen, InfluenceTimesComplaint, Mixed
from retaliation_risk.policies.order import POLICIES, available, checked_priority, in_order, lots, queue
from retaliation_risk.policies.playbook import (
    Playbook,
    PlaybookRule,
    choose_action,
    choose_actions,
    fits,
    unusable_rules,
)
from retaliation_risk.policies.simple import (
    BiggestSpender,
    ExpectedHarm,
    FirstCome,
    InfluenceOnly,
    MostContacts,
    Oracle,
    RiskOnly,
    Rule,
)

__all__ = [
    "ASSIGNED",
    "INFLUENCE_COLUMNS",
    "PERIODS",
    "POLICIES",
    "WEEKDAYS",
    "BiggestSpender",
    "Capacity",
    "Condition",
    "Custom",
    "ExpectedHarm",
    "FirstCome",
    "InfluenceIfOpen",
    "InfluenceOnly",
    "InfluenceTimesComplaint",
    "Mixed",
    "MostContacts",
    "Oracle",
    "Playbook",
    "PlaybookRule",
    "Policy",
    "RiskOnly",
    "Rule",
    "State",
    "Team",
    "assign",
    "available",
    "checked_priority",
    "choose_action",
    "choose_actions",
    "fits",
    "in_order",
    "lots",
    "parse_playbook",
    "pick",
    "places",
    "playbook_toml",
    "queue",
    "read_playbook",
    "review_playbook",
    "unusable_rules",
]
