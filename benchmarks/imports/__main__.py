"""Import an export and compute features from it: ``python -m benchmarks.imports [--quick] [--json] [--save]``.

Ten million ticket events (2.5 million tickets as CSV, their events as JSON lines, half a million customers), imported by a
mapping, checked, and all features of all customers at one moment written to Parquet; each step in a process of its own, with
its seconds and the peak of its memory. Beside it pandas, which reads the same two files whole and counts two of the
features; the two must agree (they do at 200,000 events). Two shared cores at a load of 16, November 2026: import and check
90 s of processor time (810 s on the clock) and 2.2 GB, features 42 s (156 s) and 1.2 GB, DuckDB told to keep to 2 GB; pandas
was stopped at 14 GB. Trust the memory, not the seconds. ``--save`` writes results.json beside this file.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks._measure import RunFailed, measure
from benchmarks.imports.data import write_export

MEMORY = "2GB"
LIMIT_MB = 14_000
"""Where pandas is stopped: a machine of 16 GB."""


def run(events: int) -> Iterator[dict[str, Any]]:
    """Yield a line for each step."""
    with tempfile.TemporaryDirectory(prefix="imports-") as place:
        sizes = write_export(Path(place), events)
        yield {"step": "export", "events": events, "megabytes": sizes}
        results = {}
        for step, arguments in (
            ("ours_import", [MEMORY]),
            ("ours_features", [MEMORY]),
            ("pandas_counts", []),
        ):
            try:
                done = measure(
                    f"benchmarks.imports.steps:{step}", place, *arguments, limit_mb=LIMIT_MB, timeout=3600
                )
            except RunFailed as error:
                yield {"step": step, "events": events, "failed": str(error)}
                continue
            results[step] = done.result
            yield {
                "step": step, "events": events, "seconds": round(done.seconds, 1),
                "cpu_seconds": round(done.cpu_seconds, 1), "memory_mb": round(done.memory_mb), "result": done.result,
            }  # fmt: skip
    if {"ours_features", "pandas_counts"} <= set(results) and results["ours_features"] != results[
        "pandas_counts"
    ]:
        raise SystemExit(f"the two disagree: {results}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.imports", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="200,000 events: a look, within a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("--save", action="store_true", help="write results.json")
    asked = parser.parse_args()
    rows = []
    for row in run(200_000 if asked.quick else 10_000_000):
        rows.append(row)
        print(
            json.dumps(row) if asked.json else "  ".join(f"{key} {value}" for key, value in row.items()),
            flush=True,
        )
    if asked.save:
        (Path(__file__).parent / "results.json").write_text(
            json.dumps(rows, indent=1) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
