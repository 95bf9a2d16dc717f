"""Power by simulation: how often a study of n persons would find what is there, and how many persons it takes.

A study is two functions: ``make(n, rng)`` draws its data, ``test(data)`` gives its p-value. Whatever can be drawn and
tested has a power, growth curves with dropout and mediation included.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd

from retaliation_risk._validate import within
from retaliation_risk.errors import ArgumentError, RetaliationRiskError
from retaliation_risk.metrics.calibration import wilson

Data = TypeVar("Data")


@dataclass(frozen=True)
class Power:
    """Share of simulated studies that found something.

    Attributes
    ----------
    n : int
        Size of each study.
    draws : int
        Studies simulated.
    power : float
        Share with a p-value below ``alpha``, in [0, 1].
    low, high : float
        Wilson's interval of that share: the error of having simulated a finite number of studies, nothing else.
    failed : int
        Studies whose test could not be done; they count as having found nothing.
    """

    n: int
    draws: int
    power: float
    low: float
    high: float
    failed: int


@dataclass(frozen=True)
class SampleSize:
    """What :func:`sample_size_for` found.

    Attributes
    ----------
    n : int
        Smallest size tried whose power, as simulated, is at least that asked.
    too_few : int
        Largest size tried whose interval lies below the power asked; 0 if there is none.
    enough : int, optional
        Smallest size tried whose interval lies above it; None if there is none. Between the two the draws cannot tell.
    tried : DataFrame
        ``n, draws, power, low, high, failed``, by ``n``.
    """

    n: int
    too_few: int
    enough: int | None
    tried: pd.DataFrame


def power_by_simulation(
    make: Callable[[int, np.random.Generator], Data],
    test: Callable[[Data], float],
    n: int,
    *,
    draws: int = 1000,
    seed: int = 0,
    alpha: float = 0.05,
) -> Power:
    """Share of simulated studies of size n whose p-value is below alpha.

    Parameters
    ----------
    make : callable
        ``make(n, rng)`` draws the data of one study, from nothing but ``rng``.
    test : callable
        ``test(data)`` gives its p-value. NaN, or an error of this package such as RR409, counts as failed.
    n : int
        At least 2.
    draws : int, default 1000
        Studies, at least 10.
    seed : int, default 0
        Study k of size n is drawn from ``numpy.random.default_rng([seed, n, k])``.
    alpha : float, default 0.05

    Returns
    -------
    Power
        With an interval at 95 %.

    Raises
    ------
    ArgumentError
        RR111, also for p-values outside [0, 1].

    Examples
    --------
    >>> from scipy.stats import ttest_1samp
    >>> found = power_by_simulation(
    ...     lambda n, rng: 0.5 + rng.normal(size=n), lambda x: ttest_1samp(x, 0).pvalue, 34, draws=500)
    >>> round(found.power, 2), round(found.low, 2), round(found.high, 2)
    (0.81, 0.77, 0.84)
    """
    within("n", n, 2, np.inf)
    within("draws", draws, 10, np.inf)
    within("alpha", alpha, 1e-12, 0.5)
    p = np.array([_p_value(test, make(n, np.random.default_rng([seed, n, k]))) for k in range(draws)])
    failed = np.isnan(p)
    if wrong := p[~failed & ((p < 0) | (p > 1))].tolist():
        raise ArgumentError("RR111", f"test gave {wrong[0]:g}; it must give a p-value in [0, 1].")
    share = float(np.mean(p < alpha))
    low, high = wilson([share], [draws])
    return Power(n, draws, share, float(low[0]), float(high[0]), int(failed.sum()))


def sample_size_for(
    make: Callable[[int, np.random.Generator], Data],
    test: Callable[[Data], float],
    *,
    power: float = 0.8,
    start: int = 20,
    largest: int = 10_000,
    draws: int = 1000,
    seed: int = 0,
) -> SampleSize:
    """Size at which a study has the power asked, by doubling and then halving the gap.

    Parameters
    ----------
    make, test : callable
        As for :func:`power_by_simulation`; tested at 5 %. Power is taken to rise with n.
    power : float, default 0.8
        In (0, 1).
    start : int, default 20
        Smallest size worth trying.
    largest : int, default 10000
        Where to give up.
    draws : int, default 1000
        Per size tried. The gap is halved until it is below 2 % of n, finer than a thousand draws can tell.
    seed : int, default 0

    Returns
    -------
    SampleSize

    Raises
    ------
    ArgumentError
        RR111 where the power is not reached at ``largest``.

    Examples
    --------
    >>> from scipy.stats import ttest_1samp
    >>> found = sample_size_for(
    ...     lambda n, rng: 0.5 + rng.normal(size=n), lambda x: ttest_1samp(x, 0).pvalue, draws=300)
    >>> found.too_few < found.n < 40
    True
    """
    within("power", power, 0.01, 0.99)
    within("largest", largest, start, np.inf)
    tried: dict[int, Power] = {}

    def reaches(n: int) -> bool:
        tried[n] = power_by_simulation(make, test, n, draws=draws, seed=seed)
        return tried[n].power >= power

    below, above = start - 1, start
    while not reaches(above):
        if above == largest:
            found = f"power is {tried[largest].power:.3g} at {largest}, below {power:g}"
            raise ArgumentError("RR111", f"{found}; allow a larger study, or look for a larger effect.")
        below, above = above, min(2 * above, largest)
    while above - below > max(1, above // 50):
        middle = (below + above) // 2
        below, above = (below, middle) if reaches(middle) else (middle, above)
    too_few = max((n for n, found in tried.items() if found.high < power), default=0)
    enough = min((n for n, found in tried.items() if found.low > power), default=None)
    table = pd.DataFrame([vars(tried[n]) for n in sorted(tried)])
    return SampleSize(above, too_few, enough, table)


def _p_value(test: Callable[[Data], float], data: Data) -> float:
    try:
        return float(test(data))
    except RetaliationRiskError:
        return float("nan")
