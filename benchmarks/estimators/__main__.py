"""Do 95 % intervals hold the truth? ``python -m benchmarks.estimators [--quick] [--json] [--save]``.

Every replication draws one study of each case (seeded by its number); ``--save`` writes the table into
docs/studies_estimators.md between its markers.
"""

from __future__ import annotations

import json
import time
from multiprocessing import get_context
from os import environ
from pathlib import Path

from benchmarks._options import study_options
from benchmarks.estimators.readout import into, markdown, rows
from benchmarks.estimators.study import replicate

PAGE = Path(__file__).parents[2] / "docs" / "studies_estimators.md"


def main() -> None:
    asked = study_options("estimators", __doc__, quick=40, saves="the table into docs/studies_estimators.md")
    # Two processes of one thread each; it must be set before they load numpy.
    environ["OMP_NUM_THREADS"] = environ["OPENBLAS_NUM_THREADS"] = "1"
    began = time.perf_counter()
    with get_context("spawn").Pool(asked.processes) as pool:
        table = rows(pool.map(replicate, range(asked.replications), chunksize=5))
    if asked.json:
        print(*map(json.dumps, table), sep="\n")
    else:
        took = f"{asked.replications} replications in {time.perf_counter() - began:.0f} s"
        print(markdown(table), took, sep="\n\n")
    if asked.save:
        PAGE.write_text(into(PAGE.read_text(encoding="utf-8"), markdown(table)), encoding="utf-8")


if __name__ == "__main__":
    main()
