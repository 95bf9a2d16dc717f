"""Judged pairs of profiles: read, checked, and the chance that one is judged above the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk.errors import ArgumentError, GateError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

FEWEST_PAIRS = 20


@dataclass(frozen=True)
class Pairs:
    """Positions of both profiles of each pair, shape (n_pairs,), and whether the first was judged above (0 or 1)."""

    first: Ints
    second: Ints
    wins: Floats

    def __len__(self) -> int:
        return len(self.wins)


def win_probability(difference: Floats) -> Floats:
    """Chance that the first is judged above, from the difference of strengths (the logistic function).

    The chances of a pair and of the pair turned round add up to exactly 1: the smaller is made as 1 less the larger,
    and that subtraction is exact.

    Examples
    --------
    >>> win_probability(np.array([0.0, 800.0, -800.0])).tolist()
    [0.5, 1.0, 0.0]
    """
    larger = 1 / (1 + np.exp(-np.abs(difference)))
    return np.where(difference < 0, 1 - larger, larger)


def positions(pairs: pd.DataFrame, n_profiles: int) -> tuple[Ints, Ints]:
    """Return ``first`` and ``second``, checked: whole numbers in [0, n_profiles), never the same in one pair."""
    _columns(pairs, ["first", "second"])
    both = pairs[["first", "second"]].to_numpy()
    if not np.issubdtype(both.dtype, np.integer):
        raise ArgumentError(
            "RR111", f"first and second are of kind {both.dtype}; they must be whole numbers."
        )
    if both.size and not (both.min() >= 0 and both.max() < n_profiles):
        raise ArgumentError(
            "RR111",
            f"pairs name rows {both.min()} to {both.max()}; profiles have rows 0 to {n_profiles - 1}.",
        )
    if same := int((both[:, 0] == both[:, 1]).sum()):
        raise ArgumentError(
            "RR111", f"{same} pairs compare a profile with itself; first and second must differ."
        )
    return both[:, 0].astype(np.intp), both[:, 1].astype(np.intp)


def read_pairs(pairs: pd.DataFrame | None, known: npt.NDArray[np.bool_]) -> Pairs:
    """Read judgements and keep those in which both profiles are known; too few are refused (RR401)."""
    if pairs is None:
        raise ArgumentError("RR111", "pairs is None; this score learns from judged pairs.")
    first, second = positions(pairs, len(known))
    _columns(pairs, ["first_wins"])
    wins = pairs["first_wins"].to_numpy(dtype=np.float64, na_value=np.nan)
    if not np.isin(wins, (0, 1)).all():
        raise ArgumentError(
            "RR111", f"first_wins has the values {np.unique(wins)[:5]}; it must be true or false."
        )
    kept = known[first] & known[second]
    if int(kept.sum()) < FEWEST_PAIRS:
        raise GateError(
            "RR401", f"{int(kept.sum())} pairs of known profiles; at least {FEWEST_PAIRS} are needed."
        )
    return Pairs(first[kept], second[kept], wins[kept])


def _columns(pairs: pd.DataFrame, names: list[str]) -> None:
    if lacking := [name for name in names if name not in pairs]:
        raise ArgumentError("RR101", f"pairs lack the columns {lacking}; found {list(pairs.columns)}.")
