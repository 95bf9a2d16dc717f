"""Do intervals of reach and of what answers do hold the truth? ``python -m benchmarks.effects [--quick] [--json] [--save]``.

Every replication draws each world (seeded by its number); ``--save`` writes the tables into docs/reach.md and
docs/treatment.md between their markers.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from multiprocessing import get_context
from os import environ
from pathlib import Path

from benchmarks._options import study_options
from benchmarks.effects.readout import into, markdown
from benchmarks.effects.study import ANSWERS, REACH, lines, replicate

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {REACH: DOCS / "reach.md", ANSWERS: DOCS / "treatment.md"}


def main() -> None:
    asked = study_options(
        "effects", __doc__, quick=5, replications=100, saves="the tables into the two pages of docs/"
    )
    # Processes of one thread each; it must be set before they load numpy.
    environ["OMP_NUM_THREADS"] = environ["OPENBLAS_NUM_THREADS"] = "1"
    began = time.perf_counter()
    with get_context("spawn").Pool(asked.processes) as pool:
        found = list(lines(pool.map(replicate, range(asked.replications), chunksize=1)))
    for part, page in PAGES.items():
        here = [line for line in found if line.part == part]
        if asked.json:
            print(*(json.dumps(asdict(line)) for line in here), sep="\n")
        else:
            print(markdown(here), end="\n\n")
        if asked.save:
            page.write_text(into(page.read_text(encoding="utf-8"), markdown(here)), encoding="utf-8")
    if not asked.json:
        print(f"{asked.replications} replications in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
