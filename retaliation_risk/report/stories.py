"""Sentences on customers: whom to call, what they went through and did, and what changed since; translate this too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from retaliation_risk.explain import in_words
from retaliation_risk.histories import Definitions, Experience
from retaliation_risk.report import words
from retaliation_risk.report.formats import show
from retaliation_risk.report.sentences import counted, failures, metric_name, places, policy_name, span

Row = Mapping[str, Any]


def queue_intro(policy: str, shown: int, total: int, setup: Any) -> str:
    """Introduce the queue."""
    known = words.POLICIES.get(policy)
    order = f"{policy_name(policy).lower()} ({known.about})" if known else policy_name(policy).lower()
    cut = "" if setup.capacity is None else f", {places(setup)}"
    less = (
        f" The first {show(shown, 'count')} are shown; the file has all {show(total, 'count')}."
        if shown < total
        else ""
    )
    return f"Start at the top. Order: {order}{cut}.{less}"


def action(name: str) -> str:
    """Write the name of an action with spaces.

    Examples
    --------
    >>> action("manager_call")
    'Manager call'
    """
    words_ = name.replace("_", " ")
    return f"{words_[:1].upper()}{words_[1:]}"


def experience(row: Row, ticket: str, definitions: Definitions) -> str:
    """Tell one ticket in a line: when, about what, what happened, whether it was made good.

    Examples
    --------
    >>> row = {"opened_at": "2026-02-01T10:00:00", "issue_key": "billing", "is_complaint": "True", "is_open": "True",
    ...        "happened": "message_in message_out solved reopened", "failed": "reopened"}
    >>> experience(row, "T1", Definitions())
    '2026-02-01 · billing · reported a failure, answered, solved, reopened · not made good: had to be reopened ·
    still open · T1'
    """
    told = Experience(
        ticket_id=ticket,
        opened_at=pd.Timestamp(row["opened_at"]),
        is_complaint=row["is_complaint"] == "True",
        happened=tuple(row["happened"].split()),
        failed=row["failed"],
        is_open=row["is_open"] == "True",
    )
    parts = [show(row["opened_at"], "date"), row["issue_key"], *in_words(told, definitions), ticket]
    return " · ".join(part for part in parts if part)


def exit_or_voice(rows: Sequence[Row]) -> str:
    """Say what share leaves and what share retaliates: of all, of those never let down, of those let down most.

    Examples
    --------
    >>> row = {"failed_recoveries": "all", "leaving": 0.012, "retaliation": 0.004, "day": 30.0}
    >>> print(exit_or_voice([row]).replace("\u00a0", " "))
    Exit or voice: within 30 days 1.2 % of customers leave without retaliating and 0.4 % retaliate.
    """
    whole = rows[0]
    said = (
        f"Exit or voice: within {show(whole['day'], 'count')} days {show(whole['leaving'], 'percent')} of customers leave "
        f"without retaliating and {show(whole['retaliation'], 'percent')} retaliate."
    )
    classes = [row for row in rows[1:] if None not in (row["leaving"], row["retaliation"])]
    if len(classes) < 2:
        return said
    least, most = classes[0], classes[-1]
    return f"{said} After {_both(least)}; after {_both(most)}."


def _both(row: Row) -> str:
    leave, act = show(row["leaving"], "percent"), show(row["retaliation"], "percent")
    return f"{failures(row['failed_recoveries'])} it is {leave} and {act}"


def no_earlier_run() -> str:
    """Say that there is nothing to compare this run with."""
    return "There is no earlier run beside this one, so nothing can be said of what changed. Name one with --since."


def since(before: Row, now: Row) -> str:
    """Say which two runs are compared."""
    return (
        f"Compared with the run {before['run']}, as of {show(before['now'], 'date')}; this one is as of "
        f"{show(now['now'], 'date')}."
    )


def other_settings(names: Sequence[str]) -> str:
    """Warn that two runs were asked different things."""
    return f"The two runs differ in their settings ({', '.join(names)}): a change may come from that alone."


def moved_queue(came: int, went: int, stayed: int) -> str:
    """Say how many customers entered and left the queue."""
    new = f"{counted(came, 'customers')} {'is' if came == 1 else 'are'} new"
    left = f"{show(went, 'count')} left it" if went else "nobody left it"
    return f"In the queue {new}, {show(stayed, 'count')} stayed, {left}."


def moved_risk(before: float, now: float) -> str:
    """Say how the mean risk of all customers moved."""
    if before == now:
        return f"The mean risk of all customers is {show(now, 'percent')}, as before."
    way = "up" if now > before else "down"
    return (
        f"The mean risk of all customers went {way} from {show(before, 'percent')} to {show(now, 'percent')}."
    )


def moved_value(policy: str, metric: str, before: Row, now: Row) -> str:
    """Say how what a policy reaches moved, each value with its interval; an overlap is no proof of no change."""
    return (
        f"{policy_name(policy)}, {metric_name(metric).lower()}: {show(before['value'], 'percent')} "
        f"({span(before, 'percent')}) then, {show(now['value'], 'percent')} ({span(now, 'percent')}) now."
    )


def moved_effects(apart: Sequence[str], n: int) -> str:
    """Say which effects moved by more than their intervals allow.

    Examples
    --------
    >>> moved_effects([], 12)
    'Of 12 effects none moved beyond the interval it had.'
    """
    if not apart:
        return f"Of {counted(n, 'effects')} none moved beyond the interval it had."
    return f"Of {counted(n, 'effects')} {len(apart)} moved beyond the interval: {', '.join(apart)}."
