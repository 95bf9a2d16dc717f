"""Statistics of policies under draws of the customers, for all moments pooled and for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retaliation_risk.evaluate._bootstrap import Statistics
from retaliation_risk.evaluate._rows import Rows
from retaliation_risk.metrics._arrays import ratio
from retaliation_risk.metrics._queue import (
    Draws,
    answered_share,
    plan_needed,
    plan_reached,
    plan_total,
    saved_share,
)
from retaliation_risk.policies import Policy

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Run = tuple[Policy, str, FloatArray, BoolArray]
Sums = Callable[[Draws], FloatArray]
Search = Callable[[Draws, FloatArray], FloatArray]
Usual = dict[bytes, tuple[BoolArray, Search]]

ALL = "all"
COMPARED = ("influence_only", "first_come", "rule")
AT_CAPACITY = ("events_reached", "reach_averted", "precision", "lift")
SHARES = AT_CAPACITY[:2]


@dataclass(frozen=True)
class Judge:
    """One policy with one model's risk, ready to be judged at the moments that are ``on``.

    ``sums`` turns draws into what is reached at each capacity, shape (capacities, gains, groups, B); see
    :func:`gains`. ``answered`` is the share of each row that is answered, shape (capacities, n).
    """

    policy: str
    model: str
    priority: FloatArray
    on: BoolArray
    sums: Sums
    answered: FloatArray


def judges_of(rows: Rows, runs: Sequence[Run], capacities: Sequence[float], n_gains: int) -> list[Judge]:
    """Sort each queue once; only the first so many gains are summed."""
    places = np.repeat(np.array(capacities, dtype=np.float64)[:, None], len(rows.splits), axis=1)
    wanted = gains(rows)[:n_gains]
    return [
        Judge(
            policy.name, model, priority, on,
            plan_reached(wanted, priority, places, rows.group, rows.customer),
            answered_share(priority, places, rows.group),
        )
        for policy, model, priority, on in runs
    ]  # fmt: skip


def gains(rows: Rows) -> list[FloatArray]:
    """Return what an answer can gain: an event, its reach, a known outcome."""
    return [rows.event * rows.ipcw, rows.reach * rows.ipcw, rows.ipcw]


def pooled(sums: FloatArray, on: BoolArray) -> FloatArray:
    """Add the moments that are on, the last axis but one: (..., groups, B) to (..., B).

    One after the other, so that no bit hangs on how many draws are summed at once.
    """
    nothing = np.zeros(sums.shape[:-2] + sums.shape[-1:])
    return reduce(np.add, (sums[..., code, :] for code in np.flatnonzero(on)), nothing)


def share_of(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Divide; the sums were added up in different orders, so a whole may be a bit more than itself."""
    return np.minimum(ratio(part, whole), 1.0)


def policy_statistics(rows: Rows, policies: Sequence[Policy], capacity: float) -> list[Statistics]:
    """Every metric of every policy, and its paired differences to those it is compared with."""
    judges = judges_of(rows, rows.runs(policies), [capacity], len(gains(rows)))
    against = {name: judge for judge in judges for name in COMPARED if judge.policy == name}
    base = against.get(COMPARED[0])
    everyone = plan_total(gains(rows), rows.group, rows.customer)
    usual: Usual = {}
    savers = [_workload(rows, judge, base, usual) for judge in judges]

    def kernel(draws: Draws) -> FloatArray:
        totals, sums = everyone(draws), {id(judge): judge.sums(draws)[0] for judge in judges}
        needed = {}
        for key, (both, search) in usual.items():
            wanted = _each(sums[id(base)], both)[0]
            needed[key] = wanted, search(draws, wanted)
        found = []
        for judge, saved in zip(judges, savers, strict=True):
            mine = sums[id(judge)]
            found += list(_at_capacity(mine, totals, judge.on).values())
            found.append(saved(draws, needed))
            for other in others(judge, against):
                both = judge.on & other.on
                ahead = _at_capacity(mine, totals, both)
                behind = _at_capacity(sums[id(other)], totals, both)
                found += [ahead[name] - behind[name] for name in SHARES]
        return np.concatenate(found)

    labels = [label for judge in judges for label in _labels(rows, judge, against, capacity)]
    return [Statistics(labels, kernel, by_customer=True)] if judges else []


def _each(sums: FloatArray, on: BoolArray) -> FloatArray:
    """Put all moments pooled before each: (gains, groups, B) to (gains, 1 + groups, B); off ones are 0."""
    return np.concatenate([pooled(sums, on)[:, None], np.where(on[:, None], sums, 0.0)], axis=1)


def _at_capacity(reached: FloatArray, totals: FloatArray, on: BoolArray) -> dict[str, FloatArray]:
    mine, everyone = _each(reached, on), _each(totals, on)
    precision = ratio(mine[0], mine[2])
    values = (
        share_of(mine[0], everyone[0]),
        share_of(mine[1], everyone[1]),
        precision,
        ratio(precision, ratio(everyone[0], everyone[2])),
    )
    return dict(zip(AT_CAPACITY, values, strict=True))


def _workload(rows: Rows, judge: Judge, base: Judge | None, usual: Usual) -> Callable[..., FloatArray]:
    """Work saved in reaching as many events as the policy compared with; NaN where there is none.

    The work that the other needs is searched for once for all judges that share its moments: ``usual``.
    """
    if base is None:
        return lambda draws, needed: np.full((1 + len(rows.splits), len(draws)), np.nan)
    both = judge.on & base.on
    gain, key = gains(rows)[0] * both[rows.group], both.tobytes()
    search = plan_needed(gain, judge.priority, rows.group, rows.customer)
    if key not in usual:
        usual[key] = both, plan_needed(gain, base.priority, rows.group, rows.customer)

    def saved(draws: Draws, needed: dict[bytes, tuple[FloatArray, FloatArray]]) -> FloatArray:
        wanted, work = needed[key]
        return saved_share(search(draws, wanted), work, wanted)

    return saved


def others(judge: Judge, against: dict[str, Judge]) -> list[Judge]:
    """Those that a policy is compared with: never itself."""
    return [other for name, other in against.items() if name != judge.policy]


def _labels(rows: Rows, judge: Judge, against: dict[str, Judge], capacity: float) -> list[dict[str, Any]]:
    """Labels in the order of the kernel's values: metric by metric, all moments first, then each."""
    base = against.get(COMPARED[0], judge)
    metrics: list[tuple[str, Judge | None]] = [
        *((name, None) for name in AT_CAPACITY),
        ("workload_saved", base),
    ]
    metrics += [
        (f"{name}_minus_{other.policy}", other) for other in others(judge, against) for name in SHARES
    ]
    found = []
    for metric, other in metrics:
        on = judge.on if other is None else judge.on & other.on
        counts = [np.append((column * on).sum(), column * on) for column in (rows.n, rows.n_events)]
        customers = np.append(behind(rows, metric, on), _behind_each(rows, metric, on))
        # What is saved is measured by what the other reaches.
        acts = (
            told(rows, metric, on, base)
            if metric == "workload_saved"
            else told(rows, metric, on, judge, other)
        )
        for split, n, n_events, few, tell in zip(
            [ALL, *rows.splits], *counts, customers, acts[0], strict=True
        ):
            label = {"split": split, "model": judge.model, "policy": judge.policy, "metric": metric}
            label |= {"capacity": capacity, "n": int(n), "n_events": int(n_events), "customers": int(few)}
            found.append(label | {"told": float(tell)})
    return found


def told(rows: Rows, metric: str, on: BoolArray, one: Judge, other: Judge | None = None) -> FloatArray:
    """Count the acts that a policy answers, and another does not or the other way round, ties in proportion.

    Shape (capacities, 1 + groups): all moments pooled, then each.
    """
    acts = _acts(rows, metric, on)
    differ = np.abs(one.answered[:, acts] - (0.0 if other is None else other.answered[:, acts]))
    each = [np.bincount(rows.group[acts], weights=row, minlength=len(rows.splits)) for row in differ]
    return np.column_stack([differ.sum(axis=1), np.array(each)])


def behind(rows: Rows, metric: str, on: BoolArray) -> int:
    """Count the customers whose acts stand behind a metric; behind an audience, those whose acts had one."""
    return rows.customers(_acts(rows, metric, on))


def _behind_each(rows: Rows, metric: str, on: BoolArray) -> NDArray[np.intp]:
    return np.bincount(rows.group[_acts(rows, metric, on)], minlength=len(rows.splits))


def _acts(rows: Rows, metric: str, on: BoolArray) -> BoolArray:
    found: BoolArray = (rows.reach > 0 if metric.startswith("reach") else rows.event) & on[rows.group]
    return found
