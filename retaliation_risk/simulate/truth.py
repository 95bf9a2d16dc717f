"""What is true of the invented customers: their hazards, and from these the risk of each at any moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk._validate import positive
from retaliation_risk.errors import ArgumentError
from retaliation_risk.simulate.clock import WIDE, Floats, Ints, Objects, to_days
from retaliation_risk.simulate.hazard import Decaying
from retaliation_risk.simulate.outcomes import Acts

_BLOCK = 20_000


@dataclass(frozen=True)
class Hazards:
    """The true hazards of all customers, and what has happened to them.

    ``retaliation`` and ``exit`` are per day; the excess of ``retaliation`` is multiplied by the factor of the
    customer's last act (see :class:`~retaliation_risk.simulate.outcomes.Acts`).
    """

    ids: Objects
    start: Floats
    gone: Floats
    retaliation: Decaying
    exit: Decaying
    acts: Acts

    def rows(self, customer_ids: Sequence[str] | npt.ArrayLike) -> Ints:
        """Row of each customer; raises on ids that are not there."""
        rows: Ints = pd.Index(self.ids).get_indexer(pd.Index(np.asarray(customer_ids, dtype=object)))
        if (rows < 0).any():
            unknown = np.asarray(customer_ids, dtype=object)[rows < 0][0]
            raise ArgumentError("RR402", f"{unknown!r} is not among the {len(self.ids)} simulated customers.")
        return rows

    def factor(self, customer: Ints, day: Floats) -> Floats:
        """Find the factor that acts strictly before ``day`` have put on the desire for revenge."""
        key = self.acts.customer * WIDE + self.acts.day
        row = np.searchsorted(key, customer * WIDE + day) - 1
        if not len(key):
            return np.ones(len(customer))
        mine = (row >= 0) & (self.acts.customer[row] == customer)
        return np.where(mine, self.acts.factor[row], 1.0)

    def hazard(self, customer: Ints, day: Floats) -> Floats:
        """Hazard of retaliation per day at ``day``, given all that happened before it."""
        excess = self.retaliation.excess_at(customer, day) * self.factor(customer, day)
        rate: Floats = self.retaliation.base[customer] + excess
        return rate

    def true_risk(self, customer: Ints, day: Floats, horizon_days: float, *, future: bool = False) -> Floats:
        """Probability of retaliation within the horizon and before leaving; NaN for those not there."""
        risk = np.empty(len(customer))
        for first in range(0, len(customer), _BLOCK):
            block = slice(first, first + _BLOCK)
            risk[block] = self._risk(customer[block], day[block], horizon_days, future=future)
        there = (self.start[customer] < day) & (day <= self.gone[customer])
        return np.where(there, risk, np.nan)

    def _risk(self, customer: Ints, day: Floats, horizon_days: float, *, future: bool) -> Floats:
        """Sum, over steps of at most a day, of the share of survivors who retaliate in the step."""
        steps = np.linspace(0.0, horizon_days, int(np.ceil(horizon_days)) + 1)
        factor = self.factor(customer, day)
        acting = _cumulated(self.retaliation, customer, day, steps, factor, future=future)
        leaving = _cumulated(self.exit, customer, day, steps, np.ones(len(day)), future=future)
        alive = np.exp(-(acting + leaving)[:, :-1])
        act, both = np.diff(acting), np.diff(acting) + np.diff(leaving)
        risk: Floats = (alive * -np.expm1(-both) * act / both).sum(axis=1)
        return risk


def _cumulated(
    rate: Decaying, customer: Ints, day: Floats, steps: Floats, factor: Floats, *, future: bool
) -> Floats:
    """Integrated hazard from ``day`` to each step, with the jumps to come or without."""
    if future:
        many = np.repeat(customer, len(steps))
        at = (day[:, None] + steps).ravel()
        mass = rate.mass(many, at).reshape(len(day), -1)
        excess = mass - mass[:, :1]
    else:
        decay = rate.decay[customer][:, None]
        excess = rate.excess_at(customer, day)[:, None] * -np.expm1(-decay * steps) / decay
    total: Floats = rate.base[customer][:, None] * steps + factor[:, None] * excess
    return total


@dataclass(frozen=True)
class Simulated:
    """Tables of invented customers, and the truth behind them.

    Attributes
    ----------
    frames : dict of DataFrame
        The eight canonical tables: what a firm would have recorded by the end of the history.
    truth : DataFrame
        One row per customer: what is true of the person at all times.
    acts : DataFrame
        Every act of retaliation; ``exported`` is false where the firm had not learned of it by the end, or it was of
        the burn-in.
    failures : DataFrame
        Every failed recovery of a complaint before the customer left: when, how grave, the how-many-th in
        memory, whether the firm had apologised or compensated before, and what the customer makes of it.
    truth_summary : dict
        Plain sentences and numbers about how this world was made.
    hazards : Hazards
        The true hazards.
    counts : dict of int
        What the shares of the summary rest on; those of the blocks of a large world add up.
    """

    frames: dict[str, pd.DataFrame]
    truth: pd.DataFrame
    acts: pd.DataFrame
    failures: pd.DataFrame
    truth_summary: dict[str, object]
    hazards: Hazards
    counts: dict[str, int]

    def true_risk(
        self,
        customer_ids: Sequence[str] | npt.ArrayLike,
        moments: npt.ArrayLike,
        horizon_days: float,
        *,
        future: bool = False,
    ) -> Floats:
        """Probability that a customer retaliates within the horizon, before leaving, given the past.

        Parameters
        ----------
        customer_ids : sequence of str, shape (n,)
        moments : array of datetime64 in UTC, shape (n,) or a single one
            Only what happened strictly before the moment counts as past.
        horizon_days : float
            Above 0.
        future : bool, default False
            False: the risk if no further complaint is made and no further recovery fails, so the hazard only
            decays. It lies below the share that retaliates wherever new failures follow.
            True: the risk given the complaints and failed recoveries still to come within the history. No
            model can know it; it is calibrated by construction and bounds what can be learned. Exits are
            not taken as known in either case: the customer may leave first, at the true hazard of leaving.
            Horizons that reach beyond the history find no new failures there.

        Returns
        -------
        array of float, shape (n,)
            In [0, 1]; NaN for customers who had not joined or had left.

        Examples
        --------
        >>> from retaliation_risk.simulate import simulate
        >>> world = simulate(200, seed=1)
        >>> ids = world.truth["customer_id"]
        >>> risk = world.true_risk(ids, np.datetime64("2025-06-01"), 90)
        >>> bool(np.nanmax(risk) < 0.5)
        True
        """
        rows = self.hazards.rows(customer_ids)
        day = np.broadcast_to(to_days(moments), rows.shape)
        return self.hazards.true_risk(rows, day, positive("horizon_days", horizon_days), future=future)
