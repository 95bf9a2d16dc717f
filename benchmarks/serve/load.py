"""A constant load: requests leave when the timetable says, whether or not earlier ones were answered.

A request that finds every connection busy waits, and its time counts from the timetable on. So a server that stalls for a
second is charged with everybody who had to wait, not with one slow answer (coordinated omission).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_COARSE = 0.0012
"""Seconds by which a timer of the loop may be late."""

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Answer:
    """Status and JSON of an answer, and seconds from the time its request was due to its last byte."""

    status: int
    body: object
    seconds: float


def request(path: str, body: object, key: str) -> bytes:
    """Return the bytes of one POST on a connection that is kept."""
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: readout\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


async def answer(connection: Connection, asked: bytes, due: float) -> Answer:
    """Send one request and read its answer whole."""
    reader, writer = connection
    writer.write(asked)
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = int(head.partition("content-length: ")[2].partition("\r\n")[0] or 0)
    content = await reader.readexactly(length)
    seconds = time.perf_counter() - due
    return Answer(int(head.split(" ", 2)[1]), json.loads(content) if content else None, seconds)


def answers_at_rate(
    port: int, asked: Sequence[bytes], per_second: float, connections: int = 32
) -> list[Answer]:
    """Send the requests at a constant rate to a server on the loopback; return their answers in order."""
    return asyncio.run(_at_rate(port, asked, per_second, connections))


def answers_in_turn(port: int, asked: Sequence[bytes]) -> list[Answer]:
    """Send requests one after another on one connection; the seconds of each count from the first."""
    return asyncio.run(_in_turn(port, asked))


async def _in_turn(port: int, asked: Sequence[bytes]) -> list[Answer]:
    connection = await asyncio.open_connection("127.0.0.1", port)
    start = time.perf_counter()
    found = [await answer(connection, each, start) for each in asked]
    connection[1].close()
    return found


async def _at_rate(port: int, asked: Sequence[bytes], per_second: float, connections: int) -> list[Answer]:
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(connections):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    start = time.perf_counter() + 0.1

    async def one(number: int) -> Answer:
        due = start + number / per_second
        await _until(due)
        connection = await free.get()
        try:
            return await answer(connection, asked[number], due)
        finally:
            free.put_nowait(connection)

    found = await asyncio.gather(*(one(number) for number in range(len(asked))))
    while not free.empty():
        free.get_nowait()[1].close()
    return found


async def _until(due: float) -> None:
    """Wait to the time, and not to the full millisecond after it, as a loop's timers do."""
    await asyncio.sleep(max(0.0, due - time.perf_counter() - _COARSE))
    while time.perf_counter() < due:
        await asyncio.sleep(0)


def quantile(answers: Sequence[Answer], share: float) -> float:
    """Return the seconds within which this share of the answers came."""
    return float(np.quantile([each.seconds for each in answers], share))
