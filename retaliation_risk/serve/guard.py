"""Who may pass: every request of the API is admitted here before anything of its body is read."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from fastapi import Request, Response
from fastapi.routing import APIRoute

from retaliation_risk.serve.audit import AuditLog, pseudonym
from retaliation_risk.serve.bodies import read_body
from retaliation_risk.serve.keys import ApiKey, KeyStore
from retaliation_risk.serve.limits import Budget, address_group
from retaliation_risk.serve.metrics import Metrics
from retaliation_risk.serve.refusals import Refused
from retaliation_risk.serve.service import system_clock
from retaliation_risk.serve.signature import verify

if TYPE_CHECKING:
    from retaliation_risk.serve.service import Service
    from retaliation_risk.serve.settings import ServeSettings

Sender = Literal["generic", "zendesk"]
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


@dataclass(frozen=True)
class Desk:
    """All that requests share: tenants and their services, keys, budgets, logs."""

    services: Mapping[str, Service]
    keys: KeyStore
    settings: ServeSettings
    audit: AuditLog
    metrics: Metrics
    per_key: Budget
    failures: Budget
    _spare: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def pseudonym(self, tenant: str, who: str) -> str:
        """Return what logs call a customer or a contact key; without a secret in the settings, another at every start."""
        return pseudonym(self.settings.secrets[0] if self.settings.secrets else self._spare, tenant, who)


@dataclass(frozen=True)
class Caller:
    """Who asks: a valid key of enough scope, and the service of its tenant."""

    key: ApiKey
    service: Service
    desk: Desk
    request: Request

    def record(
        self, kind: str, shown: Mapping[str, Any], *, who: str | None = None, durable: bool = False
    ) -> None:
        """Write a line of the audit log, and name its subject in the request's log line.

        Parameters
        ----------
        kind : str
            What was done.
        shown : mapping
            What was shown or changed; no identifiers.
        who : str, optional
            Customer id or contact key; only its pseudonym is written.
        durable : bool
            Whether the line must be on disk before the answer.
        """
        subject = {} if who is None else {"subject": self.desk.pseudonym(self.key.tenant, who)}
        self.request.state.told.update(subject)
        entry = {"kind": kind, "key": self.key.key_id, "tenant": self.key.tenant, **subject, **shown}
        self.desk.audit.append(entry, datetime.now(UTC), durable=durable)


def guarded(scope: str, sender: Sender | None = None) -> type[APIRoute]:
    """Return the kind of route that only keys with a scope pass, and that reads no body before.

    FastAPI reads and parses a body before its dependencies run; a stranger's body is not worth that.

    Parameters
    ----------
    scope : str
        Of :data:`retaliation_risk.serve.keys.SCOPES`.
    sender : "generic" or "zendesk", optional
        Whose signature the body must have besides: ``generic`` where the settings have a secret for it, ``zendesk`` always.
    """

    class Guarded(APIRoute):
        """A route behind the guard."""

        scope_needed = scope

        def get_route_handler(self) -> Handler:
            handle = super().get_route_handler()

            async def admitted(request: Request) -> Response:
                request.state.caller = admit(request, scope)
                if self.body_field is not None:
                    body = await read_body(request, desk_of(request).settings.body_seconds)
                    _check_signature(request, body, sender)
                return await handle(request)

            return admitted

    return Guarded


def _check_signature(request: Request, body: bytes, sender: Sender | None) -> None:
    settings = desk_of(request).settings
    secret = settings.zendesk_secret if sender == "zendesk" else settings.webhook_secret
    if sender == "zendesk" or (sender and secret):
        verify(
            request.headers,
            body,
            secret=secret,
            zendesk=sender == "zendesk",
            now=system_clock(),
            window_seconds=settings.replay_seconds,
        )


def desk_of(request: Request) -> Desk:
    """Return what requests share."""
    desk: Desk = request.app.state.desk
    return desk


async def caller(request: Request) -> Caller:
    """Return who was admitted."""
    admitted: Caller = request.state.caller
    return admitted


def admit(request: Request, scope: str) -> Caller:
    """Return who asks, or refuse.

    A good key passes whatever failures came from its address, so nobody can shut out others behind the same proxy.

    Raises
    ------
    Refused
        RR720 no valid key, RR721 a scope too narrow, RR722 too many requests or failures.
    """
    desk = desk_of(request)
    token = _presented(request)
    key = desk.keys.authenticate(token, datetime.now(UTC)) if token else None
    if key is None or key.tenant not in desk.services:
        host = request.client.host if request.client else None
        _spend(desk.failures, address_group(host), "wrong keys came from this address")
        raise Refused("RR720", "the request has no key that is valid here.", {"WWW-Authenticate": "Bearer"})
    request.state.told = {"key": key.key_id, "tenant": key.tenant}
    _spend(desk.per_key, key.key_id, "requests came with this key")
    if not key.allows(scope):
        raise Refused("RR721", f"the scope of the key is {key.scope}, and {scope} is needed.")
    return Caller(key, desk.services[key.tenant], desk, request)


def _spend(budget: Budget, who: str, what: str) -> None:
    if seconds := budget.spend(who):
        raise Refused("RR722", f"too many {what}.", {"Retry-After": str(seconds)})


def _presented(request: Request) -> str | None:
    """Return the one key that a request shows; None where it shows none, or more than one."""
    plain = request.headers.getlist("x-api-key")
    bearers = [
        value[7:].strip()
        for value in request.headers.getlist("authorization")
        if value[:7].lower() == "bearer "
    ]
    shown = [*plain, *bearers]
    return shown[0] if len(shown) == 1 else None
