"""What is read of a body before anything is made of it: so many bytes, so deep, JSON, in time."""

from __future__ import annotations

import asyncio
import re

import numpy as np
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from retaliation_risk.serve.refusals import Refused, answer

#: A batch holds events, an event holds its fields, and the hooks of a helpdesk nest a little more.
DEEPEST = 12
# A string, or what stands from a quote to the end; each byte is looked at once.
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def depth(body: bytes) -> int:
    """Return how deep JSON text is nested, without reading it as JSON.

    Examples
    --------
    >>> depth(b'{"a": [1, {"b": "[[[["}]}')
    3
    """
    brackets = np.frombuffer(_STRING.sub(b"", body).translate(None, _NOT_BRACKETS), dtype=np.uint8)
    steps = np.where((brackets == ord("[")) | (brackets == ord("{")), 1, -1)
    return int(np.cumsum(steps).max(initial=0))


async def read_body(request: Request, seconds: float) -> bytes:
    """Return the body of a request that is JSON, small and shallow enough, and comes in time.

    Raises
    ------
    Refused
        RR723 too large (by :class:`BodyLimit`), RR724 not declared as JSON, RR726 too deep, RR730 too slow.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" or request.headers.get("content-encoding", "identity") != "identity":
        raise Refused("RR724", "Content-Type must be application/json, without Content-Encoding.")
    try:
        async with asyncio.timeout(seconds):
            body = await request.body()
    except TimeoutError:
        raise Refused("RR730", f"no whole body in {seconds:g} seconds.", {"Connection": "close"}) from None
    if b"\0" in body:  # UTF-16 or UTF-32, which the reader of JSON would take and depth cannot count
        raise Refused("RR726", "the body is not UTF-8.")
    if (found := depth(body)) > DEEPEST:
        raise Refused("RR726", f"the body is nested {found} deep; {DEEPEST} is allowed.")
    return body


class BodyLimit:
    """Refuse bodies above a size: by their Content-Length at once, and else as soon as so many bytes have come.

    Parameters
    ----------
    app : ASGIApp
    largest : int
        Bytes.
    """

    def __init__(self, app: ASGIApp, largest: int) -> None:
        self.app = app
        self.largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http" and _declared(scope) > self.largest:
            await answer(self._refusal())(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.largest:
                raise self._refusal()
            return message

        await self.app(scope, counted, send)

    def _refusal(self) -> Refused:
        return Refused("RR723", f"{self.largest:,} bytes are allowed.", {"Connection": "close"})


def _declared(scope: Scope) -> int:
    values = [value for name, value in scope["headers"] if name == b"content-length"]
    return max((int(value[:19]) for value in values if value.isdigit()), default=0)
