"""Multinomial logit of what customers do after a failure: complain, leave, both or neither.

The log-odds of each choice against the base are a line in the predictors. Coefficients of that scale are hard to read, so
there are predicted probabilities and average marginal effects, with errors by the delta method.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import softmax

from retaliation_risk._validate import within
from retaliation_risk.errors import ArgumentError, DataError, GateError
from retaliation_risk.models._separation import SUSPECT, direction
from retaliation_risk.studies.estimators._coefficients import (
    Coefficients,
    Floats,
    complete,
    independent,
    numeric,
    varying,
)


@dataclass(frozen=True)
class Choice:
    """A fitted multinomial logit.

    Attributes
    ----------
    choices : tuple of str
        The base first, then the others in the order of their names.
    predictors : tuple of str
    coefficients : Coefficients
        Choice by choice, the constant first; terms are ``"choice: predictor"``.
    X : array of float, shape (n, 1 + n_predictors)
        Columns of the sample, the constant first.
    log_likelihood : float
    """

    choices: tuple[str, ...]
    predictors: tuple[str, ...]
    coefficients: Coefficients
    X: Floats
    log_likelihood: float

    @property
    def beta(self) -> Floats:
        """Coefficients, shape (n_choices - 1, 1 + n_predictors)."""
        return self.coefficients.estimate.reshape(len(self.choices) - 1, -1)


def fit_choice(
    frame: pd.DataFrame, choice: str, predictors: Sequence[str], *, base: str, cluster: str | None = None
) -> Choice:
    """Fit a multinomial logit by maximum likelihood.

    Parameters
    ----------
    frame : DataFrame
        One row per episode.
    choice : str
        Column of what was done.
    predictors : sequence of str
        Columns of numbers; classes are coded as 0 and 1.
    base : str
        The choice that others are compared with, such as ``"none"``.
    cluster : str, optional
        A column of customers; errors are then clustered by it, times G / (G - 1) (n - 1) / (n - k).

    Returns
    -------
    Choice

    Raises
    ------
    DataError
        RR101, RR640, RR641, RR408, RR401, RR642 with no more clusters than coefficients.
    ArgumentError
        RR111 where nobody chose the base.
    GateError
        RR409 where columns separate a choice from the base, so that no coefficient is finite.

    Notes
    -----
    Unobserved reasons are taken as independent between choices: leaving ``exit`` out of the choices moves its share to
    the others in proportion.

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> data = pd.DataFrame({"anger": rng.normal(size=400)})
    >>> chance = softmax(np.column_stack([np.zeros(400), 0.8 * data["anger"], 0.3 * data["anger"]]), axis=1)
    >>> data["did"] = [rng.choice(["none", "complain", "exit"], p=p) for p in chance]
    >>> fit = fit_choice(data, "did", ["anger"], base="none")
    >>> fit.coefficients.table().round(2)[["term", "estimate", "low", "high"]]
                      term  estimate   low  high
    0  complain: intercept     -0.02 -0.27  0.23
    1      complain: anger      0.80  0.53  1.07
    2      exit: intercept     -0.15 -0.40  0.10
    3          exit: anger      0.08 -0.18  0.34
    """
    chosen = complete(frame, [choice])[choice].astype(str)
    columns = numeric(frame, list(predictors))
    varying(frame, [choice])
    varying(columns, list(predictors))
    if base not in set(chosen):
        raise ArgumentError("RR111", f"base is {base!r}; the choices are {sorted(set(chosen))}.")
    choices = (base, *sorted(set(chosen) - {base}))
    X = np.column_stack([np.ones(len(frame)), columns.to_numpy()])
    independent(X, ("intercept", *predictors))
    code = np.array([choices.index(name) for name in chosen])
    terms = tuple(f"{name}: {term}" for name in choices[1:] for term in ("intercept", *predictors))
    groups = None if cluster is None else _clusters(frame, cluster, len(terms))
    beta, covariance, likelihood = _fit(X, code, groups, choices, list(predictors))
    coefficients = Coefficients(terms, beta, covariance, np.inf, len(X))
    return Choice(choices, tuple(predictors), coefficients, X, likelihood)


def choice_probabilities(
    fit: Choice, profiles: pd.DataFrame | None = None, *, level: float = 0.95
) -> pd.DataFrame:
    """Probability of each choice for given customers.

    Parameters
    ----------
    fit : Choice
    profiles : DataFrame, optional
        One row per customer to predict, with every predictor; the means of the sample if not given.
    level : float, default 0.95

    Returns
    -------
    DataFrame
        Tidy, with columns ``profile`` (the index of ``profiles``) and ``choice``. The p-values ask whether the
        probability is 0 and say little. Near 0 and 1 the intervals may leave [0, 1].

    Raises
    ------
    DataError
        RR101, RR640.
    """
    within("level", level, 0.5, 0.9999)
    means = pd.DataFrame([fit.X[:, 1:].mean(axis=0)], columns=list(fit.predictors), index=["mean"])
    profiles = means if profiles is None else profiles
    X = np.column_stack([np.ones(len(profiles)), numeric(profiles, list(fit.predictors)).to_numpy()])
    P = _probabilities(X, fit.beta)
    n_rows, n_choices = P.shape
    # How the probability of j moves with the log-odds of l, then with its coefficients.
    moves = _moves(P)
    jacobian = np.einsum("ijl,im->ijlm", moves, X).reshape(n_rows * n_choices, -1)
    places = [(place, name) for place in profiles.index for name in fit.choices]
    terms = [f"P({name}) at {place}" for place, name in places]
    table = _delta(fit, P.ravel(), jacobian, terms).table(level)
    return table.assign(profile=[place for place, _ in places], choice=[name for _, name in places])


def average_marginal_effects(fit: Choice, *, level: float = 0.95) -> pd.DataFrame:
    """By how much the probability of each choice rises per unit of a predictor, on average over the sample.

    Parameters
    ----------
    fit : Choice
    level : float, default 0.95

    Returns
    -------
    DataFrame
        Tidy, with columns ``choice`` and ``predictor``. For a predictor of only 0 and 1 it is the difference between
        everybody at 1 and everybody at 0; for others the mean of the slopes. Those of one predictor sum to 0.

    Examples
    --------
    >>> both = Coefficients(("b: intercept", "b: x"), np.array([0.0, 1.0]), np.eye(2) / 100, np.inf, 3)
    >>> fit = Choice(("a", "b"), ("x",), both, np.array([[1, -1.0], [1, 0.0], [1, 1.0]]), -2.0)
    >>> average_marginal_effects(fit).round(3)[["choice", "estimate", "se"]].values.tolist()
    [['a', -0.214, 0.015], ['b', 0.214, 0.015]]
    """
    parts = [_effect(fit, m) for m in range(1, fit.X.shape[1])]
    estimate = np.concatenate([effect for effect, _ in parts])
    jacobian = np.concatenate([moves for _, moves in parts])
    places = [(name, predictor) for predictor in fit.predictors for name in fit.choices]
    table = _delta(fit, estimate, jacobian, [f"{name}: {predictor}" for name, predictor in places]).table(
        level
    )
    return table.assign(choice=[name for name, _ in places], predictor=[term for _, term in places])


def _effect(fit: Choice, m: int) -> tuple[Floats, Floats]:
    """Average effect of column m on each choice, shape (J,), and its derivatives, shape (J, n_coefficients)."""
    column = fit.X[:, m]
    if not np.isin(column, (0.0, 1.0)).all():
        return _slope(fit, m)
    effect, jacobian = np.zeros(len(fit.choices)), np.zeros((len(fit.choices), fit.beta.size))
    for value, sign in ((1.0, 1), (0.0, -1)):
        X = fit.X.copy()
        X[:, m] = value
        P = _probabilities(X, fit.beta)
        effect += sign * P.mean(axis=0)
        jacobian += sign * np.einsum("ijl,im->jlm", _moves(P), X).reshape(len(effect), -1) / len(X)
    return effect, jacobian


def _slope(fit: Choice, m: int) -> tuple[Floats, Floats]:
    """Mean slope of each probability along column m, and its derivatives.

    The slope of P_j is P_j (b_j - s), with s the mean of the choices' coefficients b weighted by their probabilities.
    """
    P, X = _probabilities(fit.X, fit.beta), fit.X
    b = np.r_[0.0, fit.beta[:, m]]
    s = P @ b
    steep = b - s[:, None]
    moves = _moves(P)
    # Through P_j; through s; and, for the coefficients of column m itself, through b.
    along = moves * steep[:, :, None] - P[:, :, None] * (P[:, 1:] * steep[:, 1:])[:, None, :]
    jacobian = np.einsum("ijl,ik->jlk", along, X) / len(X)
    jacobian[:, :, m] += moves.mean(axis=0)
    return (P * steep).mean(axis=0), jacobian.reshape(P.shape[1], -1)


def _probabilities(X: Floats, beta: Floats) -> Floats:
    """Shape (n, n_choices), the base first."""
    return np.asarray(softmax(np.column_stack([np.zeros(len(X)), X @ beta.T]), axis=1))


def _moves(P: Floats) -> Floats:
    """How the probability of j moves with the log-odds of l, shape (n, n_choices, n_choices - 1)."""
    return P[:, :, None] * (np.eye(P.shape[1])[None, :, 1:] - P[:, None, 1:])


def _delta(fit: Choice, estimate: Floats, jacobian: Floats, terms: Sequence[str]) -> Coefficients:
    covariance = jacobian @ fit.coefficients.covariance @ jacobian.T
    return Coefficients(tuple(terms), estimate, covariance, np.inf, fit.coefficients.n)


def _clusters(frame: pd.DataFrame, cluster: str, n_terms: int) -> npt.NDArray[np.int64]:
    codes, names = pd.factorize(complete(frame, [cluster])[cluster])
    if len(names) <= n_terms:
        raise DataError("RR642", f"{len(names)} clusters of {cluster!r} for {n_terms} coefficients.")
    return codes.astype(np.int64)


def _fit(
    X: Floats,
    code: npt.NDArray[np.int64],
    groups: npt.NDArray[np.int64] | None,
    choices: tuple[str, ...],
    predictors: list[str],
) -> tuple[Floats, Floats, float]:
    """Coefficients choice by choice, their covariance and the log likelihood, of scaled columns and put back."""
    from statsmodels.discrete.discrete_model import MNLogit

    centre, spread = np.r_[0.0, X[:, 1:].mean(axis=0)], np.r_[1.0, X[:, 1:].std(axis=0)]
    Z = (X - centre) / spread
    how = {} if groups is None else {"cov_type": "cluster", "cov_kwds": {"groups": groups}}
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Separation is refused in words.
        found = MNLogit(code, Z).fit(method="newton", maxiter=100, tol=1e-12, disp=0, **how)
    beta = np.asarray(found.params).T
    if not found.mle_retvals["converged"] or not (np.abs(beta * np.ptp(Z, axis=0)) < SUSPECT).all():
        _refuse_separation(Z, code, choices, predictors)
    if not found.mle_retvals["converged"]:
        raise DataError("RR643", f"the multinomial logit of {', '.join(choices)} did not converge.")
    back = np.diag(1 / spread)
    back[0] -= centre / spread
    whole = np.kron(np.eye(len(choices) - 1), back)
    return whole @ beta.ravel(), whole @ np.asarray(found.cov_params()) @ whole.T, float(found.llf)


def _refuse_separation(
    Z: Floats, code: npt.NDArray[np.int64], choices: tuple[str, ...], predictors: list[str]
) -> None:
    """Raise RR409 naming two choices that columns separate, and the columns."""
    for first, second in combinations(range(len(choices)), 2):
        both = np.isin(code, (first, second))
        way = direction(Z[both], code[both] == second)[1:]
        named = ", ".join(repr(name) for name, to in zip(predictors, way, strict=True) if to)
        if named:
            pair = f"{choices[second]!r} from {choices[first]!r}"
            raise GateError("RR409", f"{named} separate {pair}, so that no coefficient is finite.")
