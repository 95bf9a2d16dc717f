"""What the simulator knows about its world, as sentences and numbers that a report can state."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from retaliation_risk.simulate.customers import YEAR
from retaliation_risk.simulate.outcomes import Failures, count_failures
from retaliation_risk.simulate.parameters import Parameters
from retaliation_risk.simulate.truth import Hazards


def annual_share(hazards: Hazards, history_days: float) -> float:
    """Share of the customers there a year before the end who retaliate at least once in that year."""
    begin = history_days - YEAR
    there = (hazards.start < begin) & (hazards.gone > begin)
    acted = np.zeros(len(hazards.ids), dtype=bool)
    acted[hazards.acts.customer[hazards.acts.day >= begin]] = True
    return float((acted & there).sum() / max(there.sum(), 1))


def truth_summary(
    hazards: Hazards, failures: Failures, acts: pd.DataFrame, seed: int, p: Parameters
) -> dict[str, object]:
    """Make the summary; every value is a string, number, list or dict that JSON can hold."""
    before = count_failures(failures, hazards.acts.customer, hazards.acts.day, p.memory_days)
    numbers: dict[str, Any] = {
        "customers": len(hazards.ids),
        "acts": len(acts),
        "acts_not_yet_known": int((~acts["exported"]).sum()),
        "annual_share": round(annual_share(hazards, p.history_days), 4),
        "failed_recoveries": len(failures.day),
        "acts_after_a_failed_recovery": round(float((before > 0).mean()), 3) if len(before) else None,
        "acts_after_two_or_more": round(float((before > 1).mean()), 3) if len(before) else None,
        "direct_acts": int(hazards.acts.direct.sum()),
        "left": int((hazards.gone < p.history_days).sum()),
    }
    return {
        "invented": True,
        "seed": seed,
        "numbers": numbers,
        "loyalty_log_hazard_ratio": dict(zip(("0", "1", "2+"), p.loyalty_log_ratio, strict=True)),
        "complaint_hazard_ratio": p.complaint_ratio,
        "failure_hazard_ratio": dict(zip(("1", "2", "3+"), p.failure_ratio, strict=True)),
        "history_strength": p.history_strength,
        "influence_log_hazard_ratio": p.influence_effect,
        "revenge_half_life_days": p.revenge_half_life_days,
        "sentences": _sentences(p, numbers),
    }


def _sentences(p: Parameters, numbers: dict[str, Any]) -> list[str]:
    """Say the truth in words."""
    ratios = ", ".join(f"{ratio:g}" for ratio in p.failure_ratio)
    none, one, more = p.loyalty_log_ratio
    followers = (
        "Followers say nothing about who retaliates."
        if p.influence_effect == 0
        else f"One SD of log followers multiplies the hazard by {np.exp(p.influence_effect):.2f}."
    )
    told = [
        f"These {numbers['customers']} customers are invented; {numbers['annual_share']:.1%} of those "
        "present a year before the end retaliated in that year.",
        f"A complaint multiplies the hazard of retaliation by {p.complaint_ratio:g}; if its recovery "
        f"fails, by a further {ratios} at the first, second, later failed recovery.",
        f"One SD of loyalty multiplies the hazard by {np.exp(none):.2f} before any failed recovery, "
        f"{np.exp(one):.2f} just after one and {np.exp(more):.2f} just after two or more.",
        f"Each jump halves in {p.revenge_half_life_days:g} days at mean loyalty, more slowly for the loyal.",
        followers,
        f"About {1 - p.spread_share:.0%} of indirect acts are seen by next to nobody.",
    ]
    if p.history_strength != 1:
        told.insert(2, f"Of what these add, only {p.history_strength:.0%} is at work here.")
    return told
