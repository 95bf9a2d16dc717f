"""What the customer went through with us: each ticket in a line, as it was known just before the moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC

import numpy as np
import pandas as pd

from retaliation_risk import histories
from retaliation_risk.explain import in_words
from retaliation_risk.histories import Definitions
from retaliation_risk.serve.answers import Experience, History
from retaliation_risk.serve.live import Known

SHOWN = 20
"""Tickets told one by one, the latest first; the counts are of all."""


def history_of(known: Known, moment: int, values: Mapping[str, float], definitions: Definitions) -> History:
    """Return the history of a customer, from the features at the moment and the logs behind them.

    Parameters
    ----------
    known : Known
    moment : int
        Microseconds.
    values : mapping of str to float
        Features at the moment.
    definitions : Definitions
        What counted as a failed recovery.
    """
    tenure, opened = values["tenure_days"], values.get("open_tickets")
    return History(
        tenure_days=None if np.isnan(tenure) else tenure,
        calls=int(values["tickets_ever"]),
        open_tickets=None if opened is None else int(opened),
        failed_recoveries=int(values["failed_recoveries_ever"]),
        double_deviation=values["double_deviations_180d"] > 0,
        experiences=_experiences(known, moment, definitions),
    )


def _experiences(known: Known, moment: int, definitions: Definitions) -> tuple[Experience, ...]:
    customer_id, when = str(known.histories.customer_ids[known.code]), pd.Timestamp(moment, unit="us")
    found = histories.experiences(known.histories, customer_id, when, most=SHOWN)
    return tuple(_experience(told, definitions) for told in found)


def _experience(told: histories.Experience, definitions: Definitions) -> Experience:
    return Experience(
        ticket_id=told.ticket_id,
        opened_at=told.opened_at.to_pydatetime().replace(tzinfo=UTC),
        line=" · ".join(in_words(told, definitions)),
        open=bool(told.is_open),
        failed=bool(told.failed),
    )
