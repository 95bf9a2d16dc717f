r"""Accelerated failure times by maximum likelihood: log time is a location plus a scale times an error.

With :math:`w = \alpha \log t - c - Z\gamma`, where :math:`\alpha` is one over the scale, the log likelihood

.. math::
    \sum_{events} (\log \alpha + \log f(w_i) - \log t_i) + \sum_{censored} \log S(w_i)

is concave in :math:`(\alpha, c, \gamma)` whenever f is log-concave, as those of all three kinds are. So Newton's method
with halved steps ends at the top from any start, however rare events are; and :math:`-\gamma` is a log hazard ratio
(Weibull) or a log odds ratio (log-logistic), so a ridge on it means what it means in the other models.

References
----------
Kalbfleisch and Prentice (2002), doi:10.1002/9781118032985, chapter 3; Silvapulle and Burridge (1986), Journal of the
Royal Statistical Society B 48, 100-106, for the concavity; Lin and Wei (1989), doi:10.1080/01621459.1989.10478874, for
the sandwich.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.special import expit, log_ndtr, ndtr

from retaliation_risk.errors import GateError
from retaliation_risk.models._outcomes import Bools, Floats

_STEPS = 100
# Twice the log likelihood still to be gained; the step taken from here is exact to its square.
_CLOSE = 1e-10
# A step of this size on w, where nothing is left to be gained, never ends.
_ENDLESS = 0.01
_HALF_LOG_2_PI = 0.5 * np.log(2 * np.pi)

#: Log likelihood of each row, its slope and minus its second derivative, all by w.
Rows = tuple[Floats, Floats, Floats]


def _weibull(w: Floats, event: Bools) -> Rows:
    risk = np.exp(w)
    return np.where(event, w, 0.0) - risk, event - risk, risk


def _loglogistic(w: Floats, event: Bools) -> Rows:
    gone, times = expit(w), 1.0 + event
    return (
        np.where(event, w, 0.0) - times * np.logaddexp(0.0, w),
        event - times * gone,
        times * gone * (1 - gone),
    )


def _lognormal(w: Floats, event: Bools) -> Rows:
    density, left = -(w**2) / 2 - _HALF_LOG_2_PI, log_ndtr(-w)
    hazard = np.exp(density - left)
    bend = np.where(event, 1.0, hazard * (hazard - w))
    return np.where(event, density, left), np.where(event, -w, -hazard), bend


_LIKELIHOODS: Mapping[str, Callable[[Floats, Bools], Rows]] = MappingProxyType(
    {"weibull": _weibull, "lognormal": _lognormal, "loglogistic": _loglogistic}
)
_SURVIVALS: Mapping[str, Callable[[Floats], Floats]] = MappingProxyType(
    {
        "weibull": lambda w: np.exp(-np.exp(w)),
        "lognormal": lambda w: ndtr(-w),
        "loglogistic": lambda w: expit(-w),
    }
)

KINDS = tuple(_LIKELIHOODS)


def survival(kind: str, w: Floats) -> Floats:
    """Chance that the error exceeds ``w``, that is of no event yet.

    Examples
    --------
    >>> [survival(kind, np.array([-np.inf, 0.0])).round(3).tolist() for kind in KINDS]
    [[1.0, 0.368], [1.0, 0.5], [1.0, 0.5]]
    """
    with np.errstate(over="ignore"):
        return _SURVIVALS[kind](w)


@dataclass(frozen=True)
class LocationScale:
    """A fitted accelerated failure time model.

    Attributes
    ----------
    intercept : float
        Location of log days where all columns are 0.
    coefficients : array, shape (p,)
        Log time ratio per unit of each column: above 0 is later.
    scale : float
        Scale of the error; one over the Weibull shape.
    covariance : array, shape (p + 2, p + 2)
        Of (intercept, coefficients, log scale): inverse of the (penalised) information.
    robust : array, shape (p + 2, p + 2)
        The same by the sandwich over clusters.
    log_likelihood : float
        Of the days, without penalty.
    """

    intercept: float
    coefficients: Floats
    scale: float
    covariance: Floats
    robust: Floats
    log_likelihood: float


def fit_location_scale(
    Z: Floats,
    days: Floats,
    event: Bools,
    *,
    kind: str,
    ridge: float,
    cluster: npt.NDArray[np.int64],
    names: Sequence[str],
) -> LocationScale:
    """Fit by maximum (penalised) likelihood.

    Parameters
    ----------
    Z : array, shape (n, p)
        Standardised covariates.
    days : array, shape (n,)
        Above 0.
    event : array of bool, shape (n,)
    kind : {"weibull", "lognormal", "loglogistic"}
    ridge : float
        Half of this times the sum of squared gamma (above) is taken from the log likelihood.
    cluster : array of int, shape (n,)
        Rows with one number may depend on one another.
    names : sequence of str
        Columns' names for errors.

    Raises
    ------
    GateError
        RR401 where the events' times do not vary, so that no scale fits best; RR409 naming columns without a finite
        coefficient.
    """
    log_days = np.log(days)
    centre = float(log_days[event].mean())
    if np.ptp(log_days[event]) == 0 and log_days.max() <= log_days[event][0]:
        raise GateError(
            "RR401", f"all {int(event.sum())} events lie at {days[event][0]:g} days, and no row goes on."
        )
    # w is linear in (alpha, c, gamma).
    D = np.column_stack([log_days - centre, -np.ones(len(Z)), -Z])
    problem = _Problem(_LIKELIHOODS[kind], D, event, np.append([0.0, 0.0], np.full(Z.shape[1], ridge)))
    theta = _climb(problem, ["the scale", "the intercept", *names])
    inverse = cho_solve(problem.factor(theta), np.eye(len(theta)))
    scores = problem.scores(theta)
    sums = np.stack([np.bincount(cluster, column) for column in scores.T], axis=1)
    back = _back(theta)
    plain = _Problem(problem.likelihood, D, event, 0 * problem.penalty)
    return LocationScale(
        intercept=float(centre + theta[1] / theta[0]),
        coefficients=theta[2:] / theta[0],
        scale=float(1 / theta[0]),
        covariance=back @ inverse @ back.T,
        robust=back @ inverse @ (sums.T @ sums) @ inverse @ back.T,
        log_likelihood=plain.height(theta) - float(log_days[event].sum()),
    )


@dataclass(frozen=True)
class _Problem:
    """What is climbed: w = D theta, theta = (alpha, c, gamma)."""

    likelihood: Callable[[Floats, Bools], Rows]
    D: Floats
    event: Bools
    penalty: Floats

    def height(self, theta: Floats) -> float:
        """Penalised log likelihood of log days; minus infinity where alpha is not above 0."""
        if theta[0] <= 0:
            return -np.inf
        with np.errstate(over="ignore", invalid="ignore"):
            rows = self.likelihood(self.D @ theta, self.event)[0].sum()
        return float(rows + self.event.sum() * np.log(theta[0]) - self.penalty @ theta**2 / 2)

    def scores(self, theta: Floats) -> Floats:
        """Slope of each row's log likelihood, shape (n, p + 2)."""
        scores: Floats = self.D * self.likelihood(self.D @ theta, self.event)[1][:, None]
        scores[:, 0] += self.event / theta[0]
        return scores

    def factor(self, theta: Floats) -> tuple[Floats, bool]:
        """Cholesky factor of the penalised information, minus the second derivative."""
        bend = self.likelihood(self.D @ theta, self.event)[2]
        information = (self.D * bend[:, None]).T @ self.D + np.diag(self.penalty)
        information[0, 0] += self.event.sum() / theta[0] ** 2
        return cho_factor(information)  # type: ignore[no-any-return]

    def newton(self, theta: Floats) -> tuple[Floats, float]:
        """Newton's step, and twice what it should gain."""
        ascent = self.scores(theta).sum(axis=0) - self.penalty * theta
        step = cho_solve(self.factor(theta), ascent)
        return step, float(step @ ascent)


def _climb(problem: _Problem, names: Sequence[str]) -> Floats:
    """Top of the likelihood; refuses a climb without end, naming its direction."""
    theta = np.zeros(len(problem.penalty))
    # Exponential times at the mean rate: the Weibull answer for alpha = 1 without columns. Any start would do.
    theta[:2] = 1.0, np.log(np.exp(problem.D[:, 0]).sum() / problem.event.sum())
    step = np.ones_like(theta)
    for _ in range(_STEPS):
        try:
            step, gain = problem.newton(theta)
        except (LinAlgError, ValueError):
            break
        if gain < _CLOSE:
            if (np.abs(step) * np.ptp(problem.D, axis=0)).max() > _ENDLESS:
                break
            return theta + step
        theta = _halved(problem, theta, step)
    size = np.abs(step) * np.maximum(np.ptp(problem.D, axis=0), 1e-3)
    named = [repr(name) for name, big in zip(names, size >= 0.1 * size.max(), strict=True) if big]
    raise GateError(
        "RR409", f"no finite coefficient for {', '.join(named)}; the likelihood still rises that way."
    )


def _halved(problem: _Problem, theta: Floats, step: Floats) -> Floats:
    """Theta after the step, or after the first of its halves that does not lower the likelihood."""
    height = problem.height(theta)
    for _ in range(60):
        reached = problem.height(theta + step)
        if np.isfinite(reached) and reached >= height - 1e-11 * (1 + abs(height)):
            return theta + step
        step = step / 2
    return theta


def _back(theta: Floats) -> Floats:
    """Slope of (intercept, coefficients, log scale) by (alpha, c, gamma): brings covariances to the units shown."""
    alpha = theta[0]
    back: Floats = np.eye(len(theta)) / alpha
    back[:, 0] = np.append(-theta[1:] / alpha**2, -1 / alpha)
    back[:-1, 1:] = np.eye(len(theta) - 1) / alpha
    back[-1, 1:] = 0.0
    return back
