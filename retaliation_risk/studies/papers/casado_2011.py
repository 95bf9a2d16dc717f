"""Casado, Nicolau and Mas 2011: complain, leave, both or neither after a double deviation in banking."""

from __future__ import annotations

import numpy as np
import pandas as pd

from retaliation_risk.studies.contrasts import FADING_DAYS, acts_between
from retaliation_risk.studies.estimators.choice import fit_choice
from retaliation_risk.studies.frame import Claim, Estimate, Study
from retaliation_risk.studies.panel import Panel
from retaliation_risk.studies.rates import Z, enough

#: A recovery of the last two months may yet fail.
_SETTLED_DAYS = 60.0
CHOICES = ("both", "complain", "leave", "neither")


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


def episodes(panel: Panel) -> pd.DataFrame:
    """Say what each customer ``did`` within 84 days of a failed recovery: complain, leave, both or neither.

    To complain is to act in public or against the firm; recoveries that could not be followed for so long are left out. Also
    ``customer``, ``severity`` and ``loyalty``.
    """
    rows = panel.complaints[panel.complaints["failed"].notna()]
    end = rows["failed"] + FADING_DAYS
    rows, end = rows[end <= rows["seen_to"]], end[end <= rows["seen_to"]]
    acted = acts_between(panel.acts, rows["customer"], rows["failed"], end) > 0
    left = (rows["left_at"] <= end).to_numpy()
    did = np.select([acted & left, acted, left], ["both", "complain", "leave"], "neither")
    return rows[["customer", "severity", "loyalty"]].assign(did=did)


def magnitude_moves(panel: Panel) -> Estimate:
    """Log odds of complaining against doing neither, per point of severity, at equal loyalty."""
    rows = episodes(panel)
    counts = rows["did"].value_counts()
    enough(counts.reindex(CHOICES, fill_value=0).min(), "the rarest of complain, leave, both and neither")
    fit = fit_choice(rows, "did", ["severity", "loyalty"], base="neither", cluster="customer")
    table = fit.coefficients.table().set_index("term")
    value, low, high = table.loc["complain: severity", ["estimate", "low", "high"]].to_numpy(float)
    return Estimate(float(value), float(low), float(high), float(counts["complain"]))


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
            test=magnitude_moves,
            by_construction=("severity_log_ratio", "failed_severity"),
            # Grave tickets also fail more often again, which alone would do.
            off={"severity_log_ratio": 0.0, "failed_severity": 0.0},
            reads_as="acts and leaving within 84 days of a failed recovery; complaining against neither; fixed coefficients",
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
