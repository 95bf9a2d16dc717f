"""What is known of a public account at a moment: its signals, decayed to the moment, private ones by consent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk._validate import positive
from retaliation_risk.errors import ArgumentError, DataError

Floats = npt.NDArray[np.float64]

#: Topic of a row that is about no topic.
OVERALL = ""


@dataclass(frozen=True)
class Signal:
    """One column of the influence table that a score may read.

    Attributes
    ----------
    name, about : str
        Column, and what it counts.
    fades : bool
        True for what is counted over 90 days: unseen since, it fades with the half-life. False for a stock such as
        followers, which stays until it is observed anew.
    private : bool
        True where only the firm and the customer can see it: read only with consent.
    """

    name: str
    about: str
    fades: bool = True
    private: bool = False


SIGNALS: tuple[Signal, ...] = (
    Signal("followers", "people who follow the account", fades=False),
    Signal("following", "accounts it follows", fades=False),
    Signal("listed", "lists it stands on", fades=False),
    Signal("posts", "posts"),
    Signal("threads_started", "posts first in a thread that others joined"),
    Signal("mentions", "mentions received"),
    Signal("shares", "shares received"),
    Signal("replies", "replies received"),
    Signal("mentions_sent", "mentions of others"),
    Signal("shares_sent", "posts of others shared"),
    Signal("replies_sent", "replies to others"),
    Signal("clicks", "clicks on its links", private=True),
)
SIGNAL_NAMES: tuple[str, ...] = tuple(signal.name for signal in SIGNALS)

#: Days after which an observation counts half. The 90 days over which the table counts; an assumption, settable.
HALF_LIFE_DAYS = 90.0

_ACTS = ("shares", "replies", "clicks")


def compute_signals(
    observations: pd.DataFrame,
    *,
    customers: pd.Series[str] | None = None,
    half_lives: Mapping[str, float] = MappingProxyType({}),
) -> pd.DataFrame:
    """Sum up the observations of each account into one profile, overall and for each topic.

    A signal is the mean of its observations, each counting half as much for every half-life of age. What is counted
    over time (posts, shares, clicks) then fades by the age of its latest observation; followers, following and lists
    do not. In a topic, followers, following and lists not observed there are those of the account as a whole.

    Private signals (clicks, and every signal of a row marked ``is_private``) are read only if the customer's latest
    recorded ``consent`` is true; without a record they are not read.

    Parameters
    ----------
    observations : DataFrame
        Rows of the influence table known before the moment: ``customer_id``, ``age_days`` (days from the observation
        to the moment, above 0) and any of ``topic`` (empty: overall), ``is_private``, ``consent`` and the columns of
        :data:`SIGNALS`.
    customers : Series of str, optional
        Customers to have an overall row each, account or not; default those observed.
    half_lives : mapping of str to float
        Half-life in days of single signals; the others have :data:`HALF_LIFE_DAYS`.

    Returns
    -------
    DataFrame
        One row per customer and topic, sorted: ``customer_id``, ``topic``, the signals (NaN: never observed),
        ``starts_threads`` (threads started per post), ``action_per_post`` (shares, replies and readable clicks per
        post), ``observations`` (rows read), ``age_days`` (of the latest) and ``withheld`` (bool: private values
        were there and not read).

    Raises
    ------
    ArgumentError
        RR111, a half-life that is not above 0, or of no signal.
    DataError
        RR101, a column is lacking; RR209, a signal below 0 or infinite; RR521, an observation that was not yet known at
        the moment.

    Examples
    --------
    >>> seen = pd.DataFrame({"customer_id": ["C1", "C1"], "age_days": [90.0, 180.0], "followers": [100.0, 40.0],
    ...                      "shares": [8.0, 8.0]})
    >>> compute_signals(seen)[["customer_id", "followers", "shares"]].to_numpy().tolist()
    [['C1', 80.0, 4.0]]
    """
    rows, days = _read(observations), _half_lives(half_lives)
    rows, withheld = _readable(rows)
    profiles = _levels(rows, days)
    profiles = profiles.join(withheld).reset_index()
    if customers is not None:
        profiles = _with_all(profiles, customers)
    profiles = _stocks_everywhere(profiles)
    return _ordered(profiles.assign(**_rates(profiles)))


def _read(observations: pd.DataFrame) -> pd.DataFrame:
    """Bring all columns into being; refuse what was not known before the moment."""
    if lacking := [name for name in ("customer_id", "age_days") if name not in observations]:
        raise DataError("RR101", f"observations lack the columns {lacking}.")
    if late := int((~(observations["age_days"] > 0)).sum()):
        raise DataError(
            "RR521",
            f"{late} observations have an age_days that is not above 0 (least: {observations['age_days'].min():g}).",
        )
    rows = observations.reindex(
        columns=["customer_id", "age_days", "topic", "is_private", "consent", *SIGNAL_NAMES]
    )
    values = rows[list(SIGNAL_NAMES)].astype(float)
    for name in SIGNAL_NAMES:
        if (values[name] < 0).any() or np.isinf(values[name]).any():
            raise DataError(
                "RR209", f"{name} must be at least 0 and finite; the least is {values[name].min():g}."
            )
    flags = {name: rows[name].astype("boolean") for name in ("is_private", "consent")}
    topic = rows["topic"].astype(object).where(rows["topic"].notna(), OVERALL)
    return rows.assign(topic=topic, **flags, **{name: values[name] for name in SIGNAL_NAMES})


def _half_lives(given: Mapping[str, float]) -> dict[str, float]:
    if unknown := sorted(set(given) - set(SIGNAL_NAMES)):
        raise ArgumentError("RR111", f"half_lives names {unknown}; signals are {', '.join(SIGNAL_NAMES)}.")
    return {name: positive(f"half_lives[{name!r}]", given.get(name, HALF_LIFE_DAYS)) for name in SIGNAL_NAMES}


def _readable(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series[bool]]:
    """Blank private values without consent; and say for which customer and topic there were any."""
    # The latest word stands last; of two at the same time the refusal does.
    words = rows.dropna(subset=["consent"]).sort_values(["age_days", "consent"], ascending=[False, False])
    agreed = words.groupby("customer_id")["consent"].last().astype(bool)
    free = rows["customer_id"].isin(agreed.index[agreed]).to_numpy()
    whole_row = rows["is_private"].fillna(False).to_numpy(dtype=bool)
    private = np.array([signal.private for signal in SIGNALS])
    hidden = ~free[:, None] & (whole_row[:, None] | private[None, :])
    values = rows[list(SIGNAL_NAMES)].to_numpy(dtype=np.float64)
    lost = pd.Series((hidden & ~np.isnan(values)).any(axis=1), rows.index, name="withheld")
    shown = pd.DataFrame(np.where(hidden, np.nan, values), rows.index, list(SIGNAL_NAMES))
    withheld = lost.groupby([rows["customer_id"], rows["topic"]]).any()
    return rows.assign(**{name: shown[name] for name in SIGNAL_NAMES}), withheld


def _levels(rows: pd.DataFrame, half_lives: Mapping[str, float]) -> pd.DataFrame:
    """Weighted mean of each signal by customer and topic, faded where it fades."""
    by = rows.groupby(["customer_id", "topic"])
    group, index = by.ngroup().to_numpy(), by.size().index
    value = rows[list(SIGNAL_NAMES)].to_numpy(dtype=np.float64)
    half_life = np.array([half_lives[name] for name in SIGNAL_NAMES])
    seen = ~np.isnan(value)
    age = np.where(seen, rows["age_days"].to_numpy(dtype=np.float64)[:, None], np.inf)
    youngest = np.full((len(index), len(SIGNALS)), np.inf)
    np.minimum.at(youngest, group, age)
    # Weights relative to the latest observation: the mean is the same, and old accounts do not underflow.
    older = np.subtract(age, youngest[group], out=np.full(age.shape, np.inf), where=seen)
    weight = np.exp2(-older / half_life)
    total = _summed(weight, group, len(index))
    mean = np.full(total.shape, np.nan)
    np.divide(
        _summed(weight * np.where(seen, value, 0.0), group, len(index)), total, out=mean, where=total > 0
    )
    fades = np.array([signal.fades for signal in SIGNALS])
    latest = youngest.min(axis=1)
    faded = np.where(fades, mean * np.exp2(-youngest / half_life), mean)
    return pd.DataFrame(faded, index, list(SIGNAL_NAMES)).assign(
        observations=np.bincount(group, seen.any(axis=1), len(index)),
        age_days=np.where(np.isinf(latest), np.nan, latest),
    )


def _summed(values: Floats, group: npt.NDArray[np.integer[Any]], n_groups: int) -> Floats:
    """Sum rows by group, shape (n_groups, n_columns)."""
    total = np.zeros((n_groups, values.shape[1]))
    np.add.at(total, group, values)
    return total


def _with_all(profiles: pd.DataFrame, customers: pd.Series[str]) -> pd.DataFrame:
    everyone = pd.DataFrame({"customer_id": pd.unique(customers), "topic": OVERALL})
    whole = everyone.merge(profiles, on=["customer_id", "topic"], how="left")
    topical = profiles[(profiles["topic"] != OVERALL) & profiles["customer_id"].isin(everyone["customer_id"])]
    both = pd.concat([whole, topical], ignore_index=True) if len(topical) else whole
    return both.assign(
        observations=both["observations"].fillna(0), withheld=both["withheld"].astype("boolean").fillna(False)
    )


def _stocks_everywhere(profiles: pd.DataFrame) -> pd.DataFrame:
    whole = profiles[profiles["topic"] == OVERALL].set_index("customer_id")
    stocks = [signal.name for signal in SIGNALS if not signal.fades]
    return profiles.assign(
        **{name: profiles[name].fillna(profiles["customer_id"].map(whole[name])) for name in stocks}
    )


def _rates(profiles: pd.DataFrame) -> dict[str, pd.Series[float]]:
    """Who starts conversations and who gets people to act, per post; missing without posts."""
    posts = profiles["posts"].where(profiles["posts"] > 0)
    acts = profiles[list(_ACTS)].sum(axis=1, min_count=1)
    return {"starts_threads": profiles["threads_started"] / posts, "action_per_post": acts / posts}


def _ordered(profiles: pd.DataFrame) -> pd.DataFrame:
    head = ["customer_id", "topic", *SIGNAL_NAMES, "starts_threads", "action_per_post"]
    whole = profiles.astype({"observations": "int64", "withheld": bool})
    return whole[[*head, "observations", "age_days", "withheld"]].sort_values(
        ["customer_id", "topic"], ignore_index=True
    )
