"""What a path model says about covariances: as a function of its parameters, and how they move it.

With A the arrows (to, from) and S the variances and covariances of what the arrows leave, all variables, observed first,
have the covariances (I - A)^-1 S (I - A)^-T (McArdle and McDonald 1984, doi:10.1111/j.2044-8317.1984.tb00802.x).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retaliation_risk.studies.estimators._model_text import Model, Term

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Structure:
    """A model with places in A and S for its terms, t of them, and k free parameters.

    Attributes
    ----------
    model : Model
    row, column : array of int, shape (t,)
        Place in A or S, among the variables in the order observed, latent.
    arrow : array of bool, shape (t,)
        Whether that place is in A.
    parameter : array of int, shape (t,)
        Which free parameter stands there; -1 for none.
    fixed : array of float, shape (t,)
        What stands there otherwise.
    n_parameters : int
        k, where terms of one label count once.
    """

    model: Model
    row: Ints
    column: Ints
    arrow: Bools
    parameter: Ints
    fixed: Floats
    n_parameters: int

    @property
    def names(self) -> tuple[str, ...]:
        """Observed, then latent variables."""
        return (*self.model.observed, *self.model.latent)

    @property
    def n_observed(self) -> int:
        """Number of observed variables, p."""
        return len(self.model.observed)


@dataclass(frozen=True, eq=False)
class Implied:
    """Covariances that parameters imply.

    Attributes
    ----------
    values : array, shape (t,)
        Number of each term.
    effects : array, shape (v, v)
        Total effect of each variable (column) on each (row): (I - A)^-1.
    left : array, shape (v, v)
        Variances and covariances of what the arrows leave: S.
    total : array, shape (v, v)
        Covariances of all variables.
    observed : array, shape (p, p)
        Covariances of the observed ones.
    """

    values: Floats
    effects: Floats
    left: Floats
    total: Floats
    observed: Floats


def build_structure(model: Model, sample: Floats) -> Structure:
    """Give terms their places, and given variables their covariances in the sample, shape (p, p), as fixed values."""
    at = {name: place for place, name in enumerate((*model.observed, *model.latent))}
    arrow = np.array([term.op != "~~" for term in model.terms])
    # An arrow f =~ x ends at x, an arrow y ~ x at y.
    row = np.array([at[term.right if term.op == "=~" else term.left] for term in model.terms])
    column = np.array([at[term.left if term.op == "=~" else term.right] for term in model.terms])
    fixed = np.zeros(len(model.terms))
    parameter = np.full(len(model.terms), -1)
    order: dict[object, int] = {}
    for t, term in enumerate(model.terms):
        if term.value is not None:
            fixed[t] = term.value
        elif _is_given(term, model.given):
            fixed[t] = sample[row[t], column[t]]
        else:
            parameter[t] = order.setdefault(term.label or term.key, len(order))
    return Structure(model, row, column, arrow, parameter, fixed, len(order))


def imply(structure: Structure, parameters: Floats) -> Implied:
    """Covariances that the parameters, shape (k,), imply."""
    values = np.where(structure.parameter < 0, structure.fixed, _at(parameters, structure.parameter))
    v = len(structure.names)
    A, S = np.zeros((v, v)), np.zeros((v, v))
    row, column, arrow = structure.row, structure.column, structure.arrow
    A[row[arrow], column[arrow]] = values[arrow]
    S[row[~arrow], column[~arrow]] = values[~arrow]
    S[column[~arrow], row[~arrow]] = values[~arrow]
    effects = np.linalg.inv(np.eye(v) - A).astype(np.float64)
    total = effects @ S @ effects.T
    p = structure.n_observed
    return Implied(values, effects, S, total, total[:p, :p])


def slopes(structure: Structure, implied: Implied) -> Floats:
    """Derive the covariances of all variables by each free parameter, shape (k, v, v)."""
    v = len(structure.names)
    found = np.zeros((structure.n_parameters, v, v))
    for t in np.flatnonzero(structure.parameter >= 0):
        row, column = structure.row[t], structure.column[t]
        to = implied.total[column] if structure.arrow[t] else implied.effects[:, column]
        once = np.outer(implied.effects[:, row], to)
        # A variance stands once in S, everything else twice.
        twice = structure.arrow[t] or row != column
        found[structure.parameter[t]] += once + once.T if twice else once
    return found


def parameter_names(structure: Structure) -> list[str]:
    """Name each free parameter by its term, or by the first of those that share a label."""
    first = {int(k): t for t, k in reversed(list(enumerate(structure.parameter))) if k >= 0}
    return [structure.model.terms[first[k]].name for k in range(structure.n_parameters)]


def _is_given(term: Term, given: tuple[str, ...]) -> bool:
    return term.op == "~~" and term.left in given and term.right in given


def _at(parameters: Floats, places: Ints) -> Floats:
    """Parameters by place; 0 where there is none."""
    found: Floats = np.append(parameters, 0.0)[places]
    return found
