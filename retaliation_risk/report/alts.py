"""What each chart shows, in numbers, in words; for another language, translate this too."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from retaliation_risk.report import words
from retaliation_risk.report.formats import show
from retaliation_risk.report.sentences import counted, failures, metric_name, policy_name, span

Rows = Sequence[Mapping[str, Any]]


def capacity(rows: Rows, at: float | None) -> str:
    """State what each policy reaches at the capacity nearest to ``at``."""
    levels = sorted({row["capacity"] for row in rows if row["capacity"] is not None})
    near = min(levels, key=lambda level: abs(level - (at or levels[0])))
    here = sorted((r for r in rows if r["capacity"] == near), key=lambda r: (-(r["value"] or 0), r["policy"]))
    said = ", ".join(f"{policy_name(r['policy'])} {show(r['value'], 'percent')}" for r in here)
    return f"Line chart. With {counted(near, 'customers')} answered: {said}."


def decision(rows: Rows, model: str) -> str:
    """State where the model is worth more than answering all and none."""
    mine = {row["threshold"]: row for row in rows if row["model"] == model}
    best = {at: max(r["value"] for r in rows if r["threshold"] == at and r["model"] != model) for at in mine}
    above = [at for at, row in mine.items() if row["value"] > best[at]]
    if not above:
        return "Line chart. At none of the thresholds is answering by the model worth more than answering all or none."
    return (
        f"Line chart. Answering by the model is worth more than answering all or none at {len(above)} of {len(mine)} "
        f"thresholds, from {show(min(above), 'percent')} to {show(max(above), 'percent')}."
    )


def differences(rows: Rows) -> str:
    """State every difference with its interval, the pooled one last."""
    known = [row for row in rows if row["low"] is not None and row["high"] is not None]
    clear = sum(1 for row in known if row["low"] > 0 or row["high"] < 0)
    told = f"intervals that exclude 0: {clear} of {len(known)}" if known else "no difference has an interval"
    said = "; ".join(
        f"{show(row['split'], 'date')} {show(row['value'], 'per_hundred')} ({span(row, 'per_hundred')})"
        for row in rows
    )
    return f"Interval chart; {told}. Differences in points: {said}."


def effects(rows: Rows) -> str:
    """State how many intervals exclude 1, and the strongest of those."""
    clear = [r for r in rows if (r["low"] or 0) > 1 or (r["high"] or math.inf) < 1]
    if not clear:
        return f"Forest chart of {counted(len(rows), 'effects')}; every interval covers 1."
    top = max(clear, key=lambda r: (abs(math.log(r["estimate"])), r["feature"]))
    return (
        f"Forest chart of {counted(len(rows), 'effects')}, {len(clear)} with an interval that excludes 1. The strongest is "
        f"{top['feature']}: {top['kind']} {show(top['estimate'], 'ratio')} ({span(top, 'ratio')}) "
        f"{_per(top['unit'])}."
    )


def love_becomes_hate(rows: Rows) -> str:
    """State the hazard ratio of strength in each class that has one, and the acts in those that have none."""
    said = "; ".join(
        f"{row['group']}: {show(row['estimate'], 'ratio')} ({span(row, 'ratio')}, "
        f"{counted(row['n_events'], 'acts')})"
        for row in rows
        if row["estimate"] is not None
    )
    none = [f"{r['group']} ({counted(r['n_events'], 'acts')})" for r in rows if r["estimate"] is None]
    rest = f" Too few acts for an estimate: {', '.join(none)}." if none else ""
    return (
        "Interval chart. Hazard ratio per standard deviation of relationship strength, by failed recoveries: "
        f"{said}.{rest}"
    )


def _per(unit: str) -> str:
    return unit if unit.startswith("per ") else f"per {unit}" if unit else "per unit"


def survival(rows: Rows) -> str:
    """State what share of each group is left at its last day."""
    last = {row["failed_recoveries"]: row for row in rows}
    said = "; ".join(
        f"{failures(count)}: {show(row['survival'], 'percent')} at day {show(row['day'], 'count')}"
        for count, row in sorted(last.items())
    )
    return f"Step chart of the share that has not retaliated. {said}."


def exit_or_voice(rows: Rows) -> str:
    """State what share has left and has retaliated by the last day."""
    last = {row["cause"]: row for row in rows}
    said = "; ".join(
        f"{words.CAUSES[cause].lower()}: {show(row['incidence'], 'percent')} ({span(row, 'percent')})"
        for cause, row in last.items()
    )
    day = max(row["day"] for row in rows)
    return f"Step chart of the share of customers that has left or retaliated. By day {show(day, 'count')} {said}."


def over_time(rows: Rows, metric: str) -> str:
    """State the first and the last value, and the lowest, each with its moment."""
    first, last, least = rows[0], rows[-1], min(rows, key=lambda row: row["value"])
    return (
        f"Line chart of {metric_name(metric)} at {len(rows)} test moments: {_at(first)} first, {_at(last)} last, "
        f"lowest {_at(least)}."
    )


def _at(row: Mapping[str, Any]) -> str:
    return f"{show(row['value'], 'ratio')} on {show(row['split'], 'date')} ({span(row, 'ratio')})"


def calibration(rows: Rows) -> str:
    """State the highest bin, predicted and observed, and how many intervals hold the prediction."""
    full = [r for r in rows if None not in (r["predicted"], r["observed"], r["low"], r["high"])]
    if not full:
        return "Calibration chart without complete bins."
    top = max(full, key=lambda r: r["predicted"])
    held = sum(1 for r in full if r["low"] <= r["predicted"] <= r["high"])
    return (
        f"Calibration chart. In the highest bin {show(top['predicted'], 'percent')} were predicted and "
        f"{show(top['observed'], 'percent')} observed ({span(top, 'percent')}); "
        f"intervals that hold the prediction: {held} of {len(full)}."
    )


def served(rows: Rows) -> str:
    """State the group that each policy serves least, against its share of customers."""
    said = []
    for policy in dict.fromkeys(row["policy"] for row in rows):
        mine = [r for r in rows if r["policy"] == policy and r["share_of_queue"] is not None]
        if mine and (least := min(mine, key=lambda r: r["share_of_queue"] - (r["share_of_customers"] or 0))):
            said.append(
                f"{policy_name(policy)} serves least \u201c{least['group_kind']}: {least['group']}\u201d "
                f"({show(least['share_of_queue'], 'percent')} of its queue, "
                f"{show(least['share_of_customers'], 'percent')} of customers)"
            )
    return f"Chart of shares. {'; '.join(said)}."
