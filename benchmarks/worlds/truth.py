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
from retaliation_risk.simulate import Parameters, Simulated, simulate
from retaliation_risk.simulate.influence import mean_reach

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
    risk = np.nan_to_num(risk)
    gains = np.stack([risk, expected_reach(drawn, rows["customer_id"], risk, world.parameters)])
    return Population(rows, known.columns, group, gains)


def expected_reach(drawn: Simulated, customers: pd.Series, risk: Floats, p: Parameters) -> Floats:
    """Return how many people can be expected to see what each customer does within the horizon.

    Acts expected, times the chance that one is indirect, times the mean reach of an indirect act. From the chance of one act
    or more follows the number expected, as of a Poisson process: that an act changes the hazard of the next is passed over.
    """
    truth = drawn.truth.set_index("customer_id").loc[customers]
    direct = np.where(truth["schema"] == "vigilante", *p.direct_share)
    standing = truth["log_followers_sd"].fillna(0.0).to_numpy()
    reach: Floats = -np.log1p(-risk) * (1 - direct) * mean_reach(standing, p)
    return reach


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
    scored = people.rows[["moment", "influence"]].assign(risk=risk)
    places = share * np.bincount(people.group)
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
