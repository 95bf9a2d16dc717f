"""What tables and events that are not there switch off, feature by feature; known before anything is computed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import groupby

from retaliation_risk.features.families import FEATURES
from retaliation_risk.histories import Aggregate, Definitions, Expression, Feature
from retaliation_risk.histories.logs import spec_of
from retaliation_risk.histories.needs import event_kinds

_BY_TICKETS_TOO = ("failed_recoveries", "double_deviations")
"""Logs that a second ticket fills, without any event."""


def missing_features(
    tables: Collection[str],
    events: Collection[str],
    *,
    features: Iterable[Feature] = FEATURES,
    definitions: Definitions | None = None,
) -> list[dict[str, str]]:
    """Say which features cannot be had, or would always be empty or 0, and why.

    Parameters
    ----------
    tables : collection of str
        The canonical tables that are there.
    events : collection of str
        The types of ticket events that are there, with the time at which they became known.
    features : iterable of Feature
        An expression stands after the features it is made of.
    definitions : Definitions, optional
        Which evidence of a failed recovery counts; the defaults without it.

    Returns
    -------
    list of dict
        ``what`` (the features' names) and ``why``, one entry for each reason, sorted by it.

    Examples
    --------
    >>> rated = [feature for feature in FEATURES if feature.name == "mean_csat_365d"]
    >>> missing_features(["customers", "tickets", "ticket_events"], ["solved"], features=rated)
    [{'what': 'mean_csat_365d', 'why': 'needs the event csat_rated'}]
    """
    off: dict[str, str] = {}
    for feature in features:
        if why := _why(feature, set(tables), set(events), off, definitions or Definitions()):
            off[feature.name] = why
    ordered = sorted(off.items(), key=lambda item: item[1])
    return [
        {"what": ", ".join(name for name, _ in group), "why": why}
        for why, group in groupby(ordered, key=lambda item: item[1])
    ]


def _why(
    feature: Feature, tables: set[str], events: set[str], off: Mapping[str, str], definitions: Definitions
) -> str:
    if isinstance(feature.value, Expression):
        lost = [name for name in feature.value.names if name in off]
        return f"needs {', '.join(lost)}" if lost else ""
    if not isinstance(feature.value, Aggregate):
        return ""
    if lacking := [table for table in spec_of(feature.value.log).tables if table not in tables | {"tickets"}]:
        return f"needs the table {' and '.join(lacking)}"
    kinds = event_kinds([feature], definitions)
    if kinds and not kinds & events and feature.value.log not in _BY_TICKETS_TOO:
        return f"needs the event {' or '.join(sorted(kinds))}"
    return ""
