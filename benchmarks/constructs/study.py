"""What a replication draws, and what is said of many.

A person has an unfairness X and a relationship quality Z, of variance 1 and correlation .3; betrayal is .4 X + .2 Z + b XZ
and normal noise of variance 1. X and Z are measured by means of three items each, reliable to .80 and .70; alpha estimates
that, as it would for a researcher. In skewed worlds X comes from a gamma distribution of shape 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from retaliation_risk.studies.estimators import cronbach_alpha, latent_product
from retaliation_risk.studies.moments import moments_from_frame

RELIABILITY = {"x": 0.80, "z": 0.70}
ITEMS = {scale: [f"{scale}{k}" for k in range(3)] for scale in RELIABILITY}
TERM = "y ~ true_x_x_z"
DRAWS = 400


@dataclass(frozen=True)
class World:
    """Persons, the shape of unfairness and the true interaction."""

    n: int
    skewed: bool
    effect: float

    @property
    def name(self) -> str:
        """As in the table."""
        return f"{'skewed' if self.skewed else 'normal'}, {self.n:,} persons"


WORLDS = tuple(
    World(n, skewed, effect) for effect in (0.3, 0.0) for n in (200, 1000) for skewed in (False, True)
)


@dataclass(frozen=True)
class Found:
    """What one replication found in one world; whether each interval holds the truth."""

    world: World
    estimate: float
    uncorrected: float
    normal: bool
    resampled: bool


@dataclass(frozen=True)
class Line:
    """What is said of one world: means, the spread of estimates, and shares of intervals that hold the truth."""

    world: World
    replications: int
    estimate: float
    uncorrected: float
    spread: float
    normal: float
    resampled: float


def draw(rng: np.random.Generator, world: World) -> pd.DataFrame:
    """Answers to six items and the outcome, one row per person."""
    X = rng.gamma(4, 0.5, world.n) - 2 if world.skewed else rng.normal(size=world.n)
    Z = 0.3 * X + np.sqrt(1 - 0.09) * rng.normal(size=world.n)
    y = 0.4 * X + 0.2 * Z + world.effect * X * Z + rng.normal(size=world.n)
    columns = {"y": y}
    for true, (scale, items) in zip((X, Z), ITEMS.items(), strict=True):
        noise = np.sqrt(3 * (1 / RELIABILITY[scale] - 1))
        columns |= {item: true + noise * rng.normal(size=world.n) for item in items}
    return pd.DataFrame(columns)


def replicate(number: int) -> list[Found]:
    """One replication of every world, seeded by its number."""
    return [_look(world, number, place) for place, world in enumerate(WORLDS)]


def lines(replications: Iterable[list[Found]]) -> Iterator[Line]:
    """One line per world."""
    table = pd.DataFrame([vars(found) for one in replications for found in one])
    for world in WORLDS:
        part = table[table["world"] == world]
        means = part[["estimate", "uncorrected", "normal", "resampled"]].mean()
        yield Line(world, len(part), spread=float(part["estimate"].std()), **means.astype(float))


def _look(world: World, number: int, place: int) -> Found:
    answers = draw(np.random.default_rng([number, place]), world)
    alphas = cronbach_alpha(moments_from_frame(answers), ITEMS)["alpha"]
    scales = pd.DataFrame({scale: answers[items].mean(axis=1) for scale, items in ITEMS.items()})
    frame = scales.assign(y=answers["y"])
    table = latent_product(frame, "y", dict(zip(ITEMS, alphas, strict=True)), draws=DRAWS, seed=number)
    row = table.set_index("term").loc[TERM]
    return Found(
        world,
        float(row.estimate),
        float(row.uncorrected),
        bool(row.low <= world.effect <= row.high),
        bool(row.boot_low <= world.effect <= row.boot_high),
    )
