"""Whether a score holds still over time, and what buying followers does to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from retaliation_risk._validate import positive
from retaliation_risk.errors import ArgumentError
from retaliation_risk.influence.scorers import Scorer, column

#: Points of the score beyond which it has moved.
MOVED = 10.0

BOUGHT: tuple[int, ...] = (1_000, 10_000, 100_000)


def compute_stability(scores: pd.DataFrame, *, moved: float = MOVED) -> pd.DataFrame:
    """How much scores change from each moment to the next, among those who have one at both.

    Parameters
    ----------
    scores : DataFrame
        ``customer_id``, ``moment`` (any that can be sorted), ``score`` (NaN: none) and, where there is one, ``topic``.
        One row per customer, topic and moment.
    moved : float
        Points, above 0, beyond which a score has moved.

    Returns
    -------
    DataFrame
        One row per topic and moment but the last: ``topic``, ``moment``, ``next_moment``, ``n`` (scores at both),
        ``rank_correlation`` (Spearman, in [-1, 1]; NaN with fewer than two or where all are equal), ``moved_share`` (in
        [0, 1]), ``appeared`` and ``vanished`` (customers with a score at one of the two only).

    Raises
    ------
    ArgumentError
        RR101, a column is lacking; RR111, a score given twice, or ``moved`` not above 0.

    Examples
    --------
    >>> scores = pd.DataFrame({"customer_id": ["C1", "C2"] * 2, "moment": [1, 1, 2, 2], "score": [1.0, 100, 20, 80]})
    >>> compute_stability(scores)[["n", "moved_share"]].to_numpy().tolist()
    [[2.0, 1.0]]
    """
    positive("moved", moved)
    if lacking := [name for name in ("customer_id", "moment", "score") if name not in scores]:
        raise ArgumentError("RR101", f"scores lack the columns {lacking}; found {list(scores.columns)}.")
    rows = scores if "topic" in scores else scores.assign(topic="")
    if twice := int(rows.duplicated(["customer_id", "topic", "moment"]).sum()):
        raise ArgumentError(
            "RR111", f"{twice} rows of scores repeat a customer, topic and moment; give each once."
        )
    found = []
    for topic, here in rows.groupby("topic", sort=True):
        wide = here.pivot(index="customer_id", columns="moment", values="score")
        for before, after in zip(wide.columns, wide.columns[1:], strict=False):
            found.append(
                {"topic": topic, "moment": before, "next_moment": after}
                | _change(wide[before], wide[after], moved)
            )
    columns = [
        "topic", "moment", "next_moment", "n", "rank_correlation", "moved_share", "appeared", "vanished",
    ]  # fmt: skip
    return pd.DataFrame(found, columns=columns)


def compute_gaming(
    scorers: Mapping[str, Scorer], profiles: pd.DataFrame, *, bought: Sequence[int] = BOUGHT
) -> pd.DataFrame:
    """Say what each account would gain by buying followers: they follow, and do nothing else.

    Each account buys alone: it is ranked among the accounts that the score was fitted on, none of whom buys.

    Parameters
    ----------
    scorers : mapping of str to Scorer
        Fitted scores, by name.
    profiles : DataFrame
        Accounts that buy; those whose followers are unknown are left out.
    bought : sequence of int
        Followers bought, each above 0.

    Returns
    -------
    DataFrame
        One row per score and number: ``scorer``, ``bought``, ``n`` (accounts), ``median_gain``, ``mean_gain``,
        ``largest_gain`` (points) and ``moved_share`` (in [0, 1], gains above 10 points).

    Raises
    ------
    ArgumentError
        RR111, a number that is not above 0; RR101, no column ``followers``.

    Examples
    --------
    >>> from retaliation_risk.influence import FollowersScore
    >>> accounts = pd.DataFrame({"followers": [10.0, 100, 1000, 10_000, 100_000]})
    >>> found = compute_gaming({"followers": FollowersScore().fit(accounts)}, accounts, bought=[1000])
    >>> found[["n", "median_gain", "largest_gain"]].to_numpy().tolist()
    [[5.0, 12.375, 61.875]]
    """
    known = profiles[~np.isnan(column(profiles, "followers"))]
    rows = []
    for name, scorer in scorers.items():
        before = scorer.score(known)
        for number in bought:
            after = scorer.score(known.assign(followers=known["followers"] + positive("bought", number)))
            rows.append({"scorer": name, "bought": number} | _gain(after - before))
    columns = ["scorer", "bought", "n", "median_gain", "mean_gain", "largest_gain", "moved_share"]
    return pd.DataFrame(rows, columns=columns)


def _change(before: pd.Series[float], after: pd.Series[float], moved: float) -> dict[str, float]:
    both = before.notna() & after.notna()
    x, y = before[both].to_numpy(), after[both].to_numpy()
    told = len(x) > 1 and np.ptp(x) > 0 and np.ptp(y) > 0
    return {
        "n": len(x),
        "rank_correlation": float(spearmanr(x, y).statistic) if told else np.nan,
        "moved_share": float((np.abs(y - x) > moved).mean()) if len(x) else np.nan,
        "appeared": int((before.isna() & after.notna()).sum()),
        "vanished": int((before.notna() & after.isna()).sum()),
    }


def _gain(gain: np.ndarray) -> dict[str, float]:
    known = gain[~np.isnan(gain)]
    if not len(known):
        return {
            "n": 0,
            "median_gain": np.nan,
            "mean_gain": np.nan,
            "largest_gain": np.nan,
            "moved_share": np.nan,
        }
    return {
        "n": len(known),
        "median_gain": float(np.median(known)),
        "mean_gain": float(known.mean()),
        "largest_gain": float(known.max()),
        "moved_share": float((known > MOVED).mean()),
    }
