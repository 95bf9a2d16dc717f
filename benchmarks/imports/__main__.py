"""Import an export and compute features from it: ``python -m benchmarks.imports [--quick] [--json] [--save]``.

Ten million ticket events (2.5 million tickets as CSV, their events as JSON lines, half a million customers), imported by a
mapping, checked, and all features of all customers at one moment written to Parquet; each step in a process of its own,
DuckDB told to keep to 2 GB. The peer is pandas, which reads the same two files whole and counts two of the features: it does
less, and is stopped at 14 GB. ``--save`` writes results.json beside this file.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from benchmarks._measure import Measured, RunFailed, measure
from benchmarks.imports.data import write_export

MEMORY = "2GB"
LIMIT_MB = 14_000
"""Where pandas is stopped: a machine of 16 GB."""
STEPS = {"import and check": "ours_import", "features at one moment": "ours_features"}


def rows(events: int) -> list[dict[str, Any]]:
    """Return a row for each step of ours, beside all that pandas does, and one for both steps."""
    with tempfile.TemporaryDirectory(prefix="imports-") as place:
        write_export(Path(place), events)
        ours = {name: _measured(step, place, MEMORY) for name, step in STEPS.items()}
        try:
            peer: Measured | None = _measured("pandas_counts", place)
            why = ""
        except RunFailed as error:
            peer, why = None, str(error)
    agree = None if peer is None else peer.result == ours["features at one moment"].result
    told = {"peer": "pandas, two features", "size": events, "agree": agree, "why": why}
    found = [
        _row(name, [done], None) | told | {"why": "a step of the whole", "agree": None}
        for name, done in ours.items()
    ]
    return [*found, _row("the whole way", list(ours.values()), peer) | told]


def _measured(step: str, *arguments: str) -> Measured:
    return measure(f"benchmarks.imports.steps:{step}", *arguments, limit_mb=LIMIT_MB, timeout=3600)


def _row(what: str, ours: list[Measured], peer: Measured | None) -> dict[str, Any]:
    return {
        "what": what,
        "seconds_ours": round(sum(done.seconds for done in ours), 1),
        "cpu_seconds_ours": round(sum(done.cpu_seconds for done in ours), 1),
        "memory_ours_mb": round(max(done.memory_mb for done in ours)),
        "seconds_peer": None if peer is None else round(peer.seconds, 1),
        "memory_peer_mb": None if peer is None else round(peer.memory_mb),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.imports", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="200,000 events: a look, within a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("--save", action="store_true", help="write results.json")
    asked = parser.parse_args()
    found = rows(200_000 if asked.quick else 10_000_000)
    for row in found:
        print(json.dumps(row) if asked.json else "  ".join(f"{key} {value}" for key, value in row.items()))
    if asked.save:
        saved = json.dumps(found, indent=1) + "\n"
        (Path(__file__).parent / "results.json").write_text(saved, encoding="utf-8")
    if any(row["agree"] is False for row in found):
        raise SystemExit("the two disagree")


if __name__ == "__main__":
    main()
