"""How far those who label agree beyond chance: Cohen's kappa of two, Krippendorff's alpha of any number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from retaliation_risk.errors import ArgumentError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """Agreement beyond chance: 1 is perfect, 0 is chance, below 0 is worse; with its interval and the units behind it."""

    value: float
    low: float
    high: float
    n: int


def confusion(a: Sequence[str], b: Sequence[str]) -> pd.DataFrame:
    """Count the units of each pair of labels: rows are ``a``, columns ``b``, both with every label in order.

    Examples
    --------
    >>> confusion(["x", "x", "y"], ["x", "y", "y"]).to_numpy().tolist()
    [[1, 1], [0, 1]]
    """
    if len(a) != len(b) or not len(a):
        raise ArgumentError(
            "RR111", f"there are {len(a)} and {len(b)} labels; both must be as many, and some."
        )
    names = sorted({*a, *b})
    table = pd.crosstab(np.asarray(a, dtype=object), np.asarray(b, dtype=object))
    return table.reindex(index=names, columns=names, fill_value=0)


def compute_kappa(a: Sequence[str], b: Sequence[str], *, level: float = 0.95) -> Agreement:
    """Cohen's kappa of two sets of labels, with the large-sample interval.

    Parameters
    ----------
    a, b : sequence of str
        The same units, labelled twice; none is missing.
    level : float, default 0.95
        Of the interval, which is cut to [-1, 1].

    Returns
    -------
    Agreement
        ``value`` is NaN where both know only one label: chance alone then agrees always.

    Raises
    ------
    ArgumentError
        RR111, lengths that differ or are 0.

    References
    ----------
    The variance is that of Fleiss, Cohen and Everitt (1969), doi:10.1037/h0028106.

    Examples
    --------
    >>> found = compute_kappa(["x", "x", "y", "y"], ["x", "x", "y", "x"])
    >>> found.value  # 3/4 agree, 1/2 do so by chance
    0.5
    """
    share = confusion(a, b).to_numpy(np.float64) / len(a)
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    agree, chance = float(np.trace(share)), float(rows @ columns)
    if len(share) == 1:
        return Agreement(float("nan"), float("nan"), float("nan"), len(a))
    kappa = (agree - chance) / (1 - chance)
    half = float(norm.ppf((1 + level) / 2)) * np.sqrt(_kappa_variance(share, agree, chance) / len(a))
    return Agreement(kappa, max(-1.0, float(kappa - half)), min(1.0, float(kappa + half)), len(a))


def compute_alpha(
    labels: Sequence[Sequence[str | None]], *, level: float = 0.95, draws: int = 2000, seed: int = 0
) -> Agreement:
    """Krippendorff's alpha for nominal labels by any number of labellers, with a bootstrap interval over units.

    Parameters
    ----------
    labels : sequence of sequences, shape (n_units, n_labellers)
        None where a labeller did not label the unit. Units with fewer than two labels say nothing, and are left out.
    level : float, default 0.95
    draws : int, default 2000
        Times the units are drawn anew.
    seed : int, default 0

    Returns
    -------
    Agreement
        ``n`` counts the units with two labels or more. NaN where only one label is ever used.

    Raises
    ------
    ArgumentError
        RR111, no unit has two labels.

    References
    ----------
    Hayes and Krippendorff (2007), doi:10.1080/19312450709336664.

    Examples
    --------
    >>> found = compute_alpha([("x", "x"), ("y", "y"), ("x", "y")])
    >>> round(found.value, 4)  # 1 - (6 - 1) * 2 / (2 * 3 * 3)
    0.4444
    """
    names = sorted({label for unit in labels for label in unit if label is not None})
    counts = np.array([[sum(label == name for label in unit) for name in names] for unit in labels], float)
    counts = counts[counts.sum(axis=1) >= 2] if len(names) else np.empty((0, 0))
    if not len(counts):
        raise ArgumentError("RR111", f"none of {len(labels)} units has two labels; agreement needs two.")
    rng = np.random.default_rng(seed)
    drawn = [_alpha(counts[rng.integers(0, len(counts), len(counts))]) for _ in range(draws)]
    ends = [(1 - level) / 2, (1 + level) / 2]
    known = np.array(drawn)[~np.isnan(drawn)]
    low, high = np.quantile(known, ends) if len(known) else (np.nan, np.nan)
    return Agreement(_alpha(counts), float(low), float(high), len(counts))


def _kappa_variance(share: Floats, agree: float, chance: float) -> float:
    """Variance of kappa times the number of units."""
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    crossed = columns[:, None] + rows[None, :]
    same = np.diag(share) @ (1 - chance - np.diag(crossed) * (1 - agree)) ** 2
    apart = share - np.diag(np.diag(share))
    other = (1 - agree) ** 2 * (apart * crossed**2).sum()
    variance = (same + other - (agree * chance - 2 * chance + agree) ** 2) / (1 - chance) ** 4
    return max(0.0, float(variance))  # nothing but rounding is below 0


def _alpha(counts: Floats) -> float:
    """1 - observed / expected disagreement; ``counts`` has a row per unit, a column per label."""
    each = counts.sum(axis=1)
    of_label, total = counts.sum(axis=0), counts.sum()
    observed = ((each**2 - (counts**2).sum(axis=1)) / (each - 1)).sum()
    expected = total**2 - (of_label**2).sum()
    return float(1 - (total - 1) * observed / expected) if expected else float("nan")
