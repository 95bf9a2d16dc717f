"""One customer's readout, from histories and a model: features, risk, band, reasons, history, action, caveats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from retaliation_risk._words import counted
from retaliation_risk.explain import Reason
from retaliation_risk.histories.kernel import DAY_US
from retaliation_risk.policies import choose_action
from retaliation_risk.serve.answers import Readout, Said
from retaliation_risk.serve.base import NO_MODEL, Base
from retaliation_risk.serve.experiences import history_of
from retaliation_risk.serve.live import Known, Live
from retaliation_risk.serve.rows import moment_of
from retaliation_risk.serve.settings import ServeSettings
from retaliation_risk.serve.told import Told, tell, values_of, why_untold

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
    matrix = values_of(base, [known], [moment])
    values = dict(zip(base.names, matrix[0].tolist(), strict=True))
    (told,) = tell(base, [known], [moment], matrix)
    why_not = why_untold(known, moment)
    influence = None if known.histories.spans.opted_out[known.code] else base.influence_of(customer_id)
    action, why = action_of(base, values, told, influence)
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


def action_of(
    base: Base, values: Mapping[str, float], told: Told, influence: float | None
) -> tuple[str, str]:
    """Return what the playbook says to do, and why."""
    more = {"risk": told.risk, "influence": influence, "band": told.band, "reasons": told.reasons}
    rule, why = choose_action({**values, **more}, base.playbook)
    return base.playbook.actions[rule.action], why


def _said(base: Base, known: Known, moment: int, given: Sequence[Reason]) -> tuple[Said, ...]:
    def tickets(name: str) -> tuple[str, ...]:
        found = known.histories.tickets_of(known.code, moment, base.named[name], base.features)
        return tuple(found[:TICKETS_SHOWN])

    return tuple(Said(each.sentence, each.feature, tickets(each.feature)) for each in given)


def _stale(base: Base, moment: int, computed_at: int, settings: ServeSettings) -> Iterator[str]:
    if (days := (moment - base.end) / DAY_US) > settings.stale_days:
        ago = counted(round(days), "days")
        yield f"The tables end {ago} before this moment: what happened since is known from events alone."
    if (days := (moment - base.moment) / DAY_US) > settings.run_stale_days:
        yield f"The model was trained {counted(round(days), 'days')} ago: train again."


def _lacks(base: Base, told: Told) -> Iterator[str]:
    if base.artefact is None:
        yield "The run has no model: there is no risk, and the playbook goes by history alone."
    elif told.risk is not None and told.low is None:
        yield "This model gives no interval for a risk."
