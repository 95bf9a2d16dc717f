"""Who is at risk when: every row's first and last event time, found once, and sums over risk sets.

The sum over the risk set of an event time is a running sum over event times, from the last to the first, of
what leaves there less what enters after it. Rows are not sorted at each step; they are added into event times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from retaliation_risk.models.partial.rows import Bools, Floats, Ints, Rows
from retaliation_risk.models.partial.sums import BLOCK, Index, add_into, running

_T = TypeVar("_T", bound=np.generic)

# Above this many cells, sums over event times no longer fit a cache, and rows go in order of their last one.
_CACHED = 400_000
# What is below this share of a sum has lost too many digits when it is got by taking sums from each other.
CANCELLED = 1e-7


@dataclass(frozen=True)
class RiskSets:
    """The rows that are at risk at some event time, standardised, and the event times in order.

    Event times are numbered through all strata: stratum by stratum, ascending within.

    Attributes
    ----------
    rows : array of int, shape (n_used,)
        Which of the given rows these are; rows at risk at no event time have no part in the likelihood.
    Z : array, shape (n_used, p)
        Covariates less ``centre``, over ``scale``.
    times, stratum : array, shape (m,)
        Time and stratum of each event time.
    first : array of int, shape (n_blocks,)
        Where each stratum begins among the event times.
    last : array of int, shape (n_used,)
        Last event time at which a row is at risk.
    entry : array of int, shape (n_used,) or None
        One more than the last event time before a row enters, 0 where none of its stratum is; None where no row
        enters late.
    deaths : array of int, shape (n_events,)
        Rows with an event, in order of event time.
    opens : array of int, shape (m,)
        Where each event time begins in ``deaths``.
    group : array of int, shape (n_events,)
        Event time of each death.
    share : array, shape (n_events,)
        Efron's k / d of the k-th of d tied deaths; 0 in Breslow's.
    """

    rows: Ints
    Z: Floats
    centre: Floats
    scale: Floats
    weight: Floats
    offset: Floats
    event: Bools
    times: Floats
    stratum: Ints
    first: Ints
    last: Index
    entry: Index | None
    deaths: Ints
    opens: Ints
    group: Ints
    share: Floats

    @property
    def mean_weight(self) -> Floats:
        """Mean weight of those who have the event at each event time, shape (m,)."""
        total = np.add.reduceat(self.weight[self.deaths], self.opens)
        mean: Floats = total / np.diff(self.opens, append=len(self.deaths))
        return mean

    @property
    def begin(self) -> Ints:
        """First event time of each row, shape (n_used,)."""
        opening = self.first[np.searchsorted(self.first, self.last, side="right") - 1]
        return opening if self.entry is None else np.maximum(opening, self.entry)

    def at_risk(self, values: Floats, columns: Floats | None = None, *, backward: bool = True) -> Floats:
        """Sum over each risk set of ``values``, or of ``values`` times the rows of ``columns``.

        Forward is the same sum with rows added as they enter and taken away as they leave.
        """
        m = len(self.times)
        if not backward:
            sums = add_into(self.begin.astype(np.int32), values, m, columns)
            left = add_into(self.last, values, m, columns)
            left[np.append(self.first[1:], m) - 1] = 0.0
            sums[1:] -= left[:-1]
            return running(sums, self.first, exact=True)
        sums = add_into(self.last, values, m, columns)
        if self.entry is not None:
            sums -= add_into(self.entry, values, m + 1, columns)[1:]
        return running(sums, self.first, backward=True, exact=self.entry is not None)

    def up_to(self, steps: Floats, hazard: Floats) -> Floats:
        """Sum over each row's event times of ``steps``, as large as ``hazard`` or so; shape (n_used,)."""
        total = np.append(0.0, running(steps, self.first))
        passed: Floats = total[1:][self.last]
        if self.entry is None:
            return passed
        passed = passed - total[self.entry]
        before = running(hazard, self.first)
        if (hazard >= CANCELLED * before).all():
            return passed
        # Some steps are lost beside the sum before them: add from the other end where less stands there.
        left, after = (running(part, self.first, backward=True) for part in (steps, hazard))
        beyond = np.append(left[1:], 0.0)
        beyond[np.append(self.first[1:], len(steps)) - 1] = 0.0
        begin = self.begin
        return np.where(after[begin] < before[self.last], left[begin] - beyond[self.last], passed)

    def tied(self, values: Floats, columns: Floats | None = None) -> Floats:
        """Sum over those who have the event at each event time."""
        return add_into(self.last, values, len(self.times), columns, self.event)

    def members(self, time: int) -> Ints:
        """Rows at risk at one event time."""
        inside = (self.last >= time) & (self.stratum[self.last] == self.stratum[time])
        if self.entry is not None:
            inside &= self.entry <= time
        return np.flatnonzero(inside)


def risk_sets(rows: Rows, *, efron: bool = True) -> RiskSets:
    """Find the event times and each row's first and last of them; rows are sorted at most once."""
    times, codes, last, entry = _places(rows)
    used = np.flatnonzero(last >= entry)
    if len(times) * rows.X.shape[1] > _CACHED:
        used = used[np.argsort(last[used], kind="stable")]
    entry, event = entry[used], rows.event[used]
    place: Index = last[used].astype(np.int32)
    first = np.flatnonzero(np.diff(codes, prepend=-1))
    begins = np.searchsorted(codes, np.arange(len(rows.strata)))[rows.stratum[used]] if len(first) > 1 else 0
    late = np.asarray(entry > begins)
    deaths = np.flatnonzero(event)
    deaths = deaths[np.argsort(place[deaths], kind="stable")]
    group = place[deaths].astype(np.int64)
    opens = np.flatnonzero(np.diff(group, prepend=-1))
    share = np.zeros(len(deaths))
    if efron:
        share = (np.arange(len(deaths)) - opens[group]) / np.diff(opens, append=len(deaths))[group]
    Z, centre, scale = _standard(rows.X, used)
    return RiskSets(
        rows=used,
        Z=Z,
        centre=centre,
        scale=scale,
        weight=rows.weight[used],
        offset=rows.offset[used],
        event=event,
        times=times,
        stratum=codes,
        first=first,
        last=place,
        entry=np.where(late, entry, 0).astype(np.int32) if late.any() else None,
        deaths=deaths,
        opens=opens,
        group=group,
        share=share,
    )


def _places(rows: Rows) -> tuple[Floats, Ints, Ints, Ints]:
    """Event times with their strata, and each row's last event time and one more than the last before it.

    A row at risk at no event time has a last one below its entry.
    """
    times = _distinct(rows.stop[rows.event])
    width = len(times) + 1
    several = len(rows.strata) > 1
    keys = np.arange(1, width)
    if several:
        keys = _distinct(_keys(rows.stop[rows.event], rows.stratum[rows.event], times, width))
    codes = keys // width
    last = _place(keys, _keys(rows.stop, rows.stratum, times, width), several)
    opening = np.searchsorted(codes, np.arange(len(rows.strata)))
    entry = opening[rows.stratum]
    if rows.start is not None:
        before = _place(keys, _keys(rows.start, rows.stratum, times, width), several)
        np.maximum(before + 1, entry, out=entry)
    return times[keys % width - 1], codes, last, entry


def _keys(moment: Floats, stratum: Ints, times: Floats, width: int) -> Ints:
    """Stratum and number of event times (of all strata) up to each moment, as one integer."""
    if len(times) < _CACHED:
        return np.searchsorted(times, moment, side="right") + stratum * width
    # A long table is searched in order: in any other, each step of each search waits for memory.
    order, keys = np.argsort(moment), stratum * width
    keys[order] += np.searchsorted(times, moment[order], side="right")
    return keys


def _distinct(values: npt.NDArray[_T]) -> npt.NDArray[_T]:
    """Sorted values without repeats; by sorting, which is faster than np.unique's table for many."""
    values = np.sort(values)
    distinct: npt.NDArray[_T] = values[np.append(True, values[1:] != values[:-1])]
    return distinct


def _place(keys: Ints, asked: Ints, several: bool) -> Ints:
    """Place of the last event time up to each moment: with one stratum, the count itself less one."""
    return (np.searchsorted(keys, asked, side="right") if several else asked) - 1


def _standard(X: Floats, used: Ints) -> tuple[Floats, Floats, Floats]:
    """Take the rows used, of mean 0 and standard deviation 1 in each column (scale 1 where constant)."""
    whole = len(used) == len(X) and bool((used[1:] > used[:-1]).all())
    Z, squares = np.empty((len(used), X.shape[1])), np.zeros(X.shape[1])
    centre = X.mean(axis=0) if len(used) == len(X) else _mean(X, used)
    blocks = [slice(low, low + BLOCK) for low in range(0, len(Z), BLOCK)]
    for part in blocks:
        np.subtract(X[part] if whole else X[used[part]], centre, out=Z[part])
        squares += np.einsum("ij,ij->j", Z[part], Z[part])
    scale = np.sqrt(squares / len(Z))
    scale[scale <= 1e-12 * np.abs(centre)] = 0.0
    for part in blocks:
        Z[part] /= np.where(scale > 0, scale, 1.0)
    return Z, centre, scale


def _mean(X: Floats, used: Ints) -> Floats:
    """Mean of some rows, block by block."""
    total = np.zeros(X.shape[1])
    for low in range(0, len(used), BLOCK):
        total += X[used[low : low + BLOCK]].sum(axis=0)
    mean: Floats = total / len(used)
    return mean
