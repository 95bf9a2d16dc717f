"""Looking: the readout of one customer, and the queue."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from retaliation_risk.errors import ArgumentError
from retaliation_risk.serve.answers import Readout
from retaliation_risk.serve.guard import Caller, caller, guarded
from retaliation_risk.serve.queue import ROWS
from retaliation_risk.serve.refusals import Refused
from retaliation_risk.serve.schemas import ByContactKey, ByCustomer, QueueOut, Who
from retaliation_risk.serve.statuses import KEYED, WITH_BODY, refusals

router = APIRouter(prefix="/v1", route_class=guarded("read"), responses=refusals(*KEYED))


@router.post("/readout", tags=["readout"], responses=refusals(404, 409, *WITH_BODY))
async def readout(who: Who, asks: Annotated[Caller, Depends(caller)]) -> Readout:
    """Tell what is known of one customer now: risk with its interval, reasons, history; influence apart, never in the risk.

    Asked by id, e-mail address or contact key in the body, so no address stands in a URL. 404 says the same of a customer
    who does not exist and of one of another tenant. Who opted out of profiling has
    a history, and no risk.
    """
    # In the loop and not in a thread: a millisecond of computing, of which two at a time take more than twice as long.
    customer_id = _find(asks, who)
    if customer_id is None:
        asks.record("readout", {"found": False}, who=_asked(who))
        raise Refused("RR727", "no customer of this key is meant.")
    told = asks.service.readout(customer_id)
    asks.record("readout", {"found": True, **_shown(told)}, who=customer_id)
    metrics, tenant = asks.desk.metrics, asks.key.tenant
    metrics.count("readouts_total", tenant=tenant)
    metrics.level("stale", float(told.stale), tenant=tenant)
    return told


@router.get("/queue", tags=["queue"], responses=refusals(422))
def queue(
    asks: Annotated[Caller, Depends(caller)],
    limit: Annotated[int, Query(ge=1, le=500, description="Most rows to return.")] = ROWS,
) -> QueueOut:
    """Whom to call now, first to last, with the reasons and what has been said of each since."""
    rows = asks.service.queue(limit)
    subjects = [asks.desk.pseudonym(asks.key.tenant, row.customer_id) for row in rows]
    asks.record("queue", {"subjects": subjects})
    return QueueOut(rows=rows)


def _shown(told: Readout) -> dict[str, Any]:
    return {
        "model_version": told.model_version,
        "band": told.band,
        "features": [reason.feature for reason in told.reasons],
        "stale": told.stale,
    }


def _find(asks: Caller, who: Who) -> str | None:
    """Return the id of the customer meant, or None. Text that only looks like an address is nobody's.

    Without a secret no address can be looked up, and that is said.
    """
    told = {"customer_id": None, "email": None, "contact_key": None, **who.model_dump()}
    try:
        return asks.service.find(**told)
    except ArgumentError:
        if asks.desk.settings.secrets:
            return None
        raise


def _asked(who: Who) -> str | None:
    """Return what the audit log may know of whom nobody knows; never an address, hashed or not."""
    match who:
        case ByCustomer():
            return who.customer_id
        case ByContactKey():
            return who.contact_key
    return None
