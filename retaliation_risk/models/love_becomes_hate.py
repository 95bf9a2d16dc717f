"""Does a strong relationship protect, or does it turn? Its hazard ratio by how often the customer was let down.

Two schools disagree. *Love is blind*: customers with a strong relationship forgive (Béal, Sabadie and Grégoire 2019).
*Love becomes hate*: they feel betrayed, and the more so the more they loved (Grégoire and Fisher 2008). Hutzinger and Weitzl
(2023) find both, one after the other: after no earlier failure desire for revenge is lower where the relationship is strong,
after a few it is alike, after several it is higher. What holds on a firm's own histories is what this table is for.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from retaliation_risk._validate import positive
from retaliation_risk.errors import ArgumentError
from retaliation_risk.models.partial import CoxFit, fit_partial

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

STRENGTH, FAILURES = "relationship_strength", "failed_recoveries_ever"
#: What strong relationships have more of for reasons of their own, and what is hottest just after a failure.
ADJUSTMENTS = ("log_tickets_365d", "complaint_stock", "grudge")
COLUMNS = (STRENGTH, FAILURES, *ADJUSTMENTS)
CLASSES = ("0", "1", "2", "3+")
TREND = "trend"
KIND, KIND_TREND = "hazard ratio of strength", "change of that ratio per failure"
TABLE = ["feature", "kind", "group", "estimate", "low", "high", "p_value", "n_events", "n_customers"]


def love_becomes_hate(risk_sets: pd.DataFrame, *, fewest_events: int = 10) -> pd.DataFrame:
    """Estimate the hazard ratio of relationship strength after 0, 1, 2 and 3 or more failed recoveries, and their trend.

    One Cox model on the risk sets, all features as they were at the act's moment: strength (per standard deviation) in each
    class of failed recoveries ever, the classes themselves, and three adjustments. Contacts of the last year, because who
    has been with us for long and buys much also calls more, and each call can fail; the stock of recent complaints and the
    grudge (failures, each counting half after 30 days), because the hazard is highest just after both and falls from there:
    without them a class would mix fresh failures with old ones. Nothing else: what lies between strength and revenge
    (satisfaction, betrayal) belongs to the effect.

    Parameters
    ----------
    risk_sets : DataFrame
        As made by :func:`retaliation_risk.histories.history_rows`, with the features of COLUMNS.
    fewest_events : int
        Classes with fewer acts get no estimate; their customers are left out of every set, which the likelihood, a
        comparison within sets, allows.

    Returns
    -------
    DataFrame
        One row per class, then the trend: ``feature``, ``kind``, ``group`` (0, 1, 2, 3+, trend), ``estimate`` (hazard ratio
        per standard deviation of strength among those at risk; for the trend, the factor by which that ratio changes from
        one class to the next), ``low`` and ``high`` (95 %, robust, clustered by customer), ``p_value`` (of no effect, of no
        trend), ``n_events`` and ``n_customers`` (those of the sets who were in the class at some act). NaN where there is
        no estimate; a trend needs two classes that have one.

    Raises
    ------
    ArgumentError
        RR101 for columns that are not there.

    References
    ----------
    Grégoire and Fisher 2008, Journal of the Academy of Marketing Science 36(2); Hutzinger and Weitzl 2023, Internet
    Research 33(7); Béal, Sabadie and Grégoire 2019, Marketing Letters 30.
    """
    positive("fewest_events", fewest_events)
    needed = ("set", "customer_id", "case", "log_weight", *COLUMNS)
    if lacking := [name for name in needed if name not in risk_sets]:
        raise ArgumentError("RR101", f"risk_sets lack {lacking}; ask the histories for {list(COLUMNS)}.")
    failures = np.minimum(risk_sets[FAILURES].to_numpy(), 3).astype(np.int64)
    case = risk_sets["case"].to_numpy(dtype=bool)
    n_events = np.bincount(failures[case], minlength=4)
    enough = np.flatnonzero(n_events >= fewest_events)
    fit = _fit(risk_sets, failures, enough)
    log_ratio, covariance = _of_classes(fit, len(enough))
    rows = np.full((5, 2), np.nan)
    rows[enough[: len(log_ratio)], 0] = log_ratio
    rows[enough[: len(log_ratio)], 1] = np.sqrt(np.diag(covariance))
    rows[4] = _trend(enough[: len(log_ratio)], log_ratio, covariance)
    return _table(rows, n_events, _customers(risk_sets, failures))


def _fit(risk_sets: pd.DataFrame, failures: Ints, classes: Ints) -> CoxFit | None:
    """Fit strength in each class, the classes against the first, and the adjustments; None where nothing can be fitted."""
    if not len(classes):
        return None
    kept = np.isin(failures, classes)
    sets, failures = risk_sets[kept], failures[kept]
    strength = _standard(sets[STRENGTH].to_numpy(), sets["log_weight"].to_numpy())
    inside = failures[:, None] == classes
    columns = np.column_stack([strength[:, None] * inside, inside[:, 1:], sets[list(ADJUSTMENTS)].to_numpy()])
    names = [
        *(f"strength at {CLASSES[k]}" for k in classes),
        *(CLASSES[k] for k in classes[1:]),
        *ADJUSTMENTS,
    ]
    varies = np.ptp(columns, axis=0) > 0
    if not varies[: len(classes)].all():
        return None
    try:
        return fit_partial(
            columns[:, varies],
            event=sets["case"],
            sets=sets["set"],
            offset=sets["log_weight"],
            cluster=sets["customer_id"].astype(str),
            names=[name for name, told in zip(names, varies, strict=True) if told],
        )
    except ArgumentError:
        # No finite coefficient, or one column is a combination of others: these acts cannot tell them apart.
        return None


def _standard(values: Floats, log_weight: Floats) -> Floats:
    """Centre and scale by mean and standard deviation among all at risk, whom the sampled rows stand for."""
    weight = np.exp(log_weight - log_weight.max())
    mean = np.average(values, weights=weight)
    spread = np.sqrt(np.average((values - mean) ** 2, weights=weight))
    standard: Floats = (values - mean) / (spread if spread > 0 else 1.0)
    return standard


def _of_classes(fit: CoxFit | None, n: int) -> tuple[Floats, Floats]:
    """Log hazard ratios of strength with their robust covariance; empty without a fit."""
    if fit is None:
        return np.empty(0), np.empty((0, 0))
    assert fit.robust is not None
    return fit.coefficients[:n], fit.robust[:n, :n]


def _trend(classes: Ints, log_ratio: Floats, covariance: Floats) -> tuple[float, float]:
    """Slope of the log ratios on the class, and its standard error, by generalised least squares."""
    if len(log_ratio) < 2:
        return np.nan, np.nan
    design = np.column_stack([np.ones(len(classes)), classes])
    solved = np.linalg.solve(covariance, np.column_stack([design, log_ratio]))
    inverse = np.linalg.inv(design.T @ solved[:, :2])
    return float((inverse @ design.T @ solved[:, 2])[1]), float(np.sqrt(inverse[1, 1]))


def _customers(risk_sets: pd.DataFrame, failures: Ints) -> Ints:
    """Count the customers who were in each class at some act."""
    once = pd.DataFrame({"customer": risk_sets["customer_id"].to_numpy(), "k": failures}).drop_duplicates()
    return np.bincount(once["k"], minlength=4)


def _table(rows: Floats, n_events: Ints, n_customers: Ints) -> pd.DataFrame:
    estimate, error = rows.T
    z = norm.ppf(0.975)
    columns = {
        "feature": STRENGTH,
        "kind": [KIND] * 4 + [KIND_TREND],
        "group": [*CLASSES, TREND],
        "estimate": np.exp(estimate),
        "low": np.exp(estimate - z * error),
        "high": np.exp(estimate + z * error),
        "p_value": 2 * norm.sf(np.abs(estimate / error)),
        "n_events": np.append(n_events, n_events.sum()).astype(np.float64),
        "n_customers": np.append(n_customers, np.nan),
    }
    return pd.DataFrame(columns)[TABLE]
