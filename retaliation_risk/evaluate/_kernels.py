"""Statistics of models under weights of the customers, for all moments pooled and for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retaliation_risk.evaluate._bootstrap import Statistics
from retaliation_risk.evaluate._judges import ALL
from retaliation_risk.evaluate._rows import Rows
from retaliation_risk.metrics.calibration import calibration_kernel
from retaliation_risk.metrics.classification import (
    auprc_kernel,
    auroc_kernel,
    brier_kernel,
    scaled_brier_kernel,
)
from retaliation_risk.metrics.delong import auroc_covariance, paired_difference
from retaliation_risk.metrics.survival import concordance_kernel

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Sums = Callable[[FloatArray], FloatArray]

REFERENCES = ("prevalence", "kaplan_meier", "rule", "landmark_cox")
"""What a model is compared with: those that know nothing of the customer, advice without a model, and the Cox model that
needs no risk sets, which is what learning from each act has to beat."""


def model_statistics(rows: Rows, horizon_days: float) -> list[Statistics]:
    """Every metric of every model, over all moments and at each."""
    found = []
    for model in rows.models:
        for split, kept in _places(rows, ~np.isnan(rows.risk(model))).items():
            found.append(_model(rows, model, split, kept, horizon_days))
    return [*found, *_minus_references(rows)]


def _places(rows: Rows, there: BoolArray) -> dict[str, BoolArray]:
    """Rows that are there, over all moments and at each."""
    return {ALL: there} | {split: there & (rows.group == code) for code, split in enumerate(rows.splits)}


def _counts(rows: Rows, split: str, kept: BoolArray) -> dict[str, Any]:
    hit = kept & rows.event
    return {
        "split": split,
        "policy": "",
        "n": int(kept.sum()),
        "n_events": int(hit.sum()),
        "customers": rows.customers(hit),
    }


def _minus_references(rows: Rows) -> list[Statistics]:
    """Paired differences in AUROC of every model to every reference, on the rows where both have a risk.

    Over all moments with the p value of DeLong, by customer.
    """
    there = {model: ~np.isnan(rows.risk(model)) for model in rows.models}
    pairs = [(m, base) for m in rows.models for base in REFERENCES if base in there and base != m]
    sets: dict[bytes, int] = {}
    metrics: dict[tuple[str, int], tuple[NDArray[np.intp], Sums]] = {}
    labels, compared = [], []
    p_value = _delong(rows)
    for model, base in pairs:
        for split, kept in _places(rows, there[model] & there[base]).items():
            code, at = sets.setdefault(np.packbits(kept).tobytes(), len(sets)), np.flatnonzero(kept)
            for name in (model, base):
                if (name, code) not in metrics:
                    metrics[name, code] = at, auroc_kernel(rows.event[at], rows.risk(name)[at])
            compared.append(((model, code), (base, code)))
            label = _counts(rows, split, kept) | {"model": model, "metric": f"auroc_minus_{base}"}
            labels.append(label | ({"p_value": p_value(model, base, kept)} if split == ALL else {}))

    def kernel(weight: FloatArray) -> FloatArray:
        certain = weight * rows.ipcw[:, None]
        found = {key: metric(certain[at]) for key, (at, metric) in metrics.items()}
        return np.stack([found[ahead] - found[behind] for ahead, behind in compared])

    return [Statistics(labels, kernel)] if labels else []


def _delong(rows: Rows) -> Callable[[str, str, BoolArray], float]:
    """Prepare p values of differences in AUROC; all models with a risk on the same rows are sorted together."""
    found: dict[bytes, tuple[list[str], FloatArray, FloatArray]] = {}

    def p_value(model: str, base: str, kept: BoolArray) -> float:
        key = np.packbits(kept).tobytes()
        if key not in found:
            names = [name for name in rows.models if not np.isnan(rows.risk(name)[kept]).any()]
            scores = [rows.risk(name)[kept] for name in names]
            given = {"weight": rows.ipcw[kept], "cluster": rows.customer[kept]}
            found[key] = names, *auroc_covariance(rows.event[kept], scores, **given)
        names, auroc, covariance = found[key]
        return paired_difference(auroc, covariance, names.index(model), names.index(base)).p_value

    return p_value


def totals(rows: Rows) -> list[Statistics]:
    """Count what all else rests on: customers with an event, acts with an audience, and its size."""
    labels, values = [], []
    for split, kept in _places(rows, np.ones(len(rows.event), dtype=bool)).items():
        counts = _counts(rows, split, kept)
        found = {
            "customers_with_event": counts["customers"],
            "acts_with_audience": int((rows.reach[kept] > 0).sum()),
            "people_reached_total": rows.reach[kept].sum(),
        }
        # Nothing was estimated, so there is no interval.
        labels += [counts | {"model": "", "metric": name, "customers": 0} for name in found]
        values += list(found.values())
    column = np.array(values, dtype=np.float64)[:, None]
    return [Statistics(labels, lambda draws: np.repeat(column, len(draws), axis=1), by_customer=True)]


def _model(rows: Rows, model: str, split: str, there: BoolArray, horizon_days: float) -> Statistics:
    kept = np.flatnonzero(there)
    risk, event, ipcw = rows.risk(model)[kept], rows.event[kept], rows.ipcw[kept]
    known = {
        "auroc": auroc_kernel(event, risk),
        "auprc": auprc_kernel(event, risk),
        "brier": brier_kernel(event, risk),
        "scaled_brier": scaled_brier_kernel(event, risk),
    }
    # Who left will never retaliate, so they outlive every event; who was lost from sight counts until then.
    frame = rows.frame.iloc[kept]
    left = frame["competing"].to_numpy(dtype=bool)
    duration = np.where(left, horizon_days, frame["duration_days"].to_numpy(dtype=np.float64))
    recalibrate, order = calibration_kernel(event, risk), concordance_kernel(event, duration, risk)
    label = _counts(rows, split, there) | {"model": model}
    names = [*known, "calibration_slope", "calibration_intercept", "concordance"]
    whole = len(kept) == len(rows.event)

    def kernel(weight: FloatArray) -> FloatArray:
        mine = weight if whole else weight[kept]
        certain = mine * ipcw[:, None]
        return np.stack([*(metric(certain) for metric in known.values()), *recalibrate(certain), order(mine)])

    return Statistics([label | {"metric": name} for name in names], kernel)
