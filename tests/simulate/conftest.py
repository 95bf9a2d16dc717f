"""Worlds that several tests look at; made once, never changed."""

import pytest

from retaliation_risk.simulate import Parameters, simulate


@pytest.fixture(scope="session")
def world():
    return simulate(40_000, seed=1)


@pytest.fixture(scope="session")
def small():
    return simulate(1_000, seed=2)


@pytest.fixture(scope="session")
def famous():
    """The same customers and contacts as in ``world``, but the famous retaliate more."""
    return simulate(40_000, seed=1, parameters=Parameters(influence_effect=0.5))
