"""Rates of acts on stretches of time: a Poisson regression with errors clustered by customer, and contrasts of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retaliation_risk.errors import ArgumentError
from retaliation_risk.studies.frame import Estimate

Floats = npt.NDArray[np.float64]
Z = 1.959963984540054
#: Groups with fewer events get neither interval nor verdict (docs/design/0002-decisions.md).
FEWEST_EVENTS = 10
_STEPS, _REST = 50, 1e-9


@dataclass(frozen=True)
class Rates:
    """A log-linear model of rates: ``names`` of the columns, shape (p,) estimates and (p, p) robust covariance."""

    names: tuple[str, ...]
    coefficients: Floats
    covariance: Floats
    n_events: float

    def contrast(self, weights: Mapping[str, float], n_events: float | None = None) -> Estimate:
        """Estimate a weighted sum of coefficients with its 95 % Wald interval.

        ``n_events`` replaces the events of the whole fit by those of the smallest group compared.

        Raises
        ------
        ArgumentError
            RR406 for a column that was left out because it does not vary.
        """
        if still := sorted(set(weights) - set(self.names)):
            raise ArgumentError("RR406", f"{', '.join(still)}: the same for all of these customers.")
        vector = np.array([weights.get(name, 0.0) for name in self.names])
        value, error = vector @ self.coefficients, np.sqrt(vector @ self.covariance @ vector)
        count = self.n_events if n_events is None else n_events
        return Estimate(float(value), float(value - Z * error), float(value + Z * error), count)


def fit_rates(
    columns: Mapping[str, npt.ArrayLike],
    events: npt.ArrayLike,
    exposure: npt.ArrayLike,
    cluster: npt.ArrayLike,
) -> Rates:
    """Fit log rate = sum of columns by Poisson maximum likelihood, with a sandwich clustered by customer.

    Parameters
    ----------
    columns : mapping of str to array, each of shape (n,)
        A column of ones is put before them as ``rate``.
    events : array of int, shape (n,)
        Events in each stretch.
    exposure : array of float, shape (n,)
        Its length in days, above 0.
    cluster : array, shape (n,)
        Customer of each stretch.

    Returns
    -------
    Rates
        Errors are robust to acts that come in clusters: the sums of scores of each customer, times G / (G - 1).

    Raises
    ------
    ArgumentError
        RR401 with fewer than :data:`FEWEST_EVENTS` events; RR408 where a column cannot be told from the others.

    Examples
    --------
    >>> fit = fit_rates({}, [1, 0, 3] * 4, [10.0] * 12, range(12))
    >>> round(float(np.exp(fit.coefficients[0])), 3)
    0.133
    """
    y, days = np.asarray(events, dtype=np.float64), np.asarray(exposure, dtype=np.float64)
    enough(y.sum())
    design = np.column_stack(
        [np.ones(len(y)), *(np.asarray(one, dtype=np.float64) for one in columns.values())]
    )
    coefficients, information = _climb(design, y, days)
    score = design * (y - days * np.exp(design @ coefficients))[:, None]
    codes = np.unique(np.asarray(cluster), return_inverse=True)[1]
    groups = int(codes.max()) + 1
    sums = np.column_stack([np.bincount(codes, column, minlength=groups) for column in score.T])
    bread = np.linalg.inv(information)
    covariance = bread @ (sums.T @ sums) @ bread * groups / max(groups - 1, 1)
    return Rates(("rate", *columns), coefficients, covariance, float(y.sum()))


def enough(n_events: float, what: str = "the group") -> None:
    """Refuse fewer than :data:`FEWEST_EVENTS` events, saying of what."""
    if n_events < FEWEST_EVENTS:
        raise ArgumentError("RR401", f"{n_events:.0f} events in {what}; at least {FEWEST_EVENTS} are needed.")


def _climb(design: Floats, y: Floats, days: Floats) -> tuple[Floats, Floats]:
    """Newton steps, halved where they overshoot, from the overall rate to the maximum; return it and the information."""
    at = np.zeros(design.shape[1])
    at[0] = np.log(y.sum() / days.sum())
    height = _log_likelihood(design, y, days, at)
    for _ in range(_STEPS):
        mean = days * np.exp(design @ at)
        information = design.T @ (design * mean[:, None])
        if np.linalg.matrix_rank(information) < len(at):
            raise ArgumentError("RR408", "a column of rates adds up from others, or one group has no events.")
        step = np.linalg.solve(information, design.T @ (y - mean))
        while (new := _log_likelihood(design, y, days, at + step)) < height - 1e-9 * abs(height):
            step = step / 2
        at, height = at + step, new
        if np.abs(step).max() < _REST:
            break
    return at, information


def _log_likelihood(design: Floats, y: Floats, days: Floats, at: Floats) -> float:
    linear = design @ at
    with np.errstate(over="ignore"):
        return float(y @ linear - days @ np.exp(linear))
