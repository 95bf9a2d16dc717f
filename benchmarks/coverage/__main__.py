"""Do 95 % intervals hold the truth? ``python -m benchmarks.coverage [--quick] [--json] [--save]``.

Every replication draws one world of each design (seeded by its number) and fits it in every form; ``--save`` writes the
table into docs/coverage.md between its markers.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from multiprocessing import get_context
from os import environ
from pathlib import Path

from benchmarks.coverage.readout import into, markdown, plain
from benchmarks.coverage.study import lines, replicate

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"


def main() -> None:
    asked = _arguments()
    # Two processes of one thread each; it must be set before they load numpy.
    environ["OMP_NUM_THREADS"] = environ["OPENBLAS_NUM_THREADS"] = "1"
    began = time.perf_counter()
    with get_context("spawn").Pool(asked.processes) as pool:
        found = list(lines(pool.map(replicate, range(asked.replications), chunksize=5)))
    seconds = time.perf_counter() - began
    if asked.json:
        print(*(json.dumps(asdict(line)) for line in found), sep="\n")
    else:
        print(plain(found), f"{asked.replications} replications in {seconds:.0f} s", sep="\n\n")
    if asked.save:
        PAGE.write_text(into(PAGE.read_text(), markdown(found, asked.replications)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="40 replications: a look, within a minute")
    parser.add_argument("--replications", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("--save", action="store_true", help="write the table into docs/coverage.md")
    asked = parser.parse_args()
    asked.replications = 40 if asked.quick else asked.replications
    return asked


if __name__ == "__main__":
    main()
