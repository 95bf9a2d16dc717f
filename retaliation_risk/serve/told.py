"""What the model says of one customer or of many at once: risk, interval, band, reasons, from features as of a moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk.explain import Reason, band, reasons
from retaliation_risk.serve.answers import Band
from retaliation_risk.serve.base import Base
from retaliation_risk.serve.live import Known

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Told:
    """What the model says of one customer; nothing where it may not, or cannot."""

    risk: float | None = None
    low: float | None = None
    high: float | None = None
    band: Band | None = None
    reasons: tuple[Reason, ...] = ()


UNTOLD = Told()


def values_of(base: Base, known: Sequence[Known], moments: Sequence[int]) -> Floats:
    """Return every feature of a readout as it was known just before each customer's moment, by the one ``as_of``.

    Returns
    -------
    array, shape (n_customers, n_features)
        Columns in the order of ``base.names``.
    """
    found = np.empty((len(known), len(base.features)))
    places: dict[int, list[int]] = defaultdict(list)
    for place, each in enumerate(known):
        places[id(each.histories)].append(place)
    for rows in places.values():
        codes = np.array([known[row].code for row in rows], dtype=np.int64)
        times = np.array([moments[row] for row in rows], dtype=np.int64)
        values = known[rows[0]].histories.values_of(codes, times, base.asked)
        found[rows] = np.stack([values[name] for name in base.names], axis=1)
    return found


def tell(base: Base, known: Sequence[Known], moments: Sequence[int], values: Floats) -> list[Told]:
    """Return what the model says of each customer, from their features.

    Parameters
    ----------
    base : Base
    known : sequence of Known
    moments : sequence of int
        Microseconds, one for each customer.
    values : array, shape (n_customers, n_features)
        As :func:`values_of` gives them.
    """
    found = [UNTOLD] * len(known)
    able = [row for row, each in enumerate(known) if not why_untold(each, moments[row])]
    if base.artefact is not None and able:
        for row, told in zip(able, _modelled(base, values[able]), strict=True):
            found[row] = told
    return found


def _modelled(base: Base, values: Floats) -> list[Told]:
    assert base.artefact is not None
    model: Any = base.artefact.model
    # In the order in which the model's design has them.
    X = pd.DataFrame(values[:, base.places], columns=base.columns, copy=False)
    risks, low, high, parts = model.explained_risk(X, base.horizon_days)
    none = [None] * len(values)
    lows, highs = (none if end is None else np.asarray(end).tolist() for end in (low, high))
    bands = none if base.base_rate is None else band(risks, base.base_rate).tolist()
    given: Sequence[Sequence[Reason]] = [()] * len(values)
    if parts is not None:
        # Conditions of reasons may look at features that the model does not read.
        every = dict(zip(base.names, values.T, strict=True))
        given = reasons(parts, every, base.named, typical=base.typical)
    rows = zip(np.asarray(risks).tolist(), lows, highs, bands, map(tuple, given), strict=True)
    return [Told(*row) for row in rows]


def why_untold(known: Known, moment: int) -> tuple[str, ...]:
    """Say why no risk may be told of this customer; nothing where it may."""
    spans, code = known.histories.spans, known.code
    if spans.opted_out[code]:
        return ("This customer has opted out of profiling: no risk is computed.",)
    if spans.left_known_at[code] < moment:
        return ("This customer has left: the risk is of those who are still here.",)
    if spans.history_from[code] > moment:
        return ("Nothing of this customer was recorded yet at this moment.",)
    return ()
