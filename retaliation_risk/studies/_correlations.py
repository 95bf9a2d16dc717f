"""Which correlation of an impossible matrix is to blame.

Given r_ik and r_jk, data can only have an r_ij within r_ik r_jk ± sqrt((1 - r_ik²)(1 - r_jk²)); given all others, only
one within such an interval with multiple in place of single correlations. A slip of the pen breaks the bound in nearly
every triple that it is part of, a right value only in those that it shares with the slip. So the pair is blamed that

1. stands in most of the impossible triples;
2. among equals, needs the least change to make the whole matrix possible;
3. where no pair can do that alone, weighs most in the smallest eigenvalue (2 v_i v_j is its slope by r_ij).
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

from retaliation_risk.errors import DataError

Floats = npt.NDArray[np.float64]
Pair = tuple[int, int]

#: Rounding of the arithmetic, not of the paper: an eigenvalue below minus this is no rounding of 0.
_SLACK = 1e-10


def refuse_impossible(names: tuple[str, ...], r: Floats) -> None:
    """Raise RR620 unless ``r``, shape (p, p), is a matrix of correlations; the message names the pair to blame."""
    for i, name in enumerate(names):
        if r[i, i] != 1 and not abs(r[i, i] - 1) < 1e-12:
            raise DataError("RR620", f"the correlation of {name!r} with itself is {r[i, i]:g}; it must be 1.")
    for i, j in combinations(range(len(names)), 2):
        _refuse_entry(f"the correlation of {names[i]!r} and {names[j]!r}", r[i, j], r[j, i])
    if np.linalg.eigvalsh(r)[0] < -_SLACK:
        pair = most_to_blame(r)
        raise DataError("RR620", _because(names, r, pair))


def most_to_blame(r: Floats) -> Pair:
    """Places of the pair whose correlation is blamed, by the rules above, in a matrix that is not possible.

    Examples
    --------
    A printed .55 keyed in as -.55:

    >>> r = np.array([[1, -0.55, 0.5, 0.6], [-0.55, 1, 0.6, 0.5], [0.5, 0.6, 1, 0.5], [0.6, 0.5, 0.5, 1]])
    >>> most_to_blame(r)
    (0, 1)
    """
    pairs = list(combinations(range(len(r)), 2))
    triples = _impossible_triples(r)
    parts = {pair: sum(set(pair) <= set(triple) for triple in triples) for pair in pairs}
    suspects = [pair for pair in pairs if parts[pair] == max(parts.values())]
    change = {pair: _change(r, pair) for pair in suspects}
    best = min(suspects, key=change.__getitem__)
    if np.isfinite(change[best]):
        return best
    v = np.linalg.eigh(r)[1][:, 0]
    return max(suspects, key=lambda pair: abs(v[pair[0]] * v[pair[1]]))


def possible_range(r: Floats, pair: Pair) -> tuple[float, float] | None:
    """Values that the correlation of a pair can have while all others stay; None if there are none.

    Examples
    --------
    >>> r = np.array([[1, 0.0, 0.8], [0.0, 1, 0.8], [0.8, 0.8, 1]])
    >>> [round(bound, 2) for bound in possible_range(r, (0, 1))]
    [0.28, 1.0]
    """
    i, j = pair
    rest = [k for k in range(len(r)) if k not in pair]
    others = r[np.ix_(rest, rest)]
    if rest and np.linalg.eigvalsh(others)[0] < -_SLACK:
        return None
    solved = np.linalg.pinv(others, hermitian=True) @ r[np.ix_(rest, [i, j])]
    left = np.eye(2) - r[np.ix_([i, j], rest)] @ solved  # of each of the two, what the others do not tell
    if min(left[0, 0], left[1, 1]) < -_SLACK:
        return None
    reach = float(np.sqrt(max(left[0, 0], 0.0) * max(left[1, 1], 0.0)))
    middle = -float(left[0, 1])
    return middle - reach, middle + reach


def _refuse_entry(what: str, above: float, below: float) -> None:
    if above != below and not abs(above - below) < 1e-12:
        raise DataError("RR620", f"{what} is {above:g} above the diagonal and {below:g} below it.")
    if not abs(above) <= 1:  # refuses NaN too
        raise DataError("RR620", f"{what} is {above:g}; it must be in [-1, 1].")


def _impossible_triples(r: Floats) -> list[tuple[int, int, int]]:
    triples = combinations(range(len(r)), 3)
    return [triple for triple in triples if np.linalg.eigvalsh(r[np.ix_(triple, triple)])[0] < -_SLACK]


def _change(r: Floats, pair: Pair) -> float:
    """How far the correlation of a pair is from a possible one; infinite if it alone cannot make it good."""
    bounds = possible_range(r, pair)
    if bounds is None:
        return float("inf")
    return float(max(bounds[0] - r[pair], r[pair] - bounds[1], 0.0))


def _because(names: tuple[str, ...], r: Floats, pair: Pair) -> str:
    what = f"the correlation of {names[pair[0]]!r} and {names[pair[1]]!r} is {r[pair]:g}"
    bounds = possible_range(r, pair)
    if bounds is None:
        return f"no data have these correlations; {what} and weighs most in that, but no other value of it alone helps."
    return f"{what}; with the others as they are it must be in [{bounds[0]:.3g}, {bounds[1]:.3g}]."
