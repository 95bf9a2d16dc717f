"""Fits of replicated worlds in every form, and how often their intervals hold the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from benchmarks.coverage.worlds import (
    MOMENT,
    PROFILE,
    TRUTH,
    World,
    all_rows,
    by_day,
    histories,
    independent,
    sampled_rows,
)
from retaliation_risk.errors import GateError
from retaliation_risk.models.partial import (
    Baseline,
    CoxFit,
    Rows,
    baseline,
    dfbeta_residuals,
    fit_rows,
    sampled_baseline,
    survival_intervals,
)

Floats = npt.NDArray[np.float64]
Answer = tuple[CoxFit, Baseline, Rows]

BAND = (0.935, 0.965)
MODEL, CUSTOMER = "model-based", "robust by customer"
BOTH, ALONE = "robust by customer and set", "robust by customer alone, as R's"


def full(world: World, seed: int, *, days: bool = False, ties: str = "efron") -> Answer:
    rows = all_rows(by_day(world) if days else world)
    fit = fit_rows(rows, ties=ties)
    return fit, baseline(fit, rows), rows


def sample(world: World, seed: int, *, controls: int, matched: bool = False) -> Answer:
    rows, time = sampled_rows(world, controls, matched=matched, seed=seed)
    fit = fit_rows(rows)
    return fit, sampled_baseline(fit, rows, time), rows


FORMS: dict[str, Callable[[World, int], Answer]] = {
    "all rows": full,
    "all rows, by day, Efron": partial(full, days=True),
    "all rows, by day, Breslow": partial(full, days=True, ties="breslow"),
    "5 controls": partial(sample, controls=5),
    "10 controls": partial(sample, controls=10),
    "5 controls, counter-matched": partial(sample, controls=5, matched=True),
    "10 controls, counter-matched": partial(sample, controls=10, matched=True),
}


@dataclass(frozen=True)
class Design:
    """A kind of world, the forms it is fitted in, and which errors are known to fail there, with the reason."""

    name: str
    make: Callable[[np.random.Generator], World]
    forms: tuple[str, ...]
    known: tuple[tuple[str, str], ...] = ()


DEPENDENT = "the events of one customer depend on each other, and these errors do not know it"
LEAN = "the members of a set lean against each other (method.md), and these errors do not know it"
DESIGNS = (
    Design("one row per customer", partial(independent, n=2500, rate=0.1), tuple(FORMS), ((ALONE, LEAN),)),
    Design(
        "changing histories, events recur",
        partial(histories, n=600, rate=0.4, spread=0.0),
        ("all rows", "all rows, by day, Efron", "5 controls", "10 controls", "10 controls, counter-matched"),
        ((ALONE, LEAN),),
    ),
    Design(
        "the same, customers unequal in what no column shows",
        partial(histories, n=1200, rate=0.6, spread=1.0),
        ("all rows", "5 controls", "10 controls"),
        ((MODEL, DEPENDENT), (ALONE, LEAN)),
    ),
    Design(
        "the same with 30 customers",
        partial(histories, n=30, rate=2.0, spread=1.0),
        ("all rows",),
        ((MODEL, DEPENDENT), (CUSTOMER, "30 clusters are too few for the sandwich, which is then too small")),
    ),
)


@dataclass(frozen=True)
class Line:
    """Coverage of one design, form and kind of errors over all replications; last of each array is the survival."""

    design: str
    form: str
    errors: str
    rows: float
    events: float
    replications: int
    failed: int
    coverage: tuple[float, ...]
    bias: tuple[float, ...]
    ratio: tuple[float, ...]


def replicate(number: int) -> dict[str, dict[str, Floats]]:
    """Fit one world of each design in all its forms; by design, form and errors, how far off and how sure."""
    found: dict[str, dict[str, Floats]] = {}
    for place, design in enumerate(DESIGNS):
        world = design.make(np.random.default_rng([place, number]))
        for form in design.forms:
            try:
                fit, base, rows = FORMS[form](world, number)
            except GateError:
                continue
            for errors, used in _kinds(fit, rows):
                found[f"{design.name}|{form}|{errors}"] = _measured(used, base, world, rows)
    return found


def _kinds(fit: CoxFit, rows: Rows) -> Iterator[tuple[str, CoxFit]]:
    """Yield the fit with each kind of standard errors."""
    yield MODEL, replace(fit, robust=None)
    yield BOTH if rows.sampled else CUSTOMER, fit
    if rows.sampled:
        assert rows.cluster is not None
        changes = dfbeta_residuals(fit, rows)
        sums = np.stack([np.bincount(rows.cluster, column) for column in changes.T], axis=1)
        yield ALONE, replace(fit, robust=sums.T @ sums)


def _measured(fit: CoxFit, base: Baseline, world: World, rows: Rows) -> dict[str, Floats]:
    """Error of the estimate and standard error: of the coefficients, and of the log cumulative hazard."""
    curve = survival_intervals(fit, base, [PROFILE], [MOMENT])
    hazard = float(curve.hazard[0, 0])
    return {
        "missed": np.append(fit.coefficients - TRUTH, np.log(hazard / world.hazard)),
        "error": np.append(fit.standard_errors, curve.standard_error[0, 0] / hazard),
        "size": np.array([len(rows.event), rows.event.sum()], dtype=np.float64),
    }


def lines(replications: list[dict[str, dict[str, Floats]]]) -> Iterator[Line]:
    """Add the replications up, in the order of the designs."""
    for design in DESIGNS:
        keys = [key for one in replications for key in one if key.startswith(f"{design.name}|")]
        for key in dict.fromkeys(keys):
            there = [one[key] for one in replications if key in one]
            missed, error, size = (
                np.array([one[part] for one in there]) for part in ("missed", "error", "size")
            )
            spread = missed.std(axis=0, ddof=1)
            yield Line(
                *key.split("|"),
                *size.mean(axis=0).tolist(),
                len(there),
                len(replications) - len(there),
                tuple((np.abs(missed) <= 1.959964 * error).mean(axis=0).tolist()),
                tuple((missed.mean(axis=0) / spread).tolist()),
                tuple((error.mean(axis=0) / spread).tolist()),
            )
