"""The readout service: what is known of a customer now, from a finished run and a log of live events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retaliation_risk.serve.answers import (
    Appended,
    EventResult,
    Experience,
    Feedback,
    Forgotten,
    History,
    LiveEvent,
    QueueRow,
    Readout,
    Said,
)
from retaliation_risk.serve.settings import ServeSettings, variables

if TYPE_CHECKING:
    from retaliation_risk.serve.service import Service

__all__ = [
    "Appended",
    "EventResult",
    "Experience",
    "Feedback",
    "Forgotten",
    "History",
    "LiveEvent",
    "QueueRow",
    "Readout",
    "Said",
    "ServeSettings",
    "Service",
    "variables",
]


def __getattr__(name: str) -> Any:
    """Load the service when it is asked for: who makes a key or looks up a setting does not wait for models."""
    if name == "Service":
        from retaliation_risk.serve.service import Service

        return Service
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
