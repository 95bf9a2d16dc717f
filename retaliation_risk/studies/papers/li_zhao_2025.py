"""Li and Zhao 2025: a measurement model of perceived betrayal whose loadings were printed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from retaliation_risk.studies.estimators.measurement import average_variance_extracted, composite_reliability
from retaliation_risk.studies.frame import PRINTED, Claim, Estimate, Study
from retaliation_risk.studies.published import LI_ZHAO_2025

_ROUNDING = 0.0005
Measure = Callable[[Sequence[float]], float]


def rounding(measure: Measure, loadings: Sequence[float]) -> float:
    """How far a measure may be from its printed value where it and the loadings were rounded to three places."""
    return _ROUNDING + measure([one + _ROUNDING for one in loadings]) - measure(loadings)


def from_loadings(measure: Measure, loadings: Sequence[float]) -> Estimate:
    """Compute a measure of a scale from its printed loadings."""
    value = float(measure(loadings))
    return Estimate(value, value, value)


def _claim(construct: str, name: str, words: str, measure: Measure, printed: float) -> Claim:
    loadings = LI_ZHAO_2025[construct].loadings
    return Claim(
        f"Z-{construct}-{name}",
        f"{words} of {construct} is {printed}",
        "number",
        source="table 3",
        published=printed,
        unit="share",
        test=partial(from_loadings, measure, loadings),
        tolerance=rounding(measure, loadings),
        data=PRINTED,
        reads_as="computed from the printed loadings; the tolerance is the rounding of both",
    )


def _claims(construct: str) -> tuple[Claim, Claim]:
    printed = LI_ZHAO_2025[construct]
    return (
        _claim(construct, "cr", "composite reliability", composite_reliability, printed.composite),
        _claim(construct, "ave", "average variance extracted", average_variance_extracted, printed.extracted),
    )


STUDY = Study(
    "li_zhao_2025",
    "Li & Zhao 2025, Humanities and Social Sciences Communications",
    "Scenarios of product harm (no double deviation), n = 188: betrayal, blame and boycott; confirmatory factor analysis.",
    (
        *(claim for construct in LI_ZHAO_2025 for claim in _claims(construct)),
        Claim(
            "Z-fit",
            "the model fits with chi-square 22.836 on 24 degrees of freedom",
            "number",
            source="table 3",
            published=22.836,
            unit="chi-square",
            why_not="the correlations between the constructs, or the items' covariances, were not seen",
        ),
    ),
    doi="10.1057/s41599-025-05058-6",
)
