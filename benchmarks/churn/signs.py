"""Which signs of theory hold among these customers: one logit for each claim, read with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from benchmarks.churn.study import HORIZON, PREDICTORS, outcome_frame
from retaliation_risk.models import Logit

TRIPP = "Tripp & Grégoire 2011"
HUTZINGER = "Hutzinger & Weitzl 2023"
KNOX = "Knox & van Oest 2014"

#: What a stratum of few complaints is adjusted for.
FEW = ("tenure_months", "customer_value", "seconds_of_use", "age", "failures")


@dataclass(frozen=True)
class Claim:
    """A sign: the odds of ``outcome`` with ``column``, among customers with failures in ``failures`` (both ends count).

    ``sign`` is 1, -1, or 0 for a claim that there is next to nothing.
    """

    text: str
    source: str
    column: str
    sign: int
    outcome: str = "complained"
    failures: tuple[float, float] = (0, float("inf"))
    adjusted_for: tuple[str, ...] = PREDICTORS


def _by_failures(column: str, what: str) -> tuple[Claim, ...]:
    """Relationship and complaint turn round with the number of failures."""
    strata = (
        ("no failure", (0, 0), -1),
        ("1 to 10 failures", (1, 10), 0),
        ("more than 10", (11, float("inf")), 1),
    )
    return tuple(
        Claim(f"{what}, {name}", HUTZINGER, column, sign, failures=between, adjusted_for=FEW)
        for name, between, sign in strata
    )


CLAIMS = (
    Claim("failures raise complaining", TRIPP, "failures", 1),
    *_by_failures("tenure_months", "longer tenure"),
    *_by_failures("customer_value", "higher value"),
    Claim(
        "complaints raise leaving", KNOX, "complained", 1, "churned", adjusted_for=("complained", *PREDICTORS)
    ),
    Claim("use lowers leaving", KNOX, "calls", -1, "churned", adjusted_for=("complained", *PREDICTORS)),
)


def verdict(sign: int, low: float, high: float) -> str:
    """Say whether an odds ratio between ``low`` and ``high`` bears out a sign.

    >>> verdict(1, 1.1, 2), verdict(1, 0.9, 2), verdict(-1, 1.1, 2), verdict(0, 0.9, 1.2)
    ('holds', 'unclear', 'contradicted', 'no difference seen')
    """
    seen = (low > 1) - (high < 1)
    if sign == 0:
        return "contradicted" if seen else "no difference seen"
    return {sign: "holds", -sign: "contradicted", 0: "unclear"}[seen]


def judge(churn: pd.DataFrame) -> pd.DataFrame:
    """One row per claim: claim, source, expected, customers, events, odds ratio per SD, low, high, verdict."""
    return pd.DataFrame([_judged(churn, claim) for claim in CLAIMS])


def _judged(churn: pd.DataFrame, claim: Claim) -> dict[str, object]:
    some = churn[churn["failures"].between(*claim.failures)].reset_index(drop=True)
    X = some[list(claim.adjusted_for)].astype(float)
    model = Logit(horizon_days=HORIZON).fit(X, outcome_frame(some, claim.outcome))
    found = model.effects_.set_index("feature").loc[claim.column]
    low, high = float(found["low"]), float(found["high"])
    return {
        "claim": claim.text,
        "source": claim.source,
        "expected": {1: "> 1", 0: "about 1", -1: "< 1"}[claim.sign],
        "rows": len(some),
        "events": model.n_events_,
        "odds_ratio": float(found["estimate"]),
        "low": low,
        "high": high,
        "verdict": verdict(claim.sign, low, high),
    }
