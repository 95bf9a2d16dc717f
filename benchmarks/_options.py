"""The options of the studies that draw worlds again and again."""

from __future__ import annotations

import argparse


def study_options(
    name: str, about: str | None, *, quick: int, replications: int = 1000, saves: str
) -> argparse.Namespace:
    """Read --quick, --replications, --processes, --json and --save of ``python -m benchmarks.<name>``."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=about)
    parser.add_argument("--quick", action="store_true", help=f"{quick} replications: a look, within a minute")
    parser.add_argument("--replications", type=int, default=replications)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("--save", action="store_true", help=f"write {saves}")
    asked = parser.parse_args()
    asked.replications = quick if asked.quick else asked.replications
    return asked
