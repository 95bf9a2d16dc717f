"""What a fitted policy is truly worth, by true hazards: among very many other customers, and among its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.worlds.firm import TESTS, Known, known_at
from benchmarks.worlds.worlds import HORIZON_DAYS, World
from retaliation_risk.metrics._queue import answered_share
from retaliation_risk.models import Model
from retaliation_risk.policies import InfluenceOnly, Policy, RiskOnly
from retaliation_risk.simulate import Simulated, simulate
from retaliation_risk.simulate.influence import mean_reach
from retaliation_risk.tables.contract import INDIRECT

Floats = npt.NDArray[np.float64]

POLICIES: tuple[Policy, ...] = (RiskOnly(), InfluenceOnly())
"""The two compared; a lead is the first's over the second."""


@dataclass(frozen=True)
class Population:
    """Customers at risk at the test moments; ``gains`` holds the true risk of each row and its expected reach, (2, n)."""

    rows: pd.DataFrame
    columns: list[str]
    group: npt.NDArray[np.int64]
    gains: Floats


def population(world: World, n_customers: int, seed: int) -> Population:
    """Draw a large world, of which the truth is read."""
    drawn = simulate(n_customers, seed=seed, parameters=world.parameters)
    return people_in(drawn, known_at(drawn, TESTS), world)


def people_in(drawn: Simulated, known: Known, world: World) -> Population:
    """Note of every row at the test moments the true chance of an act, and the reach that its acts can expect."""
    rows = known.rows[known.rows["moment"].isin(TESTS)]
    rows = rows.sort_values("moment", kind="stable", ignore_index=True)
    risk = drawn.true_risk(rows["customer_id"], rows["moment"], HORIZON_DAYS, future=True)
    group = np.searchsorted(np.array(TESTS, dtype="datetime64[us]"), rows["moment"].to_numpy())
    # Whose exit the firm had not learned of stands in the queue still, and can do nothing more.
    gains = np.stack([np.nan_to_num(risk), expected_reach(drawn, rows, world)])
    return Population(rows, known.columns, group, gains)


def expected_reach(drawn: Simulated, rows: pd.DataFrame, world: World) -> Floats:
    """Reach that each row's acts within the horizon would have on average, given that they were done."""
    acts = drawn.acts[drawn.acts["outcome_type"].isin(INDIRECT)]
    standing = drawn.truth.set_index("customer_id")["log_followers_sd"].fillna(0.0)
    reach = mean_reach(standing[acts["customer_id"]].to_numpy(), world.parameters)
    span = pd.Timedelta(days=HORIZON_DAYS)
    found = np.zeros(len(rows))
    for moment in rows["moment"].unique():
        soon = ((acts["occurred_at"] >= moment) & (acts["occurred_at"] <= moment + span)).to_numpy()
        total = pd.Series(reach[soon]).groupby(acts["customer_id"].to_numpy()[soon]).sum()
        here = (rows["moment"] == moment).to_numpy()
        found[here] = rows.loc[here, "customer_id"].map(total).fillna(0.0)
    return found


def answered(people: Population, models: Sequence[Model], share: Floats) -> Floats:
    """Return how much of each row each policy answers, shape (policies, n): 1 within capacity, ties in proportion.

    Parameters
    ----------
    people : Population
    models : sequence of Model
        Fitted, one for each test moment.
    share : array of float, shape (n_moments,)
        Customers answered at each moment, as a share of those at risk.
    """
    risk = np.empty(len(people.rows))
    for code, model in enumerate(models):
        here = people.group == code
        risk[here] = model.predict_risk(people.rows.loc[here, people.columns], HORIZON_DAYS)
    scored, places = people.rows.assign(risk=risk), share * np.bincount(people.group)
    return np.stack([answered_share(_priority(scored, one), places, people.group) for one in POLICIES])


def _priority(scored: pd.DataFrame, policy: Policy) -> Floats:
    """Priority of each row, formed within each moment; the rows stand in order of the moments."""
    return np.concatenate([policy.priority(rows) for _, rows in scored.groupby("moment")])


def shares_reached(people: Population, answers: Floats) -> Floats:
    """Return the shares of retaliations and of reach that each policy reaches: shape (policies, 2).

    >>> rows = pd.DataFrame({"customer_id": ["a", "b"]})
    >>> people = Population(rows, [], np.array([0, 0]), np.array([[0.3, 0.1], [0.0, 5.0]]))
    >>> shares_reached(people, np.array([[1.0, 0.0], [0.0, 1.0]])).round(2).tolist()
    [[0.75, 0.0], [0.25, 1.0]]
    """
    shares: Floats = answers @ people.gains.T / people.gains.sum(axis=1)
    return shares


def lead_errors(people: Population, answers: Floats) -> Floats:
    """Return the standard errors, shape (2,), with which the population gives the first policy's lead over the second."""
    ahead = answers[0] - answers[1]
    total = people.gains.sum(axis=1)
    lead = people.gains @ ahead / total
    customer = pd.factorize(people.rows["customer_id"])[0]
    scores = [
        np.bincount(customer, gain * (ahead - one)) for gain, one in zip(people.gains, lead, strict=True)
    ]
    errors: Floats = np.sqrt((np.stack(scores) ** 2).sum(axis=1)) / total
    return errors
