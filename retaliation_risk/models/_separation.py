"""Separation: columns that tell events from non-events so well that no coefficient of theirs is finite."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linprog

from retaliation_risk.errors import GateError
from retaliation_risk.models._outcomes import Bools, Floats

#: Log-odds between a column's lowest and highest values from which a fit is looked at closely.
SUSPECT = 10.0


def refuse_separation(Z: Floats, hit: Bools, beta: Floats, names: Sequence[str], *, converged: bool) -> None:
    """Refuse a logistic fit whose coefficients have no finite value.

    Parameters
    ----------
    Z : array, shape (n, k)
        Standardised columns, a constant first.
    hit : array of bool, shape (n,)
    beta : array, shape (k,)
        What the fit ended with; only where it is suspiciously large, or did not converge, is the answer worked out.
    names : sequence of str, length k - 1
    converged : bool

    Raises
    ------
    GateError
        RR409 naming the columns and which way their coefficients go; or that the fit did not converge.
    """
    if converged and (np.abs(beta * np.ptp(Z, axis=0)) < SUSPECT).all():
        return
    way = direction(Z, hit)[1:]
    named = ", ".join(
        f"{name!r} (to {'+' if to > 0 else '-'}infinity)" for name, to in zip(names, way, strict=True) if to
    )
    if named:
        found = f"no finite coefficient for {named}: they separate events from non-events."
        raise GateError("RR409", f"{found} The model logistic has a penalty.")
    if not converged:
        raise GateError(
            "RR409", "the fit did not converge, though no column separates events from non-events."
        )


def direction(Z: Floats, hit: Bools) -> Floats:
    """Coefficients along which events only gain and non-events only lose log-odds; 0 where there are none.

    Parameters
    ----------
    Z : array, shape (n, k)
        Columns, a constant first.
    hit : array of bool, shape (n,)

    Returns
    -------
    array, shape (k,)
        The likelihood rises forever along it, so the estimates are finite only if all of it is 0. Of several the one
        with the least absolute slopes.

    References
    ----------
    Albert and Anderson (1984), doi:10.1093/biomet/71.1.1.

    Examples
    --------
    >>> Z = np.array([[1.0, -1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> direction(Z, np.array([False, False, True])).tolist()[1] > 0
    True
    >>> direction(Z, np.array([False, True, False])).tolist()
    [0.0, 0.0]
    """
    # Rows turned round so that along the way sought none of them falls and their mean rises by 1. The way is split
    # into what rises and what falls, and of all such ways the shortest is taken: it has the fewest columns.
    towards = np.unique(np.where(hit[:, None], Z, -Z), axis=0)
    k = Z.shape[1]
    price = np.tile(np.r_[0.0, np.ones(k - 1)], 2)
    found = linprog(
        price,
        A_ub=-np.hstack([towards, -towards]),
        b_ub=np.zeros(len(towards)),
        A_eq=np.r_[towards.mean(axis=0), -towards.mean(axis=0)][None],
        b_eq=[1.0],
        method="highs",
    )
    if found.x is None:
        return np.zeros(k)
    way: Floats = found.x[:k] - found.x[k:]
    return np.where(np.abs(way) > 1e-7 * np.abs(way).max(), way, 0.0)
