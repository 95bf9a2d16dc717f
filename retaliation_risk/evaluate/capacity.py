"""What capacity buys: curves with bands, the capacity that is enough, and answers per one more event caught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retaliation_risk._validate import positive, within
from retaliation_risk.errors import ArgumentError
from retaliation_risk.evaluate._bootstrap import Statistics, resample, with_bands, with_intervals
from retaliation_risk.evaluate._judges import (
    COMPARED,
    SHARES,
    Judge,
    behind,
    gains,
    judges_of,
    pooled,
    share_of,
    told,
)
from retaliation_risk.evaluate._rows import Rows, read_rows
from retaliation_risk.metrics._arrays import ratio
from retaliation_risk.metrics._queue import Draws, plan_needed, plan_total
from retaliation_risk.metrics.answers import answers_per_event
from retaliation_risk.policies import POLICIES, Policy

FloatArray = NDArray[np.float64]

CURVE = ["policy", "capacity", "metric", "value", "low", "high", "band_low", "band_high"]
NEEDED = ["policy", "metric", "share", "value", "low", "high", "n", "n_events"]
PER_EVENT = [
    "policy",
    "compared_with",
    "capacity",
    "value",
    "low",
    "high",
    "form",
    "reading",
    "n",
    "n_events",
]
REFERENCE = COMPARED[0]


def capacity_curve(
    predictions: pd.DataFrame,
    scored_columns: pd.DataFrame,
    policies: Sequence[Policy] = POLICIES,
    *,
    model: str,
    capacities: Sequence[int],
    n_bootstrap: int = 200,
    seed: int = 0,
) -> pd.DataFrame:
    """Compute what each policy reaches at several capacities, all moments pooled.

    Parameters
    ----------
    predictions, scored_columns, policies
        As for :func:`evaluate`.
    model : str
        Whose risk the policies use; empty leaves out policies that use risk.
    capacities : sequence of int
        Customers that can be answered at each moment, above 0.
    n_bootstrap : int, default 200
        Resamples of the customers; 0 leaves the intervals empty.
    seed : int, default 0
        Of the resamples; the same as of :func:`evaluate` give the same draws.

    Returns
    -------
    DataFrame
        ``policy, capacity, metric, value, low, high, band_low, band_high`` with metrics ``events_reached`` and
        ``reach_averted``, and the paired differences ``events_reached_minus_influence_only`` and
        ``reach_averted_minus_influence_only`` at the moments that both have. ``low`` and ``high`` are pointwise:
        each holds its own value 95 times in 100, as of :func:`evaluate`. ``band_low`` and ``band_high`` are
        simultaneous over the capacities given: all points of one policy and metric lie inside 95 times in 100,
        so where the band of a difference leaves 0 may be read off after looking at all of them. The band is that
        of :func:`~retaliation_risk.metrics.simultaneous_band`, of shares on the scale of arcsin(sqrt(share)), nowhere
        narrower than the pointwise interval.

    Examples
    --------
    >>> moment = pd.Timestamp("2025-01-01")
    >>> predictions = pd.DataFrame({"split": "2025-01-01", "customer_id": list("abcd"), "moment": moment,
    ...     "event": [True, False, False, True], "duration_days": [9.0, 90.0, 90.0, 50.0], "competing": False,
    ...     "reach": [40.0, None, None, 60.0], "weight": 1.0, "risk_cox": [0.4, 0.1, 0.2, 0.3]})
    >>> shown = predictions[["customer_id", "moment"]].assign(influence=[5.0, 80.0, 60.0, 9.0])
    >>> curve = capacity_curve(
    ...     predictions, shown, model="cox", capacities=[1, 2, 4], n_bootstrap=0)
    >>> curve.loc[(curve["policy"] == "risk_only") & (curve["metric"] == "reach_averted"), "value"].tolist()
    [0.4, 1.0, 1.0]
    """
    rows = read_rows(predictions, scored_columns)
    places = [float(positive("capacity", capacity)) for capacity in sorted(set(capacities))]
    judges = judges_of(rows, _runs(rows, policies, model), places, len(SHARES))
    found = resample(_curves(rows, judges, places), rows.customer, n_bootstrap=n_bootstrap, seed=seed)
    table = with_bands(found, len(places), shares=True).reindex(columns=CURVE)
    return table.astype({"capacity": np.int64}) if len(table) else table


def _runs(rows: Rows, policies: Sequence[Policy], model: str) -> list[Any]:
    return [run for run in rows.runs(policies) if run[1] in ("", model)]


def _curves(rows: Rows, judges: Sequence[Judge], places: Sequence[float]) -> list[Statistics]:
    """Shares of each policy, and their differences to the reference: metric by metric, all capacities of each."""
    everyone = plan_total(gains(rows)[: len(SHARES)], rows.group, rows.customer)
    pairs = _pairs(judges)

    def kernel(draws: Draws) -> FloatArray:
        totals, sums = everyone(draws), {id(judge): judge.sums(draws) for judge in judges}

        def shares(judge: Judge, on: NDArray[np.bool_]) -> FloatArray:
            found = share_of(pooled(sums[id(judge)], on), pooled(totals, on))
            return found.transpose(1, 0, 2).reshape(-1, found.shape[-1])

        alone = [shares(judge, judge.on) for judge in judges]
        together = [(a, b, a.on & b.on) for a, b in pairs]
        return np.concatenate([*alone, *(shares(a, on) - shares(b, on) for a, b, on in together)])

    named: list[tuple[Judge, Judge | None, str, NDArray[np.bool_]]] = [
        (judge, None, "", judge.on) for judge in judges
    ]
    named += [(a, b, f"_minus_{b.policy}", a.on & b.on) for a, b in pairs]
    labels = [
        {"policy": a.policy, "capacity": place, "metric": name + minus, "customers": behind(rows, name, on), "told": acts}
        for a, b, minus, on in named
        for name in SHARES
        for place, acts in zip(places, told(rows, name, on, a, b)[:, 0], strict=True)
    ]  # fmt: skip
    return [Statistics(labels, kernel, by_customer=True)] if judges else []


def _pairs(judges: Sequence[Judge]) -> list[tuple[Judge, Judge]]:
    """Each policy with the reference, where there is one."""
    reference = [judge for judge in judges if judge.policy == REFERENCE]
    return [(judge, base) for base in reference for judge in judges if judge is not base]


def capacity_for_share(
    predictions: pd.DataFrame,
    scored_columns: pd.DataFrame,
    policies: Sequence[Policy] = POLICIES,
    *,
    model: str,
    share: float = 0.5,
    n_bootstrap: int = 200,
    seed: int = 0,
) -> pd.DataFrame:
    """Find the smallest capacity at which each policy reaches a share of all events, all moments pooled.

    Parameters
    ----------
    predictions, scored_columns, policies, model, n_bootstrap, seed
        As for :func:`capacity_curve`.
    share : float, default 0.5
        Of the events, weighted for those lost from sight; in (0, 1].

    Returns
    -------
    DataFrame
        ``policy, metric, share, value, low, high, n, n_events`` with metrics ``capacity_for_share``, whole
        customers at each moment, and ``capacity_for_share_minus_influence_only``, below 0 if less is enough.
        Customers who tie are answered in any order, so among them it is what one may expect. NaN without
        events. Intervals are 95 % percentiles, each on its own.

    Raises
    ------
    ArgumentError
        RR111 for a share outside (0, 1].

    Examples
    --------
    >>> moment = pd.Timestamp("2025-01-01")
    >>> predictions = pd.DataFrame({"split": "2025-01-01", "customer_id": list("abcd"), "moment": moment,
    ...     "event": [True, False, False, True], "duration_days": [9.0, 90.0, 90.0, 50.0], "competing": False,
    ...     "reach": [40.0, None, None, 60.0], "weight": 1.0, "risk_cox": [0.4, 0.1, 0.2, 0.3]})
    >>> shown = predictions[["customer_id", "moment"]].assign(influence=[5.0, 80.0, 60.0, 9.0])
    >>> from retaliation_risk.policies import InfluenceOnly, RiskOnly
    >>> enough = capacity_for_share(predictions, shown, (InfluenceOnly(), RiskOnly()), model="cox", n_bootstrap=0)
    >>> enough.loc[enough["metric"] == "capacity_for_share", ["policy", "value"]].values.tolist()
    [['influence_only', 3.0], ['risk_only', 1.0]]
    """
    positive("share", within("share", share, 0, 1))
    rows = read_rows(predictions, scored_columns)
    judges = judges_of(rows, _runs(rows, policies, model), [1.0], 1)
    statistics = _enough(rows, judges, share)
    found = with_intervals(statistics, rows.customer, n_bootstrap=n_bootstrap, seed=seed)
    return found.assign(share=float(share)).reindex(columns=NEEDED)


def _enough(rows: Rows, judges: Sequence[Judge], share: float) -> list[Statistics]:
    event = gains(rows)[0]
    pairs = [(judge, judge, judge.on) for judge in judges]
    pairs += [(a, b, a.on & b.on) for a, b in _pairs(judges)]
    # The same queue at the same moments is asked once, alone and in a pair.
    asked = {(id(judge), on.tobytes()): (judge, on) for a, b, on in pairs for judge in (a, b)}
    plans = {
        key: plan_needed(event * on[rows.group], judge.priority, rows.group, rows.customer)
        for key, (judge, on) in asked.items()
    }
    everyone = plan_total([event], rows.group, rows.customer)

    def kernel(draws: Draws) -> FloatArray:
        totals = everyone(draws)
        wanted = {key: share * pooled(totals, on) for key, (_, on) in asked.items()}
        work = {key: _whole(plan(draws, wanted[key]), wanted[key]) for key, plan in plans.items()}
        found = [
            work[id(a), on.tobytes()] - (0.0 if a is b else work[id(b), on.tobytes()]) for a, b, on in pairs
        ]
        return np.concatenate(found)

    labels = [
        _counted(rows, on) | {"policy": a.policy, "metric": _minus("capacity_for_share", a, b)}
        for a, b, on in pairs
    ]
    return [Statistics(labels, kernel, by_customer=True)] if judges else []


def _whole(work: FloatArray, wanted: FloatArray) -> FloatArray:
    """Round up to whole customers; NaN where there is nothing to reach."""
    return np.where(wanted > 0, np.ceil(work - 1e-6), np.nan)


def _minus(metric: str, judge: Judge, other: Judge) -> str:
    return metric if judge is other else f"{metric}_minus_{other.policy}"


def _counted(rows: Rows, on: NDArray[np.bool_]) -> dict[str, Any]:
    return {
        "n": int((rows.n * on).sum()),
        "n_events": int((rows.n_events * on).sum()),
        "customers": behind(rows, "events_reached", on),
    }


def one_more_caught(
    predictions: pd.DataFrame,
    scored_columns: pd.DataFrame,
    policies: Sequence[Policy] = POLICIES,
    *,
    model: str,
    capacity: int,
    n_bootstrap: int = 500,
    seed: int = 0,
) -> pd.DataFrame:
    """Read each policy against influence-only as "one more caught per N customers answered", all moments pooled.

    Parameters
    ----------
    predictions, scored_columns, policies, model, seed
        As for :func:`capacity_curve`.
    capacity : int
        Customers that can be answered at each moment, above 0.
    n_bootstrap : int, default 500
        Resamples of the customers; 0 leaves the intervals empty.

    Returns
    -------
    DataFrame
        ``policy, compared_with, capacity, value, low, high, form, reading, n, n_events``: answers per one more
        event within capacity, below 0 per one fewer. ``form`` says how to read the interval
        (:func:`~retaliation_risk.metrics.answers_per_event`): ``between`` low and high, or, where no difference
        cannot be ruled out, ``outside`` of them; ``reading`` is the sentence.

    Raises
    ------
    ArgumentError
        RR111 where influence-only cannot be run.

    Examples
    --------
    >>> moment = pd.Timestamp("2025-01-01")
    >>> predictions = pd.DataFrame({"split": "2025-01-01", "customer_id": list("abcd"), "moment": moment,
    ...     "event": [True, False, False, True], "duration_days": [9.0, 90.0, 90.0, 50.0], "competing": False,
    ...     "reach": [40.0, None, None, 60.0], "weight": 1.0, "risk_cox": [0.4, 0.1, 0.2, 0.3]})
    >>> shown = predictions[["customer_id", "moment"]].assign(influence=[5.0, 80.0, 60.0, 9.0])
    >>> read = one_more_caught(predictions, shown, model="cox", capacity=2, n_bootstrap=0)
    >>> read[["policy", "reading"]].values.tolist()[0]
    ['risk_only', 'One more is caught per 1 answer.']
    """
    rows = read_rows(predictions, scored_columns)
    place = float(positive("capacity", capacity))
    judges = judges_of(rows, _runs(rows, policies, model), [place], 1)
    if len(rows.frame) and REFERENCE not in [judge.policy for judge in judges]:
        raise ArgumentError("RR111", f"policies that can be run lack {REFERENCE}; found are"
                            f" {[judge.policy for judge in judges]}.")  # fmt: skip
    statistics = _per_answer(rows, judges, place)
    found = with_intervals(statistics, rows.customer, n_bootstrap=n_bootstrap, seed=seed)
    if found.empty:
        return pd.DataFrame(columns=PER_EVENT)
    read = [answers_per_event(*row) for row in found[["value", "low", "high"]].to_numpy()]
    turned = pd.DataFrame([asdict(one) for one in read], index=found.index)
    return found.assign(reading=list(map(str, read)), **turned).reindex(columns=PER_EVENT)


def _per_answer(rows: Rows, judges: Sequence[Judge], place: float) -> list[Statistics]:
    """Events within capacity per answer, as the difference of each policy to the reference."""
    pairs = [(a, b, a.on & b.on) for a, b in _pairs(judges)]
    everyone = plan_total([np.ones(len(rows.event))], rows.group, rows.customer)

    def kernel(draws: Draws) -> FloatArray:
        answers = np.minimum(everyone(draws), place)
        sums = {id(judge): judge.sums(draws)[0] for judge in judges}
        found = [ratio(pooled(sums[id(a)] - sums[id(b)], on), pooled(answers, on)) for a, b, on in pairs]
        return np.concatenate(found)

    labels = [
        _counted(rows, on)
        | {"policy": a.policy, "compared_with": b.policy, "capacity": int(place)}
        | {"told": told(rows, "events_reached", on, a, b)[0, 0]}
        for a, b, on in pairs
    ]
    return [Statistics(labels, kernel, by_customer=True)] if pairs else []
