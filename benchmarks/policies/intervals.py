"""Do the intervals of policies hold the truth? ``python -m benchmarks.policies.intervals [--quick] [--json] [--save]``.

Every replication draws customers some of whom are lost from sight within the horizon, and makes each interval from the same
draws twice: with the weights for censoring as they were estimated on the rows (what the package does), and with weights
estimated anew in each draw. ``--save`` writes the table into docs/metrics.md between its markers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from multiprocessing import get_context
from os import environ
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks._options import study_options
from retaliation_risk._censoring import ipcw_weights
from retaliation_risk.evaluate._bootstrap import _draws, share_band, standard_error
from retaliation_risk.metrics import compare_auroc, simultaneous_band
from retaliation_risk.metrics._product_limit import known_kernel
from retaliation_risk.metrics.classification import auroc_kernel
from retaliation_risk.metrics.delong import normal_p_value

Floats = npt.NDArray[np.float64]

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
BEGIN, END = "<!-- made by python -m benchmarks.policies.intervals --save -->", "<!-- end -->"
CUSTOMERS, DRAWS, HORIZON = 1000, 300, 30.0
SHARES = (0.02, 0.05, 0.1, 0.2, 0.4)
CHOSEN = SHARES.index(0.1)
POPULATION = 400_000
WORLDS = {
    "risk informs, 35 % lost": (1.0, 0.3, 70.0),
    "neither is ahead, 35 % lost": (0.6, 0.6, 70.0),
    "risk informs, 78 % lost": (1.0, 0.3, 20.0),
}
"""How much the log odds of an event rise with a standard deviation of the risk's line and of the influence's, and the mean
days to censoring: shares lost are of those followed to the horizon otherwise."""


@dataclass(frozen=True)
class Sample:
    """Follow-up and the two priorities, each of shape (n,)."""

    event: npt.NDArray[np.bool_]
    day: Floats
    risk: Floats
    influence: Floats


@dataclass(frozen=True)
class Found:
    """One statistic in one replication: whether each kind of interval held the truth, and how wide it was."""

    world: str
    statistic: str
    kind: str
    held: bool
    width: float


def draw(world: str, n: int, seed: int, *, censored: bool = True) -> Sample:
    """Draw customers; events come evenly over the horizon to those who have one, censoring at a constant hazard."""
    rng = np.random.default_rng((seed, n))
    *slopes, censoring_days = WORLDS[world]
    lines = rng.normal(size=(2, n))
    act = rng.random(n) < 1 / (1 + np.exp(2.6 - np.array(slopes) @ lines))
    day = np.where(act, rng.uniform(0, HORIZON, n), HORIZON)
    end = rng.exponential(censoring_days, n) if censored else np.full(n, np.inf)
    return Sample(act & (day <= end), np.minimum(day, end), *lines)


def statistics(sample: Sample, weight: Floats, certain: Floats) -> dict[str, Floats]:
    """Turn weights of rows and of known outcomes, (n, B), into AUROC (B,), and into curves of shares reached (k, B)."""
    risk = _reached(sample.risk, sample.event, weight, certain)
    influence = _reached(sample.influence, sample.event, weight, certain)
    return {
        "AUROC": auroc_kernel(sample.event, sample.risk)(certain),
        "events reached": risk,
        "events reached minus influence-only": risk - influence,
    }


def _reached(priority: Floats, event: npt.NDArray[np.bool_], weight: Floats, certain: Floats) -> Floats:
    order = np.argsort(-priority)
    mine, gain = weight[order], (certain * event[:, None])[order]
    before = np.cumsum(mine, axis=0) - mine
    share = [np.clip((k * len(order) - before) / np.maximum(mine, 1e-9), 0, 1) for k in SHARES]
    return np.array([(one * gain).sum(axis=0) for one in share]) / gain.sum(axis=0)


@cache
def truth(world: str) -> dict[str, Floats]:
    """Return the statistics of very many customers of whom none is lost."""
    everyone = draw(world, POPULATION, seed=10**6, censored=False)
    ones = np.ones((POPULATION, 1))
    found = statistics(everyone, ones, ones)
    difference = compare_auroc(everyone.event, everyone.risk, everyone.influence).value
    return {name: value[..., 0] for name, value in found.items()} | {"AUROC minus": np.array(difference)}


def replicate(seed: int) -> list[Found]:
    """Judge every interval once in each world."""
    return [found for world in WORLDS for found in _judged(world, draw(world, CUSTOMERS, seed), seed)]


def _judged(world: str, sample: Sample, seed: int) -> Iterator[Found]:
    known, now = truth(world), np.ones((len(sample.day), 1))
    ipcw = ipcw_weights(sample.event, np.zeros_like(sample.event), sample.day, HORIZON)[:, None]
    anew = known_kernel(sample.event, np.zeros_like(sample.event), sample.day, np.array([HORIZON]))
    weight = _draws(len(sample.day), range(DRAWS), seed).T.astype(float)
    value = statistics(sample, now, ipcw)
    for kind, certain in (("weights kept", weight * ipcw), ("weights anew", next(iter(anew(weight))))):
        for name, draws in statistics(sample, weight, certain).items():
            yield from _held(world, name, kind, known[name], value[name][..., 0], draws)
    found = compare_auroc(sample.event, sample.risk, sample.influence, weight=ipcw[:, 0])
    yield _one(world, "AUROC minus influence's", "DeLong", known["AUROC minus"], found.low, found.high)


def _held(world: str, name: str, kind: str, known: Floats, value: Floats, draws: Floats) -> Iterator[Found]:
    """Judge one statistic's interval; of a curve one point, all points at once, the band, and the test of no difference."""
    low, high = np.quantile(draws, [0.025, 0.975], axis=-1)
    if draws.ndim == 1:
        yield _one(world, name, kind, known, low, high)
        return
    point = f"{name} at {SHARES[CHOSEN]:.0%}"
    yield _one(world, point, kind, known[CHOSEN], low[CHOSEN], high[CHOSEN])
    yield _one(world, f"{name}, whole curve, pointwise", kind, known, low, high)
    yield _one(world, f"{name}, whole curve, band", kind, known, *simultaneous_band(value, draws))
    if "minus" not in name:
        yield _one(
            world, f"{name}, whole curve, band on the arcsine scale", kind, known, *share_band(value, draws)
        )
    if "minus" in name:
        p_value = normal_p_value(float(value[CHOSEN]), float(standard_error(draws[CHOSEN][None])[0]))
        yield Found(world, f"{point}: share with p below 0.05", kind, p_value < 0.05, float("nan"))


def _one(world: str, name: str, kind: str, known: Floats, low: Floats | float, high: Floats | float) -> Found:
    held = bool(np.all((low <= known) & (known <= high)))
    return Found(world, name, kind, held, float(np.mean(np.subtract(high, low))))


@dataclass(frozen=True)
class Line:
    """How often intervals held the truth, and how wide they were on average."""

    world: str
    statistic: str
    kind: str
    replications: int
    held: float
    width: float


def lines(found: Iterable[Found]) -> list[Line]:
    """Count, in order of first appearance."""
    groups: dict[tuple[str, str, str], list[Found]] = {}
    for one in found:
        groups.setdefault((one.world, one.statistic, one.kind), []).append(one)
    return [
        Line(
            *key, len(of), float(np.mean([one.held for one in of])), float(np.mean([one.width for one in of]))
        )
        for key, of in groups.items()
    ]


def markdown(found: list[Line]) -> str:
    """Return one row per statistic and world, kinds of interval side by side."""
    cells = {(line.world, line.statistic, line.kind): line for line in found}
    error = 100 * (0.95 * 0.05 / found[0].replications) ** 0.5
    head = [
        f"{found[0].replications:,} replications of {CUSTOMERS:,} customers, {DRAWS} draws each; one Monte-Carlo error of"
        f" 95 % is {error:.1f}.",
        "",
        "| world | statistic | held, weights kept | held, weights anew | width kept / anew |",
        "|---|---|--:|--:|--:|",
    ]
    rows = dict.fromkeys((line.world, line.statistic) for line in found)
    return "\n".join([*head, *(_row(cells, world, name) for world, name in rows)])


def _row(cells: dict[tuple[str, str, str], Line], world: str, name: str) -> str:
    if line := cells.get((world, name, "DeLong")):
        return f"| {world} | {name} (DeLong) | {100 * line.held:.1f} | | |"
    kept, anew = (cells[world, name, kind] for kind in ("weights kept", "weights anew"))
    ratio = "" if np.isnan(kept.width) else f"{kept.width / anew.width:.3f}"
    return f"| {world} | {name} | {100 * kept.held:.1f} | {100 * anew.held:.1f} | {ratio} |"


def main() -> None:
    asked = study_options("policies.intervals", __doc__, quick=20, saves="the table into docs/metrics.md")
    # One thread each; it must be set before they load numpy.
    environ["OMP_NUM_THREADS"] = environ["OPENBLAS_NUM_THREADS"] = "1"
    with get_context("spawn").Pool(asked.processes) as pool:
        found = lines(one for many in pool.imap(replicate, range(asked.replications), 5) for one in many)
    print(*(json.dumps(asdict(line)) for line in found) if asked.json else [markdown(found)], sep="\n")
    if asked.save:
        before, rest = PAGE.read_text().split(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n\n{markdown(found)}\n\n{END}{rest.split(END, 1)[1]}")


if __name__ == "__main__":
    main()
