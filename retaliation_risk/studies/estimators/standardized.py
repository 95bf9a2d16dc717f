"""Path models in standard deviations, with errors that know that these are estimated too."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk.studies.estimators._results import tidy
from retaliation_risk.studies.estimators._structure import slopes
from retaliation_risk.studies.estimators.path import PathFit, delta_errors, term_names, value_slopes

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def standardized_estimates(fit: PathFit, *, level: float = 0.95) -> pd.DataFrame:
    """Estimates in standard deviations of all variables, observed and latent, with errors by the delta method.

    Parameters
    ----------
    fit : PathFit
    level : float, default 0.95
        Of the intervals, in (0, 1).

    Returns
    -------
    DataFrame
        As :func:`~retaliation_risk.studies.estimators.path.path_estimates`. An arrow is multiplied by the implied
        standard deviation of where it begins and divided by that of where it ends; a variance becomes the share left
        unexplained, a covariance a correlation of what is left.
    """
    gradients = value_slopes(fit)
    above, below = _units(fit, gradients)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.sqrt(above.values / below.values)
        values = fit.implied.values * ratio
        relative = above.slopes / above.values[:, None] - below.slopes / below.values[:, None]
        errors = delta_errors(fit, gradients * ratio[:, None] + 0.5 * values[:, None] * relative)
    # In standard deviations an error this small is rounding: the whole variance of something given is 1 for certain.
    errors[~(errors > 1e-9)] = np.nan
    return tidy(term_names(fit), values, errors, level)


class _Moving(NamedTuple):
    """Numbers, shape (m,), and their slopes by the parameters, shape (m, k)."""

    values: Floats
    slopes: Floats

    def take(self, places: Ints) -> _Moving:
        return _Moving(self.values[places], self.slopes[places])

    def times(self, other: _Moving) -> _Moving:
        slopes = self.slopes * other.values[:, None] + other.slopes * self.values[:, None]
        return _Moving(self.values * other.values, slopes)

    def where(self, condition: Bools, other: _Moving) -> _Moving:
        slopes = np.where(condition[:, None], self.slopes, other.slopes)
        return _Moving(np.where(condition, self.values, other.values), slopes)


def _units(fit: PathFit, gradients: Floats) -> tuple[_Moving, _Moving]:
    """Find what each term is multiplied and divided by when it is standardised, squared.

    An arrow by the variances of where it begins and ends, a variance by itself in all, a covariance of what is left by the
    variances left.
    """
    row, column, arrow = fit.structure.row, fit.structure.column, fit.structure.arrow
    moved = np.diagonal(slopes(fit.structure, fit.implied), axis1=1, axis2=2).T
    total = _Moving(np.diag(fit.implied.total), moved)
    left = _left_variances(fit, gradients)
    begin, end = total.take(column), total.take(row)
    one = _Moving(np.ones(len(row)), np.zeros_like(begin.slopes))
    apart = end.times(end).where(row == column, left.take(row).times(left.take(column)))
    return begin.where(arrow, one), end.where(arrow, apart)


def _left_variances(fit: PathFit, gradients: Floats) -> _Moving:
    """Variance that the arrows leave of each of the v variables."""
    structure = fit.structure
    found = np.zeros((len(structure.names), structure.n_parameters))
    own = np.flatnonzero(~structure.arrow & (structure.row == structure.column))
    found[structure.row[own]] = gradients[own]
    return _Moving(np.diag(fit.implied.left), found)
