"""Do 95 % intervals hold the truth? ``python -m benchmarks.estimators [--quick] [--save]``.

Every replication draws one study of each case (seeded by its number); ``--save`` writes the table into
docs/studies_estimators.md between its markers.
"""

from __future__ import annotations

import argparse
import time
from multiprocessing import get_context
from os import environ
from pathlib import Path

from benchmarks.estimators.readout import into, markdown
from benchmarks.estimators.study import replicate

PAGE = Path(__file__).parents[2] / "docs" / "studies_estimators.md"


def main() -> None:
    asked = _arguments()
    # Two processes of one thread each; it must be set before they load numpy.
    environ["OMP_NUM_THREADS"] = environ["OPENBLAS_NUM_THREADS"] = "1"
    began = time.perf_counter()
    with get_context("spawn").Pool(asked.processes) as pool:
        table = markdown(pool.map(replicate, range(asked.replications), chunksize=5))
    print(table, f"{asked.replications} replications in {time.perf_counter() - began:.0f} s", sep="\n\n")
    if asked.save:
        PAGE.write_text(into(PAGE.read_text(encoding="utf-8"), table), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.estimators", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="40 replications: a look, within a minute")
    parser.add_argument("--replications", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--save", action="store_true", help="write the table into docs/studies_estimators.md")
    asked = parser.parse_args()
    asked.replications = 40 if asked.quick else asked.replications
    return asked


if __name__ == "__main__":
    main()
