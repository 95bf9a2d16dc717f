"""A rate of events that jumps and decays, with its exact integral and the inverse of that integral.

Between two jumps of a customer the rate at day ``t`` is ``base + excess * exp(-decay * (t - jump))``. All
customers are held at once: the integrals of all stretches between jumps stand in one running sum, so that an
integral is a difference in it and an inverse is one binary search in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retaliation_risk.simulate.clock import SECONDS, SPAN, Floats, Ints


def _keys(customer: Ints, day: Floats) -> Ints:
    """Whole numbers that sort by customer, then by second."""
    keys: Ints = customer * SPAN + np.floor(day * SECONDS + 1e-6).astype(np.int64) + SPAN // 2
    return keys


@dataclass(frozen=True)
class Decaying:
    """Rates per day; ``base`` and ``decay`` by customer, jumps sorted by customer and day (whole seconds)."""

    base: Floats
    decay: Floats
    customer: Ints
    day: Floats
    excess: Floats

    def __post_init__(self) -> None:
        last = np.append(self.customer[1:] != self.customer[:-1], True)
        ahead = np.where(last, np.inf, np.append(self.day[1:], np.inf) - self.day)
        rate = self.decay[self.customer]
        mass = self.excess * -np.expm1(-rate * ahead) / rate
        object.__setattr__(self, "_running", np.append(0.0, np.cumsum(mass)))
        object.__setattr__(self, "_first", np.searchsorted(self.customer, np.arange(len(self.base) + 1)))
        object.__setattr__(self, "_key", _keys(self.customer, self.day))

    def last_jump(self, customer: Ints, day: Floats) -> Ints:
        """Row of the last jump strictly before ``day``, or -1."""
        row: Ints = np.searchsorted(self._key, _keys(customer, day)) - 1  # type: ignore[attr-defined]
        return np.where(row >= self._first[customer], row, -1)  # type: ignore[attr-defined]

    def excess_at(self, customer: Ints, day: Floats) -> Floats:
        """Excess rate left at ``day`` from jumps strictly before it."""
        row = self.last_jump(customer, day)
        if not len(self.day):
            return np.zeros(len(customer))
        left = self.excess[row] * np.exp(-self.decay[customer] * (day - self.day[row]))
        return np.where(row >= 0, left, 0.0)

    def mass(self, customer: Ints, day: Floats) -> Floats:
        """Integral of the excess up to ``day``, counted from an origin that is the same for each customer."""
        running: Floats = self._running  # type: ignore[attr-defined]
        row = self.last_jump(customer, day)
        start = running[self._first[customer]]  # type: ignore[attr-defined]
        if not len(self.day):
            return start
        rate = self.decay[customer]
        part = self.excess[row] * -np.expm1(-rate * (day - self.day[row])) / rate
        return np.where(row >= 0, running[row] + part, start)

    def when(self, customer: Ints, mass: Floats) -> Floats:
        """Day at which the integral of the excess reaches ``mass``; infinite if it never does."""
        running: Floats = self._running  # type: ignore[attr-defined]
        end = running[self._first[customer + 1]]  # type: ignore[attr-defined]
        reached = mass < end
        row = np.searchsorted(running, np.where(reached, mass, 0.0), side="right") - 1
        day = np.full(len(customer), np.inf)
        at, rate = row[reached], self.decay[customer[reached]]
        share = rate * (mass[reached] - running[at]) / self.excess[at]
        day[reached] = self.day[at] - np.log1p(-np.minimum(share, 1 - 1e-12)) / rate
        return day

    def next_event(self, rng: np.random.Generator, customer: Ints, after: Floats, factor: Floats) -> Floats:
        """Draw the next event, the excess being multiplied by ``factor``; infinite if none comes.

        Base and excess are independent Poisson processes; the sooner of the two is the event.
        """
        by_base = after + rng.exponential(1.0, len(customer)) / self.base[customer]
        target = self.mass(customer, after) + rng.exponential(1.0, len(customer)) / factor
        return np.minimum(by_base, self.when(customer, target))

    def integral(self, customer: Ints, start: Floats, stop: Floats, factor: Floats) -> Floats:
        """Integral of the whole rate over (start, stop], the excess being multiplied by ``factor``."""
        excess = self.mass(customer, stop) - self.mass(customer, start)
        total: Floats = self.base[customer] * (stop - start) + factor * excess
        return total
