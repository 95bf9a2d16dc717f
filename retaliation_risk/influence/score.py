"""Influence from 1 to 100: the plain baseline that followers alone give."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from retaliation_risk.errors import ArgumentError
from retaliation_risk.influence._counts import log_count, rank_scale

Floats = npt.NDArray[np.float64]


def score_followers(followers: npt.ArrayLike, *, reference: npt.ArrayLike | None = None) -> Floats:
    """Rank accounts by log1p(followers) and spread the ranks evenly over 1 to 100.

    The fair plain stand-in for a commercial reach score. Only the order of the score is used downstream;
    since ranks ignore the logarithm, equal steps of the score are equal shares of accounts.

    Parameters
    ----------
    followers : array of float, shape (n,)
        At least 0; NaN where the customer has no public account.
    reference : array of float, optional
        Accounts to rank among; by default ``followers`` itself. Give the accounts of a whole firm to score
        one customer as among all.

    Returns
    -------
    array of float, shape (n,)
        In [1, 100]; NaN stays NaN, since no account is unknown influence and not the lowest. Ties are equal;
        if there is nobody to compare with, everyone known has 50.5.

    References
    ----------
    Golliher (2011), a public check of 99 profiles: log(followers) explained about 94 % of the variation of
    Klout scores.

    Examples
    --------
    >>> score_followers([10, 1_000_000, np.nan, 500]).tolist()
    [1.0, 100.0, nan, 50.5]
    """
    asked = log_count(followers, "followers")
    among = asked if reference is None else log_count(reference, "reference")
    among = np.sort(among[~np.isnan(among)])
    if len(among) == 0 and not np.isnan(asked).all():
        raise ArgumentError("RR111", "reference holds no known account; it must hold at least one.")
    return rank_scale(asked, among)
