"""Path and factor models from moments, by maximum likelihood, with the numbers of lavaan's ``sem()``.

**Conventions.** With ``likelihood="normal"``, lavaan's default, covariances are divided by n and the sample weighs N = n;
with ``"wishart"``, as LISREL and EQS have it, they are divided by n - 1 and it weighs N = n - 1. Standard errors are those
of the expected information: the covariance of the estimates is 2 / N times the inverse of the expected second
derivatives of F. Observed variables that nothing explains are taken as given (lavaan's ``fixed.x``). Means are not modelled.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk._validate import one_of
from retaliation_risk.errors import DataError, RetaliationRiskWarning
from retaliation_risk.studies.estimators import _likelihood
from retaliation_risk.studies.estimators._model_text import read_model
from retaliation_risk.studies.estimators._results import tidy
from retaliation_risk.studies.estimators._structure import Implied, Structure, build_structure, imply
from retaliation_risk.studies.moments import Moments

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PathFit:
    """A fitted model of p observed variables, k free parameters; what it says is asked of the functions beside it.

    Attributes
    ----------
    structure : Structure
        The model, its terms and their places.
    moments : Moments
        Of the observed variables, in the model's order.
    likelihood : str
        ``"normal"`` or ``"wishart"``.
    weight : int
        What the sample counts, N: n or n - 1.
    sample : array, shape (p, p)
        Covariances fitted to: divided by n or n - 1.
    parameters : array, shape (k,)
        Where the likelihood is greatest.
    covariance : array, shape (k, k)
        Of the parameters.
    implied : Implied
        Covariances that they imply.
    discrepancy : float
        F, at least 0; N F is chi-square.
    """

    structure: Structure
    moments: Moments
    likelihood: str
    weight: int
    sample: Floats
    parameters: Floats
    covariance: Floats
    implied: Implied
    discrepancy: float

    @property
    def degrees_of_freedom(self) -> int:
        """Covariances that could have been otherwise, less the free parameters."""
        p, given = self.structure.n_observed, len(self.structure.model.given)
        return (p * (p + 1) - given * (given + 1)) // 2 - self.structure.n_parameters


def fit_path_model(model: str, moments: Moments, *, likelihood: str = "normal") -> PathFit:
    """Fit a path model, a factor model or both in one, to moments.

    Parameters
    ----------
    model : str
        Lines such as ``revenge ~ betrayal + quality`` (regression), ``betrayal =~ b1 + b2 + b3`` (latent variable and
        indicators), ``b1 ~~ b2`` (covariance of what is left), as in lavaan; docs/studies_method.md has the rest.
    moments : Moments
        Of at least the observed variables of the model: all that are not to the left of ``=~``.
    likelihood : str, default "normal"
        ``"normal"`` or ``"wishart"``: whether covariances are divided by n or by n - 1.

    Returns
    -------
    PathFit

    Raises
    ------
    ArgumentError
        RR111 for a model that cannot be read, whose arrows lead back to where they began, or with a variable that has no
        moments.
    DataError
        RR622 where the moments do not decide the parameters, naming them.

    Warns
    -----
    RetaliationRiskWarning
        RR623 for variances below 0 and for correlations above 1 of what the arrows leave.

    References
    ----------
    Jöreskog (1970), doi:10.1093/biomet/57.2.239; lavaan: Rosseel (2012), doi:10.18637/jss.v048.i02.

    Examples
    --------
    >>> from retaliation_risk.studies.moments import moments_of
    >>> moments = moments_of({"n": 200, "sd": {"fair": 1, "betrayal": 1, "revenge": 1}, "r": [[-0.5], [-0.2, 0.6]]})
    >>> path_estimates(fit_path_model("revenge ~ betrayal; betrayal ~ fair", moments)).round(3).head(2)
                       term  estimate     se       z    p    low   high
    0    revenge ~ betrayal       0.6  0.057  10.607  0.0  0.489  0.711
    1       betrayal ~ fair      -0.5  0.061  -8.165  0.0 -0.620 -0.380
    """
    one_of("likelihood", likelihood, ("normal", "wishart"))
    read = read_model(model)
    known = moments.select(read.observed)
    weight = known.n if likelihood == "normal" else known.n - 1
    sample = known.covariance * ((known.n - 1) / weight)
    _likelihood.log_determinant("the correlations", known.correlations)
    structure = build_structure(read, sample)
    _refuse_too_many(structure)
    parameters = _likelihood.search(structure, sample)
    implied = imply(structure, parameters)
    H = _likelihood.curvature(structure, implied)[1]
    covariance = (np.linalg.inv(H) * (2 / weight)).astype(np.float64)
    _warn_improper(structure, implied)
    return PathFit(
        structure, known, likelihood, weight, sample, parameters, covariance, implied,
        _likelihood.discrepancy(sample, implied.observed),
    )  # fmt: skip


def path_estimates(fit: PathFit, *, level: float = 0.95) -> pd.DataFrame:
    """Estimates of all terms of a model, those that go without saying too.

    Parameters
    ----------
    fit : PathFit
    level : float, default 0.95
        Of the intervals, in (0, 1).

    Returns
    -------
    DataFrame
        ``term`` (as in the model), ``estimate``, ``se``, ``z``, ``p`` (two-sided, of 0), ``low``, ``high`` (by the normal
        curve). What is fixed or given has no error: NaN.
    """
    return tidy(term_names(fit), fit.implied.values, delta_errors(fit, value_slopes(fit)), level)


def explained_variance(fit: PathFit) -> pd.DataFrame:
    """Share of the variance of each explained variable, and of each indicator, that the model explains.

    Parameters
    ----------
    fit : PathFit

    Returns
    -------
    DataFrame
        ``variable``, ``r2``: one less the share left, in [0, 1] unless a variance is below 0.
    """
    structure = fit.structure
    at = sorted(set(structure.row[structure.arrow].tolist()))
    left, total = np.diag(fit.implied.left), np.diag(fit.implied.total)
    return pd.DataFrame(
        {"variable": [structure.names[i] for i in at], "r2": [1 - left[i] / total[i] for i in at]}
    )


def term_names(fit: PathFit) -> list[str]:
    """Name the terms of a fit, in order."""
    return [term.name for term in fit.structure.model.terms]


def value_slopes(fit: PathFit) -> Floats:
    """Slopes of the values of terms by parameters, shape (t, k): 1 where a parameter stands."""
    places = np.arange(fit.structure.n_parameters)
    found: Floats = (fit.structure.parameter[:, None] == places).astype(np.float64)
    return found


def delta_errors(fit: PathFit, gradients: Floats) -> Floats:
    """Give errors to values with these slopes, shape (t,), by the delta method; NaN to what does not move."""
    variances = np.einsum("ti,ij,tj->t", gradients, fit.covariance, gradients)
    found: Floats = np.where(gradients.any(axis=1), np.sqrt(np.maximum(variances, 0.0)), np.nan)
    return found


def _refuse_too_many(structure: Structure) -> None:
    p, given = structure.n_observed, len(structure.model.given)
    known = (p * (p + 1) - given * (given + 1)) // 2
    if structure.n_parameters > known:
        raise DataError(
            "RR622",
            f"the model has {structure.n_parameters} free parameters ({_shortened(structure)}), and {known} "
            "variances and covariances to learn them from.",
        )


def _shortened(structure: Structure) -> str:
    return ", ".join(term.name for term in structure.model.terms[:3]) + ", ..."


def _warn_improper(structure: Structure, implied: Implied) -> None:
    names, left = structure.names, np.diag(implied.left)
    sds = np.sqrt(np.maximum(left, 1e-300))
    r = implied.left / np.outer(sds, sds)
    if below := [names[i] for i in np.flatnonzero(left < 0)]:
        found = f"the variance left of {', '.join(map(repr, below))} is {left.min():.4g}."
    elif np.linalg.eigvalsh(r)[0] < -1e-8:
        i, j = np.unravel_index(int(np.abs(np.tril(r, -1)).argmax()), r.shape)
        pair = f"{names[j]!r} and {names[i]!r}"
        found = f"what is left of {pair} correlates at {r[i, j]:.3f}, in a matrix that no variables have."
    else:
        return
    warnings.warn(RetaliationRiskWarning("RR623", found), stacklevel=3)
