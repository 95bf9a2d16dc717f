"""Cheung and others 2016: commitment and what people say they would do when betrayed, in sixteen laboratories."""

from __future__ import annotations

import numpy as np

from retaliation_risk.studies.frame import PRINTED, Claim, Estimate, Study
from retaliation_risk.studies.rates import Z

#: Of 1,696 people in 16 laboratories, scored as the authors' script does, complete cases: correlations with commitment,
#: pooled within laboratories by Fisher's z.
N, K = 1696, 16
WITH_COMMITMENT = {"exit": -0.18, "neglect": -0.1305, "voice": 0.2241, "loyalty": 0.0997}
#: Effect of priming commitment on exit, in standard deviations: the original study, and the sixteen together.
ORIGINAL, ORIGINAL_N = -0.599, 89
REPLICATION, REPLICATION_ERROR = -0.049, 0.049


def correlation(answer: str) -> Estimate:
    """Correlation of commitment with an answer to betrayal, with Fisher's interval; variance 1 / (N - 3 K) as pooled within.

    Examples
    --------
    >>> one = correlation("exit")
    >>> round(one.low, 3), round(one.high, 3)
    (-0.226, -0.133)
    """
    z, error = np.arctanh(WITH_COMMITMENT[answer]), 1 / np.sqrt(N - 3 * K)
    low, high = np.tanh([z - Z * error, z + Z * error])
    return Estimate(WITH_COMMITMENT[answer], float(low), float(high))


def replicated() -> Estimate:
    """Effect of the prime in the sixteen laboratories, fixed effect."""
    return _interval(REPLICATION, REPLICATION_ERROR)


def shrunk() -> Estimate:
    """How far the original effect lies from the replication, of which it has the larger size if above 0.

    The error of the original is that of a standardised difference of two groups of equal size, which is assumed.
    """
    error = np.sqrt(4 / ORIGINAL_N + ORIGINAL**2 / (2 * ORIGINAL_N))
    return _interval(abs(ORIGINAL) - abs(REPLICATION), float(np.hypot(error, REPLICATION_ERROR)))


def _interval(value: float, error: float) -> Estimate:
    return Estimate(value, value - Z * error, value + Z * error)


def _correlated(name: str, answer: str, sign: int, text: str) -> Claim:
    return Claim(
        name,
        text,
        "sign",
        source="raw files of the laboratories, scored again",
        published=sign,
        unit="correlation",
        test=lambda: correlation(answer),
        data=PRINTED,
        reads_as="between persons, within laboratories; interpersonal betrayal, not of customers",
    )


STUDY = Study(
    "cheung_2016",
    "Cheung et al. 2016, Perspectives on Psychological Science 11(5) (registered replication of "
    "Finkel et al. 2002, study 1)",
    "Commitment to a partner was primed or not; answers to described betrayals on 0 to 8: exit, "
    "neglect, voice, loyalty. 16 laboratories.",
    (
        _correlated("R1", "exit", -1, "the more committed, the less exit: love is blind"),
        _correlated("R2", "neglect", -1, "the less neglect"),
        _correlated("R3", "voice", 1, "the more voice"),
        _correlated("R4", "loyalty", 1, "the more loyalty"),
        Claim(
            "R5",
            "priming commitment lowers exit",
            "sign",
            source=f"original study (d = {ORIGINAL}, n = {ORIGINAL_N})",
            published=-1,
            unit="standardised difference",
            test=replicated,
            data=PRINTED,
            reads_as="the sixteen laboratories together, fixed effect, N = 1,690",
        ),
        Claim(
            "R6",
            "the original effect is larger than that of the replication",
            "order",
            source="both effects",
            published=1,
            unit="standardised difference",
            test=shrunk,
            data=PRINTED,
            reads_as="sizes compared; equal groups assumed in the original",
        ),
        Claim(
            "R7",
            "paths from commitment to the four answers at once",
            "sign",
            source="moments of the raw files",
            published=-1,
            unit="path",
            why_not="needs the path models of the estimators",
        ),
    ),
    doi="10.1177/1745691616664694",
)
