"""Sampled risk sets: the cohort's baseline hazard and robust errors, by hand, against the cohort, over many draws."""

from dataclasses import replace

import numpy as np
import pytest

from retaliation_risk.errors import ArgumentError
from retaliation_risk.models.partial import (
    baseline,
    cumulative_hazard,
    dfbeta_residuals,
    fit_rows,
    martingale_residuals,
    partial_rows,
    sampled_baseline,
    score_residuals,
)


def cohort(seed, n, days=None):
    """Customers with two covariates, late entry and, with ``days``, times of whole days."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.normal(size=n), rng.random(n) < 0.2])
    start = rng.uniform(0, 0.3, n)
    life = start + rng.exponential(size=n) * np.exp(-X @ [0.5, 1.0]) * 3
    end = start + rng.uniform(0.2, 1.0, n)
    event, stop = life <= end, np.minimum(life, end)
    if days:
        start, stop = np.floor(start * days), np.floor(stop * days) + 1
    return X, start, stop, event


def sampled(rng, start, stop, event, wanted, exposed=None):
    """Row, set and log weight of cases and controls; ``exposed`` draws as many of either kind."""
    rows, sets, logs = [], [], []
    for number, case in enumerate(np.flatnonzero(event)):
        at_risk = np.flatnonzero((start < stop[case]) & (stop[case] <= stop))
        kind = np.zeros(len(at_risk)) if exposed is None else exposed[at_risk]
        for value in np.unique(kind):
            pool = at_risk[kind == value]
            here = case in pool
            size = min(len(pool), wanted if exposed is not None else wanted + 1)
            others = rng.choice(pool[pool != case], size - here, replace=False)
            chosen = np.append(others, case) if here else others
            rows.append(chosen)
            sets.append(np.full(len(chosen), number))
            logs.append(np.full(len(chosen), np.log(len(pool) / len(chosen))))
    return np.concatenate(rows), np.concatenate(sets), np.concatenate(logs)


def rows_of(X, stop, event, sample):
    """Sampled rows of a cohort, and the time of each."""
    row, sets, log_weight = sample
    case = np.zeros(len(row), dtype=bool)
    who = np.flatnonzero(event)[sets]
    case[row == who] = True
    return partial_rows(X[row], event=case, sets=sets, offset=log_weight), stop[who]


def test_whole_risk_sets_give_breslow_and_its_errors():
    X, start, stop, event = cohort(1, 80)
    strata = np.arange(80) % 2
    full = partial_rows(X, start=start, stop=stop, event=event, strata=strata)
    fit = fit_rows(full)
    sets, time, label, row = [], [], [], []
    for case in np.flatnonzero(event):
        at_risk = np.flatnonzero((start < stop[case]) & (stop[case] <= stop) & (strata == strata[case]))
        row.append(at_risk)
        sets += [f"set {case}"] * len(at_risk)
        time += [stop[case]] * len(at_risk)
        label += [strata[case]] * len(at_risk)
    row = np.concatenate(row)
    everyone = partial_rows(X[row], event=event[row] & (stop[row] == time), sets=sets)
    ours, theirs = sampled_baseline(fit, everyone, time, strata=label), baseline(fit, full)
    assert ours.stratum.tolist() == theirs.stratum.tolist()
    np.testing.assert_array_equal(ours.time, theirs.time)
    # The two stand at means of different rows: compare at one row.
    at = {"X": X[:1], "times": theirs.time, "strata": [1]}
    np.testing.assert_allclose(
        cumulative_hazard(fit, ours, **at), cumulative_hazard(fit, theirs, **at), rtol=1e-10
    )
    unit = np.exp((ours.centre - theirs.centre) @ fit.coefficients)
    np.testing.assert_allclose(ours.variance, theirs.variance * unit**2, rtol=1e-10)
    moved = theirs.drift - theirs.cumulative[:, None] * (ours.centre - theirs.centre)
    np.testing.assert_allclose(ours.drift, moved * unit, atol=1e-10)


def test_sets_at_one_time_add_up_and_a_weight_repeats_a_set():
    X = [[1.0], [0.0], [2.0]] * 3
    event, sets = [1, 0, 0] * 3, np.repeat([3, 2, 1], 3)
    log_weight = np.log(np.repeat([10.0, 20.0, 20.0], 3))
    rows = partial_rows(X, event=event, sets=sets, offset=log_weight)
    fit = fit_rows(partial_rows(X, event=[1, 0, 0, 0, 1, 0, 0, 0, 1], sets=sets))
    risks = np.exp((np.array([1.0, 0.0, 2.0]) - 1.0) * fit.coefficients[0]).sum()
    steps = sampled_baseline(fit, rows, np.repeat([2.0, 1.0, 1.0], 3))
    assert steps.time.tolist() == [1.0, 2.0]
    np.testing.assert_allclose(steps.hazard, [2 / (20 * risks), 1 / (10 * risks)])
    twice = partial_rows(
        X[:6], event=event[:6], sets=sets[:6], offset=log_weight[:6], weight=[1] * 3 + [2] * 3
    )
    heavy = sampled_baseline(fit, twice, np.repeat([2.0, 1.0], 3))
    np.testing.assert_allclose(heavy.hazard, steps.hazard)
    np.testing.assert_allclose(heavy.variance, steps.variance)
    np.testing.assert_allclose(heavy.drift, steps.drift, atol=1e-15)


@pytest.mark.parametrize("days", [None, 30], ids=["continuous", "days"])
@pytest.mark.parametrize("matched", [False, True], ids=["plain", "counter-matched"])
def test_the_mean_over_cohorts_is_that_of_the_whole(days, matched):
    """At the true coefficients every step is unbiased over who becomes the case: 300 cohorts, each drawn from once.

    Within one cohort, its cases given, it is not.
    """
    rng = np.random.default_rng(3)
    zero, times = np.zeros((1, 2)), np.array([0.4, 0.7, 1.0]) * (days or 1)
    sampling, found = [], []
    for seed in range(300):
        X, start, stop, event = cohort(seed, 200, days)
        full = partial_rows(X, start=start, stop=stop, event=event)
        true = replace(fit_rows(full, ties="breslow"), coefficients=np.array([0.5, 1.0]))
        whole = cumulative_hazard(true, baseline(true, full), zero, times)[0]
        sample = sampled(rng, start, stop, event, 3, X[:, 1] if matched else None)
        rows, moment = rows_of(X, stop, event, sample)
        found.append(cumulative_hazard(true, sampled_baseline(true, rows, moment), zero, times)[0])
        sampling.append(found[-1] - whole)
    # Whole days have no simple truth of their own.
    for draws, truth in [(sampling, 0.0)] + [(found, times / 3)] * (days is None):
        error = np.std(draws, axis=0) / np.sqrt(len(draws))
        assert (error < 0.02 * times / (days or 1)).all()
        assert (np.abs(np.mean(draws, axis=0) - truth) < 3.5 * error).all()


def test_rows_that_have_no_sampled_baseline_are_named():
    X, event = [[1.0], [0.0], [0.0], [1.0]], [1, 0, 1, 0]
    rows = partial_rows(X, event=event, sets=list("aabb"))
    fit = fit_rows(rows)
    with pytest.raises(ArgumentError, match=r"time differs within set 'b'"):
        sampled_baseline(fit, rows, [1, 1, 2, 3])
    with pytest.raises(ArgumentError, match=r"strata differs within set 'a'"):
        sampled_baseline(fit, rows, [1, 1, 2, 2], strata=["x", "y", "x", "x"])
    with pytest.raises(ArgumentError, match=r"time is nan in row 2"):
        sampled_baseline(fit, rows, [1, 1, np.nan, 2])
    with pytest.raises(ArgumentError, match=r"the rows are no sampled sets; use baseline"):
        sampled_baseline(fit, partial_rows(X, event=event, stop=[1, 2, 3, 4]), [1, 1, 2, 2])


def errors_world(seed, cases, n_sets=200, size=6, customers=60):
    """Sets of a few customers who come back, with offsets; ``cases`` of each set are cases."""
    rng = np.random.default_rng(seed)
    sets = np.repeat(np.arange(n_sets), size)
    customer = np.concatenate([rng.choice(customers, size, replace=False) for _ in range(n_sets)])
    X = rng.normal(size=(len(sets), 2)) + rng.normal(size=(customers, 2))[customer]
    order = np.lexsort((-(X @ [0.5, 0.0] + rng.gumbel(size=len(sets))), sets))
    event = np.zeros(len(sets), dtype=bool)
    event[order] = np.arange(len(sets)) % size < cases
    return X, {"event": event, "sets": sets, "offset": rng.normal(size=len(sets)) / 4}, customer


@pytest.mark.parametrize("cases", [1, 2])
def test_robust_errors_of_sets_are_those_within_and_between_them(cases):
    """Pair by pair: rows of one set, and rows of one customer in different sets."""
    X, given, customer = errors_world(1, cases)
    rows = partial_rows(X, **given, cluster=customer)
    fit = fit_rows(rows)
    scores = score_residuals(fit, rows)
    chance = rows.event - martingale_residuals(fit, rows) if cases == 1 else np.full(len(X), cases / 6)
    between = scores / (1 - chance)[:, None]
    same_set = given["sets"][:, None] == given["sets"]
    same_customer = (customer[:, None] == customer) & ~same_set
    middle = scores.T @ same_set @ scores + between.T @ same_customer @ between
    assert np.linalg.eigvalsh(middle)[0] > 0
    np.testing.assert_allclose(fit.robust, fit.covariance @ middle @ fit.covariance, rtol=1e-9)


@pytest.mark.parametrize("cases", [1, 2])
def test_customers_who_never_come_back_leave_the_errors_of_sets(cases):
    X, given, _ = errors_world(2, cases)
    once, by_set = (
        fit_rows(partial_rows(X, **given, cluster=of)) for of in (np.arange(len(X)), given["sets"])
    )
    np.testing.assert_allclose(once.robust, by_set.robust, rtol=1e-9)
    changes = np.add.reduceat(dfbeta_residuals(once, partial_rows(X, **given)), np.arange(0, len(X), 6))
    np.testing.assert_allclose(once.robust, changes.T @ changes, rtol=1e-9)


def test_robust_errors_of_pairs_are_as_large_as_those_of_the_model():
    """One control: summed by customer alone, the variance would be half of what it is."""
    ratios = []
    for seed in range(20):
        X, given, customer = errors_world(seed, 1, n_sets=300, size=2, customers=5000)
        fit = fit_rows(partial_rows(X, **given | {"offset": None}, cluster=customer))
        ratios.append(np.diag(fit.robust) / np.diag(fit.covariance))
    assert np.mean(ratios) == pytest.approx(1, abs=0.06)


def test_robust_errors_of_whole_risk_sets_are_nearly_those_of_the_cohort():
    X, start, stop, event = cohort(4, 400)
    customer = np.arange(400) % 150
    whole = fit_rows(partial_rows(X, start=start, stop=stop, event=event, cluster=customer))
    sample = sampled(np.random.default_rng(5), start, stop, event, 400)
    rows, _ = rows_of(X, stop, event, sample)
    sets = fit_rows(replace(rows, cluster=customer[sample[0]]))
    np.testing.assert_allclose(sets.coefficients, whole.coefficients, rtol=1e-9)
    np.testing.assert_allclose(np.diag(sets.robust), np.diag(whole.robust), rtol=0.05)


def test_sets_where_all_are_cases_leave_the_errors_alone():
    X, given, customer = errors_world(6, 1)
    more = {
        name: np.append(values, np.array(last))
        for (name, values), last in zip(given.items(), ([1, 1], [200, 200], [0.3, 2]), strict=True)
    }
    fit = fit_rows(partial_rows(X, **given, cluster=customer))
    # Two cases in a set of two make the likelihood an exact one, of the same value.
    other = fit_rows(
        partial_rows(np.vstack([X, [[5.0, 1.0], [0.0, 2.0]]]), **more, cluster=np.append(customer, [1, 2]))
    )
    assert other.ties == "exact"
    np.testing.assert_allclose(other.robust, fit.robust, rtol=1e-8)


def test_errors_never_vanish_in_a_handful_of_sets():
    """Among few customers, sets may seem to undo each other: the difference of variances is then below 0."""
    taken = 0
    for seed in range(30):
        X, given, customer = errors_world(seed, 1, n_sets=12, size=4, customers=5)
        rows = partial_rows(X[:, :1], **given, cluster=customer)
        fit, by_set = fit_rows(rows), fit_rows(replace(rows, cluster=rows.stratum))
        scores = score_residuals(fit, rows) / (1 - rows.event + martingale_residuals(fit, rows))[:, None]
        same_customer = (customer[:, None] == customer) & (given["sets"][:, None] != given["sets"])
        within = by_set.robust / fit.covariance**2
        shared = scores.T @ same_customer @ scores
        assert fit.robust[0, 0] > 0
        if within + shared < 0:
            taken += 1
            assert fit.robust == pytest.approx(by_set.robust)
    assert taken > 0
