"""How well risks tell those who will retaliate from those who will not, at one horizon.

Rows censored inside the horizon have no place here but as weight 0, with the others weighted for them
(IPCW).
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from retaliation_risk.metrics._arrays import (
    FloatArray,
    Kernel,
    Value,
    apply,
    as_events,
    as_groups,
    as_numbers,
    as_risks,
    ratio,
)
from retaliation_risk.metrics._steps import build_steps, compare_pairs


def auroc(event: ArrayLike, score: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """Chance that a random event has a higher score than a random non-event.

    Parameters
    ----------
    event : array of bool, shape (n,)
    score : array of float, shape (n,)
        Higher means likelier. Only the order matters; missing values are refused.
    weight : array of float, shape (n,) or (B, n), optional
        Weights from 0; 2 counts as the row standing there twice.

    Returns
    -------
    float, or array of shape (B,)
        In [0, 1]; higher is better, chance gives 0.5. A tie counts half. NaN without events or without
        non-events.

    Examples
    --------
    >>> auroc([True, False, True, False], [0.9, 0.4, 0.4, 0.1])
    0.875
    """
    kernel = auroc_kernel(event, score)
    return cast(Value, apply(kernel, weight, len(np.asarray(event))))


def auroc_kernel(event: ArrayLike, score: ArrayLike) -> Kernel:
    """Sort once; see :func:`auroc`."""
    hit = as_events(event)
    steps = build_steps(hit, ~hit, as_numbers("score", score, len(hit)), as_groups(None, len(hit)))

    def kernel(weight: FloatArray) -> FloatArray:
        return ratio(*compare_pairs(steps, weight))

    return kernel


def auprc(event: ArrayLike, score: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """Average precision: precision at the score of each event, averaged over events.

    Parameters
    ----------
    event : array of bool, shape (n,)
    score : array of float, shape (n,)
        Higher means likelier. Only the order matters; missing values are refused.
    weight : array of float, shape (n,) or (B, n), optional
        Weights from 0; 2 counts as the row standing there twice.

    Returns
    -------
    float, or array of shape (B,)
        In (0, 1]; higher is better, chance gives the share of events. Rows of equal score enter together,
        as in scikit-learn; no interpolation. NaN without events.

    Examples
    --------
    >>> round(auprc([True, False, True, False], [0.9, 0.6, 0.4, 0.1]), 4)
    0.8333
    """
    kernel = auprc_kernel(event, score)
    return cast(Value, apply(kernel, weight, len(np.asarray(event))))


def auprc_kernel(event: ArrayLike, score: ArrayLike) -> Kernel:
    """Sort once; see :func:`auprc`."""
    hit = as_events(event)
    steps = build_steps(hit, ~hit, as_numbers("score", score, len(hit)), as_groups(None, len(hit)))

    def kernel(weight: FloatArray) -> FloatArray:
        hits, misses = steps.positive @ weight, steps.negative @ weight
        found = np.cumsum(hits[::-1], axis=0)[::-1]
        precision = found / np.maximum(found + np.cumsum(misses[::-1], axis=0)[::-1], np.finfo(float).tiny)
        return ratio((hits * precision).sum(axis=0), hits.sum(axis=0))

    return kernel


def brier(event: ArrayLike, risk: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """Mean squared distance of risk and outcome.

    Parameters
    ----------
    event : array of bool, shape (n,)
    risk : array of float, shape (n,)
        Probabilities; values outside [0, 1] are refused.
    weight : array of float, shape (n,) or (B, n), optional
        Weights from 0; with IPCW this is the Brier score of Graf et al. (1999) at the horizon.

    Returns
    -------
    float, or array of shape (B,)
        In [0, 1]; lower is better. Always saying the share of events ``p`` gives ``p * (1 - p)``. NaN
        without weight.

    Examples
    --------
    >>> round(brier([True, False], [0.8, 0.4]), 3)
    0.1
    """
    kernel = brier_kernel(event, risk)
    return cast(Value, apply(kernel, weight, len(np.asarray(event))))


def brier_kernel(event: ArrayLike, risk: ArrayLike) -> Kernel:
    """Square once; see :func:`brier`."""
    hit = as_events(event)
    square = (hit - as_risks(risk, len(hit))) ** 2

    def kernel(weight: FloatArray) -> FloatArray:
        return ratio(square @ weight, weight.sum(axis=0))

    return kernel


def scaled_brier(event: ArrayLike, risk: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """Brier score as the share saved of that of always saying the share of events.

    Parameters
    ----------
    event : array of bool, shape (n,)
    risk : array of float, shape (n,)
        Probabilities; values outside [0, 1] are refused.
    weight : array of float, shape (n,) or (B, n), optional
        Weights from 0.

    Returns
    -------
    float, or array of shape (B,)
        At most 1; higher is better, 0 is no better than the share of events, below 0 is worse. NaN if all
        outcomes are equal.

    Examples
    --------
    >>> round(scaled_brier([True, False], [0.8, 0.4]), 3)
    0.6
    """
    kernel = scaled_brier_kernel(event, risk)
    return cast(Value, apply(kernel, weight, len(np.asarray(event))))


def scaled_brier_kernel(event: ArrayLike, risk: ArrayLike) -> Kernel:
    """Square once; see :func:`scaled_brier`."""
    hit = as_events(event)
    square = (hit - as_risks(risk, len(hit))) ** 2

    def kernel(weight: FloatArray) -> FloatArray:
        hits, everyone = hit.astype(np.float64) @ weight, weight.sum(axis=0)
        return 1.0 - ratio(square @ weight, ratio(hits * (everyone - hits), everyone))

    return kernel
