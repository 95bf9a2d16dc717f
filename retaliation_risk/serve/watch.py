"""One line of JSON on stderr for every request, its count and time, and a refusal for what would be a traceback."""

from __future__ import annotations

import json
import logging
import secrets
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from retaliation_risk.serve.metrics import Metrics
from retaliation_risk.serve.refusals import Refused, answer

Write = Callable[[dict[str, Any]], None]
#: Status that the log gives to a request whose sender left before the answer.
LEFT = 499
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def write_line(entry: dict[str, Any]) -> None:
    """Write one line of JSON to stderr."""
    sys.stderr.write(json.dumps(entry, ensure_ascii=False) + "\n")
    sys.stderr.flush()


class Watch:
    """Log, count and time every request, and answer 500 where the code failed.

    A line says the template of the page, not its address: ids and queries never reach the log, and neither do bodies,
    headers and the messages of exceptions, which can repeat them. Who is meant is a pseudonym, as in the audit log.

    Parameters
    ----------
    app : ASGIApp
    metrics : Metrics
    write : callable
        Takes the entry of a line.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, write: Write = write_line) -> None:
        self.app = app
        self.metrics = metrics
        self.write = write

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and log what came of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id, began, status, trouble = secrets.token_hex(8), perf_counter(), 0, {}

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except ClientDisconnect:
            status = status or LEFT
        except Exception as error:
            trouble = told(error)
            if not status:
                await answer(Refused("RR729", f"request {request_id}."))(scope, receive, noted)
        self._tell(scope, {"request": request_id, "status": status, **trouble}, perf_counter() - began)

    def _tell(self, scope: Scope, outcome: dict[str, Any], seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unknown")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self.metrics.count("requests_total", route=route, method=method, status=str(outcome["status"]))
        self.metrics.time(route, seconds)
        self.write(
            {
                "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "method": method,
                "route": route,
                "milliseconds": round(1000 * seconds, 2),
                **scope.get("state", {}).get("told", {}),
                **outcome,
            }
        )


def told(error: Exception) -> dict[str, Any]:
    """Return what the log says of an exception: its type and where it came from, without its message."""
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return {"error": type(error).__name__, "where": where[-8:]}


class JsonLines(logging.Formatter):
    """Format the records of libraries, such as uvicorn's, as JSON lines without the messages of exceptions."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        entry = {
            "at": at,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        error = record.exc_info[1] if record.exc_info else None
        return json.dumps(entry | (told(error) if isinstance(error, Exception) else {}), ensure_ascii=False)
