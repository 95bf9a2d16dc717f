"""Maximum likelihood for covariances: Fisher scoring with steps halved until they help.

What is made small is F = log|Σ| + tr(S Σ^-1) - log|S| - p; with N the weight of the sample, N F is chi-square and
N F / 2 the log likelihood below that of the sample itself. H below is the expected second derivative of F.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from retaliation_risk.errors import DataError
from retaliation_risk.studies.estimators._structure import Implied, Structure, imply, parameter_names, slopes

Floats = npt.NDArray[np.float64]

_STEPS = 1000
#: Slope of F per standard error of one person at which the search ends.
_STILL = 1e-10
#: Smallest eigenvalue, of those of H in the parameters' own units, that still tells parameters apart.
_TELLS = 1e-9


def log_determinant(name: str, matrix: Floats) -> float:
    """Of a positive definite matrix; else RR622."""
    try:
        return 2 * float(np.log(np.diag(np.linalg.cholesky(matrix))).sum())
    except np.linalg.LinAlgError:
        raise DataError(
            "RR622", f"{name} are singular: a variable is a sum of others, or correlates with one at 1."
        ) from None


def discrepancy(sample: Floats, implied: Floats) -> float:
    """F of the covariances in the sample and those implied, both of shape (p, p), at least 0; infinite if none can be.

    Examples
    --------
    >>> discrepancy(np.array([[2.0]]), np.array([[2.0]]))
    0.0
    """
    try:
        root = np.linalg.cholesky(implied)
    except np.linalg.LinAlgError:
        return float("inf")
    inside = np.linalg.solve(root, np.linalg.solve(root, sample).T)
    sign, of_ratio = np.linalg.slogdet(inside)
    return float(np.trace(inside) - of_ratio - len(sample)) if sign > 0 else float("inf")


def curvature(structure: Structure, implied: Implied) -> tuple[Floats, Floats]:
    """Σ^-1 times each slope of Σ, shape (k, p, p), and H, shape (k, k)."""
    p = structure.n_observed
    moved = np.linalg.solve(implied.observed, slopes(structure, implied)[:, :p, :p]).astype(np.float64)
    flat = (len(moved), p * p)
    # The trace of every pair of products.
    H: Floats = moved.reshape(flat) @ moved.transpose(0, 2, 1).reshape(flat).T
    return moved, H


def search(structure: Structure, sample: Floats) -> Floats:
    """Parameters at which F is smallest, shape (k,).

    Raises
    ------
    DataError
        RR622 where the search does not come to rest, or the moments do not decide the parameters.
    """
    parameters = start_values(structure, sample)
    implied = imply(structure, parameters)
    value = discrepancy(sample, implied.observed)
    for _ in range(_STEPS):
        gradient, H = _gradient(structure, implied, sample)
        unit = 1 / np.sqrt(np.maximum(np.diag(H), 1e-300))
        if structure.n_parameters == 0 or np.abs(gradient * unit).max() < _STILL:
            refuse_undecided(structure, H)
            return parameters
        scaled = H * np.outer(unit, unit)
        step = -unit * np.linalg.lstsq(scaled, gradient * unit, rcond=1e-12)[0]
        parameters, implied, value = _halve(structure, sample, parameters, step, value)
    worst = parameter_names(structure)[int(np.abs(gradient * unit).argmax())]
    raise DataError("RR622", f"after {_STEPS} steps the fit still gets better along {worst!r}.")


def refuse_undecided(structure: Structure, H: Floats) -> None:
    """Raise RR622 with the parameters that can move without moving any covariance."""
    if not len(H):
        return
    names = parameter_names(structure)
    size = np.sqrt(np.diag(H))
    if (size == 0).any():
        raise DataError("RR622", f"no covariance depends on {names[int(size.argmin())]!r}.")
    values, vectors = np.linalg.eigh(H / np.outer(size, size))
    if values[0] < _TELLS:
        weight = np.abs(vectors[:, 0])
        free = [name for name, w in zip(names, weight, strict=True) if w > 0.2 * weight.max()]
        raise DataError("RR622", f"the moments do not tell {', '.join(map(repr, free))} apart.")


def start_values(structure: Structure, sample: Floats) -> Floats:
    """Where the search begins, shape (k,).

    Half of each observed variance is error; indicators load as their standard deviations compare with that of the first,
    with the sign of their covariance with it; all else is 0.
    """
    found = np.zeros(structure.n_parameters)
    p = structure.n_observed
    first = {f: _first(structure, sample, f) for f in range(p, len(structure.names))}
    for t in np.flatnonzero(structure.parameter >= 0):
        row, column = int(structure.row[t]), int(structure.column[t])
        if structure.arrow[t] and column >= p > row:
            indicator, loading = first[column]
            sign = np.sign(sample[row, indicator]) or 1.0
            found[structure.parameter[t]] = (
                sign * loading * np.sqrt(sample[row, row] / sample[indicator, indicator])
            )
        elif not structure.arrow[t] and row == column:
            indicator, loading = first.get(row, (row, 1.0))
            found[structure.parameter[t]] = 0.5 * sample[indicator, indicator] / loading**2
    return found


def _first(structure: Structure, sample: Floats, latent: int) -> tuple[int, float]:
    """First observed indicator of a latent variable, or any variable, and the loading to begin with."""
    arrows = np.flatnonzero((structure.column == latent) & structure.arrow & (structure.row < len(sample)))
    own = np.flatnonzero((structure.row == latent) & (structure.column == latent) & (structure.parameter < 0))
    indicator = int(structure.row[arrows[0]]) if len(arrows) else 0
    if len(own) and structure.fixed[own[0]] > 0:
        return indicator, float(np.sqrt(0.5 * sample[indicator, indicator] / structure.fixed[own[0]]))
    fixed = structure.fixed[arrows[0]] if len(arrows) else 0.0
    return indicator, float(fixed) if fixed else 1.0


def _gradient(structure: Structure, implied: Implied, sample: Floats) -> tuple[Floats, Floats]:
    moved, H = curvature(structure, implied)
    apart = np.eye(len(sample)) - np.linalg.solve(implied.observed, sample)
    return np.einsum("iab,ba->i", moved, apart), H


def _halve(
    structure: Structure, sample: Floats, parameters: Floats, step: Floats, value: float
) -> tuple[Floats, Implied, float]:
    """Go the step, or the first of its halves that does not make the fit worse (beyond rounding)."""
    for halves in range(40):
        tried = parameters + step * 0.5**halves
        implied = imply(structure, tried)
        found = discrepancy(sample, implied.observed)
        if found <= value + 1e-13 * (1 + value):
            return tried, implied, found
    raise DataError("RR622", f"the search is stuck where F is {value:.6g}: no step makes the fit better.")
