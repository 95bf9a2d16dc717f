"""Histories: what was known about each customer, as of any moment. The only unit that compares a date with a moment."""

from retaliation_risk.histories.asked import Asked, prepare
from retaliation_risk.histories.build import build_histories, end_of_observation
from retaliation_risk.histories.calendar import landmarks, later_landmarks, weeks
from retaliation_risk.histories.declare import (
    Aggregate,
    Area,
    Count,
    DaysSince,
    DaysSinceFirst,
    Decayed,
    Expression,
    Feature,
    Last,
    Mean,
    Spell,
    Streak,
    Sum,
)
from retaliation_risk.histories.definitions import EVIDENCE, Definitions
from retaliation_risk.histories.experiences import Experience, experiences
from retaliation_risk.histories.forms import build_intervals, build_risk_sets, count_at_risk, history_rows
from retaliation_risk.histories.histories import Histories
from retaliation_risk.histories.logs import LOGS
from retaliation_risk.histories.progress import Progress
from retaliation_risk.histories.question import Export
from retaliation_risk.histories.store import (
    compute_features,
    read_features,
    store_relation,
    stored_landmarks,
    stored_rows,
)
from retaliation_risk.histories.update import update_features
from retaliation_risk.histories.writing import write_as_of, write_intervals

__all__ = [
    "EVIDENCE",
    "LOGS",
    "Aggregate",
    "Area",
    "Asked",
    "Count",
    "DaysSince",
    "DaysSinceFirst",
    "Decayed",
    "Definitions",
    "Experience",
    "Export",
    "Expression",
    "Feature",
    "Histories",
    "Last",
    "Mean",
    "Progress",
    "Spell",
    "Streak",
    "Sum",
    "build_histories",
    "build_intervals",
    "build_risk_sets",
    "compute_features",
    "count_at_risk",
    "end_of_observation",
    "experiences",
    "history_rows",
    "landmarks",
    "later_landmarks",
    "prepare",
    "read_features",
    "store_relation",
    "stored_landmarks",
    "stored_rows",
    "update_features",
    "weeks",
    "write_as_of",
    "write_intervals",
]
