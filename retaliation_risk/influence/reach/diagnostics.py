"""Whether the tail is heavy, whether the model fits it, and how few acts make most of the reach."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk._validate import within
from retaliation_risk.errors import ArgumentError
from retaliation_risk.influence._counts import log_count
from retaliation_risk.influence.reach._newton import Floats
from retaliation_risk.influence.reach._resample import FEWEST_CUSTOMERS, codes_of, interval, resampled_weights
from retaliation_risk.influence.reach.model import ReachModel

_NORMAL_95 = 1.959963984540054


def mean_excess_table(reach: npt.ArrayLike, *, n_thresholds: int = 20) -> pd.DataFrame:
    """Mean of what lies beyond each of some thresholds: rising means a tail heavier than exponential.

    Under a generalised Pareto of shape below 1 the mean excess is a straight line of slope shape / (1 - shape) (Davison and
    Smith 1990, doi:10.1111/j.2517-6161.1990.tb01796.x).

    Parameters
    ----------
    reach : array of float, shape (n_acts,)
        At least 0; NaN is left out.
    n_thresholds : int, default 20
        At most so many: quantiles of the acts with reach, equal ones once.

    Returns
    -------
    DataFrame
        ``threshold, n_above, mean_excess, low, high``; 95 % intervals of a mean, NaN with fewer than ten above, and too
        narrow where the shape is above 1/2.

    Examples
    --------
    >>> mean_excess_table([0, 1, 1, 5, 9], n_thresholds=3)[["threshold", "n_above", "mean_excess"]].values.tolist()
    [[1.0, 2.0, 6.0], [5.0, 1.0, 4.0]]
    """
    seen = _seen(reach)
    shares = np.arange(n_thresholds if len(seen) else 0) / n_thresholds
    rows = []
    for threshold in np.unique(np.quantile(seen, shares)) if len(seen) else ():
        beyond = seen[seen > threshold] - threshold
        if len(beyond):
            enough = len(beyond) >= FEWEST_CUSTOMERS
            error = beyond.std(ddof=1) / np.sqrt(len(beyond)) if enough else np.nan
            mean, around = beyond.mean(), _NORMAL_95 * error
            rows.append((float(threshold), len(beyond), mean, mean - around, mean + around))
    return pd.DataFrame(rows, columns=["threshold", "n_above", "mean_excess", "low", "high"])


def qq_table(model: ReachModel, reach: npt.ArrayLike, followers: npt.ArrayLike) -> pd.DataFrame:
    """Acts against the model, on the scale of an exponential: the last rows are the acts that spread.

    Each act seen is turned into -log of the chance that the model gave to a greater reach, given its followers and that it
    was seen. Under the model these are exponential; above the diagonal acts reach farther than it says.

    Parameters
    ----------
    model : ReachModel
    reach, followers : array of float, shape (n_acts,)
        As for :func:`fit_reach`.

    Returns
    -------
    DataFrame
        ``reach, expected, observed``, a row per act seen, least first by ``observed``; unitless but ``reach``.

    Examples
    --------
    >>> table = qq_table(ReachModel.prior(), [0, 10, 30], [100, 100, 100])
    >>> table["reach"].tolist(), table["observed"].round(2).tolist()
    ([10.0, 30.0], [0.69, 1.46])
    """
    seen_by, accounts = np.asarray(reach, dtype=np.float64), np.asarray(followers, dtype=np.float64)
    if seen_by.shape != accounts.shape or seen_by.ndim != 1:
        raise ArgumentError(
            "RR111", f"reach has shape {seen_by.shape}, followers {accounts.shape}; both must be (n,)."
        )
    seen = (seen_by > model.floor) & (seen_by < model.most)
    seen_by, accounts = seen_by[seen], accounts[seen]
    given = model.probability_above(np.full(len(seen_by), model.floor), accounts)
    observed = -np.log(model.probability_above(seen_by, accounts) / given)
    order, n = np.argsort(observed, kind="stable"), len(observed)
    # Means of the order statistics of an exponential: 1/n, 1/n + 1/(n - 1), ...
    expected = np.cumsum(1 / np.arange(n, 0, -1))
    return pd.DataFrame({"reach": seen_by[order], "expected": expected, "observed": observed[order]})


def top_share(
    reach: npt.ArrayLike,
    *,
    share: float = 0.01,
    customer: npt.ArrayLike | None = None,
    n_bootstrap: int = 500,
    seed: int = 0,
) -> pd.DataFrame:
    """Share of all reach that the widest acts make: how few acts there is to fear.

    Parameters
    ----------
    reach : array of float, shape (n_acts,)
        At least 0; NaN is left out.
    share : float, default 0.01
        Share of the acts that counts as the widest, in (0, 1]; the act at its edge counts in part.
    customer : array, shape (n_acts,), optional
        Who acted; all acts of a customer are drawn together.
    n_bootstrap : int, default 500
        Resamples for the interval.
    seed : int, default 0
        Of the resamples.

    Returns
    -------
    DataFrame
        One row ``share_of_acts, value, low, high, n``; the value in [share, 1], NaN where nobody saw anything. With a tail
        whose mean is infinite it hangs on the number of acts, and the interval is too short. No interval with
        fewer than ten customers.

    Examples
    --------
    >>> top_share([0, 0, 0, 90, 10], share=0.2, n_bootstrap=0)["value"].tolist()
    [0.9]
    """
    if not 0 < share <= 1:
        raise ArgumentError("RR111", f"share is {share!r}; it must be above 0 and at most 1.")
    within("n_bootstrap", n_bootstrap, 0, float("inf"))
    seen_by = np.asarray(reach, dtype=np.float64)
    log_count(seen_by, "reach")
    recorded = ~np.isnan(seen_by)
    codes = codes_of(customer, len(seen_by))[recorded]
    order = np.argsort(-seen_by[recorded], kind="stable")
    seen_by, codes = seen_by[recorded][order], np.unique(codes[order], return_inverse=True)[1]
    few = len(np.unique(codes)) < FEWEST_CUSTOMERS
    weights = resampled_weights(codes, 0 if few else n_bootstrap, seed)
    low, high = interval([_top(seen_by, weight, share) for weight in weights], 0.95)
    value = _top(seen_by, np.ones(len(seen_by)), share)
    row = {"share_of_acts": share, "value": value, "low": float(low), "high": float(high), "n": len(seen_by)}
    return pd.DataFrame([row])


def _top(descending: Floats, weight: Floats, share: float) -> float:
    before = np.cumsum(weight) - weight
    counted = np.clip(share * weight.sum() - before, 0, weight)
    total = float(weight @ descending)
    return float(counted @ descending) / total if total > 0 else float("nan")


def _seen(reach: npt.ArrayLike) -> Floats:
    values = np.asarray(reach, dtype=np.float64)
    log_count(values, "reach")
    return values[values > 0]
