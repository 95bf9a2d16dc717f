"""One ticket in words, the same in the report and in the readout; for another language, translate this too."""

from __future__ import annotations

from retaliation_risk.explain.why import singular
from retaliation_risk.histories import Definitions, Experience

#: What happened to a ticket; what says nothing to a reader is left out.
HAPPENED = {
    "message_out": "answered",
    "solved": "solved",
    "reopened": "reopened",
    "escalated": "escalated",
    "sla_breached": "promised time missed",
    "csat_rated": "rated",
    "bad_csat": "rated badly",
    "apology": "apology",
    "compensation": "compensation",
    "no_reply": "no reply",
}
#: Why a ticket counts as not made good, with places for the numbers of the definitions.
FAILED = {
    "reopened": "had to be reopened",
    "follow_up": "the customer had to ask again",
    "repeat": "the same issue came back within {repeat_days:g} days",
    "unanswered": "no reply to a later message within {reply_days:g} days",
    "bad_csat": "rated badly",
    "escalated": "escalated",
    "sla_breached": "promised time missed",
}
COMPLAINED, ASKED, NOT_MADE_GOOD, STILL_OPEN = "reported a failure", "asked", "not made good", "still open"


def in_words(told: Experience, definitions: Definitions) -> list[str]:
    """Tell what became of a ticket: what happened, whether it was made good, whether it is still open.

    Parameters
    ----------
    told : Experience
    definitions : Definitions
        By which the recovery failed.

    Returns
    -------
    list of str
        At least one part; what does not hold is not said.

    Examples
    --------
    >>> import pandas as pd
    >>> told = Experience("T1", pd.Timestamp("2026-02-01"), True, ("message_in", "solved"), "unanswered", True)
    >>> in_words(told, Definitions(reply_days=3))
    ['reported a failure, solved', 'not made good: no reply to a later message within 3 days', 'still open']
    >>> in_words(told, Definitions(reply_days=1))[1]
    'not made good: no reply to a later message within 1 day'
    """
    first = COMPLAINED if told.is_complaint else ASKED
    parts = [", ".join([first, *(HAPPENED[kind] for kind in told.happened if kind in HAPPENED)])]
    if told.failed:
        # A run of another version may name evidence that this one has no words for.
        words = FAILED.get(told.failed)
        why = told.failed if words is None else singular(words.format(**vars(definitions)))
        parts.append(f"{NOT_MADE_GOOD}: {why}")
    return [*parts, STILL_OPEN] if told.is_open else parts
