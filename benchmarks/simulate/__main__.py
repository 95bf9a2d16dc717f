"""A million customers over five years, and the rates of the surveys: ``python -m benchmarks.simulate [--rates]``.

Without ``--rates``: seconds, processor seconds and peak memory of all processes, in blocks on one and two processes, beside
the peer: one world in memory, checked and written. With it: the rates of a simulated world beside those of its sources.
``--save`` writes either into docs/simulator.md, and the list of what the simulator has and has not.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.simulate.one import BLOCKS, WHOLE
from benchmarks.simulate.rates import rates
from benchmarks.simulate.readout import into, rates_table, structure_table, times_table
from retaliation_risk.simulate import simulate
from tests.histories.test_shards import watched

PAGE = Path(__file__).parents[2] / "docs" / "simulator.md"
RUNS = ((BLOCKS, 1_000_000, 2), (BLOCKS, 100_000, 1), (WHOLE, 100_000, 1))
QUICK = ((BLOCKS, 2_000, 1), (WHOLE, 2_000, 1))
CUSTOMERS, QUICK_CUSTOMERS = 100_000, 4_000


def main() -> None:
    asked = _arguments()
    if asked.rates:
        found = rates(simulate(QUICK_CUSTOMERS if asked.quick else CUSTOMERS, seed=1))
        made = {"rates": rates_table(found), "structure": structure_table()}
        values: Any = [one.as_dict() for one in found]
    else:
        values = [run(*one) for one in (QUICK if asked.quick else RUNS)]
        made = {"times": times_table(values)}
    print(json.dumps(values, indent=2) if asked.as_json else "\n\n".join(made.values()))
    if asked.save:
        page = PAGE.read_text(encoding="utf-8")
        for name, table in made.items():
            page = into(page, name, table)
        PAGE.write_text(page, encoding="utf-8")


def run(way: str, size: int, jobs: int) -> dict[str, Any]:
    """Simulate in a fresh process; return what it took."""
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "world"
        arguments = map(str, (way, size, jobs, out))
        peak, told = watched([sys.executable, "-m", "benchmarks.simulate.one", *arguments])
        written = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    load = round(os.getloadavg()[0], 1)
    took = json.loads(told.splitlines()[-1])
    about = {"way": way, "customers": size, "jobs": jobs, "load": load}
    return {**about, **took, "peak_mb": peak / 1e6, "written_mb": written / 1e6}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulate", description=__doc__)
    parser.add_argument("--rates", action="store_true", help="the rates, not the times")
    parser.add_argument("--quick", action="store_true", help="a few thousand customers: a look")
    parser.add_argument("--json", action="store_true", dest="as_json", help="JSON instead of tables")
    parser.add_argument("--save", action="store_true", help="write the tables into docs/simulator.md")
    asked = parser.parse_args()
    if asked.quick and asked.save:
        parser.error("--quick is a look: it cannot be saved")
    return asked


if __name__ == "__main__":
    main()
