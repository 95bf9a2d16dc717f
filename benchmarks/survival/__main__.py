"""Time Cox fits of growing size: ``python -m benchmarks.survival [--quick] [--json]``.

Every fit runs in a process of its own, so that its peak memory (libraries and data included) is its own. Seconds
are of the fit alone; small fits are repeated and the median taken. On a shared machine trust the ratios.
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
from pathlib import Path
from typing import Any

from benchmarks.survival.data import Case, write

HERE = Path(__file__).parent
KINDS = ("right-censored", "counting")
TIMES = ("continuous", "days")
TIMEOUT = 900

# Largest case, in rows, that each peer is asked for: (quick, full). Beyond it a fit takes many minutes.
PEERS = {
    "R coxph": (100_000, 5_000_000),
    "lifelines": (10_000, 1_000_000),
    "lifelines time-varying": (10_000, 1_000_000),
    "statsmodels": (10_000, 1_000_000),
    "scikit-survival": (10_000, 1_000_000),
}


def cases(quick: bool) -> list[Case]:
    if quick:
        small = [Case(kind, "days", 10_000) for kind in KINDS]
        return small + [Case(kind, "continuous", 100_000) for kind in KINDS]
    sizes = (10_000, 100_000, 1_000_000, 5_000_000)
    return [Case(kind, times, rows) for rows in sizes for kind in KINDS for times in TIMES]


def able(peer: str, case: Case, quick: bool) -> bool:
    if peer == "R coxph" and shutil.which("Rscript") is None:
        return False
    if peer == "scikit-survival" and case.kind == "counting":
        return False
    if peer == "lifelines time-varying" and case.kind == "right-censored":
        return False
    return case.rows <= PEERS[peer][0 if quick else 1]


def run(engine: str, case: Case, path: Path, repeats: int) -> dict[str, Any] | None:
    """Median seconds over fresh processes; None where the engine failed or took too long."""
    command = [sys.executable, "-m", "benchmarks.survival.one", engine, case.kind, str(path)]
    if engine == "R coxph":
        command = ["Rscript", str(HERE / "one.R"), case.kind, str(path)]
    found = []
    for _ in range(repeats):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=True)
        except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as failure:
            print(f"{engine} on {case.name}: {failure}", file=sys.stderr)
            return None
        found.append(json.loads(done.stdout.strip().splitlines()[-1]))
    return found[0] | {"seconds": statistics.median(one["seconds"] for one in found)}


def compare(quick: bool, sizes: set[int] | None) -> Iterator[dict[str, Any]]:
    """One row per case and peer."""
    for case in cases(quick):
        if sizes and case.rows not in sizes:
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = write(case, Path(folder))
            repeats = 1 if quick or case.rows > 100_000 else 3
            mine = run("ours", case, path, 3 if not quick and case.rows <= 1_000_000 else 1)
            if mine is None:
                raise SystemExit(f"our own fit failed on {case.name}")
            for peer in PEERS:
                if able(peer, case, quick) and (theirs := run(peer, case, path, repeats)):
                    yield row(case, peer, mine, theirs)


def row(case: Case, peer: str, mine: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Put two fits side by side; ``agree`` is the largest difference over the largest coefficient."""
    pairs = list(zip(mine["coefficients"], theirs["coefficients"], strict=True))
    return {
        "peer": peer,
        "size": case.rows,
        "kind": case.kind,
        "times": case.times,
        "seconds_ours": round(mine["seconds"], 4),
        "seconds_peer": round(theirs["seconds"], 4),
        "memory_ours_mb": round(mine["memory_mb"]),
        "memory_peer_mb": round(theirs["memory_mb"]),
        "agree": float(f"{max(abs(a - b) for a, b in pairs) / max(abs(a) for a, _ in pairs):.2g}"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.survival", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes only, within a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("--rows", type=float, nargs="*", help="only these numbers of rows, such as 1e6")
    arguments = parser.parse_args()
    if not arguments.json:
        print(f"{'case':34}{'peer':24}{'ours':>9}{'peer':>9}{'ratio':>8}{'MB':>7}{'peer':>7}  agree")
    for found in compare(arguments.quick, {int(size) for size in arguments.rows or ()}):
        if arguments.json:
            print(json.dumps(found), flush=True)
            continue
        name = Case(found["kind"], found["times"], found["size"]).name
        ratio = found["seconds_peer"] / found["seconds_ours"]
        print(
            f"{name:34}{found['peer']:24}{found['seconds_ours']:9.3f}{found['seconds_peer']:9.3f}{ratio:8.1f}"
            f"{found['memory_ours_mb']:7}{found['memory_peer_mb']:7}  {found['agree']:.0e}",
            flush=True,
        )


if __name__ == "__main__":
    main()
