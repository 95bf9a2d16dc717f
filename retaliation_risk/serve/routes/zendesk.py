"""Adding: what Zendesk posts about its tickets."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends

from retaliation_risk.serve.guard import Caller, caller, guarded
from retaliation_risk.serve.routes.events import acknowledge
from retaliation_risk.serve.schemas import Stored
from retaliation_risk.serve.shapes import read_zendesk
from retaliation_risk.serve.statuses import KEYED, WITH_BODY, refusals

router = APIRouter(
    prefix="/v1", route_class=guarded("write", "zendesk"), responses=refusals(*KEYED, *WITH_BODY)
)


@router.post("/webhooks/zendesk", tags=["events"])
def zendesk(
    body: Annotated[dict[str, Any], Body(description="As Zendesk's webhook or trigger makes it.")],
    asks: Annotated[Caller, Depends(caller)],
) -> Stored:
    """Take what a Zendesk webhook says of a ticket: ids, times, kinds of change and ratings; names and texts are left.

    Needs a key of the scope write, set as the webhook's own header, and Zendesk's signature of timestamp and body with the
    signing secret in the settings; without that secret all are refused. A message that says nothing that counts is
    acknowledged with no results.
    """
    return acknowledge(asks, read_zendesk(body, lambda address: asks.service.find(email=address)))
