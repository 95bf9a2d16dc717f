"""Scores from 1 to 100 behind one interface: fit on the accounts to rank among, then score any profiles."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from retaliation_risk.errors import ArgumentError
from retaliation_risk.influence._counts import as_counts, log_count, rank_scale
from retaliation_risk.influence.signals import OVERALL

Floats = npt.NDArray[np.float64]


class Scorer(BaseEstimator, ABC):  # type: ignore[misc]
    """What every score can do; a subclass says how strong a profile is, and learns what it must.

    Attributes
    ----------
    references_ : dict of str to array of float
        For each topic the sorted strengths of the accounts that were fitted: those to rank among.
    """

    references_: dict[str, Floats]
    _decimals: ClassVar[int] = 12

    def fit(self, profiles: pd.DataFrame, pairs: pd.DataFrame | None = None) -> Self:
        """Learn from judged pairs, where the score learns, and remember the accounts to rank among.

        Parameters
        ----------
        profiles : DataFrame, shape (n_profiles, any)
            One row per account, as of :func:`~retaliation_risk.influence.compute_signals`. With a column ``topic``
            accounts are ranked within their topic.
        pairs : DataFrame, optional
            Judgements, for scores that learn: ``first`` and ``second`` (positions of rows in ``profiles``) and
            ``first_wins`` (bool). Others do not read it.
        """
        self._learn(profiles, pairs)
        strength, topics = self._settled(profiles), _topics(profiles)
        self.references_ = {
            topic: np.sort(strength[(topics == topic) & ~np.isnan(strength)])
            for topic in sorted(set(topics.tolist()))
        }
        return self

    @abstractmethod
    def strength(self, profiles: pd.DataFrame) -> Floats:
        """How strong each profile is, on a scale of the score's own, shape (n,); NaN where nothing is known."""

    def score(self, profiles: pd.DataFrame) -> Floats:
        """Rank of each profile among those fitted, within its topic, spread evenly over 1 to 100.

        Returns
        -------
        array of float, shape (n,)
            In [1, 100]. NaN where nothing is known of the account, or nobody of its topic was fitted: unknown
            influence is not low influence.
        """
        check_is_fitted(self, "references_")
        strength, topics = self._settled(profiles), _topics(profiles)
        score = np.full(len(profiles), np.nan)
        for topic, among in self.references_.items():
            here = topics == topic
            score[here] = rank_scale(strength[here], among)
        return score

    def _settled(self, profiles: pd.DataFrame) -> Floats:
        """Strengths to rank by, rounded: how many rows are multiplied at once must not decide ties."""
        return np.round(self.strength(profiles), self._decimals)

    def _learn(self, profiles: pd.DataFrame, pairs: pd.DataFrame | None) -> None:
        """Learn nothing; scores that do override this."""


class FollowersScore(Scorer):
    """The plain baseline: log1p(followers), ranked; equal to :func:`~retaliation_risk.influence.score_followers`.

    Examples
    --------
    >>> accounts = pd.DataFrame({"followers": [10, 1_000_000, np.nan, 500]})
    >>> FollowersScore().fit(accounts).score(accounts).tolist()
    [1.0, 100.0, nan, 50.5]
    """

    def strength(self, profiles: pd.DataFrame) -> Floats:
        """Return log1p(followers), shape (n,)."""
        return log_count(column(profiles, "followers"), "followers")


@dataclass(frozen=True)
class Rule:
    """Points for one of a signal, and where the number comes from (``assumed``: from nowhere but us)."""

    signal: str
    points: float
    source: str


KRED = "Kred, published scoring rules: 10 points for a reply, a share or a mention received"
ASSUMED = "assumed"

#: A click asks less of a reader than a share; a thread begun is an act of one's own.
CLICK_POINTS = 1.0
THREAD_POINTS = 5.0

RULES: tuple[Rule, ...] = (
    Rule("replies", 10.0, KRED),
    Rule("shares", 10.0, KRED),
    Rule("mentions", 10.0, KRED),
    Rule("clicks", CLICK_POINTS, ASSUMED),
    Rule("threads_started", THREAD_POINTS, ASSUMED),
)


class RulesScore(Scorer):
    """Points for what others do with one's posts, ranked.

    Kred also gave more where the actor has over 10,000 followers and bent points into a score of 1 to 1,000. How much
    more, and how bent, we have not seen; ranks need the bend no more.

    Parameters
    ----------
    points : mapping of str to float, optional
        Points for one of each signal that differ from :data:`RULES`; 0 leaves a signal out.

    Examples
    --------
    >>> accounts = pd.DataFrame({"shares": [0, 3, np.nan], "replies": [2, 0, np.nan]})
    >>> RulesScore().earned(accounts).tolist()
    [20.0, 30.0, nan]
    """

    def __init__(self, points: Mapping[str, float] | None = None) -> None:
        self.points = points

    def strength(self, profiles: pd.DataFrame) -> Floats:
        """Return log1p of the points, shape (n,)."""
        return log_count(self.earned(profiles), "points earned")

    def earned(self, profiles: pd.DataFrame) -> Floats:
        """Points, shape (n,); a signal not observed earns none, and NaN where no signal of the rules was."""
        own = dict(self.points or {})
        points = {rule.signal: rule.points for rule in RULES} | own
        used = [name for name, each in points.items() if each and (name in profiles or name in own)]
        if not used:
            raise ArgumentError(
                "RR111", f"profiles have none of the columns that earn points: {sorted(points)}."
            )
        values = np.column_stack([as_counts(column(profiles, name), name) for name in used])
        total = np.nansum(values * [points[name] for name in used], axis=1)
        return np.where(np.isnan(values).all(axis=1), np.nan, total)


def column(profiles: pd.DataFrame, name: str) -> Floats:
    """Return one signal as floats; a column that is lacking is refused by name (RR101)."""
    if name not in profiles:
        raise ArgumentError("RR101", f"profiles lack the column {name!r}; found {list(profiles.columns)}.")
    values: Floats = profiles[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return values


def _topics(profiles: pd.DataFrame) -> npt.NDArray[np.object_]:
    if "topic" not in profiles:
        return np.full(len(profiles), OVERALL, dtype=object)
    topics: npt.NDArray[np.object_] = profiles["topic"].astype(object).fillna(OVERALL).to_numpy(dtype=object)
    return topics
