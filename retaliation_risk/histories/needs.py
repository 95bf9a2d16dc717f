"""Which kinds of ticket events some features need: the others are not read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from retaliation_risk.histories.declare import Aggregate, Feature
from retaliation_risk.histories.definitions import Definitions
from retaliation_risk.tables.contract import EVENT_TYPES

STATES = ("solved", "closed", "reopened")
"""What opens and closes a ticket."""

OF_EVIDENCE: Mapping[str, tuple[str, ...]] = {
    "reopened": ("reopened",),
    "follow_up": (),
    "repeat": (),
    "unanswered": ("message_in", "message_out", *STATES),
    "bad_csat": ("csat_rated",),
    "escalated": ("escalated",),
    "sla_breached": ("sla_breached",),
}
OF_FLAG: Mapping[str, tuple[str, ...]] = {
    **{kind: (kind,) for kind in EVENT_TYPES},
    "bad_csat": ("csat_rated",),
    "first_reply": ("message_out",),
    "amends": ("apology", "compensation"),
    "recovery": ("apology", "compensation"),
}
OF_COLUMN: Mapping[str, tuple[str, ...]] = {"csat": ("csat_rated",), "compensation_amount": ("compensation",)}


def event_kinds(features: Sequence[Feature], definitions: Definitions) -> set[str]:
    """Return the kinds of events on which the features rest.

    Examples
    --------
    >>> from retaliation_risk.histories import Count, Feature
    >>> asked = Feature("reopened_ever", "", "Reopenings.", "contacts", Count("events", where="reopened"))
    >>> event_kinds([asked], Definitions())
    {'reopened'}
    """
    failing = {kind for evidence in definitions.evidence for kind in OF_EVIDENCE[evidence]}
    of_log = {
        "open_tickets": set(STATES),
        "failed_recoveries": failing,
        "double_deviations": failing,
        "verdicts": failing | {"closed"},
    }
    asked = [feature.value for feature in features if isinstance(feature.value, Aggregate)]
    return {kind for a in asked for kind in (_rows(a) if a.log == "events" else of_log.get(a.log, ()))}


def _rows(asked: Aggregate) -> Sequence[str]:
    """Kinds of rows of the log of events that an aggregate looks at; a streak looks at all, which could break it."""
    if asked.operation != "streak":
        if asked.where in OF_FLAG:
            return OF_FLAG[asked.where]
        if asked.column in OF_COLUMN:
            return OF_COLUMN[asked.column]
    return EVENT_TYPES
