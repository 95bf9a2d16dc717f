"""What people made of a readout."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from retaliation_risk.serve.answers import Feedback
from retaliation_risk.serve.guard import Caller, caller, guarded
from retaliation_risk.serve.refusals import Refused
from retaliation_risk.serve.schemas import Said, SnoozeIn
from retaliation_risk.serve.statuses import KEYED, WITH_BODY, refusals

router = APIRouter(prefix="/v1", route_class=guarded("agent"), responses=refusals(*KEYED, *WITH_BODY))


@router.post("/feedback", status_code=204, tags=["feedback"], responses=refusals(404))
def feedback(body: Said, asks: Annotated[Caller, Depends(caller)]) -> None:
    """Say that a readout is acknowledged, that one disagrees, or until when the customer shall rest in the queue."""
    if asks.service.find(customer_id=body.customer_id, email=None, contact_key=None) is None:
        asks.record("feedback", {"found": False}, who=body.customer_id)
        raise Refused("RR727", "no customer of this key is meant.")
    until = body.until if isinstance(body, SnoozeIn) else None
    asks.service.feedback(Feedback(body.customer_id, body.kind, by=asks.key.key_id, until=until))
    asks.record("feedback", {"found": True, "said": body.kind}, who=body.customer_id)
