"""Whom to call: reasons, calls counted, and each experience in a line with the tickets that are the evidence."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pandas as pd

from retaliation_risk.policies.playbook import USES_INFLUENCE
from retaliation_risk.report import sentences, stories, words
from retaliation_risk.report.blocks import Block, section, table
from retaliation_risk.report.folder import RunFolder, records
from retaliation_risk.report.setup import Setup

MAX_ROWS = 100
_TRUE = {"true", "1", "1.0", "yes"}
_COLUMNS = (
    "rank", "customer", "risk", "action", "reasons", "calls", "tenure_days", "failed_recoveries", "double_deviation",
    "tickets", "influence",
)  # fmt: skip


def queue(folder: RunFolder, setup: Setup) -> Block:
    """Return the queue at capacity; also ``policy``, ``total`` and ``pseudonymised``."""
    policy = shown_policy(folder, setup)
    if policy is None:
        return section("queue", missing=[sentences.missing("queue_risk_only.csv or queue_rule.csv")])
    front = _with_proposals(at_capacity(folder, setup, policy))
    told = _told(folder, setup)
    rows = [_row(row, told.get(row["customer_id"], []), setup) for row in records(front.head(MAX_ROWS))]
    shown = [key for key in _COLUMNS if any(row[key] not in (None, []) for row in rows)]
    if any(row["experiences"] for row in rows):
        # Each ticket stands in its line.
        shown.remove("tickets") if "tickets" in shown else None
    intro = [
        stories.queue_intro(policy, len(rows), len(front), setup),
        words.QUEUE_TERMS,
        *_uses_influence(front),
        *([] if setup.show_contacts else [words.PSEUDONYMS]),
    ]
    return section(
        "queue",
        lists=_actions(folder, front),
        paragraphs=intro,
        tables=[table("queue", rows, shown, beneath="experiences")],
    ) | {"policy": policy, "total": len(front), "pseudonymised": not setup.show_contacts}


def shown_policy(folder: RunFolder, setup: Setup) -> str | None:
    """Return the policy whose queue is shown; None without any queue."""
    return next((p for p in (setup.lead, "risk_only", "rule", *folder.queues) if p in folder.queues), None)


def at_capacity(folder: RunFolder, setup: Setup, policy: str) -> pd.DataFrame:
    """Return the queue of a policy in its order, as far as the capacity goes."""
    frame = folder.queues[policy].sort_values("rank", kind="stable")
    return frame if setup.capacity is None else frame.head(int(setup.capacity))


def _with_proposals(front: pd.DataFrame) -> pd.DataFrame:
    """Drop the actions of a queue without risks if they are all the same: rules by level of risk could not fit anybody."""
    alike = front["risk"].isna().all() and front["action"].nunique() <= 1
    return front.assign(action=None) if alike else front


def pseudonym(name: str) -> str:
    """Return a short digest of an id: the same id gives the same digest in every run.

    Examples
    --------
    >>> pseudonym("C-1")
    'dcf5-6ede'
    """
    digest = hashlib.blake2b(name.encode(), digest_size=4, person=b"retaliation-risk").hexdigest()
    return f"{digest[:4]}-{digest[4:]}"


def named(name: str, setup: Setup) -> str:
    """Return an id as the page shows it."""
    return name if setup.show_contacts else pseudonym(name)


def _told(folder: RunFolder, setup: Setup) -> dict[str, list[tuple[str, str]]]:
    """Return the tickets of each customer, newest first: the id and what is said of it."""
    told: dict[str, list[tuple[str, str]]] = {}
    for row in records(folder.tables["experiences"]):
        said = stories.experience(row, named(row["ticket_id"], setup), setup.definitions)
        told.setdefault(row["customer_id"], []).append((row["ticket_id"], said))
    return told


def _row(row: Block, told: list[tuple[str, str]], setup: Setup) -> Block:
    evidence = _items(row["tickets"], " ")
    made = {
        "customer": named(row["customer_id"], setup),
        "double_deviation": str(row["double_deviation"]).strip().lower() in _TRUE,
        "action": stories.action(row["action"]) if row["action"] else None,
        "reasons": _items(row["reasons"], " · "),
        "tickets": [named(ticket, setup) for ticket in evidence],
        "experiences": [
            f"{said} · {words.EVIDENCE}" if ticket in evidence else said for ticket, said in told
        ],
    }
    kept = ("rank", "priority", "risk", "influence", "calls", "tenure_days", "failed_recoveries")
    return {key: row[key] for key in kept} | made


def _actions(folder: RunFolder, front: pd.DataFrame) -> list[Block]:
    """Say what each proposed action means."""
    proposed = [name for name in folder.actions if name in set(front["action"])]
    meant = [f"{stories.action(name)}: {folder.actions[name]}" for name in proposed]
    return [{"title": words.ACTIONS_TITLE, "items": meant}] if meant else []


def _uses_influence(front: pd.DataFrame) -> list[str]:
    """Say so where the order, or what is proposed, looked at influence."""
    order = front["uses_influence"].astype(str).str.lower().isin(_TRUE).any()
    proposed = front["action_why"].astype(str).str.contains(USES_INFLUENCE, regex=False).any()
    return [words.USES_INFLUENCE] * bool(order) + [words.ACTION_USES_INFLUENCE] * bool(proposed)


def _items(cell: Any, between: str) -> list[str]:
    """Read a cell that holds several things: a JSON list, or things with ``between`` between them."""
    written = str(cell or "")
    try:
        read = json.loads(written)
    except ValueError:
        read = None
    items = read if isinstance(read, list) else written.split(between)
    return [str(item).strip() for item in items if str(item).strip()]
