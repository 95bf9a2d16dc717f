"""What is learned at the moments of acts: hazard ratios, the hazard by calendar time, and what sampling cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.models._design import Design
from retaliation_risk.models._outcomes import Bools, Floats
from retaliation_risk.models.partial import (
    CoxFit,
    cumulative_hazard,
    fit_rows,
    partial_rows,
    sampled_baseline,
)

REQUIRED = ("set", "customer_id", "moment", "case", "log_weight")
_DAY = np.timedelta64(86_400_000_000, "us")


@dataclass(frozen=True)
class RiskSetRows:
    """Rows of risk sets in the order of (moment, set, case first, customer): none hangs on the order given.

    Attributes
    ----------
    Z : array, shape (n, n_used)
        Standardised by the design of the landmark rows.
    set : array of int, shape (n,)
        From 0, in the order of the moments.
    customer : array of int, shape (n,)
    day : array, shape (n,)
        Days since 1970, UTC.
    case : array of bool, shape (n,)
    log_weight : array, shape (n,)
        Log of how many at risk the row stands for.
    """

    Z: Floats
    set: npt.NDArray[np.int64]
    customer: npt.NDArray[np.int64]
    day: Floats
    case: Bools
    log_weight: Floats


@dataclass(frozen=True)
class Learned:
    """What :func:`learn` found; columns that never differ between those at risk have coefficient and covariance 0."""

    coefficients: Floats
    covariance: Floats
    hazard: Floats
    efficiency: Floats


def read_risk_sets(risk_sets: pd.DataFrame, design: Design) -> RiskSetRows:
    """Check the frame of :func:`retaliation_risk.histories.history_rows` and standardise its features.

    Raises
    ------
    ArgumentError
        RR101 for columns that are not there; RR111 for missing values in others than features.
    """
    if lacking := [name for name in REQUIRED if name not in risk_sets]:
        raise ArgumentError("RR101", f"risk_sets lack {lacking}; a frame of risk sets has {list(REQUIRED)}.")
    if empty := [name for name in REQUIRED if risk_sets[name].isna().any()]:
        raise ArgumentError("RR111", f"risk_sets have missing values in {empty}; fill or drop such rows.")
    moment = risk_sets["moment"].to_numpy().astype("datetime64[us]")
    customer = pd.factorize(risk_sets["customer_id"], sort=True)[0]
    case = risk_sets["case"].to_numpy(dtype=bool)
    order = np.lexsort((customer, ~case, risk_sets["set"], moment))
    sets = pd.factorize(risk_sets["set"].to_numpy()[order])[0]
    return RiskSetRows(
        Z=design.matrix(risk_sets)[order],
        set=sets.astype(np.int64),
        customer=customer[order].astype(np.int64),
        day=((moment - np.datetime64(0, "us")) / _DAY)[order],
        case=case[order],
        log_weight=risk_sets["log_weight"].to_numpy(dtype=np.float64)[order],
    )


def learn(acts: RiskSetRows, names: list[str], ridge: float) -> Learned:
    """Fit the columns that differ among those at risk; each set is compared within itself."""
    told = np.ptp(acts.Z, axis=0) > 0
    if not told.any():
        raise GateError("RR406", f"all of columns {names} are the same for everybody at risk at an act.")
    rows = partial_rows(
        acts.Z[:, told],
        event=acts.case,
        sets=acts.set,
        offset=acts.log_weight,
        cluster=acts.customer,
        names=[name for name, this in zip(names, told, strict=True) if this],
    )
    fit = fit_rows(rows, ridge=ridge)
    assert fit.robust is not None
    base = sampled_baseline(fit, rows, acts.day)
    hazard = cumulative_hazard(fit, base, np.zeros((1, int(told.sum()))), base.time)[0]
    coefficients, covariance = np.zeros(len(told)), np.zeros((len(told), len(told)))
    efficiency = np.full(len(told), np.nan)
    coefficients[told], covariance[np.ix_(told, told)] = fit.coefficients, fit.robust
    efficiency[told] = _efficiency(fit, acts.Z[:, told], acts)
    return Learned(coefficients, covariance, np.stack([base.time, hazard]), efficiency)


def _efficiency(fit: CoxFit, Z: Floats, acts: RiskSetRows) -> Floats:
    """Estimate the variance of each coefficient with everybody at risk, over that with these sets; in (0, 1].

    A set's own information is the covariance of its members, each by its chance to be the case; that of everybody is the
    same about the mean of everybody. So what sampling loses is the scatter of sets' means about the mean of all at risk. The
    latter moves slowly in time: half the squared difference between each set and the next has the scatter as its mean.
    """
    n_sets = int(acts.set[-1]) + 1
    if n_sets < 2 or not acts.log_weight.any():
        return np.ones(Z.shape[1])
    risk = Z @ fit.coefficients + acts.log_weight
    risk = np.exp(risk - np.maximum.reduceat(risk, np.flatnonzero(np.diff(acts.set, prepend=-1)))[acts.set])
    share = risk / np.bincount(acts.set, risk)[acts.set]
    means = np.stack([np.bincount(acts.set, share * column) for column in Z.T], axis=1)
    steps = np.diff(means, axis=0)
    lost = steps.T @ steps / 2 * n_sets / (n_sets - 1)
    everybody = np.linalg.inv(np.linalg.inv(fit.covariance) + lost)
    ratio: Floats = np.diag(everybody) / np.diag(fit.covariance)
    return ratio
