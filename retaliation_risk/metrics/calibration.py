"""Whether risks mean what they say: of those told 20 %, do 20 % retaliate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit, ndtri

from retaliation_risk._validate import positive
from retaliation_risk.metrics._arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    Kernel,
    Value,
    apply,
    as_events,
    as_risks,
)
from retaliation_risk.metrics._steps import row_sums

_EDGE = 1e-9  # risks of exactly 0 and 1 have no logit; they are moved inside by this much
_NODES = 512  # above so many distinct risks, weights are shared by the two nearest of as many even nodes
_STEPS, _LONGEST, _CLOSE = 60, 2.0, 1e-7


def calibration_slope(event: ArrayLike, risk: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """Slope of the outcome on the logit of the risk (logistic recalibration).

    Parameters
    ----------
    event : array of bool, shape (n,)
    risk : array of float, shape (n,)
        Probabilities; values outside [0, 1] are refused, 0 and 1 are moved inside by 1e-9.
    weight : array of float, shape (n,) or (B, n), optional
        Weights from 0.

    Returns
    -------
    float, or array of shape (B,)
        1 is best. Below 1: risks too extreme (overfitting); above 1: too timid; 0: no relation, as chance
        gives. NaN if all outcomes or all risks are equal, or the risks separate the outcomes entirely.

    Notes
    -----
    With more than 512 distinct risks each row's weight is shared by the two nearest of 512 even nodes
    of the logit, which moves the slope by less than 0.001 and makes a bootstrap cheap.

    References
    ----------
    Van Calster et al. (2019), doi:10.1186/s12916-019-1466-7

    Examples
    --------
    >>> risk = [0.2] * 5 + [0.8] * 5
    >>> round(calibration_slope([True] + [False] * 4 + [True] * 4 + [False], risk), 6)
    1.0
    """
    kernel = calibration_kernel(event, risk)
    return cast(Value, apply(lambda columns: kernel(columns)[0], weight, len(np.asarray(event))))


def calibration_intercept(event: ArrayLike, risk: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """Calibration in the large: what must be added to the logits for the mean risk to be the share of events.

    Parameters
    ----------
    event : array of bool, shape (n,)
    risk : array of float, shape (n,)
        Probabilities; values outside [0, 1] are refused, 0 and 1 are moved inside by 1e-9.
    weight : array of float, shape (n,) or (B, n), optional
        Weights from 0.

    Returns
    -------
    float, or array of shape (B,)
        0 is best. Below 0: risks too high; above 0: too low. The slope is held at 1. NaN if all outcomes
        are equal.

    References
    ----------
    Van Calster et al. (2019), doi:10.1186/s12916-019-1466-7

    Examples
    --------
    >>> round(calibration_intercept([True, False], [0.2, 0.2]), 4)  # logit(0.5) - logit(0.2)
    1.3863
    """
    kernel = calibration_kernel(event, risk)
    return cast(Value, apply(lambda columns: kernel(columns)[1], weight, len(np.asarray(event))))


def calibration_kernel(event: ArrayLike, risk: ArrayLike) -> Kernel:
    """Compress once; slope and intercept, shape (2, B). See :func:`calibration_slope`."""
    hit = as_events(event)
    line = logit(np.clip(as_risks(risk, len(hit)), _EDGE, 1 - _EDGE))
    nodes, misses, hits = _compress(line, hit)

    def kernel(weight: FloatArray) -> FloatArray:
        others, events = misses @ weight, hits @ weight
        found = np.full((2, weight.shape[1]), np.nan)
        both = others.any(axis=0) & events.any(axis=0)
        if not both.any():
            return found
        for row, solve, defined in ((0, _slope, both & _overlap(others, events)), (1, _intercept, both)):
            if defined.any():
                found[row, defined] = solve(nodes, (others + events)[:, defined], events[:, defined])
        return found

    return kernel


def _compress(line: FloatArray, hit: Any) -> tuple[FloatArray, Any, Any]:
    """Nodes of the logit and the matrices that sum the weights of non-events and of events at the nodes."""
    distinct, place = np.unique(line, return_inverse=True)
    if len(distinct) <= _NODES:
        return distinct, row_sums(place, ~hit, len(distinct)), row_sums(place, hit, len(distinct))
    nodes = np.linspace(distinct[0], distinct[-1], _NODES)
    left = np.clip(np.searchsorted(nodes, line, "right") - 1, 0, _NODES - 2).astype(np.int64)
    share = (line - nodes[left]) / (nodes[1] - nodes[0])
    misses, hits = (
        (row_sums(left, kind * (1 - share), _NODES) + row_sums(left + 1, kind * share, _NODES)).tocsr()
        for kind in (~hit, hit)
    )
    return nodes, misses, hits


def _overlap(others: FloatArray, events: FloatArray) -> BoolArray:
    """Tell where neither all events stand above all non-events nor all below: else the slope is infinite."""
    size = len(others)
    low_other, low_event = (np.argmax(sums > 0, axis=0) for sums in (others, events))
    high_other, high_event = (size - 1 - np.argmax(sums[::-1] > 0, axis=0) for sums in (others, events))
    found: BoolArray = (low_event < high_other) & (low_other < high_event)
    return found


def _intercept(nodes: FloatArray, sums: FloatArray, events: FloatArray) -> FloatArray:
    """Newton's method in the intercept, for each column of weights."""
    start, total = np.zeros(sums.shape[1]), events.sum(axis=0)
    for _ in range(_STEPS):
        chance = expit(start + nodes[:, None])
        step = (total - (sums * chance).sum(axis=0)) / (sums * chance * (1 - chance)).sum(axis=0)
        start += np.clip(step, -_LONGEST, _LONGEST)
        if np.abs(step).max() < _CLOSE:
            break
    return start


def _slope(nodes: FloatArray, sums: FloatArray, events: FloatArray) -> FloatArray:
    """Newton's method in intercept and slope, on standardised logits, for each column of weights."""
    centre, scale = nodes.mean(), nodes.std()
    line = (nodes - centre) / scale
    powers = np.stack([np.ones_like(line), line, line**2])
    wanted = powers[:2] @ events
    share = wanted[0] / sums.sum(axis=0)
    level, slope = logit(share), np.zeros(sums.shape[1])
    step = np.full((2, sums.shape[1]), np.inf)
    for _ in range(_STEPS):
        chance = expit(level + slope * line[:, None])
        expected = sums * chance
        off = wanted - powers[:2] @ expected
        h0, h1, h2 = powers @ (expected * (1 - chance))
        room = np.maximum(h0 * h2 - h1**2, np.finfo(float).tiny)
        step = np.stack([h2 * off[0] - h1 * off[1], h0 * off[1] - h1 * off[0]]) / room
        short = np.minimum(1.0, _LONGEST / np.maximum(np.abs(step).max(axis=0), _CLOSE))
        level, slope = level + short * step[0], slope + short * step[1]
        if np.abs(step).max() < _CLOSE:
            break
    close = (np.abs(step) < 1e-4).all(axis=0)
    return np.where(close, slope / scale, np.nan)


@dataclass(frozen=True)
class CalibrationCurve:
    """Risk said and share observed, by bins of the risk; ``n`` counts rows of weight above 0."""

    n: IntArray
    predicted: FloatArray
    observed: FloatArray
    low: FloatArray
    high: FloatArray


def calibration_curve(
    event: ArrayLike,
    risk: ArrayLike,
    *,
    n_bins: int = 10,
    weight: ArrayLike | None = None,
    level: float = 0.95,
) -> CalibrationCurve:
    """Mean risk and share of events in bins of equally many rows, with Wilson intervals.

    Parameters
    ----------
    event : array of bool, shape (n,)
    risk : array of float, shape (n,)
        Probabilities; values outside [0, 1] are refused. Equal risks stay in one bin.
    n_bins : int, default 10
        Bins at most; equal risks may leave fewer.
    weight : array of float, shape (n,), optional
        Weights from 0; the interval uses the effective number of rows, ``sum(w)**2 / sum(w**2)``.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    CalibrationCurve
        Arrays of shape (bins,), lowest risk first, all shares in [0, 1].

    References
    ----------
    Wilson (1927), doi:10.1080/01621459.1927.10502953

    Examples
    --------
    >>> curve = calibration_curve([False, True, True, True], [0.1, 0.1, 0.7, 0.9], n_bins=2)
    >>> curve.predicted.round(2).tolist(), curve.observed.tolist(), curve.low.round(2).tolist()
    ([0.1, 0.8], [0.5, 1.0], [0.09, 0.34])
    """
    hit = as_events(event)
    said = as_risks(risk, len(hit))
    held = np.ones(len(hit)) if weight is None else np.asarray(weight, dtype=np.float64)
    kept = held > 0
    hit, said, held = hit[kept], said[kept], held[kept]
    place = risk_bins(said, n_bins)
    total, effective = np.bincount(place, held), np.bincount(place, held) ** 2 / np.bincount(place, held**2)
    observed = np.bincount(place, held * hit) / total
    low, high = wilson(observed, effective, level=level)
    return CalibrationCurve(np.bincount(place), np.bincount(place, held * said) / total, observed, low, high)


def risk_bins(risk: FloatArray, n_bins: int) -> IntArray:
    """Bin of each row, 0, 1, ... from the lowest risk, by quantiles; equal risks stay in one bin."""
    edges = np.quantile(risk, np.arange(1, int(positive("n_bins", n_bins))) / n_bins) if len(risk) else risk
    return np.unique(np.searchsorted(edges, risk, "left"), return_inverse=True)[1].astype(np.int64)


def wilson(share: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Wilson's interval of a share.

    Parameters
    ----------
    share : array of float, shape (k,)
        Observed shares, in [0, 1].
    n : array of float, shape (k,)
        Of how many, above 0.
    level : float, default 0.95
        Coverage.

    Returns
    -------
    low, high : arrays of shape (k,)
        In [0, 1], also where the share is 0 or 1.

    Examples
    --------
    >>> [bound.round(3).tolist() for bound in wilson([0.0, 0.5], [10, 10])]
    [[0.0, 0.237], [0.278, 0.763]]
    """
    found, size = np.asarray(share, dtype=np.float64), np.asarray(n, dtype=np.float64)
    z = float(ndtri(0.5 + level / 2))
    centre = (found + z**2 / (2 * size)) / (1 + z**2 / size)
    half = z / (1 + z**2 / size) * np.sqrt(found * (1 - found) / size + z**2 / (4 * size**2))
    return np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)
