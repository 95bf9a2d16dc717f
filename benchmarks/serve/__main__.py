"""Run ``python -m benchmarks.serve [--quick] [--json] [--save]``: readouts at a constant rate, and how soon an event shows.

The peer is the same app with the same guard, audit log and server, whose service returns a constant: what is left between
the two is ours. Latencies count from when a request was due (load.py). It needs the extra ``serve``.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

import click
import numpy as np

from benchmarks._measure import _resident_mb
from benchmarks.serve.load import Answer, answers_at_rate, answers_in_turn, quantile, request
from benchmarks.serve.world import World, make_world
from retaliation_risk.serve.server import set_apart

RATE, SECONDS = 200, 30
EVENTS = 200
START_SECONDS = 900
RESULTS = Path(__file__).with_name("results.json")


@dataclass(frozen=True)
class Loaded:
    """Answers to the constant load, and the memory of the server after it, in MB."""

    answers: list[Answer]
    memory_mb: float


@click.command()
@click.option("--quick", is_flag=True, help="1,000 customers and a load of 5 seconds.")
@click.option("--json", "as_json", is_flag=True)
@click.option("--save", is_flag=True, help=f"Write {RESULTS.name}.")
def main(quick: bool, as_json: bool, save: bool) -> None:
    size, seconds, events = (1_000, 5, 20) if quick else (300_000, SECONDS, EVENTS)
    with TemporaryDirectory() as place:
        world = make_world(Path(place), size)
        # What it took to make the world neither holds up the disk nor this process, which measures: a pass of its own
        # collector over all that would count as waiting for the server.
        os.sync()
        set_apart()
        asked = whom_to_ask(world, RATE * seconds)
        with serving("constant", world) as (port, process):
            peer = loaded(port, process, world, asked)
        with serving("ours", world) as (port, process):
            ours = loaded(port, process, world, asked)
            shown = event_latencies(port, world, asked[:events])
    rows = [row(f"readout, {share:.0%} within", size, ours, peer, asked, share) for share in (0.5, 0.99)]
    rows += [event_row(size, shown, share, ours.memory_mb) for share in (0.5, 0.99)]
    gc.unfreeze()
    if save:
        RESULTS.write_text(json.dumps(rows, indent=2) + "\n")
    print(json.dumps(rows, indent=2) if as_json else "\n".join(map(told, rows)))


def whom_to_ask(world: World, number: int) -> list[str]:
    return [str(each) for each in np.random.default_rng(0).choice(world.customers, number)]


@contextmanager
def serving(kind: str, world: World) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Start one server process, and wait until it is ready."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "benchmarks.serve.one", kind, world.folder, port, world.customers[0]]
    with subprocess.Popen([str(each) for each in command], stderr=subprocess.DEVNULL) as process:
        try:
            _wait(port, process)
            yield port, process
        finally:
            process.terminate()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the server did not start")


def loaded(port: int, process: subprocess.Popen[bytes], world: World, customers: list[str]) -> Loaded:
    """Ask for the customers at the constant rate, after a second of the same for warmth."""
    asked = [request("/v1/readout", {"customer_id": each}, world.key) for each in customers]
    answers_at_rate(port, asked[:RATE], RATE)
    return Loaded(answers_at_rate(port, asked, RATE), _resident_mb(process.pid))


def event_latencies(port: int, world: World, customers: list[str]) -> list[tuple[float, bool]]:
    """For each customer: seconds from sending a new ticket to having read the readout that counts it; whether it does."""
    return [_shown(port, world, customer, number) for number, customer in enumerate(customers)]


def _shown(port: int, world: World, customer: str, number: int) -> tuple[float, bool]:
    ask = request("/v1/readout", {"customer_id": customer}, world.key)
    (before,) = answers_in_turn(port, [ask])
    ticket = {"ticket_id": f"live-{number}", "customer_id": customer, "opened_at": before.body["moment"]}
    event = {"event_id": f"e-{number}", "table": "tickets", "row": ticket}
    sent, after = answers_in_turn(port, [request("/v1/events", event, world.key), ask])
    counted = after.body["history"]["calls"] == before.body["history"]["calls"] + 1
    return after.seconds, sent.status == 200 and counted


def row(
    name: str, size: int, ours: Loaded, peer: Loaded, customers: list[str], share: float
) -> dict[str, object]:
    right = [
        each.status == 200 and each.body["customer_id"] == who
        for each, who in zip(ours.answers, customers, strict=True)
    ]
    return {
        "what": name,
        "peer": "the same app, a constant answer",
        "size": size,
        "seconds_ours": round(quantile(ours.answers, share), 5),
        "seconds_peer": round(quantile(peer.answers, share), 5),
        "memory_ours_mb": round(ours.memory_mb),
        "memory_peer_mb": round(peer.memory_mb),
        "agree": all(right) and all(each.status == 200 for each in peer.answers),
    }


def event_row(
    size: int, shown: list[tuple[float, bool]], share: float, memory_mb: float
) -> dict[str, object]:
    return {
        "what": f"event to changed readout, {share:.0%} within",
        "peer": None,
        "size": size,
        "seconds_ours": round(float(np.quantile([seconds for seconds, _ in shown], share)), 5),
        "seconds_peer": None,
        "memory_ours_mb": round(memory_mb),
        "memory_peer_mb": None,
        "agree": all(counted for _, counted in shown),
    }


def told(found: dict[str, object]) -> str:
    peer = "" if found["peer"] is None else f"; {found['peer']} {found['seconds_peer'] * 1000:.1f} ms"
    return (
        f"{found['size']:>9,} customers, {found['what']}: {found['seconds_ours'] * 1000:.1f} ms, "
        f"{found['memory_ours_mb']} MB{peer}; {'as it should be' if found['agree'] else 'WRONG ANSWERS'}"
    )


if __name__ == "__main__":
    main()
