"""The tables of docs/churn_study.md."""

from __future__ import annotations

import pandas as pd

BEGIN, END = "<!-- made by python -m benchmarks.churn --save -->", "<!-- end -->"
SHOWN = {
    "auroc": "AUROC",
    "auprc": "average precision",
    "scaled_brier": "scaled Brier",
    "calibration_slope": "calibration slope",
    "calibration_intercept": "calibration intercept",
}


def markdown(tables: dict[str, pd.DataFrame]) -> str:
    """Return all tables under their headings."""
    parts = (
        ("How well each model ranks and how far it can be believed", models(tables["scores"])),
        ("What duplicates are worth", leakage(tables["leakage"])),
        ("Calibration of boosting, customers held out", calibration(tables["calibration"])),
        ("Complaints by number of failures", by_failures(tables["failures"])),
        ("Which signs held", signs(tables["signs"])),
    )
    return "\n\n".join(f"## {title}\n\n{body}" for title, body in parts)


def models(scores: pd.DataFrame) -> str:
    """One row per model, one column per metric with its interval; a constant risk has no slope."""
    cells = scores.assign(cell=[f"{v:.3f} ({a:.3f} to {b:.3f})" for v, a, b in _triples(scores, "value")])
    cells.loc[(cells["model"] == "prevalence") & cells["metric"].str.startswith("calibration_s"), "cell"] = ""
    wide = cells.pivot(index="model", columns="metric", values="cell").loc[scores["model"].unique()]
    return table(["model", *SHOWN.values()], [(name, *row[list(SHOWN)]) for name, row in wide.iterrows()])


def leakage(found: pd.DataFrame) -> str:
    """One row per way of dealing with duplicates."""
    rows = [
        (r.folds, f"{r.rows:,}", f"{r.auroc:.4f}", f"{r.lowest:.4f} to {r.highest:.4f}")
        for r in found.itertuples()
    ]
    return table(["folds", "rows", "AUROC, mean of deals", "lowest to highest"], rows)


def calibration(found: pd.DataFrame) -> str:
    """One row per bin of equally many customers."""
    rows = [
        (r.n, f"{r.predicted:.1%}", f"{r.observed:.1%}", f"{r.low:.1%} to {r.high:.1%}")
        for r in found.itertuples()
    ]
    return table(["customers", "risk said", "complained", "95 % interval"], rows)


def by_failures(found: pd.DataFrame) -> str:
    """One row per band of failures."""
    rows = [(r.failures, f"{r.customers:,}", r.complained, f"{r.share:.1%}") for r in found.itertuples()]
    return table(["failed calls", "customers", "complained", "share"], rows)


def signs(found: pd.DataFrame) -> str:
    """One row per claim."""
    rows = [
        (
            r.claim,
            r.source,
            r.expected,
            f"{r.rows:,}",
            r.events,
            f"{r.odds_ratio:.2f} ({r.low:.2f} to {r.high:.2f})",
            r.verdict,
        )
        for r in found.itertuples()
    ]
    return table(["claim", "source", "expected", "customers", "events", "odds ratio per SD", "verdict"], rows)


def table(head: list[str], rows: list[tuple[object, ...]]) -> str:
    """Write a Markdown table.

    >>> print(table(["a", "b"], [(1, "x")]))
    | a | b |
    |---|---|
    | 1 | x |
    """
    lines = [head, ["---"] * len(head), *rows]
    written = [" | ".join(map(str, line)) for line in lines]
    return "\n".join(f"| {line} |" if "---" not in line else "|" + "---|" * len(head) for line in written)


def into(page: str, made: str) -> str:
    """Put the tables between the markers of a page."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{rest.split(END)[1]}"


def _triples(frame: pd.DataFrame, value: str) -> zip[tuple[float, float, float]]:
    return zip(frame[value], frame["low"], frame["high"], strict=True)
