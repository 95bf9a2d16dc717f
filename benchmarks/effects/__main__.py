"""Do intervals of reach and of what answers do hold the truth? ``python -m benchmarks.effects [--quick] [--json] [--save]``.

Every replication draws each world (seeded by its number); ``--save`` writes the tables into docs/reach.md and
docs/treatment.md between their markers.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from multiprocessing import get_context
from os import environ
from pathlib import Path

from benchmarks.effects.readout import into, markdown
from benchmarks.effects.study import ANSWERS, REACH, lines, replicate

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {REACH: DOCS / "reach.md", ANSWERS: DOCS / "treatment.md"}


def main() -> None:
    asked = _arguments()
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


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.effects", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="5 replications: a look, within a minute")
    parser.add_argument("--replications", type=int, default=100)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("--save", action="store_true", help="write the tables into the two pages of docs/")
    asked = parser.parse_args()
    asked.replications = 5 if asked.quick else asked.replications
    return asked


if __name__ == "__main__":
    main()
