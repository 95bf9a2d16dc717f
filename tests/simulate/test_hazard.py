from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import kstest

from retaliation_risk.simulate.hazard import Decaying


def by_hand():
    """Customer 0 never jumps, customer 1 by 2 at day 10 and to 4 at day 20, customer 2 by 1 at day -5."""
    half_life = np.array([10.0, 10.0, 5.0])
    return Decaying(
        base=np.array([0.1, 0.2, 0.3]), decay=np.log(2) / half_life, customer=np.array([1, 1, 2]),
        day=np.array([10.0, 20.0, -5.0]), excess=np.array([2.0, 4.0, 1.0]),
    )  # fmt: skip


def test_excess_halves_every_half_life():
    who, day = np.array([0, 1, 1, 1, 1, 2]), np.array([50.0, 9.0, 15.0, 20.0, 30.0, 0.0])
    expected = [
        0.0,
        0.0,
        2 * 2**-0.5,
        1.0,
        2.0,
        0.5,
    ]  # at day 20 itself the jump of day 20 is still the future
    assert by_hand().excess_at(who, day) == pytest.approx(expected)


@pytest.mark.parametrize(("start", "stop"), [(0.0, 9.0), (5.0, 15.0), (12.0, 400.0), (25.0, 26.0)])
@pytest.mark.parametrize("customer", [0, 1, 2])
def test_integral_equals_quadrature(customer, start, stop):
    hazard, who = by_hand(), np.array([customer])

    def rate(day):
        return hazard.base[customer] + 1.5 * hazard.excess_at(who, np.array([day]))[0]

    cuts = [cut for cut in (10.0, 20.0) if start < cut < stop]
    pieces = pairwise([start, *cuts, stop])
    area = sum(quad(rate, low + 2e-5, high, limit=200)[0] for low, high in pieces)
    ours = hazard.integral(who, np.array([start]), np.array([stop]), np.array([1.5]))[0]
    assert ours == pytest.approx(area, rel=1e-3)


@given(st.floats(-4, 300), st.integers(1, 2))
def test_the_inverse_undoes_the_integral(day, customer):
    hazard, who = by_hand(), np.array([customer])
    mass = hazard.mass(who, np.array([day]))
    if hazard.excess_at(who, np.array([day]))[0] > 1e-6:
        assert hazard.when(who, mass)[0] == pytest.approx(day, abs=1e-3)


def test_mass_that_is_never_reached_gives_no_event():
    hazard = by_hand()
    last = hazard.mass(np.array([0, 1, 2]), np.full(3, 1e4))
    assert np.isinf(hazard.when(np.array([0, 1, 2]), last + 1e-3)).all()


def test_events_are_drawn_from_the_hazard():
    """The integral of the hazard up to the event is standard exponential (probability integral transform)."""
    hazard, who, start = by_hand(), np.repeat([0, 1, 2], 3000), np.full(9000, 5.0)
    factor = np.full(9000, 0.7)
    event = hazard.next_event(np.random.default_rng(0), who, start, factor)
    for customer in range(3):
        mine = who == customer
        area = hazard.integral(who[mine], start[mine], event[mine], factor[mine])
        assert kstest(area, "expon").pvalue > 0.01
