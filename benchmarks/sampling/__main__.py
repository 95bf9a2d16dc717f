"""Time fits of sampled risk sets: ``python -m benchmarks.sampling [--quick] [--json] [--save]``.

1e6 customers with 10 covariates, right-censored, 2 % and 0.5 % of them with an event. For each act the customer and m
others at risk are drawn by the sampler of ``build_risk_sets``; what is printed is the share of the customers' rows asked
for, the time of draw and fit beside the fit of all rows (processor seconds, medians of three), and the efficiency: variance
of a coefficient in the full cohort over that in the sets, mean and worst column. ``--save`` writes results.json beside
this file.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from benchmarks.survival.data import covariates
from retaliation_risk.histories.at_risk import RiskSpans
from retaliation_risk.histories.risk_sets import sample_sets
from retaliation_risk.models.partial import CoxFit, fit_partial

HERE = Path(__file__).parent
SHARES = (0.02, 0.005)
CONTROLS = (5, 10, 20)
HORIZON = 90 * 86_400_000_000
"""Ninety days of follow-up in microseconds."""

T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    """One design beside the full cohort of the same customers; seconds are of the processor."""

    customers: int
    events: int
    controls: int
    rows: int
    rows_share: float
    draw_seconds: float
    fit_seconds: float
    full_seconds: float
    efficiency_mean: float
    efficiency_worst: float
    farthest: float


@dataclass(frozen=True)
class Cohort:
    """Customers from time 0 to ``stop`` (microseconds)."""

    X: npt.NDArray[np.float64]
    stop: npt.NDArray[np.int64]
    event: npt.NDArray[np.bool_]


def cohort(customers: int, share: float, seed: int = 1) -> Cohort:
    """Draw customers of whom about ``share`` have an event; a third leave before the end, at any time."""
    rng = np.random.default_rng(seed)
    X, rate = covariates(rng, customers)
    life = rng.exponential(HORIZON / share, customers) / rate
    end = np.where(rng.random(customers) < 1 / 3, rng.uniform(0, HORIZON, customers), HORIZON)
    return Cohort(X, np.ceil(np.minimum(life, end)).astype(np.int64), life <= end)


def compare(customers: int, repeats: int) -> Iterator[Row]:
    for share in SHARES:
        whole = cohort(customers, share)
        full, full_seconds = timed(
            lambda whole=whole: fit_partial(whole.X, stop=whole.stop, event=whole.event), repeats
        )
        for controls in CONTROLS:
            yield sampled(whole, controls, full, full_seconds, repeats)


def sampled(whole: Cohort, controls: int, full: CoxFit, full_seconds: float, repeats: int) -> Row:
    """Draw the sets, fit them, and put them beside the full fit."""
    n = len(whole.stop)
    spans = RiskSpans(np.arange(n), np.zeros(n, dtype=np.int64), whole.stop)
    cases = np.flatnonzero(whole.event)
    sets, draw_seconds = timed(lambda: sample_sets((spans,), cases, whole.stop[cases], controls, seed=1), 1)
    X = whole.X[sets["code"]]
    fit, seconds = timed(
        lambda: fit_partial(X, event=sets["case"], sets=sets["set"], offset=sets["log_weight"]), repeats
    )
    efficiency = np.diag(full.covariance) / np.diag(fit.covariance)
    apart = np.abs(fit.coefficients - full.coefficients) / fit.standard_errors
    return Row(
        customers=n,
        events=len(cases),
        controls=controls,
        rows=len(X),
        rows_share=round(len(X) / n, 4),
        draw_seconds=round(draw_seconds, 3),
        fit_seconds=round(seconds, 4),
        full_seconds=round(full_seconds, 4),
        efficiency_mean=round(float(efficiency.mean()), 3),
        efficiency_worst=round(float(efficiency.min()), 3),
        farthest=round(float(apart.max()), 2),
    )


def timed(work: Callable[[], T], repeats: int) -> tuple[T, float]:
    """Return the result and the median of its processor seconds."""
    taken = []
    for _ in range(repeats):
        began = time.process_time()
        result = work()
        taken.append(time.process_time() - began)
    return result, statistics.median(taken)


HEAD = (
    f"{'customers':>10}{'events':>8}{'controls':>10}{'rows':>9}{'share':>8}{'draw s':>8}{'fit s':>8}{'full s':>8}"
    f"{'ratio':>7}{'efficiency':>12}{'worst':>7}{'apart':>7}"
)


def line(row: Row) -> str:
    """Return a row for people; ``apart`` is the farthest coefficient from the full fit, in its standard errors."""
    return (
        f"{row.customers:>10,}{row.events:>8,}{row.controls:>10}{row.rows:>9,}{row.rows_share:>8.1%}{row.draw_seconds:>8.2f}"
        f"{row.fit_seconds:>8.3f}{row.full_seconds:>8.3f}{row.fit_seconds / row.full_seconds:>7.2f}"
        f"{row.efficiency_mean:>12.2f}{row.efficiency_worst:>7.2f}{row.farthest:>7.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sampling", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1e5 customers, once: within a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("--save", action="store_true", help="write results.json")
    asked = parser.parse_args()
    rows = []
    if not asked.json:
        print(HEAD)
    for row in compare(100_000 if asked.quick else 1_000_000, 1 if asked.quick else 3):
        rows.append(asdict(row))
        print(json.dumps(rows[-1]) if asked.json else line(row), flush=True)
    if asked.save:
        (HERE / "results.json").write_text(json.dumps({"rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
