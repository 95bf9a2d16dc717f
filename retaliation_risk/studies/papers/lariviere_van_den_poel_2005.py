"""Larivière and Van den Poel 2005: what matters after a complaint changes as time goes by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from retaliation_risk.models.time_effects import fit_time_effects
from retaliation_risk.studies.frame import Claim, Estimate, Study
from retaliation_risk.studies.panel import Panel
from retaliation_risk.studies.rates import Z, enough

_DAYS, _PIECES = 365.0, 20


def effect_changes(panel: Panel) -> Estimate:
    """Change of the log hazard ratio of leaving once the recovery has failed, per log day since the complaint."""
    rows = leaving_rows(panel, _DAYS)
    enough(rows.loc[rows["failed"] > 0, "event"].sum(), "exits after failed recoveries")
    held = ["failed", "failed again", "loyalty", "number"]
    fit = fit_time_effects(rows, held, varying=["failed"], cuts=_PIECES).fit
    assert fit.robust is not None
    place = next(k for k, name in enumerate(fit.names) if name not in held)
    value, error = float(fit.coefficients[place]), float(np.sqrt(fit.robust[place, place]))
    return Estimate(value, value - Z * error, value + Z * error, float(rows["event"].sum()))


def leaving_rows(panel: Panel, days: float) -> pd.DataFrame:
    """Lay out the time from each complaint to the next, exit or end as (start, stop] rows, cut where recovery failed.

    Returns
    -------
    DataFrame
        ``customer_id``, ``start_days``, ``stop_days``, ``event`` (left), ``failed`` (0 or 1), ``loyalty``, ``number``
        (failed recoveries in the year before, at most 3) and ``failed again`` (their product with ``failed``).
    """
    all_rows = panel.complaints
    rows = all_rows.assign(next=all_rows.groupby("customer")["opened"].shift(-1))
    opened, left = rows["opened"].to_numpy(), rows["left_at"].to_numpy()
    end = np.fmin(rows["next"].to_numpy(), np.minimum(np.minimum(left, rows["seen_to"]), opened + days))
    failed = np.fmin(rows["failed"].to_numpy(), np.inf)
    parts = [
        _rows(rows, 0.0, np.minimum(failed, end) - opened, (left <= end) & (failed > end), 0.0),
        _rows(rows, failed - opened, end - opened, left <= end, 1.0),
    ]
    joined = pd.concat(parts, ignore_index=True)
    return joined[joined["stop_days"] > joined["start_days"]].reset_index(drop=True)


def _rows(rows: pd.DataFrame, start: Any, stop: Any, event: Any, failed: float) -> pd.DataFrame:
    number = np.minimum(rows["number"], 3)
    columns = {"customer_id": rows["customer"], "start_days": start, "stop_days": stop, "event": event}
    held = {"failed": failed, "failed again": failed * number, "loyalty": rows["loyalty"], "number": number}
    return pd.DataFrame({**columns, **held})


STUDY = Study(
    "lariviere_van_den_poel_2005",
    "Larivière & Van den Poel 2005, Expert Systems with Applications 29",
    "2,326 customers of a financial firm after a complaint: survival analysis, tests of proportional "
    "hazards, survival forests.",
    (
        Claim(
            "V1",
            "effects on later behaviour change over time",
            "sign",
            source="abstract",
            published=0,
            unit="log hazard ratio per log day",
            test=effect_changes,
            by_construction=("exit_half_life_days",),
            off={"exit_half_life_days": 1e6},
            reads_as="leaving in the year after a complaint, once its recovery has failed against before; a "
            "change in either direction",
        ),
        Claim(
            "V2",
            "how complaints are handled influences later behaviour",
            "sign",
            source="abstract",
            unit="log hazard ratio",
            why_not="the direction was not seen; K4 tests that leaving is rarer where a recovery held",
        ),
    ),
)
