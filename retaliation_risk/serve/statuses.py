"""What each page can answer besides success, for its description: from the same codes that are answered."""

from __future__ import annotations

from typing import Any

from retaliation_risk.errors import MESSAGES
from retaliation_risk.serve.refusals import CODES
from retaliation_risk.serve.schemas import Refusal

#: Of every page behind a key.
KEYED = (401, 403, 405, 429, 500, 503)
#: Of every page that takes a body, besides.
WITH_BODY = (400, 408, 413, 415, 422)
_HEADERS = {
    401: {"WWW-Authenticate": {"description": "How to show a key.", "schema": {"type": "string"}}},
    405: {"Allow": {"description": "Methods that the page knows.", "schema": {"type": "string"}}},
    429: {
        "Retry-After": {
            "description": "Seconds until one may ask again.",
            "schema": {"type": "integer", "minimum": 1},
        }
    },
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the responses of a page that refuses with these statuses, as FastAPI takes them."""
    return {status: _response(status) for status in sorted(statuses)}


def _response(status: int) -> dict[str, Any]:
    message = MESSAGES[CODES[status]]
    example = {"code": message.code, "message": f"{message.code} {message.name}: … {message.cure}"}
    headers = {"headers": _HEADERS[status]} if status in _HEADERS else {}
    return {
        "model": Refusal,
        "description": f"{message.code} {message.name}. {message.about}",
        "content": {"application/json": {"example": example}},
        **headers,
    }
