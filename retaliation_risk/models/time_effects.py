"""Effects that change with time: the hazard ratio of a feature as a curve, and tests that it is one number.

A grudge fades, and that of a customer with a strong relationship more slowly (Grégoire, Tripp and Legoux 2009,
doi:10.1509/jmkg.73.6.18). Here the log hazard ratio of a feature is a sum of functions g of the days on the rows' clock,
and may differ with a moderator: feature, feature x g(days), feature x moderator, feature x moderator x g(days).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from retaliation_risk._validate import one_of
from retaliation_risk.errors import ArgumentError
from retaliation_risk.models._outcomes import Bools, Floats, warn_few_events
from retaliation_risk.models._time_split import (
    Pieces,
    TimeBasis,
    cut_points,
    mean_values,
    spline_knots,
    split_rows,
)
from retaliation_risk.models.partial import CoxFit, fit_partial, partial_rows
from retaliation_risk.models.partial.fit import ChiSquare, chi_square

ROWS = ("customer_id", "start_days", "stop_days", "event")


@dataclass(frozen=True)
class Term:
    """One column of the fit: a product of columns of the rows, times a function of the days (None for none)."""

    columns: tuple[str, ...]
    function: int | None = None


@dataclass(frozen=True)
class TimeEffects:
    """What :func:`fit_time_effects` found.

    Attributes
    ----------
    fit : CoxFit
        Its columns are the terms, in order.
    terms : tuple of Term
    basis : TimeBasis
    varying : tuple of str
        Features whose effect may change with time.
    moderator : str or None
    strengths : tuple of (float, float)
        Low and high value of the moderator: its 10 % and 90 % quantiles over rows; empty without one.
    event_days : tuple of (float, float)
        First and last day with an event: no curve speaks beyond them.
    n_pieces : int
        Rows after splitting.
    """

    fit: CoxFit
    terms: tuple[Term, ...]
    basis: TimeBasis
    varying: tuple[str, ...]
    moderator: str | None
    strengths: tuple[float, ...]
    event_days: tuple[float, float]
    n_pieces: int


def fit_time_effects(
    rows: pd.DataFrame,
    covariates: Sequence[str],
    *,
    varying: Sequence[str],
    moderator: str | None = None,
    curve: str = "log",
    n_knots: int = 4,
    cuts: int | None = None,
    ties: str = "efron",
    ridge: float = 0.0,
) -> TimeEffects:
    """Fit a Cox model in which the effects of some features are curves in time.

    Rows are split where ``g`` is to be read: at every event time, so that the fit is exact (R's ``coxph`` with ``tt``),
    or at quantiles of the event times, where ``g`` is its mean over the events between two of them. Splitting at all of m
    event times makes up to n x m rows.

    Parameters
    ----------
    rows : DataFrame
        ``customer_id``, ``start_days``, ``stop_days``, ``event`` and the covariates, constant on (start, stop], as
        :func:`retaliation_risk.histories.build_intervals` makes them. The curves run along this clock: days since a
        failed recovery, say.
    covariates : sequence of str
        Columns of the model; ``varying`` and ``moderator`` are among them.
    varying : sequence of str
        Features whose effect may change with time.
    moderator : str, optional
        Column, as relationship strength, with which the effects of ``varying`` and their change may differ. Its own effect
        may then change with time too.
    curve : {"log", "spline"}, default "log"
        g: the logarithm of the days, or a natural cubic spline of it.
    n_knots : int, default 4
        Knots of the spline, 3 to 7, between the 5 % and 95 % quantiles of the events' log days.
    cuts : int, optional
        Number of quantiles of the event times to split at; all event times without.
    ties : {"efron", "breslow"}, default "efron"
    ridge : float, default 0.0
        As in :func:`retaliation_risk.models.partial.fit_partial`, per unit of each term.

    Returns
    -------
    TimeEffects
        Errors are robust, clustered by customer.

    Raises
    ------
    ArgumentError
        RR101 for columns that are missing; RR111 for event times of 0 or less, settings out of range, more than
        ``MAX_PIECES`` pieces, and whatever :func:`retaliation_risk.models.partial.fit_partial` refuses.
    GateError
        RR401 when there is no event, or too few different event times for the knots.

    References
    ----------
    Cox (1972), doi:10.1111/j.2517-6161.1972.tb00899.x; Therneau and Grambsch (2000), doi:10.1007/978-1-4757-3294-8;
    Durrleman and Simon (1989), doi:10.1002/sim.4780080504, for the spline.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows = pd.DataFrame({"customer_id": np.arange(400), "start_days": 0.0, "let_down": rng.integers(0, 2, 400)})
    >>> days = 1 + rng.exponential(30 / np.exp(rows["let_down"].to_numpy()))
    >>> rows = rows.assign(stop_days=days.clip(max=60), event=days <= 60)
    >>> effects = fit_time_effects(rows, ["let_down"], varying=["let_down"])
    >>> effect_curves(effects, days=[5, 50]).round(1).values.tolist()
    [['let_down', nan, 5.0, 3.9, 2.8, 5.3], ['let_down', nan, 50.0, 1.9, 1.2, 3.0]]
    """
    one_of("curve", curve, ("log", "spline"))
    _check(rows, covariates, varying, moderator)
    given = partial_rows(
        rows[list(covariates)],
        start=rows["start_days"],
        stop=rows["stop_days"],
        event=rows["event"],
        cluster=rows["customer_id"],
        names=covariates,
    )
    assert given.start is not None
    assert given.cluster is not None
    times = given.stop[given.event]
    if times.min() <= 0:
        raise ArgumentError(
            "RR111", f"an event has stop_days {times.min():g}; the logarithm needs days above 0."
        )
    basis = TimeBasis(spline_knots(times, n_knots) if curve == "spline" else np.empty(0))
    terms = _terms(covariates, tuple(varying), moderator, len(basis.names))
    pieces = split_rows(given.start, given.stop, given.event, cut_points(times, cuts))
    if ridge == 0:
        warn_few_events(len(times), len(terms))
    fit = fit_partial(
        _matrix(rows, terms, pieces, mean_values(basis, times, pieces.ends)),
        start=pieces.start,
        stop=pieces.stop,
        event=pieces.event,
        cluster=given.cluster[pieces.row],
        ties=ties,
        ridge=ridge,
        names=[_name(term, basis) for term in terms],
    )
    strengths = () if moderator is None else tuple(rows[moderator].quantile([0.1, 0.9]))
    first_last = (float(times.min()), float(times.max()))
    return TimeEffects(fit, terms, basis, tuple(varying), moderator, strengths, first_last, len(pieces.row))


def effect_curves(effects: TimeEffects, days: npt.ArrayLike | None = None) -> pd.DataFrame:
    """Hazard ratio of one unit more of each varying feature, day by day, with pointwise 95 % robust intervals.

    Parameters
    ----------
    effects : TimeEffects
    days : array, shape (k,), optional
        Between the first and the last event; 50 days evenly spread in the logarithm without.

    Returns
    -------
    DataFrame
        ``feature``, ``strength`` (value of the moderator, low then high; NaN without one), ``days``, ``hazard_ratio``,
        ``low``, ``high``.

    Raises
    ------
    ArgumentError
        RR111 for days before the first or after the last event.
    """
    asked = _days(effects, days)
    z, parts = norm.ppf(0.975), []
    assert effects.fit.robust is not None
    for feature in effects.varying:
        for strength in effects.strengths or (np.nan,):
            weights = _weights(effects, feature, asked, strength)
            log_ratio = weights @ effects.fit.coefficients
            error = np.sqrt(np.einsum("ni,ij,nj->n", weights, effects.fit.robust, weights))
            columns = {
                "feature": feature,
                "strength": strength,
                "days": asked,
                "hazard_ratio": np.exp(log_ratio),
            }
            limits = {"low": np.exp(log_ratio - z * error), "high": np.exp(log_ratio + z * error)}
            parts.append(pd.DataFrame(columns | limits))
    return pd.concat(parts, ignore_index=True)


def constancy_tests(effects: TimeEffects) -> pd.DataFrame:
    """Test whether each effect is one number, and changes alike at every strength (robust Wald tests).

    Parameters
    ----------
    effects : TimeEffects

    Returns
    -------
    DataFrame
        ``feature``, ``hypothesis`` (``"constant in time"``; with a moderator also ``"same change at every strength"``),
        ``statistic``, ``df``, ``p_value``. A ridge makes them cautious.
    """
    found = []
    for feature in effects.varying:
        changing = [feature in term.columns and term.function is not None for term in effects.terms]
        found.append((feature, "constant in time", _wald(effects.fit, np.array(changing))))
        if effects.moderator is not None:
            both = [
                c and effects.moderator in t.columns for c, t in zip(changing, effects.terms, strict=True)
            ]
            found.append((feature, "same change at every strength", _wald(effects.fit, np.array(both))))
    rows = [(name, hypothesis, test.statistic, test.df, test.p_value) for name, hypothesis, test in found]
    return pd.DataFrame(rows, columns=["feature", "hypothesis", "statistic", "df", "p_value"])


def _check(
    rows: pd.DataFrame, covariates: Sequence[str], varying: Sequence[str], moderator: str | None
) -> None:
    if lacking := [name for name in (*ROWS, *covariates) if name not in rows]:
        raise ArgumentError("RR101", f"rows lack {lacking}; they have {list(rows.columns)}.")
    if not varying:
        raise ArgumentError("RR111", "varying is empty; name the features whose effect may change with time.")
    named = [*varying, *([] if moderator is None else [moderator])]
    if strange := [name for name in named if name not in covariates]:
        raise ArgumentError("RR111", f"{strange} are not among the covariates {list(covariates)}; add them.")
    if moderator in varying:
        raise ArgumentError("RR111", f"{moderator!r} is both varying and moderator; leave it out of varying.")


def _terms(
    covariates: Sequence[str], varying: tuple[str, ...], moderator: str | None, n_functions: int
) -> tuple[Term, ...]:
    """List main effects, feature x moderator, and all of these that vary times each function of the days."""
    main = [Term((name,)) for name in covariates]
    changing: list[tuple[str, ...]] = [(name,) for name in varying]
    if moderator is not None:
        main += [Term((name, moderator)) for name in varying]
        changing += [(moderator,), *((name, moderator) for name in varying)]
    return (*main, *(Term(columns, k) for columns in changing for k in range(n_functions)))


def _name(term: Term, basis: TimeBasis) -> str:
    return ":".join((*term.columns, *(() if term.function is None else (basis.names[term.function],))))


def _matrix(rows: pd.DataFrame, terms: tuple[Term, ...], pieces: Pieces, values: Floats) -> Floats:
    """Value of each term on each piece, shape (n_pieces, n_terms)."""
    matrix = np.empty((len(pieces.row), len(terms)))
    for j, term in enumerate(terms):
        matrix[:, j] = rows[list(term.columns)].to_numpy(dtype=np.float64).prod(axis=1)[pieces.row]
        if term.function is not None:
            matrix[:, j] *= values[pieces.cut, term.function]
    return matrix


def _days(effects: TimeEffects, days: npt.ArrayLike | None) -> Floats:
    first, last = effects.event_days
    if days is None:
        return np.geomspace(first, last, 50)
    asked = np.atleast_1d(np.asarray(days, dtype=np.float64))
    if (outside := ~((asked >= first) & (asked <= last))).any():
        raise ArgumentError(
            "RR111",
            f"days hold {asked[outside][0]:g}; events were seen from {first:g} to {last:g} days only.",
        )
    return asked


def _weights(effects: TimeEffects, feature: str, days: Floats, strength: float) -> Floats:
    """How much each coefficient counts in the log hazard ratio of one unit of the feature, shape (n_days, n_terms)."""
    values = effects.basis(days)
    weights = np.zeros((len(days), len(effects.terms)))
    for j, term in enumerate(effects.terms):
        if feature in term.columns:
            weights[:, j] = strength if effects.moderator in term.columns else 1.0
            if term.function is not None:
                weights[:, j] *= values[:, term.function]
    return weights


def _wald(fit: CoxFit, chosen: Bools) -> ChiSquare:
    assert fit.robust is not None
    own = fit.coefficients[chosen]
    solved = np.linalg.solve(fit.robust[np.ix_(chosen, chosen)], own)
    return chi_square(float(own @ solved), int(chosen.sum()))
