"""How often a caller may ask: a moving window for each, in memory."""

from __future__ import annotations

import math
import time
from collections import deque
from ipaddress import IPv6Address, IPv6Network, ip_address

from limits import RateLimitItem, parse

from retaliation_risk.errors import ArgumentError

_SWEEP = 1024
"""Callers from which on those who have not come for a window are forgotten."""


def read_rate(text: str) -> RateLimitItem:
    """Return a rate such as ``600/minute``.

    Raises
    ------
    ArgumentError
        RR111, text that says no rate.

    Examples
    --------
    >>> read_rate("600/minute")
    600 per 1 minute
    """
    try:
        return parse(text)
    except ValueError as error:
        raise ArgumentError("RR111", f"{text!r} is no rate; write one as 600/minute.") from error


class Budget:
    """Requests that each of many callers may still send, in a window that moves with the clock.

    The window is ours, because that of ``limits`` in memory starts a thread for every request, and each start holds up all
    answers: half a millisecond of the median at 200 requests a second. For use in one thread, the server's loop.

    Parameters
    ----------
    rate : str
        As :func:`read_rate` takes it.
    """

    def __init__(self, rate: str) -> None:
        read = read_rate(rate)
        self._most, self._seconds = read.amount, float(read.get_expiry())
        self._times: dict[str, deque[float]] = {}
        self._sweep_at = _SWEEP

    def spend(self, caller: str) -> int:
        """Count one request; return 0 where it may go on, else the whole seconds until one may.

        Examples
        --------
        >>> budget = Budget("2/hour")
        >>> [budget.spend("ana") > 0 for _ in range(3)], budget.spend("bo")
        ([False, False, True], 0)
        """
        now = time.monotonic()
        if len(self._times) >= self._sweep_at:
            self._sweep(now)
        times = self._times.setdefault(caller, deque())
        while times and times[0] <= now - self._seconds:
            times.popleft()
        if len(times) >= self._most:
            return max(1, math.ceil(times[0] + self._seconds - now))
        times.append(now)
        return 0

    def _sweep(self, now: float) -> None:
        """Forget callers whose window is empty, so that those who come once do not fill the memory."""
        kept = {who: times for who, times in self._times.items() if times[-1] > now - self._seconds}
        self._times, self._sweep_at = kept, max(_SWEEP, 2 * len(kept))


def address_group(host: str | None) -> str:
    """Return who is meant by an address: the whole /64 of IPv6, since one line has all of it.

    Examples
    --------
    >>> address_group("203.0.113.9"), address_group("2001:db8:1:2:3::4"), address_group(None)
    ('203.0.113.9', '2001:db8:1:2::/64', 'unknown')
    """
    try:
        address = ip_address(host or "")
    except ValueError:
        return "unknown"
    return str(IPv6Network((address, 64), strict=False)) if isinstance(address, IPv6Address) else str(address)
