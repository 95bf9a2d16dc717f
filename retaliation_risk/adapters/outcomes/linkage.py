"""How likely it is that two records are of one person: Fellegi and Sunter's weights, one customer at most per post.

A field of a pair agrees, disagrees or is missing. Agreement is worth log2(m / u) bits, disagreement log2((1 - m) / (1 - u)),
a missing field nothing: ``m`` is the chance that the field of a true pair agrees, ``u`` that of a chance pair does. Fields
are taken as independent of each other within true and within chance pairs.

A post is by one customer at most, so the customers compete for it: with odds o_j = share / n_customers * 2 ** weight_j the
probability of customer j is o_j / (1 - share + the sum of all odds of the post). Two customers who fit equally well have at
most 1/2 each. ``share`` is the part of posts whose author is among the customers compared with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retaliation_risk.errors import DataError

Floats = NDArray[np.float64]

AGREES, DISAGREES, MISSING = 1, 0, -1
FEWEST_PAIRS = 20
"""True pairs to be expected before ``m`` is estimated."""

_ROUNDS, _TOLERANCE = 2000, 1e-7
_FIRST_M, _FIRST_SHARE = 0.9, 0.5


@dataclass(frozen=True)
class Compared:
    """Pairs of posts and customers, those alike put together.

    Parameters
    ----------
    post : array of int, shape (n_groups,)
        Number of the post, in [0, n_posts).
    fields : array of int, shape (n_groups, n_fields)
        1 agrees, 0 disagrees, -1 is missing.
    count : array of float, shape (n_groups,)
        Customers of the post that compare so.
    all_pairs : array of float, shape (n_fields, 2)
        Of all pairs of posts and customers, compared or not: how many have the field on both sides, in how many it agrees.
    n_posts, n_customers : int
    block : tuple of bool, one per field
        Only pairs in which at least one of these fields agrees were compared; none is true where all pairs were.
    """

    post: NDArray[np.int64]
    fields: NDArray[np.int8]
    count: Floats
    all_pairs: Floats
    n_posts: int
    n_customers: int
    block: tuple[bool, ...]


@dataclass(frozen=True)
class Linkage:
    """What the fields are worth, and the probability of each group of pairs.

    Attributes
    ----------
    m, u : array of float, shape (n_fields,)
    share : float
        In (0, 1): posts whose author is among the customers compared.
    weight : array of float, shape (n_groups,)
        Bits for a true pair, summed over the fields.
    probability : array of float, shape (n_groups,)
        That a pair of the group is true.
    """

    m: Floats
    u: Floats
    share: float
    weight: Floats
    probability: Floats


def fit_linkage(
    pairs: Compared, *, m: Sequence[float | None], u: Sequence[float | None], names: Sequence[str]
) -> Linkage:
    """Estimate by EM what is not told of ``m``, ``u`` and the share of posts that have an author among the customers.

    ``u`` is what all pairs agree on beyond the true ones. Half a pair is added to each count, so no field decides alone.

    Parameters
    ----------
    pairs : Compared
    m, u : sequence of float or None, one per field
        In (0, 1); None is estimated. The ``m`` of a field of the block must be told.
    names : sequence of str
        Of the fields, for messages.

    Raises
    ------
    DataError
        RR154 if ``m`` cannot be estimated: too few fields or true pairs, a field on which true pairs agree no more than
        others do, or no end of the rounds.

    References
    ----------
    Fellegi and Sunter (1969), doi:10.1080/01621459.1969.10501049.

    Examples
    --------
    >>> pairs = Compared(post=np.array([0, 0]), fields=np.array([[1], [0]], np.int8), count=np.array([1.0, 99.0]),
    ...                  all_pairs=np.array([[100.0, 1.0]]), n_posts=1, n_customers=100, block=(False,))
    >>> found = fit_linkage(pairs, m=[0.9], u=[0.01], names=["name"])
    >>> found.weight.round(2).tolist()
    [6.49, -3.31]
    """
    _check_told(m, names)
    told = np.array([np.nan if value is None else value for value in m])
    now_m, share = np.where(np.isnan(told), _FIRST_M, told), _FIRST_SHARE
    now_u = _given(u, _u(pairs, np.zeros(len(pairs.count))))
    for _ in range(_ROUNDS):
        true = pairs.count * probabilities(pairs, now_m, now_u, share)
        before = np.r_[now_m, now_u, share]
        now_m, now_u = _given(m, _m(pairs, true)), _given(u, _u(pairs, true))
        share = float((true.sum() + 0.5) / (pairs.n_posts + 1))
        if np.abs(np.r_[now_m, now_u, share] - before).max() < _TOLERANCE:
            break
    else:
        raise DataError("RR154", f"the estimates still move after {_ROUNDS:,} rounds.")
    _check_found(now_m, now_u, np.isnan(told), float(true.sum()), names)
    weight = weights(pairs.fields, now_m, now_u)
    return Linkage(now_m, now_u, share, weight, probabilities(pairs, now_m, now_u, share))


def weights(fields: NDArray[np.int8], m: Floats, u: Floats) -> Floats:
    """Bits for a true pair, summed over the fields that are not missing; shape (n_groups,).

    Examples
    --------
    >>> weights(np.array([[1, 0], [1, -1]], np.int8), np.array([0.8, 0.5]), np.array([0.1, 0.75])).tolist()
    [4.0, 3.0]
    """
    worth = np.where(
        fields == AGREES, np.log2(m / u), np.where(fields == DISAGREES, np.log2((1 - m) / (1 - u)), 0.0)
    )
    total: Floats = worth.sum(axis=1)
    return total


def probabilities(pairs: Compared, m: Floats, u: Floats, share: float) -> Floats:
    """Probability that a pair of each group is true, shape (n_groups,); those of one post sum to at most 1."""
    odds = share / pairs.n_customers * np.exp2(weights(pairs.fields, m, u)) / _compared(pairs, m)
    of_post = np.bincount(pairs.post, pairs.count * odds, pairs.n_posts)
    found: Floats = odds / (1 - share + of_post[pairs.post])
    return found


def _compared(pairs: Compared, m: Floats) -> Floats:
    """Chance that a true pair with the same fields missing would have been compared at all."""
    if not any(pairs.block):
        return np.ones(len(pairs.count))
    block = np.array(pairs.block)
    missed: Floats = np.where(pairs.fields[:, block] == MISSING, 1.0, 1 - m[block]).prod(axis=1)
    return 1 - missed


def _m(pairs: Compared, true: Floats) -> Floats:
    agree, seen = true @ (pairs.fields == AGREES), true @ (pairs.fields != MISSING)
    share: Floats = (agree + 0.5) / (seen + 1)
    return share


def _u(pairs: Compared, true: Floats) -> Floats:
    agree = pairs.all_pairs[:, 1] - true @ (pairs.fields == AGREES)
    seen = pairs.all_pairs[:, 0] - true @ (pairs.fields != MISSING)
    seen = np.maximum(seen, 0)
    share: Floats = (np.clip(agree, 0, seen) + 0.5) / (seen + 1)
    return share


def _given(told: Sequence[float | None], found: Floats) -> Floats:
    return np.array(
        [here if value is None else value for value, here in zip(told, found, strict=True)], dtype=np.float64
    )


def _check_told(m: Sequence[float | None], names: Sequence[str]) -> None:
    if len(names) == 1 and m[0] is None:
        raise DataError(
            "RR154", f"{names[0]!r} is the only field: how often true pairs agree on it cannot be seen."
        )


def _check_found(m: Floats, u: Floats, free: NDArray[np.bool_], true: float, names: Sequence[str]) -> None:
    """Refuse estimates that rest on next to nothing, or that turn a field around."""
    estimated = [name for name, is_free in zip(names, free, strict=True) if is_free]
    if estimated and true < FEWEST_PAIRS:
        raise DataError(
            "RR154",
            f"{true:.1f} true pairs are expected, too few (under {FEWEST_PAIRS}) to estimate m of"
            f" {', '.join(map(repr, estimated))}.",
        )
    for name, of_true, of_chance, is_free in zip(names, m, u, free, strict=True):
        if is_free and of_true <= of_chance:
            raise DataError(
                "RR154",
                f"true pairs would agree on {name!r} no more often ({of_true:.3g}) than others ({of_chance:.3g}).",
            )
