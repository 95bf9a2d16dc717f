"""What followers say, measured on the data: how far an act carries, and who acts, kept apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk._validate import within
from retaliation_risk.errors import DataError
from retaliation_risk.influence._counts import log_count
from retaliation_risk.influence.reach._newton import Floats
from retaliation_risk.influence.reach._rank import correlation, rank_kernel
from retaliation_risk.influence.reach._resample import FEWEST_CUSTOMERS, codes_of, interval, resampled_weights
from retaliation_risk.metrics import auroc

COLUMNS = ["question", "measure", "value", "low", "high", "chance", "n", "n_events", "n_without_account"]
CARRIES, ACTS = "how far an act carries", "who acts"

_ABOVE, _AT, _BELOW, _UNKNOWN = "above", "at", "below", "unknown"
_CARRIES = {
    _ABOVE: "more followers go with more reach",
    _AT: "followers do not tell its reach",
    _BELOW: "more followers go with less reach",
    _UNKNOWN: "there are too few acts to say what followers tell",
}
_TELLS = {
    _ABOVE: "Those with more followers act more often",
    _AT: "Followers do not tell who acts",
    _BELOW: "Those with more followers act less often",
    _UNKNOWN: "Too few acted to say whether followers tell who acts",
}


def followers_say(
    acts: pd.DataFrame, customers: pd.DataFrame, *, n_bootstrap: int = 500, seed: int = 0
) -> pd.DataFrame:
    """Measure how well followers tell the reach of an act, and how well they tell who acts.

    Parameters
    ----------
    acts : DataFrame
        One row per act: ``customer_id``, ``reach`` (NaN: not recorded, left out) and ``followers`` as known before it.
    customers : DataFrame
        Everybody who could have acted: ``customer_id``, ``followers`` as known before the period, and ``acted`` (bool).
    n_bootstrap : int, default 500
        Resamples of customers for each interval, from 0.
    seed : int, default 0
        Of the resamples.

    Returns
    -------
    DataFrame
        ``question, measure, value, low, high, chance, n, n_events, n_without_account``. Measures: ``rank_correlation`` of
        followers and reach in [-1, 1] and ``r_squared`` of their log1p in [0, 1], among the acts; ``auroc`` in [0, 1], among
        customers. People without an account are left out and counted: theirs is unknown influence, not the lowest. 95 %
        intervals; none with fewer than ten customers who acted.

    Raises
    ------
    DataError
        If a column is missing.

    Examples
    --------
    >>> acts = pd.DataFrame({"customer_id": ["a", "b", "c"], "reach": [1, 5, 90], "followers": [10, 50, 40]})
    >>> customers = pd.DataFrame({"customer_id": list("abcd"), "followers": [10, 50, 40, 30],
    ...                           "acted": [True, True, True, False]})
    >>> followers_say(acts, customers)[["measure", "value"]].round(2).values.tolist()
    [['rank_correlation', 0.5], ['r_squared', 0.39], ['auroc', 0.67]]
    """
    within("n_bootstrap", n_bootstrap, 0, float("inf"))
    _need("acts", acts, ("customer_id", "reach", "followers"))
    _need("customers", customers, ("customer_id", "followers", "acted"))
    acts = acts[acts["reach"].notna()]
    carried, able = acts[acts["followers"].notna()], customers[customers["followers"].notna()]
    followers = log_count(carried["followers"], "followers")
    reach = log_count(carried["reach"], "reach")
    asked = {
        "rank_correlation": (CARRIES, carried, rank_kernel(followers, reach), 0.0),
        "r_squared": (CARRIES, carried, lambda weight: correlation(followers, reach, weight) ** 2, 0.0),
        "auroc": (ACTS, able, _auroc_kernel(able), 0.5),
    }
    rows = []
    for measure, (question, frame, kernel, chance) in asked.items():
        acted = frame["acted"].to_numpy(dtype=bool) if question == ACTS else np.ones(len(frame), dtype=bool)
        value, low, high = _measured(kernel, frame["customer_id"], acted, n_bootstrap, seed)
        missing = len(acts if question == CARRIES else customers) - len(frame)
        rows.append((question, measure, value, low, high, chance, len(frame), int(acted.sum()), missing))
    return pd.DataFrame(rows, columns=COLUMNS)


def followers_sentence(table: pd.DataFrame) -> str:
    """Read the table of :func:`followers_say` out in plain words; no verdict without an interval.

    Examples
    --------
    >>> rows = [("how far an act carries", "rank_correlation", 0.3, 0.2, 0.4, 0.0, 250, 250, 9),
    ...         ("how far an act carries", "r_squared", 0.09, 0.04, 0.15, 0.0, 250, 250, 9),
    ...         ("who acts", "auroc", 0.51, 0.47, 0.55, 0.5, 9000, 240, 700)]
    >>> print(followers_sentence(pd.DataFrame(rows, columns=COLUMNS)))
    Given an act, more followers go with more reach: rank correlation 0.30 (0.20 to 0.40); a line explains 9 % of the
    variance of log reach. Followers do not tell who acts: AUROC 0.51 (0.47 to 0.55), chance is 0.50.
    """
    rank, explained, area = (
        table[table["measure"] == measure].iloc[0] for measure in ("rank_correlation", "r_squared", "auroc")
    )
    return (
        f"Given an act, {_CARRIES[_side(rank)]}: rank correlation {_shown(rank)}; a line explains "
        f"{100 * explained['value']:.0f} % of the variance of log reach. {_TELLS[_side(area)]}: AUROC {_shown(area)}, "
        f"chance is 0.50."
    )


def _auroc_kernel(able: pd.DataFrame) -> Callable[[Floats], float]:
    acted = able["acted"].to_numpy(dtype=bool)
    followers = log_count(able["followers"], "followers")
    return lambda weight: float(auroc(acted, followers, weight=weight))


def _measured(
    kernel: Callable[[Floats], float],
    customer: pd.Series,
    acted: npt.NDArray[np.bool_],
    n_bootstrap: int,
    seed: int,
) -> tuple[float, float, float]:
    """Value and percentile interval over resampled customers."""
    codes = codes_of(customer, len(customer))
    value = kernel(np.ones(len(codes)))
    if np.isnan(value) or len(np.unique(codes[acted])) < FEWEST_CUSTOMERS:
        return value, float("nan"), float("nan")
    low, high = interval([kernel(weight) for weight in resampled_weights(codes, n_bootstrap, seed)], 0.95)
    return value, float(low), float(high)


def _need(name: str, frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
    if lacking := [column for column in columns if column not in frame.columns]:
        raise DataError("RR101", f"{name}: columns {lacking} are missing; found {list(frame.columns)}.")


def _side(row: pd.Series) -> str:
    """Where the interval lies from chance."""
    if np.isnan(row["low"]):
        return _UNKNOWN
    if row["low"] > row["chance"]:
        return _ABOVE
    return _BELOW if row["high"] < row["chance"] else _AT


def _shown(row: pd.Series) -> str:
    if np.isnan(row["low"]):
        return f"{row['value']:.2f} (no interval)"
    return f"{row['value']:.2f} ({row['low']:.2f} to {row['high']:.2f})"
