"""One simulation, to be run in a process of its own: ``python -m benchmarks.simulate.one WAY CUSTOMERS JOBS FOLDER``."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from retaliation_risk.simulate import BLOCK, DEFAULTS, simulate, simulate_tables
from retaliation_risk.tables import tables_from_frames, write_tables

SEED = 1
FIVE_YEARS = replace(DEFAULTS, history_days=5 * 365)
BLOCKS, WHOLE = "blocks", "one world"


def blocks(size: int, jobs: int, out: Path) -> dict[str, int]:
    """Simulate in blocks and return the rows of each table."""
    return simulate_tables(size, out, seed=SEED, parameters=FIVE_YEARS, jobs=jobs, block=BLOCK).rows


def whole(size: int, jobs: int, out: Path) -> dict[str, int]:
    """Simulate one world in memory, check it at the door and write it: what ``simulate`` and ``write_tables`` do."""
    world = simulate(size, seed=SEED, parameters=FIVE_YEARS)
    write_tables(tables_from_frames(world.frames), out)
    return {name: len(frame) for name, frame in world.frames.items()}


WAYS: dict[str, Callable[[int, int, Path], dict[str, int]]] = {BLOCKS: blocks, WHOLE: whole}


def main() -> None:
    way, size, jobs, out = sys.argv[1:]
    started = time.perf_counter()
    rows = WAYS[way](int(size), int(jobs), Path(out))
    seconds = time.perf_counter() - started
    stop_workers()
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu_seconds = sum(one.ru_utime + one.ru_stime for one in used)
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds, "rows": rows}))


def stop_workers() -> None:
    """End the processes that joblib keeps waiting, so that their time is counted."""
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)


if __name__ == "__main__":
    main()
