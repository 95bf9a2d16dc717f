"""Li and Zhao 2025: a measurement model of perceived betrayal whose loadings were printed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from retaliation_risk.studies.frame import PRINTED, Claim, Estimate, Study

#: Standardised loadings, composite reliability and average variance extracted, as printed in table 3.
TABLE_3: dict[str, tuple[tuple[float, ...], float, float]] = {
    "betrayal": ((0.818, 0.766, 0.800), 0.837, 0.632),
    "blame": ((0.803, 0.774, 0.757), 0.821, 0.606),
    "boycott": ((0.722, 0.753, 0.742), 0.783, 0.546),
}
_ROUNDING = 0.0005
_READS = "computed from the printed loadings; the tolerance is the rounding of both"


def composite_reliability(loadings: Sequence[float]) -> float:
    """Reliability of a sum of items from their standardised loadings, in [0, 1] (Fornell and Larcker 1981).

    Examples
    --------
    >>> round(composite_reliability([0.8, 0.8, 0.8]), 3)
    0.842
    """
    common = float(np.sum(loadings)) ** 2
    return common / (common + float(np.sum(1 - np.square(loadings))))


def variance_extracted(loadings: Sequence[float]) -> float:
    """Mean share of the items' variance that the construct explains, in [0, 1] (Fornell and Larcker 1981).

    Examples
    --------
    >>> round(variance_extracted([0.8, 0.8, 0.8]), 3)
    0.64
    """
    return float(np.mean(np.square(loadings)))


def rounding(measure: Callable[[Sequence[float]], float], loadings: Sequence[float]) -> float:
    """How far a measure may be from its printed value where it and the loadings were rounded to three places."""
    return _ROUNDING + measure([one + _ROUNDING for one in loadings]) - measure(loadings)


def _exact(value: float) -> Estimate:
    return Estimate(value, value, value)


def _claims(construct: str) -> tuple[Claim, Claim]:
    loadings, reliability, extracted = TABLE_3[construct]
    return (
        Claim(
            f"Z-{construct}-cr",
            f"composite reliability of {construct} is {reliability}",
            "number",
            source="table 3",
            published=reliability,
            unit="share",
            test=lambda: _exact(composite_reliability(loadings)),
            tolerance=rounding(composite_reliability, loadings),
            data=PRINTED,
            reads_as=_READS,
        ),
        Claim(
            f"Z-{construct}-ave",
            f"average variance extracted of {construct} is {extracted}",
            "number",
            source="table 3",
            published=extracted,
            unit="share",
            test=lambda: _exact(variance_extracted(loadings)),
            tolerance=rounding(variance_extracted, loadings),
            data=PRINTED,
            reads_as=_READS,
        ),
    )


STUDY = Study(
    "li_zhao_2025",
    "Li & Zhao 2025, Humanities and Social Sciences Communications",
    "Scenarios of product harm (not a double deviation), n = 188: betrayal, blame and boycott; "
    "confirmatory factor analysis.",
    (
        *(claim for construct in TABLE_3 for claim in _claims(construct)),
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
