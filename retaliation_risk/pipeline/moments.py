"""Stored models on later moments: who was at risk, what each model said, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from retaliation_risk._censoring import ipcw_weights
from retaliation_risk.artefacts import Artefact, check_scoring
from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.histories import Histories, build_histories, later_landmarks
from retaliation_risk.run import Settings, pairs_at_risk
from retaliation_risk.tables import Tables


def judged_later(
    tables: Tables, artefacts: Mapping[str, Artefact], settings: Settings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Let stored models predict at moments that none of them learned from.

    Parameters
    ----------
    tables : Tables
    artefacts : mapping of str to Artefact
        At least one, all of one outcome and horizon; their names become those of the models.
    settings : Settings
        ``every_days``, ``test_moments`` and ``now``; outcome, horizon and definitions are those of the artefacts.

    Returns
    -------
    predictions : DataFrame
        As of :func:`retaliation_risk.evaluate.rolling_origin`.
    rows : DataFrame
        ``customer_id``, ``moment`` and the features of the first artefact.

    Raises
    ------
    ArgumentError
        RR111 if the artefacts predict different things.
    GateError
        RR411 if there is no such moment.
    """
    outcome, horizon = _one_question(artefacts)
    histories = {name: _histories(tables, artefact) for name, artefact in artefacts.items()}
    base = next(iter(histories.values()))
    now = base.now if settings.now is None else settings.now
    since = max(artefact.manifest.about.window.known_by for artefact in artefacts.values())
    moments = later_landmarks(
        since,
        now,
        horizon_days=horizon,
        every_days=settings.every_days or horizon,
        n_test=settings.test_moments,
    )
    if not moments:
        raise GateError(
            "RR411",
            f"the models learned from what was known by {since.isoformat()}, and the tables end "
            f"{now.isoformat()}: less than the horizon of {horizon:g} days later.",
        )
    ids, times = pairs_at_risk(base, moments)
    y = base.follow_up(ids, times, outcome=outcome, horizon_days=horizon, known_by=now)
    scored = {name: risks_of(artefacts[name], histories[name], ids, times) for name in artefacts}
    judged = y.assign(
        split=y["moment"].dt.strftime("%Y-%m-%dT%H:%M:%S"),
        weight=ipcw_by_moment(y, horizon),
        **{f"risk_{name}": risk for name, (_, risk) in scored.items()},
    )
    return judged, next(iter(scored.values()))[0]


def risks_of(
    artefact: Artefact, histories: Histories, ids: np.ndarray, times: np.ndarray
) -> tuple[pd.DataFrame, np.ndarray]:
    """Features of the artefact as of the moments, and its risks."""
    about = artefact.manifest.about
    rows = histories.as_of(ids, times, about.features)
    X, _ = check_scoring(artefact.reference, rows)
    return rows, np.asarray(artefact.model.predict_risk(X, about.horizon_days), dtype=np.float64)


def _histories(tables: Tables, artefact: Artefact) -> Histories:
    about = artefact.manifest.about
    return build_histories(tables, about.definitions)


def _one_question(artefacts: Mapping[str, Artefact]) -> tuple[str, float]:
    """Outcome and horizon of all artefacts."""
    asked = {
        name: (each.manifest.about.outcome, each.manifest.about.horizon_days)
        for name, each in artefacts.items()
    }
    if len(set(asked.values())) > 1:
        told = ", ".join(f"{name} {outcome!r} in {days:g} days" for name, (outcome, days) in asked.items())
        raise ArgumentError("RR111", f"the models must predict the same; they predict {told}.")
    return next(iter(asked.values()))


def ipcw_by_moment(y: pd.DataFrame, horizon_days: float) -> np.ndarray:
    """IPCW weights, moment by moment."""
    groups = y.groupby("moment", sort=False)
    found = [
        pd.Series(ipcw_weights(g["event"], g["competing"], g["duration_days"], horizon_days), index=g.index)
        for _, g in groups
    ]
    return pd.concat(found).reindex(y.index).to_numpy()
