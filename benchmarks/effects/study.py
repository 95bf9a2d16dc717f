"""One replication: draw each world, estimate, and see whether the interval holds the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import pandas as pd

from benchmarks.effects.worlds import TRUE_REACH, acts_of, answers
from retaliation_risk.evaluate import effect_of_answers
from retaliation_risk.influence.reach import Tail, bootstrap_reach

REACH, ANSWERS = "reach", "answers"
HEAVY = replace(TRUE_REACH, tail=Tail(60.0, 50.0, 0.9, 0, 0.0))
ACTS = {
    "100 acts, tail of shape 0.4": (100, TRUE_REACH),
    "500 acts, tail of shape 0.4": (500, TRUE_REACH),
    "500 acts, tail of shape 0.9": (500, HEAVY),
}
WORLDS = {
    "at random": {},
    "by known risk": {"open_tie": 1.0},
    "by known risk, two rows a customer": {"open_tie": 1.0, "per_customer": 2},
    "by known risk and hidden anger": {"open_tie": 0.5, "hidden_tie": 0.7},
}
METHODS = ("unadjusted", "weighted", "augmented")
N_ROWS = 2500
N_BOOTSTRAP = 50


@dataclass(frozen=True)
class Found:
    """One interval of one replication beside the truth."""

    part: str
    world: str
    quantity: str
    value: float
    truth: float
    held: bool


@dataclass(frozen=True)
class Line:
    """Many replications of one quantity in one world: share of intervals that held the truth, and where values lie."""

    part: str
    world: str
    quantity: str
    replications: int
    covered: float
    truth: float
    median: float


def replicate(seed: int) -> list[Found]:
    return [*_reach(seed), *_answers(seed)]


def _reach(seed: int) -> Iterator[Found]:
    followers = [100.0, np.nan]
    for world, (n, truth) in ACTS.items():
        draws = bootstrap_reach(*acts_of(truth, n, seed), n_bootstrap=N_BOOTSTRAP, seed=seed)
        tables = {
            "expected reach": (draws.expected_reach(followers), truth.expected_reach(followers)),
            "chance of more than 100": (
                draws.probability_above(100, followers),
                truth.probability_above(100, followers),
            ),
        }
        for name, (table, true) in tables.items():
            for who, row, at in zip(("100 followers", "no account"), table.itertuples(), true, strict=True):
                yield Found(REACH, world, f"{name}, {who}", row.value, at, bool(row.low <= at <= row.high))


def _answers(seed: int) -> Iterator[Found]:
    for world, ties in WORLDS.items():
        rows, truths = answers(N_ROWS, seed, **ties)
        for target, truth in truths.items():
            effect = effect_of_answers(rows, ["risk"], target=target)
            for method in METHODS:
                row: pd.Series = effect.row("risk_difference", method)
                held = bool(row["low"] <= truth <= row["high"])
                yield Found(ANSWERS, world, f"{target}, {method}", row["value"], truth, held)
            for bound in effect.bounds.itertuples() if "hidden_tie" in ties else ():
                held = bool(bound.interval_low <= truth * effect.n <= bound.interval_high)
                yield Found(ANSWERS, world, f"{target}, bounds at {bound.limit:g}", np.nan, truth, held)


def lines(replications: Sequence[Sequence[Found]]) -> Iterator[Line]:
    """Sum up replications, in the order of the first."""
    order = {(found.part, found.world, found.quantity): i for i, found in enumerate(replications[0])}

    def place(found: Found) -> int:
        return order[found.part, found.world, found.quantity]

    for _, group in groupby(sorted((f for found in replications for f in found), key=place), key=place):
        members = list(group)
        first, held = members[0], [found.held for found in members]
        truth = float(np.mean([found.truth for found in members]))
        median = float(np.median([found.value for found in members]))
        yield Line(first.part, first.world, first.quantity, len(members), float(np.mean(held)), truth, median)
