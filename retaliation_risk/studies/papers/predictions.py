"""What abstracts predict, in one suite: signs and orders that a reader can hold the papers to without their results."""

from __future__ import annotations

from collections.abc import Sequence

from retaliation_risk.studies.frame import Study

#: First letters of the claims: two failures, grudges, relationship quality, cognitions, acts, inter-failures, exits.
CODES = ("MN", "G", "F", "L", "A", "H", "K")


def predictions(studies: Sequence[Study]) -> Study:
    """Gather the claims of :data:`CODES` from the papers into one study, in this order."""
    claims = [claim for study in studies for claim in study.claims]
    return Study(
        "predictions",
        "The ordinal predictions of the papers on double deviations",
        "Signs and orders that abstracts state; each paper's own study says where it was seen.",
        tuple(claim for code in CODES for claim in claims if _of(claim.name, code)),
    )


def _of(name: str, code: str) -> bool:
    """Whether a claim's name is the code, a number, and perhaps a word.

    Examples
    --------
    >>> _of("H1-none", "H"), _of("MN2", "M")
    (True, False)
    """
    return name.removeprefix(code)[:1].isdigit() and name.startswith(code)
