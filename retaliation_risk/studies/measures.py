"""What a survey, or the moments a paper prints, says by itself: the variables, how well they are measured, and a model."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pandas as pd
from scipy.stats import t as t_distribution

from retaliation_risk.errors import RetaliationRiskError, RetaliationRiskWarning
from retaliation_risk.studies.estimators import (
    PathFit,
    compare_method_models,
    cronbach_alpha,
    explained_variance,
    factor_loadings,
    fit_factor_model,
    fit_indices,
    fit_path_model,
    fornell_larcker,
    htmt,
    path_estimates,
    reliability,
    standardized_estimates,
)
from retaliation_risk.studies.estimators._results import half_width
from retaliation_risk.studies.moments import Moments
from retaliation_risk.studies.survey import Survey, item_moments, scale_moments

Maker = Callable[[], pd.DataFrame]

#: What each table says, in the order of the page.
ABOUT = {
    "variables": "Number of persons, mean and standard deviation of each variable; a construct is the mean of its items.",
    "correlations": "Correlation of each two variables, with its 95 % interval (Fisher's z).",
    "alpha": "Cronbach's alpha of each construct, with Feldt's 95 % interval.",
    "reliability": "Composite reliability, and average variance extracted, of each construct in the factor model.",
    "loadings": "Standardised loading of each item on its construct in the factor model.",
    "distinct": "Whether each two constructs explain their own items better than they do each other (Fornell and Larcker).",
    "htmt": "Heterotrait-monotrait ratio of each two constructs; near 1 the two are one.",
    "method": "Whether one factor for all items, or a common factor beside the constructs, fits better.",
    "paths": "Estimates of the model, in the units of the variables.",
    "standardized": "Estimates of the model, in standard deviations.",
    "explained": "Share of the variance of each variable that the model explains.",
    "fit": "How well the model fits.",
}


@dataclass(frozen=True)
class Measures:
    """Tables by their names, in the order of :data:`ABOUT`.

    Attributes
    ----------
    tables : mapping of str to DataFrame
    left_out : mapping of str to str
        Tables that these data do not allow, and why.
    notes : tuple of str
        How many persons are behind it, and warnings met on the way.
    """

    tables: Mapping[str, pd.DataFrame]
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def survey_measures(survey: Survey, model: str = "") -> Measures:
    """Say what a survey holds: its constructs, whether they are well measured, and a model of them.

    Parameters
    ----------
    survey : Survey
    model : str, default ""
        As of :func:`~retaliation_risk.studies.estimators.path.fit_path_model`, of the constructs as means of their items;
        with ``=~`` in it, of the items.

    Returns
    -------
    Measures
        A table that the answers do not allow, such as a factor model of one construct with two items, is left out with its
        reason; a model that was asked for is not.

    Raises
    ------
    ArgumentError
        RR111 for a model that cannot be read.
    DataError
        RR620 where too few persons answered all items, or an item does not vary; RR622 where the answers do not decide the
        model.
    """
    items, scales = item_moments(survey), scale_moments(survey)

    @cache
    def factors() -> PathFit:
        return fit_factor_model(items, survey.constructs)

    measured: dict[str, Maker] = {
        "alpha": lambda: cronbach_alpha(items, survey.constructs),
        "reliability": lambda: reliability(factors()),
        "loadings": lambda: factor_loadings(factors()),
        "distinct": lambda: fornell_larcker(factors()),
        "htmt": lambda: htmt(items, survey.constructs),
        "method": lambda: compare_method_models(items, survey.constructs),
    }
    behind = f"{items.n:,} of {len(survey.answers):,} persons answered every item; all tables rest on these."
    asked = _plain(scales) | _of_model(model, items if "=~" in model else scales)
    return _made(asked, measured, behind)


def moments_measures(moments: Moments, model: str = "") -> Measures:
    """Say what printed moments hold: the variables, and a model of them; arguments and errors as :func:`survey_measures`."""
    asked = _plain(moments) | _of_model(model, moments)
    return _made(asked, {}, f"From printed moments of {moments.n:,} persons.")


def variables_table(moments: Moments) -> pd.DataFrame:
    """List the variables: ``variable``, ``n``, ``mean`` (NaN where none was printed), ``sd``."""
    means = np.full(len(moments.names), np.nan) if moments.means is None else moments.means
    return pd.DataFrame({"variable": moments.names, "n": moments.n, "mean": means, "sd": moments.sds})


def correlations_table(moments: Moments, *, level: float = 0.95) -> pd.DataFrame:
    """List the pairs: ``one``, ``other``, ``r``, ``low``, ``high`` (Fisher's z), ``p`` (two-sided, of 0, by t).

    Examples
    --------
    >>> moments = Moments(("fairness", "revenge"), 150, np.array([1.2, 1.5]), np.array([[1, -0.4], [-0.4, 1]]))
    >>> correlations_table(moments).round(3).to_dict("records")
    [{'one': 'fairness', 'other': 'revenge', 'r': -0.4, 'low': -0.527, 'high': -0.256, 'p': 0.0}]
    """
    names, n = np.array(moments.names), moments.n
    i, j = np.triu_indices(len(names), 1)
    r = moments.correlations[i, j]
    with np.errstate(divide="ignore"):
        margin = half_width(level) / np.sqrt(max(n - 3, 0))
        low, high = (np.tanh(np.arctanh(r) + side * margin) for side in (-1, 1))
        t = r * np.sqrt((n - 2) / (1 - r**2))
    p = 2 * t_distribution.sf(np.abs(t), n - 2)
    return pd.DataFrame({"one": names[i], "other": names[j], "r": r, "low": low, "high": high, "p": p})


def _plain(moments: Moments) -> dict[str, Maker]:
    return {
        "variables": lambda: variables_table(moments),
        "correlations": lambda: correlations_table(moments),
    }


def _of_model(model: str, moments: Moments) -> dict[str, Maker]:
    if not model.strip():
        return {}

    @cache
    def fit() -> PathFit:
        return fit_path_model(model, moments)

    return {
        "paths": lambda: path_estimates(fit()),
        "standardized": lambda: standardized_estimates(fit()),
        "explained": lambda: explained_variance(fit()),
        "fit": lambda: fit_indices(fit()),
    }


def _made(asked: Mapping[str, Maker], tried: Mapping[str, Maker], behind: str) -> Measures:
    """Make the tables; one that was not asked for and cannot be made is left out with its reason."""
    tables: dict[str, pd.DataFrame] = {}
    left_out: dict[str, str] = {}
    with warnings.catch_warnings(record=True) as met:
        warnings.simplefilter("always", RetaliationRiskWarning)
        tables |= {name: make() for name, make in asked.items()}
        for name, make in tried.items():
            try:
                tables[name] = make()
            except RetaliationRiskError as error:
                left_out[name] = str(error)
    notes = dict.fromkeys([behind, *(str(one.message) for one in met)])
    return Measures({name: tables[name] for name in ABOUT if name in tables}, left_out, tuple(notes))
