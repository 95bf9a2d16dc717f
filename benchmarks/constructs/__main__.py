"""Are interactions of constructs found? ``python -m benchmarks.constructs [--quick] [--json] [--save]``.

Every replication draws each world (seeded by its number); ``--save`` writes the tables into docs/studies_method.md between
its markers.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from multiprocessing import get_context
from os import environ
from pathlib import Path

from benchmarks.constructs.readout import into, markdown
from benchmarks.constructs.study import lines, replicate

PAGE = Path(__file__).parents[2] / "docs" / "studies_method.md"


def main() -> None:
    asked = _arguments()
    # Processes of one thread each; it must be set before they load numpy.
    environ["OMP_NUM_THREADS"] = environ["OPENBLAS_NUM_THREADS"] = "1"
    began = time.perf_counter()
    with get_context("spawn").Pool(asked.processes) as pool:
        found = list(lines(pool.map(replicate, range(asked.replications), chunksize=1)))
    if asked.json:
        print(*(json.dumps(asdict(line)) for line in found), sep="\n")
    else:
        print(
            markdown(found),
            f"{asked.replications} replications in {time.perf_counter() - began:.0f} s",
            sep="\n\n",
        )
    if asked.save:
        PAGE.write_text(into(PAGE.read_text(encoding="utf-8"), markdown(found)), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.constructs", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10 replications: a look, within a minute")
    parser.add_argument("--replications", type=int, default=500)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("--save", action="store_true", help="write the tables into docs/studies_method.md")
    asked = parser.parse_args()
    asked.replications = 10 if asked.quick else asked.replications
    return asked


if __name__ == "__main__":
    main()
