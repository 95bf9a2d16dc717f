"""One shape for everything that is refused: a code, what was wrong and the cure; never what was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from retaliation_risk.errors import ArtefactError, RetaliationRiskError

#: The status that a code is answered with; other codes as :func:`status_of` says.
STATUS = {
    "RR402": 404, "RR707": 401, "RR703": 503, "RR709": 409, "RR711": 503,
    "RR720": 401, "RR721": 403, "RR722": 429, "RR723": 413, "RR724": 415, "RR725": 422, "RR726": 400, "RR727": 404,
    "RR728": 405, "RR729": 500, "RR730": 408, "RR732": 503, "RR731": 503,
}  # fmt: skip
#: The code of a status.
CODES = {status: code for code, status in STATUS.items()}
# What is wrong with a store names places and databases: the log of the service says it, not the answer.
_INSIDE = frozenset({"RR703", "RR711", "RR732"})
_FOUND = {404: "nothing is here.", 405: "the page has no such method."}
_NAME = re.compile(r"[A-Za-z_]{1,40}")
_ADDRESS = re.compile(r"[^\s\"'<>()=,;@]+(?:@|%40)[^\s\"'<>()=,;@]+")


class Refused(RetaliationRiskError):
    """A request that is not answered, with the headers that its refusal needs."""

    def __init__(self, code: str, found: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code, found)
        self.headers = dict(headers or {})


def status_of(error: RetaliationRiskError) -> int:
    """Return the HTTP status of an error: of its code, or 503 for a run that cannot be opened, else 422."""
    return STATUS.get(error.code, 503 if isinstance(error, ArtefactError) else 422)


def without_addresses(text: str) -> str:
    """Return a text with what may be an e-mail address blotted out.

    Examples
    --------
    >>> without_addresses("customer_id is 'ana@example.org'.")
    "customer_id is '…'."
    """
    return _ADDRESS.sub("…", text)


def body_of(error: RetaliationRiskError, detail: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Return what a refusal says."""
    said = {"code": error.code, "message": without_addresses(str(error))}
    return {**said, "detail": list(detail)} if detail else said


def answer(error: RetaliationRiskError, detail: Sequence[Mapping[str, Any]] = ()) -> JSONResponse:
    """Return the response of a refusal."""
    headers = getattr(error, "headers", None)
    return JSONResponse(body_of(error, detail), status_of(error), headers=headers)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RetaliationRiskError)
    if error.code in _INSIDE:
        told = getattr(request.state, "told", {})
        request.state.told = {**told, "trouble": without_addresses(str(error))}
        error = Refused(error.code, "the log of the service says more.")
    return answer(error)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    detail = [_field(found) for found in error.errors()]
    if any(field["problem"] == "json_invalid" for field in detail):
        return answer(Refused("RR726", "the body is no JSON text."))
    return answer(Refused("RR725", "each problem is named by its place and kind."), detail)


def _field(found: Mapping[str, Any]) -> dict[str, Any]:
    """Where a problem is, and which it is. Names that a sender made up are not repeated: they too can hold an address."""
    place = found["loc"][:-1] if found["type"] == "extra_forbidden" else found["loc"]
    return {"field": ".".join(_plain(part) for part in place), "problem": found["type"]}


def _plain(part: int | str) -> str:
    return str(part) if isinstance(part, int) or _NAME.fullmatch(part) else "…"


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = CODES.get(error.status_code, "RR726" if error.status_code < 500 else "RR729")
    found = _FOUND.get(error.status_code, "the request cannot be read.")
    return answer(Refused(code, found, error.headers))


def add_refusals(app: FastAPI) -> None:
    """Let every error of an app be answered in the one shape."""
    app.add_exception_handler(RetaliationRiskError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
