"""One customer's readout, from histories and a model: features, risk, band, reasons, history, action, caveats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from retaliation_risk.explain import Reason, band, reasons
from retaliation_risk.histories.kernel import DAY_US
from retaliation_risk.policies import choose_action
from retaliation_risk.serve.answers import Band, Readout, Said
from retaliation_risk.serve.base import NO_MODEL, Base
from retaliation_risk.serve.experiences import history_of
from retaliation_risk.serve.live import Known, Live
from retaliation_risk.serve.rows import moment_of
from retaliation_risk.serve.settings import ServeSettings

TICKETS_SHOWN = 5
"""Tickets named as the evidence of one reason."""


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
    customer_id = str(known.histories.customer_ids[known.code])
    values = features_of(base, known, moment)
    why_not = _why_not(known, moment)
    told = UNTOLD if why_not or base.artefact is None else _told(base, values)
    influence = None if known.histories.spans.opted_out[known.code] else base.influence_of(customer_id)
    action, why = _action(base, values, told, influence)
    stale = tuple(_stale(base, moment, computed_at, settings))
    return Readout(
        customer_id=customer_id,
        moment=moment_of(moment),
        risk=told.risk,
        low=told.low,
        high=told.high,
        band=told.band,
        horizon_days=base.horizon_days,
        reasons=_said(base, known, moment, told.reasons),
        history=history_of(known, moment, values, base.definitions),
        influence=influence,
        action=action,
        action_why=why,
        model=NO_MODEL if base.artefact is None else base.artefact.manifest.about.model,
        model_version="" if base.artefact is None else base.artefact.digest,
        run=base.name,
        computed_at=moment_of(computed_at),
        stale=bool(stale),
        caveats=(*why_not, *stale, *_lacks(base, told), *known.notes),
    )


def warm(live: Live, moment: int, settings: ServeSettings) -> None:
    """Compute a readout, from the tables and as after an event, so that what is compiled at first use is there.

    Parameters
    ----------
    live : Live
        Nothing of it changes.
    moment : int
        Microseconds.
    settings : ServeSettings
    """
    base = live.base
    if not base.risk.size:
        return
    code = int(np.argmax(~np.isnan(base.risk)))
    for known in (Known(base.histories, code, 0), live.build(str(base.histories.customer_ids[code]))):
        compute_readout(base, known, moment, computed_at=moment, settings=settings)


@dataclass(frozen=True)
class Told:
    """What the model says of one customer; nothing where it may not, or cannot."""

    risk: float | None = None
    low: float | None = None
    high: float | None = None
    band: Band | None = None
    reasons: tuple[Reason, ...] = ()


UNTOLD = Told()


def features_of(base: Base, known: Known, moment: int) -> dict[str, float]:
    """Return every feature of a readout as it was known just before the moment, by the one ``as_of``."""
    codes, times = np.array([known.code], dtype=np.int64), np.array([moment], dtype=np.int64)
    values = known.histories.values_of(codes, times, base.features)
    return {feature.name: float(values[feature.name][0]) for feature in base.features}


def risk_now(base: Base, known: Known, moment: int) -> float | None:
    """Return the risk of a customer; None without a model, and where none may be told."""
    if base.artefact is None or _why_not(known, moment):
        return None
    return _risk(base, frame_of(base, features_of(base, known, moment)))


def frame_of(base: Base, values: Mapping[str, float]) -> pd.DataFrame:
    """Return the columns that the model reads, one row."""
    return pd.DataFrame(np.array([[values[name] for name in base.columns]]), columns=base.columns, copy=False)


def _risk(base: Base, X: pd.DataFrame) -> float:
    assert base.artefact is not None
    return float(base.artefact.model.predict_risk(X, base.horizon_days)[0])


def _told(base: Base, values: Mapping[str, float]) -> Told:
    assert base.artefact is not None
    model: Any = base.artefact.model
    X = frame_of(base, values)
    risk, rate = _risk(base, X), base.base_rate
    low = high = None
    if hasattr(model, "risk_interval"):
        low, high = (float(end[0]) for end in model.risk_interval(X, base.horizon_days))
    word: Any = None if rate is None else str(band([risk], rate)[0])
    given = _reasons(base, model, X, values) if hasattr(model, "contributions") else ()
    return Told(risk, low, high, word, given)


def _reasons(base: Base, model: Any, X: pd.DataFrame, values: Mapping[str, float]) -> tuple[Reason, ...]:
    """Return the strongest reasons; their conditions may look at features that the model does not read."""
    frame = pd.DataFrame(np.array([list(values.values())]), columns=base.names, copy=False)
    return tuple(reasons(model.contributions(X), frame, base.named, typical=base.typical)[0])


def _action(base: Base, values: Mapping[str, float], told: Told, influence: float | None) -> tuple[str, str]:
    """Return what the playbook says to do, and why."""
    more = {"risk": told.risk, "influence": influence, "band": told.band, "reasons": told.reasons}
    rule, why = choose_action({**values, **more}, base.playbook)
    return base.playbook.actions[rule.action], why


def _said(base: Base, known: Known, moment: int, given: Sequence[Reason]) -> tuple[Said, ...]:
    def tickets(name: str) -> tuple[str, ...]:
        found = known.histories.tickets_of(known.code, moment, base.named[name], base.features)
        return tuple(found[:TICKETS_SHOWN])

    return tuple(Said(each.sentence, each.feature, tickets(each.feature)) for each in given)


def _why_not(known: Known, moment: int) -> tuple[str, ...]:
    """Say why no risk may be told of this customer; nothing where it may."""
    spans, code = known.histories.spans, known.code
    if spans.opted_out[code]:
        return ("This customer has opted out of profiling: no risk is computed.",)
    if spans.left_known_at[code] < moment:
        return ("This customer has left: the risk is of those who are still here.",)
    if spans.history_from[code] > moment:
        return ("Nothing of this customer was recorded yet at this moment.",)
    return ()


def _stale(base: Base, moment: int, computed_at: int, settings: ServeSettings) -> Iterator[str]:
    if (days := (moment - base.end) / DAY_US) > settings.stale_days:
        yield f"The tables end {days:.0f} days before this moment: what happened since is known from events alone."
    if (days := (moment - base.moment) / DAY_US) > settings.run_stale_days:
        yield f"The model was trained {days:.0f} days ago: train again."


def _lacks(base: Base, told: Told) -> Iterator[str]:
    if base.artefact is None:
        yield "The run has no model: there is no risk, and the playbook goes by history alone."
    elif told.risk is not None and told.low is None:
        yield "This model gives no interval for a risk."
