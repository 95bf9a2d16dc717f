"""How the constants of the worlds were found: ``python -m benchmarks.worlds.calibrate``. Seeds are those of no study.

First how often people act is set in each world (``base_per_year``), so that as many retaliate in a year in all three. Then,
in the world where neither decides, how much of their histories is at work (``history_strength``): the policies, fitted on
worlds of the study's size and judged on a very large one, are to reach equally many retaliations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.worlds.firm import MOMENTS, known_at, predicted
from benchmarks.worlds.truth import answered, population, shares_reached
from benchmarks.worlds.worlds import CAPACITY, CUSTOMERS, WORLDS, World
from retaliation_risk.simulate import simulate

ANNUAL = 0.06
"""Share of customers who retaliate in a year, between the 3 % and 9 % of the surveys behind the simulator."""

MANY, PEOPLE, FITS, SEED = 200_000, 60_000, 20, 700_000


def with_constants(world: World, **constants: float) -> World:
    return replace(world, constants=world.constants | constants)


def as_frequent(world: World) -> World:
    """Return the world with the base at which :data:`ANNUAL` of a large world retaliate in its last year."""
    for _ in range(4):
        share = simulate(MANY, seed=SEED, parameters=world.parameters).truth_summary["numbers"][
            "annual_share"
        ]
        world = with_constants(world, base_per_year=world.parameters.base_per_year * ANNUAL / share)
    return with_constants(world, base_per_year=round(world.parameters.base_per_year, 4))


def leads(world: World, n_fits: int = FITS) -> np.ndarray:
    """Risk's true lead over influence in retaliations reached, for policies fitted on worlds of the study's size."""
    people = population(world, PEOPLE, SEED)
    found = []
    for number in range(1, n_fits + 1):
        known = known_at(simulate(CUSTOMERS, seed=SEED + number, parameters=world.parameters), MOMENTS)
        predictions, models = predicted(known)
        at_risk = predictions.groupby("moment").size().to_numpy()
        risk, influence = shares_reached(people, answered(people, models, CAPACITY / at_risk))[:, 0]
        found.append(risk - influence)
    return np.array(found)


def level(world: World, low: float, high: float, rounds: int = 1) -> Iterator[tuple[World, np.ndarray]]:
    """Yield the world at strengths of history nearer and nearer to no lead, each from a line through two before."""
    tried: list[tuple[float, float]] = []
    for number in range(2 + rounds):
        strength = (low, high)[number] if number < 2 else _crossing(*tried[-2:])
        here = as_frequent(with_constants(world, history_strength=round(strength, 4)))
        found = leads(here)
        tried.append((here.parameters.history_strength, float(found.mean())))
        yield here, found


def _crossing(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Where the line through two points is 0.

    >>> _crossing((0.0, -1.0), (0.2, 1.0))
    0.1
    """
    return one[0] - one[1] * (other[0] - one[0]) / (other[1] - one[1])


def main() -> None:
    for world in (WORLDS[0], WORLDS[2]):
        print(f"{world.name}: base_per_year {as_frequent(world).parameters.base_per_year}")
    for world, found in level(WORLDS[1], 0.05, 0.1):
        constants, error = world.parameters, found.std(ddof=1) / len(found) ** 0.5
        print(
            f"{world.name}: history_strength {constants.history_strength}, base_per_year {constants.base_per_year}: "
            f"lead {found.mean():+.4f}, standard error {error:.4f} of {len(found)} fits"
        )


if __name__ == "__main__":
    main()
