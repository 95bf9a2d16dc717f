"""Capacity as teams have it: so many answers a day or a week, on working days, each team for its customers.

Whoever was answered is left in peace for the cool-down. A team may be there for some customers only (a
segment, a tier). Places that nobody takes are lost, as hours are: they are not carried over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk._validate import one_of, within
from retaliation_risk.errors import ArgumentError
from retaliation_risk.policies.contract import Policy
from retaliation_risk.policies.order import checked_priority, in_order, lots

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

PERIODS = ("day", "week")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ASSIGNED = ["day", "team", "rank", "customer_id", "priority", "uses_influence"]


@dataclass(frozen=True)
class Team:
    """Some people who answer customers.

    Parameters
    ----------
    name : str
        How the team is called in tables.
    answers : int
        Customers that it can answer in each period, at least 1.
    per : str, default "day"
        The period: ``day`` (each working day) or ``week`` (spread evenly over the week's working days, later
        days first where it does not come out even).
    only : mapping of str to sequence, optional
        Column to the values for which the team is there; several columns must all fit. Left out: for everybody.

    Examples
    --------
    >>> Team("gold desk", 5, only={"tier": (3,)}).serves(pd.DataFrame({"tier": [1.0, 3.0, None]})).tolist()
    [False, True, False]
    """

    name: str
    answers: int
    per: str = "day"
    only: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        within("answers", self.answers, 1, np.inf)
        one_of("per", self.per, PERIODS)
        if bad := [column for column, values in self.only.items() if isinstance(values, str)]:
            raise ArgumentError(
                "RR111", f"team {self.name}: only[{bad[0]!r}] is a text; it must be a list of values."
            )

    def serves(self, scored: pd.DataFrame) -> BoolArray:
        """Say which rows the team is there for, shape (n,); a missing column is refused (RR111)."""
        if absent := [column for column in self.only if column not in scored.columns]:
            raise ArgumentError(
                "RR111", f"team {self.name} looks at {', '.join(absent)}; found are {list(scored.columns)}."
            )
        fits = [scored[column].isin(list(values)).to_numpy(bool) for column, values in self.only.items()]
        return np.logical_and.reduce(fits, axis=0) if fits else np.ones(len(scored), dtype=bool)


@dataclass(frozen=True)
class Capacity:
    """The teams there are, the days they work, and how long an answer lasts.

    Parameters
    ----------
    teams : tuple of Team
        In the order in which they choose; a customer whom two teams could answer goes to the first.
    working_days : tuple of str, default ("mon", "tue", "wed", "thu", "fri")
        Days on which customers are answered.
    cool_down_days : int, default 30
        Days from an answer until the customer can stand in the queue again, from 1. The default is the
        default horizon: one answer per horizon, as where a queue is formed once for each.

    Examples
    --------
    >>> capacity = Capacity((Team("phone", 2), Team("visits", 6, per="week")))
    >>> [places(capacity, date(2025, 3, day)) for day in (3, 4, 7, 8)]  # Monday, Tuesday, Friday, Saturday
    [(2, 1), (2, 1), (2, 2), (0, 0)]
    """

    teams: tuple[Team, ...]
    working_days: tuple[str, ...] = WEEKDAYS[:5]
    cool_down_days: int = 30

    def __post_init__(self) -> None:
        within("cool_down_days", self.cool_down_days, 1, np.inf)
        within("number of teams", len(self.teams), 1, np.inf)
        within("number of working_days", len(self.working_days), 1, 7)
        for day in self.working_days:
            one_of("working day", day, WEEKDAYS)
        names = [team.name for team in self.teams]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ArgumentError("RR111", f"two teams are called {min(twice)!r}; each needs its own name.")


@dataclass(frozen=True)
class State:
    """Who was answered when, as far as it still counts; ``State()`` is a fresh start.

    Attributes
    ----------
    answered : mapping of str to date
        Customer to the day of the last answer.
    """

    answered: Mapping[str, date] = field(default_factory=dict)


def assign(
    scored: pd.DataFrame,
    policy: Policy,
    capacity: Capacity,
    state: State,
    *,
    day: date,
    seed: int = 0,
) -> tuple[pd.DataFrame, State]:
    """Say who is answered by which team on one day.

    Parameters
    ----------
    scored : DataFrame
        One row per customer: ``customer_id``, what the policy needs, and the columns that teams look at.
    policy : Policy
        Who is answered first.
    capacity : Capacity
        Who can answer how many.
    state : State
        Who was answered before; ``State()`` at the beginning. It is not changed.
    day : date
        The day in question.
    seed : int, default 0
        Of the lot between equal priorities.

    Returns
    -------
    answered : DataFrame
        ``day, team, rank, customer_id, priority, uses_influence``; rank from 1 within each team.
    state : State
        What the next day must be told; answers older than the cool-down are forgotten.

    Examples
    --------
    >>> scored = pd.DataFrame(
    ...     {"customer_id": list("abcd"), "risk": [0.4, 0.3, 0.2, 0.1], "tier": [1, 2, 1, 2]})
    >>> capacity = Capacity((Team("gold desk", 1, only={"tier": (2,)}), Team("all", 1)), cool_down_days=7)
    >>> from retaliation_risk.policies import RiskOnly
    >>> first, state = assign(scored, RiskOnly(), capacity, State(), day=date(2025, 3, 3))
    >>> first[["team", "customer_id"]].values.tolist()
    [['gold desk', 'b'], ['all', 'a']]
    >>> second, _ = assign(scored, RiskOnly(), capacity, state, day=date(2025, 3, 4))
    >>> second[["team", "customer_id"]].values.tolist()
    [['gold desk', 'd'], ['all', 'c']]
    """
    if scored["customer_id"].duplicated().any():
        twice = scored.loc[scored["customer_id"].duplicated(), "customer_id"].iloc[0]
        raise ArgumentError("RR111", f"customer {twice!r} has several rows; one a customer is allowed.")
    resting = {id_ for id_, last in state.answered.items() if (day - last).days < capacity.cool_down_days}
    priority = np.asarray(checked_priority(scored, policy), dtype=np.float64)
    order = in_order(priority, lots(scored["customer_id"], seed))
    ready = order[~scored["customer_id"].isin(resting).to_numpy()[order]]
    serves = [team.serves(scored) for team in capacity.teams]
    picked = pick(ready, serves, places(capacity, day))
    found = [
        {"day": day, "team": team.name, "rank": rank, "customer_id": id_, "priority": priority[row]}
        for team, rows in zip(capacity.teams, picked, strict=True)
        for rank, (row, id_) in enumerate(zip(rows, scored["customer_id"].iloc[rows], strict=True), start=1)
    ]
    table = pd.DataFrame(found, columns=ASSIGNED[:-1]).assign(uses_influence=policy.uses_influence)
    kept = {id_: last for id_, last in state.answered.items() if id_ in resting}
    return table, State(kept | dict.fromkeys(table["customer_id"], day))


def places(capacity: Capacity, day: date) -> tuple[int, ...]:
    """Count the answers that each team can give on a day; none on days off.

    Parameters
    ----------
    capacity : Capacity
    day : date

    Returns
    -------
    tuple of int
        In the order of the teams. A week's answers are spread over its working days.

    Examples
    --------
    >>> week = Capacity((Team("visits", 3, per="week"),))
    >>> [places(week, date(2025, 3, day))[0] for day in range(3, 10)]  # Monday to Sunday
    [0, 1, 0, 1, 1, 0, 0]
    """
    worked = sorted({WEEKDAYS.index(name) for name in capacity.working_days})
    if day.weekday() not in worked:
        return (0,) * len(capacity.teams)
    before = worked.index(day.weekday())
    return tuple(
        team.answers if team.per == "day" else _spread(team.answers, before, len(worked))
        for team in capacity.teams
    )


def pick(ready: npt.NDArray[np.intp], serves: Sequence[BoolArray], room: Sequence[int]) -> list[IntArray]:
    """Let each team in turn take the first of those ready whom it serves and nobody took before it.

    Parameters
    ----------
    ready : array of int, shape (n_ready,)
        Rows from the first to be answered to the last.
    serves : sequence of array of bool, shape (n,)
        For each team, the rows that it is there for.
    room : sequence of int
        For each team, how many it can take.

    Returns
    -------
    list of array of int
        For each team the rows it takes, first to last.

    Examples
    --------
    >>> [rows.tolist() for rows in pick(np.array([2, 0, 1]), [np.array([True, True, False]), np.ones(3, bool)], [1, 2])]
    [[0], [2, 1]]
    """
    found = []
    for mine, places_left in zip(serves, room, strict=True):
        at = _first(mine, ready, places_left)
        found.append(ready[at].astype(np.int64))
        ready = np.delete(ready, at)
    return found


def _first(mine: BoolArray, ready: npt.NDArray[np.intp], count: int) -> npt.NDArray[np.intp]:
    """Find where the first ``count`` that are mine stand; look at the head of the queue before all of it."""
    head = 4 * count + 64
    at = np.flatnonzero(mine[ready[:head]])
    if len(at) < count and len(ready) > head:
        at = np.flatnonzero(mine[ready])
    return at[:count]


def _spread(answers: int, before: int, days: int) -> int:
    """Share of a week's answers that falls on the working day with ``before`` others before it."""
    return answers * (before + 1) // days - answers * before // days
