"""What the simulator knows about its world, as sentences and numbers that a report can state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from retaliation_risk._words import percent
from retaliation_risk.simulate.customers import YEAR
from retaliation_risk.simulate.outcomes import Failures, count_failures
from retaliation_risk.simulate.parameters import Parameters
from retaliation_risk.simulate.truth import Hazards


def count_world(hazards: Hazards, failures: Failures, p: Parameters) -> dict[str, int]:
    """Count what happened; the counts of blocks add up to those of the world.

    ``present`` are the customers there a year before the end, ``present_acted`` those of them who retaliated in that year.
    """
    begin, acts = p.history_days - YEAR, hazards.acts
    before = count_failures(failures, acts.customer, acts.day, p.memory_days)
    there = (hazards.start < begin) & (hazards.gone > begin)
    acted = np.zeros(len(hazards.ids), dtype=bool)
    acted[acts.customer[acts.day >= begin]] = True
    return {
        "customers": len(hazards.ids),
        "present": int(there.sum()),
        "present_acted": int((acted & there).sum()),
        "acts": len(acts.day),
        "acts_not_yet_known": int((acts.known > p.history_days).sum()),
        "acts_after_one": int((before > 0).sum()),
        "acts_after_two": int((before > 1).sum()),
        "direct_acts": int(acts.direct.sum()),
        "failed_recoveries": len(failures.day),
        "left": int((hazards.gone < p.history_days).sum()),
    }


def truth_summary(counts: Mapping[str, int], seed: int, p: Parameters) -> dict[str, object]:
    """Make the summary of what was counted; every value is a string, number, list or dict that JSON can hold."""
    acts = counts["acts"]
    numbers: dict[str, Any] = {
        "customers": counts["customers"],
        "acts": acts,
        "acts_not_yet_known": counts["acts_not_yet_known"],
        "annual_share": round(counts["present_acted"] / max(counts["present"], 1), 4),
        "failed_recoveries": counts["failed_recoveries"],
        "acts_after_a_failed_recovery": round(counts["acts_after_one"] / acts, 3) if acts else None,
        "acts_after_two_or_more": round(counts["acts_after_two"] / acts, 3) if acts else None,
        "direct_acts": counts["direct_acts"],
        "left": counts["left"],
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
        f"These {numbers['customers']} customers are invented; {percent(numbers['annual_share'], 1)} of those "
        "present a year before the end retaliated in that year.",
        f"A complaint multiplies the hazard of retaliation by {p.complaint_ratio:g}; if its recovery "
        f"fails, by a further {ratios} at the first, second, later failed recovery.",
        f"One SD of loyalty multiplies the hazard by {np.exp(none):.2f} before any failed recovery, "
        f"{np.exp(one):.2f} just after one and {np.exp(more):.2f} just after two or more.",
        f"Each jump halves in {p.revenge_half_life_days:g} days at mean loyalty, more slowly for the loyal.",
        followers,
        f"About {percent(1 - p.spread_share)} of indirect acts are seen by next to nobody.",
    ]
    if p.history_strength != 1:
        told.insert(2, f"Of what these add, only {percent(p.history_strength)} is at work here.")
    return told
