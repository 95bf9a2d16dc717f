"""Columns that have no coefficient: monotone likelihood, constants and combinations, each named with its cure."""

import numpy as np
import pytest

from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.models.partial import fit_partial

N = 400


@pytest.fixture
def classes():
    """A covariate, two classes of three as columns, and times; class 2 has no event."""
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 3, N)
    X = np.column_stack([rng.normal(size=N), kind == 1, kind == 2])
    return X, {"stop": rng.exponential(size=N), "event": (rng.random(N) < 0.3) & (kind != 2)}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"weight": np.full(N, 1e-9)},
        {"weight": np.full(N, 1e9)},
        {"strata": np.arange(N) % 5},
        {"start": np.full(N, -1.0)},
        {"ties": "breslow"},
    ],
    ids=lambda more: "-".join(more) or "plain",
)
def test_a_class_without_events_is_named_with_its_cure(classes, more):
    X, rows = classes
    cure = "Set ridge above 0, drop the column, or merge its class with another"
    with pytest.raises(GateError, match=rf"RR409 monotone .* for 'C' \(to -infinity\); .*{cure}"):
        fit_partial(X, **rows, **more, names=["calls", "B", "C"])


def test_every_cure_works(classes):
    X, rows = classes
    ridged = fit_partial(X, **rows, ridge=1.0)
    dropped = fit_partial(X[:, :2], **rows)
    assert -6 < ridged.coefficients[2] < -1
    assert np.isfinite(dropped.standard_errors).all()
    merged = fit_partial(np.column_stack([X[:, 0], X[:, 1] + X[:, 2]]), **rows)
    assert np.isfinite(merged.standard_errors).all()


def test_a_class_with_all_the_events_is_named(classes):
    X, rows = classes
    every = rows | {"event": (X[:, 2] == 1) & (np.arange(N) % 3 == 0)}
    with pytest.raises(GateError, match=r"RR409 .* for 'C' \(to \+infinity\)"):
        fit_partial(X[:, [0, 2]], **every, names=["calls", "C"])


def test_columns_whose_sum_orders_all_events_are_named_together():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(60, 3))
    X = X[np.argsort(2 * X[:, 1] - X[:, 0])]
    named = r"RR409 .* for 'up' \(to \+infinity\), 'down' \(to -infinity\);"
    with pytest.raises(GateError, match=named):
        fit_partial(X, stop=np.arange(60) + 1, event=np.arange(60) % 3 == 0, names=["up", "down", "aside"])


@pytest.mark.parametrize("cases", [1, 2])
def test_sampled_sets_with_cases_all_of_one_class_are_named(cases):
    rng = np.random.default_rng(2)
    sets, case = np.repeat(np.arange(50), 4), np.arange(200) % 4 < cases
    X = np.column_stack([rng.normal(size=200), case | (rng.random(200) < 0.3)])
    with pytest.raises(GateError, match=r"RR409 .* for 'called' \(to \+infinity\)"):
        fit_partial(X, event=case, sets=sets, names=["tenure", "called"])


@pytest.mark.parametrize("unit", [1.0, 1e6, 1e-6])
def test_a_steep_coefficient_is_no_endless_one(unit):
    """One event in a class of 50,000, about 2,500 in the other: steep, and finite."""
    rng = np.random.default_rng(3)
    called = np.arange(100_000) % 2 == 0
    event = called & (rng.random(100_000) < 0.05)
    event[1] = True
    fit = fit_partial(called[:, None] * unit, stop=rng.random(100_000), event=event)
    assert 7 < fit.coefficients[0] * unit < 9


@pytest.mark.parametrize(
    ("column", "named"),
    [
        (np.ones(12), "constant among those at risk: 'last'"),
        (np.sin(np.arange(12)) * 2 + 1, "column 'last' is a combination of 'first'"),
    ],
)
def test_redundant_columns_are_named(column, named):
    X = np.column_stack([np.sin(np.arange(12)), column])
    with pytest.raises(ArgumentError, match=rf"RR408 redundant column: {named}\. Drop it"):
        fit_partial(X, stop=np.arange(12) + 1, event=np.arange(12) % 4 == 0, names=["first", "last"])


def test_a_column_constant_among_those_at_risk_is_named_even_with_a_ridge():
    """It differs in a row that is gone before the first event."""
    X = np.column_stack([np.sin(np.arange(12)), np.arange(12) == 0])
    event = np.arange(12) % 4 == 2
    with pytest.raises(ArgumentError, match=r"RR408 .*constant among those at risk: 'last'"):
        fit_partial(X, stop=np.arange(12) + 1, event=event, names=["first", "last"], ridge=1.0)


def test_a_column_that_others_add_up_to_is_named():
    X = np.random.default_rng(4).normal(size=(90, 3))
    X = np.column_stack([X, X[:, 0] - X[:, 2]])
    with pytest.raises(ArgumentError, match=r"RR408 .* 'd' is a combination of 'a', 'c'\."):
        fit_partial(X, stop=np.arange(90) + 1, event=np.arange(90) % 3 == 0, names=list("abcd"))


def test_a_column_that_differs_between_strata_only_is_named():
    X, strata = np.random.default_rng(5).normal(size=(90, 1)), np.arange(90) % 3
    with pytest.raises(ArgumentError, match=r"RR408 .*column 'group' never differs within a risk set"):
        fit_partial(
            np.column_stack([X, strata]),
            stop=np.arange(90) + 1,
            event=np.arange(90) % 4 == 0,
            strata=strata,
            names=["calls", "group"],
        )
