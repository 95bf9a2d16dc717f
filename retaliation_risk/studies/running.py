"""Run studies: each claim in the world as it is, and again in the world in which it must fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from retaliation_risk._validate import positive
from retaliation_risk.errors import RetaliationRiskError
from retaliation_risk.studies.frame import (
    NOT_TESTABLE,
    PRINTED,
    Claim,
    Estimate,
    Study,
    Verdict,
    verdict,
    why,
)
from retaliation_risk.studies.panel import Panel
from retaliation_risk.studies.world import simulated_panel

N_CUSTOMERS = 40_000
COLUMNS = (
    "study", "claim", "kind", "text", "published", "tolerance", "unit", "value", "low", "high", "n_events", "verdict", "why",
    "by_construction", "switched_off", "value_off", "low_off", "high_off", "n_events_off", "verdict_off", "why_off",
    "reads_as", "source",
)  # fmt: skip
#: What data cannot answer, in the codes of errors: too few events, nothing that varies, columns that cannot be told apart.
TOO_LITTLE = ("RR401", "RR406", "RR408", "RR409", "RR640", "RR641", "RR642")
Step = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What a test gave: an estimate with its verdict, or why there is none."""

    estimate: Estimate
    verdict: Verdict
    why: str


NOTHING = Estimate(np.nan, np.nan, np.nan)


def run_studies(
    studies: Sequence[Study], *, n_customers: int = N_CUSTOMERS, seed: int = 0, step: Step = lambda name: None
) -> pd.DataFrame:
    """Test every claim of the studies on simulated customers or printed numbers.

    Each world is simulated once and all claims that need it are tested in it: first the world as it is, then one for each
    way to switch something off.

    Parameters
    ----------
    studies : sequence of Study
    n_customers : int, default 40000
        Simulated customers of each world, above 0.
    seed : int, default 0
        The same seed gives the same table; every world is drawn with it, so that they differ by their switch alone.
    step : callable
        Told the name of each world before it is made.

    Returns
    -------
    DataFrame
        One row per claim, in order, with the columns of :data:`COLUMNS`. ``verdict`` is that of the world as it is;
        ``verdict_off`` that of the world whose constants ``switched_off`` names (as JSON), empty for claims that do not
        hold by construction.
    """
    positive("n_customers", n_customers)
    claims = [(study, claim) for study in studies for claim in study.claims]
    found: dict[tuple[str, str], Outcome] = {}
    for switched in _worlds([claim for _, claim in claims]):
        step(f"simulating {n_customers:,} customers, {_words(switched)}")
        panel = simulated_panel(n_customers, seed=seed, switched=switched)
        for _, claim in claims:
            if _simulable(claim) and (not switched or claim.off == switched):
                found.setdefault((claim.name, _key(switched)), judge(claim, panel))
    return pd.DataFrame([_row(study, claim, found) for study, claim in claims], columns=list(COLUMNS))


def run_on_panel(studies: Sequence[Study], panel: Panel) -> pd.DataFrame:
    """Test every claim on a panel of one's own, as :func:`run_studies` does; a firm's world has no switches.

    Returns
    -------
    DataFrame
        As of :func:`run_studies`, with nothing said of what is switched off.
    """
    claims = [(study, claim) for study in studies for claim in study.claims]
    found = {(claim.name, _key({})): judge(claim, panel) for _, claim in claims if claim.data != PRINTED}
    table = pd.DataFrame([_row(study, claim, found) for study, claim in claims], columns=list(COLUMNS))
    return table.assign(by_construction="", switched_off="")


def judge(claim: Claim, panel: Panel | None = None) -> Outcome:
    """Test one claim; what cannot be estimated is not testable, with the reason."""
    if claim.test is None:
        return Outcome(NOTHING, NOT_TESTABLE, claim.why_not)
    try:
        estimate = claim.test() if claim.data == PRINTED else claim.test(panel)
    except RetaliationRiskError as error:
        if error.code not in TOO_LITTLE:
            raise
        return Outcome(NOTHING, NOT_TESTABLE, error.found)
    return Outcome(estimate, verdict(claim, estimate), why(claim, estimate))


def _worlds(claims: Sequence[Claim]) -> list[Mapping[str, Any]]:
    """Every world that the claims need, the one as it is first; each once, and none if all numbers are printed."""
    tested = [claim for claim in claims if _simulable(claim)]
    first: list[Mapping[str, Any]] = [{}] if tested else []
    return first + list({_key(claim.off): claim.off for claim in tested if claim.off}.values())


def _simulable(claim: Claim) -> bool:
    """Whether simulated customers can tell: not of printed numbers, nor of what no constant makes."""
    return claim.data != PRINTED and claim.test is not None and not claim.not_simulated


def _key(switched: Mapping[str, Any]) -> str:
    return json.dumps(dict(switched), sort_keys=True)


def _words(switched: Mapping[str, Any]) -> str:
    """Say a world in words.

    Examples
    --------
    >>> _words({"loyalty_school": "none"})
    'loyalty_school = none'
    """
    return ", ".join(f"{name} = {value}" for name, value in switched.items()) or "as they are"


def _row(study: Study, claim: Claim, found: Mapping[tuple[str, str], Outcome]) -> dict[str, Any]:
    """One claim as a row of the table."""
    nothing = Outcome(NOTHING, NOT_TESTABLE, "")
    untold = Outcome(NOTHING, NOT_TESTABLE, claim.not_simulated)
    here = found.get((claim.name, _key({}))) or (untold if claim.not_simulated else judge(claim))
    off = found.get((claim.name, _key(claim.off)), nothing) if claim.off else nothing
    return {
        "study": study.name,
        "claim": claim.name,
        **{
            name: getattr(claim, name) for name in ("kind", "text", "published", "unit", "reads_as", "source")
        },
        "tolerance": claim.tolerance if claim.kind == "number" else np.nan,
        **_cells(here, ""),
        "by_construction": ", ".join(claim.by_construction),
        "switched_off": _key(claim.off) if claim.off else "",
        **_cells(off, "_off"),
        "verdict_off": off.verdict if off is not nothing else "",
    }


def _cells(outcome: Outcome, suffix: str) -> dict[str, Any]:
    one = outcome.estimate
    cells: dict[str, Any] = {"value": one.value, "low": one.low, "high": one.high, "n_events": one.n_events}
    cells |= {"verdict": outcome.verdict, "why": outcome.why}
    return {f"{name}{suffix}": cell for name, cell in cells.items()}
