"""The description of the API: what FastAPI derives from the routes, and how keys are shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from retaliation_risk._version import __version__
from retaliation_risk.serve.keys import SCOPES
from retaliation_risk.serve.routes import ROUTERS

ABOUT = f"""Whom to please first: the risk that a customer retaliates, with reasons and tickets, as of now.

Every request but `/healthz` and `/readyz` needs an API key, which belongs to one tenant and one scope; each scope includes
those before it: {", ".join(f"`{scope}`" for scope in SCOPES)}.
Every refusal has the shape `Refusal` and a code of docs/messages.md.
"""
SCHEMES = {
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "bearer": {"type": "http", "scheme": "bearer"},
}
TAGS = (
    ("readout", "What to know of one customer."),
    ("queue", "Whom to call now."),
    ("events", "What happened: durable before it is acknowledged."),
    ("feedback", "What people made of a readout."),
    ("customers", "Erasure."),
    ("operations", "For machines that look after the service."),
)
_OPEN = ("/healthz", "/readyz")


def describe() -> dict[str, Any]:
    """Return the OpenAPI description of the service."""
    app = FastAPI()
    for router in ROUTERS:
        app.include_router(router)
    told = get_openapi(
        title="retaliation-risk",
        version=__version__,
        description=ABOUT,
        routes=app.routes,
        tags=[{"name": name, "description": about} for name, about in TAGS],
        license_info={"name": "MIT", "identifier": "MIT"},
    )
    told.setdefault("components", {})["securitySchemes"] = SCHEMES
    for path, methods in told["paths"].items():
        for operation in methods.values():
            operation["security"] = [] if path in _OPEN else [{name: []} for name in SCHEMES]
    return told


def write_openapi(path: str | Path) -> None:
    """Write the description of the service as JSON; docs/openapi.json is made by this."""
    Path(path).write_text(json.dumps(describe(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
