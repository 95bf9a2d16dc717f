"""Errors of AUROC: by hand, against pROC, against all pairs one by one, and properties."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retaliation_risk.errors import ArgumentError
from retaliation_risk.metrics import auroc, auroc_covariance, compare_auroc

GOLDEN = Path(__file__).parents[1] / "golden"


def test_seven_rows_by_hand():
    # Of the events, 9 and 8 stand above all four, 3 above three: placements 1, 1, 3/4, mean 11/12.
    # Of the non-events, 5 stands below two of three events, the others below all: 2/3, 1, 1, 1, mean 11/12.
    event, risk = [1, 1, 1, 0, 0, 0, 0], [9, 8, 3, 5, 2, 1, 1]
    value, covariance = auroc_covariance(event, [risk])
    of_events = (2 * (1 / 12) ** 2 + (1 / 6) ** 2) / 2
    of_others = ((1 / 4) ** 2 + 3 * (1 / 12) ** 2) / 3
    assert value == pytest.approx([11 / 12])
    assert covariance == pytest.approx(np.array([[of_events / 3 + of_others / 4]]))


def test_equals_proc():
    data = pd.read_csv(GOLDEN / "delong.csv")
    golden = json.loads((GOLDEN / "delong.json").read_text())
    value, covariance = auroc_covariance(data["event"], [data["risk"], data["calls"]])
    np.testing.assert_allclose(value, golden["auroc"], rtol=1e-12)
    np.testing.assert_allclose(np.diag(covariance), golden["variance"], rtol=1e-12)
    np.testing.assert_allclose(covariance[0, 1], golden["covariance"], rtol=1e-12)
    found = compare_auroc(data["event"], data["risk"], data["calls"])
    np.testing.assert_allclose(found.p_value, golden["p_value"], rtol=1e-10)
    np.testing.assert_allclose([found.low, found.high], golden["interval"], rtol=1e-10)


def pairs(event, score, weight):
    """AUROC and placements by comparing every event with every non-event."""
    hit = np.asarray(event, dtype=bool)
    psi = (score[hit][:, None] > score[~hit]) + 0.5 * (score[hit][:, None] == score[~hit])
    of_hit, of_miss = weight[hit] / weight[hit].sum(), weight[~hit] / weight[~hit].sum()
    return of_hit @ psi @ of_miss, psi @ of_miss, of_hit @ psi


def plain(event, scores, weight, cluster):
    """Obuchowski's sums, customer by customer."""
    hit = np.asarray(event, dtype=bool)
    seen = weight > 0
    with_hit, with_miss = np.unique(cluster[hit & seen]), np.unique(cluster[~hit & seen])
    everyone = np.unique(cluster[seen])
    found = [pairs(event, score, weight) for score in scores]

    def sums(k, c):
        value, cases, controls = found[k]
        mine = (weight[hit] * (cases - value))[cluster[hit] == c].sum() / weight[hit].sum()
        other = (weight[~hit] * (controls - value))[cluster[~hit] == c].sum() / weight[~hit].sum()
        return mine, other

    def spread(names):
        return len(names) / (len(names) - 1)

    covariance = np.zeros((len(scores), len(scores)))
    for a in range(len(scores)):
        for b in range(len(scores)):
            for c in everyone:
                (hit_a, miss_a), (hit_b, miss_b) = sums(a, c), sums(b, c)
                covariance[a, b] += spread(with_hit) * hit_a * hit_b + spread(with_miss) * miss_a * miss_b
                covariance[a, b] += spread(everyone) * (hit_a * miss_b + miss_a * hit_b)
    return np.array([value for value, _, _ in found]), covariance


ROWS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 4), st.integers(1, 4), st.integers(0, 5)),
    min_size=4, max_size=30,
)  # fmt: skip


def columns(rows):
    event, one, other, weight, cluster = map(np.array, zip(*rows, strict=True))
    return event, one.astype(float), other.astype(float), weight / 2.0, cluster


def decided(rows):
    """Two customers with an event and two with none at some row."""
    event, *_, cluster = columns(rows)
    return min(len(np.unique(cluster[event])), len(np.unique(cluster[~event]))) > 1


@settings(max_examples=80)
@given(rows=ROWS.filter(decided))
def test_equals_all_pairs_customer_by_customer(rows):
    event, one, other, weight, cluster = columns(rows)
    value, covariance = auroc_covariance(event, [one, other], weight=weight, cluster=cluster)
    expected, spread = plain(event, [one, other], weight, cluster)
    np.testing.assert_allclose(value, expected, atol=1e-12)
    np.testing.assert_allclose(covariance, spread, atol=1e-12)
    assert value[0] == pytest.approx(auroc(event, one, weight=weight))


@settings(max_examples=40)
@given(rows=ROWS.filter(decided), seed=st.integers(0, 99))
def test_blind_to_row_order_names_scale_of_weights_and_monotone_transforms(rows, seed):
    event, one, other, weight, cluster = columns(rows)
    order = np.random.default_rng(seed).permutation(len(event))
    _, covariance = auroc_covariance(event, [one, other], weight=weight, cluster=cluster)
    _, again = auroc_covariance(
        event[order], [np.exp(one[order]), other[order]], weight=9 * weight[order], cluster=-cluster[order]
    )
    np.testing.assert_allclose(again, covariance, atol=1e-12)


def test_two_scores_of_one_order_do_not_differ():
    rng = np.random.default_rng(1)
    event, score = rng.random(200) < 0.3, rng.normal(size=200)
    found = compare_auroc(event, score, 2 * score + 1)
    assert (found.value, found.standard_error, found.p_value) == (0, 0, 1)


def test_too_few_customers_have_no_error():
    found = compare_auroc([1, 0, 0, 0], [4, 3, 2, 1], [1, 2, 3, 4])
    assert found.value == 1
    assert np.isnan([found.standard_error, found.low, found.high, found.p_value]).all()
    nobody, covariance = auroc_covariance([0, 0, 0], [[1, 2, 3]])
    assert np.isnan(nobody).all()
    assert np.isnan(covariance).all()


def test_copies_of_a_customer_say_no_more_than_the_customer():
    # Ten copies of each row: as rows they seem ten times as much, by customer they are what they were.
    rng = np.random.default_rng(3)
    event, one, other = rng.random(120) < 0.3, rng.normal(size=120), rng.normal(size=120)
    alone = compare_auroc(event, one, other)
    copies = [np.repeat(column, 10) for column in (event, one, other)]
    assert compare_auroc(*copies).standard_error < 0.4 * alone.standard_error
    by_customer = compare_auroc(*copies, cluster=np.repeat(np.arange(120), 10))
    assert by_customer.standard_error == pytest.approx(alone.standard_error)


def test_the_p_value_of_nothing_is_uniform():
    # Customers with three rows each that lean on each other; neither score knows anything of the events.
    rng = np.random.default_rng(6)
    customer = np.repeat(np.arange(200), 3)
    below = 0
    for _ in range(400):
        own = rng.normal(size=(3, 200))[:, customer]
        event = own[0] + rng.normal(size=600) > 1.2
        one, other = own[1:] + rng.normal(size=(2, 600))
        below += compare_auroc(event, one, other, cluster=customer).p_value < 0.05
    # 20 expected, standard deviation 4.4.
    assert 8 <= below <= 35


def test_refusals():
    with pytest.raises(ArgumentError, match="score has missing or infinite"):
        compare_auroc([1, 0], [1, np.nan], [1, 2])
    with pytest.raises(ArgumentError, match=r"weight has shape \(1,\); it must be \(2,\)"):
        compare_auroc([1, 0], [1, 2], [1, 2], weight=[1.0])
    with pytest.raises(ArgumentError, match=r"level is 95"):
        compare_auroc([1, 0], [1, 2], [1, 2], level=95)
