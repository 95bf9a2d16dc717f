"""The interval form as steps: what each fact adds when it becomes known, and takes off again when it leaves a window.

So every count, sum and mean of an interval is a running sum over the customer's steps in the order of time, and every last
value the latest one given. All peers of the interval form are written so; they differ in how they sort and sum.
"""

from __future__ import annotations

CONTACTS_PER_SHARD = 500_000
"""Customers are taken in shards of about so many contacts, so that the steps are in memory whatever the size."""

LEAVES = {
    "escalated": (),
    "customers": (),
    "tickets": (7, 30, 90, 365),
    "repeats": (90,),
    "failed": (30, 90, 365),
    "deviations": (),
    "second": (180,),
    "verdicts": (),
    "rated": (365,),
    "reopened": (365,),
}
"""Days after which the facts of each log leave a window; ``deviations`` are failures of complaints.

Escalations come first: of all steps at one moment theirs is the first. They are acts, and cut where no feature changes.
"""

TIMES = {"customers": "first_seen_at", "tickets": "opened_at", "ticket_events": "known_at"}
"""Times of the tables' facts: intervals end a microsecond after the latest of all, whether a feature rests on it or not."""

STEPS = tuple((log, days) for log, leaves in LEAVES.items() for days in (0, *leaves))
"""Every kind of step: a log, and days after its facts were known."""

COUNTS = {
    **{f"tickets_{days}d": ("tickets", days) for days in (7, 30, 90, 365)},
    "tickets_ever": ("tickets", 0),
    "repeats_90d": ("repeats", 90),
    "repeats_ever": ("repeats", 0),
    **{f"failed_{days}d": ("failed", days) for days in (30, 90, 365)},
    "failed_ever": ("failed", 0),
    "double_deviations_ever": ("deviations", 0),
    "second_failures_180d": ("second", 180),
    "second_failures_ever": ("second", 0),
    "reopens_365d": ("reopened", 365),
    "rated_365d": ("rated", 365),
}
"""Log of each count, and its window in days; 0 is ever. ``rated_365d`` is no feature, but what a mean is divided by."""

MEANS = {
    "mean_severity_365d": ("tickets", 365, "tickets_365d"),
    "mean_csat_365d": ("rated", 365, "rated_365d"),
}
"""Log and window of each mean, and the count that divides it: every ticket has a severity."""

LASTS = {
    "failure_streak": "verdicts",
    "days_between_failures": "failed",
    "last_severity": "tickets",
    "last_csat": "rated",
}
"""Log whose latest value each is."""


def change(step: tuple[str, int], log: str, days: int) -> int:
    """Return what a step does to a count over a log and a window: 1, -1 or 0."""
    return (step == (log, 0)) - (days > 0 and step == (log, days))
