"""The incident log, asked at landmarks: every model trained on what was known by then, judged on what came after."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.isotonic import IsotonicRegression

from benchmarks.incidents.paired import compare
from retaliation_risk._censoring import ipcw_weights
from retaliation_risk.adapters import servicenow
from retaliation_risk.errors import GateError, RetaliationRiskWarning
from retaliation_risk.evaluate import SPACES, evaluate, rolling_origin, search
from retaliation_risk.evaluate.rolling import Learner, Outcomes, RiskSets
from retaliation_risk.histories import Histories, build_histories
from retaliation_risk.models import MODELS, Boosting
from retaliation_risk.policies import FirstCome, MostContacts, Rule
from retaliation_risk.run import Settings
from retaliation_risk.run.landmarks import Landmarks, build_landmarks
from retaliation_risk.run.risk_sets import risk_sets_of
from retaliation_risk.run.work import columns_of, landmark_rows, outcomes_of

OUTCOME = "reopened"
BASELINES = ("prevalence", "rule", "open_tickets")
#: The first is the question; the second asks whether the answer hangs on it.
HORIZONS = (30.0, 14.0)
CAPACITY = 50
SEED = 0

#: Fits that a search of settings may take, and moments it judges them at where there are so many.
BUDGET, SEARCHED_AT = 24, 3

#: Columns of the scores that the page is made from.
SHOWN = ["split", "model", "policy", "metric", "value", "low", "high"]

Makers = Mapping[str, Callable[[float, int], Learner]]


class Count:
    """Risk by one count: the share of events at each of its values, made never to fall (isotonic regression).

    Parameters
    ----------
    column : str
        Counts that make the outcome likelier; a missing one is 0.
    horizon_days : float
        Horizon of the risk, above 0.
    """

    def __init__(self, column: str, horizon_days: float) -> None:
        self.column = column
        self.horizon_days = horizon_days

    def fit(self, X: pd.DataFrame, y: pd.DataFrame) -> Count:
        """Learn the share at each count; who was lost from sight is weighed for."""
        weight = ipcw_weights(y["event"], y["competing"], y["duration_days"], self.horizon_days)
        self.shares_ = IsotonicRegression(out_of_bounds="clip").fit(self._counts(X), y["event"], weight)
        return self

    def predict_risk(self, X: pd.DataFrame, horizon_days: float) -> npt.NDArray[np.float64]:
        """Share of events at each customer's count, shape (n_customers,)."""
        return np.asarray(self.shares_.predict(self._counts(X)), dtype=np.float64)

    def _counts(self, X: pd.DataFrame) -> npt.NDArray[np.float64]:
        return X[self.column].fillna(0.0).to_numpy(dtype=np.float64)


#: Every model of the package, and a count that anybody can make: what is open now can be solved, and reopened, soon.
JUDGED: Makers = {
    **MODELS,
    "open_tickets": lambda horizon_days, seed: Count("open_tickets", horizon_days),
}


@dataclass(frozen=True)
class Asked:
    """All that models learn from and are judged by at one horizon; what was known by a moment is worked out once.

    Attributes
    ----------
    horizon_days : float
    known : Landmarks
    rows : DataFrame
        One per customer and landmark, as of it.
    outcomes, risk_sets : callable
        As ``rolling_origin`` takes them.
    """

    horizon_days: float
    known: Landmarks
    rows: pd.DataFrame
    outcomes: Outcomes
    risk_sets: RiskSets

    @property
    def learned_from(self) -> dict[str, Any]:
        """What ``rolling_origin`` and ``search`` are both told."""
        return {
            "horizon_days": self.horizon_days,
            "columns": columns_of(self.known),
            "risk_sets": self.risk_sets,
        }


def read_log(path: Path) -> Histories:
    """Histories of the callers of an incident log."""
    return build_histories(servicenow.read(path).tables)


def ask(histories: Histories, horizon_days: float, *, test_moments: int = 12) -> Asked:
    """Ask what was known of every caller at every landmark; the settings are those of ``run``."""
    settings = Settings(
        outcome=OUTCOME, horizon_days=horizon_days, test_moments=test_moments, capacity=CAPACITY
    )
    known = build_landmarks(histories, settings)
    rows = landmark_rows(known)
    return Asked(
        horizon_days,
        known,
        rows,
        cache(partial(outcomes_of, histories, rows, settings)),
        cache(partial(risk_sets_of, histories, known, settings)),
    )


def study(
    asked: Asked, *, models: Makers = JUDGED, n_bootstrap: int = 1000, budget: int = BUDGET
) -> dict[str, Any]:
    """All that the page says of one horizon, as tables: facts, moments, fits, scores, policies, differences, search."""
    predictions, fits = backtest(asked, models)
    drawn: dict[str, Any] = {"capacity": CAPACITY, "n_bootstrap": n_bootstrap, "seed": SEED}
    policies = (FirstCome(), MostContacts(), Rule())
    scores = evaluate(predictions, asked.known.rows, policies, horizon_days=asked.horizon_days, **drawn)
    tables = {
        "moments": _moments(asked, predictions),
        "fits": fits,
        "scores": scores.loc[_shown(scores), SHOWN],
        "differences": compare(predictions, BASELINES, **drawn),
    }
    facts = _facts(asked, predictions) | {"n_bootstrap": n_bootstrap}
    return {"facts": facts, **tables, "search": searched(asked, n_bootstrap, budget=budget)}


def _shown(scores: pd.DataFrame) -> pd.Series:
    """Mark what the page shows: models and queues over all moments, and each moment's AUROC."""
    whole = (scores["split"] == "all") & ~scores["metric"].str.contains("_minus_")
    return whole | (scores["metric"] == "auroc")


def backtest(asked: Asked, models: Makers = JUDGED) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions of every model at every test moment, and its fits with the processor seconds that all of them took."""
    _known_beforehand(asked)
    predictions, fits = [], []
    for name, make in models.items():
        began = time.process_time()
        found = _rolled(asked, {name: partial(make, asked.horizon_days, SEED)}, asked.known.test)
        fits.append(found.fits.assign(seconds=time.process_time() - began))
        predictions.append(found.predictions)
    risks = [frame.filter(regex="^risk_") for frame in predictions]
    judged = predictions[0].drop(columns=risks[0].columns)
    return pd.concat([judged, *risks], axis=1), pd.concat(fits, ignore_index=True)


def _known_beforehand(asked: Asked) -> None:
    """Ask all facts before the clock runs: models share them."""
    for moment in (None, *asked.known.test):
        asked.outcomes(moment)
    for moment in asked.known.test:
        asked.risk_sets(moment)


def _rolled(asked: Asked, models: Mapping[str, Callable[[], Any]], moments: Any) -> Any:
    with warnings.catch_warnings():
        # A logit of eighteen columns on as few reopenings as there are early on; the page says so.
        warnings.filterwarnings("ignore", "RR407", RetaliationRiskWarning)
        return rolling_origin(asked.rows, asked.outcomes, models, test_moments=moments, **asked.learned_from)


def _moments(asked: Asked, predictions: pd.DataFrame) -> pd.DataFrame:
    """One row per test moment: callers at risk, those who reopen, those of them not seen to reopen before, risks said."""
    events = predictions[predictions["event"]]
    first = events.groupby("customer_id")["split"].min().value_counts()
    each = predictions.groupby("split")
    return pd.DataFrame(
        {
            "n": each.size(),
            "n_events": each["event"].sum(),
            "n_new": first.reindex(each.size().index, fill_value=0),
            "observed": each["event"].mean(),
            **{name: each[name].mean() for name in predictions.filter(regex="^risk_")},
        }
    ).reset_index()


def _facts(asked: Asked, predictions: pd.DataFrame) -> dict[str, Any]:
    events = predictions[predictions["event"]]
    return {
        "rows": len(predictions),
        "events": len(events),
        "callers": int(events["customer_id"].nunique()),
        "columns": len(columns_of(asked.known)),
        "landmarks": len(asked.known.moments),
        "step_days": (asked.known.moments[1] - asked.known.moments[0]).days,
        "end": asked.known.now.strftime("%Y-%m-%d"),
        "longest_tenure_days": float(asked.rows["tenure_days"].max()),
        "left": int(predictions["competing"].sum()),
        "lost": int((predictions["weight"] == 0).sum()),
    }


def searched(asked: Asked, n_bootstrap: int, *, budget: int = BUDGET) -> dict[str, Any]:
    """Choose settings of boosting before the last test moment, and judge them at it.

    Returns
    -------
    dict
        ``tried`` as :class:`~retaliation_risk.evaluate.Search` has it, ``settings`` chosen, ``moments`` judged at, and
        ``differences`` of the chosen to the model's own at the last moment; ``why`` there is none, else.
    """
    last, horizon = asked.known.test[-1], pd.Timedelta(days=asked.horizon_days)
    moments = [moment for moment in asked.known.test if moment + horizon <= last][-SEARCHED_AT:]
    make = partial(Boosting, horizon_days=asked.horizon_days, seed=SEED)
    try:
        found = search(
            asked.rows,
            asked.outcomes,
            make,
            SPACES["boosting"],
            moments=moments,
            until=last,
            budget=budget,
            **asked.learned_from,
        )
    except GateError as error:
        return {"why": str(error)}
    pair = {"own": make, "chosen": partial(make, **found.settings)}
    predictions = _rolled(asked, pair, [last]).predictions
    differences = compare(predictions, ("own",), capacity=CAPACITY, n_bootstrap=n_bootstrap, seed=SEED)
    return {
        "moments": [moment.strftime("%Y-%m-%d") for moment in moments],
        "last": last.strftime("%Y-%m-%d"),
        "n_fits": found.n_fits,
        "settings": found.settings,
        "tried": found.tried,
        "differences": differences,
    }
