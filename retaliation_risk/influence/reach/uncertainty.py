"""Two kinds of not knowing: where the mean lies, and what the next act will do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk._validate import positive
from retaliation_risk.influence.reach._resample import (
    FEWEST_CUSTOMERS,
    Floats,
    codes_of,
    interval,
    resampled_weights,
)
from retaliation_risk.influence.reach.fit import fit_reach
from retaliation_risk.influence.reach.model import ReachModel

LEVEL = 0.95
_HALVINGS = 60


@dataclass(frozen=True)
class ReachDraws:
    """A model of reach, and the models that resampled acts would have given; made by :func:`bootstrap_reach`.

    Attributes
    ----------
    model : ReachModel
        Fitted to the acts as they are.
    draws : tuple of ReachModel
        Fitted to resamples, threshold chosen anew; none if fewer than ten customers acted.
    """

    model: ReachModel
    draws: tuple[ReachModel, ...]

    def expected_reach(self, followers: npt.ArrayLike) -> pd.DataFrame:
        """Mean reach of one act and where it may lie.

        Parameters
        ----------
        followers : array of float, shape (n,)
            At least 0; NaN where there is no account.

        Returns
        -------
        DataFrame
            ``followers, value, low, high``; 95 % percentile interval of the mean, not of single acts.
        """
        drawn = [draw.expected_reach(followers) for draw in self.draws]
        return _table(followers, self.model.expected_reach(followers), drawn)

    def probability_above(self, threshold: float, followers: npt.ArrayLike) -> pd.DataFrame:
        """Chance that one act is seen by more than ``threshold`` people, and where it may lie.

        Parameters
        ----------
        threshold : float
            From the floor on.
        followers : array of float, shape (n,)
            At least 0; NaN where there is no account.

        Returns
        -------
        DataFrame
            ``followers, value, low, high``.
        """
        drawn = [draw.probability_above(threshold, followers) for draw in self.draws]
        return _table(followers, self.model.probability_above(threshold, followers), drawn)

    def next_reach(self, followers: npt.ArrayLike) -> pd.DataFrame:
        """Reach of the next act: median and 95 % prediction interval, parameters' uncertainty included.

        Parameters
        ----------
        followers : array of float, shape (n,)
            At least 0; NaN where there is no account.

        Returns
        -------
        DataFrame
            ``followers, median, low, high``: quantiles of the mixture of all draws, or of the model without draws.
        """
        accounts = np.atleast_1d(np.asarray(followers, dtype=np.float64))
        low, median, high = (
            mixture_quantile(self.draws or (self.model,), share, accounts)
            for share in (0.5 - LEVEL / 2, 0.5, 0.5 + LEVEL / 2)
        )
        return pd.DataFrame({"followers": accounts, "median": median, "low": low, "high": high})

    def infinite_means(self) -> float:
        """Share of the resamples whose tail has an infinite mean, in [0, 1]; NaN without draws."""
        found = [draw.tail is not None and draw.tail.mean_is_infinite for draw in self.draws]
        return float(np.mean(found)) if found else float("nan")


def bootstrap_reach(
    reach: npt.ArrayLike,
    followers: npt.ArrayLike,
    *,
    customer: npt.ArrayLike | None = None,
    n_bootstrap: int = 200,
    seed: int = 0,
    **settings: Any,
) -> ReachDraws:
    """Fit the model of reach to the acts, and to resamples of them.

    Parameters
    ----------
    reach, followers : array of float, shape (n_acts,)
        As for :func:`fit_reach`.
    customer : array, shape (n_acts,), optional
        Who acted; all acts of a customer are drawn together. Without it each act is one of its own.
    n_bootstrap : int, default 200
        Resamples.
    seed : int, default 0
        Of the resamples.
    **settings
        Passed to :func:`fit_reach`.

    Returns
    -------
    ReachDraws

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> followers = np.exp(rng.normal(5, 2, 300))
    >>> reach = np.exp(1 + 0.4 * np.log1p(followers) + rng.normal(0, 1, 300))
    >>> table = bootstrap_reach(reach, followers, n_bootstrap=50).expected_reach([100])
    >>> bool(table["low"][0] < np.exp(1 + 0.4 * np.log(101) + 0.5) < table["high"][0])
    True
    """
    positive("n_bootstrap", n_bootstrap)
    model = fit_reach(reach, followers, **settings)
    seen, accounts = (np.asarray(values, dtype=np.float64) for values in (reach, followers))
    codes = codes_of(customer, len(seen))
    if len(np.unique(codes[~np.isnan(seen)])) < FEWEST_CUSTOMERS:
        return ReachDraws(model, ())
    rows = (
        np.repeat(np.arange(len(seen)), w.astype(int)) for w in resampled_weights(codes, n_bootstrap, seed)
    )
    return ReachDraws(model, tuple(fit_reach(seen[drawn], accounts[drawn], **settings) for drawn in rows))


def mixture_quantile(models: tuple[ReachModel, ...], share: float, followers: Floats) -> Floats:
    """Reach that a share of acts do not exceed, if any of the models may hold.

    The quantile of a mixture lies between the least and the greatest of its parts' quantiles; halved until found.

    Examples
    --------
    >>> model = ReachModel.prior()
    >>> mixture_quantile((model, model), 0.9, np.array([100.0])) == model.quantile(0.9, [100.0])
    array([ True])
    """
    each = np.array([model.quantile(share, followers) for model in models])
    low, high = each.min(axis=0), each.max(axis=0)
    # Acts that nobody sees pile up at one reach, which is then the quantile itself.
    high = np.where(_share_up_to(models, low, followers) >= share, low, high)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        enough = _share_up_to(models, middle, followers) >= share
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    found: Floats = high
    return found


def _share_up_to(models: tuple[ReachModel, ...], reach: Floats, followers: Floats) -> Floats:
    found = np.zeros(len(reach))
    for model in models:
        found += 1 - model.probability_above(np.maximum(reach, model.floor), followers)
    return found / len(models)


def _table(followers: npt.ArrayLike, value: Floats, drawn: list[Floats]) -> pd.DataFrame:
    low, high = interval(np.array(drawn).reshape(len(drawn), len(value)), LEVEL)
    accounts = np.atleast_1d(np.asarray(followers, dtype=np.float64))
    return pd.DataFrame({"followers": accounts, "value": value, "low": low, "high": high})
