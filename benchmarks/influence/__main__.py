"""Who is more influential in the PeerIndex pairs? ``python -m benchmarks.influence [--quick] [--save] [--scores FILE]``.

Needs the data (``RETALIATION_RISK_DATA``). Prints the tables of docs/influence_study.md; ``--save`` writes them into it.
The whole study takes some four minutes of one processor, most of it for pairs of which both profiles are new.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.influence.readout import into, markdown
from benchmarks.influence.study import (
    DEALS,
    auc_rows,
    calibration_curve,
    calibration_rows,
    fitted,
    gaming,
    read_pairs,
    said_by_all,
    score_table,
)

PAGE = Path(__file__).parents[2] / "docs" / "influence_study.md"
FREE, TOGETHER, NEW = DEALS
SEEDS = {FREE: 3, TOGETHER: 3, NEW: 3}


def main() -> None:
    asked = _arguments()
    profiles, pairs = read_pairs()
    said = said_by_all(profiles, pairs, {FREE: 1, TOGETHER: 1} if asked.quick else SEEDS)
    honest = TOGETHER if asked.quick else NEW
    scorers = fitted(profiles, pairs)
    scores = score_table(scorers, profiles)
    made = markdown(
        {
            "auc": auc_rows(pairs, said, 100 if asked.quick else 1000),
            "calibration": calibration_rows(pairs, said),
            "curve": calibration_curve(pairs["first_wins"].to_numpy(), said["blend", honest][0]),
            "agreement": scores.corr(method="spearman"),
            "gaming": gaming(scorers, profiles),
        },
        honest,
    )
    print(made)
    if asked.scores:
        profiles.join(scores.add_prefix("score_")).to_csv(asked.scores, index=False)
    if asked.save:
        PAGE.write_text(into(PAGE.read_text(encoding="utf-8"), made), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.influence", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="one deal of folds, none with new profiles, few resamples"
    )
    parser.add_argument("--save", action="store_true", help="write the tables into docs/influence_study.md")
    parser.add_argument("--scores", type=Path, help="write the score of each profile into this CSV file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
