"""The calendar, walked day by day: who would have been answered by whom on which day, under each policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retaliation_risk.errors import ArgumentError
from retaliation_risk.policies import Capacity, Policy, available, checked_priority, lots, pick, places

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

KEYS = ["customer_id", "moment"]
LONGEST_STEP = 7
_NEVER = np.iinfo(np.int64).min // 2
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Calendar:
    """Who was there at each moment, and the days on which that is what is known.

    ``frame`` has the rows sorted by moment and, within a moment, by lot; the rows of moment k are
    ``bounds[k]:bounds[k + 1]`` and in force on the days ``days[k]`` to ``days[k + 1] - 1``, counted from 1970.
    ``code`` is each row's customer in ``ids``, which are sorted.
    """

    frame: pd.DataFrame
    ids: pd.Index[str]
    code: IntArray
    moments: NDArray[np.datetime64]
    bounds: IntArray
    days: IntArray

    @cached_property
    def steps(self) -> FloatArray:
        """Days from the moment before to each moment; none before the first."""
        return np.append(np.inf, np.diff(self.moments) / np.timedelta64(1, "D"))

    def rows(self, k: int) -> slice:
        """Rows of one moment."""
        return slice(int(self.bounds[k]), int(self.bounds[k + 1]))

    def at(self, day: IntArray) -> IntArray:
        """Moment in force on each day; -1 before the first."""
        # Two moments on one day: the later one, since only it has a day to itself.
        return np.searchsorted(self.days[:-1], day, side="right") - 1


@dataclass(frozen=True)
class Answers:
    """The answers given under one policy, in order of day, team and rank."""

    code: IntArray
    day: IntArray
    team: IntArray
    rank: IntArray
    row: IntArray

    def last(self, code: IntArray, by: IntArray) -> IntArray:
        """Day of each customer's last answer not after a day; far in the past where there is none."""
        return self._found(np.searchsorted(self._keys, _key(code, by), side="right") - 1, code)

    def first(self, code: IntArray, since: IntArray) -> IntArray:
        """Day of each customer's first answer not before a day; far in the past where there is none."""
        return self._found(np.searchsorted(self._keys, _key(code, since), side="left"), code)

    @cached_property
    def _keys(self) -> IntArray:
        return np.sort(_key(self.code, self.day))

    def _found(self, at: IntArray, code: IntArray) -> IntArray:
        if not len(self._keys):
            return np.full(len(code), _NEVER)
        key = self._keys[np.clip(at, 0, len(self._keys) - 1)]
        there = (at >= 0) & (at < len(self._keys)) & (key >> 32 == code)
        return np.where(there, key & 0xFFFFFFFF, _NEVER)


def read_calendar(
    frames: pd.DataFrame, columns: Sequence[str], others: pd.Series, until: date | None, seed: int
) -> Calendar:
    """Sort the rows of ``frames`` and check them; ``others`` are ids that must have a code, too."""
    if absent := [name for name in KEYS if name not in frames.columns]:
        raise ArgumentError("RR111", f"frames lack {absent}; found are {list(frames.columns)}.")
    if frames.empty:
        raise ArgumentError("RR111", "frames have no rows; at least one customer and moment is needed.")
    which, moments = pd.factorize(as_utc(frames["moment"]), sort=True)
    numbers, names = pd.factorize(pd.concat([frames["customer_id"], others]))
    ids, place = pd.Index(names).astype(str).sort_values(return_indexer=True)
    code = np.argsort(place)[numbers[: len(frames)]]
    order = np.lexsort((lots(ids.to_series(), seed)[code], which))
    code, which = code[order], which[order]
    bounds = np.searchsorted(which, np.arange(len(moments) + 1))
    _check_once(code, which, ids, moments)
    frame = frames[[name for name in columns if name in frames.columns]].iloc[order]
    stamps = moments.to_numpy()
    return Calendar(frame.reset_index(drop=True), ids, code, stamps, bounds, _days(stamps, until))


def as_utc(times: pd.Series) -> pd.Series:
    """Read times as naive UTC."""
    return pd.to_datetime(times, utc=True).dt.tz_localize(None)


def day_number(times: pd.Series | NDArray[np.datetime64]) -> IntArray:
    """Count days from 1970 to the day of each time."""
    return np.asarray(times, dtype="datetime64[D]").astype(np.int64)


@dataclass(frozen=True)
class _Scene:
    """One moment: its customers, for whom each team is there, and the days on which it is in force with their places."""

    start: int
    code: IntArray
    serves: list[NDArray[np.bool_]]
    days: list[tuple[int, tuple[int, ...]]]
    cool_down_days: int


def walk(
    calendar: Calendar, policies: Sequence[Policy], capacity: Capacity, coming: Mapping[int, IntArray]
) -> tuple[dict[str, Answers], dict[str, str]]:
    """Answer customers day by day under each policy, and say which policies could not be run, and why.

    ``coming`` has the customers who will act, by moment: what the oracle alone is told.
    """
    last = {policy.name: np.full(len(calendar.ids), _NEVER) for policy in policies}
    found: dict[str, list[IntArray]] = {policy.name: [np.empty((5, 0), np.int64)] for policy in policies}
    off: dict[str, list[str]] = {}
    for k in range(len(calendar.moments)):
        rows = calendar.rows(k)
        scored = calendar.frame.iloc[rows].assign(true_event=np.isin(calendar.code[rows], coming[k]))
        scene = _scene(calendar, k, scored, capacity)
        for policy in policies:
            if why := available(scored, [policy])[policy.name]:
                off.setdefault(policy.name, []).append(why)
                continue
            priority = np.asarray(checked_priority(scored, policy), dtype=np.float64)
            found[policy.name] += _answer(scene, priority, last[policy.name])
    answers = {name: Answers(*np.concatenate(parts, axis=1)) for name, parts in found.items()}
    return answers, _reasons(off, len(calendar.moments))


def _scene(calendar: Calendar, k: int, scored: pd.DataFrame, capacity: Capacity) -> _Scene:
    days = range(int(calendar.days[k]), int(calendar.days[k + 1]))
    return _Scene(
        start=calendar.rows(k).start,
        code=calendar.code[calendar.rows(k)],
        serves=[team.serves(scored) for team in capacity.teams],
        days=[(day, places(capacity, date.fromordinal(_EPOCH + day))) for day in days],
        cool_down_days=capacity.cool_down_days,
    )


def _answer(scene: _Scene, priority: FloatArray, last: IntArray) -> list[IntArray]:
    """Answer on the days of one moment; ``last``, the day of each customer's last answer, is brought up to date."""
    # Rows stand by lot already: a stable sort leaves equal priorities in its order.
    order = np.argsort(-priority, kind="stable")
    found = []
    for day, room in scene.days:
        if any(room):
            rested = last[scene.code[order]] <= day - scene.cool_down_days
            picked = pick(order[rested], scene.serves, room)
            last[scene.code[np.concatenate(picked)]] = day
            found += [_answered(scene, mine, day, team) for team, mine in enumerate(picked)]
    return found


def _answered(scene: _Scene, mine: IntArray, day: int, team: int) -> IntArray:
    n = len(mine)
    return np.stack(
        [scene.code[mine], np.full(n, day), np.full(n, team), np.arange(1, n + 1), scene.start + mine]
    )


def _reasons(off: Mapping[str, Sequence[str]], n_moments: int) -> dict[str, str]:
    return {
        name: why[-1] if len(why) == n_moments else f"at {len(why)} of {n_moments} moments {why[-1]}"
        for name, why in off.items()
    }


def _days(moments: NDArray[np.datetime64], until: date | None) -> IntArray:
    """Day of each moment, then the day on which the walk ends; refused with gaps of more than a week."""
    days = day_number(moments)
    if len(gaps := np.flatnonzero(np.diff(days) > LONGEST_STEP)):
        before, after = (np.datetime_as_string(moments[gaps[0] + k], "D") for k in (0, 1))
        raise ArgumentError(
            "RR111",
            f"no moment lies between {before} and {after}; from one to the next it may be "
            f"{LONGEST_STEP} days, else a queue would be drawn up from what is long past.",
        )
    end = int(days[-1]) + LONGEST_STEP if until is None else until.toordinal() - _EPOCH
    if not days[-1] < end <= days[-1] + LONGEST_STEP:
        raise ArgumentError(
            "RR111",
            f"until is {until}; it must be 1 to {LONGEST_STEP} days after the last moment, "
            f"{np.datetime_as_string(moments[-1], 'D')}.",
        )
    return np.append(days, end)


def _check_once(code: IntArray, which: IntArray, ids: pd.Index[str], moments: pd.Index) -> None:
    key = np.sort(_key(which, code))
    if len(twice := np.flatnonzero(np.diff(key) == 0)):
        row = key[twice[0]]
        raise ArgumentError(
            "RR111",
            f"customer {ids[row & 0xFFFFFFFF]!r} has several rows at {moments[row >> 32]}; one is allowed.",
        )


def _key(code: IntArray, day: IntArray) -> IntArray:
    """One number that sorts by customer, then by day; days from 0."""
    return (code << 32) + day
