# fmt: off
"""The contract: the eight tables, declared as data.

README's table, the JSON Schema, the reader, the checks and the error messages are all made from :data:`CONTRACT`.
"""

from __future__ import annotations

from dataclasses import dataclass

INDIRECT = ("public_complaint", "review", "social_post", "media", "regulator", "negative_word_of_mouth")
DIRECT = ("vindictive_complaint", "aggression", "chargeback", "legal")
COMPETING = ("switching",)

EVENT_TYPES = (
    "message_in", "message_out", "assigned", "solved", "reopened", "closed",
    "escalated", "sla_breached", "csat_rated", "apology", "compensation",
)
ACTOR_TYPES = ("customer", "agent", "bot", "system")

KINDS = ("id", "str", "time", "float", "int", "bool")


@dataclass(frozen=True)
class Column:
    """One column: its name, kind (one of :data:`KINDS`), meaning, and what it may hold.

    ``parent`` is the table whose key it holds; a required column must find its parent there, another may not.
    """

    name: str
    kind: str
    about: str
    required: bool = False
    allowed: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    parent: str | None = None


@dataclass(frozen=True)
class Table:
    """One table: its name, meaning and columns; ``key`` is the column that must be unique, if any."""

    name: str
    about: str
    columns: tuple[Column, ...]
    required: bool = False
    key: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Column names, in order."""
        return tuple(column.name for column in self.columns)


_CUSTOMER = Column("customer_id", "id", "key into customers", required=True, parent="customers")
_TICKET = Column("ticket_id", "id", "key into tickets", required=True, parent="tickets")

_TABLES = (
    Table("customers", "One row per customer.", required=True, key="customer_id", columns=(
        Column("customer_id", "id", "the customer, as text", required=True),
        Column("first_seen_at", "time", "UTC; when the relationship began", required=True),
        Column("contact_key", "str", "keyed hash of the normalised e-mail address; never the address"),
        Column("segment", "str", "any grouping used in the fairness section"),
        Column("profiling_opt_out", "bool", "true: no risk is computed for this customer"),
        Column("history_from", "time", "UTC; nothing before it was recorded (left truncation)"),
    )),
    Table("tickets", "One row per ticket: only what was true when it was opened.", required=True, key="ticket_id",
          columns=(
        Column("ticket_id", "id", "the ticket, as text", required=True),
        _CUSTOMER,
        Column("opened_at", "time", "UTC; when the ticket was opened, and known", required=True),
        Column("channel", "str", "phone, email, chat, web, ...; as at opening"),
        Column("issue_key", "str", "what it is about; equal keys mean the same issue"),
        Column("parent_ticket_id", "id", "the earlier ticket this one follows up", parent="tickets"),
        Column("is_complaint", "bool", "true: a service failure is reported; empty counts as true"),
        Column("severity", "int", "1 (mild) to 5 (grave), as at opening", low=1, high=5),
    )),
    Table("ticket_events", "One row per change of a ticket, with the time it happened and became known.", columns=(
        _TICKET,
        Column("occurred_at", "time", "UTC; when it happened", required=True),
        Column("event_type", "str", "what happened", required=True, allowed=EVENT_TYPES),
        Column("known_at", "time", "UTC; when the firm learned of it; default occurred_at"),
        Column("actor_type", "str", "who did it", allowed=ACTOR_TYPES),
        Column("value", "float", "csat_rated: satisfaction in [0, 1]; compensation: amount; else empty"),
    )),
    Table("orders", "One row per purchase.", columns=(
        _CUSTOMER,
        Column("ordered_at", "time", "UTC; when it was bought", required=True),
        Column("amount", "float", "currency units of the firm; refunds negative"),
    )),
    Table("loyalty", "One row per change of a customer's standing.", columns=(
        _CUSTOMER,
        Column("valid_from", "time", "UTC; from when it holds, and is known", required=True),
        Column("tier", "int", "ordered: 0 (none), 1, 2, ... (highest)", low=0),
        Column("points", "float", "loyalty points held"),
    )),
    Table("outcomes", "One row per act of retaliation, or exit.", columns=(
        _CUSTOMER,
        Column("occurred_at", "time", "UTC; when it happened", required=True),
        Column("outcome_type", "str", "what the customer did", required=True,
               allowed=INDIRECT + DIRECT + COMPETING),
        Column("known_at", "time", "UTC; when the firm learned of it; default occurred_at"),
        Column("reach", "float", "people who saw it, as counted at known_at", low=0),
    )),
    Table("influence", "One row per observation of a customer's public account; never an input of the risk model.",
          columns=(
        _CUSTOMER,
        Column("observed_at", "time", "UTC; when it was observed, and known", required=True),
        Column("followers", "float", "people who follow the account", low=0),
        Column("posts", "float", "posts in the 90 days before", low=0),
        Column("mentions", "float", "mentions received in the 90 days before", low=0),
        Column("shares", "float", "shares received in the 90 days before", low=0),
        Column("replies", "float", "replies received in the 90 days before", low=0),
        Column("topic", "str", "topic the row is about; empty means overall"),
        Column("score", "float", "a bought-in score, 1 to 100", low=1, high=100),
        Column("following", "float", "accounts that the account follows", low=0),
        Column("listed", "float", "lists of others that the account stands on", low=0),
        Column("mentions_sent", "float", "mentions of others in the 90 days before", low=0),
        Column("shares_sent", "float", "posts of others shared in the 90 days before", low=0),
        Column("replies_sent", "float", "replies to others in the 90 days before", low=0),
        Column("threads_started", "float", "posts first in a thread that others joined, in the 90 days before", low=0),
        Column("clicks", "float", "clicks on its links in the 90 days before; private: read only with consent", low=0),
        Column("is_private", "bool", "true: the whole row is from a private source, read only with consent"),
        Column("consent", "bool", "the customer agreed to the use of private signals; the last word recorded counts"),
    )),
    Table("observation", "One row per span in which an outcome of the customer could have been seen at all.", columns=(
        _CUSTOMER,
        Column("observed_from", "time", "UTC; start of the span", required=True),
        Column("observed_to", "time", "UTC; end of the span; outside it is censored, not 'no event'", required=True),
    )),
)

CONTRACT: dict[str, Table] = {table.name: table for table in _TABLES}

DEFAULTS = {"known_at": "occurred_at", "is_complaint": "true"}
"""What an empty cell of these columns counts as: another column of the row, or a constant."""
