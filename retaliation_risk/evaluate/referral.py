"""Whether those with a high influence score refer more customers: the belief behind a proactive offer to them.

A firm that let a high score earn an offer supposed that high scorers "tend to refer more new customers" (Ecomom, inside
Assistly). With a count of referrals per customer that can be looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk._validate import within
from retaliation_risk.errors import ArgumentError, DataError
from retaliation_risk.evaluate._bootstrap import FEWEST_EVENTS
from retaliation_risk.evaluate.shares import NO_ACCOUNT
from retaliation_risk.influence.reach._rank import rank_kernel
from retaliation_risk.influence.reach._resample import interval, resampled_weights

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NEEDED = ("customer_id", "influence", "referrals")
TOP, REST = "top quartile", "the rest"
TOP_SHARE = 0.25
LEVEL = 0.95


@dataclass(frozen=True)
class Referral:
    """How many customers each group refers, and how the groups compare; made by :func:`compare_referrals`.

    Attributes
    ----------
    groups : DataFrame
        ``group, n, n_referring, referrals_per_customer, low, high``: top quartile of the known scores, the rest of them, and
        ``no account``, which is unknown influence and not low.
    comparisons : DataFrame
        ``measure, value, low, high, chance, n, n_referring`` among customers with a score: ``mean_difference`` (top quartile
        minus the rest, referrals per customer), ``rate_ratio`` (the first over the second) and ``rank_correlation``
        of score and referrals. No interval with fewer than ten customers who referred anybody.
    """

    groups: pd.DataFrame
    comparisons: pd.DataFrame

    def sentence(self) -> str:
        """Say in plain words whether high scorers refer more; no verdict where the interval holds no difference."""
        row = self.comparisons.set_index("measure").loc["mean_difference"]
        if np.isnan(row["low"]):
            return f"Too few of {row['n']:,.0f} customers with a score referred anybody: {row['n_referring']:.0f}."
        found = f"{row['value']:+.3f} referrals per customer ({row['low']:+.3f} to {row['high']:+.3f})"
        if row["low"] <= 0 <= row["high"]:
            return (
                f"It cannot be told whether the top quartile of influence refers more than the rest: {found}."
            )
        more = "more" if row["value"] > 0 else "fewer"
        return f"The top quartile of influence refers {more} customers than the rest: {found}."


def compare_referrals(customers: pd.DataFrame, *, n_bootstrap: int = 1000, seed: int = 0) -> Referral:
    """Test whether customers with a high influence score refer more.

    The score must be older than the referrals, else who refers much may have earned the score by it. Those with a high score
    may refer more for other reasons too: this says whether a score finds them, not that influence makes them.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: ``customer_id``, ``influence`` (NaN: no account), ``referrals`` (new customers referred, at
        least 0; NaN, not counted, is left out).
    n_bootstrap : int, default 1000
        Resamples of customers for the intervals of 95 %, from 0. The edge of the quartile is drawn anew in each.
    seed : int, default 0
        Of the resamples.

    Returns
    -------
    Referral

    Raises
    ------
    DataError
        RR101 if a column is missing, RR205 if a customer stands in two rows.
    ArgumentError
        RR111 for negative or infinite referrals.

    Examples
    --------
    >>> customers = pd.DataFrame({"customer_id": list("abcdefgh") + ["i"], "influence": [*range(8), None],
    ...                           "referrals": [0, 1, 0, 1, 0, 1, 2, 4, 5]})
    >>> referral = compare_referrals(customers)
    >>> referral.groups[["group", "n", "referrals_per_customer"]].values.tolist()
    [['top quartile', 2, 3.0], ['the rest', 6, 0.5], ['no account', 1, 5.0]]
    >>> referral.comparisons[["measure", "value"]].round(2).values.tolist()
    [['mean_difference', 2.5], ['rate_ratio', 6.0], ['rank_correlation', 0.73]]
    """
    within("n_bootstrap", n_bootstrap, 0, float("inf"))
    counted = _read(customers)
    score, referrals = (counted[name].to_numpy(dtype=np.float64) for name in ("influence", "referrals"))
    known, referring = ~np.isnan(score), referrals > 0
    kernel = _kernel(score, referrals, known)
    value = kernel(np.ones(len(score)))
    draws = [kernel(weight) for weight in resampled_weights(np.arange(len(score)), n_bootstrap, seed)]
    low, high = interval(np.array(draws).reshape(len(draws), len(value)), LEVEL)
    top = np.zeros(len(score), dtype=bool)
    top[known] = _is_top(score[known], np.ones(int(known.sum())))
    members = {TOP: top, REST: known & ~top, NO_ACCOUNT: ~known}
    groups = pd.DataFrame(
        [(name, int(here.sum()), int((here & referring).sum())) for name, here in members.items()],
        columns=["group", "n", "n_referring"],
    )
    comparisons = pd.DataFrame({"measure": ["mean_difference", "rate_ratio", "rank_correlation"]})
    shared = {"n": int(known.sum()), "n_referring": int((known & referring).sum())}
    return Referral(
        _with(groups, "referrals_per_customer", value[:3], low[:3], high[:3]),
        _with(comparisons.assign(chance=[0.0, 1.0, 0.0], **shared), "value", value[3:], low[3:], high[3:])[
            ["measure", "value", "low", "high", "chance", "n", "n_referring"]
        ],
    )


def _read(customers: pd.DataFrame) -> pd.DataFrame:
    """Check the table; leave out customers whose referrals are not counted."""
    if lacking := [name for name in NEEDED if name not in customers.columns]:
        raise DataError(
            "RR101", f"customers: columns {lacking} are missing; found {list(customers.columns)}."
        )
    if repeated := int(customers["customer_id"].duplicated().sum()):
        raise DataError("RR205", f"customers: {repeated} rows repeat a customer_id.")
    referrals = customers["referrals"].to_numpy(dtype=np.float64)
    if wrong := int(((referrals < 0) | np.isinf(referrals)).sum()):
        raise ArgumentError("RR111", f"{wrong} values of referrals are below 0 or infinite.")
    counted: pd.DataFrame = customers.loc[~np.isnan(referrals)]
    return counted


def _is_top(score: Floats, weight: Floats) -> Bools:
    """Mark the scores of the top quartile; equal scores at its edge all belong to it.

    A score belongs if less than a quarter of all lie above it.
    """
    order, place = np.unique(score, return_inverse=True)
    each = np.bincount(place.reshape(-1), weights=weight, minlength=len(order))
    above = each.sum() - np.cumsum(each)
    top: Bools = (above < TOP_SHARE * each.sum())[place.reshape(-1)]
    return top


def _kernel(score: Floats, referrals: Floats, known: Bools) -> Callable[[Floats], Floats]:
    """Means of the three groups, and the three comparisons, as a function of the customers' weights."""
    correlation = rank_kernel(score[known], referrals[known])

    def kernel(weight: Floats) -> Floats:
        top = np.zeros(len(score), dtype=bool)
        top[known] = _is_top(score[known], weight[known])
        high, rest, none = (_mean(referrals, weight * here) for here in (top, known & ~top, ~known))
        ratio = high / rest if rest > 0 else np.nan
        return np.array([high, rest, none, high - rest, ratio, correlation(weight[known])])

    return kernel


def _mean(values: Floats, weight: Floats) -> float:
    total = weight.sum()
    return float(values @ weight / total) if total > 0 else float("nan")


def _with(table: pd.DataFrame, name: str, value: Floats, low: Floats, high: Floats) -> pd.DataFrame:
    """Add values and their intervals; no interval where too few referred, or where nothing could be computed."""
    few = (table["n_referring"] < FEWEST_EVENTS).to_numpy() | np.isnan(value)
    return table.assign(
        **{name: value, "low": np.where(few, np.nan, low), "high": np.where(few, np.nan, high)}
    )
