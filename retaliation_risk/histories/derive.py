"""What follows from the facts of tickets, in compiled walks: order, gaps, states, failures.

Each walk goes once over sorted rows and keeps one number per ticket or issue, so its cost is linear in
the rows. Whatever is written for a row rests on rows known no later than the row, but for ``unanswered``, which looks ahead
to the reply deadline and counts as known from then.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from retaliation_risk.histories.definitions import EVIDENCE
from retaliation_risk.tables.contract import EVENT_TYPES

NEVER = np.iinfo(np.int64).max
MESSAGE_IN, MESSAGE_OUT, SOLVED, REOPENED, CLOSED, ESCALATED, BREACHED, RATED, APOLOGY, COMPENSATION = (
    EVENT_TYPES.index(kind)
    for kind in (
        "message_in", "message_out", "solved", "reopened", "closed",
        "escalated", "sla_breached", "csat_rated", "apology", "compensation",
    )
)  # fmt: skip
KINDS_OF_EVIDENCE = tuple(sorted(EVIDENCE))
"""Of two kinds known at one time, the first in this order is named."""
E_CSAT, E_ESCALATED, E_FOLLOW_UP, E_REOPENED, E_REPEAT, E_BREACHED, E_UNANSWERED = (
    KINDS_OF_EVIDENCE.index(kind)
    for kind in ("bad_csat", "escalated", "follow_up", "reopened", "repeat", "sla_breached", "unanswered")
)
FIRST_REPLY, AMENDS = 1, 2
_NO_KEY, _NO_VALUE = np.empty(0, dtype=np.int64), np.empty(0)
SHORT = 24  # rows that insertion sorts faster than merging


@numba.njit(cache=True, nogil=True)
def group(owner, n):  # type: ignore[no-untyped-def]
    """Return where each owner's rows start, and the rows by owner, in the order they came in."""
    starts = np.zeros(n + 1, dtype=np.int64)
    for i in range(owner.size):
        starts[owner[i] + 1] += 1
    for c in range(n):
        starts[c + 1] += starts[c]
    place, order = starts[:-1].copy(), np.empty(owner.size, dtype=np.int64)
    for i in range(owner.size):
        order[place[owner[i]]] = i
        place[owner[i]] += 1
    return starts, order


@numba.njit(cache=True, nogil=True, inline="always")
def _after(i, j, first, second, third, fourth):  # type: ignore[no-untyped-def]
    """Whether row ``i`` comes after ``j`` by the keys, of which the later may be empty; missing values come first."""
    if first[i] != first[j]:
        return first[i] > first[j]
    if second.size and second[i] != second[j]:
        return second[i] > second[j]
    if third.size and third[i] != third[j]:
        return third[i] > third[j]
    if fourth.size and fourth[i] != fourth[j] and not (np.isnan(fourth[i]) and np.isnan(fourth[j])):
        return np.isnan(fourth[j]) or fourth[i] > fourth[j]
    return False


@numba.njit(cache=True, nogil=True)
def sort_within(starts, order, first, second, third, fourth):  # type: ignore[no-untyped-def]
    """Sort each owner's part of ``order`` by the keys, in place: insertion in short runs, then merging of them."""
    longest = 0
    for c in range(starts.size - 1):
        longest = max(longest, starts[c + 1] - starts[c])
    spare = np.empty(longest if longest > SHORT else 0, dtype=np.int64)
    for c in range(starts.size - 1):
        low, high = starts[c], starts[c + 1]
        for begin in range(low, high, SHORT):
            for k in range(begin + 1, min(begin + SHORT, high)):
                row, p = order[k], k
                while p > begin and _after(order[p - 1], row, first, second, third, fourth):
                    order[p] = order[p - 1]
                    p -= 1
                order[p] = row
        width = SHORT
        while width < high - low:
            for begin in range(low, high - width, 2 * width):
                middle, end = begin + width, min(begin + 2 * width, high)
                if not _after(order[middle - 1], order[middle], first, second, third, fourth):
                    continue
                spare[: middle - begin] = order[begin:middle]
                p, a, b = begin, 0, middle
                while a < middle - begin:
                    if b < end and _after(spare[a], order[b], first, second, third, fourth):
                        order[p] = order[b]
                        b += 1
                    else:
                        order[p] = spare[a]
                        a += 1
                    p += 1
            width *= 2


def arranged(
    owner: npt.NDArray[np.int32],
    n_owners: int,
    first: npt.NDArray[np.int64],
    second: npt.NDArray[np.int64] = _NO_KEY,
    third: npt.NDArray[np.int64] = _NO_KEY,
    fourth: npt.NDArray[np.float64] = _NO_VALUE,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return where each owner's rows start, and the rows by (owner, keys); equal rows stay in their order."""
    starts, order = group(owner, n_owners)
    sort_within(starts, order, first, second, third, fourth)
    return starts, order


@numba.njit(cache=True, nogil=True)
def walk_tickets(starts, opened, channel, issue, before, gap, issue_gap, changed):  # type: ignore[no-untyped-def]
    """Write for each ticket how it stands to the customer's tickets before it.

    The time since the last one and since the last of its issue, whether the channel changed, and which was the last of the
    same issue. What there is not stays as it was.
    """
    last = np.full(issue.max() + 1 if issue.size else 0, -1, dtype=np.int64)
    for c in range(starts.size - 1):
        for t in range(starts[c], starts[c + 1]):
            if t > starts[c]:
                gap[t] = opened[t] - opened[t - 1]
                changed[t] = channel[t] != channel[t - 1]
            if issue[t] >= 0:
                j = last[issue[t]]
                if j >= starts[c]:
                    before[t] = j
                    issue_gap[t] = opened[t] - opened[j]
                last[issue[t]] = t


@numba.njit(cache=True, nogil=True)
def walk_events(ticket, kind, known, occurred, n_tickets, is_open, change, marks, closed):  # type: ignore[no-untyped-def]
    """Write for each row of sorted events what its ticket's rows so far amount to.

    ``is_open`` is -1 before anything was solved; ``change`` is that of the number of open tickets; ``marks`` are
    :data:`FIRST_REPLY` and :data:`AMENDS`; ``closed`` is, for each ticket, when it was first known to be closed.
    """
    state, seen = np.full(n_tickets, -1, dtype=np.int8), np.zeros(n_tickets, dtype=np.uint8)
    latest = np.empty(n_tickets, dtype=np.int64)
    by = np.empty(n_tickets, dtype=np.int8)
    for i in range(ticket.size):
        t, k = ticket[i], kind[i]
        if k in (SOLVED, CLOSED, REOPENED):
            was = 1 if state[t] < 0 else state[t]
            if state[t] < 0 or occurred[i] > latest[t] or (occurred[i] == latest[t] and k > by[t]):
                latest[t], by[t] = occurred[i], k
                state[t] = 1 if k == REOPENED else 0
            change[i] = state[t] - was
            if k == CLOSED and known[i] < closed[t]:
                closed[t] = known[i]
        elif k == MESSAGE_OUT:
            marks[i] = 0 if seen[t] & 1 else FIRST_REPLY
            seen[t] |= 1
        elif k == APOLOGY:
            marks[i] = AMENDS if seen[t] & 6 == 4 else 0
            seen[t] |= 2
        elif k == COMPENSATION:
            marks[i] = AMENDS if seen[t] & 6 == 2 else 0
            seen[t] |= 4
        is_open[i] = state[t]


@numba.njit(cache=True, nogil=True, inline="always")
def _fail(failed, evidence, t, when, kind):  # type: ignore[no-untyped-def]
    if when < failed[t] or (when == failed[t] and kind < evidence[t]):
        failed[t], evidence[t] = when, kind


@numba.njit(cache=True, nogil=True)
def fail_by_tickets(customer, opened, parent, before, repeat, counts, failed, evidence):  # type: ignore[no-untyped-def]
    """Fail the tickets that another ticket followed up, or repeated within ``repeat``."""
    for t in range(opened.size):
        p = parent[t]
        if counts[E_FOLLOW_UP] and p >= 0 and customer[p] == customer[t]:
            _fail(failed, evidence, p, max(opened[t], opened[p]), E_FOLLOW_UP)
        p = before[t]
        if counts[E_REPEAT] and p >= 0 and opened[t] - opened[p] <= repeat:
            _fail(failed, evidence, p, opened[t], E_REPEAT)


@numba.njit(cache=True, nogil=True)
def fail_by_events(ticket, kind, known, value, is_open, reply, bad_csat, counts, failed, evidence):  # type: ignore[no-untyped-def]
    """Fail the tickets whose own events say so; backwards, so that the next reply to a message is at hand."""
    next_reply = np.full(failed.size, NEVER)
    for i in range(ticket.size - 1, -1, -1):
        t, k = ticket[i], kind[i]
        if k == MESSAGE_OUT:
            next_reply[t] = known[i]
        elif k == MESSAGE_IN:
            if counts[E_UNANSWERED] and is_open[i] == 0 and next_reply[t] > known[i] + reply:
                _fail(failed, evidence, t, known[i] + reply, E_UNANSWERED)
        elif k == RATED:
            if counts[E_CSAT] and value[i] < bad_csat:
                _fail(failed, evidence, t, known[i], E_CSAT)
        elif k == REOPENED and counts[E_REOPENED]:
            _fail(failed, evidence, t, known[i], E_REOPENED)
        elif k == ESCALATED and counts[E_ESCALATED]:
            _fail(failed, evidence, t, known[i], E_ESCALATED)
        elif k == BREACHED and counts[E_BREACHED]:
            _fail(failed, evidence, t, known[i], E_BREACHED)


@numba.njit(cache=True, nogil=True)
def second_failures(starts, opened, complaint, failed_starts, failed_tickets, failed, within):  # type: ignore[no-untyped-def]
    """Return which tickets are complaints at most ``within`` after the latest failure of a complaint."""
    found = np.zeros(opened.size, dtype=np.bool_)
    for c in range(starts.size - 1):
        f, latest = failed_starts[c], -1
        for t in range(starts[c], starts[c + 1]):
            while f < failed_starts[c + 1] and failed[failed_tickets[f]] < opened[t]:
                if complaint[failed_tickets[f]]:
                    latest = failed_tickets[f]
                f += 1
            found[t] = complaint[t] and latest >= 0 and opened[t] - failed[latest] <= within
    return found
