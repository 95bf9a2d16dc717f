"""What every peer must compute: the features, each with its meaning, and the two tables that hold them.

Facts count by when they were known: ``known_at < moment``, and within a window ``moment - window <= known_at``. Rows of
equal time are in the order of ``ticket_id``. A ticket is a *repeat* if the customer's last ticket with the same
issue_key was opened at most 30 days before. A ticket's recovery *failed* when the first of these was known: it was
reopened, escalated, rated below 0.4, or the next ticket of the same issue_key was a repeat. It closed *clean* when it
was closed and had not failed by then. A *second failure* is a complaint opened after another complaint's recovery
failed, at most 180 days after the latest such failure.

The *landmarks* hold every feature of every customer at twelve moments. The *intervals* hold the features that stay as
they are between the facts: one row per customer and stretch (start, stop] from ``first_seen_at`` to a microsecond after
the last fact of all. It is cut wherever a fact that a feature counts becomes known or leaves the feature's window, and at
every escalation. ``event`` says whether the customer escalated exactly at ``stop``; the features are those of any moment in
(start, stop]. No fact of this world is older than ``first_seen_at``.
"""

from __future__ import annotations

from retaliation_risk.histories import (
    Count,
    DaysSince,
    DaysSinceFirst,
    Definitions,
    Feature,
    Last,
    Mean,
    Streak,
)
from retaliation_risk.histories.declare import Aggregate

DEFINITIONS = Definitions(evidence=("reopened", "escalated", "bad_csat", "repeat"))


def _feature(name: str, about: str, value: Aggregate) -> Feature:
    return Feature(name, "", about, "benchmark", value)


FEATURES = (
    *(_feature(f"tickets_{d}d", f"Tickets opened in {d} days.", Count("tickets", days=d)) for d in (7, 30, 90, 365)),
    _feature("tickets_ever", "Tickets opened.", Count("tickets")),
    _feature("repeats_90d", "Repeats opened in 90 days.", Count("tickets", where="repeat", days=90)),
    _feature("repeats_ever", "Repeats opened.", Count("tickets", where="repeat")),
    *(_feature(f"failed_{d}d", f"Recoveries that failed in {d} days.", Count("failed_recoveries", days=d))
      for d in (30, 90, 365)),
    _feature("failed_ever", "Recoveries that failed.", Count("failed_recoveries")),
    _feature("failure_streak", "Latest run of failures without a clean closing between.",
             Streak("verdicts", where="failed")),
    _feature("double_deviations_ever", "Complaints whose recovery failed.",
             Count("double_deviations", where="failed_recovery")),
    _feature("second_failures_180d", "Second failures in 180 days.",
             Count("double_deviations", where="second_failure", days=180)),
    _feature("second_failures_ever", "Second failures.", Count("double_deviations", where="second_failure")),
    _feature("days_since_contact", "Whole days since the latest ticket.", DaysSince("tickets")),
    _feature("days_since_failed", "Whole days since the latest failure.", DaysSince("failed_recoveries")),
    _feature("days_between_failures", "Days between the latest two failures.", Last("failed_recoveries", "gap_days")),
    _feature("last_severity", "Severity of the latest ticket.", Last("tickets", "severity")),
    _feature("mean_severity_365d", "Mean severity of tickets in 365 days.", Mean("tickets", "severity", days=365)),
    _feature("last_csat", "Latest satisfaction.", Last("events", "csat")),
    _feature("mean_csat_365d", "Mean satisfaction in 365 days.", Mean("events", "csat", days=365)),
    _feature("reopens_365d", "Reopenings in 365 days.", Count("events", where="reopened", days=365)),
    _feature("tenure_days", "Whole days since first seen.", DaysSinceFirst("customers")),
)  # fmt: skip

NAMES = tuple(feature.name for feature in FEATURES)
CONSTANT = tuple(f for f in FEATURES if not isinstance(f.value, DaysSince | DaysSinceFirst))
"""The features that no passing of time changes between two facts."""

NAMES_CONSTANT = tuple(feature.name for feature in CONSTANT)
OUTCOME = "escalated"
REAL = ("days_between_failures", "mean_severity_365d", "mean_csat_365d")
"""Features that are no whole numbers or values as recorded: equal to 1e-9, the others exactly."""
