"""The bootstrap of all policies at all capacities by one engine, for a process of its own."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.policies.data import POLICIES, SHARES, draw

Floats = npt.NDArray[np.float64]
METRICS = ("events_reached", "reach_averted")


def run(engine: str, customers: int, moments: int, draws: int) -> dict[str, Any]:
    """Seconds of one call, those of the processor in all threads, and the intervals by policy, capacity and metric."""
    predictions, shown = draw(customers, moments)
    capacities = [max(1, round(customers * share)) for share in SHARES]
    if engine == "ours":
        ours(*(frame[frame["customer_id"] < 50] for frame in (predictions, shown)), capacities[:1], 2)
    began, used = time.perf_counter(), time.process_time()
    interval = {"ours": ours, "numpy loop": numpy_loop}[engine](predictions, shown, capacities, draws)
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - used
    return {"seconds": seconds, "cpu_seconds": cpu_seconds, "values": interval.ravel().tolist()}


def ours(predictions: pd.DataFrame, shown: pd.DataFrame, capacities: list[int], draws: int) -> Floats:
    """Make the public call, tables in and table out, which gives bands and paired differences too."""
    from retaliation_risk.evaluate import capacity_curve

    found = capacity_curve(
        predictions, shown, POLICIES, model="cox", capacities=capacities, n_bootstrap=draws
    ).set_index(["policy", "capacity", "metric"])
    keys = [(policy.name, k, metric) for policy in POLICIES for k in capacities for metric in METRICS]
    return found.loc[keys, ["low", "high"]].to_numpy(dtype=float) if draws else np.empty(0)


def numpy_loop(predictions: pd.DataFrame, shown: pd.DataFrame, capacities: list[int], draws: int) -> Floats:
    """Sort each queue once; then, draw after draw, running sums of the weights in its order and the edge of capacity."""
    frame = predictions.merge(shown, on=["customer_id", "moment"])
    frame = frame.rename(columns={"risk_cox": "risk"}).assign(true_event=frame["event"])
    code, _ = pd.factorize(frame["customer_id"], sort=True)
    moment, _ = pd.factorize(frame["moment"])
    known = frame["weight"].to_numpy()
    gains = [frame["event"] * known, frame["reach"].where(frame["event"], 0.0).fillna(0.0) * known]
    gains = [gain.to_numpy(dtype=float) for gain in gains]
    queues = [_queue(frame, policy, moment) for policy in POLICIES]
    found = np.empty((draws, len(POLICIES), len(capacities), len(gains)))
    for number in range(draws):
        n = code.max() + 1
        # The very draws of ours, so that the intervals must agree.
        picks = np.random.default_rng((0, number)).integers(n, size=n, dtype=np.uint32)
        weight = np.bincount(picks, minlength=n)[code].astype(float)
        for p, queue in enumerate(queues):
            found[number, p] = _reached(queue, weight, gains, capacities)
    low, high = np.quantile(found, [0.025, 0.975], axis=0)
    return np.stack([low, high], axis=-1)


def _queue(frame: pd.DataFrame, policy: Any, moment: npt.NDArray[np.int64]) -> tuple[Any, ...]:
    """Order of the rows, where ties begin, and for each tie the first of its moment."""
    scored = [policy.priority(rows) for _, rows in frame.groupby("moment", sort=False)]
    priority = pd.concat(scored).reindex(frame.index).to_numpy(dtype=float)
    order = np.lexsort((-priority, moment))
    new = (np.diff(moment[order], prepend=-1) != 0) | (np.diff(priority[order], prepend=np.nan) != 0)
    starts = np.flatnonzero(new)
    owner = moment[order][starts]
    return order, starts, np.searchsorted(owner, owner)


def _reached(queue: tuple[Any, ...], weight: Floats, gains: list[Floats], capacities: list[int]) -> Floats:
    order, starts, first = queue
    mine = weight[order]
    size = np.add.reduceat(mine, starts)
    before = np.cumsum(size) - size
    before = before - before[first]
    values = [np.add.reduceat(mine * gain[order], starts) for gain in gains]
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = [np.nan_to_num(np.clip((k - before) / size, 0, 1)) for k in capacities]
    return np.array([[(share * value).sum() / value.sum() for value in values] for share in shares])
