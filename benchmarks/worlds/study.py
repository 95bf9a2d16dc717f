"""One comparison after another as a firm would make it, each beside its truth; and how often they came out as it says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.worlds.firm import MOMENTS, known_at, predicted
from benchmarks.worlds.truth import (
    POLICIES,
    Population,
    answered,
    lead_errors,
    people_in,
    population,
    shares_reached,
)
from benchmarks.worlds.worlds import CAPACITY, CUSTOMERS, HORIZON_DAYS, LARGE, TEST_MOMENTS, WORLDS, World
from retaliation_risk._version import __version__
from retaliation_risk.evaluate import evaluate
from retaliation_risk.simulate import simulate

READINGS = {"retaliations": "events_reached", "reach": "reach_averted"}
VERDICTS = ("risk_only", "draw", "influence_only", "none")
N_BOOTSTRAP = 400
LARGE_SEED = 900_000


def settings() -> dict[str, Any]:
    """Return what every number of the study rests on, as JSON."""
    return {
        "version": __version__,
        "customers": CUSTOMERS,
        "capacity": CAPACITY,
        "horizon_days": HORIZON_DAYS,
        "test_moments": TEST_MOMENTS,
        "model": "logistic",
        "n_bootstrap": N_BOOTSTRAP,
        "large": LARGE,
        "large_seed": LARGE_SEED,
        "worlds": {world.name: world.constants for world in WORLDS},
    }


@dataclass(frozen=True)
class Comparison:
    """One world of the study's size, one reading: risk's lead over influence, its interval, and the true lead.

    ``risk`` and ``influence`` are what each policy truly reaches among very many other customers, as a share; ``error`` is
    the standard error of the truth ``risk - influence``, since even those are not all. ``own`` is the true lead among the
    very customers that the models learned from. Interval ends are NaN where none was given.
    """

    world: str
    number: int
    reading: str
    events: int
    value: float
    low: float
    high: float
    risk: float
    influence: float
    error: float
    own: float

    @property
    def truth(self) -> float:
        """The true lead of the policy as fitted."""
        return self.risk - self.influence

    @property
    def verdict(self) -> str:
        """Who wins, or a draw where the interval holds 0, or none where there is no interval."""
        if np.isnan(self.low):
            return "none"
        return "risk_only" if self.low > 0 else "influence_only" if self.high < 0 else "draw"


@cache
def people_of(place: int, n_customers: int) -> Population:
    """Return the very large world that the truth is read in: one for all comparisons, of none of their seeds."""
    return population(WORLDS[place], n_customers, LARGE_SEED + place)


def compare(
    place: int, number: int, *, large: int = LARGE, n_bootstrap: int = N_BOOTSTRAP
) -> list[Comparison]:
    """Draw one world of the study's size, compare the policies in it as a firm would, and look up the truth."""
    world = WORLDS[place]
    drawn = simulate(CUSTOMERS, seed=number, parameters=world.parameters)
    known = known_at(drawn, MOMENTS)
    predictions, models = predicted(known)
    scores = evaluate(
        predictions,
        known.shown,
        POLICIES,
        capacity=CAPACITY,
        horizon_days=HORIZON_DAYS,
        n_bootstrap=n_bootstrap,
        seed=number,
    )
    share = CAPACITY / predictions.groupby("moment").size().to_numpy()
    others, firm = people_of(place, large), people_in(drawn, known, world)
    answers = answered(others, models, share)
    reached, errors = shares_reached(others, answers), lead_errors(others, answers)
    own = shares_reached(firm, answered(firm, models, share))
    return [
        Comparison(
            world.name,
            number,
            reading,
            *_lead(scores, metric),
            *reached[:, row].tolist(),
            error=float(errors[row]),
            own=float(own[0, row] - own[1, row]),
        )
        for row, (reading, metric) in enumerate(READINGS.items())
    ]


def _lead(scores: pd.DataFrame, metric: str) -> tuple[int, float, float, float]:
    """Events, risk's lead with all moments pooled, and its interval."""
    row = scores[
        (scores["split"] == "all")
        & (scores["policy"] == "risk_only")
        & (scores["metric"] == f"{metric}_minus_influence_only")
    ].iloc[0]
    return int(row["n_events"]), float(row["value"]), float(row["low"]), float(row["high"])


@dataclass(frozen=True)
class Line:
    """One world and reading over all its comparisons.

    ``shares`` are those of the verdicts, in order of :data:`VERDICTS`. ``coverage`` is of each fit's own truth, ``of_mean``
    of the mean truth of all fits, ``of_own`` of the lead among the fit's own customers, all among comparisons with an
    interval; ``below`` and ``above`` are the shares of intervals that lie wholly below or above their truth. ``bias`` is
    the mean of value less truth, ``learned`` that of own less truth: what is gained with customers learned from.
    """

    world: str
    reading: str
    comparisons: int
    events: float
    risk: float
    influence: float
    truth: float
    truth_sd: float
    truth_error: float
    value: float
    value_sd: float
    bias: float
    bias_error: float
    learned: float
    learned_error: float
    shares: tuple[float, ...]
    coverage: float
    below: float
    above: float
    of_mean: float
    of_own: float

    @property
    def judged(self) -> int:
        """Comparisons with an interval."""
        return round(self.comparisons * (1 - self.shares[-1]))


def lines(found: Sequence[Comparison]) -> Iterator[Line]:
    """Add the comparisons up, in the order of the worlds; each needs two at least."""
    for world in WORLDS:
        for reading in READINGS:
            some = [one for one in found if one.world == world.name and one.reading == reading]
            if len(some) > 1:
                yield _line(world, reading, some)


def _line(world: World, reading: str, some: list[Comparison]) -> Line:
    table = pd.DataFrame([asdict(one) for one in some])
    truth = table["risk"] - table["influence"]
    missed, gained, with_interval = table["value"] - truth, table["own"] - truth, table["low"].notna()
    low, high, inside = (column[with_interval] for column in (table["low"], table["high"], truth))
    return Line(
        world.name,
        reading,
        len(some),
        events=table["events"].mean(),
        risk=table["risk"].mean(),
        influence=table["influence"].mean(),
        truth=truth.mean(),
        truth_sd=truth.std(),
        truth_error=table["error"].mean(),
        value=table["value"].mean(),
        value_sd=table["value"].std(),
        bias=missed.mean(),
        bias_error=missed.std() / len(some) ** 0.5,
        learned=gained.mean(),
        learned_error=gained.std() / len(some) ** 0.5,
        shares=tuple(float(np.mean([one.verdict == verdict for one in some])) for verdict in VERDICTS),
        coverage=inside.between(low, high).mean(),
        below=(high < inside).mean(),
        above=(low > inside).mean(),
        of_mean=((low <= truth.mean()) & (truth.mean() <= high)).mean(),
        of_own=table.loc[with_interval, "own"].between(low, high).mean(),
    )
