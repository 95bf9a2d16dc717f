"""The bootstrap of all policies at all capacities, at size: ``python -m benchmarks.policies [--quick] [--json] [--save]``.

Ours is the public ``capacity_curve``, tables in and table out, in as many threads as there are cores; the peer a plain numpy
loop over the same draws, in one. The loop makes fewer draws, and its seconds for all of them are worked out from two such
runs: ``draws_peer`` and ``scaled`` say so. ``agree`` is the largest difference of the ends of the intervals of that many
draws. On a machine that others use as well trust the processor's seconds, which are of all threads.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks._measure import Measured, measure

HERE = Path(__file__).parent
PEER = "numpy loop"


@dataclass(frozen=True)
class Case:
    """How many customers at how many moments, how many draws, and how many of them the peer makes."""

    customers: int
    moments: int
    draws: int
    draws_peer: int


QUICK = (Case(10_000, 1, 500, 100), Case(50_000, 2, 500, 20))
FULL = (Case(100_000, 1, 2000, 200), Case(100_000, 12, 2000, 40), Case(1_000_000, 1, 2000, 40))


@dataclass(frozen=True)
class Row:
    """Ours beside the peer at one size; seconds are of the call, its processor seconds those of all threads."""

    size: int
    moments: int
    draws: int
    peer: str
    draws_peer: int
    scaled: bool
    seconds_ours: float
    cpu_seconds_ours: float
    seconds_peer: float
    cpu_seconds_peer: float
    memory_ours_mb: int
    memory_peer_mb: int
    agree: float


def main() -> None:
    """Measure, print, and write results.json if asked."""
    asked = _arguments()
    rows = []
    if not asked.json:
        print(HEAD)
    for row in compare(QUICK if asked.quick else FULL):
        rows.append(row)
        print(json.dumps(asdict(row)) if asked.json else line(row), flush=True)
    if asked.save:
        (HERE / "results.json").write_text(
            json.dumps({"rows": [asdict(row) for row in rows]}, indent=1) + "\n"
        )


def compare(cases: tuple[Case, ...]) -> Iterator[Row]:
    """Measure ours in full, the peer with few draws and with twice as few, and both on the same draws."""
    for case in cases:
        ours = _run("ours", case, case.draws)
        peer, fewer = (_run(PEER, case, draws) for draws in (case.draws_peer, case.draws_peer // 2))
        same = _run("ours", case, case.draws_peer)
        yield Row(
            size=case.customers,
            moments=case.moments,
            draws=case.draws,
            peer=PEER,
            draws_peer=case.draws_peer,
            scaled=case.draws_peer < case.draws,
            seconds_ours=round(ours.result["seconds"], 2),
            cpu_seconds_ours=round(ours.result["cpu_seconds"], 2),
            seconds_peer=round(_scaled("seconds", case, peer, fewer), 1),
            cpu_seconds_peer=round(_scaled("cpu_seconds", case, peer, fewer), 1),
            memory_ours_mb=round(ours.memory_mb),
            memory_peer_mb=round(peer.memory_mb),
            agree=_difference(same, peer),
        )


def _run(engine: str, case: Case, draws: int) -> Measured:
    return measure("benchmarks.policies.one:run", engine, case.customers, case.moments, draws)


def _scaled(kind: str, case: Case, peer: Measured, fewer: Measured) -> float:
    """Seconds that all draws would take: those of a draw are what twice as many draws took the processor longer."""
    one, other = peer.result["cpu_seconds"], fewer.result["cpu_seconds"]
    each = max(one - other, 0.0) / (case.draws_peer - case.draws_peer // 2)
    all_draws = one + each * (case.draws - case.draws_peer)
    # On a busy machine the wall's seconds are as many times the processor's as they were in the run measured.
    found: float = peer.result[kind] / one * all_draws
    return found


def _difference(one: Measured, other: Measured) -> float:
    return float(f"{np.abs(np.subtract(one.result['values'], other.result['values'])).max():.1g}")


HEAD = (
    f"{'customers':>10}{'moments':>9}{'draws':>7}{'s ours':>9}{'s peer':>9}{'cpu ours':>10}{'cpu peer':>10}"
    f"{'ratio':>7}{'MB':>7}{'peer':>7}  agree"
)


def line(row: Row) -> str:
    """Return a row for people; a ratio (of the processor's seconds) above 1 means that ours is faster."""
    start = f"{row.size:10.0e}{row.moments:9}{row.draws:7}{row.seconds_ours:9.2f}{row.seconds_peer:9.1f}"
    start += f"{row.cpu_seconds_ours:10.2f}{row.cpu_seconds_peer:10.1f}"
    ratio = row.cpu_seconds_peer / row.cpu_seconds_ours
    return f"{start}{ratio:7.1f}{row.memory_ours_mb:7}{row.memory_peer_mb:7}  {row.agree:.0e}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.policies", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes: within a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("--save", action="store_true", help="write results.json beside this file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
