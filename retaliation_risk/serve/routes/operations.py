"""For machines that look after the service: health, readiness, numbers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Request, Response

from retaliation_risk.serve.guard import Caller, caller, desk_of, guarded
from retaliation_risk.serve.metrics import CONTENT_TYPE
from retaliation_risk.serve.refusals import Refused
from retaliation_risk.serve.schemas import Health
from retaliation_risk.serve.statuses import KEYED, refusals

if TYPE_CHECKING:
    from retaliation_risk.serve.service import Service

READY_SECONDS = 0.8
"""After so long without an answer a tenant is not ready: what watches the process shall hear it within a second."""

public = APIRouter(tags=["operations"])
router = APIRouter(tags=["operations"], route_class=guarded("metrics"))


@public.get("/healthz", responses=refusals(405, 500))
async def health() -> Health:
    """Whether the process answers; without a key."""
    return Health()


@public.get("/readyz", responses=refusals(405, 500, 503))
async def ready(request: Request) -> Health:
    """Whether every tenant can be answered, said within a second; without a key, and without saying whom there is."""
    desk = desk_of(request)
    found = await asyncio.gather(*(_is_ready(service) for service in desk.services.values()))
    for tenant, state in zip(desk.services, found, strict=True):
        desk.metrics.level("ready", float(state), tenant=tenant)
    if not all(found):
        raise Refused("RR731", "the event log of a tenant cannot be read; /metrics says of which.")
    return Health()


async def _is_ready(service: Service) -> bool:
    """Ask in a thread that no request needs, and take silence for a no."""
    try:
        async with asyncio.timeout(READY_SECONDS):
            return (await asyncio.to_thread(service.ready))["log"] == "ok"
    except TimeoutError:
        return False


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {CONTENT_TYPE: {"schema": {"type": "string"}}}}, **refusals(*KEYED)},
)
def metrics(asks: Annotated[Caller, Depends(caller)]) -> Response:
    """Numbers for Prometheus: of all requests, and of the key's own tenant; a key of the scope metrics can do no more."""
    return Response(asks.desk.metrics.text(asks.key.tenant), media_type=CONTENT_TYPE)
