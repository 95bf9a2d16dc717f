"""Do 95 % intervals hold the truth? ``python -m benchmarks.coverage [--quick] [--json] [--save]``.

Every replication draws one world of each design (seeded by its number) and fits it in every form; ``--save`` writes the
table into docs/coverage.md between its markers.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from multiprocessing import get_context
from os import environ
from pathlib import Path

from benchmarks._options import study_options
from benchmarks.coverage.readout import into, markdown, plain
from benchmarks.coverage.study import lines, replicate

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"


def main() -> None:
    asked = study_options("coverage", __doc__, quick=40, saves="the table into docs/coverage.md")
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


if __name__ == "__main__":
    main()
