"""Sentences on the model: how well it ranks, whether its risks can be read as they are, what it learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from retaliation_risk.report import words
from retaliation_risk.report.formats import show
from retaliation_risk.report.sentences import counted, failures, interval, metric_name

Row = Mapping[str, Any]


def not_better(model: str, metric: str, baselines: Sequence[str], others: Sequence[str]) -> str:
    """Say that the chosen model does not beat what any model must beat."""
    names = " and ".join(words.MODELS.get(name, name) for name in baselines)
    mine = words.MODELS.get(model, model)
    rest = " and ".join(words.MODELS.get(name, name) for name in others)
    first = (
        f"{rest} beats the baselines, the chosen model does not" if others else "No model beats the baselines"
    )
    return f"{first}: by {metric_name(metric)} {mine} is not shown to be better than {names}."


def better(model: str, metric: str, row: Row, nearest: tuple[str, Row] | None) -> str:
    """Say by how much the chosen model ranks better than each baseline, the best of them named."""
    close = ""
    if nearest is not None:
        name, difference = nearest
        close = (
            f"; the smallest difference, to {words.MODELS.get(name, name)}, is "
            f"{show(difference['value'], 'ratio')} ({interval(difference, 'ratio')})"
        )
    return (
        f"{words.MODELS.get(model, model)} ranks customers better than every baseline: "
        f"{metric_name(metric)} "
        f"{show(row['value'], 'ratio')} ({interval(row, 'ratio')}){close}."
    )


def few_to_rank(model: str, metric: str, row: Row, setup: Any) -> str:
    """Say that too few events followed to judge how well the chosen model ranks."""
    return (
        f"Too few {setup.events} to say whether {words.MODELS.get(model, model)} ranks customers better than the "
        f"baselines: {metric_name(metric)} {show(row['value'], 'ratio')} from "
        f"{counted(row['n_events'], setup.events)}."
    )


# A slope whose whole interval lies in here leaves the size of a risk about right.
_SLOPES = (0.7, 1.4)


def calibrated(model: str, row: Row, *, few: bool = False) -> str:
    """Say whether the risks can be read as they stand, from the calibration slope and its interval.

    Examples
    --------
    >>> calibrated("cox", {"value": 0.3, "low": 0.2, "high": 0.4}).split(":")[0]
    'Cox is too sure of itself'
    >>> calibrated("cox", {"value": 0.1, "low": -5.0, "high": 9.0}).split(":")[0]
    'Too few events to say whether the risks can be read as they stand'
    """
    name, found = words.MODELS.get(model, model), f"{show(row['value'], 'ratio')} ({interval(row, 'ratio')})"
    unknown = (
        "Too few events to say whether the risks can be read as they stand: calibration slope "
        f"{found}, where 1 is right."
    )
    if few:
        return unknown
    if row["high"] < 1:
        return (
            f"{name} is too sure of itself: calibration slope {found}, where 1 is right. "
            "Trust the order of customers, not the size of a risk."
        )
    if row["low"] > 1:
        return (
            f"{name} is too timid: calibration slope {found}, where 1 is right. High risks are higher still."
        )
    if row["low"] < _SLOPES[0] or row["high"] > _SLOPES[1]:
        return unknown
    return f"The risks may be read as they stand: calibration slope {found}, where 1 is right."


def turned(first: Row, last: Row, trend: Row) -> str:
    """Say what a strong relationship does to those never let down and to those let down most, and whether that is a trend.

    Examples
    --------
    >>> row = {"group": "0", "estimate": 0.9, "low": 0.7, "high": 1.1}
    >>> most = {"group": "3+", "estimate": 1.5, "low": 1.2, "high": 1.9}
    >>> up = {"estimate": 1.2, "low": 1.1, "high": 1.4}
    >>> turned(row, most, up).split(":")[0]
    'Love becomes hate here'
    >>> turned(row, row, {"estimate": 1.0, "low": 0.9, "high": 1.1}).split(":")[0]
    'That love becomes hate is not shown here'
    """
    if trend["low"] > 1:
        found = (
            "Love becomes hate here" if last["estimate"] > 1 else "Strong relationships protect less and less"
        )
    elif trend["high"] < 1:
        found = "Strong relationships protect more, the more often customers were let down"
    else:
        found = "That love becomes hate is not shown here"
    return (
        f"{found}: one standard deviation more of relationship strength goes with {_times(first)} after "
        f"{failures(first['group'])}, and with {_times(last)} after {last['group']}. From one class to the next "
        f"the ratio is multiplied by {show(trend['estimate'], 'ratio')} ({interval(trend, 'ratio')})."
    )


def _times(row: Row) -> str:
    return f"{show(row['estimate'], 'ratio')} times the hazard ({interval(row, 'ratio')})"


def training(facts: Row) -> str:
    """Say how many rows the moments of acts made, and what it cost not to take all those at risk."""
    return f"{learned(facts)} {_precision(facts)}".rstrip()


def learned(facts: Row) -> str:
    """Say how many rows the moments of acts made, and of how many of those at risk.

    Examples
    --------
    >>> facts = {"acts": 20, "controls": None, "rows": 9000, "rows_of_everybody": 9000, "efficiency": None}
    >>> learned(facts)
    'Learned from 20 acts, each against everybody at risk at its moment: 9,000 rows.'
    """
    acts, rows = counted(facts["acts"], "acts"), show(facts["rows"], "count")
    if facts["controls"] is None:
        return f"Learned from {acts}, each against everybody at risk at its moment: {rows} rows."
    half = "" if facts["counter_match"] is None else ", half of each set let down before"
    return (
        f"Learned from {acts}, each against up to {show(facts['controls'], 'count')} drawn from those at risk at its "
        f"moment{half}: {rows} rows, where everybody at risk would make {show(facts['rows_of_everybody'], 'count')}."
    )


def _precision(facts: Row) -> str:
    """Say what share of their precision the coefficients keep; nothing where it was not estimated."""
    if facts["efficiency"] is None:
        return ""
    mean, least = (show(facts["efficiency"][key], "percent") for key in ("mean", "least"))
    null = show(facts["efficiency_without_effects"], "percent")
    return (
        f"Estimated from the scatter between sets, the coefficients keep {mean} of their precision (inverse "
        f"variance) on average and {least} at worst; were there no effects at all, theory says {null} for plain sampling."
    )


def minus(metric: str) -> str:
    """Return the heading of a model's difference to a baseline.

    Examples
    --------
    >>> minus("auroc_minus_kaplan_meier")
    'AUROC minus that of Kaplan-Meier (same risk for all)'
    """
    own, _, base = metric.partition("_minus_")
    return f"{metric_name(own)} minus that of {words.MODELS.get(base, base)}"
