"""Complaining predicted from use, tenure and failures; customers that are identical stay in one fold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from retaliation_risk.metrics import (
    auprc,
    auroc,
    calibration_curve,
    calibration_intercept,
    calibration_slope,
    scaled_brier,
)
from retaliation_risk.models import Boosting, Logistic, Logit, Model, Prevalence

Floats = npt.NDArray[np.float64]

#: The data have no times: everybody is asked about one month from one moment, which is only a name for "complained".
HORIZON = 30.0
MOMENT = pd.Timestamp("2020-01-01")

PREDICTORS = (
    "failures", "tenure_months", "charge_level", "seconds_of_use", "calls", "texts", "numbers_called", "age_group",
    "tariff_plan", "age", "customer_value",
)  # fmt: skip

#: One customer in thirteen complains, so larger trees than the package's own can be told apart; those are shown too.
LARGE = {"max_leaf_nodes": 15, "min_samples_leaf": 50}

#: Failures may only raise the risk; nothing else here has a sign that research fixes.
MODELS: Mapping[str, Callable[[], Model]] = {
    "prevalence": lambda: Prevalence(horizon_days=HORIZON),
    "logit": lambda: Logit(horizon_days=HORIZON),
    "logistic": lambda: Logistic(horizon_days=HORIZON, penalizer=1e-3),
    "boosting": lambda: Boosting(horizon_days=HORIZON, signs={"failures": 1}, **LARGE),
    "boosting, signs free": lambda: Boosting(horizon_days=HORIZON, signs={}, **LARGE),
    "boosting, small trees": lambda: Boosting(horizon_days=HORIZON, signs={"failures": 1}),
}

METRICS = {
    "auroc": auroc,
    "auprc": auprc,
    "scaled_brier": scaled_brier,
    "calibration_slope": calibration_slope,
    "calibration_intercept": calibration_intercept,
}


def outcome_frame(churn: pd.DataFrame, outcome: str = "complained") -> pd.DataFrame:
    """Outcomes as models take them; identical customers have one id."""
    hit = churn[outcome].to_numpy(dtype=bool)
    return pd.DataFrame(
        {
            "customer_id": churn["group"].to_numpy(),
            "moment": MOMENT,
            "event": hit,
            "duration_days": np.where(hit, HORIZON / 2, HORIZON),
            "competing": False,
        }
    )


def folds(churn: pd.DataFrame, *, grouped: bool, seed: int) -> Iterator[tuple[npt.NDArray[np.intp], ...]]:
    """Five folds with equal shares of complaints; ``grouped`` keeps identical customers together."""
    kind = StratifiedGroupKFold if grouped else StratifiedKFold
    split = kind(5, shuffle=True, random_state=seed)
    yield from split.split(churn, churn["complained"], churn["group"] if grouped else None)


def held_out(
    churn: pd.DataFrame, make: Callable[[], Model], *, grouped: bool = True, seed: int = 0
) -> Floats:
    """Risk of each customer by a model that has not seen the customer's fold."""
    X, y = churn[list(PREDICTORS)], outcome_frame(churn)
    risk = np.full(len(churn), np.nan)
    for train, test in folds(churn, grouped=grouped, seed=seed):
        risk[test] = make().fit(X.iloc[train], y.iloc[train]).predict_risk(X.iloc[test], HORIZON)
    return risk


def resamples(churn: pd.DataFrame, n: int, seed: int = 0) -> Floats:
    """How often each row was drawn, identical customers together, shape (n, n_rows)."""
    size = churn["group"].nunique()
    rng = np.random.default_rng(seed)
    drawn = [np.bincount(rng.integers(size, size=size), minlength=size) for _ in range(n)]
    return np.array(drawn, dtype=float)[:, churn["group"]]


def scores(churn: pd.DataFrame, risks: Mapping[str, Floats], n_bootstrap: int) -> pd.DataFrame:
    """Every metric of every model with its interval: model, metric, value, low, high."""
    hit, weight = churn["complained"].to_numpy(), resamples(churn, n_bootstrap)
    rows = []
    for model, risk in risks.items():
        for name, metric in METRICS.items():
            low, high = np.nanquantile(metric(hit, risk, weight=weight), [0.025, 0.975])
            rows.append((model, name, metric(hit, risk), low, high))
    return pd.DataFrame(rows, columns=["model", "metric", "value", "low", "high"])


def leakage(churn: pd.DataFrame, make: Callable[[], Model], seeds: range) -> pd.DataFrame:
    """AUROC under three ways with duplicates: rows dealt out freely, identical rows together, one row each."""
    unique = churn.drop_duplicates().reset_index(drop=True)
    ways = {
        "rows dealt out freely": (churn, False),
        "identical customers in one fold": (churn, True),
        "duplicates removed, identical customers in one fold": (unique, True),
    }
    rows = []
    for way, (data, grouped) in ways.items():
        found = [
            auroc(data["complained"], held_out(data, make, grouped=grouped, seed=seed)) for seed in seeds
        ]
        rows.append((way, len(data), np.mean(found), min(found), max(found)))
    return pd.DataFrame(rows, columns=["folds", "rows", "auroc", "lowest", "highest"])


def calibration(churn: pd.DataFrame, risk: Floats, n_bins: int = 10) -> pd.DataFrame:
    """Risk said and share observed, in bins of equally many customers."""
    curve = calibration_curve(churn["complained"], risk, n_bins=n_bins)
    return pd.DataFrame(
        {name: getattr(curve, name) for name in ("n", "predicted", "observed", "low", "high")}
    )
