"""From scored customers to what people read: queues with reasons and tickets, and one readout per customer."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from retaliation_risk.explain import Reason, band, reasons
from retaliation_risk.histories import Feature, Histories
from retaliation_risk.policies import Playbook, Policy, Rule, available, choose_actions, queue

HISTORY = (
    "tenure_days", "tickets_90d", "tickets_ever", "open_tickets", "unresolved_days",
    "failed_recoveries_ever", "double_deviations_180d", "double_deviations_ever",
)  # fmt: skip


def without_reasons(scored: pd.DataFrame) -> pd.DataFrame:
    """Add the column ``reasons``, empty for everybody."""
    return scored.assign(
        reasons=pd.Series([[] for _ in range(len(scored))], index=scored.index, dtype=object)
    )


def add_reasons(
    scored: pd.DataFrame, model: Any, columns: list[str], features: Sequence[Feature]
) -> pd.DataFrame:
    """Add the column ``reasons``: a list of :class:`Reason` per customer, strongest first.

    Empty lists where the model has no exact contributions.
    """
    if not hasattr(model, "contributions"):
        return without_reasons(scored)
    named = {feature.name: feature for feature in features}
    usual = {name: value for name, value in dict(model.typical_).items() if value != 0}
    given = reasons(model.contributions(scored[columns]), scored, named, typical=usual)
    return scored.assign(reasons=pd.Series(given, index=scored.index, dtype=object))


def add_actions(scored: pd.DataFrame, base_rate: float | None, playbook: Playbook) -> pd.DataFrame:
    """Add ``band`` (missing without a risk), and what the playbook says to do: ``action``, its rule and why."""
    bands = (
        [None] * len(scored) if base_rate is None else map(str, band(scored["risk"].to_numpy(), base_rate))
    )
    told = scored.assign(band=pd.Series(list(bands), index=scored.index, dtype=object))
    return pd.concat([told, choose_actions(told, playbook)], axis=1)


def build_queues(
    histories: Histories,
    scored: pd.DataFrame,
    policies: Sequence[Policy],
    capacity: int,
    features: Sequence[Feature],
) -> dict[str, pd.DataFrame]:
    """Return one queue per policy that can be run on ``scored``, with its evidence; columns of the run folder."""
    able = available(scored, policies)
    return {
        policy.name: _printed(histories, _front(scored, policy, capacity, features), features)
        for policy in policies
        if not able[policy.name]
    }


def _front(scored: pd.DataFrame, policy: Policy, capacity: int, features: Sequence[Feature]) -> pd.DataFrame:
    """Return whom a policy answers first, each with the reasons of the model; without one, with those of the rule."""
    if isinstance(policy, Rule) and scored["risk"].isna().all():
        scored = _with_reasons_of_rule(scored, policy, features)
    return _told_apart(queue(scored, policy, capacity), scored, policy)


def _with_reasons_of_rule(scored: pd.DataFrame, rule: Rule, features: Sequence[Feature]) -> pd.DataFrame:
    """Say of everybody what the rule looked at and found; nothing in it weighs more than the rest."""
    named = {feature.name: feature for feature in features}
    given = reasons(rule.holds(scored).astype(float), scored, named)
    return scored.assign(reasons=pd.Series(given, index=scored.index, dtype=object))


def _told_apart(front: pd.DataFrame, scored: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Leave out those of the lowest priority where more share it than have a place: nothing tells them apart."""
    priority = policy.priority(scored)
    lowest = priority.min()
    shared = (priority == lowest).sum() > (front["priority"] == lowest).sum()
    return front[front["priority"] > lowest] if shared else front


def _printed(histories: Histories, front: pd.DataFrame, features: Sequence[Feature]) -> pd.DataFrame:
    named = {feature.name: feature for feature in features}
    failed = named["failed_recoveries_ever"]
    tickets = []
    for row in front.to_dict("records"):
        behind = [named[reason.feature] for reason in row["reasons"]] + [failed]
        asked = [(row["customer_id"], row["moment"], feature, features) for feature in behind]
        found = [ticket for question in asked for ticket in histories.tickets_behind(*question)]
        tickets.append(" ".join(list(dict.fromkeys(found))[:5]))
    return pd.DataFrame(
        {
            **{name: front[name] for name in ("rank", "customer_id", "priority", "risk", "influence")},
            "calls": front["tickets_ever"].astype(int),
            "tenure_days": front["tenure_days"],
            "failed_recoveries": front["failed_recoveries_ever"].astype(int),
            "double_deviation": front["double_deviations_180d"] > 0,
            "reasons": [" · ".join(reason.sentence for reason in given) for given in front["reasons"]],
            "tickets": tickets,
            **{name: front[name] for name in ("uses_influence", "action", "action_rule", "action_why")},
        }
    )


def write_readouts(
    path: Path, scored: pd.DataFrame, model: str, contact_keys: pd.DataFrame, actions: Mapping[str, str]
) -> None:
    """Write one row per customer into a SQLite file: what the agent on the phone will see."""
    keys = dict(zip(contact_keys["customer_id"], contact_keys["contact_key"], strict=True))
    rows = [_row(row, keys, model, actions) for row in scored.itertuples()]
    connection = sqlite3.connect(path)
    connection.execute(
        """CREATE TABLE readout (customer_id TEXT PRIMARY KEY, contact_key TEXT, risk REAL, band TEXT, reasons TEXT,
           history TEXT, influence REAL, action TEXT, moment TEXT, model TEXT)"""
    )
    connection.executemany(f"INSERT INTO readout VALUES ({', '.join('?' * 10)})", rows)
    connection.execute("CREATE INDEX readout_contact_key ON readout (contact_key)")
    connection.commit()
    connection.close()


def _row(row: Any, keys: dict[str, Any], model: str, actions: Mapping[str, str]) -> tuple[Any, ...]:
    history = {name: _number(getattr(row, name)) for name in HISTORY if hasattr(row, name)}
    return (
        row.customer_id,
        keys.get(row.customer_id),
        _number(row.risk),
        row.band,
        json.dumps([_said(reason) for reason in row.reasons], ensure_ascii=False),
        json.dumps(history),
        _number(row.influence),
        f"{actions[row.action]} {row.action_why}",
        row.moment.isoformat(),
        model,
    )


def _said(reason: Reason) -> dict[str, Any]:
    return {
        "feature": reason.feature,
        "sentence": reason.sentence,
        "contribution": round(reason.contribution, 6),
    }


def _number(value: float) -> float | None:
    return None if pd.isna(value) else round(float(value), 10)
