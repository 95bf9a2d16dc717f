"""The tables of docs/influence_study.md."""

from __future__ import annotations

import pandas as pd

from benchmarks.churn.readout import table

BEGIN, END = "<!-- made by python -m benchmarks.influence --save -->", "<!-- end -->"


def markdown(tables: dict[str, pd.DataFrame], folds: str) -> str:
    """Return all tables under their headings; ``folds`` is the deal that the calibration is of."""
    parts = (
        ("How often the score ranks a pair as people did", auc(tables["auc"])),
        ("Brier score and calibration slope of the chances", calibration(tables["calibration"])),
        (f"Calibration of the blend, {folds}", curve(tables["curve"])),
        ("Rank correlation of the scores from 1 to 100", agreement(tables["agreement"])),
        ("Followers bought: median gain in points (share that gains more than 10)", gaming(tables["gaming"])),
    )
    return "\n\n".join(f"### {title}\n\n{body}" for title, body in parts)


def auc(found: pd.DataFrame) -> str:
    """One row per score and deal of folds."""
    rows = [
        (r.model, r.folds, f"{r.auc:.4f}", f"{r.lowest:.4f} to {r.highest:.4f}", f"{r.low:.3f} to {r.high:.3f}",
         f"{r.accuracy:.1%}")
        for r in found.itertuples()
    ]  # fmt: skip
    head = ["score", "folds", "AUC, mean of deals", "lowest to highest", "95 % interval", "pairs right"]
    return table(head, rows)


def calibration(found: pd.DataFrame) -> str:
    """One row per learned score and deal of folds."""
    rows = [(r.model, r.folds, f"{r.brier:.4f}", f"{r.slope:.2f}") for r in found.itertuples()]
    return table(["score", "folds", "Brier", "slope"], rows)


def curve(found: pd.DataFrame) -> str:
    """One row per bin of equally many pairs."""
    rows = [
        (r.n, f"{r.predicted:.1%}", f"{r.observed:.1%}", f"{r.low:.1%} to {r.high:.1%}")
        for r in found.itertuples()
    ]
    return table(["pairs", "chance said for the favourite", "favourite won", "95 % interval"], rows)


def agreement(found: pd.DataFrame) -> str:
    """Square table."""
    rows = [
        (name, *(f"{value:.2f}" for value in row)) for name, row in zip(found, found.to_numpy(), strict=True)
    ]
    return table(["", *found], rows)


def gaming(found: pd.DataFrame) -> str:
    """One row per group of accounts and number bought, one column per score."""
    cells = found.assign(cell=[f"{r.median_gain:.1f} ({r.moved_share:.0%})" for r in found.itertuples()])
    names = list(found["scorer"].unique())
    wide = cells.pivot(index=["accounts", "n", "bought"], columns="scorer", values="cell")[names]
    rows = [
        (who, n, f"{bought:,}", *row)
        for (who, n, bought), row in zip(wide.index, wide.to_numpy(), strict=True)
    ]
    return table(["accounts", "n", "followers bought", *names], rows)


def into(page: str, made: str) -> str:
    """Put the tables between the markers of a page."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{rest.split(END)[1]}"
