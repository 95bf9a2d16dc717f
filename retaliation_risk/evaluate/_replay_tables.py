"""From a walk to tidy tables: acts, answers, and statistics under weights of the customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retaliation_risk.evaluate._bootstrap import Statistics
from retaliation_risk.evaluate._tallies import Kernel, difference, quartiles, shares, sums, tally
from retaliation_risk.evaluate._waits import Waits
from retaliation_risk.evaluate._walk import Answers, Calendar
from retaliation_risk.evaluate.shares import NO_ACCOUNT, QUARTILES
from retaliation_risk.policies import Capacity

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

#: What every policy is compared with: influence alone, and at its best.
REFERENCES = ("influence_only", "influence_if_open", "influence_x_complaint")
QUARTILE = "influence quartile"
NO_ROW = "not at hand"
LABELS = (*QUARTILES, NO_ACCOUNT, NO_ROW)
QUARTER_NAMES = ("q1", "median", "q3")
ACT_COLUMNS = [
    "policy", "customer_id", "occurred_at", "reach", "influence", "influence_quartile", "reached", "answered_on",
    "lead_days", "code", "act_day",
]  # fmt: skip


def acts_table(
    calendar: Calendar, acts: pd.DataFrame, answers: Mapping[str, Answers], lead_days: int, horizon_days: int
) -> pd.DataFrame:
    """Every act under every policy: whether it was reached in time, by the last answer that came early enough."""
    code, day = acts["code"].to_numpy(), acts["act_day"].to_numpy()
    influence, quarter = _influence_at(calendar, code, day - lead_days)
    base = acts.assign(influence=influence, influence_quartile=np.array(LABELS)[quarter])
    found = []
    for name, given in answers.items():
        last = given.last(code, day - lead_days)
        reached = last >= day - horizon_days
        on = np.where(reached, last, np.datetime64("NaT", "D").astype(np.int64)).astype("datetime64[D]")
        lead = np.where(reached, day - last, np.nan)
        found.append(
            base.assign(policy=name, reached=reached, answered_on=on.astype("datetime64[s]"), lead_days=lead)
        )
    return pd.concat(found, ignore_index=True)[ACT_COLUMNS]


def answers_table(calendar: Calendar, answers: Mapping[str, Answers], capacity: Capacity) -> pd.DataFrame:
    """Every answer given, by policy, day, team and rank."""
    names = np.array([team.name for team in capacity.teams], dtype=object)
    ids = calendar.ids.to_numpy(dtype=object)
    found = [
        pd.DataFrame(
            {
                "policy": name,
                "day": given.day.astype("datetime64[D]").astype("datetime64[s]"),
                "team": names[given.team],
                "rank": given.rank,
                "customer_id": ids[given.code],
            }
        )
        for name, given in answers.items()
    ]
    return pd.concat(found, ignore_index=True)


def score_statistics(
    calendar: Calendar, by_act: pd.DataFrame, answers: Mapping[str, Answers], waits: Waits
) -> list[Statistics]:
    """Acts reached, their reach and lead, answers and waits of each policy, and what it has over influence."""
    n = len(calendar.ids)
    found, compared = [], {}
    for name, acts in by_act.groupby("policy", sort=False):
        mine, pair = _act_statistics(str(name), acts, n)
        compared[str(name)] = pair
        found += [*mine, *_answer_statistics(str(name), answers[str(name)], waits, n)]
    for reference, name in product(REFERENCES, compared):
        if reference in compared and reference != name:
            found += _differences(compared[name], compared[reference], reference)
    return found


def served_statistics(
    calendar: Calendar, answers: Mapping[str, Answers], groups: Sequence[str]
) -> list[Statistics]:
    """Share of the answers that each group gets under each policy, beside its share of the rows."""
    n, found = len(calendar.ids), []
    for kind, (labels, code) in _kinds(calendar, groups).items():
        size = np.bincount(code, minlength=len(labels)) / len(code)
        for name, given in answers.items():
            group = code[given.row]
            counts = tally(group, given.code, (len(labels), n))
            answered = np.bincount(group, minlength=len(labels))
            rows = [
                {
                    "policy": name,
                    "group_kind": kind,
                    "group": label,
                    "share_of_customers": size[k],
                    "n": int(answered[k]),
                }
                for k, label in enumerate(labels)
            ]
            there = np.flatnonzero(size > 0)
            found.append(Statistics([rows[k] for k in there], _some(shares(counts), there)))
    return found


def missed_statistics(calendar: Calendar, by_act: pd.DataFrame) -> list[Statistics]:
    """Share of the acts missed within each quartile of influence, and each quartile's share of those missed."""
    found = []
    for name, acts in by_act.groupby("policy", sort=False):
        labelled = acts["influence_quartile"].map({label: k for k, label in enumerate(LABELS)})
        group = np.asarray(labelled, dtype=np.int64)
        code, missed = acts["code"].to_numpy(), ~acts["reached"].to_numpy(bool)
        shape = (len(LABELS), len(calendar.ids))
        every, lost = tally(group, code, shape), tally(group[missed], code[missed], shape)
        n, n_missed = np.bincount(group, minlength=shape[0]), np.bincount(group[missed], minlength=shape[0])
        there = np.flatnonzero(n)
        for metric, kernel in (("share_missed", shares(lost, every)), ("share_of_missed", shares(lost))):
            labels = [
                {
                    "policy": name,
                    "influence_quartile": LABELS[k],
                    "metric": metric,
                    "n": int(n[k]),
                    "n_missed": int(n_missed[k]),
                    "customers": len(
                        np.unique(code[group == k] if metric == "share_missed" else code[missed])
                    ),
                }
                for k in there
            ]
            found.append(Statistics(labels, _some(kernel, there)))
    return found


def _act_statistics(name: str, acts: pd.DataFrame, n: int) -> tuple[list[Statistics], list[Statistics]]:
    """Statistics of the acts, and those among them that are compared with the reference."""
    code, hit = acts["code"].to_numpy(), acts["reached"].to_numpy(bool)
    reach = np.nan_to_num(acts["reach"].to_numpy(np.float64))
    one = np.zeros(len(acts), dtype=np.int64)
    every, got = tally(one, code, (1, n)), tally(one[hit], code[hit], (1, n))
    all_reach, got_reach = tally(one, code, (1, n), reach), tally(one[hit], code[hit], (1, n), reach[hit])
    customers, seen = len(np.unique(code)), len(np.unique(code[reach > 0]))

    def told(metric: str, count: int, behind: int) -> list[dict[str, Any]]:
        return [{"policy": name, "metric": metric, "n": count, "customers": behind}]

    share = Statistics(told("events_reached", len(acts), customers), shares(got, every))
    audience = Statistics(
        told("reach_in_time_share", int((reach > 0).sum()), seen), shares(got_reach, all_reach)
    )
    lead = acts["lead_days"].to_numpy()[hit].astype(np.int64)
    return [
        share,
        Statistics(told("acts_in_time", len(acts), customers), sums(got)),
        Statistics(told("reach_in_time", int((reach > 0).sum()), seen), sums(got_reach)),
        audience,
        _quarters(name, "lead_days", lead, code[hit], n),
    ], [share, audience]


def _answer_statistics(name: str, given: Answers, waits: Waits, n: int) -> list[Statistics]:
    one = np.zeros(len(given.code), dtype=np.int64)
    answers, customers = tally(one, given.code, (1, n)), np.unique(given.code)
    answered = tally(np.zeros(len(customers), dtype=np.int64), customers, (1, n))
    first = given.first(waits.code, waits.since)
    got = (first >= waits.since) & (first < waits.end)
    nought = np.zeros(len(got), dtype=np.int64)
    every, some = tally(nought, waits.code, (1, n)), tally(nought[got], waits.code[got], (1, n))
    done = {"policy": name, "customers": 0}  # what was done is counted, not estimated: no interval
    return [
        Statistics([done | {"metric": "answers", "n": len(one)}], sums(answers)),
        Statistics([done | {"metric": "customers_answered", "n": len(one)}], sums(answered)),
        Statistics(
            [
                {
                    "policy": name,
                    "metric": "waits_answered",
                    "n": len(got),
                    "customers": len(np.unique(waits.code)),
                }
            ],
            shares(some, every),
        ),
        _quarters(name, "wait_days", (first - waits.since)[got], waits.code[got], n),
    ]


def _quarters(name: str, of: str, days: IntArray, code: IntArray, n: int) -> Statistics:
    labels = [
        {"policy": name, "metric": f"{of}_{quarter}", "n": len(days), "customers": len(np.unique(code))}
        for quarter in QUARTER_NAMES
    ]
    return Statistics(labels, quartiles(tally(days, code, (int(days.max(initial=0)) + 1, n))))


def _differences(mine: list[Statistics], theirs: list[Statistics], reference: str) -> list[Statistics]:
    """Compare statistic by statistic, under the same resamples."""
    return [
        Statistics(
            [label | {"metric": f"{label['metric']}_minus_{reference}"} for label in one.labels],
            difference(one.kernel, other.kernel),
        )
        for one, other in zip(mine, theirs, strict=True)
    ]


def _some(kernel: Kernel, which: IntArray) -> Kernel:
    """Keep some of the labels: those of which there are any."""
    return lambda weight: kernel(weight)[which]


def _kinds(calendar: Calendar, groups: Sequence[str]) -> dict[str, tuple[Sequence[str], IntArray]]:
    """Labels of each kind of group, and the label of each row."""
    found: dict[str, tuple[Sequence[str], IntArray]] = {}
    if "influence" in calendar.frame:
        found[QUARTILE] = LABELS, _quarters_of_rows(calendar)
    for name in groups:
        code, values = pd.factorize(calendar.frame[name], sort=True, use_na_sentinel=True)
        labels = [_written(value) for value in values]
        found[name] = [*labels, "unknown"], np.where(code < 0, len(labels), code)
    return found


def _written(value: Any) -> str:
    """Write a group as text; whole numbers as such."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _quarters_of_rows(calendar: Calendar) -> IntArray:
    """Quartile of each row among the known influence of its moment: 0 to 3, or 4 without an account."""
    influence = calendar.frame["influence"].astype(float)
    parts = [influence.iloc[calendar.rows(k)].rank(pct=True) for k in range(len(calendar.moments))]
    place = np.concatenate([part.to_numpy() for part in parts])
    quarter = np.clip(np.ceil(place * 4), 1, 4) - 1
    return np.where(np.isnan(quarter), LABELS.index(NO_ACCOUNT), quarter).astype(np.int64)


def _influence_at(calendar: Calendar, code: IntArray, day: IntArray) -> tuple[FloatArray, IntArray]:
    """Influence and its quartile of customers on the day on which they could last have been reached in time."""
    influence, quarter = np.full(len(code), np.nan), np.full(len(code), len(LABELS) - 1)
    if "influence" not in calendar.frame:
        return influence, quarter
    rows, found = _rows_at(calendar, code, day)
    influence[found] = calendar.frame["influence"].to_numpy(np.float64)[rows]
    quarter[found] = _quarters_of_rows(calendar)[rows]
    return influence, quarter


def _rows_at(calendar: Calendar, code: IntArray, day: IntArray) -> tuple[IntArray, NDArray[np.bool_]]:
    """Row of each customer at the moment in force on a day, and which customers have one."""
    row = np.full(len(code), -1, dtype=np.int64)
    moment = calendar.at(day)
    where = np.full(len(calendar.ids), -1, dtype=np.int64)
    for k in np.unique(moment[moment >= 0]):
        rows = calendar.rows(int(k))
        where[:] = -1
        where[calendar.code[rows]] = np.arange(rows.start, rows.stop)
        asked = moment == k
        row[asked] = where[code[asked]]
    return row[row >= 0], row >= 0
