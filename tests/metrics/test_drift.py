"""Drift numbers: by hand, against statsmodels, and against what chance gives in simulations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep

from retaliation_risk.errors import ArgumentError
from retaliation_risk.metrics import (
    bin_counts,
    psi,
    psi_by_chance,
    psi_p_value,
    quantile_edges,
    share_change,
)

COUNTS = st.lists(st.integers(0, 1000), min_size=2, max_size=12).filter(sum)


def test_psi_by_hand():
    # Shares 0.5, 0.5 and 0.8, 0.2 of samples so large that half a row is nothing:
    # (0.5 - 0.8) log(0.5 / 0.8) + (0.5 - 0.2) log(0.5 / 0.2) = 0.3 log 4.
    assert psi([5e9, 5e9], [8e9, 2e9]) == pytest.approx(0.3 * np.log(4), rel=1e-8)


def test_half_a_row_keeps_empty_bins_finite():
    # Shares (3.5, 0.5) / 4 and (0.5, 3.5) / 4: twice (3 / 4) log 7.
    assert psi([3, 0], [0, 3]) == pytest.approx(1.5 * np.log(7))


@given(COUNTS, st.data())
def test_psi_is_symmetric_and_never_negative(first, data):
    second = data.draw(st.lists(st.integers(0, 1000), min_size=len(first), max_size=len(first)).filter(sum))
    assert psi(first, second) == pytest.approx(psi(second, first), abs=1e-12)
    assert psi(first, second) >= 0
    assert psi(first, first) == 0


def test_an_empty_sample_has_no_psi():
    assert np.isnan(psi([3, 4], [0, 0]))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.integers(1, 12))
def test_every_row_has_one_bin_and_no_bin_of_the_reference_is_empty(values, bins):
    counts = bin_counts(values, quantile_edges(values, bins=bins))
    assert counts.sum() == len(values)
    assert (counts > 0).all()
    assert len(counts) <= max(bins, 1)


def test_a_bin_holds_its_upper_edge():
    assert bin_counts([1.0, np.nextafter(1.0, 2.0)], edges=[1.0]).tolist() == [1, 1]


@pytest.mark.parametrize(("n", "m", "bins"), [(1000, 500, 10), (5000, 300, 10), (300, 300, 4)])
def test_chance_gives_what_the_chi_square_says(n, m, bins):
    rng = np.random.default_rng(n)
    found = []
    for _ in range(2000):
        reference, sample = rng.normal(size=n), rng.normal(size=m)
        edges = quantile_edges(reference, bins=bins)
        found.append(psi(bin_counts(reference, edges), bin_counts(sample, edges)))
    mean, limit = psi_by_chance(bins, n, m)
    assert np.mean(found) == pytest.approx(mean, rel=0.05)
    assert np.mean(np.array(found) > limit) == pytest.approx(0.05, abs=0.015)


def test_a_real_shift_is_beyond_chance():
    rng = np.random.default_rng(0)
    reference, sample = rng.normal(size=2000), rng.normal(0.3, size=1000)
    edges = quantile_edges(reference)
    value = psi(bin_counts(reference, edges), bin_counts(sample, edges))
    assert value > psi_by_chance(10, 2000, 1000)[1]
    assert psi_p_value(value, 10, 2000, 1000) < 1e-6


def test_the_limit_has_the_p_value_of_its_level():
    limit = psi_by_chance(7, 400, 300, level=0.9)[1]
    assert psi_p_value(limit, 7, 400, 300) == pytest.approx(0.1)


def test_one_bin_cannot_drift():
    assert psi_by_chance(1, 10, 10) == (0.0, 0.0)
    assert psi_p_value(0.0, 1, 10, 10) == 1.0


@pytest.mark.parametrize("counts", [(56, 70, 48, 80), (9, 10, 3, 10), (0, 10, 0, 20), (10, 10, 0, 20)])
def test_changes_of_shares_equal_statsmodels(counts):
    k1, n1, k0, n0 = counts
    _, low, high = share_change(k0 / n0, n0, k1 / n1, n1)
    expected = confint_proportions_2indep(k1, n1, k0, n0, method="newcomb", compare="diff")
    np.testing.assert_allclose((low, high), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: psi([1, 2], [1, 2, 3]), "2 bins and counts 3"),
        (lambda: psi([1, -2], [1, 2]), "negative counts"),
        (lambda: quantile_edges([]), "no numbers"),
        (lambda: quantile_edges([1.0, np.nan]), "missing or infinite"),
        (lambda: psi_by_chance(10, 0, 5), "n is 0.0; it must be a number above 0"),
        (lambda: psi_by_chance(10, 5, 5, level=2), r"level is 2; it must be in \[0.0, 1.0\]"),
        (lambda: share_change(1.5, 10, 0.5, 10), "before is 1.5"),
    ],
)
def test_bad_arguments_are_named(call, match):
    with pytest.raises(ArgumentError, match=match):
        call()
