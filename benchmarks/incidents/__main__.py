"""Which callers' incidents are reopened? ``python -m benchmarks.incidents [--quick] [--json] [--save]``.

Needs the log (``RETALIATION_RISK_DATA``). Prints the parts of docs/incident_study.md; ``--save`` writes them into it, and
the results they are made from beside this file. ``--from-results`` makes the page from those, without the log.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.incidents.readout import into, parts
from benchmarks.incidents.study import HORIZONS, ask, read_log, study
from retaliation_risk.datasets import fetch

RESULTS = Path(__file__).parent / "results.json"
PAGE = Path(__file__).parents[2] / "docs" / "incident_study.md"


def main() -> None:
    asked = _arguments()
    results = json.loads(RESULTS.read_text()) if asked.from_results else measured(quick=asked.quick)
    made = parts(results)
    print(lines(results) if asked.json else "\n\n".join(made.values()))
    if asked.save:
        RESULTS.write_text(lines(results) + "\n", encoding="utf-8")
        PAGE.write_text(into(PAGE.read_text(encoding="utf-8"), made), encoding="utf-8")


def measured(*, quick: bool) -> dict[str, Any]:
    """Results of every horizon as JSON takes them; ``quick`` takes the first, with few resamples."""
    histories = read_log(fetch("uci_incident_log"))
    results = {}
    for horizon in HORIZONS[:1] if quick else HORIZONS:
        print(f"{horizon:g} days", file=sys.stderr)
        found = study(ask(histories, horizon), n_bootstrap=500 if quick else 1000)
        results[f"{horizon:g}"] = plain(found)
    return results


def plain(value: Any) -> Any:
    """Tables as lists of rows, numbers to seven decimals, nothing for what is missing.

    >>> plain({"a": pd.DataFrame({"b": [1.0, float("nan")]})})
    {'a': [{'b': 1.0}, {'b': None}]}
    """
    if isinstance(value, pd.DataFrame):
        return json.loads(value.to_json(orient="records", double_precision=7))
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return value


def lines(results: dict[str, Any]) -> str:
    """JSON with a line for each row of a table.

    >>> print(lines({"a": [{"b": 1}, {"b": 2}]}))
    {"a": [{"b": 1},
    {"b": 2}]}
    """
    return json.dumps(results).replace("}, {", "},\n{")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.incidents", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="30 days alone, 500 resamples: a look, within a minute or two"
    )
    parser.add_argument("--json", action="store_true", help="print the results instead of the page's parts")
    parser.add_argument("--save", action="store_true", help="write results.json and docs/incident_study.md")
    parser.add_argument("--from-results", action="store_true", help="take results.json instead of measuring")
    return parser.parse_args()


if __name__ == "__main__":
    main()
