"""Whether customers alike were answered and not: without them nothing can be compared."""

from __future__ import annotations

import numpy as np
import pandas as pd

from retaliation_risk._words import percent
from retaliation_risk.errors import GateError
from retaliation_risk.evaluate.treatment._arms import EVERYBODY, Bools, Floats, Rows, target_weights

FEWEST_CUSTOMERS = 30
MOST_TRIMMED = 0.5
ARMS = {True: "answered", False: "not answered"}


def inside(propensity: Floats, trim: float, target: str) -> Bools:
    """Mark rows that have others like them in both arms.

    For everybody the propensity must lie in [trim, 1 - trim] (Crump et al. 2009, doi:10.1093/biomet/asn055); for the
    answered at most at 1 - trim: those never answered stand for nobody then, and weigh next to nothing.

    Examples
    --------
    >>> inside(np.array([0.01, 0.5, 0.99]), 0.02, "everybody").tolist()
    [False, True, False]
    """
    low = trim if target == EVERYBODY else 0.0
    kept: Bools = (propensity >= low) & (propensity <= 1 - trim)
    return kept


def effective_size(weight: Floats) -> float:
    """Rows of equal weight that would be worth as much (Kish): (sum w)^2 / sum w^2; 0 without any.

    Examples
    --------
    >>> effective_size(np.array([1.0, 1.0, 2.0, 0.0]))
    2.6666666666666665
    """
    squares = float(weight @ weight)
    return float(weight.sum() ** 2 / squares) if squares > 0 else 0.0


def overlap_table(rows: Rows, kept: Bools, target: str) -> pd.DataFrame:
    """Say for each arm where propensities lie and what trimming and weighing leave of it.

    Parameters
    ----------
    rows : Rows
        All rows.
    kept : array of bool, shape (n,)
        Those with overlap.
    target : str
        ``"everybody"`` or ``"answered"``.

    Returns
    -------
    DataFrame
        ``arm, n, n_customers, least, p05, median, p95, greatest, share_trimmed, effective_size``: quantiles of the
        propensity before trimming; customers and effective size after, among rows whose outcome is known.
    """
    found = []
    for arm, name in ARMS.items():
        here = rows.answered == arm
        left = here & kept & (rows.known > 0)
        weight = target_weights(rows, arm, target)[left] * rows.known[left]
        shown = rows.propensity[here]
        quantiles = np.quantile(shown, [0, 0.05, 0.5, 0.95, 1]) if len(shown) else np.full(5, np.nan)
        trimmed = 1 - kept[here].mean() if len(shown) else np.nan
        size = len(np.unique(rows.customer[left]))
        found.append((name, len(shown), size, *quantiles, trimmed, effective_size(weight)))
    columns = ["arm", "n", "n_customers", "least", "p05", "median", "p95", "greatest", "share_trimmed"]
    return pd.DataFrame(found, columns=[*columns, "effective_size"])


def refuse_without_overlap(table: pd.DataFrame) -> None:
    """Raise if an arm is too small to be compared, or most of it has nobody like it in the other.

    Raises
    ------
    GateError
        RR420: fewer than 30 customers or an effective size below 30 in an arm, or more than half of it trimmed.
    """
    for row in table.to_dict("records"):
        arm = f"those {row['arm']}"
        if row["share_trimmed"] > MOST_TRIMMED:
            raise GateError(
                "RR420", f"{percent(row['share_trimmed'])} of {arm} have nobody like them in the other arm."
            )
        if row["n_customers"] < FEWEST_CUSTOMERS:
            raise GateError(
                "RR420", f"{row['n_customers']} customers among {arm} can be compared; 30 are needed."
            )
        if row["effective_size"] < FEWEST_CUSTOMERS:
            raise GateError(
                "RR420", f"{arm} are worth {row['effective_size']:.1f} rows when weighted; 30 are needed."
            )


def balance_table(rows: Rows, names: list[str], target: str) -> pd.DataFrame:
    """Compare the arms' means of each covariate, before and after weighing.

    Parameters
    ----------
    rows : Rows
        Those with overlap.
    names : list of str
        Of the covariates.
    target : str
        ``"everybody"`` or ``"answered"``.

    Returns
    -------
    DataFrame
        ``covariate, difference_before, difference_after, share_missing``: mean if answered minus mean if not, in standard
        deviations (root mean square of the two arms', unweighted; Austin 2009, doi:10.1002/sim.3697). Beyond 0.1 is often
        called unbalanced. Missing values are left out of the means; NaN where a covariate does not vary.
    """
    found = []
    for name, values in zip(names, rows.covariates.T, strict=True):
        given = ~np.isnan(values)
        as_they_are = {arm: given * (rows.answered == arm).astype(np.float64) for arm in ARMS}
        weighed = {arm: given * target_weights(rows, arm, target) for arm in ARMS}
        spread = np.sqrt(sum(_moments(values, as_they_are[arm])[1] for arm in ARMS) / 2)
        before, after = (
            (_moments(values, weight[True])[0] - _moments(values, weight[False])[0]) / (spread or np.nan)
            for weight in (as_they_are, weighed)
        )
        found.append((name, before, after, 1 - given.mean()))
    return pd.DataFrame(
        found, columns=["covariate", "difference_before", "difference_after", "share_missing"]
    )


def _moments(values: Floats, weight: Floats) -> tuple[float, float]:
    """Weighted mean and variance of the values that are there; NaN without any."""
    total = weight.sum()
    if total == 0:
        return float("nan"), float("nan")
    mean = float(np.nansum(values * weight) / total)
    return mean, float(np.nansum((values - mean) ** 2 * weight) / total)
