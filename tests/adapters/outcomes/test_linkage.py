"""Probable matches against pairs whose truth is known."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retaliation_risk.adapters.outcomes.linkage import Compared, fit_linkage, probabilities, weights
from retaliation_risk.errors import DataError

TRUE_M, TRUE_U = np.array([0.9, 0.8, 0.7]), np.array([0.004, 0.01, 0.05])
NAMES = ["name", "order", "postcode"]
FREE = [None, None, None]


def world(seed: int, posts: int = 600, customers: int = 300, share: float = 0.6, missing: float = 0.1):
    """Fields of every pair, drawn from m for true pairs and from u for the others; who is whose."""
    draw = np.random.default_rng(seed)
    owner = np.where(draw.random(posts) < share, draw.integers(0, customers, posts), -1)
    true = owner[:, None] == np.arange(customers)
    chance = np.where(true[..., None], TRUE_M, TRUE_U)
    fields = (draw.random((posts, customers, 3)) < chance).astype(np.int8)
    fields[draw.random(fields.shape) < missing] = -1
    return fields, true


def grouped(fields, true, block=(False, False, False)):
    """Pairs that are compared, alike ones together; with the number of true ones in each group."""
    posts, customers, _ = fields.shape
    rows = pd.DataFrame(fields.reshape(-1, 3), columns=NAMES)
    rows["post"], rows["true"] = np.repeat(np.arange(posts), customers), true.ravel()
    all_pairs = np.array([[(rows[name] >= 0).sum(), (rows[name] == 1).sum()] for name in NAMES], float)
    if any(block):
        rows = rows[(rows[NAMES].to_numpy()[:, np.array(block)] == 1).any(axis=1)]
    groups = rows.groupby(["post", *NAMES], as_index=False)["true"].agg(["size", "sum"])
    pairs = Compared(
        post=groups["post"].to_numpy(np.int64),
        fields=groups[NAMES].to_numpy(np.int8),
        count=groups["size"].to_numpy(float),
        all_pairs=all_pairs,
        n_posts=posts,
        n_customers=customers,
        block=block,
    )
    return pairs, groups["sum"].to_numpy(float)


def test_what_the_fields_are_worth_is_found_again():
    pairs, _ = grouped(*world(seed=1, posts=1500))
    found = fit_linkage(pairs, m=FREE, u=FREE, names=NAMES)
    # About 900 true pairs: three standard errors of a share near 0.8 are 0.04.
    np.testing.assert_allclose(found.m, TRUE_M, atol=0.05)
    np.testing.assert_allclose(found.u, TRUE_U, rtol=0.08)
    assert found.share == pytest.approx(0.6, abs=0.06)


@pytest.mark.parametrize(
    ("block", "m"),
    [((False, False, False), FREE), ((False, True, True), [None, 0.8, 0.7])],
    ids=["all", "block"],
)
def test_a_probability_is_how_often_the_match_is_true(block, m):
    expected, found_true, joined, right = np.zeros(4), np.zeros(4), 0.0, 0.0
    for seed in range(4):
        pairs, true = grouped(*world(seed), block)
        found = fit_linkage(pairs, m=m, u=FREE, names=NAMES)
        part = np.digitize(found.probability, [0.1, 0.5, 0.9])
        expected += np.bincount(part, pairs.count * found.probability, 4)
        found_true += np.bincount(part, true, 4)
        joined += pairs.count[part == 3].sum()
        right += true[part == 3].sum()
    # Of Poisson-like counts, four standard errors; the estimates themselves add a little.
    assert (np.abs(found_true - expected) <= 4 * np.sqrt(expected) + 0.03 * expected).all(), (
        found_true,
        expected,
    )
    assert joined > 300
    assert right / joined >= 0.9


def test_posts_of_nobody_among_the_customers_are_not_joined_by_a_chance_agreement():
    fields, true = world(seed=3, share=0.3)
    pairs, truth = grouped(fields, true)
    found = fit_linkage(pairs, m=FREE, u=FREE, names=NAMES)
    sure = found.probability >= 0.9
    assert truth[sure].sum() >= 0.9 * pairs.count[sure].sum() > 0


def test_probabilities_are_bayes_rule_over_all_customers_of_a_post():
    m, u, share = np.array([0.9, 0.7]), np.array([0.1, 0.2]), 0.4
    fields = np.array([[1, 1], [1, 0], [-1, 1]], np.int8)
    pairs = Compared(
        post=np.zeros(3, np.int64), fields=fields, count=np.ones(3), all_pairs=np.zeros((2, 2)),
        n_posts=1, n_customers=3, block=(False, False),
    )  # fmt: skip

    def chance(row, of):
        return np.prod([1 if x < 0 else p if x else 1 - p for x, p in zip(row, of, strict=True)])

    # One world per author, and one without: the author's fields come from m, the others' from u.
    worlds = [
        share / 3 * np.prod([chance(row, m if j == author else u) for j, row in enumerate(fields)])
        for author in range(3)
    ]
    nobody = (1 - share) * np.prod([chance(row, u) for row in fields])
    np.testing.assert_allclose(probabilities(pairs, m, u, share), np.array(worlds) / (sum(worlds) + nobody))


@given(
    st.lists(st.floats(0.01, 0.99), min_size=2, max_size=2),
    st.lists(st.floats(0.01, 0.99), min_size=2, max_size=2),
    st.lists(st.integers(1, 1000), min_size=9, max_size=9),
)
def test_the_customers_of_a_post_share_at_most_one(m, u, count):
    fields = np.array(list(product((-1, 0, 1), repeat=2)), np.int8)
    pairs = Compared(
        post=np.zeros(9, np.int64), fields=fields, count=np.array(count, float), all_pairs=np.zeros((2, 2)),
        n_posts=1, n_customers=sum(count), block=(False, False),
    )  # fmt: skip
    each = probabilities(pairs, np.array(m), np.array(u), 0.5)
    assert (each >= 0).all()
    assert (pairs.count * each).sum() <= 1 + 1e-9
    order = np.argsort(weights(fields, np.array(m), np.array(u)))
    assert (np.diff(each[order]) >= -1e-12).all()


def test_what_is_told_is_used_as_it_is():
    pairs, _ = grouped(*world(seed=1, posts=100))
    found = fit_linkage(pairs, m=[0.95, None, 0.6], u=[0.01, None, None], names=NAMES)
    assert (found.m[0], found.m[2], found.u[0]) == (0.95, 0.6, 0.01)


def test_what_cannot_be_estimated_is_refused():
    fields, true = world(seed=5, posts=100)
    few, _ = grouped(fields[:15], true[:15])
    with pytest.raises(DataError, match="RR154 .*true pairs are expected, too few"):
        fit_linkage(few, m=FREE, u=FREE, names=NAMES)
    fields, true = world(seed=5)
    fields[..., 2] = np.where(true, 0, fields[..., 2])
    turned, _ = grouped(fields, true)
    with pytest.raises(DataError, match="RR154 .*agree on 'postcode' no more often"):
        fit_linkage(turned, m=FREE, u=FREE, names=NAMES)
    one = Compared(few.post, few.fields[:, :1], few.count, few.all_pairs[:1], 15, 300, (False,))
    with pytest.raises(DataError, match="RR154 .*'name' is the only field"):
        fit_linkage(one, m=[None], u=[None], names=["name"])
