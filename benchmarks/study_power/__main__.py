"""Run ``python -m benchmarks.study_power [--quick] [--json] [--save]``: the power of every claim that can be simulated.

A world of each size is simulated with several seeds, and every claim is tested in it. Power is the share of seeds in which
the claim is reproduced, its whole 95 % interval where it was claimed, with Wilson's interval of the simulation alone. It is
the power to find an effect as large as the simulator makes it, which is mostly assumed: it sizes samples for the test,
and says nothing about people.
"""

from __future__ import annotations

import json
from pathlib import Path

import click
import pandas as pd
from joblib import Parallel, delayed

from retaliation_risk.metrics import wilson
from retaliation_risk.studies import PAPERS, run_on_panel, simulated_panel
from retaliation_risk.studies.frame import PRINTED

SIZES, SEEDS, FIRST_SEED = (5_000, 10_000, 20_000), 20, 100
RESULTS = Path(__file__).with_name("results.json")
PAGE = Path(__file__).parents[2] / "docs" / "study_power.md"
HEAD = """# Power: how many customers each claim takes

<!-- made by python -m benchmarks.study_power --save -->

Every claim of [studies.md](studies.md) that simulated customers can tell, tested in {seeds} worlds of each size. A cell is
the share of worlds in which the claim was reproduced, in percent, with Wilson's interval of the simulation: the power to
find an effect as large as the simulator makes it, at ten times its base rate of acts over two years. Most of these
effects are assumed, so the table sizes samples for the tests, and says nothing about people. `enough` is the smallest
size at which at least {wanted:.0%} were reproduced. Studies of which no claim can be simulated (Bitner, Grégoire & Fisher
2006, Grégoire, Laufer & Tripp 2010, Cheung, Li & Zhao) have no power here.

"""
WANTED = 0.8


@click.command()
@click.option("--quick", is_flag=True, help="Two seeds and one small size.")
@click.option("--json", "as_json", is_flag=True)
@click.option("--save", is_flag=True, help=f"Write {RESULTS.name} and {PAGE.name}.")
def main(quick: bool, as_json: bool, save: bool) -> None:
    sizes, seeds = ((2_000,), 2) if quick else (SIZES, SEEDS)
    asked = [(size, FIRST_SEED + seed) for size in sizes for seed in range(seeds)]
    tables = Parallel(n_jobs=2)(delayed(one_world)(*world) for world in asked)
    found = power(pd.concat(tables, ignore_index=True))
    if save:
        RESULTS.write_text(json.dumps(found.to_dict("records"), indent=1) + "\n", encoding="utf-8")
        PAGE.write_text(HEAD.format(seeds=seeds, wanted=WANTED) + page(found) + "\n", encoding="utf-8")
    print(found.to_json(orient="records", indent=1) if as_json else page(found))


def one_world(size: int, seed: int) -> pd.DataFrame:
    """Verdicts of all claims that the simulator can tell, in one world."""
    table = run_on_panel(PAPERS, simulated_panel(size, seed=seed))
    told = table[table["claim"].isin(simulable())]
    return told[["study", "claim", "text", "verdict"]].assign(size=size)


def simulable() -> set[str]:
    """Names of the claims that are neither of printed numbers nor of what no constant of the simulator makes."""
    claims = [claim for study in PAPERS for claim in study.claims]
    return {c.name for c in claims if c.test is not None and c.data != PRINTED and not c.not_simulated}


def power(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Share reproduced of each claim at each size, with Wilson's interval.

    Examples
    --------
    >>> made = pd.DataFrame({"study": "a", "claim": "A1", "text": "up", "size": 100, "verdict": ["reproduced", "differs"]})
    >>> power(made)[["n", "power"]].values.tolist()
    [[2.0, 0.5]]
    """
    keys = ["study", "claim", "text", "size"]
    hit = verdicts.assign(hit=verdicts["verdict"] == "reproduced").groupby(keys, sort=False)["hit"]
    found = hit.agg(n="size", power="mean").reset_index()
    low, high = wilson(found["power"], found["n"])
    return found.assign(low=low, high=high)


def page(found: pd.DataFrame) -> str:
    """One row for each claim, one column for each size."""
    sizes = sorted(found["size"].unique())
    lines = [
        f"| study | claim | {' | '.join(f'{size:,}' for size in sizes)} | enough |",
        f"|---|---|{'--:|' * (len(sizes) + 1)}",
    ]
    for (study, claim), rows in found.groupby(["study", "claim"], sort=False):
        at = rows.set_index("size")
        cells = [
            f"{100 * at.loc[s, 'power']:.0f} ({100 * at.loc[s, 'low']:.0f} to {100 * at.loc[s, 'high']:.0f})"
            if s in at.index
            else ""
            for s in sizes
        ]
        enough = next((f"{s:,}" for s in sizes if s in at.index and at.loc[s, "power"] >= WANTED), "more")
        lines.append(f"| {study} | {claim}: {rows['text'].iloc[0]} | {' | '.join(cells)} | {enough} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
