"""Does the comparison come out as the truth says? ``python -m benchmarks.worlds [--quick] [--save]``.

Every replication draws one world of each kind, compares the policies in it as a firm would, and looks up the truth.
``--save`` goes on from benchmarks/worlds/results.json, writes into it as it goes, and makes docs/worlds.md of it.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from os import environ
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.worlds.study import Comparison

RESULTS = Path(__file__).with_name("results.json")
PAGE = Path(__file__).parents[2] / "docs" / "worlds.md"
EVERY = 5


def main() -> None:
    asked = _arguments()
    # One thread; it must be set before numpy is loaded.
    environ["OMP_NUM_THREADS"] = environ["OPENBLAS_NUM_THREADS"] = "1"
    from benchmarks.worlds.readout import into, markdown, plain
    from benchmarks.worlds.study import compare, lines, settings
    from benchmarks.worlds.worlds import LARGE, WORLDS

    began, stated = time.perf_counter(), settings()
    found = read(RESULTS, stated) if asked.save else []
    done = {(one.world, one.number) for one in found}
    for number in range(asked.replications):
        for place, world in enumerate(WORLDS):
            if (world.name, number) not in done:
                found += compare(place, number, large=LARGE // 5 if asked.quick else LARGE)
        if asked.save and (number % EVERY == EVERY - 1 or number == asked.replications - 1):
            write(RESULTS, stated, found)
    told = list(lines(found))
    print(
        plain(told), f"{asked.replications} replications in {time.perf_counter() - began:.0f} s", sep="\n\n"
    )
    if asked.save:
        PAGE.write_text(into(PAGE.read_text(encoding="utf-8"), markdown(told)), encoding="utf-8")


def read(path: Path, stated: dict[str, Any]) -> list[Comparison]:
    """Comparisons saved before; those of other settings are not taken up, and say so."""
    from benchmarks.worlds.study import Comparison

    if not path.exists():
        return []
    saved = json.loads(path.read_text(encoding="utf-8"))
    if saved["settings"] != stated:
        raise SystemExit(f"{path} is of other settings: {saved['settings']}. Remove it to begin anew.")
    rows = [dict(zip(saved["columns"], row, strict=True)) for row in saved["comparisons"]]
    return [
        Comparison(**{key: float("nan") if value is None else value for key, value in row.items()})
        for row in rows
    ]


def write(path: Path, stated: dict[str, Any], found: list[Comparison]) -> None:
    """Write the settings and one line per comparison; NaN as null."""
    rows = [[None if value != value else _short(value) for value in asdict(one).values()] for one in found]
    columns = json.dumps(list(asdict(found[0])))
    body = ",\n".join(json.dumps(row) for row in rows)
    text = f'{{"settings": {json.dumps(stated, indent=1)},\n"columns": {columns},\n"comparisons": [\n{body}\n]}}\n'
    path.write_text(text, encoding="utf-8")


def _short(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worlds", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="5 replications, a smaller truth: a look, within a minute"
    )
    parser.add_argument("--replications", type=int, default=200)
    parser.add_argument("--save", action="store_true", help="write results.json and docs/worlds.md")
    asked = parser.parse_args()
    if asked.quick and asked.save:
        parser.error("--quick is a look: it cannot be saved")
    asked.replications = 5 if asked.quick else asked.replications
    return asked


if __name__ == "__main__":
    main()
