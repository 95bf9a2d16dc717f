"""Made-up customers whose risks an artefact remembers, so that a model that came to predict otherwise is noticed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk.artefacts.reference import Reference, Spread
from retaliation_risk.errors import ArtefactError
from retaliation_risk.models import Model

Floats = npt.NDArray[np.float64]

#: How far risks may lie from those remembered, as a share: other machines add in another order.
CLOSE = 1e-9


def probe_rows(reference: Reference) -> pd.DataFrame:
    """Return customers made of the edges of the bins: each is equally far along in every column, and one knows nothing.

    Examples
    --------
    >>> from retaliation_risk.artefacts.reference import build_reference
    >>> X = pd.DataFrame({"tickets_30d": [0.0, 1.0, 4.0]})
    >>> probe_rows(build_reference(X, [0.1, 0.2, 0.3], list("abc")))["tickets_30d"].tolist()
    [0.0, 0.0, 1.0, 4.0, nan]
    """
    places = [*np.linspace(0, 1, 4), np.nan]
    return pd.DataFrame(
        {spread.name: _along(spread, places) for spread in reference.columns}, dtype=np.float64
    )


def probe(model: Model, reference: Reference, horizon_days: float) -> tuple[float, ...]:
    """Return the model's risks for the made-up customers."""
    return tuple(model.predict_risk(probe_rows(reference), horizon_days).tolist())


def check_probe(model: Model, reference: Reference, horizon_days: float, remembered: Sequence[float]) -> None:
    """Refuse a model that cannot predict, or predicts something else than it did when it was stored.

    Raises
    ------
    ArtefactError
        RR515 and RR518.
    """
    try:
        found = probe(model, reference, horizon_days)
    # Parameters that were made up can fail anywhere in a model, in any way.
    except Exception as error:
        raise ArtefactError("RR515", f"It cannot predict ({type(error).__name__}: {error}).") from error
    if len(found) != len(remembered) or not np.allclose(found, remembered, rtol=CLOSE, atol=0.0):
        raise ArtefactError(
            "RR518", f"Made-up customers had the risks {list(remembered)} and have {list(found)}."
        )


def _along(spread: Spread, places: Sequence[float]) -> list[float]:
    """Values of a column at places between its least (0) and greatest (1), by bins."""
    ends = [] if spread.low is None or spread.high is None else [spread.low, *spread.edges, spread.high]
    if not ends:
        return [np.nan] * len(places)
    return [np.nan if np.isnan(place) else ends[int(place * (len(ends) - 1))] for place in places]
