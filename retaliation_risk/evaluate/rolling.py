"""Rolling origin: what each model would have said at each moment, knowing what was known by then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, cast

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray

from retaliation_risk._censoring import ipcw_weights
from retaliation_risk._validate import positive
from retaliation_risk.errors import ArgumentError, GateError

KEYS = ["customer_id", "moment"]
OUTCOME = ["event", "duration_days", "competing", "reach"]
FITS = ["split", "model", "fitted", "why", "n", "n_events"]


class Learner(Protocol):
    """What a model must be able to do."""

    def fit(self, X: pd.DataFrame, y: pd.DataFrame) -> Any:
        """Learn from features and an outcome frame."""

    def predict_risk(self, X: pd.DataFrame, horizon_days: float) -> NDArray[np.float64]:
        """Probability of the outcome within the horizon."""


class RiskSetLearner(Learner, Protocol):
    """A learner that also takes risk sets, and says so."""

    learns_from_risk_sets: bool

    def fit(self, X: pd.DataFrame, y: pd.DataFrame, risk_sets: pd.DataFrame | None = None) -> Any:
        """Learn from features, an outcome frame and what was known at the moments of acts."""


Outcomes = Callable[[pd.Timestamp | None], pd.DataFrame]
RiskSets = Callable[[pd.Timestamp], pd.DataFrame]
Learners = Mapping[str, Callable[[], Learner]]


@dataclass(frozen=True)
class Backtest:
    """What :func:`rolling_origin` found.

    Attributes
    ----------
    predictions : DataFrame
        One row per customer and test moment: ``split`` (ISO date of the moment, with its time where another test moment has
        the same date), ``customer_id``,
        ``moment``, ``event``, ``duration_days``, ``competing``, ``reach``, ``weight`` (IPCW at the horizon
        within the moment, 0 where censored inside it), and ``risk_<model>``, NaN at moments where that
        model could not be fitted.
    fits : DataFrame
        One row per test moment and model: ``split``, ``model``, ``fitted``, ``why`` not, and ``n`` rows
        with ``n_events`` events to learn from.
    """

    predictions: pd.DataFrame
    fits: pd.DataFrame


def rolling_origin(  # noqa: PLR0913 (what was known comes in three forms)
    features: pd.DataFrame,
    outcomes: Outcomes,
    models: Learners,
    *,
    horizon_days: float,
    test_moments: Sequence[pd.Timestamp],
    columns: Sequence[str],
    risk_sets: RiskSets | None = None,
    n_jobs: int = 1,
) -> Backtest:
    """Train before each test moment with a gap of the horizon, and predict at it.

    Parameters
    ----------
    features : DataFrame
        ``customer_id``, ``moment`` and the columns, one row per customer and moment, for training and for
        testing.
    outcomes : callable
        ``outcomes(known_by)`` gives the outcome frame of exactly these rows with what was known before that
        moment; ``outcomes(None)`` with all that is known now, which the predictions are judged by.
    models : mapping of str to callable
        Name to a function that makes an unfitted model.
    horizon_days : float
        Horizon of the risk, above 0.
    test_moments : sequence of Timestamp
        At each of them, rows with ``moment + horizon_days <= test moment`` are learned from.
    columns : sequence of str
        Features that the models see.
    risk_sets : callable, optional
        ``risk_sets(known_by)`` gives the risk sets of all acts known before that moment, with the columns as they were at
        each act. Asked only for models with a true ``learns_from_risk_sets``. Acts need no gap: each is compared with
        customers at risk at that same past moment, and the horizon of no such row reaches the test moment.
    n_jobs : int, default 1
        Test moments computed at the same time, as threads.

    Returns
    -------
    Backtest
        A model that cannot be fitted (GateError, nothing to learn from) is recorded with the reason; all
        other errors are raised.

    Examples
    --------
    >>> class Half:
    ...     def fit(self, X, y):
    ...         return self
    ...     def predict_risk(self, X, horizon_days):
    ...         return np.full(len(X), 0.5)
    >>> moments = pd.to_datetime(["2025-01-01", "2025-03-01"])
    >>> features = pd.DataFrame({"customer_id": ["a", "a"], "moment": moments})
    >>> def outcomes(known_by):
    ...     return features.assign(event=False, duration_days=30.0, competing=False, reach=np.nan)
    >>> found = rolling_origin(features, outcomes, {"half": Half}, horizon_days=30,
    ...     test_moments=[pd.Timestamp("2025-03-01")], columns=[])
    >>> found.predictions[["split", "customer_id", "weight", "risk_half"]].values.tolist()
    [['2025-03-01', 'a', 1.0, 0.5]]
    >>> found.fits[["model", "fitted", "n"]].values.tolist()
    [['half', True, 1]]
    """
    positive("horizon_days", horizon_days)
    if absent := [name for name in [*KEYS, *columns] if name not in features.columns]:
        raise ArgumentError("RR111", f"features lack {absent}; found are {list(features.columns)}.")
    now = _aligned(features, outcomes(None))
    task = _Task(features, outcomes, models, horizon_days, tuple(columns), now, risk_sets)
    named = _splits([pd.Timestamp(moment) for moment in sorted(set(test_moments))])
    found = Parallel(n_jobs=n_jobs, prefer="threads")(
        delayed(task.run)(moment, split) for moment, split in named.items()
    )
    risks = [f"risk_{name}" for name in models]
    empty = pd.DataFrame(columns=["split", *KEYS, *OUTCOME, "weight", *risks])
    parts = [predictions for predictions, _ in found if len(predictions)]
    fits = [fit for _, rows in found for fit in rows]
    predictions = pd.concat(parts, ignore_index=True) if parts else empty
    return Backtest(predictions, pd.DataFrame(fits, columns=FITS))


@dataclass(frozen=True)
class _Task:
    """Everything but the test moment."""

    features: pd.DataFrame
    outcomes: Outcomes
    models: Learners
    horizon_days: float
    columns: tuple[str, ...]
    now: pd.DataFrame
    risk_sets: RiskSets | None

    def run(self, moment: pd.Timestamp, split: str) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
        """Fit and predict at one moment."""
        asked = self.features["moment"]
        past = (asked + pd.Timedelta(days=self.horizon_days) <= moment).to_numpy()
        test = (asked == moment).to_numpy()
        known = _aligned(self.features, self.outcomes(moment))[past]
        inputs = self.features.loc[:, list(self.columns)]
        judged = _judged(self.now[test], split, self.horizon_days)
        acts = cache(lambda: None if self.risk_sets is None else self.risk_sets(moment))
        risks, fits = {}, []
        for name, make in self.models.items():
            risk, why = self._fit(make, inputs[past], known, inputs[test], acts)
            risks[f"risk_{name}"] = risk
            fits.append(
                dict(
                    zip(FITS, (split, name, not why, why, len(known), int(known["event"].sum())), strict=True)
                )
            )
        return judged.assign(**risks), fits

    def _fit(
        self,
        make: Callable[[], Learner],
        past: pd.DataFrame,
        known: pd.DataFrame,
        test: pd.DataFrame,
        acts: Callable[[], pd.DataFrame | None],
    ) -> tuple[Any, str]:
        """Risks at the test moment, or NaN and the reason why there are none."""
        try:
            if not len(past):
                raise GateError("RR405", "no row lies a whole horizon before the test moment.")
            model = learned(make(), past.reset_index(drop=True), known.reset_index(drop=True), acts)
            if not len(test):
                return np.empty(0), ""
            return model.predict_risk(test.reset_index(drop=True), self.horizon_days), ""
        except GateError as error:
            return np.full(len(test), np.nan), str(error)


def learned(
    model: Learner, X: pd.DataFrame, y: pd.DataFrame, risk_sets: Callable[[], pd.DataFrame | None]
) -> Learner:
    """Fit a model, with risk sets where it says that it learns from them; only then are they asked for."""
    if getattr(model, "learns_from_risk_sets", False):
        cast(RiskSetLearner, model).fit(X, y, risk_sets=risk_sets())
    else:
        model.fit(X, y)
    return model


def _splits(moments: Sequence[pd.Timestamp]) -> dict[pd.Timestamp, str]:
    """Name each moment by its date, or by its time too where a date alone would name two."""
    dates = Counter(moment.date() for moment in moments)
    return {
        moment: str(moment.date()) if dates[moment.date()] == 1 else moment.isoformat() for moment in moments
    }


def _aligned(features: pd.DataFrame, outcome: pd.DataFrame) -> pd.DataFrame:
    """Outcome frame whose rows are those of the features, in their order."""
    if len(outcome) != len(features) or any(
        (outcome[key].to_numpy() != features[key].to_numpy()).any() for key in KEYS
    ):
        raise ArgumentError("RR111", "outcomes(...) must return the rows of features in their order.")
    return outcome.set_index(features.index)


def _judged(outcome: pd.DataFrame, split: str, horizon_days: float) -> pd.DataFrame:
    """Rows of the predictions frame without risks."""
    weight = ipcw_weights(outcome["event"], outcome["competing"], outcome["duration_days"], horizon_days)
    rows = outcome[[*KEYS, *OUTCOME]].assign(weight=weight).reset_index(drop=True)
    rows.insert(0, "split", split)
    return rows
