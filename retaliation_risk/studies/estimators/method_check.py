"""Whether a survey's correlations may come from its method: one source, one moment, one kind of question.

None of these shows that there is no such variance. They say how much one common factor could explain, whether a common
factor on top of the constructs helps, and what is left of correlations when that with an unrelated marker is taken out.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
from scipy.stats import t as t_distribution

from retaliation_risk.errors import ArgumentError, RetaliationRiskWarning
from retaliation_risk.studies.estimators.fit_indices import compare_fits, fit_indices
from retaliation_risk.studies.estimators.measurement import Constructs, factor_model
from retaliation_risk.studies.estimators.path import PathFit, fit_path_model
from retaliation_risk.studies.moments import Moments

#: Name of the common factor; no item or construct may have it.
METHOD = "method"


def first_factor_share(moments: Moments, items: Sequence[str] | None = None) -> float:
    """Share of the items' variance that their first principal component explains (Harman's check).

    Parameters
    ----------
    moments : Moments
        Of the items.
    items : sequence of str, default None
        All of them by default.

    Returns
    -------
    float
        In [1 / k, 1] for k items. Above one half is commonly read as a warning; below it little is shown, for many
        constructs make it small whatever the method does (Podsakoff et al. 2003, doi:10.1037/0021-9010.88.5.879).

    Examples
    --------
    >>> moments = Moments(("b1", "b2"), 120, np.array([1.0, 2.0]), np.array([[1, 0.6], [0.6, 1]]))
    >>> round(first_factor_share(moments), 2)
    0.8
    """
    used = moments if items is None else moments.select(items)
    return float(np.linalg.eigvalsh(used.correlations)[-1] / len(used.names))


def compare_method_models(moments: Moments, constructs: Constructs) -> pd.DataFrame:
    """Compare the factor model with one factor for all items, and with a common factor beside the constructs.

    Parameters
    ----------
    moments : Moments
        Of the items.
    constructs : mapping of str to sequence of str
        Items of each construct, at least two constructs.

    Returns
    -------
    DataFrame
        A row for each ``model`` (``one factor``, ``constructs``, ``constructs and method``): ``chi2``, ``df``, ``cfi``,
        ``rmsea``, ``srmr``; ``chi2_change``, ``df_change``, ``p_change`` against the row above (small: it fits better than
        that); ``method_variance``, the mean share of the items' variances that the common factor has. It loads alike on all
        items, in their own units, and is uncorrelated with the constructs, so it costs one degree of freedom. A share
        below 0 says that items of different constructs have less in common than the constructs alone explain, so that
        there is no such factor.

    Notes
    -----
    Only that items of one construct load differently tells a common factor from correlations among constructs. Where they
    load nearly alike, ``p_change`` finds nothing and ``method_variance`` means nothing: docs/studies_method.md.

    Raises
    ------
    ArgumentError
        RR111 for fewer than two constructs, or an item or construct called ``method``.
    """
    items = [item for group in constructs.values() for item in group]
    if len(constructs) < 2 or METHOD in {*items, *constructs}:
        raise ArgumentError(
            "RR111",
            f"constructs are {', '.join(constructs)}; there must be two or more, and nothing called {METHOD!r}.",
        )
    base = factor_model(constructs)
    models = {
        "one factor": fit_path_model(f"{METHOD} =~ {' + '.join(items)}", moments),
        "constructs": fit_path_model(base, moments),
        "constructs and method": _with_method(base, items, constructs, moments),
    }
    rows = [
        {"model": name, **_fit_row(fit), "method_variance": _method_share(fit)}
        for name, fit in models.items()
    ]
    fits = list(models.values())
    changes = [
        compare_fits(narrow, wide).add_suffix("_change").iloc[0].to_dict() for narrow, wide in pairwise(fits)
    ]
    return pd.DataFrame(
        [rows[0], *({**row, **change} for row, change in zip(rows[1:], changes, strict=True))]
    )[
        [
            "model",
            "chi2",
            "df",
            "cfi",
            "rmsea",
            "srmr",
            "chi2_change",
            "df_change",
            "p_change",
            "method_variance",
        ]
    ]


def adjust_for_marker(
    moments: Moments, marker: float, variables: Sequence[str] | None = None
) -> pd.DataFrame:
    """Correlations with that of an unrelated marker variable taken out.

    Parameters
    ----------
    moments : Moments
    marker : float
        Correlation that the method alone makes: the smallest one of a marker that theory relates to nothing, in [0, 1).
    variables : sequence of str, default None
        All of them by default.

    Returns
    -------
    DataFrame
        ``one``, ``other``, ``r``, ``adjusted`` = (r - marker) / (1 - marker), ``t`` (n - 3 degrees of freedom), ``p``
        (two-sided, of 0).

    References
    ----------
    Lindell and Whitney (2001), doi:10.1037/0021-9010.86.1.114.

    Examples
    --------
    >>> moments = Moments(("rq", "revenge"), 120, np.array([1.0, 2.0]), np.array([[1, 0.3], [0.3, 1]]))
    >>> adjust_for_marker(moments, 0.1).round(3)
      one    other    r  adjusted      t      p
    0  rq  revenge  0.3     0.222  2.465  0.015
    """
    if not 0 <= marker < 1:
        raise ArgumentError("RR111", f"marker is {marker!r}; it must be in [0, 1).")
    used = moments if variables is None else moments.select(variables)
    pairs = list(combinations(range(len(used.names)), 2))
    r = np.array([used.correlations[pair] for pair in pairs])
    adjusted = (r - marker) / (1 - marker)
    with np.errstate(invalid="ignore", divide="ignore"):
        t = adjusted * np.sqrt((used.n - 3) / (1 - adjusted**2))
    return pd.DataFrame(
        {
            "one": [used.names[i] for i, _ in pairs],
            "other": [used.names[j] for _, j in pairs],
            "r": r,
            "adjusted": adjusted,
            "t": t,
            "p": 2 * t_distribution.sf(np.abs(t), used.n - 3),
        }
    )


def _with_method(base: str, items: Sequence[str], constructs: Constructs, moments: Moments) -> PathFit:
    loads = f"{METHOD} =~ {' + '.join(f'1*{item}' for item in items)}"
    apart = [f"{METHOD} ~~ 0*{construct}" for construct in constructs]
    with warnings.catch_warnings():
        # A variance below 0 is an answer here, and stands in the table.
        warnings.simplefilter("ignore", RetaliationRiskWarning)
        return fit_path_model("\n".join([base, loads, *apart]), moments)


def _fit_row(fit: PathFit) -> dict[str, float]:
    values = fit_indices(fit).set_index("index")["value"]
    return {name: float(values[name]) for name in ("chi2", "df", "cfi", "rmsea", "srmr")}


def _method_share(fit: PathFit) -> float:
    """Mean share of the items' variances that the common factor has; NaN without one beside the constructs."""
    names = fit.structure.names
    if METHOD not in names or fit.structure.model.latent == (METHOD,):
        return float("nan")
    variance = fit.implied.total[names.index(METHOD), names.index(METHOD)]
    return float((variance / np.diag(fit.implied.observed)).mean())
