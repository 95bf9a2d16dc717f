"""What a reader of the run must be told in words: what is switched off, and what the data cannot show."""

from __future__ import annotations

import pandas as pd

from retaliation_risk._words import noun, percent
from retaliation_risk.run.landmarks import Landmarks
from retaliation_risk.run.settings import Settings
from retaliation_risk.tables import Tables
from retaliation_risk.tables.contract import CONTRACT, DIRECT, INDIRECT

#: Why there is neither a model nor a comparison where retaliation cannot be on record.
UNRECORDED = (
    "there is no table of outcomes, so nobody knows who retaliated and nothing can be learned or judged"
)


def switched_off(
    tables: Tables, known: Landmarks, cannot: dict[str, str], why_no_model: str, unfitted: dict[str, str]
) -> list[dict[str, str]]:
    """Return what this run could not do, each with the reason."""
    off = []
    if "influence" not in tables.names:
        why = "there is no influence table: nothing is known of public accounts, and no account is not a low score"
        off.append({"what": "influence", "why": why})
    off += [
        {"what": f"table {name}", "why": "not delivered"} for name in CONTRACT if name not in tables.names
    ]
    off += [{"what": f"policy {name}", "why": why} for name, why in cannot.items()]
    if not known.test:
        short = "the history is too short to train on one stretch and judge on a later one (RR405)"
        why = UNRECORDED if why_no_model == UNRECORDED else short
        off.append({"what": "comparison", "why": why})
    if why_no_model:
        off.append({"what": "models", "why": why_no_model})
    off += [{"what": f"model {name}", "why": why} for name, why in unfitted.items()]
    if known.off:
        off.append(
            {
                "what": f"{len(known.off)} {noun(len(known.off), 'features')}",
                "why": "; ".join(f"{n} {w}" for n, w in known.off.items()),
            }
        )
    return off


def notes(rows: pd.DataFrame, y: pd.DataFrame, known: Landmarks, settings: Settings) -> list[str]:
    """Return what limits every number of this run; ``rows`` are all landmark rows and ``y`` their outcomes."""
    said = [*_JUDGED] if known.test else []
    if y["event"].any():
        said.append(_KNOWN_LATE)
    if settings.outcome not in ("retaliation", *INDIRECT, *DIRECT):
        said.append(
            f"The outcome is the ticket event '{settings.outcome}', not an act of retaliation: it shows how the line works "
            "on these data, and nothing about who would go public."
        )
    said += _shrunk(known) + _coverage(known)
    sentence = "" if "sla_breaches_365d" in known.off else _sla_sentence(rows, y, settings.outcome)
    return said + ([sentence] if sentence else [])


_JUDGED = (
    "Reached is not prevented: whether an answer in time changes what a customer does needs data on treatment.",
    "Customers stand in several moments, in training and in test; intervals resample customers, with all their rows.",
)
_KNOWN_LATE = "An outcome counts in training only from when it was known; those learned of late look like none until then."


def _coverage(known: Landmarks) -> list[str]:
    """Say of how many customers influence is known at all: no account is unknown, not of no influence."""
    here = known.rows.loc[known.rows["moment"] == known.now, "influence"]
    if here.empty or here.isna().all():
        return []
    return [
        f"Influence is known of {percent(here.notna().mean())} of the {len(here):,} customers at risk now. The others have "
        "no public account on record: they are unknown, neither influential nor not, and a policy by influence cannot see "
        "them."
    ]


def _shrunk(known: Landmarks) -> list[str]:
    """Say when far fewer customers are at risk now than at the last landmark: observation may have been cut short."""
    if not known.moments:
        return []
    now, before = (int((known.rows["moment"] == when).sum()) for when in (known.now, known.moments[-1]))
    if now * 2 >= before:
        return []
    return [
        f"Only {now:,} {noun(now, 'customers')} at risk now, {known.now:%Y-%m-%d}, against {before:,} on "
        f"{known.moments[-1]:%Y-%m-%d}: check observed_to in the observation table; it is the end of the "
        "export for everybody who is still watched."
    ]


def _sla_sentence(rows: pd.DataFrame, y: pd.DataFrame, outcome: str) -> str:
    """Say whether customers with missed promises have more of the outcome, where both can be counted."""
    missed, event = rows["sla_breaches_365d"].to_numpy(), y["event"].to_numpy()
    none, many = event[missed == 0], event[missed >= 3]
    if min(len(none), len(many)) < 100 or not none.any():
        return ""
    fewer = many.mean() < none.mean()
    verdict = "FEWER" if fewer else "more"
    return (
        f"Customers with three or more missed promises went on to have {verdict} outcomes ({outcome}): "
        f"{percent(many.mean(), 2)} of {len(many):,} rows, against {percent(none.mean(), 2)} of {len(none):,} rows without "
        "any. "
        + ("The raw count is no risk score here. " if fewer else "")
        + "Customers with many contacts differ from those with few."
    )
