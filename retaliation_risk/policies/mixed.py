"""Influence at its best, and policies of one's own.

Against influence alone it is easy to win: most influential customers have nothing to complain of. Here
influence is looked at among those who have, or beside the risk, so that what is compared is worth comparing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from retaliation_risk._validate import within
from retaliation_risk.policies.contract import INFLUENCE_COLUMNS, unknown_last


@dataclass(frozen=True)
class InfluenceIfOpen:
    """Widest reach first among those with an open matter; then the others, widest reach first.

    Examples
    --------
    >>> scored = pd.DataFrame({"influence": [90.0, 20.0, None], "unresolved_days": [0.0, 3.0, 5.0]})
    >>> InfluenceIfOpen().priority(scored).tolist()
    [90.0, 111.0, 91.0]
    """

    name: ClassVar[str] = "influence_if_open"
    about: ClassVar[str] = "Most influential first among those with an open matter, then the others."
    needs: ClassVar[tuple[str, ...]] = ("influence", "unresolved_days")
    uses_influence: ClassVar[bool] = True

    def priority(self, scored: pd.DataFrame) -> pd.Series[float]:
        """Influence score, lifted above everybody else's for those who wait for something."""
        influence = unknown_last(scored["influence"])
        above_all = influence.max() - influence.min() + 1.0
        return influence + above_all * (scored["unresolved_days"].astype(float) > 0).astype(float)


@dataclass(frozen=True)
class InfluenceTimesComplaint:
    """Influence times recent complaints, each counting half after 30 days; 0 for those who did not complain.

    Examples
    --------
    >>> scored = pd.DataFrame({"influence": [90.0, 20.0, None], "complaint_stock": [0.0, 0.5, 1.0]})
    >>> InfluenceTimesComplaint().priority(scored).tolist()
    [0.0, 10.0, 0.0]
    """

    name: ClassVar[str] = "influence_x_complaint"
    about: ClassVar[str] = "Influence times recent complaints, largest first."
    needs: ClassVar[tuple[str, ...]] = ("influence", "complaint_stock")
    uses_influence: ClassVar[bool] = True

    def priority(self, scored: pd.DataFrame) -> pd.Series[float]:
        """Influence score times complaint stock; 0 where one of them is unknown."""
        return (scored["influence"].astype(float) * scored["complaint_stock"].astype(float)).fillna(0.0)


@dataclass(frozen=True)
class Mixed:
    """Risk and influence together, each by the customer's place among those at hand.

    Places, not values, are added: a risk of 0.02 and an influence of 40 have no common unit. Nobody has found
    which weight is right, so compare several.

    Parameters
    ----------
    weight : float, default 0.5
        Share of influence, in [0, 1]. At 0 it only decides between equal risks; at 1 the risk only decides
        between equal influence.
    digits : int, default 3
        Decimals to which risks are read; finer differences are no difference.

    Examples
    --------
    >>> scored = pd.DataFrame({"risk": [0.2001, 0.2004, 0.1], "influence": [None, 9.0, 80.0]})
    >>> Mixed(weight=0.0).priority(scored).rank(ascending=False).tolist()
    [2.0, 1.0, 3.0]
    >>> Mixed(weight=1.0).priority(scored).rank(ascending=False).tolist()
    [3.0, 2.0, 1.0]
    """

    weight: float = 0.5
    digits: int = 3

    needs: ClassVar[tuple[str, ...]] = ("risk", "influence")
    uses_influence: ClassVar[bool] = True

    def __post_init__(self) -> None:
        within("weight", self.weight, 0, 1)
        within("digits", self.digits, 0, 15)

    @property
    def name(self) -> str:
        """``mixed_`` and the share of influence in percent."""
        return f"mixed_{100 * self.weight:g}"

    @property
    def about(self) -> str:
        """What is mixed, in which share."""
        return f"Places by risk and by influence, influence counting {100 * self.weight:g} %."

    def priority(self, scored: pd.DataFrame) -> pd.Series[float]:
        """Weighted mean of two places, in [0, 1]."""
        if scored.empty:
            return scored["risk"].astype(float)
        # Places of different customers lie at least 1 / n apart: half of that decides between equals only.
        least = 0.5 / len(scored)
        weight = min(max(self.weight, least), 1.0 - least)
        risk = _place(unknown_last(scored["risk"].astype(float).round(self.digits)))
        return (1.0 - weight) * risk + weight * _place(unknown_last(scored["influence"]))


@dataclass(frozen=True)
class Custom:
    """A policy of one's own: a formula over columns. What it cannot tell comes last.

    Parameters
    ----------
    name : str
        Short name, used in tables.
    about : str
        One sentence for a reader of the report.
    needs : tuple of str
        Columns that the formula reads. One of ``INFLUENCE_COLUMNS`` among them makes it a policy that uses
        influence.
    formula : callable
        ``formula(scored) -> Series``, higher is answered earlier; missing values are put last.

    Examples
    --------
    >>> newest = Custom(
    ...     name="newest_first",
    ...     about="Shortest relationship first.",
    ...     needs=("tenure_days",),
    ...     formula=lambda scored: -scored["tenure_days"])
    >>> newest.priority(pd.DataFrame({"tenure_days": [400.0, None, 30.0]})).tolist()
    [-400.0, -401.0, -30.0]
    >>> newest.uses_influence
    False
    """

    name: str
    about: str
    needs: tuple[str, ...]
    formula: Callable[[pd.DataFrame], pd.Series]

    @property
    def uses_influence(self) -> bool:
        """Whether the formula reads a column made from public accounts."""
        return bool(set(self.needs) & set(INFLUENCE_COLUMNS))

    def priority(self, scored: pd.DataFrame) -> pd.Series[float]:
        """Apply the formula to the columns it asked for, and to no others."""
        return unknown_last(self.formula(scored[list(self.needs)]))


def _place(values: pd.Series) -> pd.Series[float]:
    """Place of each value among all, in (0, 1]; equal values stand together."""
    return values.rank(pct=True, method="average")
