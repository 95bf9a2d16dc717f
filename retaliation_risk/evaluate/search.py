"""Settings of a model, chosen by rolling origin on moments before a given one, with a fixed number of fits."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retaliation_risk._validate import positive
from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.evaluate._bootstrap import Statistics, with_intervals
from retaliation_risk.evaluate.rolling import Learner, Outcomes, RiskSets, rolling_origin

FloatArray = NDArray[np.float64]
Settings = dict[str, Any]
Space = Mapping[str, Sequence[Any]]

TRIED = [
    "candidate", "settings", "fitted", "log_loss", "difference", "low", "high", "n", "n_events", "chosen",
]  # fmt: skip

#: What is searched for each model of ``MODELS`` that has something to choose: the values that each setting may take.
SPACES: Mapping[str, Space] = MappingProxyType(
    {
        "logistic": {"penalizer": (1e-5, 1e-4, 1e-3, 1e-2, 1e-1), "l1_ratio": (0.0, 0.5, 1.0)},
        "boosting": {
            "learning_rate": (0.02, 0.05, 0.1),
            "max_leaf_nodes": (2, 4, 8, 15),
            "min_samples_leaf": (20, 50, 100, 200, 400),
        },
        "cox": {"ridge": (0.25, 1.0, 4.0, 16.0, 64.0)},
        "landmark_cox": {"ridge": (0.25, 1.0, 4.0, 16.0, 64.0)},
        "aft": {"ridge": (0.25, 1.0, 4.0, 16.0, 64.0)},
        "hazard": {"ridge": (0.25, 1.0, 4.0, 16.0, 64.0), "period_days": (3.0, 7.0, 15.0)},
        "rule": {"failed_recoveries_ever": (1.0, 2.0, 3.0), "tenure_days": (180.0, 365.0, 730.0)},
    }
)

#: A risk of 0 that came true would cost an infinite loss; risks count as at least this.
_LEAST = 1e-6


@dataclass(frozen=True)
class Search:
    """What :func:`search` tried and chose.

    Attributes
    ----------
    tried : DataFrame
        One row per candidate, the model's own settings (candidate 0) first: ``candidate``, ``settings`` (JSON),
        ``fitted`` (at how many moments), ``log_loss`` (IPCW-weighted mean, in nats, lower is better; NaN where it could
        not be fitted at every moment), ``difference`` of it to candidate 0 on the same rows (below 0: better) with its
        95 % interval ``low``, ``high`` over resampled customers, ``n`` rows and ``n_events`` it was judged on, ``chosen``.
    settings : dict
        Of the candidate with the least log loss; of equals the first, so the model's own unless another is better.
    n_fits : int
        Fits made, at most the budget.
    """

    tried: pd.DataFrame
    settings: Settings
    n_fits: int


def search(  # noqa: PLR0913 (what is known, what is asked and how long to look are three of each)
    features: pd.DataFrame,
    outcomes: Outcomes,
    make: Callable[..., Learner],
    space: Space,
    *,
    horizon_days: float,
    moments: Sequence[pd.Timestamp],
    until: pd.Timestamp,
    columns: Sequence[str],
    risk_sets: RiskSets | None = None,
    budget: int = 60,
    n_bootstrap: int = 200,
    seed: int = 0,
) -> Search:
    """Choose a model's settings on moments whose outcomes were known before ``until``.

    Every candidate is trained before each of ``moments`` and judged at it, as in :func:`rolling_origin`. Nothing at or
    after ``until`` is looked at: rows need their whole horizon before it, and outcomes are taken as known by it. With
    ``until`` the first moment of a test, the test says what a search costs and brings.

    Parameters
    ----------
    features, outcomes, horizon_days, columns, risk_sets
        As for :func:`rolling_origin`.
    make : callable
        ``make(**settings)`` gives an unfitted model; called without settings it gives candidate 0.
    space : mapping of str to sequence
        Values that each setting may take, as in :data:`SPACES`. Candidates are drawn from their combinations without
        replacement.
    moments : sequence of Timestamp
        Where candidates are judged; each a horizon or more before ``until``.
    until : Timestamp
        First moment that must not be known, UTC.
    budget : int, default 60
        Most fits: candidates times moments, at least two candidates.
    n_bootstrap : int, default 200
        Resamples of the customers behind the intervals; 0 leaves them empty.
    seed : int, default 0
        Of the draw of candidates and of the resamples.

    Returns
    -------
    Search

    Raises
    ------
    ArgumentError
        RR111 for a moment too late, an empty space, or a budget below two candidates.
    GateError
        RR401 when no candidate could be fitted at every moment, or none of the rows judged has an event.

    Examples
    --------
    >>> class Always:
    ...     def __init__(self, risk=0.5):
    ...         self.risk = risk
    ...     def fit(self, X, y):
    ...         return self
    ...     def predict_risk(self, X, horizon_days):
    ...         return np.full(len(X), self.risk)
    >>> moments = pd.to_datetime(["2025-01-01", "2025-03-01"])
    >>> features = pd.DataFrame({"customer_id": list("abcd") * 2, "moment": np.repeat(moments, 4)})
    >>> def outcomes(known_by):
    ...     event = features["customer_id"] == "a"
    ...     return features.assign(event=event, duration_days=30.0, competing=False, reach=np.nan)
    >>> found = search(features, outcomes, Always, {"risk": [0.1, 0.25]}, horizon_days=30, moments=moments[1:],
    ...     until=pd.Timestamp("2025-04-01"), columns=[], n_bootstrap=0)
    >>> found.settings, found.n_fits
    ({'risk': 0.25}, 3)
    >>> found.tried[["settings", "log_loss", "difference", "chosen"]].round(3).values.tolist()
    [['{}', 0.693, 0.0, False], ['{"risk": 0.1}', 0.655, -0.038, False], ['{"risk": 0.25}', 0.562, -0.131, True]]
    """
    positive("horizon_days", horizon_days)
    judged = _checked(moments, until, horizon_days)
    own: Settings = getattr(make(), "get_params", dict)()
    settings = _candidates(space, own, budget // len(judged), seed)
    before = _before(features, outcomes, until, horizon_days)
    found = rolling_origin(
        *before,
        {str(place): _maker(make, chosen) for place, chosen in enumerate(settings)},
        horizon_days=horizon_days,
        test_moments=judged,
        columns=columns,
        risk_sets=risk_sets,
    )
    fitted = found.fits.groupby("model")["fitted"].sum()
    counts = [int(fitted[str(place)]) for place in range(len(settings))]
    tried = _compared(found.predictions, len(settings), n_bootstrap, seed)
    best = _best(tried)
    tried = tried.assign(
        candidate=range(len(settings)),
        settings=[json.dumps(chosen) for chosen in settings],
        fitted=counts,
        chosen=[place == best for place in range(len(settings))],
    )
    return Search(tried[TRIED], settings[best], len(settings) * len(judged))


def _checked(moments: Sequence[pd.Timestamp], until: pd.Timestamp, horizon_days: float) -> list[pd.Timestamp]:
    """Moments, each once and in order; their whole horizon must lie before ``until``."""
    asked = sorted(set(map(pd.Timestamp, moments)))
    if not asked:
        raise ArgumentError("RR111", "moments is empty; at least one is needed to judge at.")
    if asked[-1] + pd.Timedelta(days=horizon_days) > until:
        raise ArgumentError(
            "RR111",
            f"moments end with {asked[-1]}, whose {horizon_days:g} days reach beyond until, {until};"
            " outcomes that lie after it must not choose.",
        )
    return asked


def _candidates(space: Space, own: Mapping[str, Any], most: int, seed: int) -> list[Settings]:
    """List the model's own settings (none named), then other combinations drawn without replacement."""
    every = [dict(zip(space, values, strict=True)) for values in product(*space.values())]
    every = [chosen for chosen in every if not chosen.items() <= own.items()]
    if not every:
        raise ArgumentError(
            "RR111", f"space is {dict(space)}; it must hold a combination besides the model's own."
        )
    if most < 2:
        raise ArgumentError(
            "RR111", "budget is below two candidates at each moment; raise it or judge at fewer."
        )
    drawn = np.random.default_rng(seed).permutation(len(every))[: most - 1]
    return [{}, *(every[place] for place in sorted(drawn))]


def _maker(make: Callable[..., Learner], settings: Settings) -> Callable[[], Learner]:
    return lambda: make(**settings)


def _before(
    features: pd.DataFrame, outcomes: Outcomes, until: pd.Timestamp, horizon_days: float
) -> tuple[pd.DataFrame, Outcomes]:
    """Rows whose horizon ends by ``until``, and their outcomes as known by then at the latest."""
    kept = (features["moment"] + pd.Timedelta(days=horizon_days) <= until).to_numpy()

    def known(by: pd.Timestamp | None) -> pd.DataFrame:
        return outcomes(until if by is None else min(by, until))[kept].reset_index(drop=True)

    return features[kept].reset_index(drop=True), known


def _compared(predictions: pd.DataFrame, n_candidates: int, n_bootstrap: int, seed: int) -> pd.DataFrame:
    """Log loss of each candidate and its difference to the first, with the interval of the difference."""
    known = predictions[predictions["weight"] > 0]
    event = known["event"].to_numpy(dtype=bool)
    if not event.any():
        raise GateError("RR401", f"none of {len(known)} rows judged has an event.")
    risks = known[[f"risk_{place}" for place in range(n_candidates)]].to_numpy(dtype=np.float64)
    losses = _losses(risks, event)
    ipcw = known["weight"].to_numpy(dtype=np.float64)
    # A difference is a mean over rows, so one product with the bootstrap's weights gives all of them.
    extra = losses - losses[:, :1]
    customers = int(known.loc[event, "customer_id"].nunique())
    labels = [{"customers": customers} for _ in range(n_candidates)]

    def kernel(weight: FloatArray) -> FloatArray:
        drawn = weight * ipcw[:, None]
        means: FloatArray = (extra.T @ drawn) / drawn.sum(axis=0)
        return means

    customer = pd.factorize(known["customer_id"], sort=True)[0].astype(np.int64)
    found = with_intervals([Statistics(labels, kernel)], customer, n_bootstrap=n_bootstrap, seed=seed)
    mean = np.average(losses, weights=ipcw, axis=0)
    found = found.rename(columns={"value": "difference"})
    return found.assign(log_loss=mean, n=len(known), n_events=int(event.sum()))


def _losses(risks: FloatArray, event: NDArray[np.bool_]) -> FloatArray:
    """Log loss of each row under each candidate, shape (n, n_candidates); NaN where there is no risk."""
    inside = np.clip(risks, _LEAST, 1 - _LEAST)
    return -np.where(event[:, None], np.log(inside), np.log1p(-inside))


def _best(tried: pd.DataFrame) -> int:
    """Place of the least log loss, the first of equals."""
    if tried["log_loss"].isna().all():
        raise GateError("RR401", f"none of {len(tried)} candidates could be fitted at every moment.")
    return int(np.nanargmin(tried["log_loss"].to_numpy()))
