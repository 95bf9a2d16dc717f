"""Whether items measure what they are meant to: reliability, convergence and distinctness of constructs.

What needs loadings takes them as arrays, so that printed ones will do; what needs correlations takes moments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import f as f_distribution

from retaliation_risk.errors import ArgumentError
from retaliation_risk.studies.estimators._results import half_width
from retaliation_risk.studies.estimators.path import PathFit, fit_path_model
from retaliation_risk.studies.estimators.standardized import standardized_estimates
from retaliation_risk.studies.moments import Moments

Floats = npt.NDArray[np.float64]
Constructs = Mapping[str, Sequence[str]]


def fit_factor_model(moments: Moments, constructs: Constructs, *, likelihood: str = "normal") -> PathFit:
    """Fit the factor model in which every item belongs to its construct alone, and constructs correlate freely.

    Parameters
    ----------
    moments : Moments
        Of the items.
    constructs : mapping of str to sequence of str
        Items of each construct, such as ``survey.constructs``. A construct of one item is taken as measured without error.
    likelihood : str, default "normal"
        As in :func:`~retaliation_risk.studies.estimators.path.fit_path_model`, whose errors it raises too.

    Returns
    -------
    PathFit
        Each construct has the unit of its first item.
    """
    return fit_path_model(factor_model(constructs), moments, likelihood=likelihood)


def factor_model(constructs: Constructs) -> str:
    """Write the model of :func:`fit_factor_model`.

    Examples
    --------
    >>> print(factor_model({"betrayal": ["b1", "b2"], "tenure": ["years"]}))
    betrayal =~ b1 + b2
    tenure =~ years
    years ~~ 0*years
    """
    lines = [f"{name} =~ {' + '.join(items)}" for name, items in constructs.items()]
    exact = [f"{items[0]} ~~ 0*{items[0]}" for items in constructs.values() if len(items) == 1]
    return "\n".join([*lines, *exact])


def composite_reliability(
    loadings: Sequence[float] | Floats, errors: Sequence[float] | Floats | None = None
) -> float:
    """Share of true variance in the sum of some items.

    Parameters
    ----------
    loadings : array of float, shape (k,)
        On one factor of variance 1, standardised or not.
    errors : array of float, shape (k,), default None
        Error variances of the items; by default one less the squared loading, for standardised ones.

    Returns
    -------
    float
        In [0, 1], higher is better: (Σλ)² / ((Σλ)² + Σθ).

    References
    ----------
    Fornell and Larcker (1981), doi:10.2307/3151312.

    Examples
    --------
    >>> round(composite_reliability([0.818, 0.766, 0.800]), 3)
    0.837
    """
    found = np.asarray(loadings, dtype=np.float64)
    left = 1 - _standardised(found) ** 2 if errors is None else np.asarray(errors, dtype=np.float64)
    return float(found.sum() ** 2 / (found.sum() ** 2 + left.sum()))


def average_variance_extracted(loadings: Sequence[float] | Floats) -> float:
    """Mean squared standardised loading: the share of the items' variances that the construct explains.

    Parameters
    ----------
    loadings : array of float, shape (k,)
        Standardised, in [-1, 1].

    Returns
    -------
    float
        In [0, 1], higher is better.

    References
    ----------
    Fornell and Larcker (1981), doi:10.2307/3151312.

    Examples
    --------
    >>> round(average_variance_extracted([0.818, 0.766, 0.800]), 3)
    0.632
    """
    return float((_standardised(np.asarray(loadings, dtype=np.float64)) ** 2).mean())


def cronbach_alpha(moments: Moments, constructs: Constructs, *, level: float = 0.95) -> pd.DataFrame:
    """Cronbach's alpha of each construct, with Feldt's interval.

    Parameters
    ----------
    moments : Moments
        Of the items, all turned the same way.
    constructs : mapping of str to sequence of str
        Items of each construct.
    level : float, default 0.95
        Of the interval, in (0, 1).

    Returns
    -------
    DataFrame
        ``construct``, ``items`` (how many), ``alpha`` (at most 1, higher is better; below 0 where items contradict each
        other), ``low``, ``high``. NaN for a single item.

    References
    ----------
    Cronbach (1951), doi:10.1007/BF02310555; Feldt (1965), doi:10.1007/BF02289499.

    Examples
    --------
    >>> moments = Moments(("b1", "b2"), 120, np.array([1.0, 1.0]), np.array([[1, 0.6], [0.6, 1]]))
    >>> cronbach_alpha(moments, {"betrayal": ["b1", "b2"]}).round(3)
      construct  items  alpha    low   high
    0  betrayal      2   0.75  0.641  0.826
    """
    half_width(level)  # refuses a level outside of (0, 1)
    rows = []
    for name, items in constructs.items():
        covariance, k, n = moments.select(items).covariance, len(items), moments.n
        alpha = k / (k - 1) * (1 - np.trace(covariance) / covariance.sum()) if k > 1 else np.nan
        free = (n - 1, (n - 1) * max(k - 1, 1))
        low, high = (1 - (1 - alpha) * f_distribution.ppf(0.5 + side * level / 2, *free) for side in (1, -1))
        rows.append((name, k, alpha, low, high))
    return pd.DataFrame(rows, columns=["construct", "items", "alpha", "low", "high"])


def reliability(fit: PathFit) -> pd.DataFrame:
    """Composite reliability and average variance extracted of each latent variable, from a fitted factor model.

    Parameters
    ----------
    fit : PathFit
        Of items that each belong to one latent variable.

    Returns
    -------
    DataFrame
        ``construct``, ``items``, ``composite`` (from loadings and error variances in the items' own units, as they add up),
        ``extracted`` (of standardised loadings), both in [0, 1].
    """
    structure, implied = fit.structure, fit.implied
    error = np.diag(implied.left)
    rows = []
    for name in structure.model.latent:
        at = _items_of(fit, name)
        place = structure.names.index(name)
        loadings = implied.values[at] * np.sqrt(implied.total[place, place])
        items = structure.row[at]
        share = loadings / np.sqrt(np.diag(implied.total)[items])
        rows.append(
            (name, len(at), composite_reliability(loadings, error[items]), average_variance_extracted(share))
        )
    return pd.DataFrame(rows, columns=["construct", "items", "composite", "extracted"])


def fornell_larcker(fit: PathFit) -> pd.DataFrame:
    """Whether each two latent variables explain their own items better than they do each other.

    Parameters
    ----------
    fit : PathFit
        Of items that each belong to one latent variable.

    Returns
    -------
    DataFrame
        ``one``, ``other``, ``correlation`` (of the latent variables), ``squared``, ``extracted_one``, ``extracted_other``,
        ``distinct``: whether both averages are above the squared correlation.

    References
    ----------
    Fornell and Larcker (1981), doi:10.2307/3151312.
    """
    extracted = reliability(fit).set_index("construct")["extracted"]
    total, names = fit.implied.total, fit.structure.names
    rows = []
    for one, other in combinations(fit.structure.model.latent, 2):
        i, j = names.index(one), names.index(other)
        r = total[i, j] / np.sqrt(total[i, i] * total[j, j])
        least = min(extracted[one], extracted[other])
        rows.append((one, other, r, r**2, extracted[one], extracted[other], bool(least > r**2)))
    columns = ["one", "other", "correlation", "squared", "extracted_one", "extracted_other", "distinct"]
    return pd.DataFrame(rows, columns=columns)


def htmt(moments: Moments, constructs: Constructs) -> pd.DataFrame:
    """Correlations between constructs' items against those within: the heterotrait-monotrait ratio.

    Parameters
    ----------
    moments : Moments
        Of the items.
    constructs : mapping of str to sequence of str
        Items of each construct, at least two for a ratio.

    Returns
    -------
    DataFrame
        ``one``, ``other``, ``htmt``: mean absolute correlation between the items of the two, divided by the geometric mean
        of those within each; from 0, near 1 where the two are one. NaN where a construct has one item.

    References
    ----------
    Henseler, Ringle and Sarstedt (2015), doi:10.1007/s11747-014-0403-8, who ask for less than .85, or .90 for constructs
    that are alike.

    Examples
    --------
    >>> r = np.array([[1, 0.6, 0.3, 0.3], [0.6, 1, 0.3, 0.3], [0.3, 0.3, 1, 0.6], [0.3, 0.3, 0.6, 1]])
    >>> moments = Moments(("b1", "b2", "r1", "r2"), 120, np.ones(4), r)
    >>> htmt(moments, {"betrayal": ["b1", "b2"], "revenge": ["r1", "r2"]})
            one    other  htmt
    0  betrayal  revenge   0.5
    """
    size = {
        (one, other): _mean_size(moments, constructs[one], constructs[other])
        for one in constructs
        for other in constructs
    }
    rows = [
        (one, other, size[one, other] / np.sqrt(size[one, one] * size[other, other]))
        for one, other in combinations(constructs, 2)
    ]
    return pd.DataFrame(rows, columns=["one", "other", "htmt"])


def factor_loadings(fit: PathFit, *, level: float = 0.95) -> pd.DataFrame:
    """Standardised loadings of all items.

    Parameters
    ----------
    fit : PathFit
    level : float, default 0.95
        Of the intervals, in (0, 1).

    Returns
    -------
    DataFrame
        As :func:`~retaliation_risk.studies.estimators.standardized.standardized_estimates`, rows with ``=~`` alone.
    """
    table = standardized_estimates(fit, level=level)
    return table[[term.op == "=~" for term in fit.structure.model.terms]].reset_index(drop=True)


def _standardised(loadings: Floats) -> Floats:
    outside = loadings[~(np.abs(loadings) <= 1)]
    if outside.size or not loadings.size:
        found = f"{outside[0]:g}" if outside.size else "missing"
        raise ArgumentError("RR111", f"a standardised loading is {found}; it must be in [-1, 1].")
    return loadings


def _items_of(fit: PathFit, latent: str) -> list[int]:
    """Places of the terms that say what a latent variable's items are."""
    terms = enumerate(fit.structure.model.terms)
    return [t for t, term in terms if term.op == "=~" and term.left == latent]


def _mean_size(moments: Moments, one: Sequence[str], other: Sequence[str]) -> float:
    """Mean absolute correlation between two groups of items, or among the pairs of one; NaN if there is no pair."""
    names = [*dict.fromkeys([*one, *other])]
    part = moments.select(names)
    at, to = [names.index(item) for item in one], [names.index(item) for item in other]
    pairs = [(i, j) for i in at for j in to if i != j]
    return float(np.mean([abs(part.correlations[pair]) for pair in pairs])) if pairs else float("nan")
