"""The compiled pass: one walk over each customer's own rows fills every aggregate for all moments asked.

For each customer the pass writes, per *channel*, a running state after 0, 1, ..., n rows (a count, a sum, the index of
the last row, ...). An aggregate at a moment is then read off at two positions: ``hi``, the number of rows known before
the moment, and ``lo``, the number known before the window opens. So a value depends on the customer's own rows before
the moment and on nothing else: not on other customers, not on the other moments asked.

Sums are kept as unevaluated pairs (high, low part; Knuth's two-sum), so that the difference of two running sums is the
sum of the window and not what cancellation leaves of it.
"""

from __future__ import annotations

import numba
import numpy as np

DAY_US = 86_400_000_000

COUNT, SUM, MEAN, LAST, DAYS_SINCE, DAYS_SINCE_FIRST, STREAK, DECAYED, SPELL, AREA = range(10)
OPERATIONS = {
    "count": COUNT, "sum": SUM, "mean": MEAN, "last": LAST, "dayssince": DAYS_SINCE,
    "dayssincefirst": DAYS_SINCE_FIRST, "streak": STREAK, "decayed": DECAYED, "spell": SPELL, "area": AREA,
}  # fmt: skip

STATES = 3  # running numbers kept per channel


@numba.njit(cache=True, nogil=True, inline="always")
def _add(high, low, x):  # type: ignore[no-untyped-def]
    """Add ``x`` to an unevaluated sum (Knuth 1969, two-sum)."""
    total = high + x
    back = total - high
    return total, low + ((high - (total - back)) + (x - back))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _walk(known, flags, values, first, last, operation, mask, column, half_life, state, k):  # type: ignore[no-untyped-def]
    """Write channel ``k``'s running state after each row of one customer into ``state`` (channels, STATES, rows + 1)."""
    a, b, c = 0.0, 0.0, 0.0
    if operation in (LAST, DAYS_SINCE, DAYS_SINCE_FIRST):
        a = -1.0
    state[k, 0, 0], state[k, 1, 0], state[k, 2, 0] = a, b, c
    if operation == COUNT:
        for i in range(first, last):
            if (flags[i] & mask) == mask and (column < 0 or not np.isnan(values[column, i])):
                a += 1.0
            state[k, 0, i - first + 1] = a
        return
    if operation in (LAST, DAYS_SINCE):
        for i in range(first, last):
            if (flags[i] & mask) == mask and (column < 0 or not np.isnan(values[column, i])):
                a = float(i)
            state[k, 0, i - first + 1] = a
        return
    for i in range(first, last):
        step = i - first + 1
        flagged = (flags[i] & mask) == mask
        x = values[column, i] if column >= 0 else 1.0
        if operation == STREAK:
            a = a + 1.0 if flagged else 0.0
        elif flagged and not np.isnan(x):
            if operation in (SUM, MEAN):
                a, b = _add(a, b, x)
                c += 1.0
            elif operation == DAYS_SINCE_FIRST:
                if a < 0.0:
                    a = float(i)
            elif operation == DECAYED:
                if c > 0.0:
                    a *= 2.0 ** (-(known[i] - known[int(b)]) / half_life)
                a += x
                b, c = float(i), 1.0
            elif operation == SPELL:
                if a <= 0.0 < a + x:
                    b = float(i)
                a += x
            else:  # AREA: level, and level-days up to this row, counted from the customer's first row
                b += a * ((known[i] - known[int(c)]) / DAY_US) if step > 1 else 0.0
                a += x
                c = float(i)
        state[k, 0, step], state[k, 1, step], state[k, 2, step] = a, b, c


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _read(known, values, first, bounds, w, moments, r0, r1, operation, column, half_life, state, k, out, j):  # type: ignore[no-untyped-def]
    """Write aggregate ``j`` at the moments ``r0:r1``, from the running states of channel ``k`` at window ``w``'s bounds."""
    if operation == COUNT:
        for r in range(r1 - r0):
            out[j, r0 + r] = state[k, 0, bounds[0, r]] - state[k, 0, bounds[w, r]]
    elif operation in (SUM, MEAN):
        for r in range(r1 - r0):
            hi, lo = bounds[0, r], bounds[w, r]
            n = state[k, 2, hi] - state[k, 2, lo]
            total = (state[k, 0, hi] - state[k, 0, lo]) + (state[k, 1, hi] - state[k, 1, lo])
            if operation == SUM:
                out[j, r0 + r] = total if n > 0.0 else 0.0
            else:
                out[j, r0 + r] = total / n if n > 0.0 else np.nan
    elif operation == LAST:
        for r in range(r1 - r0):
            row = state[k, 0, bounds[0, r]]
            out[j, r0 + r] = values[column, int(row)] if row >= first + bounds[w, r] else np.nan
    elif operation in (DAYS_SINCE, DAYS_SINCE_FIRST):
        for r in range(r1 - r0):
            row = state[k, 0, bounds[0, r]]
            late = row >= first + bounds[w, r]
            out[j, r0 + r] = float((moments[r0 + r] - known[int(row)]) // DAY_US) if late else np.nan
    elif operation == STREAK:
        for r in range(r1 - r0):
            hi = bounds[0, r]
            out[j, r0 + r] = min(state[k, 0, hi], float(hi - bounds[w, r]))
    else:
        _read_ever(known, bounds, moments, r0, r1, operation, half_life, state, k, out, j)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _read_ever(known, bounds, moments, r0, r1, operation, half_life, state, k, out, j):  # type: ignore[no-untyped-def]
    """Write the value of an aggregate that has no window."""
    for r in range(r1 - r0):
        hi = bounds[0, r]
        a, b, c = state[k, 0, hi], state[k, 1, hi], state[k, 2, hi]
        if operation == DECAYED:
            age = moments[r0 + r] - known[int(b)]
            out[j, r0 + r] = a * 2.0 ** (-age / half_life) if c > 0.0 else 0.0
        elif operation == SPELL:
            out[j, r0 + r] = (moments[r0 + r] - known[int(b)]) / DAY_US if a > 0.0 else 0.0
        else:
            out[j, r0 + r] = b + a * ((moments[r0 + r] - known[int(c)]) / DAY_US) if hi > 0 else 0.0


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _bounds(known, first, last, moments, r0, r1, windows, bounds):  # type: ignore[no-untyped-def]
    """Rows known before each moment less each window; moments in order, one pointer per window."""
    for w in range(windows.size):
        p = first
        for r in range(r0, r1):
            if windows[w] >= 0:
                edge = moments[r] - windows[w]
                while p < last and known[p] < edge:
                    p += 1
            bounds[w, r - r0] = p - first


@numba.njit(cache=True, nogil=True, error_model="numpy")
def fill(  # type: ignore[no-untyped-def]
    starts,
    known,
    flags,
    values,
    codes,
    moments,
    windows,
    channels,
    masks,
    half_lives,
    aggregates,
    out,
    begin,
    end,
):
    """Fill ``out`` (aggregates, requests) for the requests ``begin:end``, in the order of (customer code, moment).

    Parameters
    ----------
    starts : int64 (n_customers + 1)
        Where each customer's rows start in the log, which is in the order of (customer, known time, tie-break).
    known, flags : int64 (n_rows) in microseconds, uint64 (n_rows)
    values : float64 (n_columns, n_rows)
    codes, moments : int64 (n_requests)
    windows : int64 (n_windows)
        Microseconds; entry 0 is 0 (the moment itself), -1 stands for "ever".
    channels : int64 (n_channels, 2)
        Operation and value column (-1: rows).
    masks, half_lives : uint64 and float64 (n_channels)
    aggregates : int64 (n_aggregates, 2)
        Channel and window of each.
    """
    n_channels = channels.shape[0]
    rows_max, requests_max, r0 = 0, 0, begin
    while r0 < end:
        r1 = r0
        while r1 < end and codes[r1] == codes[r0]:
            r1 += 1
        requests_max = max(requests_max, r1 - r0)
        rows_max = max(rows_max, starts[codes[r0] + 1] - starts[codes[r0]])
        r0 = r1
    state = np.empty((n_channels, STATES, rows_max + 1))
    # Unsigned: an index that cannot be negative is not counted from the end, which costs a test per read.
    bounds = np.empty((windows.size, requests_max), dtype=np.uint32)
    r0 = begin
    while r0 < end:
        r1 = r0
        while r1 < end and codes[r1] == codes[r0]:
            r1 += 1
        first, last = starts[codes[r0]], starts[codes[r0] + 1]
        _bounds(known, first, last, moments, r0, r1, windows, bounds)
        last = first + bounds[0, r1 - r0 - 1]
        for k in range(n_channels):
            operation, column = channels[k, 0], channels[k, 1]
            _walk(known, flags, values, first, last, operation, masks[k], column, half_lives[k], state, k)
        for j in range(aggregates.shape[0]):
            k, w = aggregates[j, 0], aggregates[j, 1]
            operation, column, half_life = channels[k, 0], channels[k, 1], half_lives[k]
            _read(
                known,
                values,
                first,
                bounds,
                w,
                moments,
                r0,
                r1,
                operation,
                column,
                half_life,
                state,
                k,
                out,
                j,
            )
        r0 = r1
