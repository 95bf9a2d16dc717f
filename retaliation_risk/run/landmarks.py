"""Who was at risk at each moment, and what was known of them then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from retaliation_risk.features import FEATURES, INFLUENCE
from retaliation_risk.histories import Feature, Histories, landmarks, stored_landmarks, stored_rows
from retaliation_risk.influence import fit_reach, score_followers
from retaliation_risk.run.settings import Settings

FOLLOWERS, SCORE = INFLUENCE
FEWEST_LANDMARKS = 12


@dataclass(frozen=True)
class Landmarks:
    """All moments of a run, and one row per customer at risk at each.

    ``rows`` has ``customer_id``, ``moment``, every feature that is on, ``influence`` (1 to 100 among those at risk at the
    moment, missing without an account) and ``expected_reach``; the last moment is ``now``, which nothing is learned from.
    """

    moments: tuple[pd.Timestamp, ...]
    test: tuple[pd.Timestamp, ...]
    now: pd.Timestamp
    rows: pd.DataFrame
    features: tuple[Feature, ...]
    off: dict[str, str]


def build_landmarks(histories: Histories, settings: Settings, store: Path | None = None) -> Landmarks:
    """Ask the histories for every customer at risk at every moment of the run.

    With a feature ``store`` its moments are the landmarks, as far as their horizon has passed, and its rows are taken;
    only what is known now is asked for.
    """
    now = histories.now if settings.now is None else settings.now
    off = histories.switched_off(FEATURES)
    on = tuple(feature for feature in FEATURES if feature.name not in off)
    asked = _moments(histories, settings, now) if store is None else _stored(store, settings, now)
    moments, test = asked
    if store is None:
        rows = histories.as_of(*pairs_at_risk(histories, (*moments, now)), on)
    else:
        rows = stored_rows(store, *pairs_at_risk(histories, moments), on, settings.definitions)
        rows = pd.concat([rows, histories.as_of(*pairs_at_risk(histories, (now,)), on)], ignore_index=True)
    return Landmarks(moments, test, now, with_influence(histories, rows, settings.outcome), on, off)


def _moments(
    histories: Histories, settings: Settings, now: pd.Timestamp
) -> tuple[tuple[pd.Timestamp, ...], tuple[pd.Timestamp, ...]]:
    """Landmarks back from now, and those to judge at."""
    first = pd.Timestamp(int(histories.logs["tickets"].known.min()), unit="us")
    horizon, step = (
        settings.horizon_days,
        settings.every_days or _step_days(first, now, settings.horizon_days),
    )
    return landmarks(first, now, horizon_days=horizon, every_days=step, n_test=settings.test_moments)


def _stored(
    store: Path, settings: Settings, now: pd.Timestamp
) -> tuple[tuple[pd.Timestamp, ...], tuple[pd.Timestamp, ...]]:
    return stored_landmarks(store, now, horizon_days=settings.horizon_days, n_test=settings.test_moments)


def pairs_at_risk(histories: Histories, moments: Sequence[pd.Timestamp]) -> tuple[np.ndarray, np.ndarray]:
    """Ids and times of every customer at risk at each moment."""
    groups = [histories.at_risk(moment) for moment in moments]
    times = np.array([moment.to_datetime64() for moment in moments], dtype="datetime64[us]")
    return np.concatenate(groups), np.repeat(times, [len(group) for group in groups])


def _step_days(first: pd.Timestamp, now: pd.Timestamp, horizon_days: float) -> float:
    """Distance between landmarks: the horizon, or less where that would leave fewer than twelve."""
    room = (now - first) / pd.Timedelta(days=1) - horizon_days
    return min(horizon_days, max(float(room // FEWEST_LANDMARKS), 1.0))


def with_influence(histories: Histories, rows: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """Add influence and expected reach, each from what was known at the moment; missing where there is no table."""
    if "influence" not in histories.logs:
        return rows.assign(influence=np.nan, expected_reach=np.nan)
    asked = histories.as_of(rows["customer_id"], rows["moment"], INFLUENCE)
    followers, bought = asked[FOLLOWERS.name].to_numpy(), asked[SCORE.name].to_numpy()
    influence, reach = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    for moment in rows["moment"].unique():
        here = (rows["moment"] == moment).to_numpy()
        # A bought-in score is on a scale of its own: it stands in only where nobody's followers are known.
        known = ~np.isnan(followers[here]).all()
        influence[here] = score_followers(followers[here]) if known else bought[here]
        reach[here] = _expected_reach(histories, moment, followers[here], outcome)
    return rows.assign(influence=influence, expected_reach=reach)


def _expected_reach(
    histories: Histories, moment: pd.Timestamp, followers: np.ndarray, outcome: str
) -> np.ndarray | float:
    """Reach that an act of each customer would be expected to have, learned from acts known before the moment."""
    acts = histories.acts(outcome, known_by=moment)
    acts = acts[acts["reach"].notna()]
    if acts.empty:
        return np.nan
    known = histories.as_of(acts["customer_id"], acts["occurred_at"], [FOLLOWERS])[FOLLOWERS.name]
    return fit_reach(acts["reach"], known).expected_reach(followers)
