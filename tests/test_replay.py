"""The replayed calendar: by hand, against a plain loop, and what always holds."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retaliation_risk.errors import ArgumentError
from retaliation_risk.evaluate import missed_by, replay
from retaliation_risk.policies import (
    Capacity,
    Custom,
    FirstCome,
    InfluenceOnly,
    Oracle,
    RiskOnly,
    State,
    Team,
    assign,
)

MONDAY = pd.Timestamp("2025-03-03")
DAILY = Capacity((Team("all", 1),), working_days=("mon", "tue", "wed", "thu", "fri", "sat", "sun"))


def by_hand():
    """Four customers, two weeks. a: likely, unknown. b: influential. c: likely in week two. d: never there."""
    return pd.DataFrame(
        {
            "customer_id": list("abc") * 2,
            "moment": [MONDAY] * 3 + [MONDAY + pd.Timedelta(days=7)] * 3,
            "risk": [0.9, 0.1, 0.2, 0.3, 0.1, 0.8],
            "influence": [np.nan, 90.0, 5.0] * 2,
            "unresolved_days": [3.0, 0.0, 0.0, 10.0, 2.0, 0.0],
            "segment": ["x", "y", "y"] * 2,
        }
    )


def acts_by_hand():
    return pd.DataFrame(
        {
            "customer_id": ["a", "c", "c", "d"],
            "occurred_at": MONDAY + pd.to_timedelta([2.5, 8.0, 13.9, 4.0], unit="D"),
            "reach": [100.0, 10.0, np.nan, 1000.0],
        }
    )


def pick(scores, metric, policy):
    (row,) = scores[(scores["metric"] == metric) & (scores["policy"] == policy)].to_dict("records")
    return row


def test_two_weeks_by_hand():
    # One answer a day, thirty days of rest: risk answers a, c, b on Mon, Tue, Wed; influence b, c, a.
    found = replay(by_hand(), acts_by_hand(), [RiskOnly(), InfluenceOnly()], capacity=DAILY, n_bootstrap=0)
    answers = found.answers.groupby("policy", sort=False)["customer_id"].agg("".join)
    assert answers.to_dict() == {"risk_only": "acb", "influence_only": "bca"}
    acts = found.acts.set_index(["policy", "occurred_at"]).sort_index()
    # a acts on Wednesday: answered on Monday by risk (lead 2), on the very day by influence: too late.
    assert acts.loc["risk_only"]["lead_days"].tolist()[:1] == [2.0]
    assert acts.loc["risk_only"]["reached"].tolist() == [True, False, True, True]
    assert acts.loc["influence_only"]["reached"].tolist() == [False, False, True, True]
    assert pick(found.scores, "events_reached", "risk_only")["value"] == 3 / 4
    assert pick(found.scores, "reach_in_time", "risk_only")["value"] == 110.0
    assert pick(found.scores, "reach_in_time_share", "risk_only")["value"] == 110 / 1110
    assert pick(found.scores, "lead_days_median", "risk_only")["value"] == 7.0  # of 2, 7 and 12 days
    assert pick(found.scores, "events_reached_minus_influence_only", "risk_only")["value"] == 1 / 4
    assert pick(found.scores, "events_reached", "influence_only")["uses_influence"]
    assert not pick(found.scores, "events_reached", "risk_only")["uses_influence"]


def test_whom_influence_would_have_missed():
    found = replay(by_hand(), acts_by_hand(), [RiskOnly(), InfluenceOnly()], capacity=DAILY, n_bootstrap=0)
    missed = missed_by(found)
    assert missed[["customer_id", "influence_quartile", "reached_by"]].values.tolist() == [
        ["a", "no account", "risk_only"],
        ["d", "not at hand", ""],
    ]
    shares = found.missed[found.missed["policy"] == "influence_only"].set_index(
        ["metric", "influence_quartile"]
    )
    # c stands at 1 of 2 known scores: in the second quartile; both its acts were reached.
    assert shares["value"].round(2).to_dict() == {
        ("share_missed", "2"): 0.0,
        ("share_missed", "no account"): 1.0,
        ("share_missed", "not at hand"): 1.0,
        ("share_of_missed", "2"): 0.0,
        ("share_of_missed", "no account"): 0.5,
        ("share_of_missed", "not at hand"): 0.5,
    }
    assert shares["n"].tolist() == [2, 1, 1] * 2
    with pytest.raises(
        ArgumentError, match="policy 'rule' was not replayed; it must be one of risk_only, inf"
    ):
        missed_by(found, "rule")


def test_waits_by_hand():
    # a waits from the first Monday (open at both moments, 10 days at the second: the same matter); b from the second.
    found = replay(by_hand(), acts_by_hand(), [RiskOnly(), InfluenceOnly()], capacity=DAILY, n_bootstrap=0)
    risk, influence = (
        [pick(found.scores, metric, policy)["value"] for metric in ("waits_answered", "wait_days_median")]
        for policy in ("risk_only", "influence_only")
    )
    assert risk == [0.5, 0.0]  # a at once; b was answered before its matter was known, and rests
    assert influence == [0.5, 2.0]  # a on Wednesday
    assert pick(found.scores, "waits_answered", "risk_only")["n"] == 2


@pytest.mark.parametrize(("open_days", "waits"), [(2.0, 2), (7.0, 2), (7.1, 1), (15.0, 1)])
def test_a_matter_opened_since_the_last_moment_is_a_new_wait(open_days, waits):
    frames = pd.DataFrame(
        {
            "customer_id": ["a"] * 4,
            "moment": MONDAY + pd.to_timedelta([0, 7, 14, 21], unit="D"),
            "unresolved_days": [1.0, 8.0, open_days, 0.0],
            "risk": 0.1,
        }
    )
    acts = pd.DataFrame(
        {"customer_id": ["a"], "occurred_at": [MONDAY + pd.Timedelta(days=3)], "reach": [1.0]}
    )
    quick = Capacity((Team("all", 1),), cool_down_days=1)
    found = replay(frames, acts, [RiskOnly()], capacity=quick, n_bootstrap=0)
    answered = pick(found.scores, "waits_answered", "risk_only")
    assert (answered["value"], answered["n"]) == (1.0, waits)


def test_acts_that_nobody_could_have_reached_are_left_out():
    days = [0.5, 1.0, 13.9, 14.0]  # the first day of the walk, the day after, its last day, the day it ends
    acts = pd.DataFrame(
        {"customer_id": "a", "occurred_at": MONDAY + pd.to_timedelta(days, unit="D"), "reach": 1.0}
    )
    found = replay(by_hand(), acts, [RiskOnly()], capacity=DAILY, n_bootstrap=0)
    assert found.acts["occurred_at"].tolist() == acts["occurred_at"].tolist()[1:3]
    shorter = replay(by_hand(), acts, [RiskOnly()], capacity=DAILY, n_bootstrap=0, until=date(2025, 3, 12))
    assert len(shorter.acts) == 1
    assert shorter.answers["day"].max() < pd.Timestamp("2025-03-12")


def test_the_horizon_ends_what_an_answer_is_worth():
    frames = pd.DataFrame(
        {"customer_id": ["a"] * 3, "moment": MONDAY + pd.to_timedelta([0, 7, 14], unit="D")}
    )
    acts = pd.DataFrame(
        {"customer_id": ["a"], "occurred_at": [MONDAY + pd.Timedelta(days=10)], "reach": [1.0]}
    )
    run = {"capacity": Capacity((Team("all", 1),)), "n_bootstrap": 0}
    for horizon, reached in ((9, False), (10, True), (30, True)):
        found = replay(frames.assign(risk=0.1), acts, [RiskOnly()], horizon_days=horizon, **run)
        assert found.acts["reached"].tolist() == [reached]
    assert replay(frames.assign(risk=0.1), acts, [RiskOnly()], lead_days=10, **run).acts[
        "reached"
    ].tolist() == [True]
    assert replay(frames.assign(risk=0.1), acts, [RiskOnly()], lead_days=9, **run).acts[
        "reached"
    ].tolist() == [True]


def test_served_shares_by_hand():
    found = replay(by_hand(), acts_by_hand(), [RiskOnly()], capacity=DAILY, n_bootstrap=0)
    rows = found.served.set_index(["group_kind", "group"])
    assert rows.loc[("segment", "x")][["share_of_queue", "share_of_customers", "n"]].tolist() == [
        1 / 3,
        1 / 3,
        1,
    ]
    quarter = rows.loc["influence quartile"]
    assert quarter["n"].to_dict() == {"2": 1, "4 (most)": 1, "no account": 1}
    assert quarter["share_of_queue"].sum() == pytest.approx(1)


# A plain loop over days, policies and acts.


def small_world(seed, n=12, weeks=4):
    rng = np.random.default_rng(seed)
    ids = [f"C{k}" for k in range(n)]
    rows = [
        {
            "customer_id": id_,
            "moment": MONDAY + pd.Timedelta(days=7 * week, hours=int(rng.integers(9))),
            "risk": float(rng.integers(4)) / 4,
            "influence": float(rng.integers(1, 9)) if rng.random() < 0.6 else np.nan,
            "unresolved_days": float(rng.integers(12)) * (rng.random() < 0.5),
            "tier": int(rng.integers(3)),
        }
        for week in range(weeks)
        for id_ in ids
        if rng.random() < 0.8
    ]
    frames = pd.DataFrame(rows)
    frames["moment"] = frames.groupby(frames["moment"].dt.normalize())["moment"].transform("min")
    days = rng.uniform(0, 7 * weeks, 25)
    acts = pd.DataFrame(
        {
            "customer_id": rng.choice([*ids, "stranger"], 25),
            "occurred_at": MONDAY + pd.to_timedelta(days, unit="D"),
            "reach": np.where(rng.random(25) < 0.3, np.nan, rng.integers(100, size=25)),
        }
    )
    return frames, acts


def answers_by_loop(frames, policy, capacity, seed):
    """Who was answered on which day: ``assign`` day by day, with the rows of the latest moment not after the day."""
    state, found = State(), []
    moments = sorted(frames["moment"].unique())
    last = moments[-1].normalize() + pd.Timedelta(days=6)
    for day in pd.date_range(moments[0].normalize(), last):
        latest = max(moment for moment in moments if moment.normalize() <= day)
        scored = frames[frames["moment"] == latest]
        table, state = assign(scored, policy, capacity, state, day=day.date(), seed=seed)
        found += [(day, row.team, row.rank, row.customer_id) for row in table.itertuples()]
    return found


def reached_by_loop(answers, acts, lead_days, horizon_days):
    found = []
    for act in acts.sort_values(["occurred_at", "customer_id"], kind="stable").itertuples():
        early = [
            (act.occurred_at.normalize() - day).days
            for day, _, _, customer in answers
            if customer == act.customer_id
            and lead_days <= (act.occurred_at.normalize() - day).days <= horizon_days
        ]
        found.append(min(early, default=None))
    return found


def waits_by_loop(frames, answers):
    """Days waited, or None, for every wait."""
    moments = sorted(frames["moment"].unique())
    end_of_all = moments[-1].normalize() + pd.Timedelta(days=7)
    found = []
    for customer in sorted(frames["customer_id"].unique()):
        mine = frames[frames["customer_id"] == customer].set_index("moment")["unresolved_days"].to_dict()
        begun, spells, before = None, [], None
        for moment in moments:
            open_days = mine.get(moment, 0.0)
            gap = np.inf if before is None else (moment - before) / pd.Timedelta(days=1)
            if begun is not None and open_days <= gap:
                spells.append((begun, moment.normalize()))
                begun = None
            if begun is None and open_days > 0:
                begun = moment.normalize()
            before = moment
        if begun is not None:
            spells.append((begun, end_of_all))
        for since, end in spells:
            first = [day for day, _, _, who in answers if who == customer and since <= day < end]
            found.append((min(first) - since).days if first else None)
    return found


def least_reaching(values, share):
    ordered = sorted(values)
    return ordered[int(np.ceil(share * len(ordered))) - 1]


@settings(max_examples=12)
@given(
    seed=st.integers(0, 10**6),
    cool_down_days=st.integers(1, 15),
    lead_days=st.integers(1, 4),
    horizon_days=st.integers(4, 20),
    per=st.sampled_from(["day", "week"]),
)
def test_the_walk_is_that_of_the_loop(seed, cool_down_days, lead_days, horizon_days, per):
    frames, acts = small_world(seed)
    capacity = Capacity(
        (Team("gold", 2, per=per, only={"tier": [2]}), Team("all", 1)), cool_down_days=cool_down_days
    )
    policies = [RiskOnly(), FirstCome(), InfluenceOnly()]
    rules = {"lead_days": lead_days, "horizon_days": horizon_days}
    shuffled = frames.sample(frac=1, random_state=seed % 1000)
    found = replay(shuffled, acts, policies, capacity=capacity, n_bootstrap=0, seed=seed, **rules)
    kept = acts[
        acts["occurred_at"].dt.normalize()
        >= frames["moment"].min().normalize() + pd.Timedelta(days=lead_days)
    ]
    kept = kept[kept["occurred_at"] < frames["moment"].max().normalize() + pd.Timedelta(days=7)]
    for policy in policies:
        answers = answers_by_loop(frames, policy, capacity, seed)
        mine = found.answers[found.answers["policy"] == policy.name]
        assert (
            list(mine[["day", "team", "rank", "customer_id"]].itertuples(index=False, name=None)) == answers
        )
        leads = reached_by_loop(answers, kept, lead_days, horizon_days)
        got = found.acts[found.acts["policy"] == policy.name]
        assert [None if np.isnan(lead) else lead for lead in got["lead_days"]] == leads
        hits = [lead for lead in leads if lead is not None]
        seen = got["reach"][[lead is not None for lead in leads]].sum()
        assert pick(found.scores, "events_reached", policy.name)["value"] == len(hits) / len(kept)
        assert pick(found.scores, "reach_in_time", policy.name)["value"] == pytest.approx(seen)
        waits = waits_by_loop(frames, answers)
        waited = [days for days in waits if days is not None]
        assert pick(found.scores, "waits_answered", policy.name)["n"] == len(waits)
        for values, metric in ((hits, "lead_days"), (waited, "wait_days")):
            for share, name in ((0.25, "q1"), (0.5, "median"), (0.75, "q3")):
                row = pick(found.scores, f"{metric}_{name}", policy.name)
                assert row["n"] == len(values)
                assert not values or row["value"] == least_reaching(values, share)


# What always holds.


def larger_world(seed=1, n=400, weeks=12, slope=3.0):
    """Risk tells who acts, influence does not."""
    rng = np.random.default_rng(seed)
    ids = np.array([f"C{k:03d}" for k in range(n)])
    risk = rng.beta(1, 12, n)
    likely = risk**slope / (risk**slope).sum()
    frames = pd.DataFrame(
        {
            "customer_id": np.tile(ids, weeks),
            "moment": np.repeat(pd.date_range(MONDAY, periods=weeks, freq="7D"), n),
            "risk": np.tile(risk, weeks),
            "influence": np.tile(np.where(rng.random(n) < 0.3, np.nan, rng.uniform(1, 100, n)), weeks),
            "unresolved_days": rng.exponential(5, n * weeks) * (rng.random(n * weeks) < 0.2),
        }
    )
    acts = pd.DataFrame(
        {
            "customer_id": rng.choice(ids, 80, p=likely),
            "occurred_at": MONDAY + pd.to_timedelta(rng.uniform(0, 7 * weeks, 80), unit="D"),
            "reach": rng.lognormal(3, 1, 80),
        }
    )
    return frames, acts


FIVE = Capacity((Team("all", 5),), cool_down_days=21)


def test_who_knows_the_future_is_the_ceiling_and_risk_is_below_it():
    found = replay(*larger_world(), [InfluenceOnly(), RiskOnly(), Oracle()], capacity=FIVE, n_bootstrap=100)
    reached = {p: pick(found.scores, "events_reached", p) for p in ("influence_only", "risk_only", "oracle")}
    assert reached["influence_only"]["value"] < reached["risk_only"]["value"] < reached["oracle"]["value"]
    gap = pick(found.scores, "events_reached_minus_influence_only", "risk_only")
    assert 0 < gap["low"] <= gap["value"] <= gap["high"]
    for row in found.scores.to_dict("records"):
        assert np.isnan(row["low"]) or row["low"] <= row["high"]
    counted = found.scores[found.scores["metric"].isin(["answers", "customers_answered"])]
    assert counted["low"].isna().all()
    assert "oracle" not in " ".join(missed_by(found)["reached_by"])


def test_an_interval_is_about_as_wide_as_it_should_be():
    # Customers with one act each: the share reached is a mean of independent draws.
    frames, acts = larger_world(n=400)
    acts = acts.drop_duplicates("customer_id")
    found = replay(frames, acts, [RiskOnly()], capacity=FIVE, n_bootstrap=400)
    row = pick(found.scores, "events_reached", "risk_only")
    error = np.sqrt(row["value"] * (1 - row["value"]) / row["n"])
    assert (row["high"] - row["low"]) / (2 * 1.96 * error) == pytest.approx(1, abs=0.2)


def test_a_handful_of_customers_gives_no_interval():
    found = replay(by_hand(), acts_by_hand(), [RiskOnly()], capacity=DAILY, n_bootstrap=50)
    assert np.isnan(pick(found.scores, "events_reached", "risk_only")["low"])
    assert found.missed["low"].isna().all()


def test_everybody_answered_every_day_reaches_all():
    frames, acts = larger_world()
    all_of_them = Capacity((Team("all", 400),), working_days=DAILY.working_days, cool_down_days=1)
    found = replay(frames, acts, [RiskOnly(), InfluenceOnly()], capacity=all_of_them, n_bootstrap=0)
    assert found.acts["reached"].all()
    assert missed_by(found).empty
    assert set(found.acts["lead_days"]) == {1.0}


def test_what_is_known_on_the_day_of_an_act_changes_nothing():
    frames, acts = larger_world()
    after = frames["moment"] >= MONDAY + pd.Timedelta(days=35)
    told = frames.assign(
        risk=frames["risk"].where(~after, frames["customer_id"].isin(acts["customer_id"]) * 1.0)
    )
    one, other = (
        replay(f, acts, [RiskOnly()], capacity=FIVE, n_bootstrap=0).acts.query("occurred_at < '2025-04-08'")
        for f in (frames, told)
    )
    pd.testing.assert_frame_equal(one, other)


def test_policies_that_cannot_be_run_are_named():
    frames, acts = larger_world()
    late = frames.assign(risk=frames["risk"].where(frames["moment"] >= MONDAY + pd.Timedelta(days=21)))
    rules = Custom("by_spend", "Spend first.", ("spend_365d",), lambda scored: scored["spend_365d"])
    found = replay(late, acts, [RiskOnly(), InfluenceOnly(), rules], capacity=FIVE, n_bootstrap=0)
    assert found.skipped == {
        "by_spend": "column spend_365d is not there",
        "risk_only": "at 3 of 12 moments risk is missing everywhere",
    }
    assert found.answers.query("policy == 'risk_only'")["day"].min() == MONDAY + pd.Timedelta(days=21)
    assert "by_spend" not in set(found.scores["policy"])


def test_without_influence_and_open_matters_the_rest_is_there():
    frames, acts = larger_world()
    found = replay(
        frames[["customer_id", "moment", "risk"]], acts, [RiskOnly()], capacity=FIVE, n_bootstrap=20
    )
    assert pick(found.scores, "waits_answered", "risk_only")["n"] == 0
    assert set(found.acts["influence_quartile"]) == {"not at hand"}
    assert found.served.empty
    assert list(found.served.columns)[:3] == ["policy", "group_kind", "group"]


def test_times_may_have_a_zone():
    frames, acts = larger_world()
    zoned = acts.assign(
        occurred_at=acts["occurred_at"].dt.tz_localize("UTC").dt.tz_convert("America/Montreal")
    )
    one, other = (replay(frames, a, [RiskOnly()], capacity=FIVE, n_bootstrap=0).acts for a in (acts, zoned))
    pd.testing.assert_frame_equal(one, other)


def test_refusals():
    frames, acts = by_hand(), acts_by_hand()

    def run(frames=frames, acts=acts, policies=None, **rules):
        return replay(frames, acts, policies or [RiskOnly()], capacity=DAILY, n_bootstrap=0, **rules)

    with pytest.raises(ArgumentError, match=r"frames lack \['moment'\]"):
        run(frames.drop(columns="moment"))
    with pytest.raises(ArgumentError, match="frames have no rows"):
        run(frames.head(0))
    with pytest.raises(ArgumentError, match=r"acts lack \['reach'\]"):
        run(acts=acts.drop(columns="reach"))
    with pytest.raises(ArgumentError, match="customer 'a' has several rows at 2025-03-03"):
        run(pd.concat([frames, frames.head(1)]))
    with pytest.raises(ArgumentError, match="no moment lies between 2025-03-03 and 2025-03-18"):
        run(
            frames.assign(moment=frames["moment"].replace(frames["moment"].max(), pd.Timestamp("2025-03-18")))
        )
    with pytest.raises(
        ArgumentError, match="until is 2025-03-20; it must be 1 to 7 days after the last moment, 2025-03-10"
    ):
        run(until=date(2025, 3, 20))
    with pytest.raises(ArgumentError, match="none of 4 acts falls between 2025-03-04 and 2025-03-16"):
        run(acts=acts.assign(occurred_at=pd.Timestamp("2024-01-01")))
    with pytest.raises(ArgumentError, match="lead_days is 0; it must be in"):
        run(lead_days=0)
    with pytest.raises(
        ArgumentError, match="no policy can be run: first_come: column unresolved_days is not there"
    ):
        run(frames.drop(columns="unresolved_days"), policies=[FirstCome()])
