"""Who is answered by which team on a day: by hand, against a plain loop, and what always holds."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retaliation_risk.errors import ArgumentError
from retaliation_risk.policies import (
    WEEKDAYS,
    Capacity,
    InfluenceOnly,
    RiskOnly,
    State,
    Team,
    assign,
    lots,
    pick,
    places,
)

MONDAY = date(2025, 3, 3)


def six():
    return pd.DataFrame(
        {
            "customer_id": list("abcdef"),
            "risk": [0.6, 0.5, 0.4, 0.3, 0.2, 0.1],
            "influence": [1.0, None, None, None, None, 90.0],
            "tier": [1.0, 2.0, 2.0, 1.0, None, 2.0],
            "segment": ["x", "y", "x", "y", "x", "y"],
        }
    )


def by_team(table):
    return {team: "".join(rows["customer_id"]) for team, rows in table.groupby("team", sort=False)}


def test_a_week_by_hand():
    capacity = Capacity(
        (Team("gold", 1, only={"tier": [2]}), Team("all", 2)),
        working_days=("mon", "tue", "thu"),
        cool_down_days=3,
    )
    got, state = {}, State()
    for k in range(7):
        table, state = assign(six(), RiskOnly(), capacity, state, day=MONDAY + timedelta(days=k))
        got[WEEKDAYS[k]] = by_team(table)
    assert got == {
        "mon": {"gold": "b", "all": "ac"},
        "tue": {"gold": "f", "all": "de"},  # of tier 2 only f is left
        "wed": {},
        "thu": {"gold": "b", "all": "ac"},  # three days on: they may stand again; d, e, f rest until Friday
        "fri": {},
        "sat": {},
        "sun": {},
    }


def test_a_team_that_finds_nobody_loses_its_places():
    capacity = Capacity((Team("gold", 5, only={"tier": [2], "segment": ["y"]}), Team("all", 1)))
    table, _ = assign(six(), RiskOnly(), capacity, State(), day=MONDAY)
    assert by_team(table) == {"gold": "bf", "all": "a"}
    assert table["rank"].tolist() == [1, 2, 1]


def test_the_state_given_is_left_alone_and_forgets_what_no_longer_counts():
    before = State({"a": MONDAY, "z": MONDAY - timedelta(days=40)})
    _, after = assign(six(), RiskOnly(), Capacity((Team("all", 1),)), before, day=MONDAY + timedelta(days=1))
    assert before == State({"a": MONDAY, "z": MONDAY - timedelta(days=40)})
    assert after == State({"a": MONDAY, "b": MONDAY + timedelta(days=1)})


def test_nobody_is_left_and_nobody_works():
    everybody = State(dict.fromkeys("abcdef", MONDAY))
    capacity = Capacity((Team("all", 3),))
    table, state = assign(six(), RiskOnly(), capacity, everybody, day=MONDAY + timedelta(days=1))
    assert table.empty
    assert list(table.columns) == ["day", "team", "rank", "customer_id", "priority", "uses_influence"]
    assert state == everybody
    assert assign(six(), RiskOnly(), capacity, State(), day=MONDAY + timedelta(days=5))[0].empty  # a Saturday


def test_the_table_says_that_influence_was_used():
    table, _ = assign(six(), InfluenceOnly(), Capacity((Team("all", 2),)), State(), day=MONDAY)
    assert table["customer_id"].tolist() == ["f", "a"]
    assert table["uses_influence"].tolist() == [True, True]


@given(
    answers=st.integers(1, 40),
    worked=st.sets(st.sampled_from(WEEKDAYS), min_size=1),
    start=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
)
def test_a_week_adds_up_whichever_days_are_worked(answers, worked, start):
    capacity = Capacity(
        (Team("visits", answers, per="week"), Team("phone", answers)), working_days=tuple(worked)
    )
    week = [places(capacity, start - timedelta(days=start.weekday() - k)) for k in range(7)]
    assert sum(room[0] for room in week) == answers
    assert sum(room[1] for room in week) == answers * len(worked)
    assert all(room == (0, 0) for room, day in zip(week, WEEKDAYS, strict=True) if day not in worked)
    daily = [room[0] for room, day in zip(week, WEEKDAYS, strict=True) if day in worked]
    assert max(daily) - min(daily) <= 1


def assign_by_loop(scored, capacity, state, day, seed):
    """The same in plain words: each team takes, one after the other, the best of those it may still take."""
    if WEEKDAYS[day.weekday()] not in capacity.working_days:
        return []
    lot = dict(zip(scored["customer_id"], lots(scored["customer_id"], seed), strict=True))
    left = [
        row
        for row in scored.to_dict("records")
        if row["customer_id"] not in state.answered
        or (day - state.answered[row["customer_id"]]).days >= capacity.cool_down_days
    ]
    found = []
    for team, room in zip(capacity.teams, places(capacity, day), strict=True):
        for rank in range(1, room + 1):
            mine = [row for row in left if all(row[name] in values for name, values in team.only.items())]
            if mine:
                best = min(mine, key=lambda row: (-row["risk"], lot[row["customer_id"]]))
                left.remove(best)
                found.append((team.name, rank, best["customer_id"]))
    return found


customers = st.lists(
    st.tuples(st.sampled_from([0.1, 0.2, 0.3]), st.integers(1, 3), st.sampled_from("xy")),
    min_size=1,
    max_size=12,
)
teams = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.sampled_from(["day", "week"]),
        st.sampled_from(
            [{}, {"tier": [2]}, {"tier": [1, 3]}, {"segment": ["x"]}, {"tier": [1], "segment": ["y"]}]
        ),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=30)
@given(rows=customers, teams=teams, cool_down_days=st.integers(1, 6), seed=st.integers(0, 9))
def test_two_weeks_are_those_of_the_loop(rows, teams, cool_down_days, seed):
    scored = pd.DataFrame(rows, columns=["risk", "tier", "segment"])
    scored.insert(0, "customer_id", [f"C{k}" for k in range(len(scored))])
    capacity = Capacity(
        tuple(Team(f"t{k}", n, per=per, only=only) for k, (n, per, only) in enumerate(teams)),
        cool_down_days=cool_down_days,
    )
    state = State()
    for k in range(14):
        day = MONDAY + timedelta(days=k)
        expected = assign_by_loop(scored, capacity, state, day, seed)
        table, state = assign(scored, RiskOnly(), capacity, state, day=day, seed=seed)
        assert list(table[["team", "rank", "customer_id"]].itertuples(index=False, name=None)) == expected


def test_refusals():
    with pytest.raises(ArgumentError, match="answers is 0; it must be in"):
        Team("t", 0)
    with pytest.raises(ArgumentError, match="per is 'month'; it must be one of day, week"):
        Team("t", 1, per="month")
    with pytest.raises(ArgumentError, match=r"only\['segment'\] is a text; it must be a list"):
        Team("t", 1, only={"segment": "gold"})
    with pytest.raises(ArgumentError, match="working day is 'monday'; it must be one of mon, tue"):
        Capacity((Team("t", 1),), working_days=("monday",))
    with pytest.raises(ArgumentError, match="number of teams is 0"):
        Capacity(())
    with pytest.raises(ArgumentError, match="two teams are called 't'"):
        Capacity((Team("t", 1), Team("t", 2)))
    with pytest.raises(ArgumentError, match="cool_down_days is 0; it must be in"):
        Capacity((Team("t", 1),), cool_down_days=0)
    with pytest.raises(ArgumentError, match="team t looks at region; found are"):
        assign(six(), RiskOnly(), Capacity((Team("t", 1, only={"region": [1]}),)), State(), day=MONDAY)
    with pytest.raises(ArgumentError, match="customer 'a' has several rows"):
        assign(pd.concat([six(), six()]), RiskOnly(), Capacity((Team("t", 1),)), State(), day=MONDAY)


@given(seed=st.integers(0, 10**6), room=st.integers(0, 30), share=st.sampled_from([0.0, 0.01, 0.2, 1.0]))
def test_a_team_finds_its_own_however_far_behind_they_stand(seed, room, share):
    rng = np.random.default_rng(seed)
    ready, mine = rng.permutation(600)[:500], rng.random(600) < share
    got, rest = pick(ready, [mine, np.ones(600, dtype=bool)], [room, 500])
    expected = [row for row in ready if mine[row]][:room]
    assert got.tolist() == expected
    assert rest.tolist() == [row for row in ready if row not in set(expected)]
