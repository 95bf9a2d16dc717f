"""Erasing a customer while no server runs."""

from __future__ import annotations

import secrets
from contextlib import closing
from datetime import UTC, datetime

from retaliation_risk.errors import ArgumentError
from retaliation_risk.serve.answers import Forgotten
from retaliation_risk.serve.audit import AuditLog, pseudonym
from retaliation_risk.serve.service import Service
from retaliation_risk.serve.settings import ServeSettings


def forget_offline(settings: ServeSettings, customer_id: str) -> Forgotten:
    """Erase a customer from tables, run folder and event log, with the audit lines that the server would write.

    Parameters
    ----------
    settings : ServeSettings
    customer_id : str

    Returns
    -------
    Forgotten
        What was erased, and what remains.

    Raises
    ------
    ArgumentError
        RR402, an unknown customer.
    """
    secret = settings.secrets[0] if settings.secrets else secrets.token_bytes(32)
    subject = pseudonym(secret, settings.tenant, customer_id)
    line = {"key": "command line", "tenant": settings.tenant, "subject": subject}
    with (
        closing(AuditLog(settings.audit, settings.audit_days)) as audit,
        closing(Service.open(settings)) as service,
    ):
        if not service.holds(customer_id):
            raise ArgumentError("RR402", f"{customer_id!r} is unknown.")
        audit.append({"kind": "forget", **line}, datetime.now(UTC), durable=True)
        forgotten = service.forget(customer_id)
        done = {"kind": "forgotten", **line, "erased": dict(forgotten.erased)}
        audit.append(done, datetime.now(UTC), durable=True)
    return forgotten
