"""Answering replayed day by day: whom each policy would have reached before they acted, and how long others waited.

The walk goes day by day. On a day, every policy orders the same customers by what was known at the latest moment
not after that day, and the same teams answer them. Two comparisons of time are made, both of whole days (UTC):

- a moment is in force from its own day until the day before the next moment's;
- an act is reached in time if its customer was answered at least ``lead_days`` and at most ``horizon_days``
  days before the day of the act. With a lead of one day or more nothing known on the day of the act is used.

What an answer would have changed is not replayed: everybody goes on as recorded. So this says who would have been
spoken to before they acted, and not whether they would then have kept still.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retaliation_risk._validate import within
from retaliation_risk.errors import ArgumentError
from retaliation_risk.evaluate._bootstrap import with_intervals
from retaliation_risk.evaluate._replay_tables import (
    acts_table,
    answers_table,
    missed_statistics,
    score_statistics,
    served_statistics,
)
from retaliation_risk.evaluate._waits import find_waits
from retaliation_risk.evaluate._walk import Calendar, as_utc, day_number, read_calendar, walk
from retaliation_risk.policies import POLICIES, Capacity, Policy, available

IntArray = NDArray[np.int64]

ACTS = ["customer_id", "occurred_at", "reach"]
OWN = ("influence", "unresolved_days")
SCORES = ["policy", "uses_influence", "metric", "value", "low", "high", "n"]
SERVED = ["policy", "group_kind", "group", "share_of_queue", "low", "high", "share_of_customers", "n"]
MISSED = ["policy", "influence_quartile", "metric", "value", "low", "high", "n", "n_missed"]


@dataclass(frozen=True)
class Replay:
    """What :func:`replay` found.

    Attributes
    ----------
    scores : DataFrame
        ``policy, uses_influence, metric, value, low, high, n``; metrics:

        - ``events_reached``: share of the acts that were reached in time, of ``n`` acts;
        - ``acts_in_time``: how many;
        - ``reach_in_time``: people who saw the acts reached in time, ``reach_in_time_share`` their share of the
          people who saw any act;
        - ``lead_days_q1``, ``_median``, ``_q3``: days from the answer to the act, over ``n`` acts reached;
        - ``answers``: answers given; ``customers_answered``: to how many different customers;
        - ``waits_answered``: share of ``n`` open matters answered before they closed;
        - ``wait_days_q1``, ``_median``, ``_q3``: days they waited, over the ``n`` answered. A policy that answers
          few of them quickly looks fast here: read it with ``waits_answered``;
        - ``events_reached_minus_influence_only``, ``reach_in_time_share_minus_influence_only``: paired differences;
          the same ``_minus_influence_if_open`` and ``_minus_influence_x_complaint``, influence at its best.
    served : DataFrame
        ``policy, group_kind, group, share_of_queue, low, high, share_of_customers, n``: each group's share of the
        answers, with ``n`` of them, and of the rows of ``frames``. Kinds: ``influence quartile``, and the columns
        asked for.
    missed : DataFrame
        ``policy, influence_quartile, metric, value, low, high, n, n_missed``: of the ``n`` acts by customers of a
        quartile the share not reached in time (``share_missed``), and this quartile's share of all that the policy
        missed (``share_of_missed``).
    acts : DataFrame
        ``policy, customer_id, occurred_at, reach, influence, influence_quartile, reached, answered_on, lead_days``: every
        act under every policy; see :func:`missed_by`.
    answers : DataFrame
        ``policy, day, team, rank, customer_id``: every answer.
    skipped : dict of str
        Policies that could not be run at some or all moments, with the reason. At such a moment they answer nobody;
        without any other moment they are left out.
    """

    scores: pd.DataFrame
    served: pd.DataFrame
    missed: pd.DataFrame
    acts: pd.DataFrame
    answers: pd.DataFrame
    skipped: Mapping[str, str]


def replay(  # noqa: PLR0913 (what happened, the rules of the game, and the resampling)
    frames: pd.DataFrame,
    acts: pd.DataFrame,
    policies: Sequence[Policy] = POLICIES,
    *,
    capacity: Capacity,
    lead_days: int = 1,
    horizon_days: int = 30,
    until: date | None = None,
    groups: Sequence[str] = ("segment", "tier"),
    n_bootstrap: int = 200,
    seed: int = 0,
) -> Replay:
    """Walk the calendar under each policy, with the same teams, and count the acts reached in time.

    Parameters
    ----------
    frames : DataFrame
        One row per customer and moment, moments at most a week apart: ``customer_id``, ``moment``, and the columns
        that policies and teams need, as they were known at the moment. Who has no row at a moment is in no queue
        while it is in force.
    acts : DataFrame
        ``customer_id``, ``occurred_at``, ``reach`` (people who saw it, NaN where not recorded). Acts before the
        first moment's day plus ``lead_days``, or from ``until`` on, are left out: nobody could have reached them.
    policies : sequence of Policy, default POLICIES
        Who is answered first. The oracle is told who acts between lead and horizon; no other policy is.
    capacity : Capacity
        Teams, working days and cool-down, the same for all policies.
    lead_days : int, default 1
        Days that must lie between answer and act, at least 1.
    horizon_days : int, default 30
        Days after which an answer no longer counts as having reached an act, at least ``lead_days``.
    until : date, optional
        The day on which the walk ends (it is not walked itself), 1 to 7 days after the last moment; 7 by default.
    groups : sequence of str, default ("segment", "tier")
        Columns of ``frames`` to say who is served by; those that are not there are left out.
    n_bootstrap : int, default 200
        Resamples of the customers; 0 leaves the intervals empty. The queues are not formed anew: the interval
        is that of other customers meeting the same answers. Fewer than 10 customers with an act give none.
    seed : int, default 0
        Of the lots between equal priorities and of the resamples.

    Returns
    -------
    Replay

    Raises
    ------
    ArgumentError
        RR111 for columns that are not there, repeated rows, moments too far apart, or no acts that could be reached.

    Examples
    --------
    >>> from retaliation_risk.policies import InfluenceOnly, RiskOnly, Team
    >>> moments = pd.to_datetime(["2025-03-03", "2025-03-10"])
    >>> frames = pd.DataFrame({"customer_id": ["a", "b"] * 2, "moment": moments.repeat(2),
    ...     "risk": [0.3, 0.1, 0.2, 0.1], "influence": [5.0, 80.0, 5.0, 80.0]})
    >>> acts = pd.DataFrame({"customer_id": ["a"], "occurred_at": ["2025-03-12T15:00"], "reach": [900.0]})
    >>> found = replay(frames, acts, [RiskOnly(), InfluenceOnly()],
    ...     capacity=Capacity((Team("phone", 1),), working_days=("mon",), cool_down_days=7), n_bootstrap=0)
    >>> found.acts[["policy", "reached", "lead_days"]].values.tolist()
    [['risk_only', True, 2.0], ['influence_only', False, nan]]
    >>> missed_by(found, "influence_only")[["customer_id", "influence_quartile", "reached_by"]].values.tolist()
    [['a', '2', 'risk_only']]
    """
    within("lead_days", lead_days, 1, horizon_days)
    able, skipped = _able(frames, policies)
    happened = _read_acts(acts)
    needed = {name for policy in able for name in policy.needs} | {*OWN, *groups}
    needed |= {name for team in capacity.teams for name in team.only}
    calendar = read_calendar(frames, sorted(needed), happened["customer_id"], until, seed)
    happened = _reachable(happened, calendar, lead_days)
    coming = _coming(calendar, happened, lead_days, horizon_days)
    answers, off = walk(calendar, able, capacity, coming)
    by_act = acts_table(calendar, happened, answers, lead_days, horizon_days)
    waits = find_waits(calendar)
    statistics = [
        score_statistics(calendar, by_act, answers, waits),
        served_statistics(calendar, answers, [name for name in groups if name in calendar.frame]),
        missed_statistics(calendar, by_act),
    ]
    customers = np.arange(len(calendar.ids))
    tables = [with_intervals(part, customers, n_bootstrap=n_bootstrap, seed=seed) for part in statistics]
    uses = {policy.name: policy.uses_influence for policy in able}
    return Replay(
        scores=tables[0].assign(uses_influence=tables[0]["policy"].map(uses))[SCORES],
        served=tables[1].rename(columns={"value": "share_of_queue"}).reindex(columns=SERVED),
        missed=tables[2].reindex(columns=MISSED),
        acts=by_act.drop(columns=["code", "act_day"]),
        answers=answers_table(calendar, answers, capacity),
        skipped=skipped | off,
    )


def missed_by(found: Replay, policy: str = "influence_only") -> pd.DataFrame:
    """List the acts that a policy did not reach in time, and who would have.

    Parameters
    ----------
    found : Replay
    policy : str, default "influence_only"
        Name of a policy that was replayed.

    Returns
    -------
    DataFrame
        ``customer_id, occurred_at, reach, influence, influence_quartile, reached_by``: one row per act, in order of
        time; ``reached_by`` names the other policies that reached it in time, but for the oracle, between blanks.
    """
    names = list(dict.fromkeys(found.acts["policy"]))
    if policy not in names:
        raise ArgumentError(
            "RR111", f"policy {policy!r} was not replayed; it must be one of {', '.join(names)}."
        )
    n_acts = len(found.acts) // len(names)
    reached = found.acts["reached"].to_numpy().reshape(len(names), n_acts)
    named = [
        [name for name, got in zip(names, act, strict=True) if got and name != "oracle"] for act in reached.T
    ]
    mine = found.acts[found.acts["policy"] == policy].assign(reached_by=[" ".join(act) for act in named])
    columns = ["customer_id", "occurred_at", "reach", "influence", "influence_quartile", "reached_by"]
    return mine.loc[~mine["reached"].astype(bool), columns].reset_index(drop=True)


def _able(frames: pd.DataFrame, policies: Sequence[Policy]) -> tuple[list[Policy], dict[str, str]]:
    """Policies that can be run at all, and why not the others."""
    why = available(frames.head(0).assign(true_event=False), policies)
    able = [policy for policy in policies if not why[policy.name]]
    if not able:
        raise ArgumentError("RR111", f"no policy can be run: {'; '.join(map(': '.join, why.items()))}.")
    return able, {name: reason for name, reason in why.items() if reason}


def _read_acts(acts: pd.DataFrame) -> pd.DataFrame:
    if absent := [name for name in ACTS if name not in acts.columns]:
        raise ArgumentError("RR111", f"acts lack {absent}; found are {list(acts.columns)}.")
    return (
        acts[ACTS]
        .assign(occurred_at=as_utc(acts["occurred_at"]))
        .sort_values(["occurred_at", "customer_id"], kind="stable", ignore_index=True)
    )


def _reachable(acts: pd.DataFrame, calendar: Calendar, lead_days: int) -> pd.DataFrame:
    """Keep the acts that somebody could have reached; add the customer's code and the day."""
    day = day_number(acts["occurred_at"])
    first, end = int(calendar.days[0]) + lead_days, int(calendar.days[-1])
    kept = (day >= first) & (day < end)
    if not kept.any():
        raise ArgumentError(
            "RR111",
            f"none of {len(acts)} acts falls between {np.datetime64(first, 'D')} and {np.datetime64(end - 1, 'D')}, "
            "the days on which one could be reached; at least one must.",
        )
    code = calendar.ids.get_indexer(pd.Index(acts["customer_id"]).astype(str))
    return acts.assign(code=code, act_day=day)[kept].reset_index(drop=True)


def _coming(calendar: Calendar, acts: pd.DataFrame, lead_days: int, horizon_days: int) -> dict[int, IntArray]:
    """Find the customers who act between lead and horizon, counted from each moment's first day."""
    day, code = acts["act_day"].to_numpy(), acts["code"].to_numpy()
    return {
        k: np.unique(code[(day >= since + lead_days) & (day <= since + horizon_days)])
        for k, since in enumerate(calendar.days[:-1])
    }
