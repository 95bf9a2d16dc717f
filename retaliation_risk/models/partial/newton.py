"""Newton's way up a concave likelihood, and what it says when there is no top."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.models.partial.rows import Bools, Floats
from retaliation_risk.models.partial.scores import Likelihood

_STEPS = 60
# Twice the log likelihood still to be gained; the step taken from here is exact to its square.
_CLOSE = 1e-10
# A column whose information, given the columns before it, is this share of itself is a combination of them.
_COLLINEAR = 1e-10
# A step of this share of a column's range, where nothing is left to be gained, never ends.
_ENDLESS = 0.01


@dataclass(frozen=True)
class Columns:
    """Names of the columns, range of each in standard deviations (0 if constant), mean weight of an event."""

    names: tuple[str, ...]
    reach: Floats
    unit: float

    def named(self, chosen: Bools) -> str:
        """Names of the columns chosen, quoted."""
        return ", ".join(repr(name) for name, this in zip(self.names, chosen, strict=True) if this)


@dataclass(frozen=True)
class Top:
    """Where the climb ended: standardised coefficients, likelihood, inverse penalised information, steps."""

    beta: Floats
    likelihood: Likelihood
    inverse: Floats
    steps: int


def maximise(
    evaluate: Callable[[Floats], Likelihood], start: Likelihood, penalty: Floats, columns: Columns
) -> Top:
    """Climb from 0, halving steps that overshoot; the last step is polished by one more, not evaluated.

    Half of ``penalty`` times the squared standardised coefficients is taken from the log likelihood.

    Raises
    ------
    GateError
        RR409 naming the columns whose coefficients go to infinity, and which way.
    """
    beta, now, taken = np.zeros(len(penalty)), start, 1
    for _ in range(_STEPS):
        step, inverse, left = _newton(now, beta, penalty, columns)
        if left < _CLOSE * columns.unit:
            break
        beta, now = _halved(evaluate, now, beta, step, penalty, columns)
        taken += 1
    else:
        raise _endless(beta, columns)
    if (np.abs(step) * columns.reach > _ENDLESS).any():
        raise _endless(step, columns)
    beta = beta + step
    now = evaluate(beta)
    step, inverse, _ = _newton(now, beta, penalty, columns)
    return Top(beta + step, now, inverse, taken)


def _newton(now: Likelihood, beta: Floats, penalty: Floats, columns: Columns) -> tuple[Floats, Floats, float]:
    """Newton's step, the inverse of the penalised information, and twice what the step should gain."""
    ascent = now.gradient() - penalty * beta
    try:
        factor = cho_factor(now.information() + np.diag(penalty))
    except (LinAlgError, ValueError):
        raise _endless(beta, columns) from None
    inverse = cho_solve(factor, np.eye(len(beta)))
    step = cho_solve(factor, ascent)
    return step, (inverse + inverse.T) / 2, float(step @ ascent)


def _halved(
    evaluate: Callable[[Floats], Likelihood],
    now: Likelihood,
    beta: Floats,
    step: Floats,
    penalty: Floats,
    columns: Columns,
) -> tuple[Floats, Likelihood]:
    """Take the step, or the first of its halves that does not lower the penalised likelihood."""
    height = now.log_likelihood - penalty @ beta**2 / 2
    slack = 1e-11 * (1 + abs(height))
    for _ in range(40):
        tried = evaluate(beta + step)
        reached = tried.log_likelihood - penalty @ (beta + step) ** 2 / 2
        if np.isfinite(reached) and reached >= height - slack:
            return beta + step, tried
        step = step / 2
    raise _endless(step, columns)


def _endless(direction: Floats, columns: Columns) -> GateError:
    way = direction * columns.reach
    large = np.abs(way) >= 0.1 * np.abs(way).max()
    pairs = zip(columns.names, way, large, strict=True)
    named = ", ".join(f"{name!r} (to {'+' if to > 0 else '-'}infinity)" for name, to, this in pairs if this)
    return GateError("RR409", f"no finite coefficient for {named}; the likelihood still rises that way.")


def check_columns(start: Likelihood, penalty: Floats, columns: Columns) -> None:
    """Refuse columns that are constant and, without a penalty, those that others add up to.

    Raises
    ------
    ArgumentError
        RR408 naming the columns; RR111 for offsets too far apart.
    """
    if not np.isfinite(start.log_likelihood):
        raise ArgumentError("RR111", "offset spans more than exp can hold; it must span less than about 600.")
    if (columns.reach == 0).any():
        raise ArgumentError("RR408", f"constant among those at risk: {columns.named(columns.reach == 0)}.")
    if penalty.all():
        return
    information = start.information() + np.diag(penalty)
    for j, name in enumerate(columns.names):
        own, rest = information[j, j], information[:j, :j]
        if own <= _COLLINEAR * columns.unit:
            raise ArgumentError("RR408", f"column {name!r} never differs within a risk set.")
        weights = np.linalg.lstsq(rest, information[:j, j], rcond=None)[0] if j else np.zeros(0)
        if own - information[j, :j] @ weights <= _COLLINEAR * own:
            used = columns.named(np.append(np.abs(weights) > 1e-6, np.zeros(len(columns.names) - j, bool)))
            raise ArgumentError("RR408", f"column {name!r} is a combination of {used}.")
