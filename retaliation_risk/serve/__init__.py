"""The readout service: what is known of a customer now, from a finished run and a log of live events."""

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
from retaliation_risk.serve.service import Service
from retaliation_risk.serve.settings import ServeSettings, variables

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
