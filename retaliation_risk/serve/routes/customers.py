"""Erasing a customer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from retaliation_risk.serve.answers import Forgotten
from retaliation_risk.serve.guard import Caller, caller, guarded
from retaliation_risk.serve.refusals import Refused
from retaliation_risk.serve.schemas import CustomerId
from retaliation_risk.serve.statuses import KEYED, refusals

router = APIRouter(prefix="/v1", route_class=guarded("admin"), responses=refusals(*KEYED))


@router.delete("/customers/{customer_id:path}", tags=["customers"], responses=refusals(404, 422))
def forget(customer_id: Annotated[CustomerId, Path()], asks: Annotated[Caller, Depends(caller)]) -> Forgotten:
    """Erase a customer from tables, run folder, event log, queue and memory, and say what remains and why.

    The audit log has a line on disk before and after, with a pseudonym.
    """
    if not asks.service.holds(customer_id):
        asks.record("forget", {"found": False}, who=customer_id)
        raise Refused("RR727", "no customer of this key is meant.")
    asks.record("forget", {"found": True}, who=customer_id, durable=True)
    forgotten = asks.service.forget(customer_id)
    asks.record("forgotten", {"erased": dict(forgotten.erased)}, who=customer_id, durable=True)
    return forgotten
