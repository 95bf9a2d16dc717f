"""The table of scores: every model and every policy on the same rows, under the same draws."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from retaliation_risk._validate import positive
from retaliation_risk.evaluate._bootstrap import with_intervals
from retaliation_risk.evaluate._claims import CLAIMS, add_claims
from retaliation_risk.evaluate._judges import policy_statistics
from retaliation_risk.evaluate._kernels import model_statistics, totals
from retaliation_risk.evaluate._rows import read_rows
from retaliation_risk.policies import POLICIES, Policy

SCORES = [
    "split", "model", "policy", "metric", "horizon_days", "capacity", "value", "low", "high", "n", "n_events",
    *CLAIMS,
]  # fmt: skip


def evaluate(
    predictions: pd.DataFrame,
    scored_columns: pd.DataFrame,
    policies: Sequence[Policy] = POLICIES,
    *,
    capacity: int,
    horizon_days: float,
    n_bootstrap: int = 500,
    seed: int = 0,
) -> pd.DataFrame:
    """Judge every model and every policy on the same rows.

    Parameters
    ----------
    predictions : DataFrame
        The predictions frame of :func:`rolling_origin`.
    scored_columns : DataFrame
        ``customer_id``, ``moment`` and the columns that policies need besides the risk (``influence``,
        ``expected_reach``, ``tickets_90d``, ...).
    policies : sequence of Policy, default POLICIES
        Those whose columns are not there are left out (``policies.available`` says why).
    capacity : int
        Customers that can be answered at each moment, above 0.
    horizon_days : float
        Horizon at which outcomes are judged, above 0.
    n_bootstrap : int, default 500
        Resamples of the customers; 0 leaves the intervals empty.
    seed : int, default 0
        Of the resamples.

    Returns
    -------
    DataFrame
        ``split, model, policy, metric, horizon_days, capacity, value, low, high, n, n_events, p_value, p_holm,
        family``. Split ``all`` pools the moments. Rows of models have an empty policy and no capacity: auroc, auprc, brier,
        scaled_brier, calibration_slope, calibration_intercept, concordance, and the paired differences
        ``auroc_minus_prevalence``, ``_minus_kaplan_meier``, ``_minus_rule`` and ``_minus_landmark_cox`` where
        there are such models.
        Rows of policies name the model whose risk they used, if any: events_reached, reach_averted,
        precision, lift, workload_saved (against influence_only), and the paired differences
        ``events_reached_minus_influence_only``, ``reach_averted_minus_influence_only`` and both
        ``_minus_first_come`` and ``_minus_rule``. Rows without model and policy count what the others rest
        on: ``customers_with_event`` (n_events counts rows, so a customer may be counted at several
        moments), ``acts_with_audience`` (events that somebody saw) and ``people_reached_total`` (who saw
        them).

        Intervals are 95 % percentiles of a bootstrap over customers, the same resamples for all. From a
        handful of customers they are far too narrow: low and high are NaN where fewer than 10 customers
        with an event, or for reach with an event that somebody saw, stand behind a value, and where less than
        one event in all is reached, or told apart by two policies (ties alone: every resample repeats them).
        A policy or model
        without its columns or risk at a moment is judged on the other moments, and compared on those that
        both have.

        Differences over all moments have a two-sided ``p_value``: of models by DeLong, clustered by customer
        (:func:`~retaliation_risk.metrics.auroc_covariance`), of policies by the standard error of the bootstrap.
        ``p_holm`` is Holm's for all differences of one ``family`` in this table, ``models`` or ``policies``
        (every policy, metric and policy compared with; the oracle is none of them). Low and high are of each
        difference alone. The censoring weights are the same in every draw; docs/metrics.md has what that costs.

    Examples
    --------
    >>> moment = pd.Timestamp("2025-01-01")
    >>> predictions = pd.DataFrame({"split": "2025-01-01", "customer_id": list("abcd"), "moment": moment,
    ...     "event": [True, False, False, True], "duration_days": [9.0, 90.0, 90.0, 50.0], "competing": False,
    ...     "reach": [40.0, None, None, 60.0], "weight": 1.0, "risk_cox": [0.4, 0.1, 0.2, 0.3]})
    >>> shown = predictions[["customer_id", "moment"]].assign(influence=[5.0, 80.0, 60.0, 9.0])
    >>> from retaliation_risk.policies import InfluenceOnly, Oracle, RiskOnly
    >>> judged = (InfluenceOnly(), RiskOnly(), Oracle())
    >>> scores = evaluate(predictions, shown, judged, capacity=2, horizon_days=90, n_bootstrap=20)
    >>> pooled = scores[(scores["split"] == "all") & (scores["metric"] == "events_reached")]
    >>> dict(zip(pooled["policy"], pooled["value"]))
    {'influence_only': 0.0, 'risk_only': 1.0, 'oracle': 1.0}
    """
    positive("horizon_days", horizon_days)
    positive("capacity", capacity)
    rows = read_rows(predictions, scored_columns)
    statistics = [
        *model_statistics(rows, float(horizon_days)),
        *policy_statistics(rows, policies, float(capacity)),
        *(totals(rows) if len(rows.frame) else []),
    ]
    found = with_intervals(statistics, rows.customer, n_bootstrap=n_bootstrap, seed=seed)
    return add_claims(found).assign(horizon_days=float(horizon_days)).reindex(columns=SCORES)
