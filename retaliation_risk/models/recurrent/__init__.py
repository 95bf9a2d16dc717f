"""Customers who retaliate more than once: Andersen-Gill, Prentice-Williams-Peterson, and the mean number of acts.

All read counting-process rows as :func:`retaliation_risk.histories.build_intervals` returns them with ``recurrent=True``:
``customer_id``, ``start_days``, ``stop_days`` (at risk in (start, stop]), ``event`` and one column per covariate.
"""

from __future__ import annotations

from retaliation_risk.models.recurrent.fit import KINDS, earlier_events, fit_recurrent, recurrent_rows
from retaliation_risk.models.recurrent.mean import mean_cumulative_events

__all__ = ["KINDS", "earlier_events", "fit_recurrent", "mean_cumulative_events", "recurrent_rows"]
