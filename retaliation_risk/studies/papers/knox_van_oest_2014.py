"""Knox and van Oest 2014: complaints, purchases before and after, and who stops buying."""

from __future__ import annotations

from retaliation_risk.studies.contrasts import (
    after_failure,
    leaving,
    leaving_after_recovery,
    leaving_by_purchases,
    leaving_when_failed,
)
from retaliation_risk.studies.frame import Claim, Estimate, Study
from retaliation_risk.studies.panel import Panel

_NO_RATIO = {"exit_ratio": (1.0, 1.0, 1.0)}
_LONG_DAYS = 168.0


def complaints_lead_away(panel: Panel) -> Estimate:
    """Leaving within 168 days of a complaint or failed recovery, against other times, equally loyal."""
    return leaving(panel).contrast({"complained": 1.0})


def purchases_hold(panel: Panel, when: str) -> Estimate:
    """Leaving in that time, per unit of log orders of late or of before."""
    return leaving_by_purchases(panel).contrast({f"{when} orders": 1.0})


def earlier_failures(panel: Panel) -> Estimate:
    """Leaving after a third or later failed recovery of a year, against a first."""
    rates = after_failure(panel, "exits", days=_LONG_DAYS)
    return rates.contrast({"third": 1.0})


def short_lived(panel: Panel) -> Estimate:
    """Change of the rate of leaving per month since a failed recovery."""
    return after_failure(panel, "exits", days=_LONG_DAYS).contrast({"months": 1.0})


def recovery_helps(panel: Panel) -> Estimate:
    """Leaving in the 84 days after a complaint while its recovery had not failed, against after it had."""
    rates, exits = leaving_when_failed(panel)
    return rates.contrast({"failed": -1.0}, exits)


def not_made_good(panel: Panel) -> Estimate:
    """Leaving after a complaint whose recovery had not failed, against quiet times."""
    return leaving_after_recovery(panel).contrast({"complained": 1.0})


STUDY = Study(
    "knox_van_oest_2014",
    "Knox & van Oest 2014, Journal of Marketing 78(5) 42-57",
    "20,000 new customers of an internet and catalogue retailer over 2.5 years: purchases, "
    "complaints, recovery and churn, latent classes.",
    (
        Claim(
            "K1",
            "complaints raise the chance to stop buying",
            "sign",
            source="abstract",
            published=1,
            test=complaints_lead_away,
            by_construction=("exit_ratio",),
            off=_NO_RATIO,
            reads_as="leaving within 168 days of a complaint or a failed recovery",
        ),
        Claim(
            "K2",
            "purchases before mitigate that",
            "sign",
            source="abstract",
            published=-1,
            unit="log rate ratio per log order",
            test=lambda panel: purchases_hold(panel, "late"),
            by_construction=("exit_loyalty", "order_loyalty"),
            off={"exit_loyalty": 0.0},
            reads_as="orders of the last 180 days",
        ),
        Claim(
            "K2-long",
            "and for long",
            "sign",
            source="abstract",
            published=-1,
            unit="log rate ratio per log order",
            test=lambda panel: purchases_hold(panel, "early"),
            by_construction=("exit_loyalty", "order_loyalty"),
            off={"exit_loyalty": 0.0},
            reads_as="orders of the 365 days before those, at equal late ones",
        ),
        Claim(
            "K3",
            "complaints before make it worse",
            "sign",
            source="abstract",
            published=1,
            test=earlier_failures,
            by_construction=("exit_ratio",),
            off={"exit_ratio": (3.0, 3.0, 3.0)},
            reads_as="leaving after a third or later failed recovery in a year, against a first",
        ),
        Claim(
            "K3-short",
            "but not for long",
            "sign",
            source="abstract",
            published=-1,
            unit="log rate ratio per month",
            test=short_lived,
            by_construction=("exit_half_life_days",),
            off={"exit_half_life_days": 1e6},
            reads_as="leaving over the 168 days after a failed recovery; G2 claims the other sign",
        ),
        Claim(
            "K4",
            "recovery helps",
            "sign",
            source="abstract",
            published=-1,
            test=recovery_helps,
            by_construction=("exit_ratio",),
            off=_NO_RATIO,
            reads_as="leaving in the 84 days after a complaint whose recovery had not failed, against after "
            "it had",
        ),
        Claim(
            "K4-offset",
            "but almost never makes good for the failure",
            "sign",
            source="abstract",
            published=1,
            test=not_made_good,
            reads_as="leaving in the 84 days after a complaint whose recovery had not failed, against quiet times",
            not_simulated="simulated customers leave more only after a failed recovery: one that holds makes good "
            "by construction",
        ),
    ),
    doi="10.1509/jm.12.0317",
)
