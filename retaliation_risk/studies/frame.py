"""What a study is: a paper, its claims, how each is tested, and the verdict on an estimate.

Of most papers only the abstract could be seen, not the results. So a claim is a sign or an order; it is a number only where
the number was seen, and then it says where.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from retaliation_risk.errors import ArgumentError

Kind = Literal["sign", "order", "number"]
Verdict = Literal["reproduced", "differs", "not testable here"]
REPRODUCED: Verdict = "reproduced"
DIFFERS: Verdict = "differs"
NOT_TESTABLE: Verdict = "not testable here"

#: What a claim is tested on: histories of customers, or numbers that were printed.
PANEL, PRINTED = "panel", "printed"


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval; ``low`` and ``high`` equal the value where it is arithmetic on printed numbers.

    ``n_events`` is what the value rests on: acts, exits or complaints of the smallest group compared; NaN for arithmetic.
    """

    value: float
    low: float
    high: float
    n_events: float = math.nan


@dataclass(frozen=True)
class Claim:
    """One sentence of a paper that can be right or wrong, and its test.

    Attributes
    ----------
    name : str
        Short and lasting, as ``MN2``.
    text : str
        What the paper says, in our words.
    kind : {"sign", "order", "number"}
        A sign: the estimate lies on the claimed side of 0. An order: the smallest difference between what is claimed
        to be larger and what is claimed to be smaller does. A number: the estimate lies within ``tolerance`` of it.
    source : str
        Where it was seen: abstract, table, page.
    published : float
        +1 or -1 for a sign or an order (0: a difference on either side); the number for a number.
    unit : str
        What the estimate is measured in, as ``log rate ratio``.
    test : callable, optional
        From the data to an :class:`Estimate`; of a :class:`~retaliation_risk.studies.panel.Panel`, or of nothing where
        ``data`` is ``"printed"``. Without one, ``why_not`` says why there is none.
    tolerance : float
        Of a number, in its unit.
    data : {"panel", "printed"}
    by_construction : tuple of str
        Constants of :class:`retaliation_risk.simulate.Parameters` that make it true in the simulated world.
    off : mapping
        Values of such constants with which it must be false there.
    reads_as : str
        How the test stands for the claim where it is not the paper's own measure.
    why_not : str
        Why it is not testable here.
    not_simulated : str
        Why simulated customers cannot tell; a firm's own tables can.
    """

    name: str
    text: str
    kind: Kind
    source: str
    published: float = 1.0
    unit: str = "log rate ratio"
    test: Callable[..., Estimate] | None = None
    tolerance: float = 0.0
    data: str = PANEL
    by_construction: tuple[str, ...] = ()
    off: Mapping[str, Any] = field(default_factory=dict)
    reads_as: str = ""
    why_not: str = ""
    not_simulated: str = ""

    def __post_init__(self) -> None:
        if (self.test is None) != bool(self.why_not):
            raise ArgumentError(
                "RR111", f"claim {self.name!r} needs either a test or a reason why it has none."
            )
        if bool(self.by_construction) != bool(self.off):
            raise ArgumentError(
                "RR111",
                f"claim {self.name!r} holds by construction of {self.by_construction}; say what switches it off.",
            )
        if self.kind != "number" and self.published not in (-1, 0, 1):
            raise ArgumentError(
                "RR111", f"claim {self.name!r} is a {self.kind}; {self.published} is not -1, 0 or 1."
            )


@dataclass(frozen=True)
class Study:
    """A paper and its claims.

    ``name`` is what the command line calls it; ``doi`` is empty where we are not certain of it; ``design`` says what the
    authors did, as far as it was seen.
    """

    name: str
    citation: str
    design: str
    claims: tuple[Claim, ...]
    doi: str = ""


def verdict(claim: Claim, estimate: Estimate) -> Verdict:
    """Say whether an estimate bears a claim out: its whole interval must.

    Examples
    --------
    >>> falls = Claim("G1", "it falls", "sign", "abstract", -1, test=lambda: Estimate(0, 0, 0), data="printed")
    >>> verdict(falls, Estimate(-0.5, -0.8, -0.2))
    'reproduced'
    >>> verdict(falls, Estimate(-0.1, -0.4, 0.2))
    'differs'
    """
    low, high = estimate.low, estimate.high
    if claim.kind == "number":
        rounding = 1e-9
        near = (
            claim.published - claim.tolerance - rounding
            <= low
            <= high
            <= claim.published + claim.tolerance + rounding
        )
        return REPRODUCED if near else DIFFERS
    above, below = low > 0, high < 0
    holds = {1.0: above, -1.0: below, 0.0: above or below}[float(claim.published)]
    return REPRODUCED if holds else DIFFERS


def why(claim: Claim, estimate: Estimate) -> str:
    """Say in words why an estimate does not bear a claim out; empty where it does."""
    if verdict(claim, estimate) == REPRODUCED:
        return ""
    if claim.kind == "number":
        inside = estimate.low <= claim.published <= estimate.high and estimate.low < estimate.high
        return "the interval holds it, and more than the tolerance allows" if inside else "another number"
    return "the interval holds 0: not shown" if estimate.low <= 0 <= estimate.high else "the other sign"
