"""The compiled walk that cuts each span of time at risk: at change points, at acts, and at the steps of a grid."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True, nogil=True)
def rows_at_most(code, start, stop, point_starts, points, act_starts, acts, step):  # type: ignore[no-untyped-def]
    """Count the cuts inside each span, and one."""
    found = np.ones(code.size, dtype=np.int64)
    for s in range(code.size):
        c, low, high = code[s], start[s], stop[s]
        for p in range(point_starts[c], point_starts[c + 1]):
            found[s] += low < points[p] < high
        for a in range(act_starts[c], act_starts[c + 1]):
            found[s] += low < acts[a] < high
        if step > 0:
            found[s] += (high - low - 1) // step
    return found


@numba.njit(cache=True, nogil=True)
def cut_all(  # type: ignore[no-untyped-def]
    code,
    start,
    stop,
    point_starts,
    points,
    act_starts,
    acts,
    step,
    room,
    out_code,
    out_start,
    out_stop,
    out_event,
):
    """Write the rows of each span, one after the other; return their number."""
    n = 0
    for s in range(code.size):
        c, low, high = code[s], start[s], stop[s]
        cuts, m = np.empty(room[s + 1] - room[s], dtype=np.int64), 0
        for p in range(point_starts[c], point_starts[c + 1]):
            if low < points[p] < high:
                cuts[m] = points[p]
                m += 1
        for a in range(act_starts[c], act_starts[c + 1]):
            if low < acts[a] < high:
                cuts[m] = acts[a]
                m += 1
        if step > 0:
            for k in range((high - low - 1) // step):
                cuts[m] = low + (k + 1) * step
                m += 1
        cuts[m] = high
        cuts.sort()
        a = act_starts[c]
        for k in range(cuts.size):
            if cuts[k] == low:
                continue
            while a < act_starts[c + 1] and acts[a] < cuts[k]:
                a += 1
            out_code[n], out_start[n], out_stop[n] = c, low, cuts[k]
            out_event[n] = a < act_starts[c + 1] and acts[a] == cuts[k]
            low = cuts[k]
            n += 1
    return n
