"""Are interactions of constructs found? ``python -m benchmarks.constructs [--quick] [--json] [--save]``.

Every replication draws each world (seeded by its number); ``--save`` writes the tables into docs/studies_method.md between
its markers.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from multiprocessing import get_context
from os import environ
from pathlib import Path

from benchmarks._options import study_options
from benchmarks.constructs.readout import into, markdown
from benchmarks.constructs.study import lines, replicate

PAGE = Path(__file__).parents[2] / "docs" / "studies_method.md"


def main() -> None:
    asked = study_options(
        "constructs", __doc__, quick=10, replications=500, saves="the tables into docs/studies_method.md"
    )
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


if __name__ == "__main__":
    main()
