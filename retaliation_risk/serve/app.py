"""The app: routes behind the guard, inside limits, headers and the log. It opens nothing; :mod:`.server` does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response

from retaliation_risk._version import __version__
from retaliation_risk.serve.audit import AuditLog
from retaliation_risk.serve.bodies import BodyLimit
from retaliation_risk.serve.guard import Desk
from retaliation_risk.serve.headers import SecureHeaders, page_policy
from retaliation_risk.serve.keys import KeyStore
from retaliation_risk.serve.limits import Budget
from retaliation_risk.serve.metrics import Metrics
from retaliation_risk.serve.pages import PAGES, read_page
from retaliation_risk.serve.refusals import add_refusals
from retaliation_risk.serve.routes import ROUTERS
from retaliation_risk.serve.settings import ServeSettings
from retaliation_risk.serve.watch import Watch, Write, write_line

if TYPE_CHECKING:
    from retaliation_risk.serve.service import Service


def create_app(
    services: Mapping[str, Service],
    keys: KeyStore,
    settings: ServeSettings,
    audit: AuditLog,
    write: Write = write_line,
) -> FastAPI:
    """Return the app of one or more tenants.

    Parameters
    ----------
    services : mapping of str to Service
        By tenant. Who made them closes them.
    keys : KeyStore
    settings : ServeSettings
    audit : AuditLog
    write : callable, optional
        Takes the entry of each line of the log; standard error without one.

    Returns
    -------
    FastAPI
        Without pages of documentation and without cross-origin headers; ``app.state.desk`` is what requests share.
    """
    app = FastAPI(
        title="retaliation-risk",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.desk = Desk(
        services=services,
        keys=keys,
        settings=settings,
        audit=audit,
        metrics=Metrics(),
        per_key=Budget(f"{settings.rate_per_minute}/minute"),
        failures=Budget(f"{settings.failures_per_minute}/minute"),
    )
    for router in ROUTERS:
        app.include_router(router)
    for path in PAGES:
        app.add_api_route(path, _page(path, settings), methods=["GET"], include_in_schema=False)
    add_refusals(app)
    # The last one added is the outermost: even a failure has the headers, even a refused body is logged.
    app.add_middleware(BodyLimit, largest=settings.body_bytes)
    app.add_middleware(Watch, metrics=app.state.desk.metrics, write=write)
    app.add_middleware(SecureHeaders)
    return app


def _page(path: str, settings: ServeSettings) -> Callable[[Request], Awaitable[Response]]:
    content, kind = read_page(path)
    headers = {"Content-Security-Policy": page_policy(settings.frame_ancestors), "Cache-Control": "no-cache"}

    async def page(request: Request) -> Response:
        return Response(content, media_type=kind, headers=headers)

    return page
