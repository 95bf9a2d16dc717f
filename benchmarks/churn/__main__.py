"""Who complains in the Iranian churn data? ``python -m benchmarks.churn [--quick] [--save]``.

Needs the data (``RETALIATION_RISK_DATA``). Prints the tables of docs/churn_study.md; ``--save`` writes them into it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from benchmarks.churn.readout import into, markdown
from benchmarks.churn.signs import judge
from benchmarks.churn.study import MODELS, calibration, held_out, leakage, scores
from retaliation_risk.datasets import read_iranian_churn

PAGE = Path(__file__).parents[2] / "docs" / "churn_study.md"
BANDS = {"0": (0, 0), "1 to 5": (1, 5), "6 to 10": (6, 10), "11 to 20": (11, 20), "more than 20": (21, 99)}


def main() -> None:
    asked = _arguments()
    churn = read_iranian_churn()
    risks = {name: held_out(churn, make) for name, make in MODELS.items()}
    made = markdown(
        {
            "scores": scores(churn, risks, 100 if asked.quick else 1000),
            "leakage": leakage(churn, MODELS["boosting"], range(1 if asked.quick else 10)),
            "calibration": calibration(churn, risks["boosting"]),
            "failures": by_failures(churn),
            "signs": judge(churn),
        }
    )
    print(made)
    if asked.save:
        PAGE.write_text(into(PAGE.read_text(encoding="utf-8"), made), encoding="utf-8")


def by_failures(churn: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for name, (least, most) in BANDS.items():
        some = churn.loc[churn["failures"].between(least, most), "complained"]
        rows.append((name, len(some), int(some.sum()), some.mean()))
    return pd.DataFrame(rows, columns=["failures", "customers", "complained", "share"])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.churn", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer resamples and deals of folds")
    parser.add_argument("--save", action="store_true", help="write the tables into docs/churn_study.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
