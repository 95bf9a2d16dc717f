"""Cox's model by partial likelihood: the fit, its covariances and its tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from retaliation_risk._validate import one_of, within
from retaliation_risk.models.partial.newton import Columns, Top, check_columns, maximise
from retaliation_risk.models.partial.risk import RiskSets, risk_sets
from retaliation_risk.models.partial.rows import Floats, Rows, partial_rows
from retaliation_risk.models.partial.scores import Likelihood, likelihood_at, score_variance


@dataclass(frozen=True)
class ChiSquare:
    """A test statistic with its degrees of freedom and its p-value."""

    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True)
class CoxFit:
    """A fitted Cox model; the data are not kept.

    Attributes
    ----------
    names : tuple of str
    coefficients : array, shape (p,)
        Log hazard ratio per unit of each column.
    covariance : array, shape (p, p)
        Inverse of the (penalised) information.
    robust : array, shape (p, p) or None
        Sandwich over clusters, where clusters were given; blind to the penalty's bias. Of sampled sets it is over
        clusters and sets, which R's is not.
    log_likelihood, log_likelihood_null : float
        Log partial likelihood, without penalty, at the coefficients and at 0.
    likelihood_ratio, wald, score : ChiSquare
        Of all coefficients being 0. With a ridge their degrees of freedom are too many.
    robust_score : ChiSquare or None
        The score test with the variance of ``robust``; ``wald`` uses ``robust`` where there is one.
    n, n_events : int
    n_clusters : int or None
    iterations : int
        Newton steps.
    centre : array, shape (p,)
        The covariates at which :func:`baseline` is given: means of the rows at risk at some event.
    ties : str
        ``"efron"``, ``"breslow"``, or ``"exact"`` where sampled sets hold more than one case.
    ridge : float
    """

    names: tuple[str, ...]
    coefficients: Floats
    covariance: Floats
    robust: Floats | None
    log_likelihood: float
    log_likelihood_null: float
    likelihood_ratio: ChiSquare
    wald: ChiSquare
    score: ChiSquare
    robust_score: ChiSquare | None
    n: int
    n_events: int
    n_clusters: int | None
    iterations: int
    centre: Floats
    ties: str
    ridge: float

    @property
    def standard_errors(self) -> Floats:
        """Robust where clusters were given, else from the information; shape (p,)."""
        errors: Floats = np.sqrt(np.diag(self.covariance if self.robust is None else self.robust))
        return errors


def fit_partial(
    X: npt.ArrayLike,
    *,
    event: npt.ArrayLike,
    stop: npt.ArrayLike | None = None,
    start: npt.ArrayLike | None = None,
    strata: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
    offset: npt.ArrayLike | None = None,
    cluster: npt.ArrayLike | None = None,
    sets: npt.ArrayLike | None = None,
    ties: str = "efron",
    ridge: float = 0.0,
    names: Sequence[str] | None = None,
) -> CoxFit:
    """Fit Cox's model by maximum (penalised) partial likelihood.

    Parameters
    ----------
    X : array, shape (n, p)
        Covariates, finite, none constant.
    event : array of bool, shape (n,)
        Whether the row ended with the event at ``stop``; in ``sets``, whether it is a case.
    stop : array, shape (n,)
        End of each row: at risk up to and at it. Events at times that are exactly equal are tied.
    start : array, shape (n,), optional
        Rows are at risk in (start, stop]; without it from the beginning on.
    strata : array of labels, shape (n,), optional
        Each stratum has its own baseline hazard.
    weight : array, shape (n,), optional
        Case weights above 0.
    offset : array, shape (n,), optional
        Added to the linear predictor; logarithms of sampling weights belong here.
    cluster : array of labels, shape (n,), optional
        Rows with one label may depend on one another: adds the robust covariance. In ``sets`` give the customer.
    sets : array of labels, shape (n,), optional
        Sampled risk sets (nested case-control) instead of times: each is compared within itself by the exact
        conditional likelihood. A weight then counts a whole set.
    ties : {"efron", "breslow"}, default "efron"
    ridge : float, default 0.0
        Half of this times the sum of squared coefficients (per unit of each column) is taken from the log
        likelihood.
    names : sequence of str, optional
        Columns' names for errors; x0, x1, ... without.

    Returns
    -------
    CoxFit

    Raises
    ------
    ArgumentError
        RR111 for rows that cannot be used, RR408 for columns that are constant or combinations of others.
    GateError
        RR401 when there is no event; RR409 for columns without a finite coefficient (monotone likelihood).

    References
    ----------
    Therneau and Grambsch (2000), doi:10.1007/978-1-4757-3294-8; Lin and Wei (1989),
    doi:10.1080/01621459.1989.10478874; for sets, Thomas (1977), doi:10.2307/2345182.

    Examples
    --------
    >>> fit = fit_partial([[1.0], [0.0], [1.0], [0.0]], stop=[1, 2, 3, 4], event=[True, True, True, False])
    >>> fit.coefficients.round(6).tolist(), round(fit.log_likelihood, 6)
    ([0.940614], -2.869976)
    """
    rows = partial_rows(
        X,
        event=event,
        stop=stop,
        start=start,
        strata=strata,
        weight=weight,
        offset=offset,
        cluster=cluster,
        sets=sets,
        names=names,
    )
    return fit_rows(rows, ties=ties, ridge=ridge)


def fit_rows(rows: Rows, *, ties: str = "efron", ridge: float = 0.0) -> CoxFit:
    """Fit checked rows; :func:`fit_partial` without its door."""
    one_of("ties", ties, ("efron", "breslow"))
    within("ridge", ridge, 0.0, 1e300)
    sets = risk_sets(rows, efron=ties == "efron")
    if rows.sampled and len(sets.deaths) > len(sets.times):
        ties = "exact"
    penalty = ridge / np.where(sets.scale > 0, sets.scale, 1.0) ** 2
    unit = float(sets.weight[sets.deaths].mean())
    columns = Columns(rows.names, np.where(sets.scale > 0, np.ptp(sets.Z, axis=0), 0.0), unit)
    null = likelihood_at(sets, np.zeros(len(rows.names)), ties)
    check_columns(null, penalty, columns)
    robust_score = None if rows.cluster is None else _robust_score(null, sets, rows)
    top = maximise(lambda beta: likelihood_at(sets, beta, ties), null, penalty, columns)
    robust = None
    if rows.cluster is not None:
        robust = top.inverse @ score_variance(top.likelihood, sets, rows) @ top.inverse
    return _result(rows, sets, null, top, robust, robust_score, ties=ties, ridge=ridge)


def _result(
    rows: Rows,
    sets: RiskSets,
    null: Likelihood,
    top: Top,
    robust: Floats | None,
    robust_score: float | None,
    *,
    ties: str,
    ridge: float,
) -> CoxFit:
    """Bring everything back to the units of the columns."""
    p, scales = len(rows.names), np.outer(sets.scale, sets.scale)
    ascent = null.gradient()
    used = top.inverse if robust is None else robust
    return CoxFit(
        names=rows.names,
        coefficients=top.beta / sets.scale,
        covariance=top.inverse / scales,
        robust=None if robust is None else (robust + robust.T) / (2 * scales),
        log_likelihood=top.likelihood.log_likelihood,
        log_likelihood_null=null.log_likelihood,
        likelihood_ratio=chi_square(2 * (top.likelihood.log_likelihood - null.log_likelihood), p),
        wald=chi_square(_quadratic(used, top.beta), p),
        score=chi_square(_quadratic(null.information(), ascent), p),
        robust_score=None if robust_score is None else chi_square(robust_score, p),
        n=len(rows.event),
        n_events=int(rows.event.sum()),
        n_clusters=None if rows.cluster is None else int(rows.cluster.max()) + 1,
        iterations=top.steps,
        centre=sets.centre,
        ties=ties,
        ridge=ridge,
    )


def _robust_score(null: Likelihood, sets: RiskSets, rows: Rows) -> float:
    return _quadratic(score_variance(null, sets, rows), null.gradient())


def _quadratic(matrix: Floats, vector: Floats) -> float:
    """Evaluate ``vector' inverse(matrix) vector``; a ridge may have fitted columns that make the matrix singular."""
    return float(vector @ np.linalg.lstsq(matrix, vector, rcond=None)[0])


def chi_square(statistic: float, df: int) -> ChiSquare:
    """Put the p-value to a statistic.

    Examples
    --------
    >>> chi_square(0.0, 1)
    ChiSquare(statistic=0.0, df=1, p_value=1.0)
    """
    return ChiSquare(statistic, df, float(chi2.sf(statistic, df)))
