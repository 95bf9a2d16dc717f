"""What requests hold, and the small answers; readouts and queue rows are described by their own dataclasses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    Tag,
)

from retaliation_risk.serve.answers import EventResult, QueueRow

#: An id has no @: an e-mail address is looked up as one, and kept nowhere.
CustomerId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        pattern=r"^[^@\x00-\x1f\x7f]+$",
        description="Id of the customers table.",
        examples=["C-1042"],
    ),
]


def _text(value: Any) -> Any:
    """Refuse numbers, which would be read as seconds since 1970."""
    if not isinstance(value, str | datetime):
        raise ValueError("a time is a text")
    return value


def _in_utc(value: datetime) -> datetime:
    """Refuse what lies in no year of UTC, though it does in its own zone."""
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("no time of UTC") from error


Moment = Annotated[AwareDatetime, BeforeValidator(_text), AfterValidator(_in_utc)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ByCustomer(_Body):
    """A customer by id."""

    customer_id: CustomerId


class ByEmail(_Body):
    """A customer by e-mail address: hashed with the secret at once, never stored or logged."""

    email: Annotated[
        str,
        Field(
            min_length=3,
            max_length=320,
            pattern=r"^[^@\x00-\x1f\x7f]+@[^@\x00-\x1f\x7f]+$",
            examples=["ana.lima@example.org"],
        ),
    ]


class ByContactKey(_Body):
    """A customer by the keyed hash of the address, for a helpdesk that has the secret and sends no address."""

    contact_key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", examples=["0f" * 32])]


def _field_named(body: Any) -> str:
    """Return the first way to name a customer that a body has, so that what is wrong is said of that one only."""
    told = body if isinstance(body, dict) else {}
    return next((name for name in ("customer_id", "email", "contact_key") if name in told), "customer_id")


Who = Annotated[
    Annotated[ByCustomer, Tag("customer_id")]
    | Annotated[ByEmail, Tag("email")]
    | Annotated[ByContactKey, Tag("contact_key")],
    Discriminator(_field_named),
]
#: Each kind as JSON has it: the text "0" is no number.
Cell = (
    Annotated[str, Field(strict=True, max_length=500)]
    | StrictBool
    | Annotated[int, Field(strict=True, ge=-(2**53), le=2**53)]
    | Annotated[float, Field(strict=True, allow_inf_nan=False)]
    | None
)


class EventIn(_Body):
    """One row of one table, with an id of its own: the same id sent twice is one event."""

    event_id: Annotated[str, Field(min_length=1, max_length=200, examples=["zd-998-solved"])]
    table: Annotated[str, Field(min_length=1, max_length=50, examples=["ticket_events"])]
    row: Annotated[
        dict[str, Cell],
        Field(
            min_length=1,
            max_length=40,
            description="Columns of the contract of the table; times in ISO 8601.",
            examples=[{"ticket_id": "T-7", "occurred_at": "2026-07-01T09:30:00Z", "event_type": "reopened"}],
        ),
    ]
    known_at: Annotated[
        Moment | None, Field(description="When the firm learned of it; for rows of customers only.")
    ] = None


class EventBatch(_Body):
    """Several events; their number is limited by the settings."""

    events: Annotated[list[EventIn], Field(min_length=1)]


Events = Annotated[
    Annotated[EventIn, Tag("event")] | Annotated[EventBatch, Tag("batch")],
    Discriminator(lambda body: "batch" if isinstance(body, dict) and "events" in body else "event"),
]


class Stored(BaseModel):
    """What became of each event, in the order sent. What is stored, waiting or duplicate is on disk."""

    results: list[EventResult]
    stored: int
    waiting: int
    duplicate: int
    refused: int


class FeedbackIn(_Body):
    """What a person made of a readout. No free text: people write names and addresses into it."""

    customer_id: CustomerId
    kind: Literal["acknowledged", "disagree"]


class SnoozeIn(_Body):
    """Let a customer stand behind all others in the queue until a moment."""

    customer_id: CustomerId
    kind: Literal["snooze"]
    until: Annotated[Moment, Field(examples=["2026-07-02T09:00:00Z"])]


Said = Annotated[FeedbackIn | SnoozeIn, Field(discriminator="kind")]


class QueueOut(BaseModel):
    """Whom to call now, first to last."""

    rows: list[QueueRow]


class Problem(BaseModel):
    """One field that was refused."""

    field: str
    problem: str


class Refusal(BaseModel):
    """The one shape of all refusals."""

    code: Annotated[str, Field(pattern=r"^RR\d{3}$", examples=["RR720"])]
    message: str
    detail: list[Problem] = []


class Health(BaseModel):
    """All is well."""

    status: Literal["ok"] = "ok"
