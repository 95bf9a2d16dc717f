"""The effect of answers on retaliation: compare those answered with customers alike who were not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from retaliation_risk._validate import one_of
from retaliation_risk.errors import ArgumentError, DataError, GateError
from retaliation_risk.evaluate._bootstrap import FEWEST_EVENTS
from retaliation_risk.evaluate.treatment._arms import (
    EVERYBODY,
    TARGETS,
    Mean,
    Rows,
    augmented_mean,
    clustered_error,
    hajek,
    weighted_mean,
)
from retaliation_risk.evaluate.treatment._cross_fit import folds_of, outcome_chances, propensities
from retaliation_risk.evaluate.treatment.overlap import (
    balance_table,
    inside,
    overlap_table,
    refuse_without_overlap,
)
from retaliation_risk.evaluate.treatment.sensitivity import e_value, hidden_bounds, tipping_point

NEEDED = ("customer_id", "answered", "event")
NOT_BEFORE = (*NEEDED, "moment", "weight", "competing", "duration_days", "reach")
LIMITS = (1.0, 1.25, 1.5, 2.0, 3.0)

_NORMAL_95 = 1.959963984540054


@dataclass(frozen=True)
class AnswerEffect:
    """What answers did, and how much of it to believe; made by :func:`effect_of_answers`.

    Attributes
    ----------
    target : str
        Whose effect: ``"answered"`` or ``"everybody"``.
    n : int
        Rows of the target, those without overlap left out; totals are of them.
    effects : DataFrame
        ``measure, method, value, low, high, n, n_events``. Methods: ``unadjusted`` (as they are), ``weighted`` (inverse
        propensity, Hajek), ``augmented`` (doubly robust: the one to quote). Measures: ``share_if_not_answered`` and
        ``share_if_answered`` in [0, 1], ``risk_difference`` (the first minus the second: above 0 answers helped),
        ``risk_ratio`` (the second over the first: below 1 answers helped), ``prevented_per_1000`` and
        ``prevented`` (retaliations). 95 % intervals, rows of a customer taken together; none with fewer than ten
        customers who retaliated, or where an arm has none.
    overlap, balance : DataFrame
        Of :func:`overlap_table` and :func:`balance_table`.
    bounds : DataFrame
        ``limit, low, high, interval_low, interval_high``: retaliations prevented if something unseen moved the odds of
        being answered by up to the factor ``limit`` (by the weighted method), and 95 % intervals of the two ends.
    e_value, e_value_of_interval : float
        Risk ratio that a hidden cause must have with both answer and retaliation to explain the augmented estimate, or the
        end of its interval nearest to no effect, away; 1 means nothing is needed.
    tipping_point : float
        The least ``limit`` whose bounds hold no effect.
    """

    target: str
    n: int
    effects: pd.DataFrame
    overlap: pd.DataFrame
    balance: pd.DataFrame
    bounds: pd.DataFrame
    e_value: float
    e_value_of_interval: float
    tipping_point: float

    def row(self, measure: str, method: str = "augmented") -> pd.Series:
        """Return one row of ``effects``.

        Parameters
        ----------
        measure : str
        method : str, default "augmented"
        """
        found = self.effects.query("measure == @measure and method == @method")
        return found.iloc[0]

    def sentence(self) -> str:
        """Say in plain words what can be said; no verdict without an interval, or where it holds no effect."""
        row = self.row("prevented")
        if np.isnan(row["low"]):
            return (
                f"Too few of the {self.n:,} rows compared have a retaliation to say what answers prevented."
            )
        found = f"{row['value']:,.0f} ({row['low']:,.0f} to {row['high']:,.0f})"
        if row["low"] <= 0 <= row["high"]:
            return f"It cannot be told whether answers prevented any retaliations: estimated {found} in {self.n:,} rows."
        if row["value"] < 0:
            return (
                f"Those answered retaliated more than customers alike who were not: prevented {found} in {self.n:,} rows. "
                "Look for what was known to whoever answered and is not in the data."
            )
        return (
            f"Answers prevented an estimated {found} retaliations in {self.n:,} rows, provided that nothing unseen decided "
            f"who was answered. Something unseen that moved those odds by a factor of {self.tipping_point:.2f} could "
            "explain it."
        )


def effect_of_answers(
    rows: pd.DataFrame,
    covariates: Sequence[str],
    *,
    target: str = "answered",
    trim: float = 0.02,
    n_folds: int = 5,
    limits: Sequence[float] = LIMITS,
) -> AnswerEffect:
    """Estimate how many retaliations answers prevented, from who was answered and what was known before.

    Chances of being answered (propensities) and of retaliating come from logistic regressions on other customers
    (cross-fitting over customers). Everything rests on the covariates holding whatever moved both; ``bounds``, ``e_value``
    and ``tipping_point`` say how far off that may be.

    Parameters
    ----------
    rows : DataFrame
        One row per customer and moment: ``customer_id``, ``answered`` (bool: within the period after the moment), ``event``
        (bool: retaliated after the answer, within the horizon), the covariates as of the moment, and optionally
        ``weight``, at least 0: that of the predictions frame (IPCW), 0 where the outcome is unknown. Who retaliated before
        an answer could come must not be in the rows.
    covariates : sequence of str
        Numeric columns known before the answer; NaN is allowed.
    target : str, default "answered"
        Whose effect: ``"answered"``, those who were; or ``"everybody"``.
    trim : float, default 0.02
        Rows with a propensity nearer than this to certainty are left out; in (0, 0.5).
    n_folds : int, default 5
        Parts of the customers, at least 2.
    limits : sequence of float, default LIMITS
        Strengths of hidden confounding for ``bounds``, each from 1.

    Returns
    -------
    AnswerEffect

    Raises
    ------
    GateError
        RR420 if those answered and not answered have too little in common.
    DataError
        RR101 if a column is missing, RR202 if a cell of a needed column is.
    ArgumentError
        RR111 for a covariate that was not known before, or an argument out of its range.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> risk, answered = rng.normal(size=4000), rng.random(4000) < 0.4
    >>> event = rng.random(4000) < np.where(answered, 0.1, 0.2)
    >>> rows = pd.DataFrame({"customer_id": range(4000), "answered": answered, "event": event, "risk": risk})
    >>> effect = effect_of_answers(rows, ["risk"])
    >>> bool(effect.row("risk_difference")["low"] < 0.1 < effect.row("risk_difference")["high"])
    True
    """
    one_of("target", target, TARGETS)
    if not 0 < trim < 0.5:
        raise ArgumentError("RR111", f"trim is {trim!r}; it must be above 0 and below 0.5.")
    names = list(covariates)
    every = _read(rows, names, n_folds)
    kept = inside(every.propensity, trim, target)
    overlap = overlap_table(every, kept, target)
    refuse_without_overlap(overlap)
    compared = every.taken(kept)
    n = int(kept.sum() if target == EVERYBODY else compared.answered.sum())
    effects = pd.concat([_effects(compared, method, target, n) for method in _METHODS], ignore_index=True)
    ratio = effects.query("measure == 'risk_ratio' and method == 'augmented'").iloc[0]
    return AnswerEffect(
        target=target,
        n=n,
        effects=effects,
        overlap=overlap,
        balance=balance_table(compared, names, target),
        bounds=pd.DataFrame([_bound(compared, limit, target, n) for limit in limits]),
        e_value=_e_value(ratio["value"]),
        e_value_of_interval=_e_value(_nearest_to_one(ratio["low"], ratio["high"])),
        tipping_point=tipping_point(compared, target),
    )


def _read(rows: pd.DataFrame, names: list[str], n_folds: int) -> Rows:
    """Check the table and learn what the estimators need from it."""
    if lacking := [name for name in (*NEEDED, *names) if name not in rows.columns]:
        raise DataError("RR101", f"rows: columns {lacking} are missing; found {list(rows.columns)}.")
    if late := [name for name in names if name in NOT_BEFORE]:
        raise ArgumentError("RR111", f"covariates hold {late}; they must be known before the answer.")
    if not names:
        raise ArgumentError("RR111", "covariates is empty; it must name at least one column.")
    if empty := [name for name in NEEDED if rows[name].isna().any()]:
        raise DataError("RR202", f"rows: columns {empty} have missing values.")
    answered, event = (rows[name].to_numpy(dtype=bool) for name in ("answered", "event"))
    known = rows["weight"].to_numpy(dtype=np.float64) if "weight" in rows.columns else np.ones(len(rows))
    if not (np.isfinite(known) & (known >= 0)).all():
        raise ArgumentError("RR111", "weight must be finite and at least 0.")
    customer = np.unique(rows["customer_id"].to_numpy(), return_inverse=True)[1].reshape(-1)
    n_customers = int(customer.max(initial=-1)) + 1
    if not 2 <= n_folds <= max(n_customers, 2):
        raise ArgumentError("RR111", f"n_folds is {n_folds!r}; it must be in [2, {n_customers}].")
    if not answered.any() or answered.all():
        raise GateError("RR420", f"{int(answered.sum())} of {len(answered)} rows were answered.")
    columns, folds = rows[names].to_numpy(dtype=np.float64), folds_of(customer, n_folds)
    chance = outcome_chances(columns, answered, event & (known > 0), known, folds)
    return Rows(
        event & (known > 0),
        answered,
        known,
        propensities(columns, answered, folds),
        chance,
        customer,
        columns,
    )


def _unadjusted_mean(rows: Rows, arm: bool, target: str) -> Mean:
    return hajek(rows.event, (rows.answered == arm) * rows.known)


_METHODS = {"unadjusted": _unadjusted_mean, "weighted": weighted_mean, "augmented": augmented_mean}


def _effects(rows: Rows, method: str, target: str, n: int) -> pd.DataFrame:
    """All measures of one method."""
    without, answered = (_METHODS[method](rows, arm, target) for arm in (False, True))
    gap = Mean(without.value - answered.value, without.influence - answered.influence)
    found = {
        "share_if_not_answered": _interval(without, rows, 1),
        "share_if_answered": _interval(answered, rows, 1),
        "risk_difference": _interval(gap, rows, 1),
        "risk_ratio": _ratio(answered, without, rows),
        "prevented_per_1000": _interval(gap, rows, 1000),
        "prevented": _interval(gap, rows, n),
    }
    table = pd.DataFrame(found.values(), columns=["value", "low", "high"])
    events = len(np.unique(rows.customer[rows.event]))
    if events < FEWEST_EVENTS or not all(rows.event[rows.answered == arm].any() for arm in (False, True)):
        table[["low", "high"]] = np.nan
    table.insert(0, "measure", list(found))
    table.insert(1, "method", method)
    return table.assign(n=len(rows.event), n_events=int(rows.event.sum()))


def _interval(mean: Mean, rows: Rows, times: float) -> tuple[float, float, float]:
    around = _NORMAL_95 * clustered_error(mean.influence, rows.customer)
    return times * mean.value, times * (mean.value - around), times * (mean.value + around)


def _ratio(over: Mean, under: Mean, rows: Rows) -> tuple[float, float, float]:
    """Ratio of two shares, its interval even on the log scale (delta method); NaN unless both are above 0."""
    if not (over.value > 0 and under.value > 0):
        return float("nan"), float("nan"), float("nan")
    log = Mean(np.log(over.value / under.value), over.influence / over.value - under.influence / under.value)
    value, low, high = np.exp(_interval(log, rows, 1)).tolist()
    return value, low, high


def _bound(rows: Rows, limit: float, target: str, n: int) -> dict[str, float]:
    """Extremes of the total under one strength of hidden confounding."""
    (low, high), (low_answered, high_answered) = hidden_bounds(rows, limit, target)
    bottom = Mean(low.value - high_answered.value, low.influence - high_answered.influence)
    top = Mean(high.value - low_answered.value, high.influence - low_answered.influence)
    least, most = _interval(bottom, rows, n), _interval(top, rows, n)
    return {
        "limit": limit,
        "low": least[0],
        "high": most[0],
        "interval_low": least[1],
        "interval_high": most[2],
    }


def _e_value(ratio: float) -> float:
    return float("nan") if np.isnan(ratio) else e_value(ratio)


def _nearest_to_one(low: float, high: float) -> float:
    """End of an interval of a ratio nearest to no effect; 1 if it holds 1."""
    if low <= 1 <= high:
        return 1.0
    return low if low > 1 else high
