"""For machines that look after the service: health, readiness, numbers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from retaliation_risk.serve.guard import Caller, caller, desk_of, guarded
from retaliation_risk.serve.metrics import CONTENT_TYPE
from retaliation_risk.serve.refusals import Refused
from retaliation_risk.serve.schemas import Health
from retaliation_risk.serve.statuses import KEYED, refusals

public = APIRouter(tags=["operations"])
router = APIRouter(tags=["operations"], route_class=guarded("metrics"))


@public.get("/healthz", responses=refusals(405, 500))
async def health() -> Health:
    """Whether the process answers; without a key."""
    return Health()


@public.get("/readyz", responses=refusals(405, 500, 503))
def ready(request: Request) -> Health:
    """Whether every tenant can be answered; without a key, and without saying whom there is."""
    desk = desk_of(request)
    states = {tenant: service.ready()["log"] == "ok" for tenant, service in desk.services.items()}
    for tenant, state in states.items():
        desk.metrics.level("ready", float(state), tenant=tenant)
    if not all(states.values()):
        raise Refused("RR731", "the event log of a tenant cannot be read; /metrics says of which.")
    return Health()


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {CONTENT_TYPE: {"schema": {"type": "string"}}}}, **refusals(*KEYED)},
)
def metrics(asks: Annotated[Caller, Depends(caller)]) -> Response:
    """Numbers for Prometheus: of all requests, and of the key's own tenant; a key of the scope metrics can do no more."""
    return Response(asks.desk.metrics.text(asks.key.tenant), media_type=CONTENT_TYPE)
