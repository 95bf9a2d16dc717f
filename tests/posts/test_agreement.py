"""Kappa and alpha against counts by hand, scikit-learn and statsmodels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from retaliation_risk.errors import ArgumentError
from retaliation_risk.posts import compute_alpha, compute_kappa, confusion

LABELS = st.sampled_from(["x", "y", "z"])


def labels_of(table):
    """Two lists of labels whose confusion table is the given one."""
    cells = [(a, b) for a, row in enumerate(table) for b, n in enumerate(row) for _ in range(n)]
    return ["xyz"[a] for a, _ in cells], ["xyz"[b] for _, b in cells]


def test_kappa_by_hand():
    # 20 + 15 of 50 agree: 0.7. By chance (25 * 30 + 25 * 20) / 2500 = 0.5. So (0.7 - 0.5) / (1 - 0.5).
    a, b = labels_of([[20, 5], [10, 15]])
    assert compute_kappa(a, b).value == pytest.approx(0.4)
    assert confusion(a, b).to_numpy().tolist() == [[20, 5], [10, 15]]


def test_the_interval_of_kappa_is_that_of_statsmodels():
    table = [[20, 5, 1], [4, 15, 3], [2, 6, 30]]
    found, other = compute_kappa(*labels_of(table)), cohens_kappa(np.array(table))
    assert (found.value, found.low, found.high) == pytest.approx(
        (other.kappa, other.kappa_low, other.kappa_upp)
    )


@given(st.lists(st.tuples(LABELS, LABELS), min_size=2, max_size=40))
def test_kappa_is_that_of_scikit_learn(pairs):
    a, b = zip(*pairs, strict=True)
    found = compute_kappa(a, b)
    if len({*a, *b}) == 1:
        assert np.isnan(found.value)
    else:
        assert found.value == pytest.approx(cohen_kappa_score(a, b))
        assert -1 <= found.low <= found.value <= found.high <= 1


def test_alpha_by_hand_with_a_missing_label():
    # Units xx, yy, xy, xxy; a unit with one label is left out. Coincidences that differ, both ways: 2 of xy, and of xxy
    # 4 ordered pairs / (3 - 1) = 2; in all 4 of n = 9. Labels: x 2 + 1 + 2 = 5, y 2 + 1 + 1 = 4; 2 * 5 * 4 = 40.
    units = [("x", "x", None), ("y", None, "y"), ("x", "y", None), ("x", "x", "y"), (None, "x", None)]
    found = compute_alpha(units)
    assert (found.value, found.n) == (pytest.approx(1 - (9 - 1) * 4 / 40), 4)
    assert found.low <= found.value <= found.high


def test_alpha_is_one_without_disagreement():
    assert compute_alpha([("x", "x"), ("y", "y")] * 10).value == 1


def test_the_interval_of_alpha_holds_nothing_as_often_as_it_says_where_labels_are_drawn_by_lot():
    worlds = [np.random.default_rng(seed).choice(["x", "y"], (200, 3)).tolist() for seed in range(40)]
    found = [compute_alpha(world, draws=200) for world in worlds]
    # Of 40 intervals 38 are expected to hold 0; fewer than 34 come about once in a hundred times.
    assert sum(each.low < 0 < each.high for each in found) >= 34


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ArgumentError, match="RR111 .*there are 1 and 2 labels"):
        compute_kappa(["x"], ["x", "y"])
    with pytest.raises(ArgumentError, match="RR111 .*none of 1 units has two labels"):
        compute_alpha([("x", None)])
