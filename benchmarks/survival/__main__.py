"""Time Cox fits of growing size: ``python -m benchmarks.survival [--quick] [--json] [--save]``.

Every fit runs in a process of its own, so that its peak memory (libraries and data included) is its own. Times are of
the fit alone: seconds on the wall, and of processor time of all threads, which on a machine that others use is the
steadier. Small fits are repeated and the median taken. ``--save`` writes results.json and results.svg beside this file;
cases not measured this time keep the numbers they have there.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.survival.data import Case, write
from benchmarks.survival.draw import draw

HERE = Path(__file__).parent
KINDS = ("right-censored", "counting")
TIMES = ("continuous", "days")
SIZES = (10_000, 100_000, 1_000_000, 5_000_000)

LIMIT = 180.0
"""A peer is not asked for a size at which it should take more seconds than this, by what it took at the last size.

It is stopped after twice as long on the wall.
"""

PEERS = {
    "R coxph": KINDS,
    "lifelines": KINDS,
    "lifelines time-varying": ("counting",),
    "statsmodels": KINDS,
    "scikit-survival": ("right-censored",),
}
"""What kinds of rows each peer can fit; those with late entry by lifelines' ``entry_col`` and statsmodels' ``entry``."""


@dataclass(frozen=True)
class Row:
    """One peer beside ours on one case; ``agree`` is the largest difference over the largest coefficient."""

    peer: str
    size: int
    kind: str
    times: str
    seconds_ours: float
    seconds_peer: float | None
    cpu_ours: float
    cpu_peer: float | None
    memory_ours_mb: float
    memory_peer_mb: float | None
    agree: float | None
    why: str = ""


def main() -> None:
    asked = _arguments()
    done = [] if asked.quick else _stored()
    if not asked.json:
        print(HEAD)
    cases = [Case(kind, times, size) for size in asked.sizes for kind in asked.kinds for times in TIMES]
    for row in compare(cases, asked.peers, asked.limit, done, quick=asked.quick):
        done = [other for other in done if _key(other) != _key(row)] + [row]
        print(json.dumps(asdict(row)) if asked.json else line(row), flush=True)
        if asked.save:
            _store(done)


def compare(
    cases: list[Case], peers: list[str], limit: float, done: list[Row], *, quick: bool
) -> Iterator[Row]:
    """Yield one row per case and peer."""
    took = {(row.peer, row.kind, row.times, row.size): row.cpu_peer for row in done}
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            path = write(case, Path(folder))
            repeats = 3 if case.rows < 1_000_000 and not quick else 1
            mine = run("ours", case, path, 3 if case.rows <= 1_000_000 and not quick else 1)
            if isinstance(mine, str):
                raise SystemExit(f"our own fit failed on {case.name}: {mine}")
            for peer in (peer for peer in peers if case.kind in PEERS[peer]):
                theirs = _too_long(peer, case, took, limit) or run(peer, case, path, repeats, 2 * limit)
                row = beside(case, peer, mine, theirs)
                took[peer, case.kind, case.times, case.rows] = row.cpu_peer
                yield row


def _too_long(peer: str, case: Case, took: dict[Any, float | None], limit: float) -> str:
    """Why a peer is not asked, in words; empty where it is."""
    before = [
        (size, seconds)
        for (who, *what, size), seconds in took.items()
        if (who, *what) == (peer, case.kind, case.times) and size < case.rows and seconds is not None
    ]
    if not before:
        return ""
    size, seconds = max(before)
    if seconds * case.rows / size <= limit:
        return ""
    return f"not asked: {seconds:.0f} s at {size:.0e} rows, so beyond {limit:.0f} s here".replace("e+0", "e")


def run(
    engine: str, case: Case, path: Path, repeats: int, timeout: float | None = None
) -> dict[str, Any] | str:
    """Medians over fresh processes, or why there are none."""
    command = [sys.executable, "-m", "benchmarks.survival.one", engine, case.kind, str(path)]
    if engine == "R coxph":
        if shutil.which("Rscript") is None:
            return "R is not installed"
        command = ["Rscript", str(HERE / "one.R"), case.kind, str(path)]
    found = []
    for _ in range(repeats):
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout)
        except subprocess.TimeoutExpired:
            return f"stopped: no result within {timeout:.0f} s"
        if done.returncode:
            return (done.stderr.strip().splitlines() or [f"ended with code {done.returncode} (memory?)"])[-1]
        found.append(json.loads(done.stdout.strip().splitlines()[-1]))
    middle = {name: statistics.median(one[name] for one in found) for name in ("seconds", "cpu_seconds")}
    return found[0] | middle | {"memory_mb": max(one["memory_mb"] for one in found)}


def beside(case: Case, peer: str, mine: dict[str, Any], theirs: dict[str, Any] | str) -> Row:
    """Put two fits side by side."""
    why, found = (theirs, {}) if isinstance(theirs, str) else ("", theirs)
    agree = None
    if found:
        pairs = list(zip(mine["coefficients"], found["coefficients"], strict=True))
        agree = float(f"{max(abs(a - b) for a, b in pairs) / max(abs(a) for a, _ in pairs):.2g}")
    return Row(
        peer=peer,
        size=case.rows,
        kind=case.kind,
        times=case.times,
        seconds_ours=round(mine["seconds"], 4),
        seconds_peer=round(found["seconds"], 4) if found else None,
        cpu_ours=round(mine["cpu_seconds"], 4),
        cpu_peer=round(found["cpu_seconds"], 4) if found else None,
        memory_ours_mb=round(mine["memory_mb"]),
        memory_peer_mb=round(found["memory_mb"]) if found else None,
        agree=agree,
        why=why,
    )


COLUMNS = ("s ours", "s peer", "ratio", "cpu ours", "cpu peer", "ratio", "MB ours", "MB peer")
HEAD = f"{'case':34}{'peer':24}{''.join(f'{column:>9}' for column in COLUMNS)}  agree"


def line(row: Row) -> str:
    """Return a row for people; a ratio above 1 means that ours is faster."""
    start = f"{Case(row.kind, row.times, row.size).name:34}{row.peer:24}{row.seconds_ours:9.3f}"
    if row.seconds_peer is None or row.cpu_peer is None:
        return f"{start}  {row.why}"
    return (
        f"{start}{row.seconds_peer:9.3f}{row.seconds_peer / row.seconds_ours:9.1f}"
        f"{row.cpu_ours:9.3f}{row.cpu_peer:9.3f}{row.cpu_peer / row.cpu_ours:9.1f}"
        f"{row.memory_ours_mb:9.0f}{row.memory_peer_mb:9.0f}  {row.agree:.0e}"
    )


def _key(row: Row) -> tuple[int, int, int, int]:
    return row.size, KINDS.index(row.kind), TIMES.index(row.times), list(PEERS).index(row.peer)


def _stored() -> list[Row]:
    path = HERE / "results.json"
    return [Row(**row) for row in json.loads(path.read_text())["rows"]] if path.exists() else []


def _store(rows: list[Row]) -> None:
    rows = sorted(rows, key=_key)
    (HERE / "results.json").write_text(json.dumps({"rows": [asdict(row) for row in rows]}, indent=1) + "\n")
    draw(rows, HERE / "results.svg")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.survival", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1e4 rows, once: within a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("--save", action="store_true", help="write results.json and results.svg")
    parser.add_argument("--rows", type=float, nargs="+", help="only these numbers of rows, such as 1e6")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--peers", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument(
        "--limit", type=float, default=LIMIT, help="seconds that a peer may be expected to take"
    )
    asked = parser.parse_args()
    asked.sizes = [int(size) for size in asked.rows or (SIZES[:1] if asked.quick else SIZES)]
    return asked


if __name__ == "__main__":
    main()
