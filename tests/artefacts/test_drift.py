"""Drift against a reference: silence where nothing drifted, a verdict where something did, a gate that stops."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.artefacts import Gate, build_reference, drift, refuse_drift
from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.metrics import psi_by_chance


def customers(n, seed, shift=0.0, missing=0.1, top=4):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "calls": rng.poisson(2, n).clip(0, top).astype(float),
            "days": rng.gamma(2, 100, n) + shift,
            "csat": np.where(rng.random(n) < missing, np.nan, rng.random(n)),
        }
    )
    risk = 1 / (1 + np.exp(3 - X["calls"]))
    return X, risk.to_numpy(), rng.random(n) < risk


def reference(n=4000, seed=0):
    X, risk, label = customers(n, seed)
    return build_reference(X, risk, np.arange(n), label=label)


def by_name(table):
    return table.set_index("name")


def test_where_nothing_drifted_almost_every_table_says_so():
    trained = reference()
    clean = 0
    for seed in range(1, 101):
        X, risk, label = customers(800, seed)
        table = drift(trained, X, risk, label=label)
        clean += (table["verdict"] == "by chance").all()
        refuse_drift(table)
    # All tests of a table hold together at 95 %; discrete columns make them a little cautious.
    assert clean >= 88


def test_the_ratio_is_about_one_by_chance():
    trained = reference()
    ratios = [by_name(drift(trained, *customers(800, seed)[:2]))["psi_ratio"] for seed in range(1, 41)]
    np.testing.assert_allclose(pd.concat(ratios, axis=1).mean(axis=1), 1, atol=0.25)


def test_a_shift_is_past_the_gate_and_named():
    X, risk, _ = customers(800, 1, shift=150)
    table = drift(reference(), X, risk)
    assert by_name(table)["verdict"].to_dict() == {
        "calls": "by chance", "days": "past the gate", "csat": "by chance", "risk": "by chance",
    }  # fmt: skip
    with pytest.raises(GateError, match=r"RR522 .*days \(psi.*\)") as caught:
        refuse_drift(table)
    assert caught.value.exit_code == 4
    refuse_drift(drift(reference(), X, risk, gate=Gate(passed_over=("days",))))


def test_a_large_psi_of_a_small_sample_is_chance():
    found = []
    for seed in range(200):
        X, risk, _ = customers(25, seed)
        found.append(by_name(drift(reference(), X, risk)).loc["days"])
    table = pd.DataFrame(found)
    assert (table["psi"] > 0.25).mean() > 0.5
    assert (table["verdict"] == "past the gate").mean() < 0.02


def test_missing_values_are_compared():
    X, risk, _ = customers(800, 1, missing=0.4)
    row = by_name(drift(reference(), X, risk)).loc["csat"]
    assert row["missing_change"] == pytest.approx(0.3, abs=0.05)
    assert 0 < row["missing_low"] < row["missing_change"] < row["missing_high"]
    assert (row["verdict"], row["why"]) == ("past the gate", "missing")


def test_values_outside_training_and_never_seen_stop_too():
    X, risk, _ = customers(800, 1)
    X.loc[:99, "calls"] = 7.0
    row = by_name(drift(reference(), X, risk)).loc["calls"]
    assert row["outside"] == row["unseen"] == 0.125
    assert "outside, unseen" in row["why"]


def test_rates_are_compared_with_weights():
    X, risk, label = customers(3000, 1)
    weight = np.where(label, 2.0, 1.0)
    table = by_name(drift(reference(), X, risk, label=label, weight=weight, gate=Gate(rate=0.05)))
    expected = weight[label].sum() / weight.sum() - reference().labels.rate
    assert table.loc["label", "rate_change"] == pytest.approx(expected)
    assert (table.loc["label", "verdict"], table.loc["label", "why"]) == ("past the gate", "rate")


def test_rows_of_one_customer_count_once():
    X, risk, label = customers(4000, 0)
    trained = build_reference(X, risk, np.arange(4000) % 1000, label=label)
    later, risks, _ = customers(600, 1)
    row = drift(trained, later.assign(customer_id=np.arange(600) % 200), risks).iloc[0]
    assert (row["n_reference"], row["n"]) == (1000, 200)
    assert row["psi_by_chance"] == pytest.approx(psi_by_chance(5, 1000, 200)[0])


def test_columns_without_values_have_no_psi():
    X, risk, _ = customers(500, 0)
    trained = build_reference(X.assign(csat=np.nan), risk, np.arange(500))
    row = by_name(drift(trained, X, risk)).loc["csat"]
    assert np.isnan(row["psi"])
    assert row["why"] == "missing, unseen"


def test_the_order_of_rows_changes_nothing():
    X, risk, label = customers(500, 1)
    order = np.random.default_rng(0).permutation(500)
    shuffled = drift(reference(), X.iloc[order], risk[order], label=label[order])
    pd.testing.assert_frame_equal(shuffled, drift(reference(), X, risk, label=label))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda X, risk: drift(reference(), X, risk[:3]), r"risk has shape \(3,\)"),
        (lambda X, risk: drift(reference(), X.iloc[:0], risk[:0]), r"at least \(1,\)"),
        (
            lambda X, risk: drift(build_reference(X, risk, risk), X, risk, label=risk > 0),
            "the reference has none",
        ),
        (lambda X, risk: Gate(missing=2), r"missing is 2; it must be in \[0.0, 1.0\]"),
        (lambda X, risk: build_reference(X.iloc[:0], [], []), "X has no rows"),
        (
            lambda X, risk: build_reference(X, risk, risk, label=risk > 0, weight=-risk),
            "weight must be numbers from 0",
        ),
    ],
)
def test_bad_arguments_are_named(call, match):
    X, risk, _ = customers(50, 1)
    with pytest.raises(ArgumentError, match=match):
        call(X, risk)
