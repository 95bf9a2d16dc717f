"""Cheung and others 2016: commitment and what people say they would do when betrayed, in sixteen laboratories."""

from __future__ import annotations

from functools import partial

import numpy as np

from retaliation_risk.studies.estimators import fit_path_model, standardized_estimates
from retaliation_risk.studies.frame import PRINTED, Claim, Estimate, Study
from retaliation_risk.studies.published import BETRAYAL_REPLICATION
from retaliation_risk.studies.rates import Z

#: Each answer on its own, and as signs of two kinds of answers.
RESPONSES = "Exit ~ Commit; Neglect ~ Commit; Voice ~ Commit; Loyalty ~ Commit"
TWO_KINDS = "destructive =~ Exit + Neglect; constructive =~ Voice + Loyalty; destructive ~ Commit; constructive ~ Commit"
#: Effect of priming commitment on exit, in standard deviations: the original study, and the sixteen together.
ORIGINAL, ORIGINAL_N = -0.599, 89
REPLICATION, REPLICATION_ERROR = -0.049, 0.049


def path(model: str, answer: str) -> Estimate:
    """Path from commitment to an answer, or to a kind of answers, in standard deviations.

    Examples
    --------
    >>> one = path(RESPONSES, "Exit")
    >>> round(one.value, 3), round(one.low, 3), round(one.high, 3)
    (-0.18, -0.226, -0.134)
    """
    table = standardized_estimates(fit_path_model(model, BETRAYAL_REPLICATION)).set_index("term")
    value, low, high = table.loc[f"{answer} ~ Commit", ["estimate", "low", "high"]].to_numpy(float)
    return Estimate(float(value), float(low), float(high))


def replicated() -> Estimate:
    """Effect of the prime in the sixteen laboratories, fixed effect."""
    return _interval(REPLICATION, REPLICATION_ERROR)


def shrunk() -> Estimate:
    """How much larger the original effect is than that of the replication.

    The error of the original is that of a standardised difference of two groups of equal size, which is assumed.
    """
    error = np.sqrt(4 / ORIGINAL_N + ORIGINAL**2 / (2 * ORIGINAL_N))
    return _interval(abs(ORIGINAL) - abs(REPLICATION), float(np.hypot(error, REPLICATION_ERROR)))


def _interval(value: float, error: float) -> Estimate:
    return Estimate(value, value - Z * error, value + Z * error)


def _answered(name: str, model: str, answer: str, sign: int, text: str) -> Claim:
    return Claim(
        name,
        text,
        "sign",
        source="raw files of the laboratories, scored again",
        published=sign,
        unit="standardised path",
        test=partial(path, model, answer),
        data=PRINTED,
        reads_as="a path model on the moments of 1,696 persons; betrayal between persons, not of customers",
    )


STUDY = Study(
    "cheung_2016",
    "Cheung et al. 2016, Perspectives on Psychological Science 11(5), registered replication of Finkel et al. 2002, study 1",
    "Commitment to a partner, primed or not; answers to betrayals: exit, neglect, voice, loyalty. 16 laboratories.",
    (
        _answered("R1", RESPONSES, "Exit", -1, "the more committed, the less exit: love is blind"),
        _answered("R2", RESPONSES, "Neglect", -1, "the less neglect"),
        _answered("R3", RESPONSES, "Voice", 1, "the more voice"),
        _answered("R4", RESPONSES, "Loyalty", 1, "the more loyalty"),
        _answered("R5", TWO_KINDS, "destructive", -1, "the less of what exit and neglect have in common"),
        _answered("R6", TWO_KINDS, "constructive", 1, "the more of what voice and loyalty have in common"),
        Claim(
            "R7",
            "priming commitment lowers exit",
            "sign",
            source=f"original study (d = {ORIGINAL}, n = {ORIGINAL_N})",
            published=-1,
            unit="standardised difference",
            test=replicated,
            data=PRINTED,
            reads_as="the sixteen laboratories together, fixed effect, N = 1,690; the mean as printed, the laboratories' "
            "own values are not; only its error can be had again",
        ),
        Claim(
            "R8",
            "the original effect is larger than that of the replication",
            "order",
            source="both effects",
            published=1,
            unit="standardised difference",
            test=shrunk,
            data=PRINTED,
            reads_as="sizes compared; equal groups assumed in the original",
        ),
    ),
    doi="10.1177/1745691616664694",
)
