"""Tables of shares: of those told a risk, how many retaliated; and whom each queue serves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retaliation_risk._validate import positive
from retaliation_risk.evaluate._rows import Rows, read_rows
from retaliation_risk.metrics._queue import answered_share
from retaliation_risk.metrics.calibration import calibration_curve
from retaliation_risk.policies import POLICIES, Policy

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

CALIBRATION = ["model", "bin", "n", "predicted", "observed", "low", "high"]
SERVED = ["policy", "group_kind", "group", "share_of_queue", "share_of_customers", "n"]
QUARTILES = ("1 (least)", "2", "3", "4 (most)")
NO_ACCOUNT = "no account"


def calibration_table(predictions: pd.DataFrame, *, n_bins: int = 10) -> pd.DataFrame:
    """Risk said and share observed of each model, in bins of equally many rows, all moments pooled.

    Parameters
    ----------
    predictions : DataFrame
        The predictions frame of :func:`rolling_origin`.
    n_bins : int, default 10
        Bins at most; equal risks stay together.

    Returns
    -------
    DataFrame
        ``model, bin, n, predicted, observed, low, high``; bins from 1, lowest risk first; Wilson intervals
        of 95 %. Rows censored inside the horizon are left out and the others weighted for them.

    Examples
    --------
    >>> moment = pd.Timestamp("2025-01-01")
    >>> predictions = pd.DataFrame({"split": "2025-01-01", "customer_id": list("abcd"), "moment": moment,
    ...     "event": [True, False, False, True], "duration_days": [9.0, 90.0, 90.0, 50.0], "competing": False,
    ...     "reach": [40.0, None, None, 60.0], "weight": 1.0, "risk_cox": [0.4, 0.1, 0.2, 0.3]})
    >>> calibration_table(predictions, n_bins=2)[["n", "predicted", "observed"]].round(2).values.tolist()
    [[2.0, 0.15, 0.0], [2.0, 0.35, 1.0]]
    """
    rows = read_rows(predictions)
    found = []
    for model in rows.models:
        risk = rows.risk(model)
        kept = ~np.isnan(risk) & (rows.ipcw > 0)
        curve = calibration_curve(rows.event[kept], risk[kept], n_bins=n_bins, weight=rows.ipcw[kept])
        columns = {name: getattr(curve, name) for name in CALIBRATION[2:]}
        found.append(pd.DataFrame({"model": model, "bin": np.arange(1, len(curve.n) + 1), **columns}))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=CALIBRATION)


def who_is_served(
    predictions: pd.DataFrame,
    scored_columns: pd.DataFrame,
    policies: Sequence[Policy] = POLICIES,
    *,
    capacity: int,
    model: str,
    groups: Sequence[str] = ("segment", "tier"),
) -> pd.DataFrame:
    """Compare each group's share of each queue with its share of the customers, all moments pooled.

    Parameters
    ----------
    predictions, scored_columns, policies
        As for :func:`evaluate`.
    capacity : int
        Customers that can be answered at each moment, above 0.
    model : str
        Whose risk the policies use; empty leaves out policies that use risk.
    groups : sequence of str, default ("segment", "tier")
        Columns of ``scored_columns`` to group by; those that are not there are left out.

    Returns
    -------
    DataFrame
        ``policy, group_kind, group, share_of_queue, share_of_customers, n``, with ``n`` different
        customers. Kinds:

        - ``influence quartile``: quartiles of the known scores at each moment, and ``no account``;
        - one kind per column of ``groups``; whole numbers are written as such;
        - ``retaliators``: of the events reached and of all events, the share below the median influence,
          not below it, and without account;
        - ``missed retaliators``: of the events that the policy missed, the same shares as
          ``share_of_customers``; no ``share_of_queue``.

    Examples
    --------
    >>> moment = pd.Timestamp("2025-01-01")
    >>> predictions = pd.DataFrame({"split": "2025-01-01", "customer_id": list("abcd"), "moment": moment,
    ...     "event": [True, False, False, True], "duration_days": [9.0, 90.0, 90.0, 50.0], "competing": False,
    ...     "reach": [40.0, None, None, 60.0], "weight": 1.0, "risk_cox": [0.4, 0.1, 0.2, 0.3]})
    >>> shown = predictions[["customer_id", "moment"]].assign(influence=[5.0, 80.0, 60.0, 9.0])
    >>> served = who_is_served(predictions, shown, capacity=2, model="cox")
    >>> missed = served[served["group_kind"] == "missed retaliators"]
    >>> missed.loc[missed["policy"] == "influence_only", ["group", "share_of_customers", "n"]].values.tolist()
    [['below-median influence', 1.0, 2]]
    """
    rows = read_rows(predictions, scored_columns)
    places = np.full(len(rows.splits), float(positive("capacity", capacity)))
    kinds = _kinds(rows, groups)
    found = []
    for policy, used, priority, on in rows.runs(policies):
        if used in ("", model):
            answered = np.where(on[rows.group], answered_share(priority, places, rows.group), np.nan)
            found += [_compare(rows, policy.name, kind, labels, answered) for kind, labels in kinds.items()]
            if "influence" in rows.frame.columns:
                found += _retaliators(rows, policy.name, answered)
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=SERVED)


def _kinds(rows: Rows, groups: Sequence[str]) -> dict[str, pd.Series]:
    """Label of each row under each kind of group."""
    found: dict[str, pd.Series] = {}
    if "influence" in rows.frame.columns and rows.frame["influence"].notna().any():
        quarter = np.ceil(_place(rows) * 4).clip(1, 4)
        found["influence quartile"] = quarter.map(dict(enumerate(QUARTILES, start=1))).fillna(NO_ACCOUNT)
    for name in groups:
        if name in rows.frame.columns:
            label = rows.frame[name]
            if pd.api.types.is_float_dtype(label) and (label.dropna() % 1 == 0).all():
                label = label.astype("Int64")
            label = label.astype(object)
            found[name] = label.where(label.notna(), "unknown").astype(str)
    return found


def _place(rows: Rows) -> pd.Series:
    """Place each row among the known influence scores of its moment, in (0, 1]; ties stand together."""
    return rows.frame["influence"].astype(float).groupby(rows.group).rank(pct=True, method="average")


def _compare(rows: Rows, policy: str, kind: str, labels: pd.Series, answered: FloatArray) -> pd.DataFrame:
    there = ~np.isnan(answered)
    table = pd.DataFrame(
        {"group": labels[there], "queue": answered[there], "customer": rows.customer[there]}
    ).groupby("group")
    queue, size = table["queue"].sum(), table.size()
    shares = {
        "share_of_queue": queue / (queue.sum() or np.nan),
        "share_of_customers": size / size.sum(),
        "n": table["customer"].nunique(),
    }
    frame = pd.DataFrame(shares).reset_index()
    return frame.assign(policy=policy, group_kind=kind).reindex(columns=SERVED)


def _retaliators(rows: Rows, policy: str, answered: FloatArray) -> list[pd.DataFrame]:
    """Events reached and missed, by influence."""
    place = _place(rows)
    side = np.where(place <= 0.5, "below-median influence", "at or above median")
    half = pd.Series(np.where(place.isna(), NO_ACCOUNT, side), index=place.index)
    events = np.where(rows.event, answered, np.nan)
    if np.isnan(events).all():
        return []
    reached = _compare(rows, policy, "retaliators", half, events)
    missed = _compare(rows, policy, "missed retaliators", half, np.where(events < 1, 1 - events, np.nan))
    # What stood in for the queue are the events missed, those at the edge of capacity in proportion.
    missed = missed.assign(share_of_customers=missed["share_of_queue"], share_of_queue=np.nan)
    return [table for table in (reached, missed) if len(table)]
