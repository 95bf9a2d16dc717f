"""From declarations to the compiled pass: what it reads, in which order, by how many threads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed

from retaliation_risk.histories import kernel
from retaliation_risk.histories.declare import Aggregate, Decayed
from retaliation_risk.histories.log import Log, LogSpec

Int64 = npt.NDArray[np.int64]
Plan = tuple[npt.NDArray[np.generic], ...]
MANY = 100_000
"""Requests from which it pays to start threads."""


class Reading(NamedTuple):
    """What is read of one log: the names of the aggregates, and the kernel's tables for them."""

    log: str
    names: tuple[str, ...]
    plan: Plan


def reading_of(spec: LogSpec, aggregates: Mapping[str, Aggregate]) -> Reading:
    """Translate declarations into the kernel's tables; aggregates that differ by window only share a channel."""
    channels: dict[tuple[int, int, int, float], int] = {}
    windows: dict[int, int] = {0: 0}
    plan = []
    for aggregate in aggregates.values():
        half_life = aggregate.half_life_days * kernel.DAY_US if isinstance(aggregate, Decayed) else 1.0
        operation = kernel.OPERATIONS[aggregate.operation]
        key = (operation, spec.column(aggregate.column), spec.mask(aggregate.where), half_life)
        window = -1 if aggregate.days is None else round(aggregate.days * kernel.DAY_US)
        plan.append((channels.setdefault(key, len(channels)), windows.setdefault(window, len(windows))))
    tables = (
        np.array(list(windows), dtype=np.int64),
        np.array([key[:2] for key in channels], dtype=np.int64),
        np.array([key[2] for key in channels], dtype=np.uint64),
        np.array([key[3] for key in channels], dtype=np.float64),
        np.array(plan, dtype=np.int64),
    )
    return Reading(spec.name, tuple(aggregates), tables)


def order_of(codes: Int64, times: Int64) -> Int64 | None:
    """Return the order by (customer, time); None where the rows are in it."""
    later = (codes[1:] > codes[:-1]) | ((codes[1:] == codes[:-1]) & (times[1:] >= times[:-1]))
    return None if later.all() else np.lexsort((times, codes))


def fill(
    log: Log,
    reading: Reading,
    codes: Int64,
    times: Int64,
    order: Int64 | None,
    threads: int = 1,
) -> dict[str, npt.NDArray[np.float64]]:
    """Return each aggregate for sorted requests, put back by ``order``; customers are shared out among ``threads``."""
    found = np.empty((len(reading.names), len(codes)))
    fixed = (log.starts, log.known, log.flags, log.values, codes, times, *reading.plan, found)
    parts = _parts(codes, threads) if threads > 1 else [(0, len(codes))]
    if len(parts) == 1:
        kernel.fill(*fixed, *parts[0])
    else:
        Parallel(n_jobs=len(parts), prefer="threads")(delayed(kernel.fill)(*fixed, *part) for part in parts)
    if order is not None:
        for row in found:
            row[order] = row.copy()
    return dict(zip(reading.names, found, strict=True))


def threads_for(requests: int) -> int:
    """Return as many threads as there are cores for many requests, else one."""
    return (os.cpu_count() or 1) if requests > MANY else 1


def _parts(codes: Int64, n: int) -> list[tuple[int, int]]:
    """Cut the requests into ``n`` parts, between customers."""
    cuts = np.searchsorted(codes, codes[[len(codes) * i // n for i in range(1, n)]])
    edges = [0, *cuts.tolist(), len(codes)]
    return list(pairwise(edges))
