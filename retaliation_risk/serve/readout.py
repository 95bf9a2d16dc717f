"""One customer's readout, from histories and a model: features, risk, band, reasons, history, action, caveats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from retaliation_risk.explain import Reason, band, reasons
from retaliation_risk.histories import Feature, Histories
from retaliation_risk.policies import choose_actions
from retaliation_risk.serve.answers import Experience, History, Readout, Said
from retaliation_risk.serve.base import NO_MODEL, Base
from retaliation_risk.serve.live import Known
from retaliation_risk.serve.rows import moment_of
from retaliation_risk.serve.settings import ServeSettings

DAY = 86_400_000_000
TICKETS_SHOWN = 5
EXPERIENCES_SHOWN = 20


def compute_readout(
    base: Base, known: Known, moment: int, *, computed_at: int, settings: ServeSettings
) -> Readout:
    """Make the readout of one customer.

    Parameters
    ----------
    base : Base
    known : Known
    moment : int
        Microseconds; what became known at it or later is the future.
    computed_at : int
        Microseconds, of the clock.
    settings : ServeSettings
    """
    histories, code = known.histories, known.code
    values = features_of(base, known, moment)
    customer_id = str(histories.customer_ids[code])
    why_not = _why_not(known, moment)
    found = _scored(base, customer_id, values, silent=bool(why_not))
    stale = list(_stale(base, moment, computed_at, settings))
    chosen = choose_actions(found, base.playbook).iloc[0]
    first = found.iloc[0]
    risk = _number(first["risk"])
    low, high = _interval(base, values, risk)
    caveats = (*why_not, *stale, *_lacks(base, risk, low), *known.notes)
    return Readout(
        customer_id=customer_id,
        moment=moment_of(moment),
        risk=risk,
        low=low,
        high=high,
        band=first["band"],
        horizon_days=base.horizon_days,
        reasons=_said(base, histories, customer_id, moment, first["reasons"]),
        history=_history(histories, code, moment, values),
        influence=_number(first["influence"]),
        action=base.playbook.actions[chosen["action"]],
        action_why=chosen["action_why"],
        model=NO_MODEL if base.artefact is None else base.artefact.manifest.about.model,
        model_version="" if base.artefact is None else base.artefact.digest,
        run=base.name,
        computed_at=moment_of(computed_at),
        stale=bool(stale),
        caveats=caveats,
    )


def risk_now(base: Base, known: Known, moment: int) -> float | None:
    """Return the risk of a customer; None without a model, and where none may be told."""
    if _why_not(known, moment):
        return None
    return risk_of(base, features_of(base, known, moment))


def features_of(base: Base, known: Known, moment: int) -> dict[str, float]:
    """Return every feature of a readout as it was known just before the moment, by the one ``as_of``."""
    codes, times = np.array([known.code], dtype=np.int64), np.array([moment], dtype=np.int64)
    values = known.histories.values_of(codes, times, base.features)
    return {feature.name: float(values[feature.name][0]) for feature in base.features}


def risk_of(base: Base, values: Mapping[str, float]) -> float | None:
    """Return the risk that the stored model tells from the features; None without a model."""
    if base.artefact is None:
        return None
    X = frame_of(base, values)
    return float(base.artefact.model.predict_risk(X, base.horizon_days)[0])


def frame_of(base: Base, values: Mapping[str, float]) -> pd.DataFrame:
    """Return the columns that the model reads, one row."""
    assert base.artefact is not None
    columns = list(base.artefact.manifest.columns)
    return pd.DataFrame(np.array([[values[name] for name in columns]]), columns=columns)


def _scored(base: Base, customer_id: str, values: Mapping[str, float], *, silent: bool) -> pd.DataFrame:
    """One row as the run has it for everybody: features, risk, band, reasons, influence."""
    risk = None if silent else risk_of(base, values)
    code = base.code(customer_id)
    rate = base.base_rate
    frame = pd.DataFrame(np.array([list(values.values())]), columns=list(values))
    told: list[Reason] = [] if risk is None else _reasons(base, frame)
    word = None if risk is None or rate is None else str(band([risk], rate)[0])
    more = {
        "customer_id": customer_id,
        "risk": np.nan if risk is None else risk,
        "influence": np.nan if code is None else base.influence[code],
        "band": pd.Series([word], dtype=object),
        "reasons": pd.Series([told], dtype=object),
    }
    return frame.assign(**more)


def _reasons(base: Base, frame: pd.DataFrame) -> list[Reason]:
    assert base.artefact is not None
    model: Any = base.artefact.model
    if not hasattr(model, "contributions"):
        return []
    named = {feature.name: feature for feature in base.features}
    usual = {name: value for name, value in dict(model.typical_).items() if value != 0}
    columns = list(base.artefact.manifest.columns)
    return reasons(model.contributions(frame[columns]), frame, named, typical=usual)[0]


def _said(
    base: Base, histories: Histories, customer_id: str, moment: int, given: Sequence[Reason]
) -> tuple[Said, ...]:
    named = {feature.name: feature for feature in base.features}
    when = pd.Timestamp(moment, unit="us")

    def tickets(feature: Feature) -> tuple[str, ...]:
        return tuple(histories.tickets_behind(customer_id, when, feature, base.features)[:TICKETS_SHOWN])

    return tuple(Said(each.sentence, each.feature, tickets(named[each.feature])) for each in given)


def _interval(
    base: Base, values: Mapping[str, float], risk: float | None
) -> tuple[float | None, float | None]:
    return None, None


def _history(histories: Histories, code: int, moment: int, values: Mapping[str, float]) -> History:
    def count(name: str) -> int:
        return int(values[name])

    opened = values.get("open_tickets")
    return History(
        tenure_days=_number(values["tenure_days"]),
        calls=count("tickets_ever"),
        open_tickets=None if opened is None else int(opened),
        failed_recoveries=count("failed_recoveries_ever"),
        double_deviation=values["double_deviations_180d"] > 0,
        experiences=experiences(histories, code, moment),
    )


def experiences(histories: Histories, code: int, moment: int) -> tuple[Experience, ...]:
    """Return the customer's tickets as known just before the moment, the latest first, each in a line."""
    return ()


def _why_not(known: Known, moment: int) -> tuple[str, ...]:
    """Why no risk may be told of this customer; empty where it may."""
    spans, code = known.histories.spans, known.code
    if spans.opted_out[code]:
        return ("This customer has opted out of profiling: no risk is computed.",)
    if spans.left_known_at[code] < moment:
        return ("This customer has left: the risk is of those who are still here.",)
    if spans.history_from[code] > moment:
        return ("Nothing of this customer was recorded yet at this moment.",)
    return ()


def _stale(base: Base, moment: int, computed_at: int, settings: ServeSettings) -> Iterator[str]:
    if (days := (moment - base.end) / DAY) > settings.stale_days:
        yield f"The tables end {days:.0f} days before this moment: what happened since is known from events alone."
    if (days := (moment - base.moment) / DAY) > settings.run_stale_days:
        yield f"The model was trained {days:.0f} days ago: train again."


def _lacks(base: Base, risk: float | None, low: float | None) -> Iterator[str]:
    if base.artefact is None:
        yield "The run has no model: order by history and the playbook alone."
    elif risk is not None and low is None:
        yield "This model gives no interval for a risk."


def _number(value: Any) -> float | None:
    return None if value is None or np.isnan(value) else float(value)
