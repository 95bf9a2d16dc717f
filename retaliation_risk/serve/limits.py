"""How often a caller may ask: a moving window for each, in memory."""

from __future__ import annotations

import math
import time
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from retaliation_risk.errors import ArgumentError


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
    """Requests that each of many callers may still send.

    Parameters
    ----------
    rate : str
        As :func:`read_rate` takes it.
    """

    def __init__(self, rate: str) -> None:
        self._rate = read_rate(rate)
        self._window = MovingWindowRateLimiter(MemoryStorage())

    def spend(self, caller: str) -> int:
        """Count one request; return 0 where it may go on, else the whole seconds until one may.

        Examples
        --------
        >>> budget = Budget("2/hour")
        >>> [budget.spend("ana") > 0 for _ in range(3)], budget.spend("bo")
        ([False, False, True], 0)
        """
        if self._window.hit(self._rate, caller):
            return 0
        again = self._window.get_window_stats(self._rate, caller).reset_time
        return max(1, math.ceil(again - time.time()))


def address_group(host: str | None) -> str:
    """Return who is meant by an address: the whole /64 of IPv6, since one line has all of it.

    Examples
    --------
    >>> address_group("203.0.113.9"), address_group("2001:db8:1:2:3::4"), address_group(None)
    ('203.0.113.9', '2001:db8:1:2', 'unknown')
    """
    try:
        address = ip_address(host or "")
    except ValueError:
        return "unknown"
    return (
        ":".join(f"{int(part, 16):x}" for part in address.exploded.split(":")[:4])
        if isinstance(address, IPv6Address)
        else str(address)
    )
