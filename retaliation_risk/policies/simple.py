"""One thought each: waiting time, contacts, spend, influence, the rule, the risk, and what they reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from retaliation_risk.policies.contract import unknown_last


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
    uses_influence: ClassVar[bool] = False

    def priority(self, scored: pd.DataFrame) -> pd.Series[float]:
        """Days that the longest open matter has been waiting."""
        return unknown_last(scored["unresolved_days"])


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
    uses_influence: ClassVar[bool] = False

    def priority(self, scored: pd.DataFrame) -> pd.Series[float]:
        """Tickets in the last 90 days."""
        return unknown_last(scored["tickets_90d"])


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
    uses_influence: ClassVar[bool] = False

    def priority(self, scored: pd.DataFrame) -> pd.Series[float]:
        """Spend in the last 365 days."""
        return unknown_last(scored["spend_365d"])


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
    uses_influence: ClassVar[bool] = True

    def priority(self, scored: pd.DataFrame) -> pd.Series[float]:
        """Influence score, 1 to 100; 0 stands for unknown."""
        return unknown_last(scored["influence"])


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
    uses_influence: ClassVar[bool] = False

    def priority(self, scored: pd.DataFrame) -> pd.Series[float]:
        """Contacts in the last 90 days, lifted above everybody else's for those to whom the rule applies."""
        contacts = unknown_last(scored["tickets_90d"])
        above_all = contacts.max() - contacts.min() + 1.0
        return contacts + above_all * self._applies(scored).astype(float)

    def holds(self, scored: pd.DataFrame) -> pd.DataFrame:
        """Say which of ``needs`` put each customer where they stand, shape (n_customers, 3), bool.

        Let down and loyal count together or not at all: one of the two alone lifts nobody.

        Examples
        --------
        >>> scored = pd.DataFrame(
        ...     {"failed_recoveries_ever": [2, 3], "tenure_days": [400, 20], "tickets_90d": [0, 2]})
        >>> Rule().holds(scored).values.tolist()
        [[True, True, False], [False, False, True]]
        """
        applies = self._applies(scored)
        contacts = scored["tickets_90d"].astype(float) > 0
        return pd.DataFrame(dict(zip(self.needs, (applies, applies, contacts), strict=True)))

    def _applies(self, scored: pd.DataFrame) -> pd.Series[bool]:
        tenure = scored["tenure_days"].astype(float)
        loyal = tenure >= (tenure.median() if self.tenure_days is None else self.tenure_days)
        return loyal & (scored["failed_recoveries_ever"].astype(float) >= self.failed_recoveries)


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
    uses_influence: ClassVar[bool] = False

    def priority(self, scored: pd.DataFrame) -> pd.Series[float]:
        """Probability of retaliation within the horizon."""
        return unknown_last(scored["risk"])


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
    uses_influence: ClassVar[bool] = True

    def priority(self, scored: pd.DataFrame) -> pd.Series[float]:
        """People expected to see an act of retaliation within the horizon."""
        reach = scored["expected_reach"].astype(float)
        return unknown_last(scored["risk"].astype(float) * reach.fillna(reach.median()))


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
    uses_influence: ClassVar[bool] = False

    def priority(self, scored: pd.DataFrame) -> pd.Series[float]:
        """1 for those who will retaliate, else 0."""
        return unknown_last(scored["true_event"])
