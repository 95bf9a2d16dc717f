"""Logistic regression for inference: odds ratios and marginal effects, with errors that know customers repeat."""

from __future__ import annotations

import warnings
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm
from sklearn.utils.validation import check_is_fitted

from retaliation_risk.models._base import Fitted
from retaliation_risk.models._design import Z95, Design, fit_design, spread_of, weighed
from retaliation_risk.models._outcomes import Bools, Floats, same_horizon, warn_few_events
from retaliation_risk.models._separation import refuse_separation
from retaliation_risk.models.classifier import known_rows, sigmoid


class Logit(Fitted):
    """Logistic regression without penalty, for reading its effects rather than for ranking customers.

    Features are filled with training medians and standardised. Rows censored inside the horizon are left out and the
    others carry IPCW weights. These are sampling weights: a row of weight 2 stands for two customers but was seen
    once. So they enter as ``var_weights`` and not as ``freq_weights``, which would count rows that nobody observed, and
    errors come from the sandwich, clustered by customer, because a customer stands at several moments and the
    model's own errors would take the weights for precision. The weights themselves are taken as known.

    Columns that others add up to have no effect of their own and are left out, as R does (``collinear_``).

    Parameters
    ----------
    horizon_days : float
        Horizon of the risk; no other can be asked.

    Attributes
    ----------
    design_ : Design
        Medians, means and scales of training.
    coefficients_ : array, shape (n_used,)
        Log odds ratio per standard deviation.
    intercept_ : float
        Log-odds of the reference customer, who has the training mean of each feature.
    covariance_ : array, shape (n_used + 1, n_used + 1)
        Clustered by customer, of the intercept and the coefficients; times G / (G - 1) (n - 1) / (n - k) for G customers,
        n rows and k columns with the intercept.
    n_customers_, n_events_ : int
        Customers, and rows with an event, among those learned from.

    Raises
    ------
    GateError
        RR401 without events or without non-events, RR406 when nothing varies, RR409 naming columns that separate events
        from non-events: no coefficient of theirs is finite.

    References
    ----------
    Liang and Zeger (1986), doi:10.1093/biomet/73.1.13; Albert and Anderson (1984), doi:10.1093/biomet/71.1.1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"failed_recoveries_ever": rng.integers(0, 3, 900).astype(float)})
    >>> hit = rng.random(900) < 0.1 * 2 ** X["failed_recoveries_ever"]
    >>> y = pd.DataFrame({"customer_id": np.arange(900) % 300, "moment": pd.Timestamp("2026-01-01"),
    ...     "event": hit, "duration_days": np.where(hit, 9.0, 30.0), "competing": False})
    >>> model = Logit(horizon_days=30).fit(X, y)
    >>> model.effects_[["feature", "estimate", "low", "high", "kind"]].round(2).values.tolist()
    [['failed_recoveries_ever', 2.24, 1.88, 2.66, 'odds ratio']]
    """

    _state: ClassVar = (
        "design_", "coefficients_", "intercept_", "covariance_", "marginal_", "marginal_error_", "redundant_",
        "n_customers_", "n_events_",
    )  # fmt: skip

    design_: Design

    def __init__(self, horizon_days: float = 30.0) -> None:
        self.horizon_days = horizon_days

    def fit(self, X: pd.DataFrame, y: pd.DataFrame) -> Self:
        """Fit on the rows whose state at the horizon is known."""
        X, outcomes, hit, weight = known_rows(X, y, self.horizon_days)
        whole = fit_design(X)
        self.redundant_ = [list(names) for names in whole.collinear]
        redundant = {names[0] for names in self.redundant_}
        self.design_ = fit_design(X[[name for name in X.columns if str(name) not in redundant]])
        Z = np.column_stack([np.ones(len(X)), self.design_.matrix(X)])
        self.n_events_, self.n_customers_ = int(hit.sum()), len(np.unique(outcomes.customer))
        # Frames between the caller of fit and here: fit itself, and the note that every fit takes.
        warn_few_events(self.n_events_, len(self.design_.used), stacklevel=3)
        beta, self.covariance_ = _fit(Z, hit, weight, outcomes.customer, self.design_.used)
        self.intercept_, self.coefficients_ = float(beta[0]), beta[1:]
        self.marginal_, self.marginal_error_ = marginal_effects(Z, beta, self.covariance_, weight)
        return self

    @property
    def collinear_(self) -> tuple[tuple[str, ...], ...]:
        """Columns left out because they are exact combinations of others, each followed by those."""
        return tuple(map(tuple, getattr(self, "redundant_", ())))

    @property
    def dropped_(self) -> list[str]:
        """Names of the columns left out because they were constant in training."""
        return self.design_.dropped

    @property
    def typical_(self) -> pd.Series[float]:
        """Training median of each feature, in its own unit."""
        return self.design_.typical

    @property
    def effects_(self) -> pd.DataFrame:
        """Odds ratio per standard deviation, with 95 % intervals; ``scale`` is that deviation in the feature's unit."""
        check_is_fitted(self)
        return self.design_.ratios(self.coefficients_, np.sqrt(np.diag(self.covariance_))[1:], "odds ratio")

    @property
    def marginal_effects_(self) -> pd.DataFrame:
        """How much the risk rises per standard deviation, on average over training rows, with 95 % intervals."""
        check_is_fitted(self)
        reach = norm.ppf(0.975) * self.marginal_error_
        p_value = 2 * norm.sf(np.abs(self.marginal_ / self.marginal_error_))
        low, high = self.marginal_ - reach, self.marginal_ + reach
        return self.design_.effects(self.marginal_, low, high, p_value, "average marginal effect")

    def contributions(self, X: pd.DataFrame) -> pd.DataFrame:
        """Log-odds against the training mean, one per feature; rows sum to log-odds minus intercept."""
        check_is_fitted(self)
        parts = self.design_.contributions(X, self.coefficients_)
        asked = [name for name in X.columns if name in set(map(str, self.feature_names_in_))]
        return parts.reindex(columns=asked, fill_value=0.0)

    def predict_risk(self, X: pd.DataFrame, horizon_days: float) -> Floats:
        """Probability of retaliation within the horizon, shape (n_customers,)."""
        check_is_fitted(self)
        same_horizon(self.horizon_days, horizon_days)
        return sigmoid(self.intercept_ + weighed(self.design_.matrix(X), self.coefficients_))

    def risk_interval(self, X: pd.DataFrame, horizon_days: float) -> tuple[Floats, Floats]:
        """Return the low and high end of a 95 % interval of each risk, shape (n_customers,) each.

        It holds how unsure intercept and coefficients are, by their covariance clustered by customer: an interval of the
        risk of customers with this history, not of what this one will do.
        """
        check_is_fitted(self)
        same_horizon(self.horizon_days, horizon_days)
        Z = self.design_.matrix(X)
        centre = self.intercept_ + weighed(Z, self.coefficients_)
        reach = Z95 * spread_of(np.column_stack([np.ones(len(Z)), Z]), self.covariance_)
        return sigmoid(centre - reach), sigmoid(centre + reach)


def marginal_effects(Z: Floats, beta: Floats, covariance: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Average slope of the risk along each column but the first, and its standard error by the delta method.

    The slope along column j of a row with risk p is p (1 - p) times its coefficient.

    Parameters
    ----------
    Z : array, shape (n, k)
        Columns, a constant first.
    beta, covariance : array, shapes (k,) and (k, k)
    weight : array, shape (n,)

    Returns
    -------
    tuple of array, each of shape (k - 1,)
    """
    risk = sigmoid(Z @ beta)
    steep = risk * (1 - risk) * weight / weight.sum()
    # How the mean steepness moves with each coefficient; the slope itself also moves with its own.
    bend = (steep * (1 - 2 * risk)) @ Z
    jacobian = np.outer(beta, bend) + steep.sum() * np.eye(len(beta))
    error = np.sqrt(np.einsum("jk,kl,jl->j", jacobian, covariance, jacobian))
    return steep.sum() * beta[1:], error[1:]


def _fit(
    Z: Floats, hit: Bools, weight: Floats, customer: npt.NDArray[np.int64], names: list[str]
) -> tuple[Floats, Floats]:
    """Coefficients, the constant's first, and their covariance clustered by customer."""
    # Imported here: statsmodels takes longer to load than most commands take to run.
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    with warnings.catch_warnings():
        # "cov_type not fully supported with var_weights", and overflow where events are separated: the first is
        # compared with R in the tests, the second is refused below.
        warnings.simplefilter("ignore")
        model = GLM(hit.astype(np.float64), Z, family=Binomial(), var_weights=weight)
        # The deviance of many rows is a large number: its last digits never come to rest within 1e-12.
        found = model.fit(tol=1e-12, rtol=1e-13, cov_type="cluster", cov_kwds={"groups": customer})
    refuse_separation(Z, hit, found.params, names, converged=bool(found.converged))
    return np.asarray(found.params), np.asarray(found.cov_params())
