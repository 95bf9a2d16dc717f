"""Whom to answer first: each policy turns what is known of the customers at one moment into a priority.

A policy sees a table and never a model. They differ in what they use, not in how they are judged: the same
capacity, moments and outcomes (``metrics/policy.py``). To be reached early is not yet to be won back: a claim
of that kind needs data on treatment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
import pandas as pd

from retaliation_risk._validate import positive
from retaliation_risk.errors import ArgumentError


class Policy(Protocol):
    """What every policy has; ``needs`` are the columns of ``scored`` without which it cannot be run."""

    @property
    def name(self) -> str:
        """Short name, used in tables."""

    @property
    def about(self) -> str:
        """One sentence for a reader of the report."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns that must be there and not missing everywhere."""

    def priority(self, scored: pd.DataFrame) -> pd.Series[float]:
        """Higher is answered earlier; one number per row, none missing, ties allowed."""


@dataclass(frozen=True)
class FirstCome:
    """The longest waiting open matter first; customers who wait for nothing come last, all equal.

    Examples
    --------
    >>> FirstCome().priority(pd.DataFrame({"unresolved_days": [2.0, None, 9.0, 0.0]})).tolist()
    [2.0, -1.0, 9.0, 0.0]
    """

    name: ClassVar[str] = "first_come"
    about: ClassVar[str] = "Longest waiting open matter first."
    needs: ClassVar[tuple[str, ...]] = ("unresolved_days",)

    def priority(self, scored: pd.DataFrame) -> pd.Series[float]:
        """Days that the longest open matter has been waiting."""
        return _unknown_last(scored["unresolved_days"])


@dataclass(frozen=True)
class MostContacts:
    """Those who got in touch most often in the last 90 days first.

    Examples
    --------
    >>> MostContacts().priority(pd.DataFrame({"tickets_90d": [1, 4, 0]})).tolist()
    [1.0, 4.0, 0.0]
    """

    name: ClassVar[str] = "most_contacts"
    about: ClassVar[str] = "Most tickets in the last 90 days first."
    needs: ClassVar[tuple[str, ...]] = ("tickets_90d",)

    def priority(self, scored: pd.DataFrame) -> pd.Series[float]:
        """Tickets in the last 90 days."""
        return _unknown_last(scored["tickets_90d"])


@dataclass(frozen=True)
class BiggestSpender:
    """Those who spent most in the last 365 days first.

    Examples
    --------
    >>> BiggestSpender().priority(pd.DataFrame({"spend_365d": [20.0, 310.0]})).tolist()
    [20.0, 310.0]
    """

    name: ClassVar[str] = "biggest_spender"
    about: ClassVar[str] = "Highest spend in the last 365 days first."
    needs: ClassVar[tuple[str, ...]] = ("spend_365d",)

    def priority(self, scored: pd.DataFrame) -> pd.Series[float]:
        """Spend in the last 365 days."""
        return _unknown_last(scored["spend_365d"])


@dataclass(frozen=True)
class InfluenceOnly:
    """Widest reach first; ignores risk.

    Customers without a public account are unknown, not of influence 1: they stand after every known one, all
    equal.

    Examples
    --------
    >>> InfluenceOnly().priority(pd.DataFrame({"influence": [55.0, None, 1.0]})).tolist()
    [55.0, 0.0, 1.0]
    """

    name: ClassVar[str] = "influence_only"
    about: ClassVar[str] = "Most influential public account first, whatever the history."
    needs: ClassVar[tuple[str, ...]] = ("influence",)

    def priority(self, scored: pd.DataFrame) -> pd.Series[float]:
        """Influence score, 1 to 100; 0 stands for unknown."""
        return _unknown_last(scored["influence"])


@dataclass(frozen=True)
class Rule:
    """Loyal customers who were let down at least twice first, then by number of contacts; no model needed.

    The advice of Tripp and Grégoire (2011, MIT Sloan Management Review) put as a rule: a double deviation is
    what turns customers, and the loyal hold the longest grudge (doi:10.1509/jmkg.73.6.18).

    Parameters
    ----------
    failed_recoveries : int, default 2
        Failed recoveries ever, from which a customer has been let down.
    tenure_days : float or None, default 365
        Tenure from which a customer is loyal; None takes the median tenure of those at hand.

    Examples
    --------
    >>> scored = pd.DataFrame(
    ...     {"failed_recoveries_ever": [2, 0, 3], "tenure_days": [400, 900, 20], "tickets_90d": [1, 5, 2]})
    >>> Rule().priority(scored).tolist()
    [6.0, 5.0, 2.0]
    """

    failed_recoveries: int = 2
    tenure_days: float | None = 365.0

    name: ClassVar[str] = "rule"
    about: ClassVar[str] = "Loyal and let down at least twice first, then by number of contacts."
    needs: ClassVar[tuple[str, ...]] = ("failed_recoveries_ever", "tenure_days", "tickets_90d")

    def priority(self, scored: pd.DataFrame) -> pd.Series[float]:
        """Contacts in the last 90 days, lifted above everybody else's for those to whom the rule applies."""
        contacts = _unknown_last(scored["tickets_90d"])
        tenure = scored["tenure_days"].astype(float)
        loyal = tenure >= (tenure.median() if self.tenure_days is None else self.tenure_days)
        let_down = scored["failed_recoveries_ever"].astype(float) >= self.failed_recoveries
        above_all = contacts.max() - contacts.min() + 1.0
        return contacts + above_all * (loyal & let_down).astype(float)


@dataclass(frozen=True)
class RiskOnly:
    """Likeliest to retaliate first; ignores influence.

    Examples
    --------
    >>> RiskOnly().priority(pd.DataFrame({"risk": [0.02, 0.3]})).tolist()
    [0.02, 0.3]
    """

    name: ClassVar[str] = "risk_only"
    about: ClassVar[str] = "Likeliest to retaliate first, whatever the influence."
    needs: ClassVar[tuple[str, ...]] = ("risk",)

    def priority(self, scored: pd.DataFrame) -> pd.Series[float]:
        """Probability of retaliation within the horizon."""
        return _unknown_last(scored["risk"])


@dataclass(frozen=True)
class ExpectedHarm:
    """Largest expected harm first: risk times the reach an act of this customer is expected to have.

    Where the expected reach is not known, the median of the known ones stands in.

    Examples
    --------
    >>> scored = pd.DataFrame({"risk": [0.5, 0.1, 0.2], "expected_reach": [10.0, 90.0, None]})
    >>> ExpectedHarm().priority(scored).tolist()
    [5.0, 9.0, 10.0]
    """

    name: ClassVar[str] = "expected_harm"
    about: ClassVar[str] = "Risk times expected reach, largest first."
    needs: ClassVar[tuple[str, ...]] = ("risk", "expected_reach")

    def priority(self, scored: pd.DataFrame) -> pd.Series[float]:
        """People expected to see an act of retaliation within the horizon."""
        reach = scored["expected_reach"].astype(float)
        return _unknown_last(scored["risk"].astype(float) * reach.fillna(reach.median()))


@dataclass(frozen=True)
class Oracle:
    """Those who will retaliate first: what no policy can beat. For evaluation only.

    Examples
    --------
    >>> Oracle().priority(pd.DataFrame({"true_event": [False, True]})).tolist()
    [0.0, 1.0]
    """

    name: ClassVar[str] = "oracle"
    about: ClassVar[str] = "Knows who will retaliate: the ceiling, not a policy one could have."
    needs: ClassVar[tuple[str, ...]] = ("true_event",)

    def priority(self, scored: pd.DataFrame) -> pd.Series[float]:
        """1 for those who will retaliate, else 0."""
        return _unknown_last(scored["true_event"])


POLICIES: tuple[Policy, ...] = (
    FirstCome(),
    MostContacts(),
    BiggestSpender(),
    InfluenceOnly(),
    Rule(),
    RiskOnly(),
    ExpectedHarm(),
    Oracle(),
)


def available(scored: pd.DataFrame, policies: Sequence[Policy] = POLICIES) -> dict[str, str]:
    """Say which policies can be run on these columns.

    Parameters
    ----------
    scored : DataFrame
        One row per customer, or per customer and moment.
    policies : sequence of Policy, default POLICIES
        Which to ask about.

    Returns
    -------
    dict of str
        Name of each policy to the reason why it cannot be run; an empty reason means that it can.

    Examples
    --------
    >>> why = available(pd.DataFrame({"risk": [0.1], "influence": [None]}))
    >>> why["risk_only"], why["influence_only"], why["rule"]
    ('', 'influence is missing everywhere',
     'columns failed_recoveries_ever, tenure_days, tickets_90d are not there')
    """
    return {policy.name: _why_not(scored, policy.needs) for policy in policies}


def queue(scored: pd.DataFrame, policy: Policy, capacity: int) -> pd.DataFrame:
    """Order the customers of one moment and cut the queue at capacity.

    Parameters
    ----------
    scored : DataFrame
        One row per customer: ``customer_id`` and the columns that the policy needs.
    policy : Policy
        Who is answered first.
    capacity : int
        Customers that can be answered, at least 1; more than there are gives all.

    Returns
    -------
    DataFrame
        ``rank`` from 1, ``customer_id``, ``priority``, then the other columns as they were. Equal priorities
        stand in order of ``customer_id``: the order of the rows given does not matter.

    Examples
    --------
    >>> scored = pd.DataFrame({"customer_id": ["c", "a", "b"], "risk": [0.2, 0.2, 0.7]})
    >>> queue(scored, RiskOnly(), capacity=2)[["rank", "customer_id", "priority"]].values.tolist()
    [[1, 'b', 0.7], [2, 'a', 0.2]]
    """
    positive("capacity", capacity)
    ordered = scored.assign(priority=checked_priority(scored, policy)).sort_values(
        ["priority", "customer_id"], ascending=[False, True], kind="stable", ignore_index=True
    )
    front = ordered.head(int(capacity)).copy()
    front.insert(0, "rank", np.arange(1, len(front) + 1))
    first = ["rank", "customer_id", "priority"]
    return front[first + [column for column in front.columns if column not in first]]


def checked_priority(scored: pd.DataFrame, policy: Policy) -> pd.Series[float]:
    """Priority of each row, refused if the policy lacks a column or leaves a row without a number.

    Examples
    --------
    >>> checked_priority(pd.DataFrame({"risk": [0.2, 0.7]}), RiskOnly()).tolist()
    [0.2, 0.7]
    """
    if why := _why_not(scored, policy.needs):
        raise ArgumentError("RR111", f"policy {policy.name} cannot be run: {why}.")
    found = policy.priority(scored)
    if missing := int(found.isna().sum()):
        raise ArgumentError(
            "RR111", f"policy {policy.name} leaves {missing} priorities missing; none may be."
        )
    return found


def _why_not(scored: pd.DataFrame, needs: tuple[str, ...]) -> str:
    if absent := [column for column in needs if column not in scored.columns]:
        many = len(absent) > 1
        return f"column{'s' if many else ''} {', '.join(absent)} {'are' if many else 'is'} not there"
    empty = [column for column in needs if len(scored) and scored[column].isna().all()]
    return f"{', '.join(empty)} {'are' if len(empty) > 1 else 'is'} missing everywhere" if empty else ""


def _unknown_last(values: pd.Series) -> pd.Series[float]:
    """Fill what is unknown with a number below everything known: 0, or lower where 0 itself is known."""
    known = values.astype(float)
    lowest = known.min()
    return known.fillna(0.0 if np.isnan(lowest) else min(0.0, float(lowest) - 1.0))
