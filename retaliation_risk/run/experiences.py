"""What those in the queues went through, ticket by ticket: the table behind each experience in a line."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from retaliation_risk.histories import Experience, Histories, experiences
from retaliation_risk.tables import Tables

COLUMNS = [
    "customer_id",
    "ticket_id",
    "opened_at",
    "issue_key",
    "is_complaint",
    "happened",
    "failed",
    "is_open",
]
#: Tickets of each customer, beside those that a reason rests on.
LATEST = 5


def build_experiences(
    histories: Histories, tables: Tables, queues: Iterable[pd.DataFrame], moment: pd.Timestamp
) -> pd.DataFrame:
    """Return the latest tickets of everybody in the queues, and every ticket that a queue names as evidence.

    Parameters
    ----------
    histories : Histories
    tables : Tables
        For what each ticket was about (``issue_key``, the only text of customers here).
    queues : iterable of DataFrame
        ``customer_id`` and ``tickets`` (ids with spaces between) of each queue.
    moment : Timestamp
        Of the queues; what became known from then on is not told.

    Returns
    -------
    DataFrame
        One row per ticket: customers sorted, each one's tickets newest first. ``happened`` holds event types with spaces
        between, in the order in which they became known.
    """
    evidence: dict[str, set[str]] = {}
    for queue in queues:
        for customer, tickets in zip(queue["customer_id"], queue["tickets"], strict=True):
            evidence.setdefault(customer, set()).update(tickets.split())
    rows = [
        _row(customer, told)
        for customer in sorted(evidence)
        for told in experiences(histories, customer, moment, most=LATEST, also=evidence[customer])
    ]
    issues = tables.query("SELECT ticket_id, issue_key FROM tickets").set_index("ticket_id")["issue_key"]
    frame = pd.DataFrame(rows, columns=[name for name in COLUMNS if name != "issue_key"])
    return frame.assign(issue_key=frame["ticket_id"].map(issues))[COLUMNS]


def _row(customer_id: str, told: Experience) -> dict[str, object]:
    return {
        "customer_id": customer_id,
        **vars(told),
        "opened_at": told.opened_at.isoformat(),
        "happened": " ".join(told.happened),
    }
