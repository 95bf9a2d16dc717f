"""What a table of claims comes to: counts, words for numbers, and the sentence that answers."""

from __future__ import annotations

import json
import math
from typing import Any

import pandas as pd

from retaliation_risk.studies.frame import DIFFERS, NOT_TESTABLE, REPRODUCED


def summarise(table: pd.DataFrame) -> dict[str, int]:
    """Count the verdicts, and what becomes of claims that hold by construction when their cause is switched off.

    Parameters
    ----------
    table : DataFrame
        As made by :func:`retaliation_risk.studies.run_studies`.

    Returns
    -------
    dict
        ``claims``, ``reproduced``, ``differs``, ``not_testable``; ``by_construction`` (reproduced, and made so by the
        simulator), ``fails_when_off`` (of these, those that differ in the world where they must), ``says_nothing`` (those
        that do not: their test cannot tell).
    """
    made = (table["verdict"] == REPRODUCED) & (table["by_construction"] != "")
    fails = made & (table["verdict_off"] == DIFFERS)
    told = {"claims": len(table), "by_construction": int(made.sum()), "fails_when_off": int(fails.sum())}
    names = {REPRODUCED: "reproduced", DIFFERS: "differs", NOT_TESTABLE: "not_testable"}
    counts = {name: int((table["verdict"] == verdict).sum()) for verdict, name in names.items()}
    tested = made & (table["switched_off"] != "")
    return {**told, **counts, "says_nothing": int((tested & ~fails).sum())}


def sentence(table: pd.DataFrame) -> str:
    """Say the counts in a sentence or two."""
    n = summarise(table)
    told = (
        f"Of {n['claims']} claims {n['reproduced']} are reproduced, {n['differs']} differ and {n['not_testable']} are not "
        "testable here."
    )
    if n["by_construction"]:
        told += (
            f" {n['by_construction']} of those reproduced hold by construction of the simulator: they say that a "
            "test works, not that people are so. "
            f"With their cause switched off {n['fails_when_off']} of these fail, as they must."
        )
    return told


def rounded(value: float) -> str:
    """Write a number with three digits; nothing where there is none.

    Examples
    --------
    >>> rounded(0.8533), rounded(700.0), rounded(float("nan"))
    ('0.853', '700', '')
    """
    if math.isnan(value):
        return ""
    return f"{value:.0f}" if value == int(value) or abs(value) >= 1000 else f"{value:.3g}"


def found(row: dict[str, Any], suffix: str = "") -> str:
    """Write an estimate with its interval, where it has one.

    Examples
    --------
    >>> found({"value": 0.5, "low": 0.4, "high": 0.6})
    '0.5 [0.4, 0.6]'
    """
    value, low, high = (float(row[f"{name}{suffix}"]) for name in ("value", "low", "high"))
    return (
        rounded(value)
        if math.isnan(value) or low == high
        else f"{rounded(value)} [{rounded(low)}, {rounded(high)}]"
    )


def claimed(row: dict[str, Any]) -> str:
    """Write what was claimed: a direction, or a number with its tolerance.

    Examples
    --------
    >>> claimed({"kind": "sign", "published": -1.0}), claimed({"kind": "number", "published": 4.2, "tolerance": 0.05})
    ('below 0', '4.2 ± 0.05')
    """
    if row["kind"] == "number":
        return (
            f"{rounded(row['published'])} ± {row['tolerance']:.2g}"
            if row["tolerance"] > 0
            else rounded(row["published"])
        )
    return {1.0: "above 0", -1.0: "below 0", 0.0: "not 0"}[float(row["published"])]


def switched(row: dict[str, Any]) -> str:
    """Write what was switched off.

    Examples
    --------
    >>> switched({"switched_off": '{"act_ratio": [1.0, 1.0]}'})
    'act_ratio = 1, 1'
    """
    if not row["switched_off"]:
        return ""
    return "; ".join(f"{name} = {_value(value)}" for name, value in json.loads(row["switched_off"]).items())


def _value(value: Any) -> str:
    many = value if isinstance(value, list) else [value]
    return ", ".join(one if isinstance(one, str) else f"{one:,g}" for one in many)


def off_verdict(row: dict[str, Any]) -> str:
    """Say what became of the claim with its cause switched off."""
    return {
        "": "",
        DIFFERS: "fails, as it must",
        REPRODUCED: "holds all the same: the test says nothing",
        NOT_TESTABLE: "not testable",
    }[row["verdict_off"]]
