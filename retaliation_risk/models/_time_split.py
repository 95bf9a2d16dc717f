"""Functions of time, and rows split where they are read: what :mod:`retaliation_risk.models.time_effects` is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retaliation_risk._validate import positive, within
from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.models._outcomes import Bools, Floats

Ints = npt.NDArray[np.int64]

#: Pieces above which ``cuts`` must be given; ten million with seven terms take about 2.5 GB.
MAX_PIECES = 10_000_000


@dataclass(frozen=True)
class TimeBasis:
    """Functions g of the days: the logarithm alone, or a natural cubic spline of it.

    Attributes
    ----------
    knots : array, shape (n_knots,)
        Log days between which the curve is cubic and outside of which it is straight; empty for the logarithm alone.
    """

    knots: Floats

    @property
    def names(self) -> tuple[str, ...]:
        """One per function."""
        return ("log(days)", *(f"spline{j + 1}(days)" for j in range(len(self.knots) - 2)))

    def __call__(self, days: npt.ArrayLike) -> Floats:
        """Values at each day, shape (n, n_functions).

        Examples
        --------
        >>> TimeBasis(np.empty(0))([1.0, np.e]).tolist()
        [[0.0], [1.0]]
        """
        x = np.log(np.asarray(days, dtype=np.float64))
        if not len(self.knots):
            return x[:, None]
        *inner, before, last = self.knots
        cube = {knot: np.maximum(x - knot, 0.0) ** 3 for knot in self.knots}
        # Beyond the last knot the cubes and squares cancel; the division keeps values of the size of x.
        bends = [
            (cube[t] - (cube[before] * (last - t) - cube[last] * (before - t)) / (last - before))
            / (last - self.knots[0]) ** 2
            for t in inner
        ]
        return np.column_stack([x, *bends])


def spline_knots(times: Floats, n_knots: int) -> Floats:
    """Log days of the knots, evenly from the 5 % to the 95 % quantile of the events' log days."""
    within("n_knots", n_knots, 3, 7)
    knots: Floats = np.quantile(np.log(times), np.linspace(0.05, 0.95, n_knots))
    if len(np.unique(knots)) < n_knots:
        raise GateError("RR401", f"{len(times)} events have too few different times for {n_knots} knots.")
    return knots


def cut_points(times: Floats, cuts: int | None) -> Floats:
    """Return every event time, or quantiles of them up to the last, which events themselves are."""
    if cuts is None:
        return np.unique(times)
    positive("cuts", cuts)
    found: Floats = np.unique(np.quantile(times, np.arange(1, cuts + 1) / cuts, method="inverted_cdf"))
    return found


def mean_values(basis: TimeBasis, times: Floats, ends: Floats) -> Floats:
    """Average g over the events up to each of ``ends`` and after the one before, shape (n_ends, n_functions)."""
    place, values = np.searchsorted(ends, times, side="left"), basis(times)
    sums = np.stack([np.bincount(place, column, len(ends)) for column in values.T], axis=1)
    mean: Floats = sums / np.bincount(place, minlength=len(ends))[:, None]
    return mean


@dataclass(frozen=True)
class Pieces:
    """Rows split at cuts; ``row`` and ``cut`` say of which row, and up to which of ``ends``, each piece is."""

    row: Ints
    cut: Ints
    start: Floats
    stop: Floats
    event: Bools
    ends: Floats


def split_rows(start: Floats, stop: Floats, event: Bools, ends: Floats) -> Pieces:
    """Split rows (start, stop] at ``ends``, ascending; what lies after the last of them is left out.

    Examples
    --------
    >>> pieces = split_rows(np.array([0.0]), np.array([7.0]), np.array([True]), np.array([2.0, 5.0, 9.0]))
    >>> list(zip(pieces.start.tolist(), pieces.stop.tolist(), pieces.event.tolist()))
    [(0.0, 2.0, False), (2.0, 5.0, False), (5.0, 7.0, True)]
    """
    first = np.searchsorted(ends, start, side="right")
    last = np.minimum(np.searchsorted(ends, stop, side="left"), len(ends) - 1)
    count = np.maximum(last - first + 1, 0)
    if (n_pieces := int(count.sum())) > MAX_PIECES:
        raise ArgumentError(
            "RR111",
            f"{len(start)} rows split at {len(ends)} event times make {n_pieces} pieces; at most {MAX_PIECES} are made. "
            "Give cuts, as 50, to split at quantiles of the event times.",
        )
    row = np.repeat(np.arange(len(start)), count)
    cut = np.arange(n_pieces) - np.repeat(np.cumsum(count) - count - first, count)
    before = np.append(-np.inf, ends)[cut]
    return Pieces(
        row=row,
        cut=cut,
        start=np.maximum(start[row], before),
        stop=np.minimum(stop[row], ends[cut]),
        event=event[row] & (stop[row] <= ends[cut]),
        ends=ends,
    )
