"""Adding: events of a helpdesk."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from retaliation_risk.serve.answers import Appended, LiveEvent
from retaliation_risk.serve.guard import Caller, caller, guarded
from retaliation_risk.serve.refusals import Refused
from retaliation_risk.serve.schemas import EventIn, Events, Stored
from retaliation_risk.serve.statuses import KEYED, WITH_BODY, refusals

router = APIRouter(
    prefix="/v1", route_class=guarded("write", "generic"), responses=refusals(*KEYED, *WITH_BODY)
)


@router.post("/events", tags=["events"])
def events(body: Events, asks: Annotated[Caller, Depends(caller)]) -> Stored:
    """Add one event or a batch; the next readout counts them.

    An answer of 200 means that all events stored, waiting or duplicate are on disk; any other, that none of this request
    need be. Send again what was not acknowledged: the same event_id twice is one event. Order does not matter: each row
    counts from the time it became known. Where the service has a secret for webhooks, the body must be signed:
    X-Signature is the HMAC-SHA256, in hexadecimal, of X-Signature-Timestamp, a full stop and the body.
    """
    given = [body] if isinstance(body, EventIn) else body.events
    most = asks.desk.settings.batch_events
    if len(given) > most:
        raise Refused("RR723", f"{len(given):,} events came, and {most:,} are allowed.")
    return acknowledge(asks, [LiveEvent(**dict(event)) for event in given])


def acknowledge(asks: Caller, given: list[LiveEvent]) -> Stored:
    """Append events and say what became of each."""
    appended: Appended = asks.service.append(given)
    counts = {word: appended.count(word) for word in ("stored", "waiting", "duplicate", "refused")}
    for word, number in counts.items():
        asks.desk.metrics.count("events_total", number, tenant=asks.key.tenant, outcome=word)
    asks.record("events", counts)
    return Stored(results=list(appended.results), **counts)
