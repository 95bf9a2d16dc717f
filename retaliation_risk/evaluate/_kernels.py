"""Statistics of models and policies under weights of the customers, for all moments pooled and for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retaliation_risk.evaluate._bootstrap import Statistics
from retaliation_risk.evaluate._rows import Rows
from retaliation_risk.metrics._arrays import ratio
from retaliation_risk.metrics._queue import (
    curve_kernel,
    reached_kernel,
    saved_share,
    total_kernel,
    workload_kernel,
)
from retaliation_risk.metrics.calibration import calibration_kernel
from retaliation_risk.metrics.classification import (
    auprc_kernel,
    auroc_kernel,
    brier_kernel,
    scaled_brier_kernel,
)
from retaliation_risk.metrics.survival import concordance_kernel
from retaliation_risk.policies import Policy

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Run = tuple[Policy, str, FloatArray, BoolArray]
Sums = Callable[[FloatArray], FloatArray]
Search = Callable[[FloatArray, FloatArray], FloatArray]
Usual = dict[bytes, tuple[BoolArray, Search]]

ALL = "all"
COMPARED = ("influence_only", "first_come", "rule")
BASELINES = ("prevalence", "kaplan_meier", "rule")
AT_CAPACITY = ("events_reached", "reach_averted", "precision", "lift")


def model_statistics(rows: Rows, horizon_days: float) -> list[Statistics]:
    """Every metric of every model, over all moments and at each."""
    found = []
    for model in rows.models:
        for split, kept in _places(rows, ~np.isnan(rows.risk(model))).items():
            found.append(_model(rows, model, split, kept, horizon_days))
    return [*found, *_minus_baselines(rows)]


def _places(rows: Rows, there: BoolArray) -> dict[str, BoolArray]:
    """Rows that are there, over all moments and at each."""
    return {ALL: there} | {split: there & (rows.group == code) for code, split in enumerate(rows.splits)}


def _counts(rows: Rows, split: str, kept: BoolArray) -> dict[str, Any]:
    hit = kept & rows.event
    return {
        "split": split,
        "policy": "",
        "n": int(kept.sum()),
        "n_events": int(hit.sum()),
        "customers": rows.customers(hit),
    }


def _minus_baselines(rows: Rows) -> list[Statistics]:
    """Paired differences in AUROC of every model to every baseline, on the rows where both have a risk."""
    there = {model: ~np.isnan(rows.risk(model)) for model in rows.models}
    pairs = [(m, base) for m in rows.models for base in BASELINES if base in there and base != m]
    sets: dict[bytes, int] = {}
    metrics: dict[tuple[str, int], tuple[NDArray[np.intp], Sums]] = {}
    labels, compared = [], []
    for model, base in pairs:
        for split, kept in _places(rows, there[model] & there[base]).items():
            code, at = sets.setdefault(np.packbits(kept).tobytes(), len(sets)), np.flatnonzero(kept)
            for name in (model, base):
                if (name, code) not in metrics:
                    metrics[name, code] = at, auroc_kernel(rows.event[at], rows.risk(name)[at])
            compared.append(((model, code), (base, code)))
            labels.append(_counts(rows, split, kept) | {"model": model, "metric": f"auroc_minus_{base}"})

    def kernel(weight: FloatArray) -> FloatArray:
        certain = weight * rows.ipcw[:, None]
        found = {key: metric(certain[at]) for key, (at, metric) in metrics.items()}
        return np.stack([found[ahead] - found[behind] for ahead, behind in compared])

    return [Statistics(labels, kernel)] if labels else []


def totals(rows: Rows) -> list[Statistics]:
    """Count what all else rests on: customers with an event, acts with an audience, and its size."""
    labels, values = [], []
    for split, kept in _places(rows, np.ones(len(rows.event), dtype=bool)).items():
        counts = _counts(rows, split, kept)
        found = {
            "customers_with_event": counts["customers"],
            "acts_with_audience": int((rows.reach[kept] > 0).sum()),
            "people_reached_total": rows.reach[kept].sum(),
        }
        # Nothing was estimated, so there is no interval.
        labels += [counts | {"model": "", "metric": name, "customers": 0} for name in found]
        values += list(found.values())
    column = np.array(values, dtype=np.float64)[:, None]
    return [Statistics(labels, lambda weight: np.repeat(column, weight.shape[1], axis=1))]


def _model(rows: Rows, model: str, split: str, there: BoolArray, horizon_days: float) -> Statistics:
    kept = np.flatnonzero(there)
    risk, event, ipcw = rows.risk(model)[kept], rows.event[kept], rows.ipcw[kept]
    known = {
        "auroc": auroc_kernel(event, risk),
        "auprc": auprc_kernel(event, risk),
        "brier": brier_kernel(event, risk),
        "scaled_brier": scaled_brier_kernel(event, risk),
    }
    # Who left will never retaliate, so they outlive every event; who was lost from sight counts until then.
    frame = rows.frame.iloc[kept]
    left = frame["competing"].to_numpy(dtype=bool)
    duration = np.where(left, horizon_days, frame["duration_days"].to_numpy(dtype=np.float64))
    recalibrate, order = calibration_kernel(event, risk), concordance_kernel(event, duration, risk)
    label = _counts(rows, split, there) | {"model": model}
    names = [*known, "calibration_slope", "calibration_intercept", "concordance"]
    whole = len(kept) == len(rows.event)

    def kernel(weight: FloatArray) -> FloatArray:
        mine = weight if whole else weight[kept]
        certain = mine * ipcw[:, None]
        return np.stack([*(metric(certain) for metric in known.values()), *recalibrate(certain), order(mine)])

    return Statistics([label | {"metric": name} for name in names], kernel)


def policy_statistics(rows: Rows, policies: Sequence[Policy], capacity: float) -> list[Statistics]:
    """Every metric of every policy, and its paired differences to those it is compared with."""
    runs = rows.runs(policies)
    judges = [_judge(rows, run, capacity) for run in runs]
    against = {name: judge for judge in judges for name in COMPARED if judge.policy == name}
    everyone = total_kernel(_gains(rows), rows.group)
    usual: Usual = {}
    savers = [_workload(rows, judge, against.get(COMPARED[0]), usual) for judge in judges]

    def kernel(weight: FloatArray) -> FloatArray:
        totals, sums = everyone(weight), {id(judge): judge.sums(weight) for judge in judges}
        base = against.get(COMPARED[0])
        needed = {}
        for key, (both, search) in usual.items():
            wanted = _pool(sums[id(base)], both)[0]
            needed[key] = wanted, search(weight, wanted)
        found = []
        for judge, saved in zip(judges, savers, strict=True):
            mine = sums[id(judge)]
            found += list(_at_capacity(mine, totals, judge.on).values())
            found.append(saved(weight, needed))
            for other in _others(judge, against):
                both = judge.on & other.on
                ahead = _at_capacity(mine, totals, both)
                behind = _at_capacity(sums[id(other)], totals, both)
                found += [ahead[name] - behind[name] for name in AT_CAPACITY[:2]]
        return np.concatenate(found)

    labels = [label for judge in judges for label in _labels(rows, judge, against, capacity)]
    return [Statistics(labels, kernel)] if judges else []


@dataclass(frozen=True)
class _Judge:
    """One policy with one model's risk, ready to be judged at the moments that are ``on``."""

    policy: str
    model: str
    priority: FloatArray
    on: BoolArray
    sums: Sums


def _judge(rows: Rows, run: Run, capacity: float) -> _Judge:
    policy, model, priority, on = run
    places = np.full(len(rows.splits), capacity)
    return _Judge(
        policy.name, model, priority, on, reached_kernel(_gains(rows), priority, places, rows.group)
    )


def _gains(rows: Rows) -> list[FloatArray]:
    """Return what an answer can gain: an event, its reach, a known outcome."""
    return [rows.event * rows.ipcw, rows.reach * rows.ipcw, rows.ipcw]


def _pool(sums: FloatArray, on: BoolArray) -> FloatArray:
    """Put all moments pooled before each: (gains, groups, B) to (gains, 1 + groups, B); off ones are 0."""
    kept = np.where(on[:, None], sums, 0.0)
    return np.concatenate([kept.sum(axis=1, keepdims=True), kept], axis=1)


def _at_capacity(reached: FloatArray, totals: FloatArray, on: BoolArray) -> dict[str, FloatArray]:
    mine, everyone = _pool(reached, on), _pool(totals, on)
    precision = ratio(mine[0], mine[2])
    values = (
        ratio(mine[0], everyone[0]),
        ratio(mine[1], everyone[1]),
        precision,
        ratio(precision, ratio(everyone[0], everyone[2])),
    )
    return dict(zip(AT_CAPACITY, values, strict=True))


def _workload(rows: Rows, judge: _Judge, other: _Judge | None, usual: Usual) -> Callable[..., FloatArray]:
    """Work saved in reaching as many events as the policy compared with; NaN where there is none.

    The work that the other needs is searched for once for all judges that share its moments: ``usual``.
    """
    if other is None:
        return lambda weight, needed: np.full((1 + len(rows.splits), weight.shape[1]), np.nan)
    both = judge.on & other.on
    gain, key = _gains(rows)[0] * both[rows.group], both.tobytes()
    search = _search(gain, judge.priority, rows)
    if key not in usual:
        usual[key] = both, _search(gain, other.priority, rows)

    def saved(weight: FloatArray, needed: dict[bytes, tuple[FloatArray, FloatArray]]) -> FloatArray:
        wanted, work = needed[key]
        return saved_share(search(weight, wanted), work, wanted)

    return saved


def _search(gain: FloatArray, priority: FloatArray, rows: Rows) -> Search:
    """Prepare the search for the work needed, over all moments and at each."""
    search = workload_kernel(gain, priority, rows.group)
    return lambda weight, wanted: np.concatenate([search(weight, wanted[:1]), search(weight, wanted[1:])])


def _others(judge: _Judge, against: dict[str, _Judge]) -> list[_Judge]:
    return [other for name, other in against.items() if name != judge.policy]


def _labels(rows: Rows, judge: _Judge, against: dict[str, _Judge], capacity: float) -> list[dict[str, Any]]:
    """Labels in the order of the kernel's values: metric by metric, all moments first, then each."""
    metrics = [(name, judge.on) for name in AT_CAPACITY]
    base = against.get(COMPARED[0])
    metrics.append(("workload_saved", judge.on if base is None else judge.on & base.on))
    for other in _others(judge, against):
        metrics += [(f"{name}_minus_{other.policy}", judge.on & other.on) for name in AT_CAPACITY[:2]]
    found = []
    for metric, on in metrics:
        counts = [np.append((column * on).sum(), column * on) for column in (rows.n, rows.n_events)]
        customers = _behind(rows, metric, on)
        for split, n, n_events, few in zip([ALL, *rows.splits], *counts, customers, strict=True):
            label = {"split": split, "model": judge.model, "policy": judge.policy, "metric": metric}
            label |= {"capacity": capacity, "n": int(n), "n_events": int(n_events), "customers": int(few)}
            found.append(label)
    return found


def _behind(rows: Rows, metric: str, on: BoolArray) -> NDArray[np.int64]:
    """Count the customers whose acts stand behind a metric, over the moments that are on and at each.

    Behind an audience stand those whose acts had one.
    """
    hit = (rows.reach > 0 if metric.startswith("reach") else rows.event) & on[rows.group]
    each = np.bincount(rows.group[hit], minlength=len(rows.splits))
    return np.append(rows.customers(hit), each).astype(np.int64)


def reach_statistics(rows: Rows, run: Run, capacities: Sequence[float]) -> Statistics:
    """Compute what one policy reaches at each capacity, all moments pooled."""
    policy, _, priority, on = run
    gains = [gain * on[rows.group] for gain in _gains(rows)[:2]]
    reached = curve_kernel(gains, priority, capacities, rows.group)
    everyone = total_kernel(gains, rows.group)

    def kernel(weight: FloatArray) -> FloatArray:
        return np.concatenate(list(ratio(reached(weight), everyone(weight).sum(axis=1))))

    behind = {metric: int(_behind(rows, metric, on)[0]) for metric in AT_CAPACITY[:2]}
    labels = [
        {"policy": policy.name, "capacity": capacity, "metric": metric, "customers": behind[metric]}
        for capacity in capacities
        for metric in AT_CAPACITY[:2]
    ]
    return Statistics(labels, kernel)
