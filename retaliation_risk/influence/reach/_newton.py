"""The maximum of a concave function of a few numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
#: Value, gradient and Hessian at a point; the value is -inf where the function is not defined.
Concave = Callable[[Floats], tuple[float, Floats, Floats]]

_MOST_STEPS = 100
_MOST_HALVINGS = 40
_CLOSE = 1e-12


def maximum(concave: Concave, start: Floats) -> Floats:
    """Climb by Newton's steps, each halved until it does not lead down.

    Examples
    --------
    >>> def parabola(at):
    ...     return float(-((at - 3) ** 2).sum()), -2 * (at - 3), -2 * np.eye(1)
    >>> maximum(parabola, np.zeros(1)).tolist()
    [3.0]
    """
    at, (value, gradient, hessian) = start, concave(start)
    for _ in range(_MOST_STEPS):
        step = np.linalg.solve(-hessian, gradient)
        # What the step promises, in units of the log-likelihood.
        if float(gradient @ step) < _CLOSE * (1 + abs(value)):
            break
        for _ in range(_MOST_HALVINGS):
            there = concave(at + step)
            if there[0] >= value:
                break
            step = step / 2
        else:
            break
        at, (value, gradient, hessian) = at + step, there
    return at
