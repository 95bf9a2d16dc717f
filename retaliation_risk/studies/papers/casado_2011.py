"""Casado, Nicolau and Mas 2011: complain, leave, both or neither after a double deviation in banking."""

from __future__ import annotations

import numpy as np

from retaliation_risk.studies.frame import Claim, Estimate, Study
from retaliation_risk.studies.panel import Panel
from retaliation_risk.studies.rates import Z, enough

#: A recovery of the last two months may yet fail.
_SETTLED_DAYS = 60.0


def more_than_half_fail(panel: Panel) -> Estimate:
    """Share of complaints whose recovery failed, less one half; complaints whose outcome is settled."""
    rows = panel.complaints
    rows = rows[rows[["left_at", "seen_to"]].min(axis=1) >= rows["opened"] + _SETTLED_DAYS]
    failed = rows["failed"].notna().to_numpy()
    enough(failed.sum(), "complaints whose recovery failed")
    value = failed.mean() - 0.5
    customers = rows["customer"].to_numpy()
    sums = np.bincount(customers, failed - failed.mean())
    error = np.sqrt((sums**2).sum()) / len(failed)
    return Estimate(float(value), float(value - Z * error), float(value + Z * error), float(failed.sum()))


STUDY = Study(
    "casado_2011",
    "Casado, Nicolau & Mas 2011, International Journal of Bank Marketing (working paper WP-EC 2008-07)",
    "Double deviations told by bank customers; a random-coefficients multinomial logit of complain, "
    "exit, both, neither.",
    (
        Claim(
            "C1",
            "more than half of attempted recoveries fail",
            "sign",
            source="abstract",
            published=1,
            unit="share less one half",
            test=more_than_half_fail,
            by_construction=("failed_share",),
            off={"failed_share": 0.4},
            reads_as="complaints with any evidence of a failed recovery",
        ),
        Claim(
            "C2",
            "the magnitude of the failure moves the choice between complaining, leaving, both and neither",
            "sign",
            source="abstract",
            published=0,
            unit="log odds ratio",
            why_not="needs the multinomial logit of the estimators",
        ),
        Claim(
            "C3",
            "explanations, apologies, justice, anger and frustration move it too",
            "sign",
            source="abstract",
            published=0,
            unit="log odds ratio",
            why_not="explanations, justice, anger and frustration are not simulated, and the directions were "
            "not seen",
        ),
    ),
)
