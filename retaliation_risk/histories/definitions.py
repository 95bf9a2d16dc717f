"""The two definitions that must be visible and settable: failed recovery and double deviation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from retaliation_risk._validate import one_of, positive, within

EVIDENCE: dict[str, str] = {
    "reopened": "the ticket was reopened",
    "follow_up": "a follow-up ticket named it as its parent",
    "repeat": "a new ticket about the same issue came within repeat_days",
    "unanswered": "the customer wrote after it was solved and got no reply within reply_days",
    "bad_csat": "the customer rated it below bad_csat",
    "escalated": "it was escalated",
    "sla_breached": "a promised time was missed",
}


@dataclass(frozen=True)
class Definitions:
    """What counts as a failed recovery, and as a second failure; printed in every report.

    Parameters
    ----------
    evidence : tuple of str
        Kinds of evidence that count, out of :data:`EVIDENCE`. A ticket fails once, when the first of them is known.
    repeat_days : float
        A new ticket of the same issue_key within so many days of the opening of the last one is a repeat.
    reply_days : float
        A customer's message after ``solved`` fails the ticket when so many days have passed without a reply.
    bad_csat : float
        A rating below it, in [0, 1], is bad.
    deviation_days : float
        A complaint opened within so many days after a failed recovery is a second failure.
    """

    evidence: tuple[str, ...] = tuple(EVIDENCE)
    repeat_days: float = 30.0
    reply_days: float = 2.0
    bad_csat: float = 0.4
    deviation_days: float = 180.0

    def __post_init__(self) -> None:
        for kind in self.evidence:
            one_of("evidence", kind, tuple(EVIDENCE))
        positive("repeat_days", self.repeat_days)
        positive("reply_days", self.reply_days)
        positive("deviation_days", self.deviation_days)
        within("bad_csat", self.bad_csat, 0.0, 1.0)

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Definitions:
        """Read settings as :meth:`as_dict` writes them; what is not there is as usual.

        Examples
        --------
        >>> Definitions.from_dict(Definitions(reply_days=3.0).as_dict()).reply_days
        3.0
        """
        evidence = settings.get("evidence", cls.evidence)
        return cls(**{**settings, "evidence": tuple(evidence)})

    def as_dict(self) -> dict[str, object]:
        """Return the settings as JSON-able values."""
        return {**asdict(self), "evidence": list(self.evidence)}
