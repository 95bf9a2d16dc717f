"""Montgomery and Damian 2017: what do support analysts know about their customers? Which tickets will escalate."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LogisticRegression

from retaliation_risk.studies.contrasts import aftermath_of_opening
from retaliation_risk.studies.frame import PRINTED, Claim, Estimate, Study
from retaliation_risk.studies.panel import Panel
from retaliation_risk.studies.rates import enough

Floats = npt.NDArray[np.float64]

TICKETS, ESCALATIONS = 2_500_000, 10_000
RECALL, WORKLOAD_SAVED = 0.799, 0.808
LATER_RECALL, LATER_WORKLOAD_SAVED = 0.8736, 0.8823
FLAGGED = 1 - WORKLOAD_SAVED
_TICKET = ["severity"]
_HISTORY = ["severity", "number", "contacts", "loyalty", "loyalty x number"]
_RESAMPLES = 500


def _exact(value: float) -> Estimate:
    return Estimate(value, value, value)


def lift(recall: float, saved: float) -> Estimate:
    """How many times more escalations there are among flagged tickets than among all, if what is saved is not flagged."""
    return _exact(recall / (1 - saved))


def precision(recall: float, saved: float) -> Estimate:
    """Percentage of flagged tickets that escalate, likewise."""
    return _exact(100 * recall / (1 - saved) * ESCALATIONS / TICKETS)


def history_adds(panel: Panel) -> Estimate:
    """Recall at the paper's share of flagged tickets, with the customer's history less without it.

    A logistic regression each, fitted to every other customer and judged on the rest: does a complaint lead to an act of
    retaliation within 30 days? The interval is a bootstrap over customers, seeded.
    """
    rows = aftermath_of_opening(panel, days=30.0)
    rows["loyalty x number"] = rows["loyalty"] * np.minimum(rows["number"], 2)
    train, test = rows[rows["customer"] % 2 == 0], rows[rows["customer"] % 2 == 1]
    enough(min(train["acted"].sum(), test["acted"].sum()), "complaints followed by an act, in each half")
    caught = [_caught(train, test, names) for names in (_HISTORY, _TICKET)]
    gain = caught[0] - caught[1]
    acted = test["acted"].to_numpy(float)
    draws = _resampled(gain, acted, test["customer"].to_numpy())
    low, high = np.quantile(draws, [0.025, 0.975])
    return Estimate(float(gain.sum() / acted.sum()), float(low), float(high), float(acted.sum()))


def _caught(train: pd.DataFrame, test: pd.DataFrame, names: list[str]) -> Floats:
    """Share of each row of ``test`` that is both followed by an act and flagged; ties at the edge count in part."""
    model = LogisticRegression(C=1e3, max_iter=1000).fit(train[names].to_numpy(float), train["acted"])
    score = model.decision_function(test[names].to_numpy(float))
    edge = np.quantile(score, 1 - FLAGGED, method="inverted_cdf")
    above, at = score > edge, score == edge
    share = (FLAGGED * len(score) - above.sum()) / max(at.sum(), 1)
    caught: Floats = (above + share * at) * test["acted"].to_numpy(float)
    return caught


def _resampled(gain: Floats, acted: Floats, customer: npt.NDArray[np.int64]) -> Floats:
    """Draw the gain in recall again, customers with replacement."""
    codes = np.unique(customer, return_inverse=True)[1]
    sums = np.column_stack([np.bincount(codes, gain), np.bincount(codes, acted)])
    rng = np.random.default_rng(0)
    weights = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=_RESAMPLES)
    drawn = weights @ sums
    ratio: Floats = drawn[:, 0] / np.maximum(drawn[:, 1], 1)
    return ratio


def _derived(
    name: str, text: str, source: str, published: float, unit: str, test: Callable[[], Estimate]
) -> Claim:
    """Claim a number that follows from printed ones."""
    return Claim(
        name, text, "number", source=source, published=published, unit=unit, test=test, tolerance=0.05, data=PRINTED,
        reads_as="work saved is the share not flagged",
    )  # fmt: skip


STUDY = Study(
    "montgomery_damian_2017",
    "Montgomery & Damian 2017, IEEE Requirements Engineering (RE'17); and Montgomery, Damian, Bulmer "
    "& Quader, arXiv 2010.06145",
    "2.5 million support tickets of IBM, 10,000 escalations; features of the ticket and of the "
    "customer's history, classifiers.",
    (
        Claim(
            "E1",
            "79.9 % of escalations found with 80.8 % of the work saved",
            "number",
            source="abstract",
            published=RECALL,
            unit="recall",
            why_not="IBM's tickets are not public",
        ),
        _derived(
            "E2",
            "that is a lift of 4.2",
            "derived from recall and work saved of the abstract",
            4.2,
            "lift",
            lambda: lift(RECALL, WORKLOAD_SAVED),
        ),
        _derived(
            "E3",
            "and a precision of 1.7 %",
            "derived, with 10,000 escalations among 2.5 million tickets",
            1.7,
            "%",
            lambda: precision(RECALL, WORKLOAD_SAVED),
        ),
        _derived(
            "E4",
            "the refined features have a lift of 7.4",
            "derived from recall 87.36 % and work saved 88.23 %",
            7.4,
            "lift",
            lambda: lift(LATER_RECALL, LATER_WORKLOAD_SAVED),
        ),
        _derived(
            "E5",
            "and a precision of 3.0 %",
            "derived likewise",
            3.0,
            "%",
            lambda: precision(LATER_RECALL, LATER_WORKLOAD_SAVED),
        ),
        Claim(
            "E6",
            "features of the customer's history beat those of the ticket alone",
            "order",
            source="abstract of the later paper",
            published=1,
            unit=f"recall at {FLAGGED:.1%} flagged, difference",
            test=history_adds,
            by_construction=("history_strength", "loyalty_school"),
            off={"history_strength": 0.0, "loyalty_school": "none"},
            reads_as="an act of retaliation within 30 days of a complaint stands for an escalation",
        ),
    ),
    doi="10.48550/arXiv.1901.01092",
)
